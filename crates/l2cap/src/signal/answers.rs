use bindrune_wire::first_behind;

use super::pdu::Command;

/// Maximum number of pending responses; a request beyond it is dropped.
const PENDING_MAX: usize = 4;

/// Pending responses to the peer, oldest first.
#[derive(Debug)]
pub(super) struct Answers {
    pending: [Option<(u8, Command)>; PENDING_MAX],
}

impl Answers {
    pub(super) const fn new() -> Self {
        Self { pending: [None; PENDING_MAX] }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first().is_none()
    }

    pub(super) fn is_full(&self) -> bool {
        self.pending.iter().all(Option::is_some)
    }

    /// Adds a pending response; false if the maximum is reached.
    #[must_use]
    pub(super) fn push(&mut self, identifier: u8, command: Command) -> bool {
        match self.pending.iter_mut().find(|pending| pending.is_none()) {
            Some(free) => *free = Some((identifier, command)),
            None => return false,
        }
        true
    }

    pub(super) fn first(&self) -> Option<(u8, Command)> {
        self.pending.first().copied().flatten()
    }

    /// Removes the first response, which has been written.
    pub(super) fn pop(&mut self) {
        if let Some(first) = self.pending.first_mut() {
            *first = None;
        }
        first_behind(&mut self.pending);
    }
}
