use super::*;

/// All frames between two ends, from the first SABM to user data.
#[test]
fn a_dlc_opens_as_the_specification_says() {
    let mut p = pair();
    let index = p.a.open(3);
    let a = p.a.flush();
    assert_eq!(a, [sabm(0)], "the rest waits for the multiplexer");
    assert_eq!(p.b.answers(&a[0]), [ua(0)]);
    p.a.receive(&ua(0));
    let a = p.a.flush();
    assert_eq!(a, [message(&pn(6, 0xf, 666, 3), true)]);
    let b = p.b.answers(&a[0]);
    assert_eq!(b, [reply(&pn(6, 0xe, 666, 3), false)]);
    assert_eq!(p.b.dlcs.requested(3), None, "the peer has only negotiated");
    let a = p.a.answers(&b[0]);
    assert_eq!(a, [sabm(6)]);
    assert!(p.b.answers(&a[0]).is_empty(), "the application decides");
    assert_eq!(p.b.changes(), [(0, Changes::REQUESTED)]);
    let requested = p.b.dlcs.requested(3).unwrap();
    p.b.accept(requested);
    let b = p.b.flush();
    assert_eq!(b, [ua(6), reply(&msc(6), true)]);
    p.a.receive(&b[0]);
    assert_eq!(p.a.state(index), State::Open);
    p.a.send(index, b"early");
    p.a.receive(&b[1]);
    let a = p.a.flush();
    assert_eq!(a, [message(&msc(6), false), message(&msc(6), true)], "data waits for the MSC");
    a.iter().for_each(|frame| p.b.receive(frame));
    assert_eq!(p.b.flush(), [reply(&msc(6), false)]);
    p.a.receive(&reply(&msc(6), false));
    assert_eq!(p.a.flush(), [uih(6, b"early")]);
    p.b.receive(&uih(6, b"early"));
    assert_eq!(p.b.recv(requested), b"early");
    p.assert_no_drops();
}

#[test]
fn both_ends_open_dlcs_to_the_same_server_channel_at_once() {
    let mut p = pair();
    p.open(1);
    let (a, b) = (p.a.open(3), p.b.open(3));
    p.run();
    assert_eq!((p.a.dlc(a).dlci(), p.b.dlc(b).dlci()), (Dlci(6), Dlci(7)));
    assert_eq!((p.a.state(a), p.b.state(b)), (State::Open, State::Open));
    p.a.send(a, b"of a");
    p.b.send(b, b"of b");
    p.run();
    let at_b = p.b.dlcs.find(SessionId(7), Dlci(6)).unwrap();
    let at_a = p.a.dlcs.find(SessionId(7), Dlci(7)).unwrap();
    assert_eq!((p.b.recv(at_b), p.a.recv(at_a)), (b"of a".to_vec(), b"of b".to_vec()));
    p.assert_no_drops();
}

/// Each device opens its own L2CAP channel: two sessions, each with its own roles.
#[test]
fn two_channels_at_once_have_a_session_each() {
    let (mut first, mut second) = (pair(), pair());
    let a = first.a.open(1);
    let b = second.a.open(1);
    first.run();
    second.run();
    assert_eq!((first.a.state(a), second.a.state(b)), (State::Open, State::Open));
}

/// Both ends claim to have opened the same L2CAP channel.
#[test]
fn two_initiators_on_one_channel_refuse_each_other() {
    let (mut a, mut b) = (
        End::new(Role::Initiator, new_dlcs(1, 64, 64)),
        End::new(Role::Initiator, new_dlcs(1, 64, 64)),
    );
    let index = a.open(1);
    let (from_a, from_b) = (a.flush(), b.flush());
    assert_eq!(from_a, from_b);
    // The C/R bit of the peer's SABM is that of an initiator.
    assert!(a.answers(&from_b[0]).is_empty() && b.answers(&from_a[0]).is_empty());
    assert_eq!((a.drops().unexpected, b.drops().unexpected), (1, 1));
    // With the C/R bit of a responder.
    let answer = a.answers(&frame(0, false, FrameType::SABM, &[]));
    assert_eq!(answer, [frame(0, false, FrameType::DM, &[])]);
    b.receive(&dm(0));
    a.receive(&dm(0));
    assert!(a.session.is_done());
    assert_eq!(a.state(index), State::Closed(EndReason::Session(SessionEnd::Refused)));
}

#[test]
fn wrong_requests_of_the_application_are_refused() {
    let mut p = Pair::new(new_dlcs(2, 64, 64), new_dlcs(4, 64, 64));
    let open = |p: &mut Pair, channel| p.a.session.open(p.a.now, &mut p.a.dlcs, channel);
    assert_eq!(open(&mut p, 0), Err(OpenError::BadChannel));
    assert_eq!(open(&mut p, 31), Err(OpenError::BadChannel));
    assert_eq!(open(&mut p, 30), Ok(0));
    assert_eq!(open(&mut p, 30), Err(OpenError::InUse));
    assert_eq!(open(&mut p, 1), Ok(1));
    assert_eq!(open(&mut p, 2), Err(OpenError::NoSlot));
    p.a.session.channel_lost(&mut p.a.dlcs);
    assert_eq!(open(&mut p, 2), Err(OpenError::Ended));
    let dlcs = &mut p.a.dlcs;
    assert!(!dlcs.listen(0, true) && !dlcs.listen(31, true) && !dlcs.is_listening(31));
    assert!(!dlcs.accept(p.a.now, 0) && !dlcs.accept(p.a.now, 99) && !dlcs.refuse(0));
    assert_eq!(dlcs.send(0, b"x") + dlcs.send(99, b"x") + dlcs.recv(99, &mut [0]), 0);
    assert!(!dlcs.set_port(0, None) && !dlcs.report_line(0, LineStatus::ERROR));
}

#[test]
fn a_slot_with_too_little_memory_is_never_used() {
    let mut a = End::new(Role::Initiator, new_dlcs(1, 22, 64));
    assert_eq!(a.session.open(a.now, &mut a.dlcs, 1), Err(OpenError::NoSlot));
    let mut a = End::new(Role::Initiator, new_dlcs(1, 23, 0));
    assert_eq!(a.session.open(a.now, &mut a.dlcs, 1), Err(OpenError::NoSlot));
}

#[test]
fn requests_without_a_listener_or_a_slot_are_refused() {
    let mut p = Pair::new(new_dlcs(4, 64, 64), new_dlcs(1, 64, 64));
    p.b.dlcs.listen(2, false);
    let unknown = p.a.open(2);
    p.run();
    assert_eq!(p.a.state(unknown), State::Closed(EndReason::Refused));
    let (first, _) = p.open(1);
    let second = p.a.open(3);
    p.run();
    assert_eq!(p.a.state(second), State::Closed(EndReason::Refused));
    assert_eq!(p.a.state(first), State::Open);
    assert_eq!(p.b.drops().no_slot, 1);
}

#[test]
fn a_peer_requests_at_most_its_share_of_the_slots() {
    let slots = (0..4).map(|_| Dlc::new(vec![0; 64].leak(), vec![0; 64].leak()));
    let mut end = End::new(Role::Responder, Dlcs::new(slots.collect::<Vec<_>>().leak(), 2));
    for channel in 1..=3 {
        end.dlcs.listen(channel, true);
    }
    end.receive(&sabm(0));
    end.flush();
    for (dlci, channel) in [(2, 1), (4, 2)] {
        end.receive(&sabm(dlci));
        assert!(end.dlcs.requested(channel).is_some());
    }
    assert_eq!(end.answers(&sabm(6)), [dm(6)]);
    assert_eq!(end.drops().no_slot, 1);
    // What the application has accepted no longer counts.
    let accepted = end.dlcs.requested(1).unwrap();
    end.accept(accepted);
    end.flush();
    end.receive(&sabm(6));
    assert!(end.dlcs.requested(3).is_some());
}

#[test]
fn the_application_refuses_a_request() {
    let mut p = pair();
    p.b.receive(&sabm(0));
    p.b.flush();
    p.b.answers(&message(&pn(6, 0xf, 100, 0), true));
    p.b.receive(&sabm(6));
    let index = p.b.dlcs.requested(3).unwrap();
    assert!(p.b.dlcs.refuse(index));
    assert_eq!(p.b.flush(), [dm(6)]);
    assert_eq!(p.b.state(index), State::Free);
    assert!(!p.b.dlcs.accept(p.b.now, index));
}

#[test]
fn the_oldest_request_is_first() {
    let mut other = End::new(Role::Responder, new_dlcs(4, 64, 64));
    other.dlcs.listen(3, true);
    other.receive(&sabm(0));
    other.receive(&sabm(6));
    let first = other.dlcs.requested(3);
    other.session = Session::new(other.now, SessionId(9), Role::Responder, MTU);
    other.now += Duration::from_secs(1);
    other.receive(&sabm(0));
    other.receive(&sabm(6));
    assert_eq!(other.dlcs.requested(3), first);
    other.accept(first.unwrap());
    assert!(other.dlcs.requested(3).is_some_and(|next| Some(next) != first));
}

#[test]
fn the_frame_size_is_the_least_of_mtu_ring_and_peer() {
    let mut p = Pair::new(new_dlcs(4, 5000, 64), new_dlcs(4, 200, 64));
    let (a, b) = p.open(1);
    assert_eq!((p.a.dlc(a).frame_size(), p.b.dlc(b).frame_size()), (100, 100));
    let mut p = Pair::new(new_dlcs(4, 23, 64), new_dlcs(4, 5000, 64));
    let (a, b) = p.open(1);
    assert_eq!((p.a.dlc(a).frame_size(), p.b.dlc(b).frame_size()), (23, 23));
    assert_eq!(Session::new(p.a.now, SessionId(0), Role::Initiator, 0).frame_size, 42);
    assert_eq!(Session::new(p.a.now, SessionId(0), Role::Initiator, u16::MAX).frame_size, 0x7fff);
}
