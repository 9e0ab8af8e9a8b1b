use super::*;

#[test]
fn a_peer_that_does_not_open_the_multiplexer() {
    let mut end = End::new(Role::Responder, new_dlcs(1, 64, 64));
    end.pass(59);
    assert_eq!(end.session.state(), SessionState::Waiting);
    end.pass(1);
    assert!(end.session.is_done());
}

#[test]
fn a_peer_that_does_not_answer_sabm_on_dlci_0() {
    let mut end = End::new(Role::Initiator, new_dlcs(1, 64, 64));
    let index = end.open(1);
    assert_eq!(end.flush(), [sabm(0)]);
    end.pass(20);
    assert!(end.session.is_done());
    assert_eq!(end.state(index), State::Closed(EndReason::Session(SessionEnd::Timeout)));
}

fn connecting() -> (End, usize) {
    let mut end = End::new(Role::Initiator, new_dlcs(1, 64, 64));
    let index = end.open(1);
    end.flush();
    end.receive(&ua(0));
    (end, index)
}

#[test]
fn a_peer_that_does_not_answer_parameters() {
    let (mut end, index) = connecting();
    assert_eq!(end.flush().len(), 1);
    end.pass(19);
    assert_eq!(end.state(index), State::Connecting);
    end.pass(1);
    assert_eq!(end.state(index), State::Closed(EndReason::Timeout));
}

#[test]
fn a_peer_that_does_not_answer_sabm_has_60_seconds() {
    let (mut end, index) = connecting();
    end.flush();
    assert_eq!(end.answers(&reply(&pn(2, 0xe, 32, 7), false)), [sabm(2)]);
    end.pass(59);
    assert_eq!(end.state(index), State::Connecting);
    end.pass(1);
    assert_eq!(end.flush(), [disc(2)]);
    assert_eq!(end.state(index), State::Closing(EndReason::Timeout));
    end.pass(20);
    assert_eq!(end.state(index), State::Closed(EndReason::Timeout));
}

#[test]
fn an_application_that_does_not_decide_has_60_seconds() {
    let mut p = pair();
    p.b.receive(&sabm(0));
    p.b.receive(&sabm(2));
    p.b.flush();
    assert!(p.b.dlcs.requested(1).is_some());
    p.b.pass(60);
    assert_eq!(p.b.flush(), [dm(2)]);
    assert_eq!(p.b.dlcs.requested(1), None);
}

#[test]
fn a_peer_that_negotiates_and_does_not_connect() {
    let mut p = pair();
    p.b.receive(&sabm(0));
    p.b.answers(&message(&pn(2, 0xf, 100, 7), true));
    assert_eq!(p.b.state(0), State::Negotiated);
    p.b.pass(60);
    assert_eq!(p.b.state(0), State::Free);
}

#[test]
fn a_peer_that_does_not_answer_the_modem_status() {
    let mut p = pair();
    p.b.receive(&sabm(0));
    p.b.receive(&sabm(2));
    p.b.accept(0);
    p.b.flush();
    p.b.receive(&message(&msc(2), false));
    p.b.flush();
    p.b.pass(20);
    assert_eq!(p.b.flush(), [frame(2, false, FrameType::DISC, &[])]);
    assert_eq!(p.b.state(0), State::Closing(EndReason::Timeout), "its own status is missing");
    p.b.pass(20);
    assert_eq!(p.b.state(0), State::Closed(EndReason::Timeout));
}

#[test]
fn a_peer_that_takes_no_data_cannot_keep_a_closing_dlc() {
    let mut p = pair();
    let (a, _) = p.open(1);
    p.a.send(a, &[0; 2048]);
    p.a.close(a);
    p.a.flush();
    let unsent = p.a.dlc(a).unsent();
    assert!(unsent > 0);
    p.a.pass(20);
    assert_eq!(p.a.flush(), [disc(2)]);
    assert_eq!(p.a.drops().unsent as usize, unsent);
    p.a.pass(20);
    assert_eq!(p.a.state(a), State::Closed(EndReason::Timeout));
}

#[test]
fn a_peer_that_does_not_answer_disc_on_dlci_0() {
    let mut p = pair();
    p.run();
    p.a.session.close(p.a.now, &mut p.a.dlcs);
    p.a.flush();
    p.a.pass(20);
    assert_eq!(p.a.session.state(), SessionState::Ended(SessionEnd::Local));
}

#[test]
fn a_peer_that_does_not_answer_test_loses_the_session() {
    let mut p = pair();
    let (a, _) = p.open(1);
    assert!(p.a.session.test(*b"ping"));
    p.a.flush();
    p.a.pass(20);
    assert_eq!(p.a.state(a), State::Closed(EndReason::Session(SessionEnd::Timeout)));
    assert_eq!(p.a.flush(), [disc(0)]);
}

#[test]
fn a_peer_that_does_not_answer_about_the_port_loses_nothing() {
    let mut p = pair();
    let (a, _) = p.open(1);
    p.a.changes();
    assert!(p.a.dlcs.set_port(a, None));
    p.a.flush();
    p.a.pass(20);
    assert_eq!(p.a.changes(), [(a, Changes::PORT)]);
    assert!(p.a.dlcs.report_line(a, LineStatus::ERROR));
    p.a.flush();
    p.a.pass(20);
    assert_eq!(p.a.state(a), State::Open);
}
