//! Requests, events and failures in any order end in the requested state.

use std::{vec, vec::Vec};

use bindrune_hci::{
    Event, FilterPolicy, Opcode, PhyMask, PrivacyMode, SecretKey, Status, event::RawEvent,
};
use bindrune_wire::Address;
use embassy_time::Duration;
use proptest::prelude::*;

use crate::{
    AddressChoice, Advertisement, Advertising, Connect, Device, GapTimer, RESOLVING_LIST_MAX,
    Resolve, Scan, SetId,
    testing::{Model, PEER, PUBLIC, Rig},
};

#[derive(Clone, Debug)]
enum Step {
    Advertise {
        set: u8,
        kind: u8,
        by_list: bool,
        seconds: Option<u8>,
    },
    StopAdvertising(u8),
    Scan {
        active: bool,
        by_list: bool,
    },
    StopScanning,
    Connect {
        any: bool,
        seconds: Option<u8>,
    },
    Search,
    Found,
    StopConnecting,
    /// Whether the root has no room for another link.
    Full(bool),
    /// The links that came up were not established.
    Resume,
    /// The order in which the controller reports a link of a set.
    TerminatedFirst(bool),
    AcceptList(u8),
    PrivateAddress {
        number: u8,
        seconds: u8,
    },
    ShowIdentity(u8),
    ShowPrivate,
    ResolvingList(u8),
    /// The controller takes this many commands.
    Commands(u8),
    CentralComes(u8),
    PeripheralAnswers,
    /// The next commands fail.
    Fail {
        count: u8,
        status: u8,
        by_status: bool,
    },
    Pass(u16),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let seconds = || proptest::option::of(1..4_u8);
    prop_oneof![
        (0..4_u8, 0..5_u8, any::<bool>(), seconds()).prop_map(|(set, kind, by_list, seconds)| {
            Step::Advertise { set, kind, by_list, seconds }
        }),
        (0..4_u8).prop_map(Step::StopAdvertising),
        any::<(bool, bool)>().prop_map(|(active, by_list)| Step::Scan { active, by_list }),
        Just(Step::StopScanning),
        (any::<bool>(), seconds()).prop_map(|(any, seconds)| Step::Connect { any, seconds }),
        Just(Step::Search),
        Just(Step::Found),
        Just(Step::StopConnecting),
        any::<bool>().prop_map(Step::Full),
        Just(Step::Resume),
        any::<bool>().prop_map(Step::TerminatedFirst),
        (0..10_u8).prop_map(Step::AcceptList),
        (0..4_u8, 0..3_u8).prop_map(|(number, seconds)| Step::PrivateAddress { number, seconds }),
        (0..4_u8).prop_map(Step::ShowIdentity),
        Just(Step::ShowPrivate),
        (0..=RESOLVING_LIST_MAX as u8).prop_map(Step::ResolvingList),
        (0..6_u8).prop_map(Step::Commands),
        (0..6_u8).prop_map(Step::Commands),
        (0..3_u8).prop_map(Step::CentralComes),
        Just(Step::PeripheralAnswers),
        (1..4_u8, prop::sample::select(vec![0x01_u8, 0x07, 0x12, 0x1f, 0x3a]), any::<bool>())
            .prop_map(|(count, status, by_status)| Step::Fail { count, status, by_status }),
        (0..2_500_u16).prop_map(Step::Pass),
        Just(Step::Restart),
    ]
}

impl Rig {
    fn full(&self) -> bool {
        self.gap.full
    }
}

impl Step {
    fn take(&self, rig: &mut Rig) {
        match *self {
            Self::Advertise { set, kind, by_list, seconds } => {
                advertise(rig, set, kind, (by_list, seconds));
            }
            Self::StopAdvertising(set) => rig.gap.stop_advertising(SetId(set)),
            Self::Scan { active, by_list } => {
                let scan = if active { Scan::active() } else { Scan::passive() };
                rig.gap.scan(Scan { accept_list_only: by_list, ..scan });
            }
            Self::StopScanning => rig.gap.stop_scanning(),
            Self::Connect { any, seconds } => {
                let connect = if any { Connect::any() } else { Connect::to(PEER) };
                let timeout = seconds.map(|s| Duration::from_secs(s.into()));
                rig.gap.connect(Connect { timeout, phys: PhyMask::LE_1M, ..connect });
            }
            Self::Search => rig.gap.search(Connect::to(PEER)),
            Self::Found => rig.gap.found(rig.now, PEER),
            Self::StopConnecting => rig.gap.stop_connecting(),
            Self::Full(full) => rig.gap.set_full(full),
            Self::Resume => resume(rig),
            Self::TerminatedFirst(first) => rig.model.terminated_first = first,
            Self::AcceptList(len) => {
                let peers: Vec<_> =
                    (0..len).map(|n| Address::public([1, 2, 3, 4, len, n])).collect();
                rig.gap.set_accept_list(&peers).unwrap();
            }
            Self::PrivateAddress { number, seconds } => private_address(rig, number, seconds),
            Self::ShowIdentity(number) => rig.gap.show_identity(identity(number)),
            Self::ShowPrivate => rig.gap.show_private(),
            Self::ResolvingList(len) => {
                rig.gap.set_resolving_list(SecretKey([7; 16]), &resolved(len)).unwrap();
            }
            Self::Commands(count) => {
                for _ in 0..count {
                    rig.step();
                }
                rig.deliver();
            }
            Self::CentralComes(set) => rig.model.central_comes(set.into()),
            Self::PeripheralAnswers => rig.model.peripheral_answers(),
            Self::Fail { count, status, by_status } => {
                rig.model.failing = Some((count, Status(status)));
                rig.model.by_status = by_status;
            }
            Self::Pass(ms) => {
                rig.now += Duration::from_millis(ms.into());
                rig.gap.handle_timeout(rig.now);
            }
            Self::Restart => {
                // A set-up that fails starts again.
                rig.model.failing = None;
                rig.gap.restart();
            }
        }
    }
}

fn advertise(rig: &mut Rig, set: u8, kind: u8, (by_list, seconds): (bool, Option<u8>)) {
    let long = [7; 300];
    let mut ad = match kind {
        0 => Advertisement::connectable().name("one"),
        1 => Advertisement::scannable().name("two"),
        2 => Advertisement::non_connectable().manufacturer(7, &[1, 2]),
        3 => Advertisement::directed(PEER),
        _ => Advertisement::connectable().extended().manufacturer(7, &long[..240]),
    };
    if by_list {
        ad = ad.filter(FilterPolicy::BY_LIST);
    }
    if let Some(seconds) = seconds {
        ad = ad.timeout(Duration::from_secs(seconds.into()));
    }
    let _ = rig.gap.advertise(SetId(set), &ad, Device::UNNAMED);
}

fn resume(rig: &mut Rig) {
    (0..3).for_each(|set| rig.gap.resume_advertising(SetId(set)));
    rig.gap.resume_connecting();
}

fn private_address(rig: &mut Rig, number: u8, seconds: u8) {
    let until = rig.now + Duration::from_secs(seconds.into());
    rig.gap.set_private_address(Address::random([0x41, 0, 0, 0, 0, number]), until);
}

fn identity(number: u8) -> AddressChoice {
    match number {
        0 => AddressChoice::Automatic,
        _ => AddressChoice::Static(Address::random([0xc1, 0, 0, 0, 0, number])),
    }
}

fn resolved(len: u8) -> Vec<Resolve> {
    let peer = |n| Resolve {
        peer: Address::public([9, 2, 3, 4, len, n]),
        irk: SecretKey([n + 1; 16]),
        mode: PrivacyMode::DEVICE,
    };
    (0..len).map(peer).collect()
}

/// Checks that the state of the controller is exactly the requested one.
fn check(rig: &Rig) {
    let gap = &rig.gap;
    let info = gap.controller().unwrap();
    let own = info.own_address();
    let silent = gap.privacy.is_required() && info.private_address.is_none();
    for (n, set) in rig.model.sets.iter().enumerate() {
        let requested = gap.advertising(SetId(n as u8)) == Some(Advertising::Pending);
        let full = rig.full() && gap.advertiser.needs_link(SetId(n as u8));
        assert_eq!(set.on, requested && !silent && !full, "set {n}");
        if set.on && own != PUBLIC {
            assert_eq!(rig.model.random, own.octets());
            assert!(!rig.model.extended || set.random == own.octets());
        }
        assert_eq!(set.on, gap.is_advertising(SetId(n as u8)), "set {n}");
    }
    for entry in gap.resolving.peers() {
        let has = rig.model.resolution && rig.model.resolving.contains(&entry.peer.into());
        assert_eq!(gap.resolves(entry.peer), has);
    }
    let initiating =
        gap.initiator.active().is_some() && gap.sought().is_none() && !silent && !rig.full();
    assert_eq!(rig.model.initiating, initiating);
    let may_scan = !initiating || rig.model.states != 0;
    let scans = gap.scanner.active().is_some() || gap.sought().is_some();
    assert_eq!(rig.model.scanning, scans && may_scan && !silent);
    assert_eq!(rig.model.scanning, gap.is_scanning());
    let used = (rig.model.scanning && rig.model.scan_by_list)
        || (initiating && rig.model.initiate_by_list)
        || rig.model.sets.iter().any(|set| set.on && set.by_list);
    if used {
        let requested: Vec<_> = gap.list.peers().map(Into::into).collect();
        assert_eq!(rig.model.list, requested);
    }
    assert!(rig.links.iter().all(|up| up.wanted || !rig.model.links.contains(&up.handle)));
    let allowed = |opcode: &Opcode| *opcode == Opcode::LE_CREATE_CONNECTION_CANCEL;
    assert!(rig.model.disallowed.iter().all(allowed), "{:?}", rig.model.disallowed);
}

proptest! {
    #[test]
    fn any_order_of_requests_converges(
        extended in any::<bool>(),
        together in any::<bool>(),
        private in any::<bool>(),
        steps in proptest::collection::vec(step(), 0..40),
    ) {
        let states = if together { u64::MAX } else { 0 };
        let config = crate::Config { private, ..crate::Config::DEFAULT };
        let mut rig = Rig::with(Model { states, ..Model::new(extended) }, config);
        rig.gap.restart();
        for step in &steps {
            step.take(&mut rig);
        }
        rig.model.failing = None;
        if rig.gap.controller().is_none() {
            rig.gap.restart();
        }
        rig.pass(Duration::from_secs(10));
        check(&rig);
        rig.gap.check_progress();
        let search = rig.gap.poll_timeout().is_some_and(|(_, why)| why == GapTimer::Search);
        prop_assert!(search || rig.gap.poll_timeout().is_none(), "{:?}", rig.gap.poll_timeout());
    }

    #[test]
    fn any_events_at_any_time_are_tolerated(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        crate::fuzz::gap(&octets);
        crate::fuzz::link(&octets);
    }
}

/// Rows H11 and H12, and others: nothing happens.
#[test]
fn events_for_other_machines_are_ignored() {
    let mut rig = Rig::ready(true);
    for packet in
        [&[0x05, 4, 0, 0x23, 1, 0x13][..], &[0xff, 0], &[0x3e, 3, 0xfe, 1, 2], &[0x13, 1, 0]]
    {
        let raw = RawEvent::parse(packet).unwrap();
        let event = Event::parse(raw.code, raw.parameters).unwrap();
        assert_eq!(rig.gap.handle_event(rig.now, &event), None);
    }
    assert!(rig.gap.faults() == 0 && rig.gap.poll_event().is_none());
}

/// Rows H01 and H05.
#[test]
fn answers_without_a_request_are_ignored() {
    let mut rig = Rig::ready(true);
    rig.gap.handle_complete(rig.now, Opcode::LE_SET_SCAN_ENABLE, &[0]);
    rig.gap.handle_status(rig.now, Opcode::NOP, Status::SUCCESS);
    rig.gap.scan(Scan::passive());
    rig.run();
    rig.gap.handle_complete(rig.now, Opcode::LE_SET_EXTENDED_SCAN_ENABLE, &[0x0c]);
    rig.run();
    assert!(rig.gap.is_scanning() && rig.events.is_empty());
}

/// If the controller does not report its public address, the static random address of its vendor does not count as
/// private either.
#[test]
fn a_static_random_address_is_not_private() {
    let config = crate::Config { private: true, ..crate::Config::DEFAULT };
    let mut rig = Rig::with(Model { states: 0, ..Model::new(false) }, config);
    rig.gap.restart();
    Step::Commands(3).take(&mut rig);
    Step::Fail { count: 2, status: 1, by_status: false }.take(&mut rig);
    Step::Commands(15).take(&mut rig);
    assert_ne!(rig.gap.controller().unwrap().own_address(), PUBLIC);
    Step::Connect { any: false, seconds: None }.take(&mut rig);
    rig.pass(Duration::from_secs(10));
    assert!(!rig.model.initiating);
    check(&rig);
}
