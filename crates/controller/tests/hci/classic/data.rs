//! ACL data: throughput, loss, flow control, flushing.

use bindrune_controller::{ClassicConfig, ControllerId};
use hex_literal::hex;

use crate::bench::{Bench, MS};

/// Sends packets of `len` octets from `from` as long as there are buffers, for `time`; returns the octets that arrived
/// at `to`.
fn stream(
    bench: &mut Bench,
    (from, handle): (ControllerId, u16),
    to: ControllerId,
    len: usize,
    time: u64,
) -> usize {
    let end = bench.now + MS(time);
    bench.trace.clear();
    let mut sent = 0;
    let mut number = 0_u8;
    loop {
        let completed: usize = bench
            .trace
            .iter()
            .filter(|(_, id, packet)| *id == from && packet[..2] == [4, 0x13])
            .map(|(_, _, packet)| usize::from(packet[6]))
            .sum();
        while sent < completed + 8 {
            bench.acl(from, handle, &vec![number; len]);
            number = number.wrapping_add(1);
            sent += 1;
        }
        if !bench.step(end) {
            break;
        }
    }
    received(bench, to).iter().map(|(_, octets)| octets.len()).sum()
}

/// Returns flags and octets of the ACL packets that a host got.
fn received(bench: &Bench, id: ControllerId) -> Vec<(u8, Vec<u8>)> {
    let of = bench.trace.iter().filter(|(_, to, packet)| *to == id && packet[0] == 2);
    of.map(|(_, _, packet)| (packet[2] >> 4, packet[5..].to_vec())).collect()
}

/// DH5 carries 339 octets in 5 slots, and the answer takes a sixth one: 339 octets in 3.75 ms are 90,400 octets/s,
/// 723.2 kb/s. 3-DH5 carries 1,021: 272,266 octets/s, 2,178.1 kb/s.
#[test]
fn throughput_is_that_of_the_slots() {
    for (enhanced, len, per_second) in [(false, 339, 90_400), (true, 1021, 272_266)] {
        let mut bench = Bench::new(1);
        let a = bench.add_classic(ClassicConfig::new().enhanced_data_rate(enhanced));
        let b = bench.add_dual();
        let (of_a, of_b) = bench.page(a, b, 1);
        for (from, handle, to) in [(a, of_a, b), (b, of_b, a)] {
            let octets = stream(&mut bench, (from, handle), to, len, 10_000);
            let bound = per_second * 10;
            assert!(octets <= bound + 2 * len, "{octets} > {bound}");
            assert!(octets * 100 >= bound * 99, "{octets} < {bound}");
            bench.run(MS(1000));
        }
        bench.no_violations();
    }
}

/// Both send 3-DH5: 1,021 octets each way in 10 slots, 163,360 octets/s.
#[test]
fn both_directions_share_the_slots() {
    let mut bench = Bench::new(8);
    let (a, b) = (bench.add_dual(), bench.add_dual());
    let (of_a, of_b) = bench.page(a, b, 1);
    for (from, handle) in [(a, of_a), (b, of_b)] {
        for _ in 0..8 {
            bench.acl(from, handle, &[0; 1021]);
        }
    }
    let start = bench.now;
    while bench.count(a, 0x13) < 8 || bench.count(b, 0x13) < 8 {
        assert!(bench.step(start + MS(1000)));
    }
    let slots = (bench.now - start).as_micros() / 625;
    assert!((80..=120).contains(&slots), "{slots}: 8 exchanges, the first poll, the last answer");
}

#[test]
fn a_late_continuation_is_flushed_with_an_event() {
    let mut bench = Bench::new(9);
    let (a, b) = (bench.add_dual(), bench.add_dual());
    let (of_a, _) = bench.page(a, b, 1);
    let handle = of_a.to_le_bytes();
    bench.classic_ok(a, 0x0c28, &[&handle, &hex!("4000")]); // 40 ms
    bench.acl(a, of_a | 0x2000, &[1; 20]);
    bench.run(MS(100));
    bench.acl(a, of_a | 0x1000, &[2; 20]);
    assert_eq!(bench.event_of(a, 0x11), handle);
    bench.run(MS(100));
    let numbers: Vec<_> = received(&bench, b).iter().map(|(_, octets)| octets[0]).collect();
    assert_eq!(numbers, [1]);
}

/// A central's DH5 is lost with its probability p, and repeated after 6 slots; a lost answer repeats it too. So of
/// the bound (1 - p)^2 arrives.
#[test]
fn loss_is_repeated() {
    for percent in [1, 10] {
        let mut bench = Bench::new(2);
        let (a, b) = (bench.add_dual(), bench.add_dual());
        let (of_a, _) = bench.page(a, b, 1);
        bench.air.set_loss(percent);
        let octets = stream(&mut bench, (a, of_a), b, 1021, 20_000);
        let arrives = (100 - usize::from(percent)).pow(2);
        let expected = 272_266 * 20 * arrives / 10_000;
        assert!(octets * 100 >= expected * 97 && octets * 100 <= expected * 103, "{octets}");
        let numbers: Vec<_> = received(&bench, b).iter().map(|(_, octets)| octets[0]).collect();
        let ordered = numbers.windows(2).all(|two| two[1] == two[0].wrapping_add(1));
        assert!(ordered, "each packet once, in order");
    }
}

#[test]
fn packet_types_are_those_of_the_host() {
    let mut bench = Bench::new(3);
    let (a, b) = (bench.add_dual(), bench.add_dual());
    let (of_a, _) = bench.page(a, b, 1);
    bench.classic_ok(a, 0x040f, &[&of_a.to_le_bytes(), &hex!("1e3f")]);
    bench.acl(a, of_a, &[5; 400]);
    bench.run(MS(100));
    let parts: Vec<_> =
        received(&bench, b).iter().map(|(flags, octets)| (*flags, octets.len())).collect();
    assert_eq!(parts, [(2, 183), (1, 183), (1, 34)], "DH3, DH3, DM3");
    assert_eq!(bench.classic(a, 0x040f, &[&of_a.to_le_bytes(), &hex!("0633")]), [0x12]);
}

#[test]
fn boundaries_arrive() {
    let mut bench = Bench::new(4);
    let (a, b) = (bench.add_dual(), bench.add_dual());
    let (of_a, of_b) = bench.page(a, b, 1);
    bench.acl(a, of_a, &[1; 20]);
    bench.acl(a, of_a | 0x1000, &[2; 20]);
    bench.acl(a, of_a | 0x2000, &[3; 20]);
    bench.acl(b, of_b | 0x2000, &[4; 20]);
    bench.run(MS(100));
    let flags: Vec<_> = received(&bench, b).iter().map(|(flags, o)| (*flags, o[0])).collect();
    assert_eq!(flags, [(2, 1), (1, 2), (2, 3)]);
    assert_eq!(received(&bench, a), [(2, vec![4; 20])]);
    bench.no_violations();
}

#[test]
fn full_host_buffers_stop_the_peer() {
    let mut bench = Bench::new(5);
    let a = bench.add_classic(ClassicConfig::new());
    let b = bench.add(super::dual().receive_buffers(2));
    bench.classic_ok(b, 0x0c33, &[&hex!("fd03 00 0200 0000")]);
    bench.classic_ok(b, 0x0c31, &[&[1]]);
    bench.classic_ok(b, 0x0c1a, &[&[2]]);
    let (of_a, of_b) = bench.page(a, b, 1);
    for number in 0..8 {
        bench.acl(a, of_a, &[number; 500]);
    }
    bench.run(MS(2000));
    assert_eq!(received(&bench, b).len(), 2, "the host has two buffers");
    let handle = of_b.to_le_bytes();
    for _ in 0..4 {
        bench.send(b, &super::command(0x0c35, &[&[1], &handle, &hex!("0200")]));
        bench.run(MS(200));
    }
    let numbers: Vec<_> = received(&bench, b).iter().map(|(_, octets)| octets[0]).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7]);
    bench.no_violations();
}

#[test]
fn old_flushable_data_is_dropped() {
    let mut bench = Bench::new(6);
    let (a, b) = (bench.add_dual(), bench.add_dual());
    let (of_a, _) = bench.page(a, b, 1);
    let handle = of_a.to_le_bytes();
    assert_eq!(bench.classic(a, 0x0c28, &[&handle, &hex!("0008")])[0], 0x12);
    bench.classic_ok(a, 0x0c28, &[&handle, &hex!("a000")]); // 160 slots, 100 ms
    assert_eq!(
        bench.classic_ok(a, 0x0c27, &[&handle]),
        [&[0][..], &handle, &hex!("a000")].concat()
    );
    bench.air.set_reachable(a, b, false);
    bench.acl(a, of_a | 0x2000, &[1; 100]);
    bench.acl(a, of_a | 0x1000, &[2; 100]);
    bench.acl(a, of_a, &[3; 100]);
    bench.acl(a, of_a | 0x2000, &[4; 100]);
    let start = bench.now;
    assert_eq!(bench.event_of(a, 0x11), handle);
    let late = (bench.now - start).as_millis();
    assert!((99..=103).contains(&late), "{late}");
    bench.acl(a, of_a | 0x1000, &[5; 100]); // continues a flushed PDU
    bench.run(MS(50));
    assert_eq!(bench.count(a, 0x11), 1, "one event for each PDU");
    bench.air.set_reachable(a, b, true);
    bench.acl(a, of_a | 0x2000, &[6; 100]);
    bench.run(MS(100));
    let numbers: Vec<_> = received(&bench, b).iter().map(|(_, octets)| octets[0]).collect();
    assert_eq!(numbers, [3, 6]);
    let completed = bench.trace.iter().filter(|(_, id, p)| *id == a && p[..2] == [4, 0x13]);
    assert!(completed.map(|(_, _, p)| p[6]).sum::<u8>() <= 6);
    bench.no_violations();
}

#[test]
fn the_host_flushes() {
    let mut bench = Bench::new(7);
    let (a, b) = (bench.add_dual(), bench.add_dual());
    let (of_a, _) = bench.page(a, b, 1);
    let handle = of_a.to_le_bytes();
    bench.air.set_reachable(a, b, false);
    bench.acl(a, of_a, &[1; 100]);
    bench.acl(a, of_a | 0x2000, &[2; 100]);
    assert_eq!(bench.classic(a, 0x0c5f, &[&handle, &[1]]), [0x12]);
    bench.classic_ok(a, 0x0c5f, &[&handle, &[0]]);
    assert_eq!(bench.event_of(a, 0x39), handle);
    assert_eq!(bench.event_of(a, 0x13)[3], 1);
    bench.classic_ok(a, 0x0c08, &[&handle]);
    assert_eq!(bench.event_of(a, 0x11), handle);
    assert_eq!(bench.event_of(a, 0x13)[3], 1);
    bench.air.set_reachable(a, b, true);
    bench.run(MS(100));
    assert_eq!(received(&bench, b), []);
}
