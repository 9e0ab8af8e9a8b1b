use super::*;

#[test]
fn the_peer_closes() {
    let mut link = open();
    assert_eq!(link.signal(&hex!("06020400 4000 4000")), Signal::Closed(0));
    assert_eq!(link.transmitted(), hex!("07020400 4000 4000"));
    assert_eq!(link.channels.get(0).unwrap().state(), State::Closed(CloseReason::Peer));
    link.release(0);
    assert_eq!(link.channels.get(0).unwrap().state(), State::Free);
    assert_eq!(link.channels.get(0).unwrap().generation(), 1);
}

#[test]
fn an_unknown_destination_is_rejected_s33_s34() {
    let mut link = open();
    let unknown = hex!("0240200c00080005000601040060006100");
    assert_eq!(answer(&mut link, &unknown), hex!("01010600 0200 6000 6100"));
    let att = hex!("0240200c00080005000601040004000400");
    assert_eq!(answer(&mut link, &att), hex!("01010600 0200 0400 0400"));
    let smp = hex!("0240200c00080005000602040006000600");
    assert_eq!(answer(&mut link, &smp), hex!("01020600 0200 0600 0600"));
    let signalling = hex!("0240200c00080005000603040005000500");
    assert_eq!(answer(&mut link, &signalling), hex!("01030600 0200 0500 0500"));
    assert_eq!(link.signal(&hex!("06040400 4000 4100")), Signal::None);
    assert_eq!(link.transmitted(), [], "a known destination with a wrong source is ignored");
    assert!(link.channels.get(0).unwrap().is_open());
}

#[test]
fn a_disconnection_request_of_a_wrong_length_is_rejected_s37() {
    let mut link = open();
    let short = hex!("0240200a0006000500060102004000");
    assert_eq!(answer(&mut link, &short), hex!("01010200 0000"));
    let long = hex!("0240200d0009000500060205004000410000");
    assert_eq!(answer(&mut link, &long), hex!("01020200 0000"));
    assert!(link.channels.get(0).unwrap().is_open());
}

#[test]
fn disconnection_requests_cross_s36() {
    let mut link = connecting();
    let response = hex!("02402012000e00050015010a0041006400400004000000");
    assert_eq!(received(&mut link, &response), Signal::Opened(0));
    link.close(0);
    assert_eq!(link.transmitted(), hex!("06020400 4100 4000"));
    assert_eq!(link.signalling.poll_timeout().unwrap().1, Timer::Disconnect);
    let theirs = hex!("0240200c00080005000609040040004100");
    assert_eq!(received(&mut link, &theirs), Signal::Closed(0));
    assert_eq!(link.transmitted(), hex!("07090400 4000 4100"));
    let late = hex!("0240200c00080005000701040041004000");
    assert_eq!(answer(&mut link, &late), []);
    assert_eq!(link.signal(&hex!("07020400 4100 4000")), Signal::None);
    assert_eq!(link.channels.get(0).unwrap().state(), State::Closed(CloseReason::Local));
    assert_eq!(link.signalling.poll_timeout(), None);
}

#[test]
fn a_close_without_confirmation_ends_after_30_s() {
    let mut link = open();
    link.release(0);
    assert_eq!(link.transmitted(), hex!("06010400 4000 4000"));
    link.after(30);
    assert_eq!(link.timeout(), Signal::Closed(0));
    assert_eq!(link.channels.get(0).unwrap().state(), State::Free);
    assert!(link.leaks_nothing());
}

#[test]
fn an_accepted_frame_leaves_before_the_disconnection() {
    let mut link = open();
    let packet = link.tx.take(bindrune_wire::HEADROOM).unwrap();
    assert!(link.channels.put_out(0, packet).is_ok());
    link.release(0);
    assert_eq!(link.transmitted(), [], "the frame comes first");
    let (remote, packet) = link.channels.take_out(0).unwrap();
    assert_eq!(remote, crate::Cid(0x40));
    link.tx.give(packet);
    assert_eq!(link.transmitted(), hex!("06010400 4000 4000"));
    assert_eq!(link.signal(&hex!("07010400 4000 4000")), Signal::Closed(0));
    assert_eq!(link.channels.get(0).unwrap().state(), State::Free);
    assert_eq!(link.channels.drops(), crate::ChannelDrops::default());
}

#[test]
fn a_command_that_cannot_leave_for_30_s_is_given_up_and_counted() {
    let mut link = open();
    assert_eq!(link.channels.open(LINK, Psm(0x80), config(100, 64, 4)), Ok(1));
    let packet = link.tx.take(bindrune_wire::HEADROOM).unwrap();
    assert!(link.channels.put_out(0, packet).is_ok());
    link.close(0);
    link.signalling.start_timers(link.now, &mut link.channels);
    link.after(30);
    assert_eq!(link.timeout(), Signal::Closed(0));
    let timeout = CloseReason::Timeout;
    assert_eq!(link.timeout(), Signal::Refused(1, timeout), "the request never left");
    assert_eq!(link.timeout(), Signal::None);
    assert_eq!(link.channels.drops().unsent, 1);
    assert_eq!(link.channels.get(0).unwrap().close_reason(), Some(timeout));
    assert_eq!(
        link.transmitted(),
        hex!("06010400 4000 4000"),
        "the request to close is still pending"
    );
    assert_eq!(link.signal(&hex!("07010400 4000 4000")), Signal::Closed(0));
    link.release(0);
    link.release(1);
    assert!(link.leaks_nothing());
}

#[test]
fn a_close_in_the_middle_of_an_sdu_is_reported_as_cut() {
    let mut link = open();
    let part = hex!("0240200900 0500 4000 0300 616263");
    let _kept = link.acl(&part);
    assert_eq!(link.signal(&hex!("06020400 4000 4000")), Signal::Closed(0));
    assert_eq!(link.channels.get(0).unwrap().close_reason(), Some(CloseReason::Peer), "whole");
    let mut link = open();
    let part = hex!("0240200900 0500 4000 0400 616263");
    let _kept = link.acl(&part);
    assert_eq!(link.signal(&hex!("06020400 4000 4000")), Signal::Closed(0));
    assert_eq!(link.channels.get(0).unwrap().close_reason(), Some(CloseReason::Cut));
    link.release(0);
    assert_eq!(link.channels.drops().unread, 1);
    assert!(link.leaks_nothing());
}

#[test]
fn a_reject_of_a_disconnection_closes() {
    let mut link = open();
    link.close(0);
    assert_eq!(link.transmitted(), hex!("06010400 4000 4000"));
    assert_eq!(link.signal(&hex!("01010600 0200 4000 4000")), Signal::Closed(0));
    assert_eq!(link.channels.get(0).unwrap().state(), State::Closed(CloseReason::Local));
}

#[test]
fn a_channel_closed_before_its_answer_left_is_answered_first() {
    let mut link = Link::new(Role::Central).listening();
    assert_eq!(link.signal(&hex!("14010a00 8000 5000 6400 4000 0400")), Signal::Requested(0));
    assert!(link.channels.accept(0) && !link.channels.get(0).unwrap().can_send());
    link.release(0);
    assert_eq!(
        link.signal(&hex!("01010200 0000")),
        Signal::None,
        "the reject matches no request of ours"
    );
    assert_eq!(link.transmitted(), hex!("15010a00 4000 6400 4000 0400 0000"));
    assert_eq!(link.transmitted(), hex!("06010400 5000 4000"));
    assert_eq!(link.signal(&hex!("07010400 5000 4000")), Signal::Closed(0));
    assert_eq!(link.channels.get(0).unwrap().state(), State::Free);
}

#[test]
fn the_link_is_lost() {
    let mut link = open();
    assert_eq!(link.channels.open(LINK, Psm(0x80), config(100, 64, 4)), Ok(1));
    assert_eq!(link.signal(&hex!("14090a00 8000 5000 6400 4000 0400")), Signal::Requested(2));
    let packet = link.tx.take(bindrune_wire::HEADROOM).unwrap();
    assert!(link.channels.put_out(0, packet).is_ok());
    let mut pools = crate::Pools { rx: &mut link.rx, tx: &mut link.tx };
    let mut ended = Vec::new();
    link.channels.link_lost(LINK, &mut pools, |index| ended.push(index));
    assert_eq!(ended, [0, 1, 2]);
    let states = link.channels.iter().map(crate::Channel::state).collect::<Vec<_>>();
    let lost = State::Closed(CloseReason::LinkLost);
    assert_eq!(states, [lost, lost, State::Free, State::Free]);
    assert!(link.leaks_nothing());
    assert_eq!(link.transmitted(), []);
}

#[test]
fn credits_are_counted_s30_s32() {
    let mut link = open();
    for h4 in [
        &hex!("0240200c00080005001601040040000000")[..],
        &hex!("0240200c00080005001601040060000100"),
        &hex!("0240200c00080005001602040004000100"),
        &hex!("0240200a0006000500160302004000"),
    ] {
        assert_eq!(answer(&mut link, h4), []);
    }
    assert_eq!(link.channels.get(0).unwrap().credits(), 4);
    assert_eq!(link.signal(&hex!("16040400 4000 0300")), Signal::Credits(0));
    assert_eq!(link.channels.get(0).unwrap().credits(), 7);
}

#[test]
fn credits_beyond_65535_close_the_channel_k14() {
    let mut link = open();
    assert_eq!(link.signal(&hex!("16010400 4000 fbff")), Signal::Credits(0));
    assert_eq!(link.channels.get(0).unwrap().credits(), 65535);
    let overflow = Violation::CreditOverflow;
    assert_eq!(link.signal(&hex!("16020400 4000 0100")), Signal::Violation(0, overflow));
    assert_eq!(link.transmitted(), hex!("06010400 4000 4000"));
    let reason = CloseReason::Violation(overflow);
    assert_eq!(link.channels.get(0).unwrap().close_reason(), Some(reason));
}
