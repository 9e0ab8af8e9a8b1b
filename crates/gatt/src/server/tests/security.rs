use bindrune_wire::Level;
use hex_literal::hex;

use super::{BATTERY, Characteristic, SECRET, Security, Service, Uuid, World};

static STRONG: Characteristic =
    Characteristic::new(Uuid::new_16(0xff05)).read().value(&[1]).min_key_size(16);
static TRUSTED: Characteristic =
    Characteristic::new(Uuid::new_16(0xff06)).read().value(&[1]).authorize();
static SECURE: Characteristic = Characteristic::new(Uuid::new_16(0xff07))
    .read()
    .value(&[1])
    .read_permission(Level::SecureConnections);
static GUARDED: Characteristic =
    Characteristic::new(Uuid::new_16(0xff08)).write().value(b"old").authorize();
static ASKED: Characteristic = Characteristic::new(Uuid::new_16(0xff09)).write().authorize();
static SERVICES: &[Service] = &[
    BATTERY,
    Service::primary(Uuid::new_16(0xff00), &[&STRONG, &TRUSTED, &SECURE, &GUARDED, &ASKED]),
];

const STRONG_READ: [u8; 3] = [0x0a, 35, 0];
const TRUSTED_READ: [u8; 3] = [0x0a, 37, 0];
const SECURE_READ: [u8; 3] = [0x0a, 39, 0];

const fn security(level: Level, key_size: u8) -> Security {
    Security { level, key_size, authorized: false, has_key: true }
}

/// Q44. [Vol 3] Part C, 10.3.1
#[test]
fn a_peer_with_a_key_is_asked_to_encrypt() {
    let mut world = World::with(SERVICES);
    assert_eq!(world.asks(&hex!("0a 1f00")), hex!("01 0a 1f00 05"));
    world.security.has_key = true;
    assert_eq!(world.asks(&hex!("0a 1f00")), hex!("01 0a 1f00 0f"));
    assert_eq!(world.asks(&hex!("12 1f00 41")), hex!("01 12 1f00 0f"));
    assert_eq!(world.asks(&hex!("16 1f00 0000 41")), hex!("01 16 1f00 0f"));
    assert_eq!(world.asks(&hex!("08 0100 ffff 03ff")), hex!("01 08 1f00 0f"));
    world.security = security(Level::Encrypted, 7);
    assert_eq!(world.asks(&hex!("0a 1f00")), b"\x0bsecret");
}

#[test]
fn key_size_and_authorization() {
    let mut world = World::with(SERVICES);
    assert_eq!(world.asks(&STRONG_READ), hex!("01 0a 2300 05"));
    world.security = security(Level::Encrypted, 15);
    assert_eq!(world.asks(&STRONG_READ), hex!("01 0a 2300 0c"));
    world.security = security(Level::Encrypted, 16);
    assert_eq!(world.asks(&STRONG_READ), hex!("0b 01"));
    assert_eq!(world.asks(&TRUSTED_READ), hex!("01 0a 2500 08"));
    world.security.authorized = true;
    assert_eq!(world.asks(&TRUSTED_READ), hex!("0b 01"));
}

/// [Vol 3] Part F, 3.4.6.3
#[test]
fn permission_withdrawn_after_prepare_refuses_the_execution() {
    for handle in [41, 43] {
        let mut world = World::with(SERVICES);
        world.security = security(Level::Encrypted, 16);
        assert_eq!(world.asks(&[0x16, handle, 0, 0, 0, b'n']), [0x01, 0x16, handle, 0, 8]);
        world.security.authorized = true;
        assert_eq!(world.asks(&[0x16, handle, 0, 0, 0, b'n'])[0], 0x17);
        world.security.authorized = false;
        assert_eq!(world.asks(&[0x18, 1]), [0x01, 0x18, handle, 0, 8]);
        assert!(world.asked.is_empty());
        assert_eq!(world.server.value(&GUARDED), Ok(b"old".as_slice()));
        assert_eq!(world.asks(&[0x18, 1]), [0x19], "the prepare queue is empty");
    }
}

/// Q45.
#[test]
fn secure_connections_alone_protects() {
    let mut world = World::with(SERVICES);
    assert_eq!(world.asks(&SECURE_READ), hex!("01 0a 2700 05"));
    world.security = security(Level::Authenticated, 16);
    assert_eq!(world.asks(&SECURE_READ), hex!("01 0a 2700 05"));
    world.security = security(Level::SecureConnections, 16);
    assert_eq!(world.asks(&SECURE_READ), hex!("0b 01"));
}

/// Q40. [Vol 3] Part G, 3.3.3.3
#[test]
fn a_protected_value_is_not_subscribed_to_in_clear() {
    use crate::{Cccd, server::PushError};
    let mut world = World::with(SERVICES);
    assert_eq!(world.asks(&hex!("12 2000 0100")), hex!("01 12 2000 05"));
    world.security = security(Level::Encrypted, 16);
    assert_eq!(world.asks(&hex!("12 2000 0100")), hex!("13"));
    let push = |world: &World, s| world.server.may_push(&world.peer, &SECRET, Cccd::NOTIFY, s);
    assert_eq!(push(&world, world.security), Ok(31));
    let refused = push(&world, Security { has_key: true, ..Security::OPEN });
    let code = bindrune_att::ErrorCode::INSUFFICIENT_ENCRYPTION;
    assert_eq!(refused, Err(PushError::Security(code)));
}
