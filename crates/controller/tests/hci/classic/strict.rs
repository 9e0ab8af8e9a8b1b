//! A host that breaks the rules, and controllers without BR/EDR.

use bindrune_controller::{ClassicConfig, ControllerConfig};
use bindrune_hci::Opcode;
use embassy_time::Duration;
use hex_literal::hex;
use proptest::{collection::vec, prelude::*};

use super::{bd_addr, command};
use crate::bench::{Bench, MS};

#[test]
fn without_classic_there_are_no_commands() {
    let mut bench = Bench::new(1);
    let a = bench.add(ControllerConfig::new());
    let b = bench.add_classic(ClassicConfig::new().secure_connections(false));
    let commands = |bench: &mut Bench, id| bench.classic_ok(id, 0x1002, &[])[1..].to_vec();
    assert_eq!(commands(&mut bench, a)[0] & 0x93, 0);
    assert_eq!(commands(&mut bench, b)[0] & 0x93, 0x93);
    assert_eq!((commands(&mut bench, b)[17] & 0x40, commands(&mut bench, b)[32]), (0x40, 0x30));
    assert_eq!(bench.classic(a, 0x0402, &[]), [0x01]);
    assert_eq!(bench.classic(b, 0x0c7a, &[&[1]]), [0x01]);
    assert_eq!(bench.classic(a, 0x1003, &[])[5], 0x60, "LE only");
    assert_eq!(bench.classic(b, 0x1004, &[&[2]]), hex!("00 02 02 0000000000000000"));
    assert_eq!(bench.classic(b, 0x1004, &[&[3]])[..2], [0x12, 3]);
}

#[test]
fn unknown_handles_and_addresses() {
    let mut bench = Bench::new(2);
    let a = bench.add_dual();
    for opcode in [0x0411, 0x041b, 0x041f, 0x0804] {
        assert_eq!(bench.classic(a, opcode, &[&[9, 0]]), [0x02]);
    }
    assert_eq!(bench.classic(a, 0x0c27, &[&[9, 0]]), hex!("02 0900 0000"));
    assert_eq!(bench.classic(a, 0x0809, &[&[9, 0]]), hex!("02 0900 00"));
    assert_eq!(bench.classic(a, 0x040c, &[&[1; 6]]), hex!("02 010101010101"));
    assert_eq!(bench.classic(a, 0x0409, &[&[1; 6], &[0]]), [0x02]);
    assert_eq!(bench.classic(a, 0x0c1a, &[&[4]]), [0x12]);
    assert_eq!(bench.classic(a, 0x0405, &[&[1; 6], &hex!("0633 01 00 0000 00")]), [0x12]);
    bench.no_violations();
    assert_eq!(bench.classic(a, 0x0409, &[&[1; 6]]), [0x12]);
    assert_eq!(bench.air.violations(a).command_length, 1);
}

#[test]
fn acl_packets() {
    let mut bench = Bench::new(3);
    let (a, b) = (bench.add_classic(ClassicConfig::new().acl_buffers(100, 2)), bench.add_dual());
    let (ab, _) = bench.page(a, b, 1);
    bench.acl(a, ab, &[0; 101]);
    bench.acl(a, ab | 0x3000, &[0; 10]);
    for _ in 0..3 {
        bench.acl(a, ab, &[0; 100]);
    }
    let violations = bench.air.violations(a);
    assert_eq!((violations.acl_too_long, violations.acl_flags, violations.acl_overrun), (1, 1, 1));
    assert_eq!((violations.total(), bench.count(a, 0x1a)), (3, 2));
    bench.run(MS(100));
    assert_eq!(bench.count(a, 0x13), 3);
}

#[test]
fn a_masked_event_is_an_answer() {
    let mut bench = Bench::new(4);
    let (a, b) = (bench.add_dual(), bench.add_dual());
    let (ab, _) = bench.page(a, b, 1);
    bench.classic_ok(b, 0x0c01, &[&hex!("ffffbfffffffff3f")]); // no Link Key Request
    bench.classic_ok(a, 0x0411, &[&ab.to_le_bytes()]);
    bench.event_of(a, 0x17);
    bench.classic_ok(a, 0x040b, &[&bd_addr(b), &[1; 16]]);
    assert_eq!(bench.event_of(a, 0x06)[0], 0x06);
}

#[test]
fn configured_faults() {
    let mut bench = Bench::new(5);
    let config = ControllerConfig::new().classic(ClassicConfig::new().links(1));
    let a = bench.add(config.refuse(Opcode(0x0413)));
    let (b, c) = (bench.add_dual(), bench.add_dual());
    let (ab, _) = bench.page(a, b, 1);
    assert_eq!(bench.classic(a, 0x0413, &[&ab.to_le_bytes(), &[1]]), [0x01]);
    let parts: [&[u8]; 2] = [&bd_addr(c), &hex!("18cc 01 00 0000 00")];
    assert_eq!(bench.classic(a, 0x0405, &parts), [0x09]);
    bench.classic_ok(a, 0x0c1a, &[&[2]]);
    bench.create(c, a, 0);
    assert_eq!(bench.event_of(c, 0x03)[0], 0x0d, "no room for another link");
}

#[test]
fn a_reset_ends_pages() {
    let mut bench = Bench::new(6);
    let (a, b) = (bench.add_dual(), bench.add_dual());
    bench.create(a, b, 0);
    bench.event_of(b, 0x04);
    bench.start(b);
    assert_eq!(bench.event_of(a, 0x03)[0], 0x08);
    bench.classic_ok(b, 0x0c1a, &[&[2]]);
    bench.create(a, b, 0);
    bench.event_of(b, 0x04);
    bench.start(a);
    bench.classic_ok(b, 0x0409, &[&bd_addr(a), &[1]]);
    assert_eq!(bench.event_of(b, 0x03)[0], 0x08, "the pager is gone");
}

/// Commands of BR/EDR with any parameters of their length, and data, in any order.
fn packet() -> impl Strategy<Value = Vec<u8>> {
    let opcode = prop_oneof![0x0401u16..0x0446, 0x0803u16..0x0812, 0x0c05u16..0x0c80];
    let octet = || prop_oneof![4 => 0u8..5, 1 => any::<u8>()];
    let peer = prop_oneof![Just(hex!("01000001acbe")), Just(hex!("02000001acbe"))];
    let about_peer = (opcode.clone(), peer, vec(octet(), 0..17))
        .prop_map(|(opcode, peer, rest)| command(opcode, &[&peer, &rest]));
    let about_link = (opcode, 0x3fu8..0x42, vec(octet(), 0..9))
        .prop_map(|(opcode, handle, rest)| command(opcode, &[&[handle, 0], &rest]));
    let acl =
        (0x3fu8..0x42, 0u8..64, vec(any::<u8>(), 0..600)).prop_map(|(handle, flags, data)| {
            let [low, high] = (data.len() as u16).to_le_bytes();
            [&[0x02, handle, flags & 0xf0, low, high][..], &data].concat()
        });
    prop_oneof![3 => about_peer, 3 => about_link, 2 => acl]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_host_behaviour_is_answered(
        steps in vec((0..2usize, packet(), 0u64..50_000, 0u8..30), 0..60),
    ) {
        let mut bench = Bench::new(1);
        let ids = [bench.add_dual(), bench.add_dual()];
        bench.page(ids[0], ids[1], 1);
        for (who, octets, micros, loss) in steps {
            bench.air.set_loss(loss);
            bench.send(ids[who], &octets);
            bench.run(Duration::from_micros(micros));
        }
        bench.air.set_loss(0);
        for id in ids {
            bench.start(id);
            bench.classic_ok(id, 0x0c1a, &[&[3]]);
        }
        bench.run(MS(30_000));
        bench.trace.clear();
        bench.page(ids[0], ids[1], 1);
    }
}
