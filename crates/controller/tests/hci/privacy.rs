//! The resolving list: private addresses that controllers generate and resolve.

use bindrune_controller::{ControllerConfig, ControllerId};
use bindrune_hci::{
    AdvertisingType, DeviceAddress, FilterPolicy, OwnAddressType, PrivacyMode, ScanFilterPolicy,
    SecretKey,
    cmd::{info, le},
};
use bindrune_wire::Address;
use hex_literal::hex;

use crate::bench::{Bench, MS, address, advertising_parameters, create, parameters};

fn pair() -> (Bench, [ControllerId; 2]) {
    let mut bench = Bench::new(1);
    let ids = [(); 2].map(|()| bench.add(ControllerConfig::new()));
    (bench, ids)
}

/// Returns the key of a controller's host.
fn irk(id: ControllerId) -> SecretKey {
    SecretKey([id.index() as u8 + 0x11; 16])
}

fn entry(local: ControllerId, peer: ControllerId) -> le::AddToResolvingList {
    let (peer_irk, local_irk) = (irk(peer), irk(local));
    le::AddToResolvingList { peer: address(peer).into(), peer_irk, local_irk }
}

fn trust(bench: &mut Bench, local: ControllerId, peer: ControllerId, mode: PrivacyMode) {
    bench.ok(local, &entry(local, peer));
    bench.ok(local, &le::SetPrivacyMode { peer: address(peer).into(), mode });
    bench.ok(local, &le::SetAddressResolutionEnable { enable: 1 });
}

/// Starts connectable advertising with private addresses for `peer`.
fn advertise_to(bench: &mut Bench, id: ControllerId, peer: ControllerId) {
    let own_address_type = OwnAddressType::RESOLVABLE_OR_PUBLIC;
    let peer = address(peer).into();
    let parameters =
        le::SetAdvertisingParameters { own_address_type, peer, ..advertising_parameters() };
    bench.ok(id, &parameters);
    bench.ok(id, &le::SetAdvertisingEnable { enable: 1 });
}

fn scan(bench: &mut Bench, id: ControllerId, filter_policy: ScanFilterPolicy) {
    bench.ok(
        id,
        &le::SetScanParameters {
            active: 0,
            interval: 16.into(),
            window: 16.into(),
            own_address_type: OwnAddressType::PUBLIC,
            filter_policy,
        },
    );
    bench.ok(id, &le::SetScanEnable { enable: 1, filter_duplicates: 0 });
}

/// Returns the type and address of the next advertising report.
fn report(bench: &mut Bench, id: ControllerId) -> (u8, [u8; 6]) {
    bench.wait(id, MS(2000), |p| match p {
        [4, 0x3e, _, 0x02, 1, _, kind, a, b, c, d, e, f, ..] => {
            Some((*kind, [*a, *b, *c, *d, *e, *f]))
        }
        _ => None,
    })
}

fn reports(bench: &mut Bench, id: ControllerId) -> usize {
    bench.trace.clear();
    bench.run(MS(500));
    bench
        .trace
        .iter()
        .filter(|(_, to, p)| *to == id && matches!(p[..], [4, 0x3e, _, 2, ..]))
        .count()
}

#[test]
fn private_addresses_change_and_are_resolved_to_the_identity() {
    let (mut bench, [scanner, advertiser]) = pair();
    let stranger = bench.add(ControllerConfig::new());
    trust(&mut bench, advertiser, scanner, PrivacyMode::DEVICE);
    bench.ok(advertiser, &le::SetRpaTimeout { timeout: 60.into() });
    trust(&mut bench, scanner, advertiser, PrivacyMode::DEVICE);
    advertise_to(&mut bench, advertiser, scanner);
    scan(&mut bench, scanner, ScanFilterPolicy::ALL);
    scan(&mut bench, stranger, ScanFilterPolicy::ALL);
    let identity = (2, address(advertiser).octets());
    let mut seen = Vec::new();
    for _ in 0..3 {
        bench.trace.clear();
        let (kind, octets) = report(&mut bench, stranger);
        assert!(kind == 1 && octets[5] >> 6 == 1, "a private address was expected");
        seen.push(octets);
        assert_eq!(report(&mut bench, scanner), identity);
        let peer = address(advertiser).into();
        let read = bench.ok(scanner, &le::ReadPeerResolvableAddress { peer });
        assert_eq!(read[1..], octets);
        let peer = address(scanner).into();
        let read = bench.ok(advertiser, &le::ReadLocalResolvableAddress { peer });
        assert_eq!(read[1..], octets);
        bench.run(MS(60_000));
    }
    assert!(seen[0] != seen[1] && seen[1] != seen[2] && seen[0] != seen[2]);
}

#[test]
fn a_link_knows_identities_and_private_addresses() {
    let (mut bench, [central, peripheral]) = pair();
    trust(&mut bench, central, peripheral, PrivacyMode::NETWORK);
    trust(&mut bench, peripheral, central, PrivacyMode::NETWORK);
    advertise_to(&mut bench, peripheral, central);
    let own_address_type = OwnAddressType::RESOLVABLE_OR_PUBLIC;
    let create = create(address(peripheral), parameters(24, 100));
    bench.ok(central, &le::CreateConnection { own_address_type, ..create });
    let a = bench.event(central, 0x3e, &[0x0a]);
    let b = bench.event(peripheral, 0x3e, &[0x0a]);
    for (event, peer) in [(&a, peripheral), (&b, central)] {
        assert_eq!(event[5], 2, "a public identity address");
        assert_eq!(event[6..12], address(peer).octets());
        assert_ne!(event[12..18], [0; 6]);
    }
    assert_eq!((&a[12..18], &a[18..24]), (&b[18..24], &b[12..18]), "private addresses");
}

#[test]
fn without_the_enhanced_event_the_addresses_on_air_are_reported() {
    let (mut bench, [central, peripheral]) = pair();
    bench.ok(central, &le::SetEventMask { mask: 0x1f.into() });
    trust(&mut bench, central, peripheral, PrivacyMode::DEVICE);
    trust(&mut bench, peripheral, central, PrivacyMode::DEVICE);
    advertise_to(&mut bench, peripheral, central);
    bench.ok(central, &create(address(peripheral), parameters(24, 100)));
    let event = bench.event(central, 0x3e, &[0x01]);
    assert!(event[5] == 1 && event[11] >> 6 == 1);
}

#[test]
fn network_privacy_ignores_identity_addresses() {
    for (mode, seen) in [(PrivacyMode::NETWORK, false), (PrivacyMode::DEVICE, true)] {
        let (mut bench, [scanner, advertiser]) = pair();
        trust(&mut bench, scanner, advertiser, mode);
        bench.advertise(advertiser, b"");
        scan(&mut bench, scanner, ScanFilterPolicy::ALL);
        assert_eq!(reports(&mut bench, scanner) > 0, seen);
    }
}

#[test]
fn the_accept_list_takes_identities() {
    let (mut bench, [scanner, advertiser]) = pair();
    let other = bench.add(ControllerConfig::new());
    trust(&mut bench, scanner, advertiser, PrivacyMode::DEVICE);
    trust(&mut bench, advertiser, scanner, PrivacyMode::DEVICE);
    bench.ok(scanner, &le::AddToFilterAcceptList { peer: address(advertiser).into() });
    advertise_to(&mut bench, advertiser, scanner);
    bench.advertise(other, b"");
    scan(&mut bench, scanner, ScanFilterPolicy::BY_LIST);
    for _ in 0..5 {
        assert_eq!(report(&mut bench, scanner), (2, address(advertiser).octets()));
    }
    bench.ok(scanner, &le::SetScanEnable { enable: 0, filter_duplicates: 0 });
    bench.ok(scanner, &le::SetAddressResolutionEnable { enable: 0 });
    scan(&mut bench, scanner, ScanFilterPolicy::BY_LIST);
    assert_eq!(reports(&mut bench, scanner), 0, "no address is resolved");
}

#[test]
fn directed_advertising_to_a_private_address() {
    let (mut bench, [central, peripheral]) = pair();
    let stranger = bench.add(ControllerConfig::new());
    trust(&mut bench, central, peripheral, PrivacyMode::DEVICE);
    trust(&mut bench, peripheral, central, PrivacyMode::DEVICE);
    let directed = le::SetAdvertisingParameters {
        kind: AdvertisingType::DIRECTED_LOW_DUTY,
        own_address_type: OwnAddressType::RESOLVABLE_OR_PUBLIC,
        peer: address(central).into(),
        ..advertising_parameters()
    };
    bench.ok(peripheral, &directed);
    bench.ok(peripheral, &le::SetAdvertisingEnable { enable: 1 });
    scan(&mut bench, stranger, ScanFilterPolicy::ALL);
    assert_eq!(reports(&mut bench, stranger), 0);
    scan_off(&mut bench, stranger);
    scan(&mut bench, stranger, ScanFilterPolicy::ALL_OR_RESOLVABLE);
    assert!(reports(&mut bench, stranger) > 0, "a host may request reports for unresolved targets");
    let own_address_type = OwnAddressType::RESOLVABLE_OR_PUBLIC;
    let create = create(address(peripheral), parameters(24, 100));
    bench.ok(central, &le::CreateConnection { own_address_type, ..create });
    assert_eq!(bench.event(central, 0x3e, &[0x0a])[1], 0);
    assert_eq!(bench.event(peripheral, 0x3e, &[0x0a])[1], 0);
}

fn scan_off(bench: &mut Bench, id: ControllerId) {
    bench.ok(id, &le::SetScanEnable { enable: 0, filter_duplicates: 0 });
}

#[test]
fn an_advertiser_serves_identities_of_its_accept_list_only() {
    for listed in [true, false] {
        let (mut bench, [central, peripheral]) = pair();
        trust(&mut bench, central, peripheral, PrivacyMode::DEVICE);
        trust(&mut bench, peripheral, central, PrivacyMode::DEVICE);
        if listed {
            bench.ok(peripheral, &le::AddToFilterAcceptList { peer: address(central).into() });
        }
        let parameters_ = le::SetAdvertisingParameters {
            filter_policy: FilterPolicy::CONNECT_BY_LIST,
            ..advertising_parameters()
        };
        bench.ok(peripheral, &parameters_);
        bench.ok(peripheral, &le::SetAdvertisingEnable { enable: 1 });
        let own_address_type = OwnAddressType::RESOLVABLE_OR_PUBLIC;
        let create = create(address(peripheral), parameters(24, 100));
        bench.ok(central, &le::CreateConnection { own_address_type, ..create });
        bench.run(MS(1000));
        let up = |(_, _, p): &(u64, ControllerId, Vec<u8>)| matches!(p[..], [4, 0x3e, _, 0x0a, ..]);
        assert_eq!(bench.trace.iter().any(up), listed);
    }
}

#[test]
fn the_list_changes_only_while_it_is_not_in_use() {
    let (mut bench, [id, peer]) = pair();
    bench.ok(id, &entry(id, peer));
    bench.advertise(id, b"");
    assert_eq!(bench.command(id, &le::SetAddressResolutionEnable { enable: 1 }), [0x0c]);
    bench.ok(id, &le::ClearResolvingList);
    bench.ok(id, &entry(id, peer));
    assert_eq!(bench.air.violations(id).resolving_list_in_use, 1);
    bench.ok(id, &le::SetAdvertisingEnable { enable: 0 });
    bench.ok(id, &le::SetAddressResolutionEnable { enable: 1 });
    bench.ok(id, &le::SetAdvertisingEnable { enable: 1 });
    let peer_address: DeviceAddress = address(peer).into();
    assert_eq!(bench.command(id, &le::ClearResolvingList), [0x0c]);
    assert_eq!(bench.command(id, &entry(id, peer)), [0x0c]);
    assert_eq!(bench.command(id, &le::RemoveFromResolvingList { peer: peer_address }), [0x0c]);
    let mode = PrivacyMode::DEVICE;
    assert_eq!(bench.command(id, &le::SetPrivacyMode { peer: peer_address, mode }), [0x0c]);
    assert_eq!(bench.air.violations(id).resolving_list_in_use, 5);
    bench.ok(id, &le::SetRpaTimeout { timeout: 1.into() });
}

#[test]
fn the_list_refuses_what_it_cannot_hold() {
    let mut bench = Bench::new(1);
    let id = bench.add(ControllerConfig::new().resolving_list(2));
    let peer = |n: u8| Address::public([1, 2, 3, 4, 5, n]).into();
    let add = |n: u8, key: u8| le::AddToResolvingList {
        peer: peer(n),
        peer_irk: SecretKey([key; 16]),
        local_irk: SecretKey([9; 16]),
    };
    assert_eq!(bench.ok(id, &le::ReadResolvingListSize), hex!("00 02"));
    bench.ok(id, &add(1, 1));
    assert_eq!(bench.command(id, &add(1, 2)), [0x12], "the same peer");
    assert_eq!(bench.command(id, &add(2, 1)), [0x12], "the same key");
    bench.ok(id, &add(2, 0));
    assert_eq!(bench.command(id, &add(3, 0)), [0x07]);
    bench.ok(id, &le::RemoveFromResolvingList { peer: peer(1) });
    assert_eq!(bench.command(id, &le::RemoveFromResolvingList { peer: peer(1) }), [0x02]);
    let bad = le::SetPrivacyMode { peer: peer(2), mode: PrivacyMode(2) };
    assert_eq!(bench.command(id, &bad), [0x12]);
    assert_eq!(bench.command(id, &le::SetRpaTimeout { timeout: 0.into() }), [0x12]);
    assert_eq!(bench.command(id, &le::SetRpaTimeout { timeout: 3601.into() }), [0x12]);
    assert_eq!(bench.command(id, &le::SetAddressResolutionEnable { enable: 2 }), [0x12]);
    assert_eq!(bench.command(id, &le::ReadPeerResolvableAddress { peer: peer(2) })[0], 0x02);
}

#[test]
fn a_controller_without_a_resolving_list() {
    let mut bench = Bench::new(1);
    let id = bench.add(ControllerConfig::new().resolving_list(0));
    let commands = bench.ok(id, &info::ReadLocalSupportedCommands);
    assert_eq!((commands[1..][34] & 0xf8, commands[1..][35] & 0x07), (0, 0));
    let features = bench.ok(id, &le::ReadLocalSupportedFeatures);
    assert_eq!(features[1] & 0x40, 0, "LL privacy");
    assert_eq!(bench.command(id, &le::ClearResolvingList), [0x01]);
}
