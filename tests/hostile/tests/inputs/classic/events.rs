//! Events of a controller that lies, is out of order, or never answers. [Vol 4] Part E, 7.7

use bindrune::{ClassicChannelConfig, ClassicDiscoverable, Error, Inquiry, Level, Opcode};
use bindrune_hostile::{Controller, Opcodes, Store};
use embassy_time::Duration;
use hex_literal::hex;

use super::scene::{
    Dual, LINK, OPEN, OTHER, OTHER_LINK, PEER, config, connection_complete, connection_request,
    ended, event, idle, idle_with, linked, secured,
};

/// The host does not answer the event; the link, if there is one, works.
#[track_caller]
fn ignored(mut s: Dual, events: &[Vec<u8>]) {
    let links = s.b.host.links();
    for event in events {
        s.b.inject(event);
        s.b.expect_silence();
    }
    assert_eq!(s.b.host.links(), links);
    if links > 0 {
        s.answers();
    }
    s.ends_well();
}

/// Creates a test for each row: a setting, and events that are ignored there.
macro_rules! ignored {
    ($($(#[$meta:meta])* $name:ident: $setting:expr, [$($event:literal),*],)*) => {
        $($(#[$meta])* #[test]
        fn $name() {
            ignored($setting, &[$(hex!($event).to_vec()),*]);
        })*
    };
}

ignored! {
    /// The link has handle 0x0040; this handle is above 0x0eff.
    a_link_with_a_forbidden_handle: linked(), ["04 03 0b 00 ff0f a1a2a3a4a5a6 01 00"],
    a_failed_link_that_was_not_requested: linked(), ["04 03 0b 04 0000 a1a2a3a4a5a6 01 00"],
    the_end_of_an_unknown_link: linked(), ["04 05 04 00 4200 13"],
    an_end_that_failed: linked(), ["04 05 04 0c 4000 13"],
    encryption_of_an_unknown_link: linked(), ["04 08 04 00 4200 01"],
    a_refreshed_key_of_an_unknown_link: linked(), ["04 30 03 00 4200"],
    authentication_of_an_unknown_link: linked(), ["04 06 03 00 4200"],
    /// The host has requested no authentication.
    authentication_without_a_request: linked(), ["04 06 03 00 4000", "04 06 03 05 4000"],
    features_of_an_unknown_link: linked(), ["04 0b 0b 00 4200 ffffffffffffffff"],
    features_that_were_not_requested: linked(),
        ["04 0b 0b 00 4000 ffffffffffffffff", "04 23 0d 00 4000 09 ff ffffffffffffffff"],
    a_flush_of_an_unknown_link: linked(), ["04 11 02 4200", "04 39 02 4200"],
    a_role_of_an_unknown_peer: linked(), ["04 12 08 00 a1a2a3a4a5a6 01"],
    a_role_that_does_not_exist: linked(), ["04 12 08 00 665544332211 77"],
    a_mode_that_does_not_exist: linked(), ["04 14 06 00 4000 77 0000"],
    slots_of_no_packet: linked(), ["04 1b 03 4000 00", "04 1b 03 4200 05"],
    packet_types_that_were_not_requested: linked(), ["04 1d 05 00 4000 ffff"],
    a_supervision_timeout_of_never: linked(), ["04 38 04 4000 0000"],
    a_clock_offset: linked(), ["04 1c 05 00 4000 ffff"],
    results_without_an_inquiry: idle(), [
        "04 02 0f 01 a1a2a3a4a5a6 01 00 00 0c025a 3412",
        "04 22 0f 01 a1a2a3a4a5a6 01 00 0c025a 3412 c8"
    ],
    results_whose_number_lies: idle(), ["04 02 0f 02 a1a2a3a4a5a6 01 00 00 0c025a 3412", "04 22 01 ff"],
    the_end_of_no_inquiry: idle(), ["04 01 01 00"],
    the_end_of_no_pairing: linked(), ["04 36 07 00 665544332211", "04 36 07 05 a1a2a3a4a5a6"],
    a_keypress_without_a_pairing: linked(), ["04 3c 07 665544332211 02"],
    a_passkey_of_an_unknown_peer: linked(), ["04 3b 0a a1a2a3a4a5a6 40e20100"],
    features_of_an_unknown_host: idle(), ["04 3d 0e a1a2a3a4a5a6 ffffffffffffffff"],
    synchronous_links: linked(), ["04 2c 11 00 4300 665544332211 02 00 00 0000 0000 02"],
}

#[test]
fn every_event_is_ignored_at_every_length_that_is_too_short() {
    let mut s = linked();
    for code in 1..0x40 {
        for len in 0..24 {
            // Complete ones are rows of their own; events of commands belong to the command lane.
            if !matches!(code, 0x0e | 0x0f | 0x10 | 0x13 | 0x1a | 0x3e) && len < least(code) {
                s.b.inject(&event(code, &[&vec![0x40; len]]));
            }
        }
    }
    assert_eq!(s.b.host.links(), 1);
    assert!(s.b.host.stats().malformed_events > 200);
    s.answers();
    s.ends_well();
}

/// Returns the length of an event.
const fn least(code: u8) -> usize {
    match code {
        0x01 => 1,
        0x02 | 0x22 => 2,
        0x03 | 0x0b => 11,
        0x04 | 0x33 | 0x3b => 10,
        0x05 | 0x08 | 0x38 => 4,
        0x06 | 0x14 | 0x1b | 0x30 => 3,
        0x07 | 0x2f => 24,
        0x11 | 0x39 => 2,
        0x12 => 8,
        0x16 | 0x17 | 0x31 | 0x34 | 0x35 => 6,
        0x18 => 23,
        0x1c | 0x1d => 5,
        0x23 => 13,
        0x32 => 9,
        0x36 | 0x3c => 7,
        0x3d => 14,
        _ => 0,
    }
}

/// A link that no task requested ends at once.
#[test]
fn a_link_that_was_not_requested_is_ended() {
    let mut s = idle();
    s.b.inject(&connection_complete(0, LINK, PEER));
    assert_eq!(s.b.host.links(), 0);
    assert_eq!(s.b.commands(), [(Opcode::DISCONNECT.0, hex!("4000 14").to_vec())]);
    s.ends_well();
}

#[test]
fn the_same_link_comes_up_twice() {
    let mut s = linked();
    s.b.inject(&connection_complete(0, LINK, PEER));
    assert_eq!(s.b.host.links(), 1);
    s.ends_well();
}

#[test]
fn a_connection_with_voice_is_rejected() {
    let mut s = idle();
    s.b.inject(&event(0x04, &[&PEER.octets(), &[0x0c, 0x02, 0x5a, 0]]));
    let sent = s.b.commands();
    let reject = [&PEER.octets()[..], &[0x0d]].concat();
    assert_eq!(sent, [(Opcode::REJECT_CONNECTION_REQUEST.0, reject)]);
    s.ends_well();
}

#[test]
fn a_connection_without_room_is_rejected() {
    let mut s = linked();
    s.up(OTHER_LINK, OTHER);
    let third = [9, 9, 9, 9, 9, 9];
    s.b.inject(&event(0x04, &[&third, &[0x0c, 0x02, 0x5a, 1]]));
    let sent = s.b.commands();
    assert_eq!(sent, [(Opcode::REJECT_CONNECTION_REQUEST.0, [&third[..], &[0x0d]].concat())]);
    s.answers();
    s.ends_well();
}

#[test]
fn a_flood_of_requests_for_connections_is_bounded() {
    let mut s = idle();
    s.b.controller().mute = Opcodes::Only(vec![Opcode::ACCEPT_CONNECTION_REQUEST.0]);
    for number in 0..50 {
        s.b.inject(&event(0x04, &[&[number, 1, 2, 3, 4, 5], &[0x0c, 0x02, 0x5a, 1]]));
    }
    assert!(s.b.commands().len() <= 5);
    s.b.controller().mute = Opcodes::None;
    s.b.pass(Duration::from_secs(120));
    s.ends_well();
}

#[test]
fn an_accepted_connection_that_never_comes_frees_its_slot() {
    let mut s = idle();
    for peer in [PEER, OTHER] {
        s.b.inject(&connection_request(peer));
    }
    s.b.pass(Duration::from_secs(120));
    s.ends_well();
}

/// Answers of the controller to requests of a peer without a link.
#[test]
fn keys_of_unknown_peers_are_refused() {
    let peer = OTHER.octets();
    for (code, opcode) in [
        (0x17, Opcode::LINK_KEY_REQUEST_NEGATIVE_REPLY),
        (0x16, Opcode::PIN_CODE_REQUEST_NEGATIVE_REPLY),
        (0x31, Opcode::IO_CAPABILITY_REQUEST_NEGATIVE_REPLY),
        (0x34, Opcode::USER_PASSKEY_REQUEST_NEGATIVE_REPLY),
        (0x35, Opcode::REMOTE_OOB_DATA_REQUEST_NEGATIVE_REPLY),
    ] {
        let mut s = linked();
        s.b.inject(&event(code, &[&peer]));
        let sent = s.b.commands();
        assert_eq!((sent.len(), sent[0].0, &sent[0].1[..6]), (1, opcode.0, &peer[..]), "{code:#x}");
        s.answers();
        s.ends_well();
    }
}

#[test]
fn a_comparison_of_an_unknown_peer_is_refused() {
    let mut s = linked();
    s.b.inject(&event(0x33, &[&OTHER.octets(), &[1, 2, 3, 0]]));
    let refused = Opcode::USER_CONFIRMATION_REQUEST_NEGATIVE_REPLY.0;
    assert_eq!(s.b.commands(), [(refused, OTHER.octets().to_vec())]);
    s.answers();
    s.ends_well();
}

#[test]
fn completed_packets_that_were_not_sent_are_not_counted() {
    let mut s = linked();
    s.b.inject(&event(0x13, &[&[1], &LINK.to_le_bytes(), &[0xff, 0xff]]));
    assert_eq!(s.b.host.stats().stray_credits, 1);
    s.b.controller().completes = false;
    for number in 0..20 {
        s.signal(&format!("08 {:02x} 0000", number + 1));
    }
    assert!(s.b.frames().len() <= 4, "the controller has 4 buffers");
    s.ends_well();
}

#[test]
fn requests_that_the_controller_refuses_fail() {
    for opcode in [Opcode::CREATE_CONNECTION, Opcode::REMOTE_NAME_REQUEST, Opcode::INQUIRY] {
        let mut s = idle();
        // Command Complete with an error, for a command that Command Status answers.
        s.b.controller().answers.insert(opcode.0, vec![0x12]);
        let host = s.b.host;
        let connects = s.b.spawn(async move { host.classic().connect(PEER).await.err() });
        let names = s.b.spawn(async move { host.classic().name(PEER, &mut [0; 248]).await.err() });
        let finds = s.b.spawn(async move {
            let mut found = host.classic().discover(Inquiry::GENERAL).await.unwrap();
            _ = found.next(&mut [0; 240]).await;
        });
        s.b.pass(Duration::from_secs(200));
        assert!(connects.take().is_some() && names.take().is_some());
        assert!(finds.is_done());
        s.ends_well();
    }
}

#[test]
fn requests_without_an_event_end() {
    let mut s = idle();
    let host = s.b.host;
    let connects = s.b.spawn(async move { host.classic().connect(PEER).await.err() });
    let names = s.b.spawn(async move { host.classic().name(OTHER, &mut [0; 248]).await.err() });
    let finds = s.b.spawn(async move {
        let mut found = host.classic().discover(Inquiry::GENERAL).await.unwrap();
        found.next(&mut [0; 240]).await.map(|device| device.is_none())
    });
    s.b.pass(Duration::from_secs(200));
    assert_eq!(connects.take(), Some(Error::Timeout));
    assert!(names.take().is_some());
    assert!(finds.is_done());
    s.ends_well();
}

#[test]
fn a_link_after_its_request_was_dropped_ends() {
    let mut s = idle();
    let host = s.b.host;
    let connects = s.b.spawn(async move { host.classic().connect(PEER).await.err() });
    connects.cancel();
    s.b.settle();
    s.b.inject(&connection_complete(0, LINK, PEER));
    s.b.pass(Duration::from_secs(3));
    assert_eq!(s.b.host.links(), 0);
    // Both slots are free.
    s.up(LINK, PEER);
    s.up(OTHER_LINK, OTHER);
    s.ends_well();
}

#[test]
fn a_link_to_another_device_than_the_requested_one_ends() {
    let mut s = idle();
    let host = s.b.host;
    let connects = s.b.spawn(async move { host.classic().connect(PEER).await.err() });
    s.b.inject(&connection_complete(0, OTHER_LINK, OTHER));
    s.b.pass(Duration::from_secs(200));
    assert!(connects.take().is_some());
    assert_eq!(s.b.host.links(), 0);
    s.ends_well();
}

#[test]
fn a_controller_that_refuses_to_disconnect_does_not_keep_the_slot() {
    let mut s = linked();
    s.b.controller().answers.insert(Opcode::DISCONNECT.0, vec![0x0c]);
    let host = s.b.host;
    let ended =
        s.b.spawn(async move { host.classic().connect(PEER).await.unwrap().disconnect().await });
    s.b.pass(Duration::from_secs(200));
    assert!(ended.is_done());
    assert_eq!(s.b.host.links(), 0);
    s.ends_well();
}

/// BR/EDR is not usable; LE is.
#[test]
fn a_set_up_that_is_refused_leaves_le() {
    for (opcode, returned) in [
        (Opcode::READ_BUFFER_SIZE, hex!("03").to_vec()),
        (Opcode::READ_LOCAL_SUPPORTED_FEATURES, hex!("00 0000000060000000").to_vec()),
        (Opcode::READ_BD_ADDR, hex!("1f").to_vec()),
    ] {
        let mut controller = Controller::dual();
        controller.answers.insert(opcode.0, returned);
        let host = crate::scene::host();
        let memory = Box::leak(Box::new(bindrune::ClassicResources::<1>::new()));
        let host: &bindrune::Host = Box::leak(Box::new(host.with_classic(memory, config())));
        let mut b = bindrune_hostile::Bench::with_store(host, controller, Store::memory(&[]));
        b.pass(Duration::from_secs(10));
        let ready = b.spawn(async move { host.classic().ready().await.is_ok() });
        let le = b.spawn(async move { host.controller().await.is_ok() });
        b.pass(Duration::from_secs(100));
        if ready.is_done() {
            assert!(!ready.take(), "{opcode:?}");
        }
        if le.is_done() && le.take() {
            b.sent();
            crate::scene::is_usable(&mut b);
        }
    }
}

#[test]
fn a_controller_without_buffers_shares_those_of_le() {
    let mut controller = Controller::dual();
    controller.answers.insert(Opcode::LE_READ_BUFFER_SIZE.0, hex!("00 0000 00").to_vec());
    let mut s = idle_with(config(), controller, Store::memory(&[]));
    s.up(LINK, PEER);
    s.answers();
    s.ends_well();
}

#[test]
fn links_end_with_their_controller() {
    let mut s = secured();
    let open = s.open_with(OPEN, ClassicChannelConfig::BASIC.level(Level::Open), &[]);
    let (_, end) = s.receive(open.channel);
    s.b.inject(&event(0x10, &[&[0]]));
    s.b.pass(Duration::from_secs(10));
    assert!(end.is_done());
    assert_eq!(s.b.host.links(), 0);
    s.b.sent();
    s.ends_well();
}

#[test]
fn data_of_a_link_that_has_ended_is_not_that_of_the_next_one() {
    let mut s = linked();
    // The first half of an echo.
    s.b.inject(&hex!("02 4020 0800 0800 0100 08 01 0400"));
    s.b.inject(&ended(LINK));
    s.up(LINK, OTHER);
    s.b.inject(&hex!("02 4010 0400 61626364"));
    s.b.expect_silence();
    s.answers();
    s.ends_well();
}

/// Bridges between a controller and its host deliver data ahead of events.
#[test]
fn data_may_come_a_little_before_its_link() {
    for (ahead, served) in [(0, true), (99, true), (100, false)] {
        let mut s = idle();
        s.b.inject(&connection_request(PEER));
        s.b.sent();
        s.b.inject(&hex!("02 4020 0a00 0800 0100 08 01 0400 6162"));
        s.b.inject(&hex!("02 4010 0200 6364"));
        s.b.expect_silence();
        s.b.pass(Duration::from_millis(ahead));
        s.b.inject(&connection_complete(0, LINK, PEER));
        let answers = s.signals();
        assert_eq!(answers == [hex!("09 01 0400 61626364")], served, "{ahead} ms: {answers:02x?}");
        s.answers();
        s.ends_well();
    }
}

#[test]
fn visibility_that_the_controller_refuses_is_tried_again() {
    let mut s = idle();
    s.b.controller().answers.insert(Opcode::WRITE_SCAN_ENABLE.0, vec![0x0c]);
    s.b.host.classic().set_discoverable(ClassicDiscoverable::General).unwrap();
    s.b.pass(Duration::from_secs(5));
    assert!(s.b.commands().len() < 100, "not in a loop");
    s.b.controller().answers.clear();
    s.b.pass(Duration::from_secs(60));
    s.ends_well();
}
