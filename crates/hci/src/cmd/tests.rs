use std::{fmt::Debug, vec::Vec};

use bindrune_wire::Address;
use hex_literal::hex;
use proptest::prelude::*;
use zerocopy::{FromBytes, IntoBytes};

use super::*;
use crate::{
    AdvertisingType, DataOperation, FilterPolicy, OwnAddressType, Phy, RawHandle, ScanFilterPolicy,
    SecretKey,
};

fn packet<C: Command>(command: &C) -> Vec<u8> {
    let mut buffer = [0; COMMAND_MAX];
    let mut w = Writer::new(&mut buffer);
    command.write(&mut w).unwrap();
    let raw = RawCommand::parse(w.written()).unwrap();
    assert_eq!(raw.opcode, C::OPCODE);
    let mut again = [0; COMMAND_MAX];
    let mut w2 = Writer::new(&mut again);
    raw.write(&mut w2).unwrap();
    assert_eq!(w.written(), w2.written());
    w.written().to_vec()
}

#[test]
fn fixed_commands() {
    assert_eq!(packet(&baseband::Reset), hex!("03 0c 00"));
    let mask = (baseband::EventMask::DISCONNECTION_COMPLETE | baseband::EventMask::LE_META).bits();
    let command = baseband::SetEventMask { mask: mask.into() };
    assert_eq!(packet(&command), hex!("01 0c 08 10 00 00 00 00 00 00 20"));
    let handle = RawHandle::new(0x40);
    let command = link::Disconnect { handle, reason: Status::REMOTE_USER_TERMINATED };
    assert_eq!(packet(&command), hex!("06 04 03 40 00 13"));
    let command = le::SetAdvertisingParameters {
        interval_min: 0xa0.into(),
        interval_max: 0xf0.into(),
        kind: AdvertisingType::CONNECTABLE,
        own_address_type: OwnAddressType::RANDOM,
        peer: crate::DeviceAddress::NONE,
        channels: 7,
        filter_policy: FilterPolicy::ALL,
    };
    let octets = hex!("06 20 0f a000 f000 00 01 00 000000000000 07 00");
    assert_eq!(packet(&command), octets);
    assert_eq!(le::SetAdvertisingParameters::parse(&octets[3..]), Ok(command));
    let data = le::LegacyData::new(&hex!("02 01 06")).unwrap();
    let octets = packet(&le::SetAdvertisingData { data });
    assert_eq!(octets[..7], hex!("08 20 20 03 02 01 06"));
    assert_eq!((octets.len(), data.get()), (35, Some(&hex!("02 01 06")[..])));
    assert!(le::LegacyData::new(&[0; 32]).is_err());
}

#[test]
fn connections() {
    let connection = le::ConnectionParameters {
        interval_min: 24.into(),
        interval_max: 40.into(),
        latency: 0.into(),
        timeout: 42.into(),
        event_length_min: 0.into(),
        event_length_max: 0.into(),
    };
    let peer = Address::random([0xc4, 0x5e, 0x12, 0, 0, 1]).into();
    let command = le::CreateConnection {
        scan_interval: 16.into(),
        scan_window: 16.into(),
        filter_policy: FilterPolicy::ALL,
        peer,
        own_address_type: OwnAddressType::PUBLIC,
        connection,
    };
    let octets = hex!("0d 20 19 1000 1000 00 01 010000125ec4 00 1800 2800 0000 2a00 0000 0000");
    assert_eq!(packet(&command), octets);
    let phy = le::InitiatingPhy { scan_interval: 16.into(), scan_window: 16.into(), connection };
    let command = le::ExtendedCreateConnection {
        filter_policy: FilterPolicy::SCAN_BY_LIST,
        own_address_type: OwnAddressType::RANDOM,
        peer,
        le_1m: Some(phy),
        le_2m: None,
        coded: Some(phy),
    };
    let octets = packet(&command);
    assert_eq!(octets[..13], hex!("43 20 2a 01 01 01 010000125ec4 05"));
    assert_eq!(le::ExtendedCreateConnection::parse(&octets[3..]), Ok(command));
    for phys in [0, 8, 7] {
        let mut bad = octets[3..].to_vec();
        bad[9] = phys;
        assert!(le::ExtendedCreateConnection::parse(&bad).is_err());
    }
}

#[test]
fn extended_commands() {
    let phy = le::ScanPhy { active: 1, interval: 16.into(), window: 8.into() };
    let command = le::SetExtendedScanParameters {
        own_address_type: OwnAddressType::PUBLIC,
        filter_policy: ScanFilterPolicy::ALL,
        le_1m: Some(phy),
        coded: None,
    };
    let octets = packet(&command);
    assert_eq!(octets, hex!("41 20 08 00 00 01 01 1000 0800"));
    assert_eq!(le::SetExtendedScanParameters::parse(&octets[3..]), Ok(command));
    assert!(le::SetExtendedScanParameters::parse(&hex!("00 00 02 01 1000 0800")).is_err());

    let sets = [le::EnabledSet { set: 1, duration: 100.into(), max_events: 0 }];
    let command = le::SetExtendedAdvertisingEnable { enable: 1, sets: &sets };
    let octets = packet(&command);
    assert_eq!(octets, hex!("39 20 06 01 01 01 6400 00"));
    assert_eq!(le::SetExtendedAdvertisingEnable::parse(&octets[3..]), Ok(command));
    assert!(le::SetExtendedAdvertisingEnable::parse(&hex!("01 02 01 6400 00")).is_err());

    let fragment = le::DataFragment {
        set: 2,
        operation: DataOperation::COMPLETE,
        fragment_preference: 1,
        data: &hex!("02 01 06"),
    };
    let octets = packet(&le::SetExtendedScanResponseData { fragment });
    assert_eq!(octets, hex!("38 20 07 02 03 01 03 02 01 06"));
    let parsed = le::SetExtendedScanResponseData::parse(&octets[3..]).unwrap();
    assert_eq!(parsed.fragment, fragment);
    let long = le::DataFragment { data: &[0; 252], ..fragment };
    let mut buffer = [0; 300];
    let command = le::SetExtendedAdvertisingData { fragment: long };
    assert!(command.write(&mut Writer::new(&mut buffer)).is_err());
    assert_eq!(le::interval_units(le::interval(0x12_3456)), 0x12_3456);
}

#[test]
fn completed_packets_are_counted_exactly() {
    let command = baseband::HostNumberOfCompletedPackets::parse(&hex!("01 4000 0300")).unwrap();
    assert_eq!(packet(&command), hex!("35 0c 05 01 4000 0300"));
    for bad in [&hex!("")[..], &hex!("ff 4000 0100"), &hex!("01"), &hex!("01 4000 0300 00")] {
        assert!(baseband::HostNumberOfCompletedPackets::parse(bad).is_err());
    }
}

#[test]
fn returns_begin_with_the_status() {
    let good = link::ReadRssi::returned(&hex!("00 4000 c8 ff ff")).unwrap();
    assert_eq!((good.handle, good.rssi), (RawHandle::new(0x40), -56));
    let refused = Failure::Status(Status::UNKNOWN_CONNECTION);
    assert_eq!(link::ReadRssi::returned(&hex!("02")), Err(refused));
    assert_eq!(link::ReadRssi::returned(&hex!("02 4000 7f")), Err(refused));
    assert_eq!(link::ReadRssi::returned(&[]), Err(Failure::Malformed(Malformed::Truncated)));
    let short = link::ReadRssi::returned(&hex!("00 4000"));
    assert_eq!(short, Err(Failure::Malformed(Malformed::Truncated)));
    assert_eq!(<link::Disconnect as Command>::Return::ANSWER, Answer::Status);
    assert_eq!(<baseband::Reset as Command>::Return::ANSWER, Answer::Complete);
}

#[test]
fn static_addresses_are_counted() {
    let mut octets = hex!("00 01").to_vec();
    octets.extend([1; 6]);
    octets.extend([2; 16]);
    let all: Vec<_> = vendor::static_addresses(&octets).unwrap().collect();
    assert_eq!(all, [vendor::StaticAddress { address: [1; 6], identity_root: [2; 16] }]);
    octets[1] = 2;
    assert!(vendor::static_addresses(&octets).is_err());
}

#[test]
fn keys_are_not_printed() {
    let command =
        le::LongTermKeyRequestReply { handle: RawHandle::new(1), key: SecretKey([0x55; 16]) };
    let text = std::format!("{command:?}");
    assert!(!text.contains("55") && !text.contains("85"), "{text}");
}

#[test]
fn phy_of_a_report_has_a_name() {
    assert_eq!(std::format!("{:?} {:?}", Phy::LE_2M, Phy(9)), "LE_2M 0x09");
}

fn comes_back<C>(octets: &[u8])
where
    C: Command + FromBytes + IntoBytes + zerocopy::Immutable + PartialEq + Debug,
{
    let Ok((command, _)) = C::read_from_prefix(octets) else { return };
    let packet = packet(&command);
    assert_eq!(C::read_from_bytes(&packet[3..]).unwrap(), command);
}

proptest! {
    #[test]
    fn any_parameters_are_written_back(octets in proptest::collection::vec(any::<u8>(), 80)) {
        comes_back::<baseband::HostBufferSize>(&octets);
        comes_back::<le::SetAdvertisingParameters>(&octets);
        comes_back::<le::SetAdvertisingData>(&octets);
        comes_back::<le::SetExtendedAdvertisingParameters>(&octets);
        comes_back::<le::CreateConnection>(&octets);
        comes_back::<le::ConnectionUpdate>(&octets);
        comes_back::<le::EnableEncryption>(&octets);
        comes_back::<le::AddToResolvingList>(&octets);
        comes_back::<le::GenerateDhKey>(&octets);
        comes_back::<le::SetPhy>(&octets);
    }

    #[test]
    fn any_packet_is_parsed_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..120)) {
        crate::fuzz::commands(&octets);
    }
}
