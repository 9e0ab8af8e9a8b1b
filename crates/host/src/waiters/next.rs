//! Which of the futures that compete for one thing goes next.

use super::line::{Order, is_older};

/// How often others are held back for a future that is not polled.
const PATIENCE: u8 = 8;

/// The future that goes next: the one that began to wait first, of those that had to wait since the last one went. So
/// each gets its turn, with no memory for each future.
///
/// It does not stop the others: a future that is held back is polled again soon, and goes first after a few times.
#[derive(Debug)]
pub(super) struct Next {
    /// Ticket of that future; 0 if any may go.
    ticket: u32,
    /// How often others were held back for it.
    held_back: u8,
    /// A future is held back, and has not registered its waker yet.
    is_due: bool,
}

impl Next {
    pub(super) const EMPTY: Self = Self { ticket: 0, held_back: 0, is_due: false };

    pub(super) const fn is_first(&self, order: Option<&Order>) -> bool {
        match order {
            _ if self.ticket == 0 => true,
            Some(order) => !is_older(self.ticket, order.ticket()),
            None => false,
        }
    }

    /// Holds back the future that is being polled.
    pub(super) const fn hold_back(&mut self) {
        self.is_due = true;
    }

    /// Records that a future waits. Returns whether it must be polled again soon.
    pub(super) const fn wait(&mut self, ticket: u32) -> bool {
        let again = core::mem::replace(&mut self.is_due, false);
        if again {
            self.held_back = self.held_back.saturating_add(1);
        }
        if self.held_back >= PATIENCE || self.ticket == 0 || is_older(ticket, self.ticket) {
            (self.ticket, self.held_back) = (ticket, 0);
        }
        again
    }

    pub(super) const fn leave(&mut self, order: &Order) {
        if self.ticket == order.ticket() {
            *self = Self::EMPTY;
        }
    }
}
