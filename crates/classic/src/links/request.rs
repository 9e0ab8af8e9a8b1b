//! Requests of the application to a link.

use core::fmt;

use bindrune_hci::{PacketTypes, Role, Status};
use embassy_time::Duration;

use super::{
    LinkMode, LinkSlot, Links,
    slot::{FLUSH_MAX, Pending, SUPERVISION_MAX, Todo},
};
use crate::command::{SLOT, units};

/// The reason is not allowed for a disconnection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct InvalidReason;

impl fmt::Display for InvalidReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a link cannot be ended for this reason")
    }
}

impl core::error::Error for InvalidReason {}

/// Parameters of sniff mode: both ends sleep between short exchanges. [Vol 2] Part B, 8.7
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sniff {
    /// Shortest interval between two exchanges: 1.25 ms to 40.9 s, rounded to 1.25 ms.
    pub min_interval: Duration,
    /// Longest interval, at least the shortest one.
    pub max_interval: Duration,
    /// Pairs of slots, of 1.25 ms each, in which the peripheral listens at each interval: 1 to 0x7fff.
    pub attempt: u16,
    /// Pairs of slots for which it listens after data: 0 to 0x7fff.
    pub timeout: u16,
}

impl Sniff {
    /// An interval of 0.25 to 0.5 s, which saves most of the energy of an idle link.
    pub const IDLE: Self = Self {
        min_interval: Duration::from_millis(250),
        max_interval: Duration::from_millis(500),
        attempt: 4,
        timeout: 1,
    };

    /// Returns the shortest and the longest interval in slots, which are even.
    pub(super) fn intervals(&self) -> (u16, u16) {
        let slots = |interval| units(interval, SLOT, 2, 0xfffe) & !1;
        (slots(self.min_interval), slots(self.max_interval))
    }

    /// Returns whether a link with this supervision timeout, in slots, stays up between two exchanges.
    pub(super) fn fits(&self, supervision_timeout: u16) -> bool {
        supervision_timeout == 0 || self.intervals().1 < supervision_timeout
    }

    fn is_valid(&self) -> bool {
        let (min, max) = self.intervals();
        let interval = min <= max && self.max_interval <= SUPERVISION_MAX;
        interval && matches!(self.attempt, 1..=0x7fff) && self.timeout <= 0x7fff
    }
}

impl Links {
    /// Ends a link for reason 0x05, 0x13 to 0x15, 0x1A or 0x29. [Vol 4] Part E, 7.1.6
    pub(crate) fn disconnect(&mut self, slot: u8, reason: Status) -> Result<(), InvalidReason> {
        let allowed = matches!(
            reason,
            Status::AUTHENTICATION_FAILURE
                | Status::REMOTE_USER_TERMINATED
                | Status::REMOTE_LOW_RESOURCES
                | Status::REMOTE_POWER_OFF
                | Status::UNSUPPORTED_REMOTE_FEATURE
                | Status::UNIT_KEY_NOT_SUPPORTED
        );
        if !allowed {
            return Err(InvalidReason);
        }
        if let Some(place) = self.get_mut(slot) {
            let ending = place.todo.contains(Todo::DISCONNECT)
                || matches!(place.running, Some((Todo::DISCONNECT, _)));
            if !ending {
                place.todo.insert(Todo::DISCONNECT);
                place.reason = reason;
            }
        }
        Ok(())
    }

    /// Sets after what time the controller drops flushable data. Returns false if the time is too long, or there is no
    /// such link.
    pub(crate) fn set_flush_timeout(&mut self, slot: u8, timeout: Option<Duration>) -> bool {
        let in_flight = self.sent.is_some_and(|(sent, _, _)| sent == slot);
        let Some(place) = self.get_mut(slot) else { return false };
        if timeout.is_some_and(|timeout| timeout > FLUSH_MAX) {
            return false;
        }
        place.wanted_flush = timeout.map_or(0, |timeout| units(timeout, SLOT, 1, 0x07ff));
        if place.wanted_flush == place.link.flush_timeout && !in_flight {
            place.todo.remove(Todo::FLUSH);
            place.flush_status = Status::SUCCESS;
            place.pending.insert(Pending::FLUSH_TIMEOUT);
        } else {
            place.todo.insert(Todo::FLUSH);
        }
        true
    }

    pub(crate) fn set_packet_types(&mut self, slot: u8, types: PacketTypes) {
        if let Some(place) = self.get_mut(slot) {
            place.wanted_types = types;
            place.todo.insert(Todo::PACKET_TYPES);
        }
    }

    pub(crate) fn switch_role(&mut self, slot: u8, role: Role) {
        if let Some(place) = self.get_mut(slot) {
            let switching = matches!(place.running, Some((Todo::ROLE, _)));
            place.wanted_role = role;
            if place.link.role == role && !switching {
                place.todo.remove(Todo::ROLE);
                place.ended(Todo::ROLE, Status::SUCCESS);
            } else {
                place.todo.insert(Todo::ROLE);
            }
        }
    }

    pub(crate) fn sniff(&mut self, slot: u8, sniff: Sniff) -> bool {
        let writing = self.is_sent(slot, Todo::SUPERVISION);
        let Some(place) = self.get_mut(slot) else { return false };
        // A pending supervision timeout is written before sniff mode begins.
        let valid = sniff.is_valid() && sniff.fits(place.next_supervision(writing));
        if valid {
            place.want_mode(Some(sniff));
        }
        valid
    }

    pub(crate) fn wake(&mut self, slot: u8) -> bool {
        let Some(place) = self.get_mut(slot) else { return false };
        let changing = matches!(place.running, Some((Todo::MODE, _)));
        let wakes = place.link.sleeps_long() && !changing && !place.todo.contains(Todo::MODE);
        if wakes {
            place.want_mode(None);
        }
        wakes
    }

    pub(crate) fn exit_sniff(&mut self, slot: u8) {
        if let Some(place) = self.get_mut(slot) {
            place.want_mode(None);
        }
    }

    pub(crate) fn set_supervision_timeout(&mut self, slot: u8, timeout: Duration) -> bool {
        let in_flight = self.sent.is_some_and(|(sent, _, _)| sent == slot);
        let Some(place) = self.get_mut(slot) else { return false };
        let value = units(timeout, SLOT, 0, u16::MAX);
        if timeout > SUPERVISION_MAX || value <= place.longest_sleep() {
            return false;
        }
        place.wanted_supervision = value;
        if place.link.role != Role::CENTRAL {
            place.ended(Todo::SUPERVISION, Status::COMMAND_DISALLOWED);
        } else if value == place.link.supervision_timeout && !in_flight {
            place.todo.remove(Todo::SUPERVISION);
            place.ended(Todo::SUPERVISION, Status::SUCCESS);
        } else {
            place.todo.insert(Todo::SUPERVISION);
        }
        true
    }
}

impl Links {
    /// Returns whether this command of a link has no answer yet.
    fn is_sent(&self, slot: u8, what: Todo) -> bool {
        self.sent.is_some_and(|(of, _, sent)| of == slot && sent.is(what))
    }
}

impl LinkSlot {
    /// Returns the supervision timeout that the link has soon; `writing` if a new one is being written.
    const fn next_supervision(&self, writing: bool) -> u16 {
        if writing || self.todo.contains(Todo::SUPERVISION) {
            self.wanted_supervision
        } else {
            self.link.supervision_timeout
        }
    }

    /// Returns the longest interval of sniff mode that the link has or will have, in slots.
    fn longest_sleep(&self) -> u16 {
        let changing = matches!(self.running, Some((Todo::MODE, _)));
        let pending = changing || self.todo.contains(Todo::MODE);
        let wanted = self.wanted_sniff.filter(|_| pending);
        wanted.map_or(0, |sniff| sniff.intervals().1).max(self.link.mode_interval)
    }

    /// Returns the parameters of sniff mode if it begins next: a link changes its interval by way of active mode.
    pub(super) fn next_sniff(&self) -> Option<Sniff> {
        self.wanted_sniff.filter(|_| self.link.mode != LinkMode::SNIFF)
    }

    /// Requests sniff mode, or active mode.
    fn want_mode(&mut self, sniff: Option<Sniff>) {
        let changing = matches!(self.running, Some((Todo::MODE, _)));
        self.wanted_sniff = sniff;
        if self.has_wanted_mode() && !changing {
            self.todo.remove(Todo::MODE);
            self.ended(Todo::MODE, Status::SUCCESS);
        } else {
            self.todo.insert(Todo::MODE);
        }
    }

    /// Returns whether the link has the mode that was requested last.
    pub(super) fn has_wanted_mode(&self) -> bool {
        match self.wanted_sniff {
            Some(sniff) => {
                let (min, max) = sniff.intervals();
                self.link.mode == LinkMode::SNIFF && (min..=max).contains(&self.link.mode_interval)
            }
            None => self.link.mode == LinkMode::ACTIVE,
        }
    }
}
