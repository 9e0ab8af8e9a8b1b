use std::{vec, vec::Vec};

use bindrune_hci::{
    Opcode, Status,
    cmd::{SupportedCommands, baseband::EventMask, le::LeEventMask},
};
use bindrune_wire::{Address, time::Instant};
use embassy_time::Duration;

use crate::{
    AddressChoice, Config, ControllerInfo, GapEvent, GapTimer, InitError,
    testing::{Model, PUBLIC, Rig},
};

fn set_up(model: Model, config: Config) -> Rig {
    let mut rig = Rig::with(model, config);
    rig.start();
    rig
}

fn info(rig: &Rig) -> ControllerInfo {
    *rig.gap.controller().unwrap()
}

#[test]
fn a_full_controller_is_asked_everything() {
    let rig = set_up(Model::new(true), Config { host_acl_count: 6, ..Config::DEFAULT });
    assert_eq!(
        rig.opcodes(),
        [
            Opcode::RESET,
            Opcode::READ_LOCAL_VERSION,
            Opcode::READ_LOCAL_SUPPORTED_COMMANDS,
            Opcode::READ_LOCAL_SUPPORTED_FEATURES,
            Opcode::READ_BD_ADDR,
            Opcode::LE_READ_BUFFER_SIZE,
            Opcode::LE_READ_LOCAL_SUPPORTED_FEATURES,
            Opcode::SET_EVENT_MASK,
            Opcode::SET_EVENT_MASK_PAGE_2,
            Opcode::LE_SET_EVENT_MASK,
            Opcode::LE_READ_SUPPORTED_STATES,
            Opcode::HOST_BUFFER_SIZE,
            Opcode::SET_CONTROLLER_TO_HOST_FLOW_CONTROL,
            Opcode::LE_READ_FILTER_ACCEPT_LIST_SIZE,
            Opcode::LE_READ_RESOLVING_LIST_SIZE,
            Opcode::LE_READ_MAXIMUM_DATA_LENGTH,
            Opcode::LE_WRITE_SUGGESTED_DEFAULT_DATA_LENGTH,
            Opcode::LE_SET_DEFAULT_PHY,
            Opcode::LE_READ_MAXIMUM_ADVERTISING_DATA_LENGTH,
            Opcode::LE_READ_NUMBER_OF_ADVERTISING_SETS,
        ]
    );
    assert_eq!(rig.events, [GapEvent::Ready]);
    let info = info(&rig);
    assert_eq!((info.hci_version, info.lmp_subversion, info.manufacturer), (12, 0x5678, 0x1234));
    assert_eq!((info.acl_len, info.acl_count, info.acl_shared), (251, 8, false));
    assert_eq!((info.address, info.public_address), (PUBLIC, Some(PUBLIC)));
    assert_eq!(
        (info.accept_list_size, info.advertising_sets, info.max_advertising_data),
        (8, 3, 1650)
    );
    assert!(info.extended && info.host_flow_control && info.uses_data_length && info.uses_phy_2m);
    let events = EventMask::from_bits_retain(rig.model.event_mask);
    assert!(events.contains(EventMask::LE_META | EventMask::DISCONNECTION_COMPLETE));
    let le_events = LeEventMask::from_bits_retain(rig.model.le_event_mask);
    assert!(le_events.contains(LeEventMask::ADVERTISING_SET_TERMINATED));
    assert!(!le_events.contains(LeEventMask::SCAN_REQUEST_RECEIVED));
}

#[test]
fn a_small_controller_is_asked_little() {
    let mut model = Model::new(false);
    model.le_features = 1;
    for opcode in [
        Opcode::SET_EVENT_MASK_PAGE_2,
        Opcode::LE_READ_RESOLVING_LIST_SIZE,
        Opcode::LE_READ_MAXIMUM_DATA_LENGTH,
        Opcode::LE_SET_DATA_LENGTH,
        Opcode::HOST_BUFFER_SIZE,
    ] {
        model.commands.remove(opcode);
    }
    let rig = set_up(model, Config { host_acl_count: 6, ..Config::DEFAULT });
    assert_eq!(
        rig.opcodes()[7..],
        [
            Opcode::SET_EVENT_MASK,
            Opcode::LE_SET_EVENT_MASK,
            Opcode::LE_READ_SUPPORTED_STATES,
            Opcode::LE_READ_FILTER_ACCEPT_LIST_SIZE,
        ]
    );
    let info = info(&rig);
    assert!(
        !info.extended && !info.host_flow_control && !info.uses_data_length && !info.uses_phy_2m
    );
    assert_eq!((info.advertising_sets, info.max_advertising_data, info.max_tx_octets), (1, 31, 27));
}

#[test]
fn optional_commands_may_be_refused_in_either_way() {
    for by_status in [false, true] {
        let mut model = Model::new(true);
        model.by_status = by_status;
        model.refuses = [
            Opcode::SET_EVENT_MASK_PAGE_2,
            Opcode::SET_CONTROLLER_TO_HOST_FLOW_CONTROL,
            Opcode::LE_READ_SUPPORTED_STATES,
            Opcode::LE_READ_MAXIMUM_DATA_LENGTH,
            Opcode::LE_SET_DEFAULT_PHY,
            Opcode::READ_BD_ADDR,
            Opcode::LE_READ_NUMBER_OF_ADVERTISING_SETS,
        ]
        .map(|opcode| (opcode, Status::UNKNOWN_COMMAND))
        .to_vec();
        let rig = set_up(model, Config { host_acl_count: 6, ..Config::DEFAULT });
        let info = info(&rig);
        assert!(!info.host_flow_control && !info.uses_data_length && !info.uses_phy_2m);
        assert!(info.address.is_static() && info.advertising_sets == 1);
    }
}

#[test]
fn failure_of_a_mandatory_command_ends_the_set_up() {
    let mut model = Model::new(true);
    model.refuses = vec![(Opcode::LE_SET_EVENT_MASK, Status::UNKNOWN_COMMAND)];
    let rig = set_up(model, Config::DEFAULT);
    let error =
        InitError::Command { opcode: Opcode::LE_SET_EVENT_MASK, status: Status::UNKNOWN_COMMAND };
    assert_eq!(rig.events, [GapEvent::InitFailed(error)]);
    assert!(rig.gap.controller().is_none());
}

/// Rows H03 and H04.
#[test]
fn buffers_are_shared_or_enough_or_refused() {
    let cases = [
        ((0, 0), (1021, 10), Ok((1021, 10, true))),
        ((27, 0), (27, 3), Ok((27, 3, true))),
        ((27, 1), (0, 0), Ok((27, 1, false))),
        ((0, 0), (0, 0), Err(InitError::NoBuffers)),
        ((0, 0), (1021, 0), Err(InitError::NoBuffers)),
        ((0, 5), (0, 5), Err(InitError::NoBuffers)),
        ((1, 1), (0, 0), Err(InitError::ShortBuffers(1))),
        ((0, 0), (26, 4), Err(InitError::ShortBuffers(26))),
    ];
    for (le_buffers, shared_buffers, expected) in cases {
        let rig = set_up(Model { le_buffers, shared_buffers, ..Model::new(true) }, Config::DEFAULT);
        let found = match rig.events[..] {
            [GapEvent::Ready] => {
                let info = info(&rig);
                Ok((info.acl_len, info.acl_count, info.acl_shared))
            }
            [GapEvent::InitFailed(error)] => Err(error),
            _ => panic!("{:?}", rig.events),
        };
        assert_eq!(found, expected);
    }
}

fn address(model: Model, config: Config) -> (Address, Vec<Opcode>, Rig) {
    let rig = set_up(model, config);
    let last = rig.opcodes().split_off(rig.sent.len() - 3);
    (info(&rig).address, last, rig)
}

#[test]
fn our_address_is_public_or_the_vendors_or_generated() {
    let none = Model { public: [0; 6], ..Model::new(true) };
    for manufacturer in [0x0059, 0x05f1] {
        let vendor = Model { manufacturer, ..none.clone() };
        let (found, last, rig) = address(vendor, Config::DEFAULT);
        assert_eq!(found, Address::random([0xc1, 2, 3, 4, 5, 6]));
        assert_eq!(
            last[1..],
            [Opcode::VENDOR_READ_STATIC_ADDRESSES, Opcode::LE_SET_RANDOM_ADDRESS]
        );
        assert_eq!(rig.model.random, found.octets());
    }
    let (found, last, mut rig) = address(none.clone(), Config::DEFAULT);
    assert_eq!(found, Address::random([0xc6, 5, 4, 3, 2, 1]));
    assert_eq!(last[1..], [Opcode::LE_RAND, Opcode::LE_SET_RANDOM_ADDRESS]);
    rig.forget();
    rig.start();
    assert_eq!(info(&rig).address, found);
    assert!(!rig.opcodes().contains(&Opcode::LE_RAND), "the address survives a restart");

    let silent = Model {
        manufacturer: 0x0059,
        refuses: vec![(Opcode::VENDOR_READ_STATIC_ADDRESSES, Status::UNKNOWN_COMMAND)],
        ..none
    };
    assert_eq!(address(silent, Config::DEFAULT).0, found);

    let chosen = Address::random([0xd0, 1, 2, 3, 4, 5]);
    let config = Config { address: AddressChoice::Static(chosen), ..Config::DEFAULT };
    assert_eq!(address(Model::new(true), config).0, chosen);
    let wrong = Address::random([0x50, 1, 2, 3, 4, 5]);
    let config = Config { address: AddressChoice::Static(wrong), ..Config::DEFAULT };
    let rig = set_up(Model::new(true), config);
    assert_eq!(rig.events, [GapEvent::InitFailed(InitError::NotStatic(wrong))]);
}

#[test]
fn an_address_that_was_generated_earlier_is_reused() {
    let none = || Model { public: [0; 6], ..Model::new(true) };
    let earlier = Address::random([0xd7, 1, 2, 3, 4, 5]);
    for (known, before) in [(Some(earlier), true), (Some(earlier), false), (None, false)] {
        let mut rig = Rig::with(none(), Config::DEFAULT);
        rig.gap.await_made_address();
        if before {
            rig.gap.set_made_address(known);
        }
        rig.start();
        assert_eq!(rig.gap.controller().is_some(), before, "the set-up waits for the store");
        rig.gap.set_made_address(known);
        rig.run();
        assert_eq!(rig.events, [GapEvent::Ready]);
        let made = info(&rig).address;
        assert_eq!(rig.gap.made_address(), Some(made));
        assert_eq!(rig.opcodes().contains(&Opcode::LE_RAND), known.is_none());
        assert!(known.is_none_or(|known| known == made) && rig.model.random == made.octets());
    }
    // An address of the controller takes precedence.
    let mut rig = Rig::with(Model::new(true), Config::DEFAULT);
    rig.gap.set_made_address(Some(earlier));
    rig.start();
    assert_eq!((info(&rig).address, rig.gap.made_address()), (PUBLIC, None));
}

#[test]
fn the_set_up_skips_a_command_that_was_never_answered() {
    let mut rig = set_up(Model::new(true), Config::DEFAULT);
    let now = Instant::from_secs(9);
    rig.gap.unanswered(now, Opcode::LE_SET_DEFAULT_PHY, false);
    rig.gap.unanswered(now, Opcode::LE_SET_EXTENDED_SCAN_ENABLE, false);
    rig.gap.unanswered(now, Opcode::RESET, false);
    rig.forget();
    rig.start();
    assert_eq!(rig.events, [GapEvent::Ready]);
    assert!(!rig.opcodes().contains(&Opcode::LE_SET_DEFAULT_PHY));
    assert!(!info(&rig).extended && info(&rig).advertising_sets == 1);
    assert_eq!(rig.gap.poll_timeout(), None);

    rig.gap.forget();
    rig.forget();
    rig.start();
    assert!(rig.opcodes().contains(&Opcode::LE_SET_DEFAULT_PHY) && info(&rig).extended);
}

/// If the controller provides no random octets, in whatever way, the host's own random octets are
/// used.
#[test]
fn without_random_octets_of_the_controller_the_host_provides_the_address() {
    let own = Address::random([0xc6, 5, 4, 3, 2, 7]);
    let refuses = vec![(Opcode::LE_RAND, Status::UNKNOWN_COMMAND)];
    let mut rig = Rig::with(Model { public: [0; 6], refuses, ..Model::new(true) }, Config::DEFAULT);
    rig.gap.set_random([7, 2, 3, 4, 5, 6]);
    rig.start();
    assert_eq!((info(&rig).address, rig.gap.made_address()), (own, Some(own)));

    for random in [false, true] {
        let mut rig = Rig::with(Model { public: [0; 6], ..Model::new(true) }, Config::DEFAULT);
        rig.gap.await_made_address();
        if random {
            rig.gap.set_random([7, 2, 3, 4, 5, 6]);
        }
        rig.start();
        let avoided = rig.gap.unanswered(Instant::from_secs(9), Opcode::LE_RAND, false);
        assert_eq!(avoided, random, "the host cannot work without either");
        rig.forget();
        rig.gap.restart();
        rig.run();
        rig.gap.set_made_address(None);
        rig.run();
        assert_eq!(rig.opcodes().contains(&Opcode::LE_RAND), !random);
        assert_eq!(info(&rig).address == own, random);
    }
}

#[test]
fn a_command_that_had_answers_is_sent_again_after_pauses_that_grow() {
    let opcode = Opcode::READ_RSSI;
    for worked in [true, false] {
        let mut rig = set_up(Model::new(true), Config::DEFAULT);
        let mut now = Instant::from_secs(9);
        let lose = |rig: &mut Rig, now| {
            rig.gap.unanswered(now, opcode, true);
            rig.forget();
            rig.start();
            info(rig).supports(opcode)
        };
        if worked {
            rig.gap.note_answer(opcode);
        }
        assert!(lose(&mut rig, now), "one lost answer does not mark a command as missing");
        for pause in [60, 120, 240] {
            assert!(!lose(&mut rig, now));
            let due = worked.then(|| (now + Duration::from_secs(pause), GapTimer::Avoided));
            assert_eq!(rig.gap.poll_timeout(), due, "{pause}");
            let Some((at, _)) = due else { break };
            now = at;
            rig.gap.handle_timeout(now);
            assert!(info(&rig).supports(opcode));
        }
        rig.gap.note_answer(opcode);
        assert!(lose(&mut rig, now), "an answer clears the record");
    }
}

/// Some commands have an entry each; the others share one.
#[test]
fn any_number_of_commands_may_have_no_answer() {
    let mut rig = set_up(Model::new(true), Config::DEFAULT);
    let mut lost = Vec::new();
    for opcode in SupportedCommands::known() {
        rig.gap.note_answer(opcode);
        let now = Instant::from_secs(10 + lost.len() as u64);
        if rig.gap.unanswered(now, opcode, true) && rig.gap.unanswered(now, opcode, true) {
            lost.push(opcode);
        }
    }
    assert!(lost.len() > 40);
    rig.forget();
    rig.start();
    assert!(lost.iter().all(|&opcode| !info(&rig).supports(opcode)));
    rig.gap.note_answer(Opcode::RESET);
    assert!(
        lost.iter().all(|&opcode| !info(&rig).supports(opcode)),
        "other commands are unchanged"
    );
    let mut pauses = 0;
    while let Some((due, GapTimer::Avoided)) = rig.gap.poll_timeout() {
        rig.gap.handle_timeout(due);
        pauses += 1;
    }
    assert!((2..=lost.len()).contains(&pauses), "{pauses}");
    assert!(rig.gap.poll_timeout().is_none());
    assert!(lost.iter().all(|&opcode| info(&rig).supports(opcode)));
}
