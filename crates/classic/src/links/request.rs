//! Requests of the application to a link.

use core::fmt;

use bindrune_hci::{PacketTypes, Role, Status};
use embassy_time::Duration;

use super::{
    Links,
    slot::{FLUSH_MAX, Pending, Todo},
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
            if place.link.role == role {
                place.pending.insert(Pending::ROLE);
            } else {
                place.wanted_role = role;
                place.todo.insert(Todo::ROLE);
            }
        }
    }
}
