use bindrune_hci::{LmpFeatures, Opcode, Status, cmd::SupportedCommands, cmd::baseband::EventMask};

use super::EVENTS;
use crate::{
    Config, GapEvent, ScanTiming,
    testing::{Model, OWN, Rig},
};

#[test]
fn a_new_controller_gets_everything() {
    let mut rig = Rig::with(Model::new(), Config::DEFAULT);
    rig.gap.set_name("speaker");
    rig.start();
    assert_eq!(rig.events, [GapEvent::Ready]);
    let info = *rig.gap.controller().unwrap();
    assert_eq!((info.address, info.acl_len, info.acl_count), (OWN, 1021, 8));
    assert!(info.simple_pairing && info.secure_connections && info.extended_inquiry && info.rssi);
    assert_eq!(rig.last(Opcode::WRITE_INQUIRY_MODE), Some(&[2][..]));
    assert_eq!(rig.last(Opcode::WRITE_PAGE_TIMEOUT), Some(&[0, 0x20][..]));
    assert_eq!(rig.last(Opcode::WRITE_DEFAULT_LINK_POLICY_SETTINGS), Some(&[5, 0][..]));
    assert_eq!(rig.last(Opcode::WRITE_PAGE_SCAN_ACTIVITY), Some(&[0, 8, 0x12, 0][..]));
    assert_eq!(rig.last(Opcode::WRITE_LE_HOST_SUPPORT), Some(&[1, 0][..]));
    let mask = rig.last(Opcode::SET_EVENT_MASK).unwrap();
    let mask = EventMask::from_bits_retain(u64::from_le_bytes(mask.try_into().unwrap()));
    assert_eq!(mask, EVENTS | EventMask::LE_META);
    assert_eq!(&rig.last(Opcode::WRITE_LOCAL_NAME).unwrap()[..8], b"speaker\0");
    // Nothing is discoverable or connectable before it is requested.
    assert_eq!(rig.count(Opcode::WRITE_SCAN_ENABLE), 0);
}

#[test]
fn the_policy_and_the_scans_are_as_configured() {
    let scan = ScanTiming { interval: 0x0100, window: 0x2000, interlaced: false };
    let config = Config {
        allow_role_switch: false,
        allow_sniff: false,
        page_scan: scan,
        inquiry_scan: scan,
        ..Config::DEFAULT
    };
    for (config, policy, kind) in [(Config::DEFAULT, 5, 1), (config, 0, 0)] {
        let mut rig = Rig::with(Model::new(), config);
        rig.start();
        let written = rig.last(Opcode::WRITE_DEFAULT_LINK_POLICY_SETTINGS);
        assert_eq!(written, Some(&[policy, 0][..]));
        assert_eq!(rig.last(Opcode::WRITE_PAGE_SCAN_TYPE), Some(&[kind][..]));
        assert_eq!(rig.last(Opcode::WRITE_INQUIRY_SCAN_TYPE), Some(&[kind][..]));
    }
    let mut rig = Rig::with(Model::new(), config);
    rig.start();
    // The window is at most the interval.
    assert_eq!(rig.last(Opcode::WRITE_PAGE_SCAN_ACTIVITY), Some(&[0, 1, 0, 1][..]));
    assert_eq!(rig.last(Opcode::WRITE_INQUIRY_SCAN_ACTIVITY), Some(&[0, 1, 0, 1][..]));
}

#[test]
fn an_old_controller_goes_without() {
    let mut model = Model::new();
    model.features = LmpFeatures::ENCRYPTION;
    let mut rig = Rig::with(model, Config::DEFAULT);
    rig.start();
    assert_eq!(rig.events, [GapEvent::Ready]);
    let info = rig.gap.controller().unwrap();
    assert!(!info.simple_pairing && !info.secure_connections && !info.extended_inquiry);
    for opcode in [
        Opcode::WRITE_SIMPLE_PAIRING_MODE,
        Opcode::WRITE_SECURE_CONNECTIONS_HOST_SUPPORT,
        Opcode::READ_LOCAL_EXTENDED_FEATURES,
        Opcode::WRITE_INQUIRY_MODE,
        Opcode::WRITE_PAGE_SCAN_TYPE,
        Opcode::WRITE_EXTENDED_INQUIRY_RESPONSE,
    ] {
        assert_eq!(rig.count(opcode), 0, "{opcode:?}");
    }
}

#[test]
fn a_controller_without_commands_still_works() {
    let mut model = Model::new();
    model.commands = SupportedCommands::NONE;
    let mut rig = Rig::with(model, Config::DEFAULT);
    rig.start();
    assert_eq!(rig.events, [GapEvent::Ready]);
    assert_eq!(rig.sent.len(), 4);
}

#[test]
fn optional_steps_may_fail() {
    let optional = [
        Opcode::READ_LOCAL_EXTENDED_FEATURES,
        Opcode::WRITE_SIMPLE_PAIRING_MODE,
        Opcode::WRITE_SECURE_CONNECTIONS_HOST_SUPPORT,
        Opcode::WRITE_LE_HOST_SUPPORT,
        Opcode::WRITE_INQUIRY_MODE,
        Opcode::WRITE_PAGE_TIMEOUT,
        Opcode::WRITE_DEFAULT_LINK_POLICY_SETTINGS,
        Opcode::WRITE_PAGE_SCAN_ACTIVITY,
        Opcode::WRITE_INQUIRY_SCAN_TYPE,
    ];
    for opcode in optional {
        let mut model = Model::new();
        model.refuse.push((opcode, Status::UNKNOWN_COMMAND));
        let mut rig = Rig::with(model, Config::DEFAULT);
        rig.start();
        assert_eq!(rig.events, [GapEvent::Ready], "{opcode:?}");
    }
    let mut model = Model::new();
    model.refuse.push((Opcode::WRITE_SIMPLE_PAIRING_MODE, Status::UNSPECIFIED));
    let mut rig = Rig::with(model, Config::DEFAULT);
    rig.start();
    // Secure Connections needs Secure Simple Pairing.
    assert_eq!(rig.count(Opcode::WRITE_SECURE_CONNECTIONS_HOST_SUPPORT), 0);
}

#[test]
fn mandatory_steps_may_not_fail() {
    for opcode in [
        Opcode::READ_LOCAL_SUPPORTED_FEATURES,
        Opcode::READ_BD_ADDR,
        Opcode::READ_BUFFER_SIZE,
        Opcode::SET_EVENT_MASK,
    ] {
        let mut model = Model::new();
        model.refuse.push((opcode, Status::UNSPECIFIED));
        let mut rig = Rig::with(model, Config::DEFAULT);
        rig.start();
        let failed = GapEvent::SetupFailed { opcode, status: Status::UNSPECIFIED };
        assert_eq!(rig.events, [failed]);
        assert!(rig.gap.controller().is_none() && !rig.step());
        rig.forget();
        rig.start();
        assert_eq!(rig.events, [GapEvent::Ready]);
    }
}

#[test]
fn no_buffers_fail_and_no_bredr_is_reported() {
    let mut model = Model::new();
    model.buffers = (0, 8);
    let mut rig = Rig::with(model, Config::DEFAULT);
    rig.start();
    assert!(matches!(rig.events[..], [GapEvent::SetupFailed { .. }]));
    let mut model = Model::new();
    model.features = LmpFeatures::BREDR_NOT_SUPPORTED | LmpFeatures::LE_SUPPORTED;
    let mut rig = Rig::with(model, Config::DEFAULT);
    rig.start();
    assert_eq!(rig.events, [GapEvent::Unsupported]);
    assert_eq!(rig.opcodes(), [Opcode::READ_LOCAL_SUPPORTED_FEATURES]);
}

#[test]
fn a_command_without_an_answer_is_avoided() {
    let mut rig = Rig::ready();
    assert!(rig.gap.unanswered(Opcode::WRITE_INQUIRY_MODE));
    assert!(!rig.gap.unanswered(Opcode::READ_BUFFER_SIZE));
    rig.start();
    assert_eq!(rig.count(Opcode::WRITE_INQUIRY_MODE), 0);
    assert_eq!(rig.count(Opcode::READ_BUFFER_SIZE), 1);
    rig.gap.forget();
    rig.start();
    assert_eq!(rig.count(Opcode::WRITE_INQUIRY_MODE), 1);
}
