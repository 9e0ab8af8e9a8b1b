use std::vec::Vec;

use bindrune_wire::Uuid;
use hex_literal::hex;
use proptest::prelude::*;

use super::*;

const LONG: Uuid = Uuid::new_128(0x1234_5678_0000_1000_8000_1234_5678_9abc);

#[test]
fn a_response_has_name_and_services() {
    let services = [Uuid::new_16(0x1101), LONG, Uuid::new_16(0x110b), Uuid::new_32(0x1_0000)];
    let data = write(b"lamp", &services, true);
    assert_eq!(data[..12], hex!("05 09 6c616d70 05 03 0111 0b11"));
    assert_eq!(data[12..18], hex!("05 05 00000100"));
    let data = InquiryData::new(&data);
    assert_eq!(data.name(), Some((&b"lamp"[..], true)));
    let found: Vec<_> = data.services().collect();
    assert_eq!(found, [services[0], services[2], services[3], LONG]);
    assert_eq!(data.significant_len(), 36);
}

#[test]
fn long_names_are_cut_and_leave_room() {
    let name = "ß".repeat(120);
    let data = write(name.as_bytes(), &[], true);
    let (shown, complete) = InquiryData::new(&data).name().unwrap();
    assert!(!complete && shown.len() == 238 && core::str::from_utf8(shown).is_ok());
    let data = write(name.as_bytes(), &[LONG; 16], true);
    let data = InquiryData::new(&data);
    assert_eq!(data.name().unwrap().0.len(), 62);
    // Some services do not fit: the list says so.
    let (kind, list) = data.structures().nth(1).unwrap();
    assert_eq!((kind, list.len()), (0x06, 160));
    let data = write(b"", &[Uuid::new_16(1)], false);
    assert_eq!(data[..5], hex!("03 02 0100 00"));
}

#[test]
fn malformed_data_ends_at_the_first_error() {
    for (octets, count) in [
        (&hex!("")[..], 0),
        (&hex!("00 02 09 41"), 0),
        (&hex!("05 09 41"), 0),
        (&hex!("02 09 41 ff"), 1),
        (&hex!("01 09 02 08 41"), 2),
    ] {
        assert_eq!(InquiryData::new(octets).structures().count(), count, "{octets:?}");
    }
    let odd = InquiryData::new(&hex!("04 03 0111 01"));
    assert_eq!(odd.services().count(), 1);
}

proptest! {
    #[test]
    fn any_response_can_be_read(
        name in ".{0,120}",
        services in proptest::collection::vec(any::<u128>().prop_map(Uuid::new_128), 0..20),
    ) {
        let data = write(name.as_bytes(), &services, true);
        let read = InquiryData::new(&data);
        if let Some((shown, complete)) = read.name() {
            prop_assert!(name.as_bytes().starts_with(shown));
            prop_assert!(core::str::from_utf8(shown).is_ok());
            prop_assert_eq!(complete, shown.len() == name.len());
        } else {
            prop_assert!(name.is_empty());
        }
        prop_assert!(read.services().count() <= services.len());
        prop_assert!(read.significant_len() <= data.len());
    }

    #[test]
    fn any_octets(octets in proptest::collection::vec(any::<u8>(), 0..240)) {
        let data = InquiryData::new(&octets);
        prop_assert!(data.significant_len() <= octets.len());
        let _ = (data.name(), data.services().count());
    }
}
