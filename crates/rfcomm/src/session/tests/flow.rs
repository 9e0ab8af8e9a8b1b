use super::*;

/// Opens the multiplexer and DLC 2 at the responder by frames, without credits of the peer yet. Returns the frame size.
fn opened(rx: usize, convergence: u8) -> End {
    let mut end = End::new(Role::Responder, new_dlcs(2, rx, 500));
    assert!(end.dlcs.listen(1, true));
    end.receive(&sabm(0));
    end.receive(&message(&pn(2, convergence, 100, 0), true));
    end.receive(&sabm(2));
    end.accept(0);
    end.receive(&message(&msc(2), true));
    end.flush();
    end.receive(&message(&msc(2), false));
    end
}

fn data(len: usize) -> Vec<u8> {
    uih(2, &vec![9; len])
}

fn credits(count: u8) -> Vec<u8> {
    credit_frame(2, true, FrameType::UIH, true, Some(count), &[])
}

fn credits_of_responder(count: u8) -> Vec<u8> {
    credit_frame(2, false, FrameType::UIH, true, Some(count), &[])
}

#[test]
fn credits_are_granted_from_the_room_of_the_received_ring() {
    let mut end = opened(450, 0xf);
    assert_eq!(end.dlc(0).flow.granted, 4, "450 bytes hold four frames of 100");
    assert!(end.flush().is_empty());
    assert!(end.answers(&data(100)).is_empty());
    assert!(end.answers(&data(100)).is_empty(), "no room for more than the two that are left");
    assert_eq!(end.recv(0).len(), 200);
    assert_eq!(end.flush(), [credits_of_responder(2)]);
    for _ in 0..4 {
        end.receive(&data(100));
    }
    assert!(end.flush().is_empty(), "the ring is full");
    assert_eq!(end.recv(0).len(), 400);
    assert_eq!(end.flush(), [credits_of_responder(4)]);
    assert_eq!(end.drops(), Drops::default());
}

#[test]
fn data_waits_for_credits_and_takes_one_each() {
    let mut end = opened(450, 0xf);
    end.send(0, &[1; 250]);
    assert!(end.flush().is_empty());
    end.receive(&credits(2));
    let frames = end.flush();
    let lengths: Vec<_> =
        frames.iter().map(|f| Frame::parse(f).unwrap().information.len()).collect();
    assert_eq!(lengths, [100, 100]);
    end.receive(&credit_frame(2, true, FrameType::UIH, true, Some(1), b"with data"));
    let frames = end.flush();
    assert_eq!(frames.len(), 1);
    assert_eq!(Frame::parse(&frames[0]).unwrap().information.len(), 50);
    assert_eq!(end.recv(0), b"with data");
}

#[test]
fn data_carries_the_credits_that_are_free() {
    let mut end = opened(450, 0xf);
    end.receive(&credits(9));
    end.receive(&data(100));
    end.recv(0);
    assert!(end.flush().is_empty(), "three of four are left");
    end.send(0, &[1; 150]);
    let frames = end.flush();
    let first = Frame::parse(&frames[0]).unwrap();
    assert_eq!(
        (first.credits, first.information.len()),
        (Some(1), 99),
        "the credit takes one octet"
    );
    assert_eq!(Frame::parse(&frames[1]).unwrap().information.len(), 51);
}

#[test]
fn frames_without_data_take_no_credit() {
    let mut end = opened(450, 0xf);
    for _ in 0..10 {
        end.receive(&data(0));
        end.receive(&credits(1));
    }
    assert_eq!((end.dlc(0).flow.granted, end.dlc(0).credits()), (4, 10));
}

/// Some stacks answer with what they receive, and send what we offered.
#[test]
fn each_direction_may_have_its_own_frame_size() {
    let mut end = End::new(Role::Initiator, new_dlcs(1, 400, 400));
    let index = end.open(1);
    end.flush();
    end.receive(&ua(0));
    assert_eq!(end.flush(), [message(&pn(2, 0xf, 200, 2), true)]);
    end.receive(&reply(&pn(2, 0xe, 50, 7), false));
    end.flush();
    end.receive(&ua(2));
    end.receive(&reply(&msc(2), true));
    end.flush();
    end.receive(&reply(&msc(2), false));
    end.receive(&frame(2, false, FrameType::UIH, &[1; 200]));
    assert_eq!((end.state(index), end.recv(index).len()), (State::Open, 200));
    end.send(index, &[2; 100]);
    let lengths = end.flush().iter().map(|f| Frame::parse(f).unwrap().information.len()).max();
    assert_eq!(lengths, Some(50));
}

#[test]
fn no_frame_exceeds_the_room_of_the_caller() {
    let mut p = pair();
    let (a, b) = p.open(1);
    p.a.send(a, &[3; 300]);
    for max in [0, 6, 7, 48, 100] {
        let mut buffer = vec![0; max];
        let mut w = Writer::new(&mut buffer);
        let written = p.a.session.poll_transmit(p.a.now, &mut p.a.dlcs, &mut w);
        assert_eq!((written, w.is_empty()), (max > 6, max <= 6), "{max}");
        let frame = w.written().to_vec();
        if written {
            p.b.receive(&frame);
        }
    }
    assert_eq!(p.b.dlc(b).readable(), 1 + 42 + 94);
}

#[test]
fn the_fc_bit_stops_a_peer_without_credits() {
    let mut end = opened(1000, 0);
    let stop = Message::Modem(Dlci(2), ModemStatus::READY | ModemStatus::FC, None);
    for _ in 0..5 {
        assert!(end.answers(&data(100)).is_empty());
    }
    assert_eq!(end.answers(&data(1)), [reply(&stop, true)]);
    end.receive(&message(&stop, false));
    assert_eq!(end.recv(0).len(), 501);
    assert_eq!(end.flush(), [reply(&msc(2), true)]);
}

#[test]
fn the_peer_stops_us_by_fc_or_by_fcoff() {
    let mut end = opened(1000, 0);
    let stop = Message::Modem(Dlci(2), ModemStatus::READY | ModemStatus::FC, None);
    end.send(0, b"data");
    let is_data =
        |frames: Vec<Vec<u8>>| frames.iter().any(|f| Frame::parse(f).unwrap().dlci == Dlci(2));
    end.receive(&message(&stop, true));
    assert!(!is_data(end.flush()));
    end.receive(&message(&Message::FlowOff, true));
    end.receive(&message(&msc(2), true));
    assert!(!is_data(end.flush()));
    end.receive(&message(&Message::FlowOn, true));
    assert!(is_data(end.flush()));
    let mut with_credits = opened(1000, 0xf);
    with_credits.receive(&message(&Message::FlowOff, true));
    with_credits.receive(&message(&stop, true));
    with_credits.receive(&credits(1));
    with_credits.send(0, b"data");
    assert!(is_data(with_credits.flush()), "credits replace both");
}

#[test]
fn we_stop_the_peer_by_fcoff() {
    let mut end = opened(1000, 0);
    assert!(end.session.set_flow(false) && !end.session.set_flow(true));
    assert_eq!(end.flush(), [reply(&Message::FlowOff, true)]);
    end.receive(&message(&Message::FlowOff, false));
    assert!(end.session.set_flow(true));
    assert_eq!(end.flush(), [reply(&Message::FlowOn, true)]);
    assert!(!opened(1000, 0xf).session.set_flow(false), "not with credits");
}

#[test]
fn the_dlcs_of_a_session_send_in_turn() {
    let mut p = Pair::new(new_dlcs(3, 4096, 3000), new_dlcs(3, 4096, 3000));
    let slots = [1, 2, 3].map(|channel| p.open(channel).0);
    for slot in slots {
        p.a.send(slot, &[0; 3000]);
    }
    let mut order = Vec::new();
    while let Some(frame) = p.a.transmit() {
        order.push(Frame::parse(&frame).unwrap().dlci.channel());
    }
    assert_eq!(order.len(), 15);
    for turn in order.chunks(3) {
        assert!((1..=3).all(|channel| turn.contains(&channel)), "{order:?}");
    }
}
