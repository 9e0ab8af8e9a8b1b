use super::*;

const REQUEST: [u8; 21] = hex!("02402010000c000500120108000600060000003200");

#[test]
fn a_peripheral_takes_no_parameters_s38() {
    let mut link = Link::new(Role::Peripheral);
    assert_eq!(answer(&mut link, &REQUEST), hex!("01010200 0000"));
}

#[test]
fn a_central_decides_about_parameters() {
    let mut link = Link::new(Role::Central);
    let asked = Signal::ParametersRequested(Parameters::new(6, 6, 0, 50));
    assert!(!link.signalling.answer_parameters(true));
    assert_eq!(received(&mut link, &REQUEST), asked);
    assert_eq!(answer(&mut link, &REQUEST), [], "one at a time");
    assert!(link.signalling.answer_parameters(true));
    assert_eq!(link.transmitted(), hex!("13010200 0000"));
    assert_eq!(received(&mut link, &REQUEST), asked);
    assert!(link.signalling.answer_parameters(false));
    assert_eq!(link.transmitted(), hex!("13010200 0100"));
}

#[test]
fn parameters_out_of_range_are_refused() {
    let mut link = Link::new(Role::Central);
    let request = hex!("12010800 0500 0600 0000 3200");
    assert_eq!(link.signal(&request), Signal::None);
    assert_eq!(link.transmitted(), hex!("13010200 0100"));
}

fn asking() -> Link {
    let mut link = Link::new(Role::Peripheral);
    let parameters = Parameters::new(6, 12, 0, 50);
    assert_eq!(link.signalling.request_parameters(parameters), Ok(()));
    assert_eq!(link.signalling.request_parameters(parameters), Err(RequestError::Busy));
    assert_eq!(link.transmitted(), hex!("12010800 0600 0c00 0000 3200"));
    link
}

#[test]
fn a_peripheral_asks_for_parameters() {
    for (response, outcome) in [
        (hex!("13010200 0000"), UpdateOutcome::Accepted),
        (hex!("13010200 0100"), UpdateOutcome::Rejected),
        (hex!("01010200 0000"), UpdateOutcome::NotSupported),
    ] {
        let mut link = asking();
        let unrelated = hex!("13020200 0000");
        assert_eq!(link.signal(&unrelated), Signal::None);
        assert_eq!(link.signal(&response), Signal::ParametersAnswered(outcome));
        assert_eq!(link.signal(&response), Signal::None);
        assert_eq!(link.signalling.poll_timeout(), None);
    }
}

#[test]
fn a_central_that_does_not_answer_times_out() {
    let mut link = asking();
    assert_eq!(link.signalling.poll_timeout().unwrap().1, Timer::ParameterUpdate);
    link.after(30);
    assert_eq!(link.timeout(), Signal::ParametersAnswered(UpdateOutcome::Timeout));
    assert_eq!(link.timeout(), Signal::None);
    assert_eq!(link.signal(&hex!("13010200 0000")), Signal::None);
}

#[test]
fn only_a_peripheral_asks_and_only_in_range() {
    let mut link = Link::new(Role::Central);
    let good = Parameters::new(6, 12, 0, 50);
    assert_eq!(link.signalling.request_parameters(good), Err(RequestError::NotPeripheral));
    let mut link = Link::new(Role::Peripheral);
    let bad = Parameters::new(5, 12, 0, 50);
    assert_eq!(link.signalling.request_parameters(bad), Err(RequestError::Invalid));
}
