//! Frames of hostile peers: each row has one answer, and the host works afterwards.

use hex_literal::hex;

use super::*;

/// State of the host before the row. It is the responder, unless it connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// The L2CAP channel is new.
    New,
    /// The multiplexer is open.
    Up,
    /// The peer negotiated DLCI 2, with 3 credits of 100 octets each way.
    Negotiated,
    /// The peer requested DLCI 2, and the application has not decided.
    Requested,
    /// DLCI 2 is open.
    Open,
    /// DLCI 2 is open, without credits.
    WithoutCredits,
    /// The host closes DLCI 2: DISC is not answered.
    Closing,
    /// The host negotiates DLCI 3: PN is not answered.
    Negotiating,
    /// The host opens DLCI 3: SABM is not answered.
    Connecting,
    /// The host closes the multiplexer: DISC is not answered.
    Shutting,
}

/// What the row does to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// A frame or message is malformed.
    Malformed,
    /// A frame or message is not allowed.
    Unexpected,
    /// A frame or message is for no DLC.
    Stray,
    /// The DLC is closed for this reason.
    Violated(Violation),
    /// The DLC ends for this reason.
    Ended(EndReason),
    /// Nothing is counted.
    Fine,
}

fn host(before: Before) -> End {
    let mut end = End::new(Role::Responder, new_dlcs(2, 300, 300));
    assert!(end.dlcs.listen(1, true));
    let convergence = if before == Before::WithoutCredits { 0 } else { 0xf };
    if before == Before::New {
        return end;
    }
    end.receive(&sabm(0));
    end.flush();
    if matches!(before, Before::Negotiating | Before::Connecting) {
        assert_eq!(end.open(1), 0);
        end.flush();
        if before == Before::Connecting {
            end.receive(&message(&pn(3, 0xe, 100, 3), false));
            end.flush();
        }
        return end;
    }
    if matches!(before, Before::Up | Before::Shutting) {
        if before == Before::Shutting {
            end.session.close(end.now, &mut end.dlcs);
            end.flush();
        }
        return end;
    }
    end.receive(&message(&pn(2, convergence, 100, 3), true));
    end.flush();
    if before == Before::Negotiated {
        return end;
    }
    end.receive(&sabm(2));
    if before == Before::Requested {
        return end;
    }
    end.accept(0);
    end.receive(&message(&msc(2), true));
    end.flush();
    end.receive(&message(&msc(2), false));
    if before == Before::Closing {
        end.close(0);
        end.flush();
    }
    end
}

/// Checks that the host still serves a peer: on this session if it is open, otherwise on a new one.
fn probe(mut end: End, name: &str) {
    if end.session.state() == SessionState::Waiting {
        assert_eq!(end.answers(&sabm(0)), [ua(0)], "{name}");
    }
    if end.session.state() == SessionState::Open {
        let answers = end.answers(&message(&Message::Test(b"alive?"), true));
        assert!(answers.contains(&reply(&Message::Test(b"alive?"), false)), "{name}");
    }
    end.pass(400);
    end.flush();
    end.pass(400);
    end.flush();
    end.session.channel_lost(&mut end.dlcs);
    end.changes();
    for index in 0..2 {
        end.dlcs.release(end.now, index);
        assert_eq!(end.state(index), State::Free, "{name}");
    }
    let mut peer = End::new(Role::Initiator, new_dlcs(1, 500, 500));
    peer.now = end.now;
    peer.session = Session::new(peer.now, SessionId(7), Role::Initiator, MTU);
    end.session = Session::new(end.now, SessionId(7), Role::Responder, MTU);
    let mut p = Pair { a: peer, b: end };
    let (a, b) = p.open(1);
    p.a.send(a, b"alive");
    p.run();
    assert_eq!(p.b.recv(b), b"alive", "{name}");
}

type Row = (&'static str, Before, Vec<u8>, Vec<Vec<u8>>, After);

fn check(rows: Vec<Row>) {
    for (name, before, input, answers, after) in rows {
        let mut end = host(before);
        end.dlcs.counters = crate::dlcs::Counters::ZERO;
        assert_eq!(end.answers(&input), answers, "{name}");
        let none = Drops::default();
        let drops = Drops { unread: 0, unsent: 0, ..end.drops() };
        let (expected, reason) = match after {
            After::Malformed => (Drops { malformed: 1, ..none }, None),
            After::Unexpected => (Drops { unexpected: 1, ..none }, None),
            After::Stray => (Drops { stray: 1, ..none }, None),
            After::Violated(v) => (Drops { violations: 1, ..none }, Some(EndReason::Violation(v))),
            After::Ended(reason) => (none, Some(reason)),
            After::Fine => (none, None),
        };
        assert_eq!(drops, expected, "{name}");
        if let Some(reason) = reason {
            assert_eq!(end.dlc(0).end_reason(), Some(reason), "{name}");
        }
        probe(end, name);
    }
}

/// DISC of the host.
fn host_disc(dlci: u8) -> Vec<u8> {
    frame(dlci, false, FrameType::DISC, &[])
}

/// SABM of the host.
fn sabm_of_host(dlci: u8) -> Vec<u8> {
    frame(dlci, false, FrameType::SABM, &[])
}

/// UA of the peer.
fn peer_ua(dlci: u8) -> Vec<u8> {
    frame(dlci, false, FrameType::UA, &[])
}

/// DM of the peer.
fn peer_dm(dlci: u8) -> Vec<u8> {
    frame(dlci, false, FrameType::DM, &[])
}

#[test]
fn malformed_frames_are_discarded() {
    use After::Malformed;
    use Before::{New, Open, Up, WithoutCredits};
    let too_long = {
        let mut long = uih(2, &[1; 50]);
        long.push(0);
        long
    };
    check(vec![
        ("an empty frame", Up, vec![], vec![], Malformed),
        ("an address alone", Up, hex!("03").into(), vec![], Malformed),
        ("SABM without a length", New, hex!("03 3f").into(), vec![], Malformed),
        ("SABM without an FCS", New, hex!("03 3f 01").into(), vec![], Malformed),
        ("SABM with a wrong FCS", New, hex!("03 3f 01 1d").into(), vec![], Malformed),
        ("SABM with an octet after it", New, hex!("03 3f 01 1c 00").into(), vec![], Malformed),
        ("an address of two octets", New, hex!("02 3f 01 1c").into(), vec![], Malformed),
        ("SABM with information", New, hex!("03 3f 03 00 1c").into(), vec![], Malformed),
        ("an unknown control field", Up, hex!("03 00 01 1c").into(), vec![], Malformed),
        ("UI instead of UIH", Up, hex!("0b 03 03 61 9a").into(), vec![], Malformed),
        ("half a length", Open, hex!("0b ef 00").into(), vec![], Malformed),
        ("UIH longer than its length", Open, too_long, vec![], Malformed),
        ("UIH shorter than its length", Open, uih(2, &[1; 50])[..40].to_vec(), vec![], Malformed),
        (
            "P = 1 without a credit octet",
            Open,
            credit_frame(2, true, FrameType::UIH, true, None, b"x"),
            vec![],
            Malformed,
        ),
        (
            "credits without negotiation",
            WithoutCredits,
            credit_frame(2, true, FrameType::UIH, true, Some(1), b"x"),
            vec![],
            Malformed,
        ),
        (
            "credits on DLCI 0",
            Up,
            credit_frame(0, true, FrameType::UIH, true, Some(1), &hex!("a3 01")),
            vec![],
            Malformed,
        ),
    ]);
}

#[test]
fn malformed_messages_are_discarded() {
    use After::Malformed;
    use Before::{Open, Up};
    let rows: [(&str, Before, &[u8]); 19] = [
        ("no message", Up, &[]),
        ("a type alone", Up, &hex!("83")),
        ("a type of two octets", Up, &hex!("82 01")),
        ("a length without end", Up, &hex!("23 00")),
        ("more length than octets", Up, &hex!("23 09 01")),
        ("more messages than a frame may hold", Up, &[0x23; 128]),
        ("PN too short", Up, &hex!("83 0f 02 f0 07 00 64 00 00")),
        ("PN too long", Up, &hex!("83 13 02 f0 07 00 64 00 00 07 00")),
        ("PN about DLCI 0", Up, &hex!("83 11 00 f0 07 00 64 00 00 07")),
        ("PN about DLCI 63", Up, &hex!("83 11 3f f0 07 00 64 00 00 07")),
        ("MSC without signals", Open, &hex!("e3 03 0b")),
        ("MSC without its break", Open, &hex!("e3 05 0b 8c")),
        ("MSC too long", Open, &hex!("e3 09 0b 8c 01 00")),
        ("MSC about DLCI 0", Open, &hex!("e3 05 03 8d")),
        ("MSC about an address of two octets", Open, &hex!("e3 05 0a 8d")),
        ("RPN of 3 octets", Open, &hex!("93 07 0b 03 03")),
        ("RPN about DLCI 1", Open, &hex!("93 03 07")),
        ("RLS without a status", Open, &hex!("53 03 0b")),
        ("FCoff with a value", Up, &hex!("63 03 00")),
    ];
    check(
        rows.map(|(name, before, octets)| (name, before, uih(0, octets), vec![], Malformed)).into(),
    );
}

#[test]
fn frames_that_the_state_does_not_allow() {
    use After::{Ended, Fine, Stray, Unexpected};
    use Before::{
        Closing, Connecting, Negotiated, Negotiating, New, Open, Requested, Shutting, Up,
    };
    let no_poll = |dlci, kind| credit_frame(dlci, true, kind, false, None, &[]);
    let peer = EndReason::Peer;
    check(vec![
        ("SABM with P = 0", New, no_poll(0, FrameType::SABM), vec![], Unexpected),
        ("DISC with P = 0", Open, no_poll(2, FrameType::DISC), vec![], Unexpected),
        ("SABM as a response", New, frame(0, false, FrameType::SABM, &[]), vec![], Unexpected),
        ("UIH as a response", Open, frame(2, false, FrameType::UIH, b"x"), vec![], Unexpected),
        ("UA as a command", Connecting, ua(3), vec![], Unexpected),
        ("DM as a command", Connecting, dm(3), vec![], Unexpected),
        ("SABM of a DLC before the multiplexer", New, sabm(2), vec![dm(2)], Fine),
        ("data before the multiplexer", New, uih(2, b"x"), vec![dm(2)], Stray),
        ("PN before the multiplexer", New, message(&pn(2, 15, 100, 3), true), vec![dm(0)], Fine),
        ("DISC before the multiplexer", New, disc(0), vec![dm(0)], Fine),
        ("UA before the multiplexer", New, peer_ua(0), vec![], Unexpected),
        ("SABM of the multiplexer again", Open, sabm(0), vec![ua(0)], Fine),
        ("UA of the multiplexer again", Open, peer_ua(0), vec![], Unexpected),
        ("SABM of an open DLC", Open, sabm(2), vec![], Unexpected),
        ("SABM of a requested DLC", Requested, sabm(2), vec![], Unexpected),
        ("SABM of a closing DLC", Closing, sabm(2), vec![dm(2)], Fine),
        ("SABM of a DLC that we open", Connecting, sabm(3), vec![], Unexpected),
        ("SABM of a server without a listener", Up, sabm(4), vec![dm(4)], Fine),
        ("SABM of a server of the peer", Up, sabm(3), vec![dm(3)], Fine),
        ("SABM of DLCI 1", Up, sabm(1), vec![dm(1)], Fine),
        ("SABM of DLCI 62", Up, sabm(62), vec![dm(62)], Fine),
        ("SABM of DLCI 63", Up, sabm(63), vec![dm(63)], Fine),
        ("DISC of an unknown DLCI", Up, disc(8), vec![dm(8)], Stray),
        ("data to an unknown DLCI", Up, uih(8, b"x"), vec![dm(8)], Stray),
        ("UA of an unknown DLCI", Up, peer_ua(8), vec![], Stray),
        ("DM of an unknown DLCI", Up, peer_dm(8), vec![], Stray),
        ("data before SABM", Negotiated, uih(2, b"x"), vec![dm(2)], Stray),
        ("data before UA", Requested, uih(2, b"x"), vec![], Unexpected),
        ("data on a DLC that we open", Connecting, uih(3, b"x"), vec![], Unexpected),
        ("UA before SABM", Negotiating, peer_ua(3), vec![], Unexpected),
        ("UA of an open DLC", Open, peer_ua(2), vec![], Unexpected),
        ("UA of a requested DLC", Requested, peer_ua(2), vec![], Unexpected),
        ("DM of a requested DLC", Requested, peer_dm(2), vec![], Unexpected),
        ("data that crosses our DISC", Closing, uih(2, b"x"), vec![], Fine),
        ("DISC that crosses our DISC", Closing, disc(2), vec![ua(2)], Ended(EndReason::Local)),
        ("DISC of a DLC that we open", Connecting, disc(3), vec![ua(3)], Ended(peer)),
        ("DM of an open DLC", Open, peer_dm(2), vec![], Ended(peer)),
        ("data that crosses our DISC of all", Shutting, uih(2, b"x"), vec![dm(2)], Stray),
        ("messages after our DISC of all", Shutting, uih(0, &hex!("a3 01")), vec![], Unexpected),
        ("SABM after our DISC of all", Shutting, sabm(0), vec![dm(0)], Fine),
        ("DISC that crosses our DISC of all", Shutting, disc(0), vec![ua(0)], Fine),
    ]);
}

#[test]
fn messages_that_the_state_does_not_allow() {
    use After::{Fine, Stray, Unexpected};
    use Before::{Closing, Connecting, Negotiated, Negotiating, Open, Requested, Up};
    let cmd = |m: &Message<'_>| message(m, true);
    let rsp = |m: &Message<'_>| message(m, false);
    let bad = After::Violated(Violation::BadParameters);
    let port = Message::Port(Dlci(8), None);
    let line = Message::Line(Dlci(8), LineStatus::ERROR);
    check(vec![
        ("PN with frames of 0 octets", Up, cmd(&pn(2, 15, 0, 3)), vec![dm(2)], Fine),
        ("PN with frames of 22 octets", Up, cmd(&pn(2, 15, 22, 3)), vec![dm(2)], Fine),
        ("PN again with frames of 0 octets", Negotiated, cmd(&pn(2, 15, 0, 3)), vec![dm(2)], Fine),
        ("PN of a server without a listener", Up, cmd(&pn(4, 15, 100, 3)), vec![dm(4)], Fine),
        ("PN of a server of the peer", Up, cmd(&pn(5, 15, 100, 3)), vec![dm(5)], Fine),
        ("PN of a DLC that we open", Connecting, cmd(&pn(3, 15, 100, 3)), vec![], Unexpected),
        ("PN of a closing DLC", Closing, cmd(&pn(2, 15, 100, 3)), vec![], Unexpected),
        ("PN response that no one asked for", Up, rsp(&pn(3, 14, 100, 3)), vec![], Unexpected),
        ("PN response about another DLC", Negotiating, rsp(&pn(5, 14, 100, 3)), vec![], Unexpected),
        ("PN response again", Connecting, rsp(&pn(3, 14, 100, 3)), vec![], Unexpected),
        (
            "PN response with longer frames",
            Negotiating,
            rsp(&pn(3, 14, 151, 3)),
            vec![sabm_of_host(3)],
            Fine,
        ),
        ("PN response with frames of 0 octets", Negotiating, rsp(&pn(3, 14, 0, 3)), vec![], bad),
        ("PN response with frames of 22 octets", Negotiating, rsp(&pn(3, 14, 22, 3)), vec![], bad),
        ("MSC of an unknown DLCI", Up, cmd(&msc(8)), vec![dm(8)], Stray),
        ("MSC of a requested DLC", Requested, cmd(&msc(2)), vec![], Unexpected),
        ("MSC of a closing DLC", Closing, cmd(&msc(2)), vec![], Unexpected),
        ("MSC response that no one asked for", Open, rsp(&msc(2)), vec![], Unexpected),
        ("MSC response of an unknown DLCI", Up, rsp(&msc(8)), vec![], Unexpected),
        ("RPN of an unknown DLCI", Up, cmd(&port), vec![dm(8)], Stray),
        ("RPN response that no one asked for", Up, rsp(&port), vec![], Unexpected),
        ("RLS of an unknown DLCI", Up, cmd(&line), vec![dm(8)], Stray),
        ("RLS response that no one asked for", Up, rsp(&line), vec![], Unexpected),
        (
            "RLS of a closing DLC",
            Closing,
            cmd(&Message::Line(Dlci(2), LineStatus::ERROR)),
            vec![],
            Unexpected,
        ),
        (
            "a Test response that no one asked for",
            Up,
            rsp(&Message::Test(b"x")),
            vec![],
            Unexpected,
        ),
        ("FCon response that no one asked for", Up, rsp(&Message::FlowOn), vec![], Unexpected),
        ("NSC about nothing", Up, rsp(&Message::NotSupported(0x23)), vec![], Unexpected),
        ("NSC about an unknown type", Up, rsp(&Message::NotSupported(0xff)), vec![], Unexpected),
    ]);
}

#[test]
fn broken_rules_of_flow_control_close_the_dlc() {
    use Before::{Open, WithoutCredits};
    let end = After::Violated;
    check(vec![
        (
            "more than the frame size",
            Open,
            uih(2, &[0; 101]),
            vec![host_disc(2)],
            end(Violation::FrameTooLong),
        ),
        (
            "more without credits",
            WithoutCredits,
            uih(2, &[0; 101]),
            vec![host_disc(2)],
            end(Violation::FrameTooLong),
        ),
    ]);
    let mut host_open = host(Open);
    for _ in 0..3 {
        host_open.receive(&uih(2, &[0; 100]));
    }
    assert!(host_open.flush().is_empty());
    assert_eq!(host_open.answers(&uih(2, b"x")), [host_disc(2)]);
    assert_eq!(host_open.dlc(0).end_reason(), Some(EndReason::Violation(Violation::NoCredit)));
    assert_eq!(host_open.recv(0).len(), 300, "what came with credits can be read");
    probe(host_open, "data without a credit");

    let mut host_open = host(Open);
    let credits = credit_frame(2, true, FrameType::UIH, true, Some(255), &[]);
    for _ in 0..256 {
        assert!(host_open.answers(&credits).is_empty());
    }
    assert_eq!(host_open.dlc(0).credits(), 3 + 256 * 255);
    assert_eq!(host_open.answers(&credits), [host_disc(2)]);
    assert_eq!(
        host_open.dlc(0).end_reason(),
        Some(EndReason::Violation(Violation::CreditOverflow))
    );
    probe(host_open, "too many credits");

    let mut host_open = host(WithoutCredits);
    for _ in 0..3 {
        host_open.receive(&uih(2, &[0; 100]));
    }
    host_open.receive(&uih(2, b"x"));
    assert_eq!(host_open.dlc(0).end_reason(), Some(EndReason::Violation(Violation::Overrun)));
    assert_eq!(host_open.flush(), [host_disc(2)]);
    probe(host_open, "more than the ring without credits");
}

#[test]
fn storms_are_bounded() {
    let mut end = host(Before::Up);
    for dlci in 0..64 {
        for _ in 0..100 {
            end.receive(&disc(dlci));
            end.receive(&uih(dlci, b"x"));
        }
    }
    assert!(end.flush().len() <= 2 * 64, "at most one UA and one DM for each DLCI");
    let mut end = host(Before::Open);
    for _ in 0..1000 {
        end.receive(&message(&msc(2), true));
        end.receive(&message(&Message::Test(&[1; 100]), true));
        end.receive(&message(&Message::Port(Dlci(2), None), true));
        end.receive(&message(&Message::Line(Dlci(2), LineStatus::ERROR), true));
        end.receive(&message(&Message::FlowOff, true));
        end.receive(&message(&Message::FlowOn, true));
        end.receive(&message(&pn(2, 0xf, 100, 7), true));
        end.receive(&uih(0, &[0x43, 0x01]));
        end.receive(&sabm(0));
    }
    assert!(end.flush().len() <= 8);
    assert_eq!(end.drops().unexpected, 2 * 999, "one Test and one unknown command at a time");
    probe(end, "storms");
}

#[test]
fn a_peer_that_negotiates_every_dlci_gets_its_share_only() {
    let mut end = host(Before::Up);
    for channel in 1..=30 {
        end.dlcs.listen(channel, true);
        end.receive(&message(&pn(channel * 2, 0xf, 100, 7), true));
    }
    let refused =
        end.flush().iter().filter(|f| Frame::parse(f).unwrap().kind == FrameType::DM).count();
    assert_eq!((refused, end.drops().no_slot), (28, 28));
    end.pass(60);
    assert!(end.dlcs.iter().all(|dlc| dlc.state() == State::Free), "negotiation expires");
}
