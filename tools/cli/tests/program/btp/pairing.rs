//! Pairing by each method, answered by the testers.

use bindrune::Address;
use bindrune_btp::gap::{Command, Event, IoCapability, Response};

use super::client::{Client, Hosts};

/// What the testers do during a pairing.
#[derive(Clone, Copy, Debug)]
enum Talk {
    /// Nothing: Just Works, or out-of-band data.
    Nothing,
    /// Both compare a number.
    Compare,
    /// The first displays the passkey, the second enters it.
    FirstDisplays,
    /// The second displays the passkey, the first enters it.
    SecondDisplays,
}

fn displayed(client: &mut Client) -> u32 {
    client.gap_event(|event| match event {
        Event::PasskeyDisplay { passkey, .. } => Some(*passkey),
        _ => None,
    })
}

/// Enters a passkey when the host asks for it.
fn enter(client: &mut Client, passkey: u32) {
    let peer = client.gap_event(|event| match event {
        Event::PasskeyEntryRequest { peer } => Some(*peer),
        _ => None,
    });
    client.gap(Command::PasskeyEntry { peer, passkey });
}

fn compared(client: &mut Client) -> (Address, u32) {
    client.gap_event(|event| match event {
        Event::PasskeyConfirmRequest { peer, passkey } => Some((*peer, *passkey)),
        _ => None,
    })
}

/// Pairs on a new link, and returns the level; then removes the bonds.
fn pair(hosts: &mut Hosts, talk: Talk) -> u8 {
    let (central, peer) = hosts.link();
    hosts.one.gap(Command::Pair { peer });
    let Hosts { one, two, .. } = hosts;
    match talk {
        Talk::Nothing => {}
        Talk::Compare => {
            let (of_one, of_two) = (compared(one), compared(two));
            assert_eq!(of_one.1, of_two.1, "the numbers");
            one.gap(Command::PasskeyConfirm { peer: of_one.0, matches: true });
            two.gap(Command::PasskeyConfirm { peer: of_two.0, matches: true });
        }
        Talk::FirstDisplays => {
            let passkey = displayed(one);
            enter(two, passkey);
        }
        Talk::SecondDisplays => {
            let passkey = displayed(two);
            enter(one, passkey);
        }
    }
    let level = one.level();
    assert_eq!(two.level(), level, "{talk:?}");
    one.paired();
    two.paired();
    two.gap(Command::Unpair { peer: central });
    for client in [&mut *one, &mut *two] {
        client.gap_event(|event| matches!(event, Event::Disconnected { .. }).then_some(()));
        client.forget();
    }
    one.gap(Command::Unpair { peer });
    level
}

fn set_io(hosts: &mut Hosts, one: IoCapability, two: IoCapability) {
    hosts.one.gap(Command::SetIoCapability { io: one });
    hosts.two.gap(Command::SetIoCapability { io: two });
}

const METHODS: [(IoCapability, IoCapability, Talk, bool); 4] = [
    (IoCapability::NO_INPUT_NO_OUTPUT, IoCapability::DISPLAY_YES_NO, Talk::Nothing, false),
    (IoCapability::DISPLAY_YES_NO, IoCapability::DISPLAY_YES_NO, Talk::Compare, true),
    (IoCapability::DISPLAY_ONLY, IoCapability::KEYBOARD_ONLY, Talk::FirstDisplays, true),
    (IoCapability::KEYBOARD_ONLY, IoCapability::DISPLAY_ONLY, Talk::SecondDisplays, true),
];

#[test]
fn secure_connections_pair_by_each_method() {
    let mut hosts = Hosts::new("");
    for (one, two, talk, authenticated) in METHODS {
        set_io(&mut hosts, one, two);
        assert_eq!(pair(&mut hosts, talk), if authenticated { 3 } else { 1 }, "{talk:?}");
    }
}

#[test]
fn legacy_pairing_by_each_of_its_methods() {
    let mut hosts = Hosts::new("");
    hosts.two.gap(Command::SetSecureConnections { on: false });
    for (one, two, talk, _) in METHODS {
        // Legacy pairing has no numbers to compare.
        let talk = if matches!(talk, Talk::Compare) { Talk::Nothing } else { talk };
        set_io(&mut hosts, one, two);
        // A listener finds a legacy passkey, so the host does not count it as authentication.
        assert_eq!(pair(&mut hosts, talk), 1, "{talk:?}");
    }
}

#[test]
fn out_of_band_data_pairs_in_both_generations() {
    let mut hosts = Hosts::new("");
    let Response::OobLocalData { random, confirm } = hosts.one.gap(Command::OobGetLocalData {})
    else {
        panic!("no data")
    };
    hosts.two.gap(Command::OobSetRemoteData { random, confirm });
    let Response::OobLocalData { random, confirm } = hosts.two.gap(Command::OobGetLocalData {})
    else {
        panic!("no data")
    };
    hosts.one.gap(Command::OobSetRemoteData { random, confirm });
    assert_eq!(pair(&mut hosts, Talk::Nothing), 3);
    hosts.one.gap(Command::Reset {});
    hosts.two.gap(Command::Reset {});
    hosts.two.gap(Command::SetSecureConnections { on: false });
    for client in [&mut hosts.one, &mut hosts.two] {
        client.gap(Command::OobLegacySetData { key: [0x5a; 16] });
    }
    assert_eq!(pair(&mut hosts, Talk::Nothing), 2);
}

#[test]
fn a_wrong_passkey_and_a_wrong_number_fail_with_their_reasons() {
    const CONFIRM_VALUE_FAILED: u8 = 0x04;
    const NUMERIC_COMPARISON_FAILED: u8 = 0x0c;
    let failed = |event: &Event| match event {
        Event::PairingFailed { reason, .. } => Some(*reason),
        _ => None,
    };
    let mut hosts = Hosts::new("");
    set_io(&mut hosts, IoCapability::KEYBOARD_ONLY, IoCapability::DISPLAY_ONLY);
    let (_, peer) = hosts.link();
    hosts.one.gap(Command::Pair { peer });
    let passkey = displayed(&mut hosts.two);
    enter(&mut hosts.one, (passkey + 1) % 1_000_000);
    for client in [&mut hosts.one, &mut hosts.two] {
        assert_eq!(client.gap_event(failed), CONFIRM_VALUE_FAILED);
    }
    hosts.unlink(peer);
    // The host waits after a failure before it pairs with the peer again.
    std::thread::sleep(std::time::Duration::from_millis(2500));
    set_io(&mut hosts, IoCapability::DISPLAY_YES_NO, IoCapability::DISPLAY_YES_NO);
    let (_, peer) = hosts.link();
    hosts.one.gap(Command::Pair { peer });
    let (of_one, _) = (compared(&mut hosts.one), compared(&mut hosts.two));
    hosts.one.gap(Command::PasskeyConfirm { peer: of_one.0, matches: false });
    for client in [&mut hosts.one, &mut hosts.two] {
        assert_eq!(client.gap_event(failed), NUMERIC_COMPARISON_FAILED);
    }
}

#[test]
fn a_bond_encrypts_the_next_link_and_its_loss_is_reported() {
    let mut hosts = Hosts::new("");
    let (central, peer) = hosts.link();
    hosts.one.gap(Command::Pair { peer });
    assert_eq!((hosts.one.level(), hosts.two.level()), (1, 1));
    hosts.one.paired();
    hosts.two.paired();
    hosts.unlink(peer);
    let (_, peer) = hosts.link();
    hosts.one.gap(Command::Pair { peer });
    assert_eq!((hosts.one.level(), hosts.two.level()), (1, 1));
    hosts.unlink(peer);
    hosts.two.gap(Command::Unpair { peer: central });
    let (_, peer) = hosts.link();
    hosts.one.gap(Command::Pair { peer });
    hosts.one.gap_event(|event| matches!(event, Event::BondLost { .. }).then_some(()));
}

#[test]
fn secure_connections_only_refuses_what_is_weaker() {
    const AUTHENTICATION_REQUIREMENTS: u8 = 0x03;
    let mut hosts = Hosts::new("");
    hosts.two.gap(Command::SetSecureConnectionsOnly { on: true });
    let (_, peer) = hosts.link();
    hosts.one.gap(Command::Pair { peer });
    let reason = hosts.one.gap_event(|event| match event {
        Event::PairingFailed { reason, .. } => Some(*reason),
        _ => None,
    });
    assert_eq!(reason, AUTHENTICATION_REQUIREMENTS);
}

#[test]
fn a_peripheral_asks_its_central_for_security() {
    let mut hosts = Hosts::new("");
    let (central, _) = hosts.link();
    hosts.two.gap(Command::Pair { peer: central });
    assert_eq!((hosts.two.level(), hosts.one.level()), (1, 1));
}
