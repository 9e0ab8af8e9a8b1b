//! Links that no request is for: they are disconnected, and nothing waits for the end. [Vol 4] Part E, 7.1.6

use bindrune_hci::{Opcode, Status, cmd::link::Disconnect};
use bindrune_wire::{Handle, Writer, time::Instant};

use crate::command::{RETRY, put};

/// Maximum number of links that can wait for disconnection.
const PLACES: usize = 8;

/// The links, in no order.
#[derive(Debug)]
pub(crate) struct Refused {
    handles: [Option<Handle>; PLACES],
    sent: Option<Handle>,
    retry_at: Option<Instant>,
}

impl Refused {
    pub(crate) const NONE: Self = Self { handles: [None; PLACES], sent: None, retry_at: None };

    /// Adds a link; without room, it is left alone.
    pub(crate) fn add(&mut self, handle: Handle) {
        if !self.handles.contains(&Some(handle))
            && let Some(place) = self.handles.iter_mut().find(|place| place.is_none())
        {
            *place = Some(handle);
        }
    }

    pub(crate) fn poll_command(&mut self, w: &mut Writer<'_>) -> Option<Opcode> {
        if self.retry_at.is_some() {
            return None;
        }
        let handle = self.handles.iter().flatten().next().copied()?;
        let reason = Status::REMOTE_LOW_RESOURCES;
        let opcode = put(w, &Disconnect { handle: handle.into(), reason })?;
        self.sent = Some(handle);
        Some(opcode)
    }

    /// Takes the answer to the command of [`Self::poll_command`].
    pub(crate) fn answered(&mut self, now: Instant, status: Status) {
        let sent = self.sent.take();
        if status.is_success() || status == Status::UNKNOWN_CONNECTION {
            self.handles.iter_mut().filter(|place| **place == sent).for_each(|place| *place = None);
        } else {
            self.retry_at = Some(now + RETRY);
        }
    }

    pub(crate) const fn poll_timeout(&self) -> Option<Instant> {
        self.retry_at
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.retry_at.take_if(|at| *at <= now);
    }
}
