use std::{vec, vec::Vec};

use bindrune_hci::{
    Event, Opcode, Phy, PhyMask, Role, Status,
    cmd::{RawCommand, SupportedCommands, le::LeFeatures},
    event::RawEvent,
};
use bindrune_wire::{Handle, Writer, time::Instant};
use embassy_time::Duration;
use hex_literal::hex;

use super::*;
use crate::{ConnectionParameters, testing::PEER};

fn controller(features: LeFeatures) -> ControllerInfo {
    let mut commands = SupportedCommands::NONE;
    SupportedCommands::known().for_each(|opcode| commands.insert(opcode));
    ControllerInfo {
        commands,
        le_features: features,
        max_tx_octets: 251,
        max_tx_time: 2120,
        uses_data_length: true,
        uses_phy_2m: true,
        ..ControllerInfo::UNKNOWN
    }
}

/// A link, seen from its controller.
struct Rig {
    link: LinkControl,
    now: Instant,
}

impl Rig {
    /// A link that has finished all procedures of its start: none, because the controller supports
    /// none.
    fn quiet(role: Role) -> Self {
        let mut info = controller(LeFeatures::CONNECTION_PARAMETERS_REQUEST);
        (info.uses_data_length, info.uses_phy_2m) = (false, false);
        info.commands.remove(Opcode::LE_READ_REMOTE_FEATURES);
        info.commands.remove(Opcode::READ_REMOTE_VERSION_INFORMATION);
        Self::new(role, &info)
    }

    fn new(role: Role, info: &ControllerInfo) -> Self {
        let up = LinkUp {
            handle: Handle::new(0x40).unwrap(),
            role,
            own: Address::public([0xc0; 6]),
            peer: PEER,
            peer_on_air: PEER,
            parameters: CurrentParameters { interval: 24, latency: 0, timeout: 500 },
            set: None,
            wanted: true,
        };
        Self { link: LinkControl::new(&up, Some(info)), now: Instant::from_secs(1) }
    }

    /// Returns the pending command: opcode and parameters.
    fn sends(&mut self) -> Option<(u16, Vec<u8>)> {
        let mut buffer = [0; 258];
        let mut w = Writer::new(&mut buffer);
        self.link.poll_command(&mut w)?;
        let command = RawCommand::parse(w.written()).unwrap();
        Some((command.opcode.0, command.parameters.to_vec()))
    }

    #[track_caller]
    fn expect(&mut self, opcode: u16, parameters: &[u8]) {
        assert_eq!(self.sends(), Some((opcode, parameters.to_vec())));
    }

    fn status(&mut self, opcode: u16, status: u8) {
        self.link.handle_status(self.now, Opcode(opcode), Status(status));
    }

    fn complete(&mut self, opcode: u16, parameters: &[u8]) {
        self.link.handle_complete(self.now, Opcode(opcode), parameters);
    }

    fn receives(&mut self, packet: &[u8]) -> bool {
        let raw = RawEvent::parse(packet).unwrap();
        self.link.handle_event(&Event::parse(raw.code, raw.parameters).unwrap())
    }

    fn events(&mut self) -> Vec<LinkEvent> {
        core::iter::from_fn(|| self.link.poll_event()).collect()
    }
}

#[test]
fn a_link_begins_with_features_version_long_packets_and_2m() {
    let ours = LeFeatures::PERIPHERAL_FEATURES_EXCHANGE;
    for role in [Role::CENTRAL, Role::PERIPHERAL] {
        let mut rig = Rig::new(role, &controller(ours));
        rig.expect(0x2016, &hex!("4000"));
        assert_eq!(rig.sends(), None);
        rig.status(0x2016, 0);
        assert_eq!(rig.sends(), None);
        assert!(rig.receives(&hex!("3e 0c 04 00 4000 2001000000000000")));
        rig.expect(0x041d, &hex!("4000"));
        rig.status(0x041d, 0);
        assert!(rig.receives(&hex!("0c 08 00 4000 0c 5900 3412")));
        rig.expect(0x2022, &hex!("4000 fb00 4808"));
        rig.complete(0x2022, &hex!("00 4000"));
        rig.expect(0x2032, &hex!("4000 00 02 02 0000"));
        rig.status(0x2032, 0);
        assert!(rig.receives(&hex!("3e 0b 07 4000 fb00 4808 fb00 4808")));
        assert!(rig.receives(&hex!("3e 06 0c 00 4000 02 02")));
        assert_eq!(rig.sends(), None);
        assert_eq!(
            rig.events(),
            [
                LinkEvent::Phy,
                LinkEvent::DataLength,
                LinkEvent::Features,
                LinkEvent::Version,
                LinkEvent::Answered
            ]
        );
        assert_eq!(rig.link.phys(), Phys { tx: Phy::LE_2M, rx: Phy::LE_2M });
        assert_eq!(rig.link.data_lengths().rx_octets, 251);
        let version = RemoteVersion { version: 12, manufacturer: 0x59, subversion: 0x1234 };
        assert_eq!(rig.link.remote_version(), Some(version));
        assert!(rig.link.poll_timeout().is_none());
    }
}

#[test]
fn an_unsupported_procedure_is_not_started() {
    let mut rig = Rig::new(Role::PERIPHERAL, &controller(LeFeatures::empty()));
    rig.expect(0x041d, &hex!("4000"));
    rig.status(0x041d, 0x1a);
    assert_eq!(rig.sends(), None, "the peer's features are not known");

    let mut rig = Rig::new(Role::CENTRAL, &controller(LeFeatures::empty()));
    rig.sends();
    rig.status(0x2016, 0);
    rig.now += Duration::from_secs(60);
    rig.link.handle_timeout(rig.now);
    rig.expect(0x041d, &hex!("4000"));
}

const FAST: ConnectionParameters =
    ConnectionParameters { interval_min: 6, interval_max: 12, latency: 1, timeout: 100 };

#[test]
fn a_central_updates_the_parameters() {
    let mut rig = Rig::quiet(Role::CENTRAL);
    let bad = ConnectionParameters { interval_min: 0, ..FAST };
    assert!(rig.link.update_parameters(bad).is_err());
    let asked = rig.link.update_parameters(ConnectionParameters::DEFAULT).unwrap();
    let same = rig.link.update_parameters(FAST).unwrap();
    rig.expect(0x2013, &hex!("4000 0600 0c00 0100 6400 0000 ffff"));
    rig.status(0x2013, 0);
    let later = rig.link.update_parameters(FAST).unwrap();
    assert!(rig.receives(&hex!("3e 0a 03 00 4000 0c00 0100 6400")));
    assert_eq!((rig.link.updated(asked), rig.link.updated(same)), (Some(Ok(())), Some(Ok(()))));
    assert_eq!(rig.link.updated(later), None);
    assert_eq!(rig.link.parameters(), CurrentParameters { interval: 12, latency: 1, timeout: 100 });
    assert_eq!(rig.events(), [LinkEvent::Parameters, LinkEvent::Answered]);
    rig.sends();
    rig.status(0x2013, 0x3b);
    assert_eq!(rig.link.updated(later), Some(Err(Status::UNACCEPTABLE_PARAMETERS)));
}

#[test]
fn a_peripheral_updates_by_the_link_layer_or_by_l2cap() {
    let mut rig = Rig::quiet(Role::PERIPHERAL);
    let asked = rig.link.update_parameters(FAST).unwrap();
    assert_eq!(rig.events(), [LinkEvent::UseL2cap(FAST)]);
    assert_eq!((rig.link.updated(asked), rig.sends()), (None, None));
    rig.link.l2cap_answered(Ok(()));
    assert_eq!(rig.link.updated(asked), Some(Ok(())));

    // The peer's features arrive although the host did not read them.
    rig.receives(&hex!("3e 0c 04 00 4000 0200000000000000"));
    let asked = rig.link.update_parameters(FAST).unwrap();
    rig.expect(0x2013, &hex!("4000 0600 0c00 0100 6400 0000 ffff"));
    rig.status(0x2013, 0);
    rig.events();
    assert!(rig.receives(&hex!("3e 0a 03 1a 4000 0000 0000 0000")));
    assert_eq!(rig.events(), [LinkEvent::UseL2cap(FAST)]);
    rig.link.l2cap_answered(Err(Status::UNACCEPTABLE_PARAMETERS));
    assert_eq!(rig.link.updated(asked), Some(Err(Status::UNACCEPTABLE_PARAMETERS)));
}

/// Row H39.
#[test]
fn odd_parameters_are_stored_unchanged() {
    let mut rig = Rig::quiet(Role::PERIPHERAL);
    assert!(rig.receives(&hex!("3e0a030040000000ffff0000")));
    assert_eq!(
        rig.link.parameters(),
        CurrentParameters { interval: 0, latency: 0xffff, timeout: 0 }
    );
}

/// Row H40.
#[test]
fn the_peers_request_is_answered_at_once() {
    let mut rig = Rig::quiet(Role::CENTRAL);
    assert!(rig.receives(&hex!("3e0b064000800c0600f4010a00")));
    rig.expect(0x2021, &hex!("4000 3b"));
    rig.complete(0x2021, &hex!("00 4000"));
    assert!(rig.receives(&hex!("3e0b064000 0600 0c00 0100 6400")));
    rig.expect(0x2020, &hex!("4000 0600 0c00 0100 6400 0000 ffff"));
    rig.complete(0x2020, &hex!("00 4000"));
    assert_eq!(rig.sends(), None);
    assert!(
        !rig.receives(&hex!("3e0b064100 0600 0c00 0100 6400")),
        "the event is about another link"
    );
}

#[test]
fn phy_and_data_length_are_requested() {
    let mut rig = Rig::quiet(Role::CENTRAL);
    let phy = rig.link.set_phy(PhyMask::LE_1M | PhyMask::LE_2M, PhyMask::empty());
    let length = rig.link.set_data_length(1000, 100);
    rig.expect(0x2032, &hex!("4000 02 03 00 0000"));
    rig.status(0x2032, 0);
    assert!(rig.receives(&hex!("3e 06 0c 00 4000 01 01")));
    rig.expect(0x2022, &hex!("4000 fb00 4801"));
    rig.complete(0x2022, &hex!("01"));
    assert_eq!(rig.link.phy_set(phy), Some(Ok(())));
    assert_eq!(rig.link.data_length_set(length), Some(Err(Status::UNKNOWN_COMMAND)));
    assert_eq!(rig.events(), [LinkEvent::Answered]);

    let mut poor = Rig::new(Role::CENTRAL, &ControllerInfo::UNKNOWN);
    let phy = poor.link.set_phy(PhyMask::LE_2M, PhyMask::LE_2M);
    assert_eq!(poor.link.phy_set(phy), Some(Err(Status::UNSUPPORTED_FEATURE)));
    assert_eq!(poor.sends(), None);
}

#[test]
fn several_callers_share_one_measurement() {
    let mut rig = Rig::quiet(Role::CENTRAL);
    let (a, b) = (rig.link.read_rssi(), rig.link.read_rssi());
    assert_eq!(a, b);
    rig.expect(0x1405, &hex!("4000"));
    let c = rig.link.read_rssi();
    rig.complete(0x1405, &hex!("00 4000 c8"));
    assert_eq!((rig.link.rssi(a), rig.link.rssi(c)), (Some(Ok(-56)), None));
    assert_eq!(rig.events(), [LinkEvent::Answered]);
    rig.expect(0x1405, &hex!("4000"));
    rig.complete(0x1405, &hex!("00 4000 7f"));
    assert_eq!(rig.link.rssi(c), Some(Err(Status::UNSPECIFIED)));
}

#[test]
fn a_probe_finds_that_the_link_is_gone() {
    for by_status in [false, true] {
        let mut rig = Rig::quiet(Role::CENTRAL);
        rig.link.probe();
        rig.expect(0x1405, &hex!("4000"));
        if by_status {
            rig.status(0x1405, 2);
        } else {
            rig.complete(0x1405, &hex!("02 4000 00"));
        }
        assert_eq!(rig.events(), [LinkEvent::Answered, LinkEvent::Gone]);
    }
}

/// [Vol 4] Part E, 7.5.4 and 7.8.33
#[test]
fn an_answer_that_names_another_link_is_ignored() {
    let mut rig = Rig::quiet(Role::CENTRAL);
    let rssi = rig.link.read_rssi();
    rig.expect(0x1405, &hex!("4000"));
    rig.complete(0x1405, &hex!("00 4100 c8"));
    assert_eq!(rig.link.rssi(rssi), Some(Err(Status::UNSPECIFIED)));
    let length = rig.link.set_data_length(100, 1000);
    rig.expect(0x2022, &hex!("4000 6400 e803"));
    rig.complete(0x2022, &hex!("00 4100"));
    assert_eq!(rig.link.data_length_set(length), Some(Err(Status::UNSPECIFIED)));
}

#[test]
fn without_signal_strength_a_probe_asks_for_the_version() {
    let mut info = controller(LeFeatures::empty());
    info.commands.remove(Opcode::READ_RSSI);
    let mut rig = Rig::new(Role::CENTRAL, &info);
    rig.expect(0x2016, &hex!("4000"));
    rig.status(0x2016, 0);
    rig.receives(&hex!("3e 0c 04 00 4000 0000000000000000"));
    rig.expect(0x041d, &hex!("4000"));
    rig.status(0x041d, 0);
    rig.receives(&hex!("0c 08 00 4000 09 ffff 0000"));
    rig.events();
    assert_eq!(rig.sends(), None);
    rig.link.probe();
    rig.expect(0x041d, &hex!("4000"));
    rig.status(0x041d, 2);
    assert_eq!(rig.events(), [LinkEvent::Gone]);
}

#[test]
fn disconnecting_goes_first_and_is_tried_until_accepted() {
    let mut rig = Rig::new(Role::CENTRAL, &controller(LeFeatures::empty()));
    assert_eq!(rig.link.disconnect(Status::SUCCESS), Err(InvalidReason));
    assert!(!rig.link.is_disconnecting());
    rig.link.disconnect(Status::REMOTE_POWER_OFF).unwrap();
    rig.expect(0x0406, &hex!("4000 15"));
    rig.status(0x0406, 0x12);
    assert_eq!(rig.sends(), None);
    let (at, why) = rig.link.poll_timeout().unwrap();
    assert_eq!((at, why), (rig.now + Duration::from_secs(1), LinkTimer::Disconnect));
    rig.link.handle_timeout(at);
    rig.expect(0x0406, &hex!("4000 13"));
    rig.status(0x0406, 0);
    assert!(rig.sends().is_none() && rig.link.poll_timeout().is_none());

    let mut rig = Rig::quiet(Role::CENTRAL);
    rig.link.disconnect(Status::REMOTE_USER_TERMINATED).unwrap();
    rig.sends();
    rig.status(0x0406, 2);
    assert_eq!(rig.events(), vec![LinkEvent::Gone]);
}
