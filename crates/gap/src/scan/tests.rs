use std::{format, string::String, vec, vec::Vec};

use bindrune_hci::{Event, Opcode, PhyMask, Status, event::RawEvent};
use embassy_time::Duration;
use hex_literal::hex;

use crate::{
    Config, Connect, ConnectEnd, GapEvent, ReportFlags, Scan, ScanEnd,
    testing::{Model, PEER, Rig},
};

fn commands(rig: &Rig) -> Vec<(u16, &[u8])> {
    rig.sent.iter().map(|(opcode, parameters)| (opcode.0, &parameters[..])).collect()
}

fn deliver(rig: &mut Rig, packet: &[u8]) {
    let raw = RawEvent::parse(packet).unwrap();
    if let Ok(event) = Event::parse(raw.code, raw.parameters) {
        rig.gap.handle_event(rig.now, &event);
    }
}

/// Sends a legacy report from the advertiser `n`.
fn report(rig: &mut Rig, kind: u8, n: u8, data: &[u8]) {
    let mut packet =
        [&[0x3e, 0, 2, 1, kind, 0, n, n, n, n, n, n, data.len() as u8][..], data].concat();
    packet.push(0xc8);
    packet[1] = packet.len() as u8 - 2;
    deliver(rig, &packet);
}

/// Takes all reports: advertiser, flags, data.
fn reports(rig: &mut Rig) -> Vec<(u8, ReportFlags, Vec<u8>)> {
    let mut buffer = [0; 300];
    let mut all = Vec::new();
    while let Some(report) = rig.gap.next_report(&mut buffer) {
        let n = report.address.map_or(0, |address| address.octets()[0]);
        all.push((n, report.flags - ReportFlags::LEGACY, report.data.to_vec()));
    }
    all
}

const ADV_IND: ReportFlags = ReportFlags::CONNECTABLE.union(ReportFlags::SCANNABLE);
const MERGED: ReportFlags = ADV_IND.union(ReportFlags::SCAN_RESPONSE).union(ReportFlags::MERGED);

fn scanning(extended: bool, scan: Scan) -> Rig {
    let mut rig = Rig::ready(extended);
    rig.gap.scan(scan);
    rig.run();
    assert!(rig.gap.is_scanning() && rig.model.scanning);
    rig.forget();
    rig
}

#[test]
fn legacy_transcript() {
    let mut rig = Rig::ready(false);
    rig.gap.scan(Scan::active());
    rig.run();
    let expected: [(u16, &[u8]); 2] = [(0x200b, &hex!("01 6000 6000 00 00")), (0x200c, &[1, 1])];
    assert_eq!(commands(&rig), expected);
    rig.forget();
    rig.gap.stop_scanning();
    rig.run();
    assert_eq!(commands(&rig), [(0x200c, &[0, 0][..])]);
}

#[test]
fn extended_transcript() {
    let mut rig = Rig::ready(true);
    let interval = Duration::from_millis(100);
    let phys = PhyMask::LE_1M | PhyMask::CODED;
    rig.gap.scan(Scan { interval, phys, accept_list_only: true, ..Scan::passive() });
    rig.run();
    let expected: [(u16, &[u8]); 2] =
        [(0x2041, &hex!("00 01 05 00 a000 6000 00 a000 6000")), (0x2042, &hex!("01 00 0000 0000"))];
    assert_eq!(commands(&rig), expected);
    rig.forget();
    rig.gap.set_accept_list(&[PEER]).unwrap();
    rig.run();
    let names: Vec<String> = rig.opcodes().iter().map(|opcode| format!("{opcode:?}")).collect();
    assert_eq!(
        names,
        [
            "LE_SET_EXTENDED_SCAN_ENABLE",
            "LE_CLEAR_FILTER_ACCEPT_LIST",
            "LE_ADD_TO_FILTER_ACCEPT_LIST",
            "LE_SET_EXTENDED_SCAN_ENABLE",
        ]
    );
    assert!(rig.model.disallowed.is_empty());
}

#[test]
fn a_refusal_is_reported_and_ends_the_request() {
    let mut rig = Rig::ready(true);
    rig.model.failing = Some((1, Status::INVALID_PARAMETERS));
    rig.gap.scan(Scan::passive());
    rig.run();
    assert_eq!(
        rig.events,
        [GapEvent::ScanEnded(crate::ScanEnd::Failed(Status::INVALID_PARAMETERS))]
    );
    assert_eq!(rig.gap.scanning(), Some(Err(ScanEnd::Failed(Status::INVALID_PARAMETERS))));
    assert_eq!(rig.sent.len(), 1);
}

/// Row H16.
#[test]
fn two_reports_in_one_event_keep_their_own_data() {
    let mut rig = scanning(false, Scan::passive());
    deliver(&mut rig, &hex!("3e1a02020000aabbccddeeff020106c80400112233445566020a00c9"));
    let mut buffer = [0; 31];
    let first = rig.gap.next_report(&mut buffer).unwrap();
    assert_eq!((first.data, first.rssi), (&hex!("0106")[..], Some(-56)));
    assert_eq!(first.address.unwrap().octets(), hex!("aabbccddeeff"));
    let second = rig.gap.next_report(&mut buffer).unwrap();
    assert_eq!((second.data, second.rssi), (&hex!("0a00")[..], Some(-55)));
    assert!(second.flags.contains(ReportFlags::SCAN_RESPONSE));
    assert!(rig.gap.next_report(&mut buffer).is_none());
}

/// Rows H13, H15, H17.
#[test]
fn malformed_reports_are_ignored() {
    let mut rig = scanning(true, Scan::passive());
    deliver(&mut rig, &hex!("3e020200"));
    deliver(&mut rig, &hex!("3e0c02010000aabbccddeeffffc0"));
    deliver(&mut rig, &hex!("3e1e0d01000000aabbccddeeff010000007fc0000000000000000000e5aaaaaa"));
    assert!(!rig.gap.has_report());
}

/// Row H44.
#[test]
fn a_flood_keeps_the_newest_and_counts_the_rest() {
    let mut rig = scanning(false, Scan::passive());
    for n in 0..=255 {
        report(&mut rig, 3, n, &[1, n]);
    }
    let all = reports(&mut rig);
    assert_eq!(all.last().unwrap().0, 255);
    assert_eq!(all.len() + rig.gap.lost_reports() as usize, 256);
    assert!(all.len() > 20);
}

#[test]
fn advertising_is_merged_with_its_scan_response() {
    let mut rig = scanning(false, Scan::active());
    report(&mut rig, 0, 1, &hex!("020106 00"));
    report(&mut rig, 2, 2, &hex!("0201"));
    report(&mut rig, 3, 3, &hex!("0303"));
    assert_eq!(reports(&mut rig), [(3, ReportFlags::empty(), hex!("0303").to_vec())]);
    report(&mut rig, 4, 1, &hex!("020a00"));
    assert_eq!(reports(&mut rig), [(1, MERGED, hex!("020106 020a00").to_vec())]);
    rig.pass(Duration::from_millis(299));
    assert!(!rig.gap.has_report());
    rig.pass(Duration::from_millis(1));
    assert_eq!(reports(&mut rig), [(2, ReportFlags::SCANNABLE, hex!("0201").to_vec())]);
}

#[test]
fn duplicates_are_left_out_until_something_changes() {
    let mut rig = scanning(false, Scan::active());
    for response in [[1, 1], [1, 1], [1, 2]] {
        report(&mut rig, 0, 1, &hex!("0201"));
        report(&mut rig, 4, 1, &response);
    }
    // "0201" is cut short, so only the scan responses are whole.
    let all = reports(&mut rig);
    assert_eq!(all, [(1, MERGED, [1, 1].to_vec()), (1, MERGED, [1, 2].to_vec())]);
}

/// Returns how many reports `rounds` of `advertisers` bring.
fn reported(scan: Scan, advertisers: u8, rounds: usize) -> usize {
    let mut rig = scanning(false, scan);
    let mut all = 0;
    for _ in 0..rounds {
        for n in 1..=advertisers {
            report(&mut rig, 3, n, &[]);
            all += reports(&mut rig).len();
        }
    }
    all
}

#[test]
fn a_crowd_is_reported_once() {
    let passive = Scan { filter_duplicates: true, ..Scan::passive() };
    for scan in [Scan::active(), passive] {
        assert_eq!(reported(scan, 128, 10), 128);
        // Beyond its capacity it is still a filter: fewer than the 20 * 160 reports are delivered.
        let more = reported(scan, 160, 20);
        assert!((160..1600).contains(&more), "{more}");
    }
    assert_eq!(reported(Scan::passive(), 40, 3), 120);
}

#[test]
fn more_advertisers_than_can_wait_are_reported_without_scan_response() {
    let mut rig = scanning(false, Scan { filter_duplicates: false, ..Scan::active() });
    for n in 1..=6 {
        report(&mut rig, 0, n, &[1, n]);
    }
    let early: Vec<u8> = reports(&mut rig).iter().map(|(n, ..)| *n).collect();
    assert_eq!(early.len(), 2);
    rig.pass(Duration::from_secs(1));
    let mut all: Vec<u8> = reports(&mut rig).iter().map(|(n, ..)| *n).chain(early).collect();
    all.sort_unstable();
    assert_eq!(all, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_search_scans_in_addition_to_the_request() {
    for extended in [true, false] {
        let mut rig = Rig::ready(extended);
        rig.gap.search(Connect::to(PEER));
        rig.run();
        assert_eq!(rig.gap.sought(), Some(PEER));
        assert!(rig.model.scanning && !rig.model.scan_by_list);
        rig.gap.set_accept_list(&[PEER]).unwrap();
        rig.gap.scan(Scan { accept_list_only: true, ..Scan::active() });
        rig.run();
        assert!(rig.model.scanning && !rig.model.scan_by_list);
        rig.gap.stop_connecting();
        rig.run();
        assert!(rig.model.scanning && rig.model.scan_by_list);
        rig.gap.stop_scanning();
        rig.run();
        assert!(!rig.model.scanning && rig.model.disallowed.is_empty());
        assert_eq!(rig.events, []);
    }
}

#[test]
fn a_refused_search_ends_the_attempt() {
    let mut rig = Rig::ready(true);
    let refused = Status::HARDWARE_FAILURE;
    rig.model.refuses = vec![(Opcode::LE_SET_EXTENDED_SCAN_ENABLE, refused)];
    rig.gap.search(Connect::to(PEER));
    rig.run();
    assert_eq!(rig.events, [GapEvent::ConnectEnded(ConnectEnd::Failed(refused))]);
    assert!(!rig.model.scanning && rig.gap.sought().is_none());
}

#[test]
fn scanning_goes_on_after_a_restart() {
    let mut rig = scanning(true, Scan::passive());
    rig.start();
    assert!(rig.model.scanning && rig.gap.is_scanning());
    rig.gap.stop_scanning();
    rig.run();
    assert!(!rig.model.scanning);
}

#[test]
fn turning_off_is_tried_until_it_succeeds() {
    let mut rig = scanning(false, Scan::passive());
    rig.gap.stop_scanning();
    rig.model.failing = Some((2, Status::CONTROLLER_BUSY));
    rig.run();
    assert!(rig.model.scanning);
    rig.pass(Duration::from_secs(3));
    assert!(!rig.model.scanning && rig.gap.poll_timeout().is_none());
}

#[test]
fn a_controller_that_cannot_scan_and_initiate_at_once_pauses_scanning() {
    let mut rig = Rig::with(Model { states: 0, ..Model::new(true) }, Config::DEFAULT);
    rig.start();
    rig.gap.scan(Scan::passive());
    rig.run();
    rig.gap.connect(Connect::to(PEER));
    rig.run();
    assert!(rig.model.initiating && !rig.model.scanning && rig.model.disallowed.is_empty());
    rig.model.peripheral_answers();
    rig.run();
    assert!(rig.model.scanning && rig.links[0].wanted);

    // A controller that claims the support but refuses.
    let mut rig = scanning(true, Scan::passive());
    rig.model.states = 0;
    rig.gap.connect(Connect::to(PEER));
    rig.run();
    assert!(rig.model.initiating && !rig.model.scanning);
    assert_eq!(rig.model.disallowed, [Opcode::LE_EXTENDED_CREATE_CONNECTION]);
    assert!(rig.events.is_empty());
}
