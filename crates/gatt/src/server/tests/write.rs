use bindrune_att::{ErrorCode, Request};
use hex_literal::hex;

use super::{Answer, BUFFER, STORE, Verdict, World};

#[test]
fn a_write_replaces_the_value_and_is_reported() {
    let mut world = World::new();
    assert_eq!(world.asks(&hex!("12 1900 414243")), hex!("13"));
    assert_eq!(world.asks(&hex!("0a 1900")), b"\x0bABC");
    assert_eq!(world.asks(&hex!("12 1900")), hex!("13"));
    assert_eq!(world.server.value(&STORE), Ok(b"".as_slice()));
    let written = world.server.poll_written(&mut world.peer).unwrap();
    assert!(written.target.is(&STORE) && written.handle == 25);
    assert!(world.server.poll_written(&mut world.peer).is_none());
    world.server.write(&STORE, b"own").unwrap();
    assert!(world.server.poll_written(&mut world.peer).is_none());
}

#[test]
fn forbidden_writes_are_refused() {
    let mut world = World::new();
    assert_eq!(world.asks(&hex!("12 0000 00")), hex!("01 12 0000 01"));
    assert_eq!(world.asks(&hex!("12 2900 00")), hex!("01 12 2900 01"));
    assert_eq!(world.asks(&hex!("12 1400 00")), hex!("01 12 1400 03"));
    assert_eq!(world.asks(&hex!("12 0300 00")), hex!("01 12 0300 03"));
    assert_eq!(world.asks(&hex!("12 1200 00")), hex!("01 12 1200 03"));
    assert_eq!(world.asks(&hex!("12 1f00 00")), hex!("01 12 1f00 05"));
    assert_eq!(world.asks(&hex!("16 1400 0000 00")), hex!("01 16 1400 03"));
    assert_eq!(world.asks(&hex!("16 ff00 0000 00")), hex!("01 16 ff00 01"));
    assert!(world.server.poll_written(&mut world.peer).is_none());
}

#[test]
fn values_have_limits() {
    let mut world = World::new();
    world.mtu = 100;
    let mut pdu = hex!("12 1900").to_vec();
    pdu.resize(3 + 40, 1);
    assert_eq!(world.asks(&pdu), hex!("13"));
    pdu.push(1);
    assert_eq!(world.asks(&pdu), hex!("01 12 1900 0d"));
    let mut pdu = hex!("12 1700").to_vec();
    pdu.resize(3 + 65, 1);
    assert_eq!(world.asks(&pdu), hex!("01 12 1700 0d"));
    assert!(world.asked.is_empty());
    assert_eq!(world.asks(&hex!("12 2600 010203")), hex!("01 12 2600 0d"));
    assert_eq!(world.asks(&hex!("12 2600 04030201")), hex!("13"));
}

#[test]
fn the_app_takes_or_refuses_its_writes() {
    let mut world = World::new();
    assert_eq!(world.asks(&hex!("12 1700 41")), hex!("13"));
    world.app_error = Some(ErrorCode::VALUE_NOT_ALLOWED);
    assert_eq!(world.asks(&hex!("12 1700 42")), hex!("01 12 1700 13"));
    let write = "23 Write { offset: 0, response: true }";
    assert_eq!(world.asked, [std::format!("{write} [41]"), std::format!("{write} [42]")]);
}

#[test]
fn commands_are_carried_out_or_ignored() {
    let mut world = World::new();
    assert_eq!(world.commands(&hex!("52 1900 41")), None);
    assert_eq!(world.server.value(&STORE), Ok(b"A".as_slice()));
    let asked = world.commands(&hex!("52 1700 41"));
    assert_eq!(asked.as_deref(), Some("23 Write { offset: 0, response: false }"));
    for ignored in [&hex!("52 0000 41"), &hex!("52 1400 41"), &hex!("52 2600 41")] {
        assert_eq!(world.commands(ignored), None);
    }
    assert_eq!(world.server.ignored(), 3);
    assert_eq!(world.asks(&hex!("0a 1400")), hex!("0b 64"));
    assert_eq!(world.commands(&hex!("d2 1900 42 0102030405060708090a0b0c")), None);
    assert_eq!(world.server.ignored(), 4);
    assert_eq!(world.server.value(&STORE), Ok(b"A".as_slice()));
}

#[test]
fn an_append_buffer_gathers_until_it_is_taken() {
    let mut world = World::new();
    assert_eq!(world.asks(&hex!("12 2400 414243")), hex!("13"));
    assert_eq!(world.commands(&hex!("52 2400 444546")), None);
    assert_eq!(world.asks(&hex!("12 2400 474849")), hex!("01 12 2400 11"));
    assert_eq!(world.commands(&hex!("52 2400 474849")), None);
    assert_eq!(world.server.dropped(), 1);
    let mut buffer = [0; 4];
    assert_eq!(world.server.take_appended(&BUFFER, &mut buffer), Ok(4));
    assert_eq!(&buffer, b"ABCD");
    assert_eq!(world.asks(&hex!("12 2400 474849")), hex!("13"));
    assert_eq!(world.server.take_appended(&BUFFER, &mut [0; 9]), Ok(5));
    assert_eq!(world.asks(&hex!("16 2400 0000 4142")), hex!("17 2400 0000 4142"));
    assert_eq!(world.asks(&hex!("18 01")), hex!("19"));
    assert_eq!(world.server.value(&BUFFER), Ok(b"AB".as_slice()));
}

#[test]
fn a_long_write_is_executed_or_cancelled() {
    let mut world = World::new();
    assert_eq!(world.asks(&hex!("16 1900 0000 4142")), hex!("17 1900 0000 4142"));
    assert_eq!(world.asks(&hex!("16 1900 0200 4344")), hex!("17 1900 0200 4344"));
    assert_eq!(world.server.value(&STORE), Ok(b"hello world".as_slice()));
    assert_eq!(world.asks(&hex!("18 01")), hex!("19"));
    assert_eq!(world.server.value(&STORE), Ok(b"ABCD".as_slice()));
    world.asks(&hex!("16 1900 0000 58"));
    assert_eq!(world.asks(&hex!("18 00")), hex!("19"));
    assert_eq!(world.asks(&hex!("18 01")), hex!("19"));
    world.asks(&hex!("16 1900 0100 5859"));
    assert_eq!(world.asks(&hex!("18 01")), hex!("19"));
    assert_eq!(world.server.value(&STORE), Ok(b"AXYD".as_slice()));
}

/// Q32. [Vol 3] Part F, 3.4.6.1
#[test]
fn the_prepare_queue_is_bounded() {
    let mut world = World::new();
    let pdu = hex!("16 1700 0000 616161616161616161616161616161616161");
    let part = |n: u16| {
        let mut pdu = pdu.to_vec();
        pdu[3..5].copy_from_slice(&(n * 100).to_le_bytes());
        pdu
    };
    for n in 0..4 {
        assert_eq!(world.asks(&part(n))[0], 0x17);
    }
    for _ in 0..10_000 {
        assert_eq!(world.asks(&part(9)), hex!("01 16 1700 09"));
    }
    assert_eq!(world.asks(&hex!("18 00")), hex!("19"));
    assert_eq!(world.asks(&part(9))[0], 0x17);
}

/// Q33. [Vol 3] Part F, 3.4.6.3
#[test]
fn offsets_are_judged_when_the_queue_is_executed() {
    let mut world = World::new();
    assert_eq!(world.asks(&hex!("16 1900 0000 58")), hex!("17 1900 0000 58"));
    assert_eq!(world.asks(&hex!("16 1900 ffff 6161"))[0], 0x17);
    assert_eq!(world.asks(&hex!("18 01")), hex!("01 18 1900 07"));
    assert_eq!(world.server.value(&STORE), Ok(b"hello world".as_slice()));
    assert_eq!(world.asks(&hex!("18 01")), hex!("19"));
    for n in [0u8, 16, 32] {
        world.asks(&[&[0x16, 25, 0, n, 0][..], &[7; 16]].concat());
    }
    assert_eq!(world.asks(&hex!("18 01")), hex!("01 18 1900 0d"));
    assert_eq!(world.asks(&hex!("16 1700 ffff 61"))[0], 0x17);
    assert_eq!(world.asks(&hex!("18 01")), hex!("01 18 1700 07"));
    assert_eq!(world.server.value(&STORE), Ok(b"hello world".as_slice()));
    assert!(world.asked.is_empty());
}

/// Q34. [Vol 3] Part F, 3.4.6
#[test]
fn each_peer_has_its_own_queue() {
    let mut world = World::new();
    world.asks(&hex!("16 1900 0000 41"));
    let share = super::leak(200);
    let first = core::mem::replace(&mut world.peer, super::Peer::new(share));
    assert_eq!(world.asks(&hex!("18 01")), hex!("19"));
    assert_eq!(world.server.value(&STORE), Ok(b"hello world".as_slice()));
    world.peer = first;
    assert_eq!(world.asks(&hex!("18 01")), hex!("19"));
    assert_eq!(world.server.value(&STORE), Ok(b"A".as_slice()));
}

#[test]
fn the_app_gets_each_prepared_value_whole() {
    let mut world = World::new();
    for pdu in [
        &hex!("16 1700 1000 5a")[..],
        &hex!("16 1700 0000 4142"),
        &hex!("16 1900 0000 5859"),
        &hex!("16 1700 0200 4344"),
    ] {
        assert_eq!(world.asks(pdu)[0], 0x17);
    }
    assert_eq!(world.asks(&hex!("18 01")), hex!("19"));
    assert_eq!(
        world.asked,
        [
            "23 Write { offset: 16, response: true } [5a]",
            "23 Write { offset: 0, response: true } [41, 42, 43, 44]"
        ]
    );
    assert_eq!(world.server.value(&STORE), Ok(b"XY".as_slice()));
}

/// Q36. [Vol 3] Part F, 3.4.6.3
#[test]
fn a_refusal_empties_the_queue() {
    let mut world = World::new();
    world.asks(&hex!("16 1900 0000 58"));
    world.asks(&hex!("16 1700 0000 41"));
    world.app_error = Some(ErrorCode(0x80));
    assert_eq!(world.asks(&hex!("18 01")), hex!("01 18 1700 80"));
    assert_eq!(world.server.value(&STORE), Ok(b"hello world".as_slice()));
    world.app_error = None;
    assert_eq!(world.asks(&hex!("16 1700 0000 42")), hex!("17 1700 0000 42"));
    assert_eq!(world.asks(&hex!("18 01")), hex!("19"));
    assert_eq!(world.asked.last().unwrap(), "23 Write { offset: 0, response: true } [42]");
}

/// The application accepted its part, but meanwhile the host's value became too short for the other
/// part.
#[test]
fn a_local_write_while_the_app_is_asked_is_noticed() {
    let mut world = World::new();
    world.asks(&hex!("16 1700 0000 41"));
    world.asks(&hex!("16 1900 0400 5859"));
    let request = Request::ExecuteWrite { write: true };
    let verdict = world.server.handle_request(&mut world.peer, &request, world.security);
    assert!(matches!(verdict, Verdict::Ask(_)));
    world.server.write(&STORE, b"abc").unwrap();
    let verdict = world.server.handle_answer(&mut world.peer, &request, Answer::Accept, None);
    assert!(matches!(verdict, Verdict::Reply));
    let mut buffer = [0; 23];
    let mut w = bindrune_wire::Writer::new(&mut buffer);
    assert!(world.server.poll_reply(&mut world.peer, &request, &[], &mut w));
    assert_eq!(w.written(), hex!("01 18 1900 07"));
    assert_eq!(world.server.value(&STORE), Ok(b"abc".as_slice()));
    assert_eq!(world.asks(&hex!("18 01")), hex!("19"));
}
