use super::*;
use crate::BitRate;

#[test]
fn modem_status_and_breaks_reach_the_peer() {
    let mut p = pair();
    let (a, b) = p.open(1);
    assert_eq!(p.b.dlc(b).peer_modem(), ModemStatus::READY);
    p.b.changes();
    p.a.dlcs.set_modem(a, ModemStatus::RTC | ModemStatus::IC | ModemStatus::FC);
    p.a.dlcs.send_break(a, Break::new(4));
    p.run();
    assert_eq!(p.b.dlc(b).peer_modem(), ModemStatus::RTC | ModemStatus::IC);
    assert_eq!(p.b.changes(), [(b, Changes::MODEM)]);
    assert_eq!(p.b.dlcs.take_break(b).map(Break::length), Some(4));
    assert_eq!(p.b.dlcs.take_break(b), None);
    p.a.dlcs.set_modem(a, ModemStatus::RTC | ModemStatus::IC);
    assert!(p.a.flush().is_empty(), "nothing changed");
    assert_eq!(Break::new(200).length(), 15);
    p.assert_no_drops();
}

#[test]
fn one_modem_status_command_is_outstanding_at_a_time() {
    let mut p = pair();
    let (a, _) = p.open(1);
    p.a.dlcs.set_modem(a, ModemStatus::RTC);
    assert_eq!(p.a.flush().len(), 1);
    p.a.dlcs.set_modem(a, ModemStatus::empty());
    p.a.dlcs.set_modem(a, ModemStatus::IC);
    assert!(p.a.flush().is_empty());
    let answer = Message::Modem(Dlci(2), ModemStatus::RTC, None);
    let last = Message::Modem(Dlci(2), ModemStatus::IC, None);
    assert_eq!(p.a.answers(&reply(&answer, false)), [message(&last, true)]);
}

#[test]
fn the_response_to_a_break_returns_it() {
    let mut p = pair();
    p.open(1);
    let signal = Message::Modem(Dlci(2), ModemStatus::READY, Some(Break::new(3)));
    assert_eq!(p.b.answers(&message(&signal, true)), [reply(&signal, false)]);
}

#[test]
fn line_status_reaches_the_peer() {
    let mut p = pair();
    let (a, b) = p.open(1);
    p.a.changes();
    p.b.changes();
    let status = LineStatus::ERROR | LineStatus::PARITY;
    assert!(p.a.dlcs.report_line(a, status) && !p.a.dlcs.report_line(a, status));
    p.run();
    assert_eq!((p.b.dlc(b).peer_line(), p.b.changes()), (status, vec![(b, Changes::LINE)]));
    assert_eq!(p.a.changes(), [(a, Changes::REPORTED)]);
    assert!(!p.a.dlc(a).awaits_port() && p.a.dlc(a).is_port_taken());
    p.a.dlcs.end_command(a);
    assert!(!p.a.dlc(a).is_port_taken());
    assert_eq!((p.b.dlcs.take_line(b), p.b.dlcs.take_line(b)), (Some(status), None));
    assert!(p.a.dlcs.report_line(a, LineStatus::empty()));
    p.run();
    assert_eq!(p.b.dlcs.take_line(b), Some(LineStatus::empty()));
    assert!(!p.a.dlc(a).awaits_port() && !p.a.dlc(a).port_timed_out());
    p.assert_no_drops();
}

#[test]
fn a_report_without_an_answer_ends() {
    let mut p = pair();
    let (a, _) = p.open(1);
    for (settings, change) in [(false, Changes::REPORTED), (true, Changes::PORT)] {
        p.a.changes();
        let sent = match settings {
            true => p.a.dlcs.set_port(a, None),
            false => p.a.dlcs.report_line(a, LineStatus::ERROR),
        };
        assert!(sent);
        p.a.flush();
        p.a.pass(19);
        assert!(p.a.dlc(a).awaits_port());
        p.a.pass(1);
        assert!(!p.a.dlc(a).awaits_port() && p.a.dlc(a).port_timed_out());
        assert_eq!(p.a.changes(), [(a, change)]);
    }
    assert!(p.a.dlcs.report_line(a, LineStatus::ERROR));
    assert!(!p.a.dlc(a).port_timed_out());
}

#[test]
fn the_format_of_a_port_has_fields() {
    use crate::Parity;
    let plain = PortSettings::default();
    assert_eq!(
        (plain.data_bits(), plain.parity(), plain.has_more_stop_bits()),
        (8, Parity::None, false)
    );
    for (bits, counts) in [(0, 5), (5, 5), (6, 6), (7, 7), (8, 8), (255, 8)] {
        assert_eq!(plain.with_data_bits(bits).data_bits(), counts);
    }
    for parity in [Parity::None, Parity::Odd, Parity::Even, Parity::Mark, Parity::Space] {
        let settings = plain.with_parity(parity).with_more_stop_bits(true).with_data_bits(5);
        assert_eq!((settings.data_bits(), settings.parity()), (5, parity));
        assert!(settings.has_more_stop_bits());
        assert_eq!(settings.with_more_stop_bits(false).with_parity(Parity::None).format, 0);
    }
}

#[test]
fn port_settings_are_negotiated() {
    let mut p = pair();
    let (a, b) = p.open(1);
    p.b.changes();
    let settings = PortSettings { rate: BitRate::B115200, flow: 0x0c, ..PortSettings::default() };
    assert!(p.a.dlcs.set_port(a, Some(settings)));
    p.run();
    assert_eq!((p.a.dlc(a).port_settings(), p.b.dlc(b).port_settings()), (settings, settings));
    assert_eq!(p.b.changes(), [(b, Changes::PORT)]);
    p.b.dlcs.with(b, |dlc| dlc.port.settings.rate = BitRate::B2400);
    assert!(p.a.dlcs.set_port(a, None));
    p.run();
    assert_eq!(p.a.dlc(a).port_settings().rate, BitRate::B2400, "the peer's current settings");
    assert_eq!(p.b.changes(), []);
    p.assert_no_drops();
}

#[test]
fn an_unknown_bit_rate_is_not_accepted() {
    let mut p = pair();
    p.open(1);
    let odd = PortSettings { rate: BitRate(77), xon: 1, ..PortSettings::default() };
    let kept = PortSettings { xon: 1, ..PortSettings::default() };
    let answer = p.b.answers(&message(&Message::Port(Dlci(2), Some((odd, 0x0021))), true));
    assert_eq!(answer, [reply(&Message::Port(Dlci(2), Some((kept, 0x0020))), false)]);
}

/// [RFCOMM 1.2] 5.5.1
#[test]
fn the_port_may_be_negotiated_before_the_dlc_is_open() {
    let mut p = pair();
    p.b.receive(&sabm(0));
    p.b.flush();
    let current = Message::Port(Dlci(4), Some((PortSettings::default(), 0x3f7f)));
    assert_eq!(
        p.b.answers(&message(&Message::Port(Dlci(4), None), true)),
        [reply(&current, false)]
    );
    p.b.answers(&message(&pn(4, 0xf, 100, 7), true));
    assert_eq!(p.b.answers(&message(&current, true)), [reply(&current, false)]);
    p.assert_no_drops();
}

#[test]
fn test_returns_the_octets() {
    let mut p = pair();
    p.run();
    let long = [0xa5; MOST_TEST];
    for octets in [&b""[..], b"x", &long] {
        let answer = p.b.answers(&message(&Message::Test(octets), true));
        assert_eq!(answer, [reply(&Message::Test(octets), false)]);
    }
    assert!(p.a.session.test(*b"ping") && !p.a.session.test(*b"pong"));
    assert!(p.a.session.is_requesting());
    p.run();
    assert!(!p.a.session.is_requesting() && p.a.session.test(*b"pong"));
    p.assert_no_drops();
}

#[test]
fn several_messages_in_one_frame_are_all_answered() {
    let mut p = pair();
    p.run();
    let all = [octets(&Message::Test(b"1"), true), octets(&Message::FlowOff, true)].concat();
    let answers = [reply(&Message::FlowOff, false), reply(&Message::Test(b"1"), false)];
    assert_eq!(p.b.answers(&uih(0, &all)), answers);
    p.assert_no_drops();
}

#[test]
fn unknown_commands_get_nsc() {
    let mut p = pair();
    p.run();
    for kind in [0x43, 0xc3, 0xd3, 0x03, 0xff] {
        let answer = p.b.answers(&uih(0, &[kind, 0x01]));
        assert_eq!(answer, [reply(&Message::NotSupported(kind), false)]);
    }
    assert!(p.b.answers(&uih(0, &[0x41, 0x01])).is_empty(), "an unknown response has no answer");
    assert_eq!(p.b.drops(), Drops { unexpected: 1, ..Drops::default() });
}

/// A peer that supports no command but MSC, and reports so in commands as some stacks do.
#[test]
fn each_command_may_be_unsupported() {
    let mut p = pair();
    p.run();
    let a = p.a.open(1);
    p.a.flush();
    assert_eq!(p.a.answers(&reply(&Message::NotSupported(0x83), true)), [sabm(2)]);
    assert_eq!((p.a.dlc(a).frame_size(), p.a.dlc(a).is_credit_based()), (127, false));
    assert_eq!(p.a.answers(&ua(2)), [message(&msc(2), true)]);
    p.a.receive(&reply(&Message::NotSupported(0xe3), false));
    p.a.receive(&reply(&msc(2), true));
    p.a.flush();
    p.a.send(a, b"data");
    assert_eq!(p.a.flush(), [uih(2, b"data")]);
    p.a.changes();
    assert!(p.a.dlcs.set_port(a, Some(PortSettings::default())));
    p.a.flush();
    p.a.receive(&reply(&Message::NotSupported(0x93), false));
    assert_eq!(p.a.changes(), [(a, Changes::PORT)]);
    assert!(p.a.dlcs.report_line(a, LineStatus::ERROR));
    p.a.flush();
    p.a.receive(&reply(&Message::NotSupported(0x53), false));
    assert!(p.a.dlcs.report_line(a, LineStatus::ERROR));
    for (kind, request) in
        [(0x23, Request::Test([0; 4])), (0xa3, Request::Flow(true)), (0x63, Request::Flow(false))]
    {
        assert!(p.a.session.request(request));
        p.a.flush();
        p.a.receive(&reply(&Message::NotSupported(kind), false));
        assert!(!p.a.session.is_requesting());
    }
    p.assert_no_drops();
}

#[test]
fn parameters_of_an_open_dlc_do_not_change() {
    let mut p = pair();
    let (a, b) = p.open(1);
    let flow = p.b.dlc(b).flow;
    let answer = p.b.answers(&message(&pn(2, 0xf, 50, 7), true));
    assert_eq!(answer, [reply(&pn(2, 0xe, 666, 0), false)]);
    assert_eq!(p.b.dlc(b).flow, flow);
    p.a.send(a, b"still works");
    p.run();
    assert_eq!(p.b.recv(b), b"still works");
}

#[test]
fn parameters_may_be_negotiated_again_before_the_dlc_is_open() {
    let mut p = pair();
    p.b.receive(&sabm(0));
    p.b.flush();
    p.b.answers(&message(&pn(2, 0xf, 500, 7), true));
    let answer = p.b.answers(&message(&pn(2, 0xf, 100, 2), true));
    assert_eq!(answer, [reply(&pn(2, 0xe, 100, 7), false)]);
    assert_eq!((p.b.dlc(0).credits(), p.b.dlc(0).frame_size()), (2, 100));
}
