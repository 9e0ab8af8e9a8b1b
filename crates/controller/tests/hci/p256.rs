//! Key pairs and shared keys of P-256.

use bindrune_controller::{ControllerConfig, ControllerId};
use bindrune_hci::cmd::{info, le};

use crate::bench::{Bench, MS};

fn public_key(bench: &mut Bench, id: ControllerId) -> [u8; 64] {
    bench.ok(id, &le::ReadLocalP256PublicKey);
    let event = bench.event(id, 0x3e, &[0x08]);
    assert_eq!(event[1], 0);
    event[2..].try_into().unwrap()
}

fn shared_key(bench: &mut Bench, id: ControllerId, public_key: [u8; 64]) -> (u8, Vec<u8>) {
    bench.ok(id, &le::GenerateDhKey { public_key });
    let event = bench.event(id, 0x3e, &[0x09]);
    (event[1], event[2..].to_vec())
}

#[test]
fn two_controllers_make_the_same_key_in_their_time() {
    let mut bench = Bench::new(1);
    let ids = [(); 2].map(|()| bench.add(ControllerConfig::new().p256_time(MS(200))));
    assert_eq!(bench.command(ids[0], &le::GenerateDhKey { public_key: [1; 64] }), [0x0c]);
    let start = bench.now;
    let keys = ids.map(|id| public_key(&mut bench, id));
    assert!((400..410).contains(&(bench.now - start).as_millis()));
    assert_ne!(keys[0], keys[1]);
    let a = shared_key(&mut bench, ids[0], keys[1]);
    let b = shared_key(&mut bench, ids[1], keys[0]);
    assert_eq!(a.0, 0);
    assert_eq!(a, b);
    assert_ne!(public_key(&mut bench, ids[0]), keys[0], "each key pair is new");
}

#[test]
fn an_invalid_key_is_refused_by_the_event() {
    let mut bench = Bench::new(1);
    let id = bench.add(ControllerConfig::new());
    let mut key = public_key(&mut bench, id);
    key[50] ^= 1;
    assert_eq!(shared_key(&mut bench, id, key), (0x12, vec![0xff; 32]));
    assert_eq!(shared_key(&mut bench, id, [0; 64]).0, 0x12);
}

#[test]
fn one_key_at_a_time_and_reset_discards_it() {
    let mut bench = Bench::new(1);
    let id = bench.add(ControllerConfig::new());
    let key = public_key(&mut bench, id);
    bench.ok(id, &le::GenerateDhKey { public_key: key });
    assert_eq!(bench.command(id, &le::ReadLocalP256PublicKey), [0x0c]);
    assert_eq!(bench.command(id, &le::GenerateDhKey { public_key: key }), [0x0c]);
    bench.start(id);
    bench.trace.clear();
    bench.run(MS(1000));
    assert!(bench.trace.is_empty(), "work from before the reset was reported after it");
    assert_eq!(bench.command(id, &le::GenerateDhKey { public_key: key }), [0x0c]);
}

#[test]
fn the_debug_key() {
    let mut bench = Bench::new(1);
    let ids = [(); 2].map(|()| bench.add(ControllerConfig::new()));
    let keys = ids.map(|id| public_key(&mut bench, id));
    let mut v2 = |id, key_type| {
        bench.ok(id, &le::GenerateDhKeyV2 { public_key: keys[1], key_type });
        bench.event(id, 0x3e, &[0x09])
    };
    assert_ne!(v2(ids[0], 0), v2(ids[0], 1));
    let bad = le::GenerateDhKeyV2 { public_key: keys[1], key_type: 2 };
    assert_eq!(bench.command(ids[0], &bad), [0x12]);
}

#[test]
fn a_controller_without_p256() {
    let mut bench = Bench::new(1);
    let id = bench.add(ControllerConfig::new().p256(false));
    let answer = bench.ok(id, &info::ReadLocalSupportedCommands);
    assert_eq!(answer[1..][34] & 0b110, 0);
    assert_eq!(bench.command(id, &le::ReadLocalP256PublicKey), [0x01]);
}
