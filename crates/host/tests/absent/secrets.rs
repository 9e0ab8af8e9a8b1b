#![cfg(all(feature = "server", not(feature = "security")))]
//! Values that need encryption, without encryption.

use crate::peer::{ATT, with_services};
use bindrune::{Characteristic, Level, Service, Uuid};

static SECRET: Characteristic =
    Characteristic::new(Uuid::new_16(0xff01)).read().read_permission(Level::Encrypted).value(&[7]);
static SERVICES: &[Service] = &[Service::primary(Uuid::new_16(0xff00), &[&SECRET])];

#[test]
fn what_needs_encryption_cannot_be_read() {
    with_services(SERVICES, async |_, mut peer| {
        let find = [0x08, 0x01, 0x00, 0xff, 0xff, 0x01, 0xff];
        let refused = peer.ask(ATT, &find).await;
        assert_eq!((refused[0], refused[1], refused[4]), (0x01, 0x08, 0x05));
    });
}
