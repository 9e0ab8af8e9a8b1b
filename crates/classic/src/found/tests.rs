use std::{vec, vec::Vec};

use bindrune_hci::{BdAddress, ClassOfDevice, ScanRepetition};

use super::*;

fn devices(count: usize) -> Devices {
    Devices::new(vec![FoundSlot::EMPTY; count].leak())
}

fn answer(last: u8, rssi: i8, data: &[u8]) -> Answer<'_> {
    Answer {
        address: BdAddress([last, 0, 0, 0, 0, 0]),
        class: ClassOfDevice::UNKNOWN,
        scan_repetition: ScanRepetition::R1,
        clock_offset: 0x7fff,
        rssi: Some(rssi),
        data,
    }
}

fn next(devices: &mut Devices) -> Option<(u8, Option<i8>, usize)> {
    devices.next().map(|found| {
        let len = found.data.significant_len();
        (found.address.0[0], found.rssi, len)
    })
}

#[test]
fn answers_of_a_device_are_merged() {
    let mut devices = devices(2);
    assert!(devices.add(&answer(1, -60, &[])));
    assert!(!devices.add(&answer(1, -50, &[2, 9, 65])));
    assert!(!devices.add(&answer(1, -70, &[])));
    assert_eq!(next(&mut devices), Some((1, Some(-50), 3)));
    assert_eq!(next(&mut devices), None);
    // Only new data is reported again.
    assert!(!devices.add(&answer(1, -10, &[2, 9, 66])));
    assert!(!devices.has_new());
    assert!(!devices.add(&answer(1, -10, &[3, 9, 66, 66])));
    assert_eq!(next(&mut devices), Some((1, Some(-10), 4)));
}

#[test]
fn a_full_table_drops_what_was_taken_first() {
    let mut devices = devices(2);
    devices.add(&answer(1, 0, &[]));
    devices.add(&answer(2, 0, &[]));
    assert_eq!(next(&mut devices), Some((1, Some(0), 0)));
    devices.add(&answer(3, 0, &[]));
    assert_eq!(devices.lost(), 0);
    devices.add(&answer(4, 0, &[]));
    assert_eq!(devices.lost(), 1);
    assert_eq!(next(&mut devices).map(|found| found.0), Some(3));
    assert_eq!(next(&mut devices).map(|found| found.0), Some(4));
}

#[test]
fn no_memory_loses_everything() {
    let mut devices = devices(0);
    assert!(devices.add(&answer(1, 0, &[])));
    assert!(devices.lost() == 1 && !devices.has_new());
}

#[test]
fn earlier_results_serve_connections() {
    let mut devices = devices(2);
    devices.add(&answer(1, 0, &[]));
    devices.begin();
    assert!(!devices.has_new());
    let address = BdAddress([1, 0, 0, 0, 0, 0]);
    let paging = Paging { scan_repetition: ScanRepetition::R1, clock_offset: 0xffff };
    assert_eq!(devices.paging(address), paging);
    assert_eq!(devices.paging(BdAddress::NONE), Paging::UNKNOWN);
    assert!(devices.add(&answer(1, 0, &[])));
    let all: Vec<_> = std::iter::from_fn(|| next(&mut devices)).collect();
    assert_eq!(all.len(), 1);
    devices.reset();
    assert_eq!(devices.paging(address), Paging::UNKNOWN);
}
