use super::*;

/// Opens a transfer that has sent three I-frames of one byte.
fn sent_three() -> Transfer<'static> {
    let mut transfer = open(ENHANCED, 200);
    for tx in 0..3u8 {
        transfer.send(&[tx]).unwrap();
        assert_eq!(transfer.due().unwrap(), i(tx.into(), 0, UNSEGMENTED, &[tx]));
    }
    assert_eq!(transfer.due(), None);
    transfer
}

fn expire(transfer: &mut Transfer<'_>) -> Outcome {
    let now = transfer.poll_timeout().expect("a timer runs");
    assert_eq!(transfer.handle_timeout(now - Duration::from_ticks(1)), Outcome::Nothing);
    transfer.handle_timeout(now)
}

#[test]
fn acknowledged_frames_are_freed() {
    let mut transfer = sent_three();
    let full = transfer.writable();
    assert_eq!(transfer.frame(&s(RR, 0)), Outcome::Nothing);
    assert_eq!(transfer.frame(&s(RR, 2)), ACKNOWLEDGED);
    assert_eq!(transfer.frame(&s(RR, 2)), Outcome::Nothing);
    assert!(!transfer.is_flushed() && transfer.writable() >= full);
    let both = Outcome::Changed { readable: true, acknowledged: true };
    assert_eq!(transfer.frame(&i(0, 3, UNSEGMENTED, b"x")), both);
    assert!(transfer.is_flushed());
}

#[test]
fn an_sdu_is_freed_with_its_last_frame() {
    let mut transfer = open(ENHANCED, 200);
    transfer.send(&[1; 40]).unwrap();
    while transfer.due().is_some() {}
    assert_eq!(transfer.frame(&s(RR, 2)), Outcome::Nothing);
    assert_eq!(transfer.frame(&s(RR, 3)), ACKNOWLEDGED);
}

#[test]
fn the_window_stops_the_sender() {
    let mut transfer = open(Agreed { tx_window: 2, ..ENHANCED }, 200);
    (0..4u8).for_each(|n| transfer.send(&[n]).unwrap());
    assert!(transfer.due().is_some() && transfer.due().is_some() && transfer.due().is_none());
    assert_eq!(transfer.frame(&s(RR, 1)), ACKNOWLEDGED);
    assert_eq!(transfer.due().unwrap(), i(2, 0, UNSEGMENTED, &[2]));
    assert_eq!(transfer.due(), None);
}

#[test]
fn data_carries_the_acknowledgement() {
    let mut transfer = open(ENHANCED, 200);
    assert_eq!(transfer.frame(&i(0, 0, UNSEGMENTED, b"x")), READABLE);
    assert_eq!(transfer.due(), None);
    transfer.send(b"y").unwrap();
    assert_eq!(transfer.due().unwrap(), i(0, 1, UNSEGMENTED, b"y"));
    assert_eq!(transfer.poll_timeout(), Some(START + Duration::from_secs(2)));
}

#[test]
fn an_acknowledgement_is_sent_alone_after_100_ms_or_half_a_window() {
    let mut transfer = open(ENHANCED, 200);
    assert_eq!(transfer.frame(&i(0, 0, UNSEGMENTED, b"x")), READABLE);
    assert_eq!(transfer.poll_timeout(), Some(START + Duration::from_millis(100)));
    assert_eq!(expire(&mut transfer), Outcome::Nothing);
    assert_eq!(transfer.due().unwrap(), s(RR, 1));
    assert_eq!(transfer.poll_timeout(), None);
    for tx in 1..5 {
        assert_eq!(transfer.due(), None);
        assert_eq!(transfer.frame(&i(tx, 0, UNSEGMENTED, b"x")), READABLE);
    }
    assert_eq!(transfer.due().unwrap(), s(RR, 5));
}

#[test]
fn a_missing_frame_is_rejected_once() {
    let mut transfer = open(ENHANCED, 200);
    assert_eq!(transfer.frame(&i(1, 0, UNSEGMENTED, b"b")), Outcome::Nothing);
    assert_eq!(transfer.frame(&i(2, 0, UNSEGMENTED, b"c")), Outcome::Nothing);
    assert_eq!(transfer.due().unwrap(), s(REJ, 0));
    assert_eq!(transfer.frame(&i(3, 0, UNSEGMENTED, b"d")), Outcome::Nothing);
    assert_eq!(transfer.due(), None);
    assert_eq!(transfer.frame(&i(0, 0, UNSEGMENTED, b"a")), READABLE);
    assert_eq!(transfer.frame(&i(2, 0, UNSEGMENTED, b"c")), Outcome::Nothing);
    assert_eq!(transfer.due().unwrap(), s(REJ, 1));
    assert_eq!(transfer.frame(&i(0, 0, UNSEGMENTED, b"a")), Outcome::Nothing);
    assert_eq!(transfer.frame(&i(1, 0, UNSEGMENTED, b"b")), READABLE);
    assert_eq!(transfer.taken().unwrap(), b"a");
    assert_eq!(transfer.taken().unwrap(), b"b");
}

#[test]
fn a_rejected_frame_and_those_behind_it_are_sent_again() {
    let mut transfer = sent_three();
    transfer.send(b"new").unwrap();
    assert_eq!(transfer.frame(&s(REJ, 1)), ACKNOWLEDGED);
    assert_eq!(transfer.due().unwrap(), i(1, 0, UNSEGMENTED, &[1]));
    assert_eq!(transfer.due().unwrap(), i(2, 0, UNSEGMENTED, &[2]));
    assert_eq!(transfer.due().unwrap(), i(3, 0, UNSEGMENTED, b"new"));
    assert_eq!(transfer.due(), None);
}

#[test]
fn a_selectively_rejected_frame_is_sent_again_alone() {
    let mut transfer = sent_three();
    assert_eq!(transfer.frame(&s(SREJ, 1)), Outcome::Nothing);
    assert_eq!(transfer.due().unwrap(), i(1, 0, UNSEGMENTED, &[1]));
    assert_eq!(transfer.due(), None);
    // With a poll it acknowledges the frames before it, and the frame is the response.
    assert_eq!(transfer.frame(&s(SREJ | P, 2)), ACKNOWLEDGED);
    assert_eq!(transfer.due().unwrap(), i(2, 0, F, &[2]));
    assert_eq!(transfer.due(), None);
}

#[test]
fn the_answer_to_a_poll_is_final() {
    let mut transfer = open(ENHANCED, 200);
    assert_eq!(transfer.frame(&s(RR | P, 0)), Outcome::Nothing);
    assert_eq!(transfer.due().unwrap(), s(RR | F, 0));
    transfer.send(b"x").unwrap();
    assert_eq!(transfer.frame(&s(RR | P, 0)), Outcome::Nothing);
    assert_eq!(transfer.due().unwrap(), i(0, 0, F, b"x"));
    assert_eq!(transfer.due(), None);
}

#[test]
fn a_storm_of_polls_has_one_answer() {
    let mut transfer = open(ENHANCED, 200);
    (0..1000).for_each(|_| assert_eq!(transfer.frame(&s(RR | P, 0)), Outcome::Nothing));
    assert_eq!(transfer.due().unwrap(), s(RR | F, 0));
    assert_eq!(transfer.due(), None);
}

#[test]
fn without_acknowledgement_the_peer_is_polled() {
    let mut transfer = sent_three();
    assert_eq!(transfer.poll_timeout(), Some(START + Duration::from_secs(2)));
    assert_eq!(expire(&mut transfer), Outcome::Nothing);
    transfer.send(b"new").unwrap();
    assert_eq!(transfer.due().unwrap(), s(RR | P, 0));
    assert_eq!(transfer.due(), None);
    assert_eq!(transfer.poll_timeout(), Some(START + Duration::from_secs(12)));
    assert_eq!(transfer.frame(&s(RR, 1)), ACKNOWLEDGED);
    assert_eq!(transfer.due(), None);
    assert_eq!(transfer.frame(&s(RR | F, 2)), ACKNOWLEDGED);
    assert_eq!(transfer.due().unwrap(), i(2, 0, UNSEGMENTED, &[2]));
    assert_eq!(transfer.due().unwrap(), i(3, 0, UNSEGMENTED, b"new"));
    assert_eq!(transfer.poll_timeout(), Some(START + Duration::from_secs(2)));
}

#[test]
fn an_i_frame_can_answer_a_poll() {
    let mut transfer = sent_three();
    expire(&mut transfer);
    assert_eq!(transfer.due().unwrap(), s(RR | P, 0));
    let both = Outcome::Changed { readable: true, acknowledged: true };
    assert_eq!(transfer.frame(&i(0, 2, F, b"x")), both);
    assert_eq!(transfer.due().unwrap(), i(2, 1, UNSEGMENTED, &[2]));
}

#[test]
fn a_reject_during_a_poll_is_not_repeated_by_its_answer() {
    let mut transfer = sent_three();
    expire(&mut transfer);
    assert_eq!(transfer.due().unwrap(), s(RR | P, 0));
    assert_eq!(transfer.frame(&s(REJ, 2)), ACKNOWLEDGED);
    assert_eq!(transfer.due().unwrap(), i(2, 0, UNSEGMENTED, &[2]));
    assert_eq!(transfer.frame(&s(RR | F, 2)), Outcome::Nothing);
    assert_eq!(transfer.due(), None);
    // The same for a selective one.
    expire(&mut transfer);
    assert_eq!(transfer.due().unwrap(), s(RR | P, 0));
    assert_eq!(transfer.frame(&s(SREJ, 2)), Outcome::Nothing);
    assert_eq!(transfer.due().unwrap(), i(2, 0, UNSEGMENTED, &[2]));
    assert_eq!(transfer.frame(&s(SREJ | F, 2)), Outcome::Nothing);
    assert_eq!(transfer.due(), None);
}

#[test]
fn polls_end_after_max_transmit() {
    let mut transfer = sent_three();
    for _ in 0..3 {
        assert_eq!(expire(&mut transfer), Outcome::Nothing);
        assert_eq!(transfer.due().unwrap(), s(RR | P, 0));
    }
    assert_eq!(expire(&mut transfer), Outcome::Violation(Violation::NoResponse));
}

#[test]
fn transmissions_end_after_max_transmit() {
    let mut transfer = sent_three();
    for _ in 0..2 {
        assert_eq!(transfer.frame(&s(SREJ, 1)), Outcome::Nothing);
        assert_eq!(transfer.frame(&s(SREJ, 1)), Outcome::Nothing);
        assert_eq!(transfer.due().unwrap(), i(1, 0, UNSEGMENTED, &[1]));
    }
    let end = Outcome::Violation(Violation::TooManyTransmissions);
    assert_eq!(transfer.frame(&s(SREJ, 1)), end);
    assert_eq!(transfer.frame(&s(REJ, 0)), end);
}

#[test]
fn without_a_limit_selective_rejects_cost_one_frame_each() {
    let mut transfer = open(Agreed { max_transmit: 0, ..ENHANCED }, 200);
    transfer.send(b"x").unwrap();
    assert!(transfer.due().is_some());
    for _ in 0..1000 {
        (0..3).for_each(|_| assert_eq!(transfer.frame(&s(SREJ, 0)), Outcome::Nothing));
        assert_eq!(transfer.due().unwrap(), i(0, 0, UNSEGMENTED, b"x"));
        assert_eq!(transfer.due(), None);
    }
}

#[test]
fn a_busy_peer_gets_no_data() {
    let mut transfer = sent_three();
    assert_eq!(transfer.frame(&s(REJ, 0)), Outcome::Nothing);
    assert_eq!(transfer.frame(&s(RNR, 1)), ACKNOWLEDGED);
    transfer.send(b"new").unwrap();
    assert_eq!((transfer.due(), transfer.poll_timeout()), (None, None));
    assert_eq!(transfer.frame(&s(RNR | P, 1)), Outcome::Nothing);
    assert_eq!(transfer.due().unwrap(), s(RR | F, 0));
    assert_eq!(transfer.frame(&s(RR | P, 1)), Outcome::Nothing);
    assert_eq!(transfer.poll_timeout(), Some(START + Duration::from_secs(2)));
    assert_eq!(transfer.due().unwrap(), i(3, 0, F, b"new"));
}

#[test]
fn without_room_the_peer_must_wait() {
    let mut transfer = open(ENHANCED, 50);
    assert_eq!(transfer.frame(&i(0, 0, UNSEGMENTED, &[1; 20])), READABLE);
    assert_eq!(transfer.frame(&i(1, 0, UNSEGMENTED, &[2; 20])), READABLE);
    assert_eq!(transfer.frame(&i(2, 0, UNSEGMENTED, &[3; 20])), Outcome::Nothing);
    assert_eq!(transfer.frame(&i(3, 0, UNSEGMENTED, &[4; 20])), Outcome::Nothing);
    assert_eq!(transfer.due().unwrap(), s(RNR, 2));
    assert_eq!(transfer.frame(&s(RR | P, 0)), Outcome::Nothing);
    assert_eq!(transfer.due().unwrap(), s(RNR | F, 2));
    assert!(transfer.pop() && transfer.due().is_none() && transfer.pop());
    assert_eq!(transfer.due().unwrap(), s(RR | P, 2));
    assert_eq!(transfer.due(), None);
    assert_eq!(transfer.frame(&s(RR | F, 0)), Outcome::Nothing);
    assert_eq!(transfer.due().unwrap(), s(REJ, 2));
    assert_eq!(transfer.frame(&i(2, 0, UNSEGMENTED, &[3; 20])), READABLE);
    assert_eq!(transfer.taken().unwrap(), [3; 20]);
}

#[test]
fn room_before_the_rnr_was_sent_needs_no_poll() {
    let mut transfer = open(ENHANCED, 50);
    assert_eq!(transfer.frame(&i(0, 0, UNSEGMENTED, &[1; 20])), READABLE);
    assert_eq!(transfer.frame(&i(1, 0, UNSEGMENTED, &[2; 20])), READABLE);
    assert_eq!(transfer.frame(&i(2, 0, UNSEGMENTED, &[3; 20])), Outcome::Nothing);
    assert!(transfer.pop() && transfer.pop());
    assert_eq!(transfer.due().unwrap(), s(REJ, 2));
    assert_eq!(transfer.due(), None);
}

#[test]
fn old_frames_are_ignored_in_a_small_window() {
    let mut transfer = open(ENHANCED, 200);
    for tx in 0..10 {
        assert_eq!(transfer.frame(&i(tx, 0, UNSEGMENTED, b"x")), READABLE);
        while transfer.due().is_some() {}
    }
    for tx in [0, 5, 7, 8, 9, 18, 63] {
        assert_eq!(transfer.frame(&i(tx, 0, UNSEGMENTED, b"x")), Outcome::Nothing);
    }
    assert_eq!((transfer.received(), transfer.drops().duplicate), (10, 7));
    assert_eq!(transfer.frame(&i(10, 0, UNSEGMENTED, b"x")), READABLE);
}

#[test]
fn a_frame_outside_of_a_large_window_closes_the_channel() {
    let mut transfer = open(Agreed { rx_window: 40, ..ENHANCED }, 200);
    assert_eq!(transfer.frame(&i(39, 0, UNSEGMENTED, b"x")), Outcome::Nothing);
    let outcome = transfer.frame(&i(40, 0, UNSEGMENTED, b"x"));
    assert_eq!(outcome, Outcome::Violation(Violation::TxSeq));
}

#[test]
fn an_sdu_acknowledged_while_its_frame_is_sent_again_stays_until_then() {
    let mut transfer = sent_three();
    assert_eq!(transfer.frame(&s(REJ, 0)), Outcome::Nothing);
    assert_eq!((transfer.next_pdu(), transfer.read(&mut [0; 2])), (Some(5), 2));
    assert_eq!(transfer.frame(&s(RR, 3)), Outcome::Nothing);
    let mut data = [9; 1];
    assert_eq!((transfer.read(&mut data), data), (1, [0]));
    assert!(!transfer.is_flushed() && transfer.sent(START) && transfer.is_flushed());
}

#[test]
fn a_flushed_frame_is_recovered() {
    let mut transfer = open(ENHANCED, 200);
    transfer.send(b"x").unwrap();
    assert_eq!((transfer.next_pdu(), transfer.sent(START)), (Some(5), false));
    expire(&mut transfer);
    assert_eq!(transfer.due().unwrap(), s(RR | P, 0));
    assert_eq!(transfer.frame(&s(RR | F, 0)), Outcome::Nothing);
    assert_eq!(transfer.due().unwrap(), i(0, 0, UNSEGMENTED, b"x"));
}

#[test]
fn an_answer_to_an_older_poll_does_not_end_the_wait_for_room() {
    let mut transfer = open(ENHANCED, 50);
    transfer.send(b"x").unwrap();
    assert!(transfer.due().is_some());
    for tx in 0..3 {
        transfer.frame(&i(tx, 0, UNSEGMENTED, &[1; 20]));
    }
    assert_eq!(transfer.due().unwrap(), s(RNR, 2));
    expire(&mut transfer);
    assert_eq!(transfer.due().unwrap(), s(RNR | P, 2));
    assert!(transfer.pop() && transfer.pop());
    assert_eq!(transfer.due().unwrap(), s(RR, 2));
    assert_eq!(transfer.due(), None);
    assert_eq!(transfer.frame(&s(RR | F, 1)), ACKNOWLEDGED);
    assert_eq!(transfer.due().unwrap(), s(RR | P, 2));
    assert_eq!(transfer.frame(&s(RR | F, 1)), Outcome::Nothing);
    assert_eq!(transfer.due().unwrap(), s(REJ, 2));
    assert_eq!(transfer.due(), None);
}
