use bindrune_wire::Writer;
use hex_literal::hex;

use super::{LEVEL, SERVICES, STORE, Security, Service, Uuid, World};
use crate::{Cccd, Characteristic, server::PushError};

static OTHER: Characteristic =
    Characteristic::new(Uuid::new_16(0xff08)).read().notify().value(b"other");
static OTHERS: &[Service] = &[Service::primary(Uuid::new_16(0xff00), &[&OTHER])];

impl World {
    fn replaces(&mut self, services: &'static [Service]) {
        self.server.replace(services, [&mut self.peer]).unwrap();
    }

    fn changed(&mut self) -> Option<std::vec::Vec<u8>> {
        let mut buffer = [0; 23];
        let mut w = Writer::new(&mut buffer);
        let written = self.server.write_service_changed(&mut self.peer, &mut w);
        written.then(|| w.written().into())
    }
}

/// Q42. [Vol 3] Part G, 7.2
#[test]
fn features_are_set_and_never_cleared() {
    let mut world = World::new();
    assert_eq!(world.asks(&[&hex!("12 0f00")[..], &[7; 20]].concat()), hex!("13"));
    assert_eq!(world.asks(&hex!("0a 0f00")), hex!("0b 07"));
    assert_eq!(world.asks(&hex!("12 0f00 01")), hex!("01 12 0f00 13"));
    assert_eq!(world.asks(&hex!("12 0f00 ff")), hex!("13"));
    assert_eq!(world.peer.client_features(), 7);
}

#[test]
fn a_new_table_has_new_values_and_a_new_hash() {
    let mut world = World::new();
    let hash = world.server.database_hash();
    world.asks(&hex!("12 1500 0100"));
    world.server.write(&STORE, b"changed").unwrap();
    world.server.set_device_name(b"kept").unwrap();
    world.replaces(OTHERS);
    assert_ne!(world.server.database_hash(), hash);
    assert_eq!(world.asks(&hex!("0a 1400")), b"\x0bother");
    assert_eq!(world.asks(&hex!("0a 0300")), b"\x0bkept");
    assert_eq!(world.server.subscribed(&world.peer, &OTHER), Cccd::empty());
    assert_eq!(world.server.handle_of(&LEVEL), None);
    world.replaces(SERVICES);
    assert_eq!(world.server.database_hash(), hash);
    assert_eq!(world.server.value(&STORE), Ok(b"hello world".as_slice()));
}

/// [Vol 3] Part G, 7.1
#[test]
fn service_changed_goes_only_to_subscribers() {
    let mut world = World::new();
    world.replaces(OTHERS);
    assert_eq!(world.changed(), None);
    assert_eq!(world.asks(&hex!("12 0d00 0200")), hex!("13"));
    assert_eq!(world.changed(), None);
    world.replaces(SERVICES);
    assert_eq!(world.server.service_changed_pending(&world.peer), Some((18, 0xffff)));
    assert_eq!(world.changed().unwrap(), hex!("1d 0c00 1200 ffff"));
    assert_eq!(world.changed(), None);
    world.replaces(OTHERS);
    assert_eq!(world.changed(), None);
    world.server.service_changed_confirmed(&mut world.peer);
    assert_eq!(world.changed().unwrap(), hex!("1d 0c00 1200 ffff"));
    world.server.service_changed_confirmed(&mut world.peer);
    assert_eq!(world.changed(), None);
    assert_eq!(world.asks(&hex!("0a 0d00")), hex!("0b 0200"));
}

/// [Vol 3] Part G, 2.5.2.1
#[test]
fn an_unaware_client_gets_one_error() {
    let mut world = World::new();
    world.asks(&hex!("12 0f00 01"));
    world.replaces(SERVICES);
    assert_eq!(world.commands(&hex!("52 1900 41")), None);
    assert_eq!(world.server.value(&STORE), Ok(b"hello world".as_slice()));
    let push = world.server.may_push(&world.peer, &LEVEL, Cccd::empty(), Security::OPEN);
    assert_eq!(push, Err(PushError::ChangeUnaware));
    assert_eq!(world.asks(&hex!("04 1200 1200")), hex!("05 01 1200 0028"));
    assert_eq!(world.asks(&hex!("20 1400 1400")), hex!("01 20 1400 12"));
    assert_eq!(world.asks(&hex!("0a 1400")), hex!("0b 64"));
    world.commands(&hex!("52 1900 41"));
    assert_eq!(world.server.value(&STORE), Ok(b"A".as_slice()));
}

#[test]
fn the_hash_or_a_confirmation_makes_aware() {
    let mut world = World::new();
    world.asks(&hex!("12 0f00 01"));
    world.asks(&hex!("12 0d00 0200"));
    world.replaces(SERVICES);
    assert_eq!(world.asks(&hex!("08 0100 ffff 2a2b"))[..2], [9, 18]);
    assert_eq!(world.asks(&hex!("0a 1400")), hex!("0b 64"));
    world.replaces(OTHERS);
    world.changed().unwrap();
    world.server.service_changed_confirmed(&mut world.peer);
    assert_eq!(world.asks(&hex!("0a 1400")), b"\x0bother");
    world.peer.restore_awareness(1, true);
    assert_eq!(world.asks(&hex!("0a 1400")), hex!("01 0a 1400 12"));
}

#[test]
fn a_client_without_robust_caching_is_served() {
    let mut world = World::new();
    world.replaces(OTHERS);
    assert_eq!(world.asks(&hex!("0a 1400")), b"\x0bother");
}

#[test]
fn a_table_that_does_not_fit_changes_nothing() {
    static LARGE: Characteristic =
        Characteristic::new(Uuid::new_16(0xff09)).read().value(&[1]).max_len(500);
    static LARGES: &[Service] = &[Service::primary(Uuid::new_16(0xff00), &[&LARGE])];
    let mut world = World::new();
    assert!(world.server.replace(LARGES, [&mut world.peer]).is_err());
    assert_eq!(world.asks(&hex!("0a 1400")), hex!("0b 64"));
}

#[test]
fn an_answer_of_the_app_that_is_too_late_is_ignored() {
    use crate::{Answer, Verdict};
    let mut world = World::new();
    let request = bindrune_att::Request::Read { handle: 23 };
    let asked = world.server.handle_request(&mut world.peer, &request, Security::OPEN);
    assert!(matches!(asked, Verdict::Ask(ask) if ask.target.is(&super::COMMAND)));
    world.replaces(OTHERS);
    let answer = Answer::Value(b"late");
    let verdict = world.server.handle_answer(&mut world.peer, &request, answer, None);
    assert!(matches!(verdict, Verdict::Reply));
    let (written, reply) = world.poll(&request, b"late");
    assert!(written);
    assert_eq!(reply, hex!("01 0a 1700 0e"));
}
