//! Paging, roles, features, and the end of links.

use bindrune_controller::ClassicConfig;
use hex_literal::hex;

use super::{bd_addr, dual};
use crate::bench::{Bench, MS};

#[test]
fn both_roles() {
    let mut bench = Bench::new(1);
    let (a, b, c) = (bench.add_dual(), bench.add_dual(), bench.add_dual());
    let (of_a, of_b) = bench.page(a, b, 1);
    assert_eq!(bench.classic(a, 0x0809, &[&of_a.to_le_bytes()])[3], 0);
    assert_eq!(bench.classic(b, 0x0809, &[&of_b.to_le_bytes()])[3], 1);
    let (ac, ca) = bench.page(a, c, 0);
    assert_eq!(bench.event_of(a, 0x12)[7], 1, "the pager becomes the peripheral");
    assert_eq!(bench.event_of(c, 0x12)[7], 0);
    assert_eq!(bench.classic(a, 0x0809, &[&ac.to_le_bytes()])[3], 1);
    assert_eq!(bench.classic(c, 0x0809, &[&ca.to_le_bytes()])[3], 0);
    assert_ne!(of_a, ac);
    bench.no_violations();
}

#[test]
fn a_page_without_an_answer() {
    let mut bench = Bench::new(2);
    let (a, b) = (bench.add_dual(), bench.add_dual());
    bench.classic_ok(b, 0x0c1a, &[&[1]]);
    bench.create(a, b, 0);
    let start = bench.now;
    let parts: [&[u8]; 2] = [&bd_addr(b), &hex!("18cc 01 00 0000 00")];
    assert_eq!(bench.classic(a, 0x0405, &parts), [0x0c]);
    assert_eq!(bench.event_of(a, 0x03)[0], 0x04);
    assert_eq!((bench.now - start).as_millis(), 5120, "0x2000 slots");
    bench.create(a, b, 0);
    bench.classic_ok(a, 0x0408, &[&bd_addr(b)]);
    assert_eq!(bench.event_of(a, 0x03)[0], 0x02);
    assert_eq!(bench.classic(a, 0x0408, &[&bd_addr(b)])[0], 0x02);
}

#[test]
fn the_host_rejects_or_is_silent() {
    let mut bench = Bench::new(3);
    let (a, b) = (bench.add_dual(), bench.add_dual());
    bench.create(a, b, 0);
    let request = bench.event_of(b, 0x04);
    assert_eq!((request[..6].to_vec(), request[9]), (bd_addr(a).to_vec(), 1));
    assert_eq!(bench.classic(b, 0x040a, &[&bd_addr(a), &[0x13]]), [0x12]);
    bench.classic_ok(b, 0x040a, &[&bd_addr(a), &[0x0f]]);
    assert_eq!((bench.event_of(a, 0x03)[0], bench.event_of(b, 0x03)[0]), (0x0f, 0x0f));
    assert_eq!(bench.classic(b, 0x0409, &[&bd_addr(a), &[0]]), [0x02]);

    bench.classic_ok(b, 0x0c16, &[&hex!("4006")]);
    bench.create(a, b, 0);
    bench.event_of(b, 0x04);
    let start = bench.now;
    assert_eq!((bench.event_of(b, 0x03)[0], bench.event_of(a, 0x03)[0]), (0x10, 0x10));
    assert_eq!((bench.now - start).as_millis(), 1000);
    bench.no_violations();
}

#[test]
fn one_link_for_two_devices() {
    let mut bench = Bench::new(4);
    let (a, b) = (bench.add_dual(), bench.add_dual());
    bench.create(a, b, 0);
    bench.create(b, a, 0);
    bench.event_of(b, 0x04);
    bench.classic_ok(b, 0x0409, &[&bd_addr(a), &[1]]);
    let mut of_b = [bench.event_of(b, 0x03)[0], bench.event_of(b, 0x03)[0]];
    of_b.sort_unstable();
    assert_eq!((bench.event_of(a, 0x03)[0], of_b), (0, [0, 0x0b]));
    let parts: [&[u8]; 2] = [&bd_addr(b), &hex!("18cc 01 00 0000 00")];
    assert_eq!(bench.classic(a, 0x0405, &parts), [0x0b]);
    assert_eq!(bench.classic(a, 0x0408, &[&bd_addr(b)])[0], 0x0b);
}

#[test]
fn disconnection_and_loss() {
    let mut bench = Bench::new(5);
    let (a, b) = (bench.add_dual(), bench.add_dual());
    for first in [true, false] {
        let (of_a, of_b) = bench.page(a, b, 1);
        let (by, with) = if first { ((a, of_a), (b, of_b)) } else { ((b, of_b), (a, of_a)) };
        assert_eq!(bench.classic(by.0, 0x0406, &[&by.1.to_le_bytes(), &[0x16]]), [0x12]);
        bench.classic_ok(by.0, 0x0406, &[&by.1.to_le_bytes(), &[0x13]]);
        assert_eq!((bench.event_of(by.0, 0x05)[3], bench.event_of(with.0, 0x05)[3]), (0x16, 0x13));
        assert_eq!(bench.classic(by.0, 0x0406, &[&by.1.to_le_bytes(), &[0x13]]), [0x02]);
    }
    let (of_a, of_b) = bench.page(a, b, 1);
    assert_eq!(bench.classic(b, 0x0c37, &[&of_b.to_le_bytes(), &hex!("4006")])[0], 0x0c);
    bench.classic_ok(a, 0x0c37, &[&of_a.to_le_bytes(), &hex!("4006")]);
    assert_eq!(bench.event_of(b, 0x38)[2..], hex!("4006"));
    bench.air.set_reachable(a, b, false);
    let start = bench.now;
    assert_eq!((bench.event_of(a, 0x05)[3], bench.event_of(b, 0x05)[3]), (0x08, 0x08));
    assert!((bench.now - start) < MS(1100));
    bench.air.set_reachable(a, b, true);
    let (_, of_b) = bench.page(a, b, 1);
    bench.start(a);
    assert_eq!(bench.event_of(b, 0x05), [&[0][..], &of_b.to_le_bytes(), &[0x08]].concat());
    bench.no_violations();
}

#[test]
fn features_and_version() {
    let mut bench = Bench::new(6);
    let (a, b) =
        (bench.add_dual(), bench.add_classic(ClassicConfig::new().enhanced_data_rate(false)));
    bench.classic_ok(b, 0x0c56, &[&[1]]);
    bench.classic_ok(b, 0x0c7a, &[&[1]]);
    let (of_a, _) = bench.page(a, b, 1);
    let handle = of_a.to_le_bytes();
    let own = bench.classic_ok(b, 0x1003, &[]);
    bench.classic_ok(a, 0x041b, &[&handle]);
    assert_eq!(bench.event_of(a, 0x0b)[3..], own[1..]);
    assert_eq!((own[4] & 6, own[5] & 0x60), (0, 0x40), "no Enhanced Data Rate; LE and BR/EDR");
    bench.classic_ok(a, 0x041c, &[&handle, &[1]]);
    assert_eq!(bench.event_of(a, 0x23)[3..], hex!("01 02 0900000000000000"));
    bench.classic_ok(a, 0x041d, &[&handle]);
    assert_eq!(bench.event_of(a, 0x0c)[3], 0x0c);
}

#[test]
fn a_role_switch_needs_both_policies() {
    let mut bench = Bench::new(7);
    let (a, b) = (bench.add_dual(), bench.add_dual());
    let (of_a, of_b) = bench.page(a, b, 1);
    assert_eq!(bench.classic(a, 0x080b, &[&bd_addr(b), &[1]]), [0x21]);
    bench.classic_ok(a, 0x080d, &[&of_a.to_le_bytes(), &hex!("0100")]);
    bench.classic_ok(a, 0x080b, &[&bd_addr(b), &[1]]);
    assert_eq!(bench.event_of(a, 0x12), [&[0x21][..], &bd_addr(b), &[0]].concat());
    bench.classic_ok(b, 0x080d, &[&of_b.to_le_bytes(), &hex!("0100")]);
    bench.classic_ok(a, 0x080b, &[&bd_addr(b), &[1]]);
    assert_eq!(bench.event_of(a, 0x12), [&[0][..], &bd_addr(b), &[1]].concat());
    assert_eq!(bench.event_of(b, 0x12), [&[0][..], &bd_addr(a), &[0]].concat());
    bench.acl(a, of_a | 0x2000, &[7; 100]);
    bench.acl(b, of_b | 0x2000, &[8; 100]);
    bench.run(MS(100));
    assert_eq!((bench.count(a, 0x13), bench.count(b, 0x13)), (1, 1), "data flows on");
}

#[test]
fn le_and_classic_have_handles_and_buffers_of_their_own() {
    let mut bench = Bench::new(8);
    let (a, b) = (bench.add(dual()), bench.add_dual());
    let (le, _) = bench.connect(a, b, crate::bench::parameters(24, 100));
    let (classic, _) = bench.page(a, b, 1);
    assert_ne!(le, classic);
    assert_eq!(bench.classic(a, 0x1005, &[]), hex!("00 fd03 00 0800 0000"));
    assert_eq!(bench.classic(a, 0x2002, &[]), hex!("00 fb00 08"));
    bench.acl(a, le, &[1; 200]);
    bench.acl(a, classic | 0x2000, &[2; 1000]);
    bench.run(MS(300));
    assert_eq!(bench.count(a, 0x13), 2);
    bench.no_violations();
}
