//! Roles, sniff mode and supervision timeouts, by either side.

use super::*;
use crate::Sniff;

fn mode(rig: &mut Rig, status: Status, mode: u8, interval: u16) {
    let handle = RawHandle::new(0x2a);
    let event = ModeChange { status, handle, mode, interval: interval.into() };
    rig.model.send(&ClassicEvent::ModeChange(&event));
    rig.run();
}

fn sniffing(interval: u16) -> GapEvent {
    GapEvent::ModeChanged { slot: 0, mode: LinkMode::SNIFF, interval }
}

const ACTIVE: GapEvent = GapEvent::ModeChanged { slot: 0, mode: LinkMode::ACTIVE, interval: 0 };
const DONE: GapEvent = GapEvent::ModeRequestEnded { slot: 0, result: Ok(()) };

#[test]
fn the_role_switches_by_either_side() {
    let mut rig = linked();
    rig.model.role(Status::SUCCESS, PEER, Role::PERIPHERAL);
    rig.run();
    assert_eq!(rig.events, [GapEvent::RoleChanged { slot: 0, role: Role::PERIPHERAL }]);
    rig.forget();
    rig.gap.switch_role(0, Role::CENTRAL);
    rig.run();
    assert_eq!(rig.last(Opcode::SWITCH_ROLE), Some(&hex!("010203040506 00")[..]));
    rig.model.role(Status::SUCCESS, PEER, Role::CENTRAL);
    rig.run();
    let changed = GapEvent::RoleChanged { slot: 0, role: Role::CENTRAL };
    assert_eq!(rig.events, [changed, GapEvent::RoleSwitchEnded { slot: 0, result: Ok(()) }]);
    // The controller refuses the command itself.
    rig.forget();
    rig.model.refuse.push((Opcode::SWITCH_ROLE, Status::COMMAND_DISALLOWED));
    rig.gap.switch_role(0, Role::PERIPHERAL);
    rig.run();
    let result = Err(Status::COMMAND_DISALLOWED);
    assert_eq!(rig.events, [GapEvent::RoleSwitchEnded { slot: 0, result }]);
}

#[test]
fn a_switch_that_never_ends_is_given_up() {
    let mut rig = linked();
    rig.gap.switch_role(0, Role::PERIPHERAL);
    rig.pass(Duration::from_secs(36));
    let result = Err(Status::LL_RESPONSE_TIMEOUT);
    assert_eq!(rig.events, [GapEvent::RoleSwitchEnded { slot: 0, result }]);
}

#[test]
fn sniff_mode_begins_and_ends_on_request() {
    let mut rig = linked();
    assert!(rig.gap.sniff(0, Sniff::IDLE));
    rig.run();
    let command = rig.last(Opcode::SNIFF_MODE);
    assert_eq!(command, Some(&hex!("2a00 2003 9001 0400 0100")[..]));
    mode(&mut rig, Status::SUCCESS, 2, 800);
    assert_eq!(rig.events, [sniffing(800), DONE]);
    assert_eq!(rig.gap.link(0).unwrap().mode_interval, 800);
    // The link is in this mode: nothing is sent.
    rig.forget();
    assert!(rig.gap.sniff(0, Sniff::IDLE));
    rig.run();
    assert_eq!((&rig.opcodes()[..], &rig.events[..]), (&[][..], &[DONE][..]));
    rig.forget();
    rig.gap.exit_sniff(0);
    rig.run();
    assert_eq!(rig.last(Opcode::EXIT_SNIFF_MODE), Some(&hex!("2a00")[..]));
    mode(&mut rig, Status::SUCCESS, 0, 0);
    assert_eq!(rig.events, [ACTIVE, DONE]);
}

#[test]
fn the_peer_changes_the_mode_too() {
    let mut rig = linked();
    mode(&mut rig, Status::SUCCESS, 2, 0x4000);
    mode(&mut rig, Status::SUCCESS, 0, 7);
    assert_eq!(rig.events, [sniffing(0x4000), ACTIVE]);
    // Modes that do not exist, and failures without a request, change nothing.
    rig.forget();
    mode(&mut rig, Status::SUCCESS, 0x77, 7);
    mode(&mut rig, Status::ROLE_CHANGE_NOT_ALLOWED, 2, 7);
    assert_eq!(rig.events, []);
    // While this device requests sniff mode, the end of an earlier one does not end the request.
    mode(&mut rig, Status::SUCCESS, 2, 100);
    rig.forget();
    assert!(rig.gap.sniff(0, Sniff::IDLE));
    rig.run();
    mode(&mut rig, Status::SUCCESS, 0, 0);
    assert_eq!(rig.events, [ACTIVE]);
    mode(&mut rig, Status::UNSUPPORTED_FEATURE, 0, 0);
    let result = Err(Status::UNSUPPORTED_FEATURE);
    assert_eq!(rig.events.last(), Some(&GapEvent::ModeRequestEnded { slot: 0, result }));
}

#[test]
fn a_newer_request_for_a_mode_has_its_own_end() {
    let mut rig = linked();
    assert!(rig.gap.sniff(0, Sniff::IDLE));
    rig.run();
    rig.gap.exit_sniff(0);
    rig.run();
    assert_eq!(rig.count(Opcode::EXIT_SNIFF_MODE), 0);
    mode(&mut rig, Status::SUCCESS, 2, 800);
    // The first one has begun sniff mode, so the second one waits for its end.
    assert_eq!(rig.events, [sniffing(800)]);
    assert_eq!(rig.count(Opcode::EXIT_SNIFF_MODE), 1);
    mode(&mut rig, Status::SUCCESS, 0, 0);
    assert_eq!(rig.events, [sniffing(800), ACTIVE, DONE]);
    // The last request wants what the first one has brought about.
    rig.forget();
    assert!(rig.gap.sniff(0, Sniff::IDLE));
    rig.run();
    rig.gap.exit_sniff(0);
    assert!(rig.gap.sniff(0, Sniff::IDLE));
    mode(&mut rig, Status::SUCCESS, 2, 800);
    assert_eq!(
        (&rig.opcodes()[..], &rig.events[..]),
        (&[Opcode::SNIFF_MODE][..], &[sniffing(800), DONE][..])
    );
}

#[test]
fn a_newer_request_for_a_role_follows_the_end_of_the_first_one() {
    let mut rig = linked();
    rig.gap.switch_role(0, Role::PERIPHERAL);
    rig.run();
    rig.gap.switch_role(0, Role::CENTRAL);
    rig.model.role(Status::SUCCESS, PEER, Role::PERIPHERAL);
    rig.run();
    assert_eq!(rig.count(Opcode::SWITCH_ROLE), 2);
    rig.model.role(Status::SUCCESS, PEER, Role::CENTRAL);
    rig.run();
    let changed = |role| GapEvent::RoleChanged { slot: 0, role };
    let done = GapEvent::RoleSwitchEnded { slot: 0, result: Ok(()) };
    assert_eq!(rig.events, [changed(Role::PERIPHERAL), changed(Role::CENTRAL), done]);
    // A first one that fails leaves the role that the second one wants.
    rig.forget();
    rig.gap.switch_role(0, Role::PERIPHERAL);
    rig.run();
    rig.gap.switch_role(0, Role::CENTRAL);
    rig.model.role(Status::ROLE_CHANGE_NOT_ALLOWED, PEER, Role::CENTRAL);
    rig.run();
    assert_eq!((rig.count(Opcode::SWITCH_ROLE), &rig.events[..]), (1, &[done][..]));
}

#[test]
fn a_controller_without_sniff_mode_says_so() {
    let mut rig = Rig::with(Model::new(), Config::DEFAULT);
    rig.model.commands.remove(Opcode::SNIFF_MODE);
    rig.start();
    rig.link(PEER, 0x2a);
    rig.forget();
    assert!(rig.gap.sniff(0, Sniff::IDLE));
    rig.run();
    let result = Err(Status::UNKNOWN_COMMAND);
    assert_eq!(rig.events, [GapEvent::ModeRequestEnded { slot: 0, result }]);
}

#[test]
fn parameters_of_sniff_mode_are_checked() {
    let mut rig = linked();
    let long = Duration::from_secs(20);
    for wrong in [
        Sniff { attempt: 0, ..Sniff::IDLE },
        Sniff { attempt: 0x8000, ..Sniff::IDLE },
        Sniff { timeout: 0x8000, ..Sniff::IDLE },
        Sniff { min_interval: Duration::from_millis(501), ..Sniff::IDLE },
        Sniff { max_interval: Duration::from_secs(41), ..Sniff::IDLE },
        // The link would end between two exchanges.
        Sniff { max_interval: long, ..Sniff::IDLE },
    ] {
        assert!(!rig.gap.sniff(0, wrong), "{wrong:?}");
    }
    assert!(!rig.gap.sniff(1, Sniff::IDLE));
    let shorter = long - Duration::from_millis(2);
    assert!(rig.gap.sniff(0, Sniff { max_interval: shorter, ..Sniff::IDLE }));
}

#[test]
fn the_supervision_timeout_changes_on_request_of_the_central() {
    let mut rig = linked();
    let done = |result| GapEvent::SupervisionTimeout { slot: 0, result };
    let changed = |timeout| GapEvent::SupervisionTimeoutChanged { slot: 0, timeout };
    assert!(rig.gap.set_supervision_timeout(0, Duration::from_secs(2)));
    rig.run();
    let command = rig.last(Opcode::WRITE_LINK_SUPERVISION_TIMEOUT);
    assert_eq!(command, Some(&hex!("2a00 800c")[..]));
    assert_eq!(rig.events, [changed(3200), done(Ok(()))]);
    rig.forget();
    rig.model.refuse.push((Opcode::WRITE_LINK_SUPERVISION_TIMEOUT, Status::INVALID_PARAMETERS));
    assert!(rig.gap.set_supervision_timeout(0, Duration::from_secs(3)));
    rig.run();
    assert_eq!(rig.events, [done(Err(Status::INVALID_PARAMETERS))]);
    assert_eq!(rig.gap.link(0).unwrap().supervision_timeout, 3200);
    for wrong in [Duration::from_ticks(0), Duration::from_secs(41)] {
        assert!(!rig.gap.set_supervision_timeout(0, wrong));
    }
    mode(&mut rig, Status::SUCCESS, 2, 1600);
    assert!(!rig.gap.set_supervision_timeout(0, Duration::from_secs(1)));
}

#[test]
fn a_peripheral_writes_its_supervision_timeout_when_it_becomes_central() {
    let mut rig = linked();
    rig.model.role(Status::SUCCESS, PEER, Role::PERIPHERAL);
    rig.run();
    rig.forget();
    assert!(rig.gap.set_supervision_timeout(0, Duration::from_secs(2)));
    rig.run();
    let result = Err(Status::COMMAND_DISALLOWED);
    assert_eq!(rig.events, [GapEvent::SupervisionTimeout { slot: 0, result }]);
    assert_eq!(rig.opcodes(), []);
    rig.model.role(Status::SUCCESS, PEER, Role::CENTRAL);
    rig.run();
    let command = rig.last(Opcode::WRITE_LINK_SUPERVISION_TIMEOUT);
    assert_eq!(command, Some(&hex!("2a00 800c")[..]));
}

#[test]
fn a_link_that_sleeps_long_is_woken_once() {
    let mut rig = linked();
    for interval in [0, 800] {
        mode(&mut rig, Status::SUCCESS, if interval > 0 { 2 } else { 0 }, interval);
        assert!(!rig.gap.wake(0));
    }
    mode(&mut rig, Status::SUCCESS, 2, 802);
    rig.forget();
    assert!(rig.gap.wake(0) && !rig.gap.wake(0) && !rig.gap.wake(1));
    rig.run();
    assert!(!rig.gap.wake(0));
    assert_eq!(rig.opcodes(), [Opcode::EXIT_SNIFF_MODE]);
    mode(&mut rig, Status::SUCCESS, 0, 0);
    assert!(!rig.gap.wake(0));
}

#[test]
fn another_interval_of_sniff_mode_begins_from_active_mode() {
    let mut rig = linked();
    let short = Sniff { max_interval: Duration::from_millis(300), ..Sniff::IDLE };
    mode(&mut rig, Status::SUCCESS, 2, 800);
    rig.forget();
    assert!(rig.gap.sniff(0, short));
    rig.run();
    assert_eq!(rig.opcodes(), [Opcode::EXIT_SNIFF_MODE]);
    mode(&mut rig, Status::SUCCESS, 0, 0);
    assert_eq!(rig.last(Opcode::SNIFF_MODE), Some(&hex!("2a00 e001 9001 0400 0100")[..]));
    mode(&mut rig, Status::SUCCESS, 2, 480);
    assert_eq!(rig.events, [ACTIVE, sniffing(480), DONE]);
    // If the link cannot leave sniff mode, the request ends.
    for refused in [true, false] {
        rig.forget();
        if refused {
            rig.model.refuse.push((Opcode::EXIT_SNIFF_MODE, Status::COMMAND_DISALLOWED));
        }
        assert!(rig.gap.sniff(0, Sniff { min_interval: Sniff::IDLE.max_interval, ..Sniff::IDLE }));
        rig.run();
        if !refused {
            mode(&mut rig, Status::COMMAND_DISALLOWED, 2, 480);
        }
        let result = Err(Status::COMMAND_DISALLOWED);
        assert_eq!(rig.events, [GapEvent::ModeRequestEnded { slot: 0, result }]);
        assert_eq!(rig.opcodes(), [Opcode::EXIT_SNIFF_MODE]);
    }
}

#[test]
fn a_pending_request_needs_no_command_if_the_peer_fulfils_it() {
    let mut rig = linked();
    rig.gap.switch_role(0, Role::PERIPHERAL);
    rig.run();
    // The procedure in progress lets the mode wait.
    assert!(rig.gap.sniff(0, Sniff::IDLE));
    mode(&mut rig, Status::SUCCESS, 2, 800);
    rig.model.role(Status::SUCCESS, PEER, Role::PERIPHERAL);
    rig.run();
    assert_eq!(rig.opcodes(), [Opcode::SWITCH_ROLE]);
    assert_eq!(rig.events.last(), Some(&DONE));
}

#[test]
fn intervals_and_supervision_timeouts_are_checked_against_pending_ones() {
    let timeout = |seconds| Duration::from_secs(seconds);
    let up_to = |seconds| Sniff { max_interval: timeout(seconds), ..Sniff::IDLE };
    // The shorter timeout is written first: the link would end between two exchanges.
    let mut rig = linked();
    assert!(rig.gap.set_supervision_timeout(0, timeout(2)));
    assert!(!rig.gap.sniff(0, up_to(10)) && rig.gap.sniff(0, up_to(1)));
    // The reverse.
    assert!(!rig.gap.set_supervision_timeout(0, timeout(1)));
    assert!(rig.gap.set_supervision_timeout(0, timeout(30)) && rig.gap.sniff(0, up_to(25)));
    // The controller refuses the longer timeout.
    rig.model.refuse.push((Opcode::WRITE_LINK_SUPERVISION_TIMEOUT, Status::COMMAND_DISALLOWED));
    rig.run();
    let refused = GapEvent::ModeRequestEnded { slot: 0, result: Err(Status::INVALID_PARAMETERS) };
    assert!(rig.events.contains(&refused) && rig.count(Opcode::SNIFF_MODE) == 0);
    // While the controller changes the mode.
    assert!(rig.gap.sniff(0, up_to(10)));
    rig.run();
    assert!(!rig.gap.set_supervision_timeout(0, timeout(10)));
}

#[test]
fn a_link_that_sleeps_keeps_its_supervision_timeout() {
    let mut rig = linked();
    rig.model.role(Status::SUCCESS, PEER, Role::PERIPHERAL);
    rig.run();
    assert!(rig.gap.set_supervision_timeout(0, Duration::from_secs(2)));
    mode(&mut rig, Status::SUCCESS, 2, 0x2000);
    rig.forget();
    rig.model.role(Status::SUCCESS, PEER, Role::CENTRAL);
    rig.run();
    assert_eq!(rig.opcodes(), []);
}
