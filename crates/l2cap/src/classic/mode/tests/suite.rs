//! Purposes of the SIG's test suite that the other tests do not have: groups ERM, STM and OFS.

use super::*;

/// Lets the timer that runs expire.
fn expire(transfer: &mut Transfer<'_>) -> Outcome {
    let now = transfer.poll_timeout().expect("a timer runs");
    transfer.handle_timeout(now)
}

/// Opens a transfer with one I-frame that the peer has not acknowledged.
fn sent_one(agreed: Agreed) -> Transfer<'static> {
    let mut transfer = open(agreed, 200);
    transfer.send(b"a").unwrap();
    assert_eq!(transfer.due().unwrap(), i(0, 0, UNSEGMENTED, b"a"));
    transfer
}

#[test]
fn an_i_frame_opens_the_window() {
    let mut transfer = sent_one(Agreed { tx_window: 1, ..ENHANCED });
    transfer.send(b"b").unwrap();
    assert_eq!(transfer.due(), None);
    let both = Outcome::Changed { readable: true, acknowledged: true };
    assert_eq!(transfer.frame(&i(0, 1, UNSEGMENTED, b"x")), both);
    assert_eq!(transfer.due().unwrap(), i(1, 1, UNSEGMENTED, b"b"));
}

#[test]
fn an_acknowledged_frame_is_not_sent_again() {
    let mut transfer = sent_one(ENHANCED);
    assert_eq!(expire(&mut transfer), Outcome::Nothing);
    assert_eq!(transfer.due().unwrap(), s(RR | P, 0));
    assert_eq!(transfer.frame(&s(RR | F, 1)), ACKNOWLEDGED);
    assert_eq!((transfer.due(), transfer.poll_timeout()), (None, None));
}

#[test]
fn a_poll_is_repeated_until_it_is_answered() {
    let mut transfer = sent_one(ENHANCED);
    for _ in 0..2 {
        assert_eq!(expire(&mut transfer), Outcome::Nothing);
        assert_eq!(transfer.due().unwrap(), s(RR | P, 0));
        assert_eq!(transfer.due(), None);
    }
    assert_eq!(transfer.frame(&s(RR | F, 1)), ACKNOWLEDGED);
    assert_eq!((transfer.due(), transfer.poll_timeout()), (None, None));
}

#[test]
fn with_one_transmission_an_unanswered_poll_closes_the_channel() {
    let mut transfer = sent_one(Agreed { max_transmit: 1, ..ENHANCED });
    assert_eq!(expire(&mut transfer), Outcome::Nothing);
    assert_eq!(transfer.due().unwrap(), s(RR | P, 0));
    assert_eq!(expire(&mut transfer), Outcome::Violation(Violation::NoResponse));
}

#[test]
fn with_one_transmission_an_answer_without_acknowledgement_closes_the_channel() {
    let mut transfer = sent_one(Agreed { max_transmit: 1, ..ENHANCED });
    assert_eq!(expire(&mut transfer), Outcome::Nothing);
    assert_eq!(transfer.due().unwrap(), s(RR | P, 0));
    let outcome = transfer.frame(&s(RR | F, 0));
    assert_eq!(outcome, Outcome::Violation(Violation::TooManyTransmissions));
}

/// The peer polls after it has waited for an acknowledgement, and learns which frame is missing.
#[test]
fn a_lost_reject_is_recovered_by_the_poll_of_the_peer() {
    let mut transfer = open(ENHANCED, 200);
    assert_eq!(transfer.frame(&i(1, 0, UNSEGMENTED, b"b")), Outcome::Nothing);
    assert_eq!(transfer.due().unwrap(), s(REJ, 0));
    assert_eq!(transfer.frame(&s(RR | P, 0)), Outcome::Nothing);
    assert_eq!(transfer.due().unwrap(), s(RR | F, 0));
    assert_eq!(transfer.frame(&i(0, 0, UNSEGMENTED, b"a")), READABLE);
    assert_eq!(transfer.frame(&i(1, 0, UNSEGMENTED, b"b")), READABLE);
    assert_eq!((transfer.taken().unwrap(), transfer.taken().unwrap()), (vec![b'a'], vec![b'b']));
}

#[test]
fn a_reject_and_a_final_i_frame_cost_one_retransmission() {
    let mut transfer = sent_one(ENHANCED);
    transfer.send(b"b").unwrap();
    assert_eq!(transfer.due().unwrap(), i(1, 0, UNSEGMENTED, b"b"));
    expire(&mut transfer);
    assert_eq!(transfer.due().unwrap(), s(RR | P, 0));
    assert_eq!(transfer.frame(&s(REJ, 0)), Outcome::Nothing);
    assert_eq!(transfer.due().unwrap(), i(0, 0, UNSEGMENTED, b"a"));
    assert_eq!(transfer.due().unwrap(), i(1, 0, UNSEGMENTED, b"b"));
    assert_eq!(transfer.frame(&i(0, 0, F, b"x")), READABLE);
    assert_eq!(transfer.due(), None);
}

#[test]
fn a_stream_is_segmented() {
    let mut transfer = open(STREAMING, 200);
    transfer.send(&[7; 48]).unwrap();
    transfer.send(&[8; 20]).unwrap();
    assert_eq!(transfer.due().unwrap(), start(0, 0, 48, &[7; 18]));
    assert_eq!(transfer.due().unwrap(), i(1, 0, SDU_CONTINUES, &[7; 20]));
    assert_eq!(transfer.due().unwrap(), i(2, 0, SDU_END, &[7; 10]));
    assert_eq!(transfer.due().unwrap(), i(3, 0, UNSEGMENTED, &[8; 20]));
    assert_eq!(transfer.due(), None);
}

#[test]
fn frames_have_a_check_sequence_if_it_is_agreed() {
    for agreed in [ENHANCED, STREAMING] {
        for fcs in [false, true] {
            let mut transfer = open(Agreed { fcs, ..agreed }, 200);
            transfer.send(b"out").unwrap();
            let payload = i(0, 0, UNSEGMENTED, b"out");
            let expected = if fcs { sealed(REMOTE, &payload) } else { payload };
            assert_eq!(transfer.pull(9, START).unwrap(), expected);
            let payload = i(0, 0, UNSEGMENTED, b"in");
            let received = if fcs { sealed(LOCAL, &payload) } else { payload };
            assert_eq!(transfer.take(&received, 9, START), READABLE);
            assert_eq!(transfer.taken().unwrap(), b"in");
            if agreed.kind == Kind::Enhanced {
                expire(&mut transfer);
                let acknowledgement = s(RR, 1);
                let expected = if fcs { sealed(REMOTE, &acknowledgement) } else { acknowledgement };
                assert_eq!(transfer.pull(9, START).unwrap(), expected);
            }
        }
    }
}
