use super::*;

#[test]
fn a_peer_opens_a_channel() {
    let link = open();
    let channel = link.channels.get(0).unwrap();
    assert_eq!((channel.local_cid(), channel.remote_cid()), (Cid(0x40), Cid(0x40)));
    assert_eq!((channel.peer_mtu(), channel.peer_mps(), channel.credits()), (100, 64, 4));
    assert_eq!((channel.mtu(), channel.mps(), channel.window()), (100, 64, 4));
    assert!(channel.can_send());
    assert_eq!(link.channels.reserved(), 4);
}

#[test]
fn we_open_a_channel() {
    let mut link = connecting();
    let response = hex!("02402012000e00050015010a0041006400400004000000");
    assert_eq!(received(&mut link, &response), Signal::Opened(0));
    let channel = link.channels.get(0).unwrap();
    assert_eq!((channel.remote_cid(), channel.credits()), (Cid(0x41), 4));
    assert_eq!(link.signalling.poll_timeout(), None);
    assert_eq!(received(&mut link, &response), Signal::None, "a repeated response is ignored");
    assert_eq!(link.signalling.discarded(), 1);
}

#[test]
fn a_refused_channel_names_the_result() {
    for result in [2, 4, 5, 6, 7, 8, 9, 10, 11, 0x99] {
        let mut link = connecting();
        let reason = CloseReason::Refused(ConnectionResult(result));
        let response = [0x15, 1, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, result as u8, 0];
        assert_eq!(link.signal(&response), Signal::Refused(0, reason));
        assert_eq!(link.channels.get(0).unwrap().state(), State::Closed(reason));
    }
}

#[test]
fn a_success_with_a_cid_out_of_range_fails_s08_s09_s10() {
    for cid in [0x00, 0x04, 0x06, 0x3f, 0x80] {
        let mut link = connecting();
        let response = [0x15, 1, 10, 0, cid, 0, 100, 0, 64, 0, 4, 0, 0, 0];
        let bad = CloseReason::Violation(Violation::BadResponse);
        assert_eq!(link.signal(&response), Signal::Refused(0, bad));
        assert_eq!(link.transmitted(), [], "nothing is ever sent to that CID");
        assert_eq!(link.channels.get(0).unwrap().state(), State::Closed(bad));
    }
}

#[test]
fn a_success_with_illegal_sizes_is_disconnected_s12() {
    for h4 in [
        hex!("02402012000e00050015010a0041001600400004000000"),
        hex!("02402012000e00050015010a0041006400160004000000"),
        hex!("02402012000e00050015010a0041006400000004000000"),
        hex!("02402012000e00050015010a0041006400ffff04000000"),
    ] {
        let mut link = connecting();
        let bad = CloseReason::Violation(Violation::BadResponse);
        assert_eq!(received(&mut link, &h4), Signal::Refused(0, bad));
        assert_eq!(link.transmitted(), hex!("06020400 4100 4000"));
        assert_eq!(link.signal(&hex!("07020400 4100 4000")), Signal::Closed(0));
        assert_eq!(link.channels.get(0).unwrap().state(), State::Closed(bad));
    }
}

#[test]
fn a_success_with_a_cid_in_use_fails_s13() {
    let mut link = connecting();
    let first = hex!("02402012000e00050015010a0041006400400004000000");
    assert_eq!(received(&mut link, &first), Signal::Opened(0));
    assert_eq!(link.channels.open(LINK, Psm(0x80), config(100, 64, 4)), Ok(1));
    assert_eq!(link.transmitted(), hex!("14020a00 8000 4100 6400 4000 0400"));
    let second = hex!("02402012000e00050015020a0041006400400004000000");
    let bad = CloseReason::Violation(Violation::BadResponse);
    assert_eq!(received(&mut link, &second), Signal::Refused(1, bad));
    assert_eq!(link.transmitted(), []);
    assert!(link.channels.get(0).unwrap().is_open());
}

#[test]
fn a_peer_that_does_not_confirm_the_end_of_a_channel_may_use_its_cid_again() {
    let response = hex!("02402012000e00050015010a0041006400400004000000");
    let request = hex!("02402012000e00050014090a0080004100640040000400");
    for asks in [false, true] {
        let mut link = connecting().listening();
        assert_eq!(received(&mut link, &response), Signal::Opened(0));
        link.close(0);
        assert_eq!(link.signal(&request[9..]), Signal::None);
        assert_eq!(link.transmitted(), refusal(9, 0x0a), "the peer still uses the CID");
        assert_eq!(link.transmitted(), hex!("06020400 4100 4000"));
        if asks {
            assert_eq!(received(&mut link, &request), Signal::Requested(1));
        } else {
            assert_eq!(link.channels.open(LINK, Psm(0x80), config(100, 64, 4)), Ok(1));
            assert_eq!(link.transmitted(), hex!("14030a00 8000 4100 6400 4000 0400"));
            let again = hex!("02402012000e00050015030a0041006400400004000000");
            assert_eq!(received(&mut link, &again), Signal::Opened(1));
        }
        assert_eq!(link.signal(&hex!("07020400 4100 4000")), Signal::Closed(0));
        assert_eq!(link.channels.get(1).unwrap().remote_cid(), Cid(0x41));
    }
}

/// Returns the refusal of the request with `identifier`.
fn refusal(identifier: u8, result: u8) -> [u8; 14] {
    [0x15, identifier, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, result, 0]
}

#[test]
fn bad_requests_get_their_result_s14_s16_s17() {
    let mut link = Link::new(Role::Central).listening();
    for (h4, identifier, result) in [
        (hex!("02402012000e00050014010a0080003f00640040000400"), 1, 0x09),
        (hex!("02402012000e00050014020a0080008000640040000400"), 2, 0x09),
        (hex!("02402012000e00050014030a0080000000640040000400"), 3, 0x09),
        (hex!("02402012000e00050014010a0080004000160040000400"), 1, 0x0b),
        (hex!("02402012000e00050014020a0080004000640016000400"), 2, 0x0b),
        (hex!("02402012000e00050014030a00800040006400ffff0400"), 3, 0x0b),
        (hex!("02402012000e00050014010a0000004000640040000400"), 1, 0x02),
        (hex!("02402012000e00050014020a0000014000640040000400"), 2, 0x02),
        (hex!("02402012000e00050014030a0085004000640040000400"), 3, 0x02),
    ] {
        assert_eq!(answer(&mut link, &h4), refusal(identifier, result));
    }
    assert_eq!(link.channels.reserved(), 0);
}

#[test]
fn a_free_listener_place_matches_nothing() {
    let mut link = Link::new(Role::Central);
    link.listeners.push(crate::Listener::FREE);
    let request = hex!("02402012000e00050014010a0000004000640040000400");
    assert_eq!(answer(&mut link, &request), refusal(1, 0x02));
}

#[test]
fn a_source_cid_in_use_is_refused() {
    let mut link = open();
    let again = hex!("02402012000e00050014020a0080004000640040000400");
    assert_eq!(answer(&mut link, &again), refusal(2, 0x0a));
}

#[test]
fn a_repeated_request_is_ignored_while_undecided_s18() {
    let mut link = Link::new(Role::Central).listening();
    let request = hex!("14030a00 8000 4000 6400 4000 0400");
    assert_eq!(link.signal(&request), Signal::Requested(0));
    let other = hex!("14030a00 8000 4200 6400 4000 0400");
    assert_eq!(link.signal(&other), Signal::None);
    assert!(link.channels.accept(0));
    assert_eq!(link.signal(&other), Signal::None);
    assert_eq!(link.signalling.discarded(), 2);
    assert_eq!(link.transmitted()[..2], [0x15, 3]);
    assert_eq!(link.transmitted(), []);
    assert_eq!(link.signal(&other), Signal::Requested(1));
}

#[test]
fn security_decides_the_result() {
    let bond = Some(Level::Authenticated);
    let none = Security::default();
    let encrypted = Security { level: Level::Encrypted, key_size: 16, bond: None };
    let short = Security { level: Level::Authenticated, key_size: 7, bond };
    for (security, result) in [
        (none, 0x05),
        (Security { bond: Some(Level::Encrypted), ..none }, 0x05),
        (Security { bond, ..none }, 0x08),
        (encrypted, 0x05),
        (short, 0x07),
    ] {
        let mut link = Link::new(Role::Central).listening();
        link.listeners[0].level = Level::Authenticated;
        link.security = security;
        let request = hex!("02402012000e00050014010a0080004000640040000400");
        assert_eq!(answer(&mut link, &request), refusal(1, result));
        link.security = Security { key_size: 16, ..short };
        assert_eq!(received(&mut link, &request), Signal::Requested(0));
    }
}

#[test]
fn no_slot_or_no_packets_is_no_resources() {
    let mut link = Link::new(Role::Central).listening();
    link.listeners[0].config = config(100, 64, 30);
    assert_eq!(link.signal(&hex!("14010a00 8000 4000 6400 4000 0400")), Signal::Requested(0));
    assert_eq!(link.signal(&hex!("14020a00 8000 4100 6400 4000 0400")), Signal::None);
    assert_eq!(link.transmitted(), refusal(2, 0x04));
    let open = link.channels.open(LINK, Psm(0x80), config(100, 64, 9));
    assert_eq!(open, Err(OpenError::NoPackets));
    for _ in 0..3 {
        assert!(link.channels.open(LINK, Psm(0x80), config(100, 64, 1)).is_ok());
    }
    let open = link.channels.open(LINK, Psm(0x80), config(100, 64, 1));
    assert_eq!(open, Err(OpenError::NoChannel));
    assert_eq!(link.channels.open(LINK, Psm(0), config(100, 64, 1)), Err(OpenError::BadPsm));
    assert_eq!(link.channels.open(LINK, Psm(9), config(100, 64, 0)), Err(OpenError::BadConfig));
    assert_eq!(link.channels.open(LINK, Psm(9), config(22, 64, 1)), Err(OpenError::BadConfig));
}

#[test]
fn the_application_refuses() {
    let mut link = Link::new(Role::Central).listening();
    assert_eq!(link.signal(&hex!("14010a00 8000 4000 6400 4000 0400")), Signal::Requested(0));
    assert_eq!(link.channels.incoming(Psm(0x80)), Some(0));
    assert!(link.channels.refuse(0, ConnectionResult::INSUFFICIENT_AUTHORIZATION));
    assert!(!link.channels.accept(0));
    assert_eq!((link.channels.incoming(Psm(0x80)), link.channels.reserved()), (None, 0));
    assert_eq!(link.transmitted(), refusal(1, 0x06));
    assert_eq!(link.channels.get(0).unwrap().state(), State::Free);
}

#[test]
fn a_held_request_is_not_offered_again() {
    let mut link = Link::new(Role::Central).listening();
    for (at, pdu) in
        [hex!("14010a00 8000 4000 6400 4000 0400"), hex!("14020a00 8000 4100 6400 4000 0400")]
            .iter()
            .enumerate()
    {
        assert_eq!(link.signal(pdu), Signal::Requested(at));
        link.after(1);
    }
    assert_eq!(link.channels.requested(Psm(0x80)), Some(0));
    link.channels.hold(0);
    assert_eq!(link.channels.requested(Psm(0x80)), Some(1));
    assert_eq!(link.channels.requested(Psm(0x81)), None);
    assert!(link.channels.accept(0) && link.channels.get(0).unwrap().is_held());
    link.channels.hold(1);
    // Released without a decision.
    link.release(1);
    assert_eq!(link.transmitted()[..2], [0x15, 1]);
    assert_eq!(link.transmitted(), refusal(2, 0x04));
    assert_eq!(link.channels.get(1).unwrap().state(), State::Free);
    link.release(0);
}

#[test]
fn an_undecided_request_lapses() {
    let mut link = Link::new(Role::Central).listening();
    assert_eq!(link.signal(&hex!("14010a00 8000 4000 6400 4000 0400")), Signal::Requested(0));
    link.after(10);
    assert_eq!(link.signal(&hex!("14020a00 8000 4100 6400 4000 0400")), Signal::Requested(1));
    assert_eq!(link.channels.incoming(Psm(0x80)), Some(0));
    assert_eq!(link.signalling.poll_timeout().unwrap().1, Timer::Decide);
    link.after(10);
    assert_eq!((link.timeout(), link.timeout()), (Signal::Closed(0), Signal::None));
    assert_eq!(link.transmitted(), refusal(1, 0x04));
    assert_eq!(link.channels.incoming(Psm(0x80)), Some(1));
}

#[test]
fn a_request_without_an_answer_fails_s42() {
    let mut link = connecting();
    let (due, timer) = link.signalling.poll_timeout().unwrap();
    assert_eq!(
        (due.since(link.now), timer),
        (embassy_time::Duration::from_secs(30), Timer::Connect)
    );
    link.after(29);
    assert_eq!(link.timeout(), Signal::None);
    link.after(1);
    assert_eq!(link.timeout(), Signal::Refused(0, CloseReason::Timeout));
    assert_eq!((link.timeout(), link.signalling.poll_timeout()), (Signal::None, None));
    assert_eq!(link.channels.find(LINK, Cid(0x40)), None);
    let late = hex!("02402012000e00050015010a0041006400400004000000");
    assert_eq!(answer(&mut link, &late), []);
    link.release(0);
    assert_eq!(link.channels.open(LINK, Psm(0x80), config(100, 64, 4)), Ok(0));
    assert_eq!(link.transmitted()[..2], [0x14, 2]);
}

#[test]
fn a_reject_fails_exactly_its_request_s41() {
    let mut link = connecting();
    assert_eq!(link.channels.open(LINK, Psm(0x80), config(100, 64, 4)), Ok(1));
    assert_eq!(link.transmitted()[..2], [0x14, 2]);
    assert_eq!(answer(&mut link, &hex!("0240200a0006000500010902000000")), []);
    assert_eq!(answer(&mut link, &hex!("0240200900050005000101010000")), []);
    let reject = hex!("0240200a0006000500010202000000");
    assert_eq!(received(&mut link, &reject), refused(1));
    assert_eq!(link.channels.get(0).unwrap().state(), State::Connecting);
}

#[test]
fn a_request_that_was_given_up_is_closed_when_it_succeeds() {
    let mut link = connecting();
    link.release(0);
    assert_eq!(link.channels.get(0).unwrap().state(), State::Connecting);
    let response = hex!("15010a00 4100 6400 4000 0400 0000");
    assert_eq!(link.signal(&response), Signal::None);
    assert_eq!(link.transmitted(), hex!("06020400 4100 4000"));
    assert_eq!(link.signal(&hex!("07020400 4100 4000")), Signal::Closed(0));
    assert_eq!(link.channels.get(0).unwrap().state(), State::Free);

    let mut link = Link::new(Role::Central);
    assert_eq!(link.channels.open(LINK, Psm(0x80), config(100, 64, 4)), Ok(0));
    link.release(0);
    assert_eq!(link.transmitted(), [], "the request was not sent yet");
}
