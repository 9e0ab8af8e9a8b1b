//! Stored keys, PIN codes, encryption.

use bindrune_controller::{ClassicConfig, ControllerId};
use hex_literal::hex;

use super::bd_addr;
use crate::bench::{Bench, MS};

const KEY: [u8; 16] = [7; 16];

fn linked(seed: u64) -> (Bench, ControllerId, ControllerId, [[u8; 2]; 2]) {
    let mut bench = Bench::new(seed);
    let (a, b) = (bench.add_dual(), bench.add_dual());
    let (of_a, of_b) = bench.page(a, b, 1);
    (bench, a, b, [of_a.to_le_bytes(), of_b.to_le_bytes()])
}

/// Authenticates; the hosts answer with these keys. Returns the status.
fn authenticate(
    bench: &mut Bench,
    (a, b): (ControllerId, ControllerId),
    handle: [u8; 2],
    keys: [Option<[u8; 16]>; 2],
) -> u8 {
    bench.classic_ok(a, 0x0411, &[&handle]);
    for ((id, peer), key) in [(a, b), (b, a)].into_iter().zip(keys) {
        assert_eq!(bench.event_of(id, 0x17), bd_addr(peer));
        match key {
            Some(key) => bench.classic_ok(id, 0x040b, &[&bd_addr(peer), &key]),
            None => bench.classic_ok(id, 0x040c, &[&bd_addr(peer)]),
        };
    }
    bench.event_of(a, 0x06)[0]
}

#[test]
fn stored_keys() {
    let (mut bench, a, b, [of_a, _]) = linked(1);
    let mut try_with = |keys| authenticate(&mut bench, (a, b), of_a, keys);
    assert_eq!(try_with([Some(KEY), Some([8; 16])]), 0x05);
    assert_eq!(try_with([Some(KEY), None]), 0x06);
    assert_eq!(try_with([Some(KEY), Some(KEY)]), 0x00);
    bench.no_violations();
}

#[test]
fn one_authentication_at_a_time() {
    let (mut bench, a, b, [of_a, of_b]) = linked(2);
    bench.classic_ok(a, 0x0411, &[&of_a]);
    bench.event_of(a, 0x17);
    assert_eq!(bench.classic(a, 0x0411, &[&of_a]), [0x0c]);
    assert_eq!(bench.classic(b, 0x0411, &[&of_b]), [0x23]);
    assert_eq!(bench.classic(b, 0x040b, &[&bd_addr(a), &KEY])[0], 0x0c, "it was not asked");
    assert_eq!(bench.classic(a, 0x042c, &[&bd_addr(b)])[0], 0x0c, "it was asked something else");
}

#[test]
fn pin_codes() {
    for (of_b, status) in [(Some(*b"1234"), 0x00), (Some(*b"1235"), 0x05), (None, 0x18)] {
        let (mut bench, a, b, [of_a, _]) = linked(3);
        bench.classic_ok(a, 0x0411, &[&of_a]);
        bench.event_of(a, 0x17);
        bench.classic_ok(a, 0x040c, &[&bd_addr(b)]);
        for (id, peer, pin) in [(a, b, Some(*b"1234")), (b, a, of_b)] {
            assert_eq!(bench.event_of(id, 0x16), bd_addr(peer));
            match pin {
                Some(pin) => bench.classic_ok(id, 0x040d, &[&bd_addr(peer), &[4], &pin, &[0; 12]]),
                None => bench.classic_ok(id, 0x040e, &[&bd_addr(peer)]),
            };
        }
        assert_eq!(bench.event_of(a, 0x06)[0], status);
        let keys = (bench.count(a, 0x18), bench.count(b, 0x18));
        assert_eq!(keys, if status == 0 { (1, 1) } else { (0, 0) });
        if status == 0 {
            assert_eq!(bench.event_of(a, 0x18)[6..], bench.event_of(b, 0x18)[6..]);
        }
    }
    let (mut bench, a, b, [of_a, _]) = linked(4);
    bench.classic_ok(a, 0x0411, &[&of_a]);
    bench.event_of(a, 0x17);
    bench.classic_ok(a, 0x040c, &[&bd_addr(b)]);
    bench.event_of(a, 0x16);
    assert_eq!(bench.classic(a, 0x040d, &[&bd_addr(b), &[17], &[0; 16]])[0], 0x12);
    bench.classic_ok(a, 0x040e, &[&bd_addr(b)]);
    assert_eq!(bench.event_of(a, 0x06)[0], 0x06);
}

#[test]
fn encryption_needs_authentication() {
    let (mut bench, a, b, [of_a, of_b]) = linked(5);
    assert_eq!(bench.classic(a, 0x0413, &[&of_a, &[1]]), [0x0c]);
    assert_eq!(bench.classic(a, 0x1408, &[&of_a])[0], 0x2f);
    assert_eq!(authenticate(&mut bench, (a, b), of_a, [Some(KEY); 2]), 0);
    bench.classic_ok(a, 0x0413, &[&of_a, &[1]]);
    assert_eq!(bench.event_of(a, 0x08), [&[0][..], &of_a, &[1]].concat());
    assert_eq!(bench.event_of(b, 0x08), [&[0][..], &of_b, &[1]].concat());
    assert_eq!(bench.classic(a, 0x1408, &[&of_a]), [&[0][..], &of_a, &[16]].concat());
    bench.classic_ok(b, 0x0413, &[&of_b, &[0]]);
    assert_eq!(bench.event_of(a, 0x08), [&[0][..], &of_a, &[0]].concat());
    assert_eq!(bench.event_of(b, 0x08), [&[0][..], &of_b, &[0]].concat());
}

#[test]
fn secure_connections_encrypt_with_aes() {
    let mut bench = Bench::new(6);
    let (a, b) = (bench.add_dual(), bench.add_classic(ClassicConfig::new().encryption_key_size(7)));
    for id in [a, b] {
        bench.classic_ok(id, 0x0c56, &[&[1]]);
        bench.classic_ok(id, 0x0c7a, &[&[1]]);
    }
    let (of_a, of_b) = bench.page(a, b, 1);
    let handle = of_a.to_le_bytes();
    assert_eq!(authenticate(&mut bench, (a, b), handle, [Some(KEY); 2]), 0);
    bench.classic_ok(a, 0x0413, &[&handle, &[1]]);
    for number in 0..4 {
        bench.acl(a, of_a, &[number; 300]);
        bench.acl(b, of_b, &[number; 300]);
    }
    assert_eq!(bench.event_of(a, 0x08)[3], 2);
    let early = bench.trace.iter().filter(|(_, id, packet)| *id == b && packet[0] == 2).count();
    assert_eq!(early, 0, "data waits while encryption starts");
    assert_eq!(bench.event_of(b, 0x08)[3], 2);
    bench.run(MS(200));
    let arrived = |id| bench.trace.iter().filter(|(_, to, p)| *to == id && p[0] == 2).count();
    assert_eq!((arrived(a), arrived(b)), (4, 4));
    assert_eq!(bench.classic(a, 0x1408, &[&handle])[3], 7, "the smaller of the two");
    assert_eq!(bench.classic(a, 0x0413, &[&handle, &[0]]), [0x25], "it stays on");
    bench.no_violations();
}

#[test]
fn the_second_version_of_encryption_change() {
    let mut bench = Bench::new(9);
    let config = ClassicConfig::new().encryption_change_v2(true).encryption_key_size(9);
    let (a, b) = (bench.add_classic(config.clone()), bench.add_classic(config));
    bench.classic_ok(a, 0x0c63, &[&hex!("0000000200000000")]);
    let (of_a, _) = bench.page(a, b, 1);
    let handle = of_a.to_le_bytes();
    assert_eq!(authenticate(&mut bench, (a, b), handle, [Some(KEY); 2]), 0);
    bench.classic_ok(a, 0x0413, &[&handle, &[1]]);
    assert_eq!(bench.event_of(a, 0x59), [&[0][..], &handle, &[1, 9]].concat());
    assert_eq!(bench.event_of(b, 0x08)[3], 1, "the mask of the other host forbids it");
    assert_eq!((bench.count(a, 0x08), bench.count(b, 0x59)), (0, 0));
}

#[test]
fn a_short_key_is_refused_if_the_host_says_so() {
    let mut bench = Bench::new(7);
    let (a, b) = (bench.add_dual(), bench.add_classic(ClassicConfig::new().encryption_key_size(1)));
    bench.classic_ok(a, 0x0c84, &[&[7]]);
    let (of_a, _) = bench.page(a, b, 1);
    let handle = of_a.to_le_bytes();
    assert_eq!(authenticate(&mut bench, (a, b), handle, [Some(KEY); 2]), 0);
    bench.classic_ok(a, 0x0413, &[&handle, &[1]]);
    assert_eq!(bench.event_of(a, 0x08), [&hex!("25")[..], &handle, &[0]].concat());
}

#[test]
fn it_all_works_with_loss() {
    let mut bench = Bench::new(8);
    let (a, b) = (bench.add_dual(), bench.add_dual());
    bench.air.set_loss(20);
    let (of_a, of_b) = bench.page(a, b, 1);
    let handles = (of_a.to_le_bytes(), of_b.to_le_bytes());
    assert_eq!(authenticate(&mut bench, (b, a), handles.1, [Some(KEY); 2]), 0);
    bench.classic_ok(b, 0x0413, &[&handles.1, &[1]]);
    assert_eq!((bench.event_of(a, 0x08)[3], bench.event_of(b, 0x08)[3]), (1, 1));
    bench.classic_ok(a, 0x0406, &[&handles.0, &[0x13]]);
    assert_eq!((bench.event_of(a, 0x05)[3], bench.event_of(b, 0x05)[3]), (0x16, 0x13));
    bench.no_violations();
}
