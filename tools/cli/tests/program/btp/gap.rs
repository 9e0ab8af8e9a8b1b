//! GAP: settings, advertising, discovery, links.

use bindrune_btp::{
    List8, Status,
    gap::{AdvertisingData, Command, Event, OwnAddress, Response, discovery, found, settings},
};

use super::client::{Client, Hosts, listening};

fn current(response: &Response) -> u32 {
    match response {
        Response::ControllerInfo { current: settings, .. }
        | Response::WasReset { settings }
        | Response::Powered { settings }
        | Response::Connectable { settings }
        | Response::Discoverable { settings }
        | Response::Bondable { settings }
        | Response::AdvertisingStarted { settings }
        | Response::AdvertisingStopped { settings }
        | Response::PrivacySet { settings }
        | Response::SecureConnectionsSet { settings }
        | Response::SecureConnectionsOnlySet { settings } => *settings,
        other => panic!("{other:?}"),
    }
}

fn start(client: &mut Client, data: &[u8], scan_response: &[u8], duration: u32) -> u32 {
    let data = AdvertisingData { data: data.to_vec(), scan_response: scan_response.to_vec() };
    let own_address = OwnAddress::IDENTITY;
    current(&client.gap(Command::StartAdvertising { data, duration, own_address }))
}

#[test]
fn settings_are_reported_and_reset() {
    let (mut client, _program) = listening("sim", "");
    client.register();
    let list = client.gap(Command::ReadIndexList {});
    assert_eq!(list, Response::IndexList { indices: List8(vec![0]) });
    let info = client.gap(Command::ReadControllerInfo {});
    let Response::ControllerInfo { supported, name, short_name, .. } = &info else {
        panic!("{info:?}")
    };
    assert!(name.starts_with(b"bindrune\0") && short_name.starts_with(b"bindrune\0"));
    let initial = current(&info);
    assert_eq!(initial & !supported, 0);
    assert_ne!(initial & settings::POWERED, 0);
    for (on, off, bit) in [
        (
            Command::SetConnectable { on: true },
            Command::SetConnectable { on: false },
            settings::CONNECTABLE,
        ),
        (
            Command::SetDiscoverable { mode: 2 },
            Command::SetDiscoverable { mode: 0 },
            settings::DISCOVERABLE,
        ),
        (Command::SetBondable { on: true }, Command::SetBondable { on: false }, settings::BONDABLE),
        (Command::SetPrivacy { on: true }, Command::SetPrivacy { on: false }, settings::PRIVACY),
        (
            Command::SetSecureConnectionsOnly { on: true },
            Command::SetSecureConnectionsOnly { on: false },
            settings::SECURE_CONNECTIONS_ONLY,
        ),
    ] {
        assert_eq!(current(&client.gap(on)) & bit, bit);
        assert_eq!(current(&client.gap(off)) & bit, 0);
    }
    client.gap(Command::SetConnectable { on: true });
    assert_eq!(
        start(&mut client, &[9, 1, b'x'], &[], u32::MAX) & settings::ADVERTISING,
        settings::ADVERTISING
    );
    assert_eq!(current(&client.gap(Command::Reset {})), initial);
}

#[test]
fn the_controller_is_turned_off_and_on() {
    let (mut client, _program) = listening("sim", "");
    client.register();
    let off = current(&client.gap(Command::SetPowered { on: false }));
    assert_eq!(off & settings::POWERED, 0);
    let scan = Command::StartDiscovery { flags: discovery::LE | discovery::OBSERVE };
    assert_eq!(client.command(scan.clone()), Err(Status::NOT_READY));
    let on = current(&client.gap(Command::SetPowered { on: true }));
    assert_eq!(on & settings::POWERED, settings::POWERED);
    client.gap(scan);
    client.gap_event(|event| matches!(event, Event::DeviceFound { .. }).then_some(()));
}

#[test]
fn discovery_reports_what_its_procedure_is_for() {
    let mut hosts = Hosts::new("");
    let Hosts { one, two, .. } = &mut hosts;
    // A scannable advertiser that is not discoverable: observation finds it, general discovery does not.
    let on = start(two, &[9, 1, b'a'], &[9, 1, b'b'], u32::MAX);
    assert_eq!(on & settings::ADVERTISING, settings::ADVERTISING);
    one.gap(Command::StartDiscovery { flags: discovery::LE | discovery::ACTIVE });
    std::thread::sleep(std::time::Duration::from_millis(700));
    one.gap(Command::StartDiscovery {
        flags: discovery::LE | discovery::ACTIVE | discovery::OBSERVE,
    });
    let (flags, data) = one.gap_event(|event| match event {
        Event::DeviceFound { flags, data, .. } => Some((*flags, data.0.clone())),
        _ => None,
    });
    assert_eq!(flags, found::RSSI | found::ADVERTISING_DATA | found::SCAN_RESPONSE);
    assert_eq!(data, [2, 9, b'a', 2, 9, b'b']);
    one.gap(Command::StopDiscovery {});
    // Limited discovery wants the limited flag.
    two.gap(Command::SetDiscoverable { mode: 2 });
    start(two, &[9, 1, b'l'], &[], u32::MAX);
    one.forget();
    one.gap(Command::StartDiscovery { flags: discovery::LE | discovery::LIMITED });
    let data = one.gap_event(|event| match event {
        Event::DeviceFound { data, .. } => Some(data.0.clone()),
        _ => None,
    });
    assert_eq!(data, [2, 1, 5, 2, 9, b'l']);
    one.gap(Command::StopDiscovery {});
    let wrong = Command::StartDiscovery { flags: discovery::BR_EDR };
    assert_eq!(one.command(wrong), Err(Status::FAIL));
}

#[test]
fn advertising_ends_after_its_time_and_refuses_what_does_not_fit() {
    let (mut client, _program) = listening("sim", "");
    client.register();
    client.gap(Command::SetConnectable { on: true });
    start(&mut client, &[9, 1, b'x'], &[], 500);
    let settings = client.gap_event(|event| match event {
        Event::NewSettings { settings } => Some(*settings),
        _ => None,
    });
    assert_eq!(settings & settings::ADVERTISING, 0);
    let long = [vec![0xff, 60], vec![7; 60]].concat();
    let data = AdvertisingData { data: long, scan_response: Vec::new() };
    let own_address = OwnAddress::IDENTITY;
    let command = Command::StartAdvertising { data, duration: u32::MAX, own_address };
    assert_eq!(client.command(command), Err(Status::FAIL));
    let off = client.gap(Command::StopAdvertising {});
    assert_eq!(current(&off) & settings::ADVERTISING, 0);
}

#[test]
fn links_are_made_changed_and_ended() {
    let mut hosts = Hosts::new("");
    let (_, peer) = hosts.link();
    // Advertising ended with the link.
    let settings = hosts.two.gap_event(|event| match event {
        Event::NewSettings { settings } => Some(*settings),
        _ => None,
    });
    assert_eq!(settings & settings::ADVERTISING, 0);
    let own_address = OwnAddress::IDENTITY;
    let again = Command::Connect { peer, own_address };
    assert_eq!(hosts.one.command(again.clone()), Err(Status::FAIL));
    let update = |interval| Command::UpdateParameters {
        peer,
        interval_min: interval,
        interval_max: interval,
        latency: 0,
        timeout: 300,
    };
    assert_eq!(hosts.one.command(update(2)), Err(Status::FAIL));
    hosts.one.gap(update(50));
    for client in [&mut hosts.one, &mut hosts.two] {
        client.gap_event(|event| match event {
            Event::ParametersUpdated { interval: 50, timeout: 300, .. } => Some(()),
            _ => None,
        });
    }
    hosts.unlink(peer);
    // An attempt to connect is ended by Disconnect.
    hosts.one.gap(again);
    hosts.one.gap(Command::Disconnect { peer });
    assert_eq!(hosts.one.command(Command::Disconnect { peer }), Err(Status::FAIL));
}

#[test]
fn directed_advertising_and_the_filter_list_find_the_peer() {
    let mut hosts = Hosts::new("");
    let (central, peer) = hosts.link();
    hosts.unlink(peer);
    let options = 0;
    hosts.two.gap(Command::StartDirectedAdvertising { peer: central, options });
    hosts.one.gap(Command::SetFilterList { peers: List8(vec![peer]) });
    let any = bindrune::Address::public([0; 6]);
    hosts.one.gap(Command::Connect { peer: any, own_address: OwnAddress::IDENTITY });
    let connected = |event: &Event| match event {
        Event::Connected { peer, .. } => Some(*peer),
        _ => None,
    };
    assert_eq!(hosts.one.gap_event(connected), peer);
    assert_eq!(hosts.two.gap_event(connected), central);
}
