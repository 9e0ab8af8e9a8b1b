use bindrune_wire::{Malformed, Uuid};

use super::*;
use crate::{cccd::Cccd, table::Properties};

fn level(end: u16) -> Characteristic {
    let properties = Properties::NOTIFY;
    Characteristic { declaration: 2, value: 3, end, properties, uuid: Uuid::new_16(0x2a19) }
}

#[test]
fn subscribing_finds_and_writes_the_configuration() {
    let mut subscribe = Subscribe::new(&level(9), Cccd::NOTIFY);
    trace(
        &mut subscribe,
        &[
            (&hex!("04 0400 0900"), &hex!("05 01 0400 0129 0500 0429")),
            (&hex!("04 0600 0900"), &hex!("05 01 0600 0229 0700 0229")),
            (&hex!("12 0600 0100"), &hex!("13")),
        ],
    );
    is_over(&mut subscribe);
    assert_eq!(subscribe.cccd(), Some(6));
    let mut unsubscribe = Subscribe::at(6, Cccd::empty());
    trace(&mut unsubscribe, &[(&hex!("12 0600 0000"), &hex!("13"))]);
    is_over(&mut unsubscribe);
    let both = Cccd::NOTIFY | Cccd::INDICATE;
    assert_eq!(request(&mut Subscribe::at(6, both)).unwrap(), hex!("12 0600 0300"));
}

#[test]
fn a_characteristic_without_configuration_is_an_error() {
    assert_eq!(request(&mut Subscribe::new(&level(3), Cccd::NOTIFY)), Err(ClientError::NotFound));
    for end in [&hex!("01 04 0400 0a")[..], &hex!("05 01 0400 0129")] {
        let mut subscribe = Subscribe::new(&level(4), Cccd::NOTIFY);
        trace(&mut subscribe, &[(&hex!("04 0400 0400"), end)]);
        assert_eq!(request(&mut subscribe), Err(ClientError::NotFound));
    }
}

#[test]
fn a_server_may_refuse_a_subscription() {
    let att = |code, handle| ClientError::Att { code: ErrorCode(code), handle };
    let rows: [(&[u8], ClientError); 2] =
        [(&hex!("01 12 0600 0f"), att(0x0f, 6)), (&hex!("0b"), Violation::Response.into())];
    refuses(&Subscribe::at(6, Cccd::NOTIFY), &rows);
    let rows: [(&[u8], ClientError); 2] =
        [(&hex!("01 04 0400 05"), att(5, 4)), (&hex!("05 03"), Malformed::Value.into())];
    refuses(&Subscribe::new(&level(9), Cccd::NOTIFY), &rows);
}

/// Row Q59.
#[test]
fn a_senseless_range_means_the_whole_database() {
    let range = ServiceChanged { start: 0x10, end: 0x20 };
    assert_eq!(ServiceChanged::from_value(&hex!("1000 2000")), range);
    for value in [&hex!("ffff 0100")[..], &hex!("0000 2000"), &hex!("1000 20"), &hex!("")] {
        assert_eq!(ServiceChanged::from_value(value), ServiceChanged::ALL);
    }
}

/// GATT/CL/GAS/BV-02-C
#[test]
fn the_database_hash_is_read_by_its_uuid() {
    let mut read = ReadDatabaseHash::new();
    let pdu = hex!("09 12 0900 000102030405060708090a0b0c0d0e0f");
    trace(&mut read, &[(&hex!("08 0100 ffff 2a2b"), &pdu)]);
    is_over(&mut read);
    assert_eq!(read.hash(), Some(hex!("000102030405060708090a0b0c0d0e0f")));
    let mut read = ReadDatabaseHash::new();
    trace(&mut read, &[(&hex!("08 0100 ffff 2a2b"), &hex!("01 08 0100 0a"))]);
    assert_eq!(read.hash(), None);
    refuses(&ReadDatabaseHash::new(), &[(&hex!("09 03 0900 00"), Malformed::Value.into())]);
}

/// GATT/CL/GAS/BV-03-C, BV-05-C
#[test]
fn client_features_are_added() {
    let wanted = ClientFeatures::ROBUST_CACHING | ClientFeatures::MULTIPLE_NOTIFICATIONS;
    let ask = &hex!("08 0100 ffff 292b");
    let mut enable = EnableFeatures::new(wanted);
    trace(&mut enable, &[(ask, &hex!("09 03 0b00 02")), (&hex!("12 0b00 07"), &hex!("13"))]);
    is_over(&mut enable);
    assert!(enable.is_enabled());
    let mut enable = EnableFeatures::new(wanted);
    trace(&mut enable, &[(ask, &hex!("09 03 0b00 07"))]);
    is_over(&mut enable);
    assert!(enable.is_enabled());
    let mut enable = EnableFeatures::new(wanted);
    trace(&mut enable, &[(ask, &hex!("01 08 0100 0a"))]);
    is_over(&mut enable);
    assert!(!enable.is_enabled());
    refuses(&EnableFeatures::new(wanted), &[(&hex!("09 03 0000 02"), Violation::Order.into())]);
}
