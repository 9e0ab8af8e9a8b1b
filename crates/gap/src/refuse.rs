//! Links without an owner: they are disconnected, and nothing waits for the end. [Vol 4] Part E,
//! 7.1.6

use bindrune_hci::{Opcode, Status, cmd::link::Disconnect};
use bindrune_wire::{Handle, Writer, time::Instant};

use crate::command::{RETRY, put};

/// Maximum number of links that can wait for disconnection.
const PLACES: usize = 8;

/// The links, in no order; the command in flight is for the first.
#[derive(Debug)]
pub(crate) struct Refused {
    handles: [Option<Handle>; PLACES],
    sent: Option<Handle>,
    /// Time at which a refused command may be sent again.
    retry_at: Option<Instant>,
}

impl Refused {
    pub(crate) const NONE: Self = Self { handles: [None; PLACES], sent: None, retry_at: None };

    /// Adds a link; false if there is no room.
    pub(crate) fn add(&mut self, handle: Handle) -> bool {
        let known = self.handles.contains(&Some(handle));
        let free = self.handles.iter_mut().find(|place| place.is_none());
        known || free.map(|place| *place = Some(handle)).is_some()
    }

    #[cfg(any(test, feature = "std"))]
    pub(crate) fn is_empty(&self) -> bool {
        self.handles.iter().all(Option::is_none)
    }

    pub(crate) fn poll_command(&mut self, w: &mut Writer<'_>) -> Option<Opcode> {
        let handle = self.handles.iter().flatten().next().copied()?;
        if self.retry_at.is_some() {
            return None;
        }
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
