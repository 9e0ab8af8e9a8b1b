//! Roles, modes and supervision timeouts of links in the controller, and echoes. [Vol 2] Part B, 8.7

use bindrune::Opcode;
use bindrune_wire::time::Instant;

use super::radio::SLOTS;
use crate::fuzz::{controller::Controller, reach::reached};

/// What the controller has of a link.
#[derive(Clone, Copy, Debug)]
pub(super) struct Modes {
    /// Whether the host is central.
    is_central: bool,
    /// Interval of sniff mode in slots; 0 in active mode.
    interval: u16,
    /// Supervision timeout in slots; 0 for never.
    supervision: u16,
    /// The procedure of the host that has not ended.
    pending: Option<Pending>,
    /// Number of procedures of the host.
    count: u8,
    /// How far the host has read when it knows of the last change.
    changed: u64,
}

#[derive(Clone, Copy, Debug)]
enum Pending {
    /// Whether the host becomes central.
    Role(bool),
    /// The interval.
    Mode(u16),
}

/// Intervals that a peer requests.
const INTERVALS: [u16; 4] = [24, 800, 0x0800, 0x4000];
/// LMP Response Timeout, Role Change Not Allowed, Command Disallowed, Unspecified Error.
const FAILURES: [u8; 4] = [0x22, 0x21, DISALLOWED, 0x1f];
const DISALLOWED: u8 = 0x0c;
const UNKNOWN: u8 = 0x02;

impl Modes {
    pub(super) const fn new(is_central: bool) -> Self {
        Self { is_central, interval: 0, supervision: 0x7d00, pending: None, count: 0, changed: 0 }
    }

    const fn sleeps_too_long(&self, interval: u16, supervision: u16) -> bool {
        supervision != 0 && interval >= supervision
    }
}

impl super::Radio {
    /// Returns the slot of the link that a command about role, mode or supervision timeout names; `None` if it is no
    /// such command.
    #[expect(clippy::option_option, reason = "no command, and a command that names no link")]
    fn slot_of_command(&self, opcode: Opcode, parameters: &[u8]) -> Option<Option<usize>> {
        match opcode {
            Opcode::SWITCH_ROLE => {
                let peer = parameters.get(..6).and_then(super::number);
                Some(peer.and_then(|peer| self.slot_of(peer)))
            }
            Opcode::SNIFF_MODE
            | Opcode::EXIT_SNIFF_MODE
            | Opcode::WRITE_LINK_SUPERVISION_TIMEOUT => {
                let handle = parameters.first_chunk().map(|&handle| u16::from_le_bytes(handle));
                Some(handle.and_then(|handle| self.slot(handle)))
            }
            _ => None,
        }
    }
}

impl Controller {
    /// Answers a command about role, mode or supervision timeout. Returns false if it is none.
    pub(super) fn classic_mode_command(&mut self, opcode: Opcode, parameters: &[u8]) -> bool {
        let word = |at: usize| {
            let octets = parameters.get(at..at + 2).unwrap_or(&[0; 2]);
            u16::from_le_bytes([octets[0], octets[1]])
        };
        let Some(slot) = self.radio.slot_of_command(opcode, parameters) else { return false };
        let answer = |status| match opcode {
            Opcode::WRITE_LINK_SUPERVISION_TIMEOUT => {
                vec![status, parameters[0], parameters[1]]
            }
            _ => vec![status],
        };
        let knows = self.held.is_empty() && !self.judge.is_blind() && !self.lied;
        let read = self.judge.position();
        let link = slot.and_then(|slot| self.radio.links[slot].as_mut());
        let Some(modes) = link.map(|link| &mut link.modes) else {
            self.answer(opcode, &answer(UNKNOWN));
            return true;
        };
        let knows = knows && read >= modes.changed && modes.pending.is_none();
        let status = match opcode {
            Opcode::SWITCH_ROLE => {
                modes.pending = Some(Pending::Role(parameters[6] == 0));
                0
            }
            Opcode::WRITE_LINK_SUPERVISION_TIMEOUT => {
                let timeout = word(2);
                let sleeps = modes.sleeps_too_long(modes.interval, timeout);
                assert!(!(sleeps && knows), "a supervision timeout that ends a link in sniff mode");
                if modes.is_central {
                    modes.supervision = timeout
                }
                if modes.is_central { 0 } else { DISALLOWED }
            }
            _ => {
                let interval = if opcode == Opcode::SNIFF_MODE { word(2) } else { 0 };
                let sleeps = modes.sleeps_too_long(interval, modes.supervision);
                assert!(!(sleeps && knows), "sniff mode that ends its link");
                let changes = (interval == 0) != (modes.interval == 0);
                assert!(changes || !knows, "{opcode:?} from a mode that does not permit it");
                if changes {
                    modes.pending = Some(Pending::Mode(interval))
                }
                if changes { 0 } else { DISALLOWED }
            }
        };
        modes.count = modes.count.wrapping_add(1);
        let ends = modes.count % 3 != 0;
        self.answer(opcode, &answer(status));
        if ends {
            slot.into_iter().for_each(|slot| self.classic_mode_ends(slot, 0));
        }
        true
    }

    /// Ends the procedure of the host.
    fn classic_mode_ends(&mut self, slot: usize, status: u8) {
        let Some(link) = self.radio.links[slot].as_mut() else { return };
        match link.modes.pending.take() {
            Some(Pending::Role(central)) => self.classic_role(slot, status, central),
            Some(Pending::Mode(interval)) => self.classic_mode(slot, status, interval),
            None => {}
        }
    }

    fn classic_role(&mut self, slot: usize, status: u8, central: bool) {
        let Some(link) = self.radio.links[slot].as_mut() else { return };
        if status == 0 {
            link.modes.is_central = central;
            reached("a change of the role");
        }
        let address = super::address(link.peer.number).octets();
        let role = u8::from(!link.modes.is_central);
        self.event(0x12, &[&[status][..], &address, &[role]].concat());
        self.classic_mode_changed(slot);
    }

    fn classic_mode(&mut self, slot: usize, status: u8, interval: u16) {
        let Some(link) = self.radio.links[slot].as_mut() else { return };
        if status == 0 {
            link.modes.interval = interval;
            reached(if interval > 0 { "sniff mode" } else { "active mode" });
        }
        let [low, high] = link.handle.to_le_bytes();
        let [a, b] = link.modes.interval.to_le_bytes();
        let mode = if link.modes.interval > 0 { 2 } else { 0 };
        self.event(0x14, &[status, low, high, mode, a, b]);
        self.classic_mode_changed(slot);
    }

    /// Records how far the host has to read to know of a change.
    fn classic_mode_changed(&mut self, slot: usize) {
        let held: usize = self.held.iter().map(Vec::len).sum();
        let changed = self.judge.put_position() + held as u64;
        if let Some(link) = self.radio.links[slot].as_mut() {
            link.modes.changed = changed;
        }
    }

    /// The peer changes the role, the mode or the supervision timeout, or a procedure of the host ends.
    pub(super) fn classic_modes(&mut self, slot: usize, how: u8) {
        let now = self.now;
        let Some(link) = self.radio.links[slot].as_mut() else { return };
        let (modes, more) = (&mut link.modes, how >> 3);
        let interval = INTERVALS[usize::from(more & 3)];
        match how & 7 {
            0 | 1 => self.classic_mode_ends(slot, 0),
            2 => self.classic_mode_ends(slot, FAILURES[usize::from(more & 3)]),
            3 => {
                let central = !modes.is_central;
                self.classic_role(slot, 0, central);
            }
            4 if modes.interval == 0 && !modes.sleeps_too_long(interval, modes.supervision) => {
                self.classic_mode(slot, 0, interval);
            }
            5 if modes.interval != 0 => self.classic_mode(slot, 0, 0),
            6 if !modes.is_central && modes.interval == 0 => {
                modes.supervision = [0, 0x0100, 0x1000, 0x7d00][usize::from(more & 3)];
                let [low, high] = link.handle.to_le_bytes();
                let [a, b] = modes.supervision.to_le_bytes();
                self.event(0x38, &[low, high, a, b]);
                self.classic_mode_changed(slot);
            }
            7 => link.peer.echo(Instant::of(now), more),
            _ => {}
        }
    }

    /// Ends all procedures of the host.
    pub(super) fn classic_modes_heal(&mut self) {
        for slot in 0..SLOTS {
            self.classic_mode_ends(slot, 0);
        }
    }
}
