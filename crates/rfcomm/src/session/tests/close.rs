use super::*;

#[test]
fn close_sends_what_is_in_the_send_ring_first() {
    let mut p = pair();
    let (a, b) = p.open(1);
    p.a.send(a, &[7; 2000]);
    p.a.close(a);
    assert_eq!(p.a.state(a), State::Closing(EndReason::Local));
    assert_eq!(p.a.dlcs.send(a, b"late"), 0);
    p.run();
    assert_eq!(p.a.state(a), State::Closing(EndReason::Local), "the peer's ring is full");
    let mut received = p.b.recv(b);
    p.run();
    assert_eq!(p.a.state(a), State::Closed(EndReason::Local));
    assert_eq!(p.b.state(b), State::Closed(EndReason::Peer));
    received.extend(p.b.recv(b));
    assert_eq!(received, [7; 2000]);
    p.a.dlcs.release(p.a.now, a);
    p.b.dlcs.release(p.b.now, b);
    assert_eq!((p.a.state(a), p.b.state(b)), (State::Free, State::Free));
    p.assert_no_drops();
}

#[test]
fn release_closes_and_frees_the_slot_once_the_peer_knows() {
    let mut p = pair();
    let (a, b) = p.open(1);
    p.b.send(b, b"unread");
    p.run();
    p.a.send(a, b"last");
    p.a.dlcs.release(p.a.now, a);
    assert_eq!(p.a.state(a), State::Closing(EndReason::Local));
    p.run();
    assert_eq!(p.a.state(a), State::Free);
    assert_eq!(p.b.recv(b), b"last");
    assert_eq!(p.a.drops(), Drops { unread: 6, ..Drops::default() });
}

#[test]
fn both_ends_close_at_once() {
    let mut p = pair();
    let (a, b) = p.open(1);
    p.a.close(a);
    p.b.close(b);
    let (from_a, from_b) = (p.a.flush(), p.b.flush());
    assert_eq!(from_a, [disc(2)]);
    from_b.iter().for_each(|frame| p.a.receive(frame));
    from_a.iter().for_each(|frame| p.b.receive(frame));
    p.run();
    let local = State::Closed(EndReason::Local);
    assert_eq!((p.a.state(a), p.b.state(b)), (local, local));
}

#[test]
fn close_before_the_dlc_is_open() {
    let mut p = pair();
    let a = p.a.open(1);
    p.a.close(a);
    assert_eq!(p.a.state(a), State::Closed(EndReason::Local), "nothing was sent");
    let a = p.a.open(2);
    for _ in 0..3 {
        let frames = p.a.flush();
        frames.iter().for_each(|frame| p.b.receive(frame));
        let frames = p.b.flush();
        frames.iter().for_each(|frame| p.a.receive(frame));
    }
    p.a.close(a);
    assert_eq!(p.a.flush(), [disc(4)], "SABM was sent");
    p.b.receive(&disc(4));
    assert_eq!(p.b.dlcs.requested(2), None);
    assert_eq!(p.b.flush(), [ua(4)]);
    p.a.receive(&ua(4));
    assert_eq!(p.a.state(a), State::Closed(EndReason::Local));
    let request = p.b.changes().iter().any(|&(_, changes)| changes.contains(Changes::ENDED));
    assert!(request, "the application learns that the request ended");
}

#[test]
fn data_that_arrived_before_the_end_can_be_read_after_it() {
    let mut p = pair();
    let (a, b) = p.open(1);
    p.a.send(a, b"before");
    p.run();
    p.a.session.channel_lost(&mut p.a.dlcs);
    p.b.session.channel_lost(&mut p.b.dlcs);
    let lost = State::Closed(EndReason::Session(SessionEnd::ChannelLost));
    assert_eq!((p.a.state(a), p.b.state(b)), (lost, lost));
    assert_eq!(p.b.recv(b), b"before");
    assert!(p.a.session.is_done() && p.b.session.is_done());
    assert!(p.a.flush().is_empty());
    p.b.dlcs.release(p.b.now, b);
    assert_eq!(p.b.state(b), State::Free);
}

#[test]
fn what_a_lost_channel_did_not_send_is_counted() {
    let mut p = pair();
    let (a, _) = p.open(1);
    p.a.send(a, &[1; 100]);
    p.a.session.channel_lost(&mut p.a.dlcs);
    assert_eq!(p.a.drops().unsent, 100);
}

#[test]
fn the_initiator_closes_the_multiplexer_after_its_last_dlc() {
    let mut p = pair();
    let (a, _) = p.open(1);
    p.a.pass(3600);
    assert_eq!(p.a.session.state(), SessionState::Open);
    p.a.close(a);
    p.run();
    p.a.pass(1);
    let (again, _) = p.open(2);
    p.a.pass(10);
    assert_eq!(p.a.session.state(), SessionState::Open, "a new DLC keeps it");
    p.a.close(again);
    p.run();
    p.a.pass(2);
    assert_eq!(p.a.session.state(), SessionState::Closing(SessionEnd::Idle));
    assert_eq!(p.a.session.open(p.a.now, &mut p.a.dlcs, 1), Err(OpenError::Ended));
    p.run();
    assert!(p.a.session.is_done() && p.b.session.is_done());
    assert_eq!(p.a.session.state(), SessionState::Ended(SessionEnd::Idle));
    assert_eq!(p.b.session.state(), SessionState::Ended(SessionEnd::Peer));
    p.assert_no_drops();
}

#[test]
fn the_responder_closes_a_multiplexer_that_the_initiator_leaves() {
    let mut p = pair();
    p.run();
    p.b.pass(59);
    assert_eq!(p.b.session.state(), SessionState::Open);
    p.b.pass(1);
    assert_eq!(p.b.flush(), [frame(0, false, FrameType::DISC, &[])]);
    p.b.receive(&frame(0, false, FrameType::UA, &[]));
    assert!(p.b.session.is_done());
}

#[test]
fn close_of_the_session_ends_every_dlc() {
    let mut p = pair();
    let (a, b) = p.open(1);
    p.open(2);
    p.a.session.close(p.a.now, &mut p.a.dlcs);
    p.run();
    let reason = |end| State::Closed(EndReason::Session(end));
    assert_eq!((p.a.state(a), p.b.state(b)), (reason(SessionEnd::Local), reason(SessionEnd::Peer)));
    assert!(p.a.session.is_done() && p.b.session.is_done());
}

#[test]
fn a_new_session_uses_the_slots_again() {
    let mut p = pair();
    let (a, b) = p.open(1);
    let generation = p.a.dlc(a).generation();
    p.a.session.channel_lost(&mut p.a.dlcs);
    p.b.session.channel_lost(&mut p.b.dlcs);
    p.a.dlcs.release(p.a.now, a);
    p.b.dlcs.release(p.b.now, b);
    p.a.session = Session::new(p.a.now, SessionId(7), Role::Initiator, MTU);
    p.b.session = Session::new(p.b.now, SessionId(7), Role::Responder, MTU);
    let (again, _) = p.open(1);
    assert_eq!(again, a);
    assert_ne!(p.a.dlc(again).generation(), generation);
    p.a.dlcs.reset();
    assert!(p.a.dlcs.iter().all(|dlc| dlc.state() == State::Free));
    assert!(!p.a.dlcs.is_listening(1) && p.a.changes().is_empty());
}
