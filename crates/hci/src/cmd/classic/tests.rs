use std::vec::Vec;

use bindrune_wire::Writer;
use hex_literal::hex;
use proptest::prelude::*;
use zerocopy::{FromBytes, IntoBytes};

use super::*;
use crate::{
    ClassOfDevice, Command, Lap, PacketTypes, Passkey, PinCode, RawHandle, Role, ScanRepetition,
    SecretKey, Status,
    cmd::{Answer, COMMAND_MAX, RawCommand, Return},
};

const PEER: BdAddress = BdAddress([1, 2, 3, 4, 5, 6]);

fn packet<C: Command>(command: &C) -> Vec<u8> {
    let mut buffer = [0; COMMAND_MAX];
    let mut w = Writer::new(&mut buffer);
    command.write(&mut w).unwrap();
    assert_eq!(RawCommand::parse(w.written()).unwrap().opcode, C::OPCODE);
    w.written().to_vec()
}

#[test]
fn inquiry() {
    let command = Inquiry { lap: Lap::GENERAL, length: 8, max_responses: 0 };
    assert_eq!(packet(&command), hex!("01 04 05 338b9e 08 00"));
    assert_eq!(Inquiry::parse(&hex!("338b9e 08 00")), Ok(command));
    assert!(Inquiry::parse(&hex!("338b9e 08")).is_err());
    assert!(Inquiry::parse(&hex!("338b9e 08 00 00")).is_err());
    assert_eq!(packet(&InquiryCancel), hex!("02 04 00"));
    let command = RemoteNameRequest {
        address: PEER,
        scan_repetition: ScanRepetition::R1,
        reserved: 0,
        clock_offset: 0x9234.into(),
    };
    assert_eq!(packet(&command), hex!("19 04 0a 010203040506 01 00 3492"));
    let laps = [Lap::LIMITED, Lap::GENERAL];
    let octets = packet(&WriteCurrentIacLap { laps: &laps });
    assert_eq!(octets, hex!("3a 0c 07 02 008b9e 338b9e"));
    assert_eq!(WriteCurrentIacLap::parse(&octets[3..]).unwrap().laps, laps);
    for bad in [&hex!("")[..], &hex!("00"), &hex!("01"), &hex!("02 008b9e"), &hex!("01 008b9e 33")]
    {
        assert!(WriteCurrentIacLap::parse(bad).is_err());
    }
}

#[test]
fn names_end_at_a_character() {
    assert_eq!(LocalName::new("speaker").get(), b"speaker");
    let long: std::string::String = std::iter::repeat_n('ß', 200).collect();
    assert_eq!(LocalName::new(&long).get().len(), 248);
    let odd = std::format!("a{long}");
    assert_eq!(LocalName::new(&odd).get().len(), 247);
    let octets = packet(&WriteLocalName { name: LocalName::new("x") });
    assert_eq!((octets.len(), &octets[..5]), (251, &hex!("13 0c f8 78 00")[..]));
}

#[test]
fn links() {
    let command = CreateConnection {
        address: PEER,
        packet_types: PacketTypes::EVERY.bits().into(),
        scan_repetition: ScanRepetition::R2,
        reserved: 0,
        clock_offset: 0.into(),
        allow_role_switch: 1,
    };
    assert_eq!(packet(&command), hex!("05 04 0d 010203040506 18cc 02 00 0000 01"));
    let command = AcceptConnectionRequest { address: PEER, role: Role::CENTRAL };
    assert_eq!(packet(&command), hex!("09 04 07 010203040506 00"));
    let command = RejectConnectionRequest { address: PEER, reason: Status::REJECTED_ADDRESS };
    assert_eq!(packet(&command), hex!("0a 04 07 010203040506 0f"));
    let command =
        WriteAutomaticFlushTimeout { handle: RawHandle::new(0x2a), timeout: 0x07ff.into() };
    assert_eq!(packet(&command), hex!("28 0c 04 2a00 ff07"));
    let role = RoleDiscovery::returned(&hex!("00 2a00 01")).unwrap();
    assert_eq!((role.handle.raw(), role.role), (0x2a, Role::PERIPHERAL));
    assert_eq!(<CreateConnection as Command>::Return::ANSWER, Answer::Status);
    assert_eq!(<CreateConnectionCancel as Command>::Return::ANSWER, Answer::Complete);
    assert_eq!(
        packet(&EnhancedFlush { handle: RawHandle::new(1), data: DataOf::FLUSHABLE }),
        hex!("5f 0c 03 0100 00")
    );
}

#[test]
fn event_filters_come_back() {
    let class = ClassOfDevice::new(0x010203);
    for (filter, octets) in [
        (EventFilter::Clear, &hex!("00")[..]),
        (EventFilter::AnyResult, &hex!("01 00")),
        (EventFilter::ResultOfClass { class, mask: class }, &hex!("01 01 030201 030201")),
        (EventFilter::ResultOfAddress(PEER), &hex!("01 02 010203040506")),
        (EventFilter::AnyConnection { auto_accept: 1 }, &hex!("02 00 01")),
        (
            EventFilter::ConnectionOfClass { class, mask: class, auto_accept: 2 },
            &hex!("02 01 030201 030201 02"),
        ),
        (
            EventFilter::ConnectionOfAddress { address: PEER, auto_accept: 3 },
            &hex!("02 02 010203040506 03"),
        ),
    ] {
        let command = SetEventFilter { filter };
        assert_eq!(packet(&command)[3..], *octets);
        assert_eq!(SetEventFilter::parse(octets), Ok(command));
        assert!(SetEventFilter::parse(&octets[..octets.len() - 1]).is_err());
        assert!(SetEventFilter::parse(&[octets, &[0]].concat()).is_err() || octets == [0]);
    }
    for bad in [&hex!("03")[..], &hex!("01 03"), &hex!("02 03"), &hex!("00 00")] {
        assert!(SetEventFilter::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn security() {
    let command = LinkKeyRequestReply { address: PEER, key: SecretKey([0x55; 16]) };
    assert_eq!(packet(&command)[..10], hex!("0b 04 16 010203040506 55"));
    let command = UserPasskeyRequestReply { address: PEER, passkey: Passkey::new(999_999) };
    assert_eq!(packet(&command), hex!("2e 04 0a 010203040506 3f420f00"));
    let command = IoCapabilityRequestReply {
        address: PEER,
        capability: IoCapability::DISPLAY_YES_NO,
        oob_data_present: 0,
        requirements: AuthenticationRequirements::GENERAL_BONDING_MITM,
    };
    assert_eq!(packet(&command), hex!("2b 04 09 010203040506 01 00 05"));
    let [c, r] = [SecretKey([0x55; 16]), SecretKey([0x66; 16])];
    let command = RemoteOobDataRequestReply { address: PEER, commitment: c, random_number: r };
    let octets = packet(&command);
    assert_eq!((&octets[..10], octets.len()), (&hex!("30 04 26 010203040506 55")[..], 41));
    assert_eq!(octets[25..], [0x66; 16]);
    let command = RemoteOobDataRequestNegativeReply { address: PEER };
    assert_eq!(packet(&command), hex!("33 04 06 010203040506"));
    assert_eq!(packet(&ReadLocalOobData), hex!("57 0c 00"));
    assert_eq!(packet(&ReadLocalOobExtendedData), hex!("7d 0c 00"));
    let answer: std::vec::Vec<u8> = (0..65).map(|at: u8| at.div_ceil(16)).collect();
    let read = ReadLocalOobData::returned(&answer[..33]).unwrap();
    assert_eq!((read.commitment, read.random_number), (SecretKey([1; 16]), SecretKey([2; 16])));
    let read = ReadLocalOobExtendedData::returned(&answer).unwrap();
    let values =
        [read.commitment_192, read.random_number_192, read.commitment_256, read.random_number_256];
    assert_eq!(values, [1, 2, 3, 4].map(|octet| SecretKey([octet; 16])));
    assert!(ReadLocalOobExtendedData::returned(&answer[..64]).is_err());
    let size = ReadEncryptionKeySize::returned(&hex!("00 0100 07")).unwrap();
    assert_eq!(size.size, 7);
}

#[test]
fn secrets_are_not_printed() {
    let secret = SecretKey([0x55; 16]);
    let texts = [
        std::format!("{:?}", LinkKeyRequestReply { address: PEER, key: secret }),
        std::format!(
            "{:?}",
            PinCodeRequestReply { address: PEER, len: 4, pin: PinCode([0x55; 16]) }
        ),
        std::format!(
            "{:?}",
            UserPasskeyRequestReply { address: PEER, passkey: Passkey([0x55; 4]) }
        ),
        std::format!(
            "{:?}",
            LocalOobData { status: Status::SUCCESS, commitment: secret, random_number: secret }
        ),
        std::format!(
            "{:?}",
            RemoteOobDataRequestReply { address: PEER, commitment: secret, random_number: secret }
        ),
    ];
    for text in texts {
        assert!(!text.contains("55") && !text.contains("85"), "{text}");
    }
}

fn comes_back<C>(octets: &[u8])
where
    C: Command + FromBytes + IntoBytes + zerocopy::Immutable + PartialEq + std::fmt::Debug,
{
    let (command, _) = C::read_from_prefix(octets).unwrap();
    let packet = packet(&command);
    assert_eq!(C::read_from_bytes(&packet[3..]).unwrap(), command);
}

proptest! {
    #[test]
    fn any_parameters_are_written_back(octets in proptest::collection::vec(any::<u8>(), 248)) {
        comes_back::<CreateConnection>(&octets);
        comes_back::<WriteLocalName>(&octets);
        comes_back::<WriteExtendedInquiryResponse>(&octets);
        comes_back::<SniffMode>(&octets);
        comes_back::<RemoteOobExtendedDataRequestReply>(&octets);
        comes_back::<WritePageScanActivity>(&octets);
    }
}
