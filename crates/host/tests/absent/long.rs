#![cfg(all(feature = "server", not(feature = "long")))]
//! Without writes in parts and reads of several values.

use crate::peer::{ATT, with_services};
use bindrune::{Characteristic, Service, Uuid};

const LONG: [u8; 30] = [7; 30];
static VALUE: Characteristic =
    Characteristic::new(Uuid::new_16(0xff01)).read().write().value(&LONG);
static SERVICES: &[Service] = &[Service::primary(Uuid::new_16(0xff00), &[&VALUE])];

#[test]
fn what_takes_a_queue_is_not_supported() {
    with_services(SERVICES, async |host, mut peer| {
        let [low, high] = host.gatt().handle(&VALUE).unwrap().to_le_bytes();
        let requests: [&[u8]; 5] = [
            &[0x0e, low, high, low, high],
            &[0x20, low, high, low, high],
            &[0x16, low, high, 0, 0, 1, 2],
            &[0x18, 0x00],
            &[0x18, 0x01],
        ];
        for request in requests {
            let refused = [0x01, request[0], 0, 0, 0x06];
            assert_eq!(peer.ask(ATT, request).await, refused, "{request:02x?}");
        }
    });
}

#[test]
fn a_long_value_can_be_read_in_parts() {
    with_services(SERVICES, async |host, mut peer| {
        let [low, high] = host.gatt().handle(&VALUE).unwrap().to_le_bytes();
        assert_eq!(peer.ask(ATT, &[0x0a, low, high]).await[1..], LONG[..22]);
        assert_eq!(peer.ask(ATT, &[0x0c, low, high, 22, 0]).await[1..], LONG[22..]);
        assert_eq!(peer.ask(ATT, &[0x0c, low, high, 31, 0]).await, [0x01, 0x0c, low, high, 0x07]);
    });
}
