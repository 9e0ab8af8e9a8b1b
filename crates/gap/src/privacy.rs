//! Our own private address: given by the host, told the controller while nothing is on the air. [Vol 3] Part C, 10.7;
//! [Vol 4] Part E, 7.8.4

use bindrune_hci::{Opcode, Status, cmd::le::SetRandomAddress};
use bindrune_wire::{Address, Writer};
use embassy_time::Instant;

use crate::command::{RETRY, put};

/// The private address as it is wished, and the one that the controller has.
#[derive(Debug)]
pub(crate) struct Privacy {
    /// Nothing goes on the air without a private address.
    required: bool,
    requested: Option<Address>,
    /// What the controller has.
    confirmed: Option<Address>,
    sent: Option<Address>,
    /// When another address is due.
    until: Option<Instant>,
    /// The host is to be asked for an address.
    due: bool,
    retry_at: Option<Instant>,
    /// How often in a row the controller refused an address, or none could be made, and the last status.
    failures: u8,
    status: Status,
}

/// How often a private address may fail in a row, before what waits for it does. One may pass.
const TRIES: u8 = 2;

impl Privacy {
    pub(crate) const fn new(required: bool) -> Self {
        Self {
            required,
            requested: None,
            confirmed: None,
            sent: None,
            until: None,
            due: required,
            retry_at: None,
            failures: 0,
            status: Status::SUCCESS,
        }
    }

    /// The controller was reset: it has no private address.
    pub(crate) const fn restart(&mut self) {
        (self.confirmed, self.sent, self.retry_at) = (None, None, None);
        self.failures = 0;
    }

    /// The address was refused, or none could be made.
    pub(crate) const fn failed(&mut self, status: Status) {
        self.failures = match status {
            Status::UNKNOWN_COMMAND => TRIES,
            _ => self.failures.saturating_add(1),
        };
        self.status = status;
    }

    /// An address that failed is tried once more, at once.
    pub(crate) const fn try_again(&mut self) {
        if self.failures >= TRIES {
            (self.failures, self.retry_at) = (TRIES.saturating_sub(1), None);
        }
    }

    /// Why nothing can go on the air, where there is no address that may be used.
    pub(crate) fn failure(&self) -> Option<Status> {
        let failed = self.failures >= TRIES && self.confirmed.is_none() && self.sent.is_none();
        (failed && self.holds()).then_some(self.status)
    }

    pub(crate) const fn request(&mut self, address: Address, until: Instant) {
        self.requested = Some(address);
        self.until = Some(until);
        self.due = false;
        self.retry_at = None;
    }

    /// True where nothing may be on the air: the address is about to change, or there is none yet.
    pub(crate) fn holds(&self) -> bool {
        let refused = self.retry_at.is_some() && self.confirmed.is_some();
        let current = self.sent.is_none() && self.confirmed == self.requested;
        if self.requested.is_none() { self.required } else { !current && !refused }
    }

    /// Writes the command that is missing. Nothing may be on the air.
    pub(crate) fn poll_command(&mut self, w: &mut Writer<'_>) -> Option<Opcode> {
        let address = self
            .requested
            .filter(|_| self.confirmed != self.requested && self.retry_at.is_none())?;
        let opcode = put(w, &SetRandomAddress { address: address.octets() })?;
        self.sent = Some(address);
        Some(opcode)
    }

    /// The answer to the command of [`Self::poll_command`]: the address that is used from now on.
    pub(crate) fn answered(&mut self, now: Instant, status: Status) -> Option<Address> {
        let sent = self.sent.take();
        if status.is_success() {
            self.confirmed = sent;
            self.failures = 0;
        } else {
            self.failed(status);
            self.retry_at = now.checked_add(RETRY);
        }
        self.confirmed
    }

    /// True once when another address is due.
    pub(crate) const fn poll_due(&mut self) -> bool {
        core::mem::replace(&mut self.due, false)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.until.into_iter().chain(self.retry_at).min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_at = None;
        }
        if self.until.take_if(|at| *at <= now).is_some() {
            self.due = true;
        }
    }
}

#[cfg(test)]
mod tests;
