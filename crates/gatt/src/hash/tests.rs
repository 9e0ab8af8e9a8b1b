use bindrune_wire::Uuid;
use hex_literal::hex;

use super::*;
use crate::table::{Characteristic, Descriptor, ExtendedProperties, Service};

const fn characteristic(uuid: u16) -> Characteristic {
    Characteristic::new(Uuid::new_16(uuid))
}

static NAME: Characteristic = characteristic(0x2a00).read();
static APPEARANCE: Characteristic = characteristic(0x2a01).read();
static CHANGED: Characteristic = characteristic(0x2a05).indicate();
static FEATURES: Characteristic = characteristic(0x2b29).read().write();
static HASH: Characteristic = characteristic(0x2b2a).read();
static GLUCOSE: Characteristic =
    characteristic(0x2a18).read().indicate().with_extended(ExtendedProperties::empty());
static LEVEL: Characteristic = characteristic(0x2a19).read();
static FORMAT: Descriptor = Descriptor::presentation_format(&[0; 7]);
static LONG: Characteristic =
    Characteristic::new(Uuid::new_128(0x1234_5678_1234_5678_1234_5678_9abc_def1))
        .read()
        .notify()
        .user_description("long")
        .descriptors(&[&FORMAT]);

static GAP: Service = Service::primary(Uuid::new_16(0x1800), &[&NAME, &APPEARANCE]);
static GATT: Service = Service::primary(Uuid::new_16(0x1801), &[&CHANGED, &FEATURES, &HASH]);
static BATTERY: Service = Service::secondary(Uuid::new_16(0x180f), &[&LEVEL]);
static GLUCOSES: Service =
    Service::primary(Uuid::new_16(0x1808), &[&GLUCOSE]).includes(&[&BATTERY]);
static LONGS: Service =
    Service::primary(Uuid::new_128(0x1234_5678_1234_5678_1234_5678_9abc_def0), &[&LONG]);

fn hash(services: &'static [Service]) -> [u8; 16] {
    database_hash(&Table::layout(services, &[]).unwrap())
}

/// [Vol 3] Part G, Appendix B
#[test]
fn the_specification_example() {
    static NAME: Characteristic = characteristic(0x2a00).read().write();
    static WRITABLE: Service = Service::primary(Uuid::new_16(0x1800), &[&NAME, &APPEARANCE]);
    static SERVICES: [Service; 4] = [WRITABLE, GATT, GLUCOSES, BATTERY];
    assert_eq!(hash(&SERVICES), hex!("90a9fbb9bb30888aac8bf5ec482dcaf1"));
}

#[test]
fn tables_that_grow() {
    static EMPTY: [Service; 1] = [Service::primary(Uuid::new_16(0x1800), &[])];
    static GAP_ONLY: [Service; 1] = [GAP];
    static GAP_AND_GATT: [Service; 2] = [GAP, GATT];
    static WITH_LONG: [Service; 3] = [GAP, GATT, LONGS];
    assert_eq!(hash(&EMPTY), hex!("2001aa0bd1d7b447f1b34d8010eccdd4"));
    assert_eq!(hash(&GAP_ONLY), hex!("754870b4f68049173fc0521d3f9e326c"));
    assert_eq!(hash(&GAP_AND_GATT), hex!("1fb2c245f82240f72b06c5266375ce16"));
    assert_eq!(hash(&WITH_LONG), hex!("76bed847d257b0d408668dd2ce2c35c7"));
}
