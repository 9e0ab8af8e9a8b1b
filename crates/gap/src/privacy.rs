//! Our own address on the air. The host makes private addresses; the controller takes one while nothing is on the air.
//! [Vol 3] Part C, 10.7; [Vol 4] Part E, 7.8.4

use bindrune_hci::{Opcode, Status, cmd::le::SetRandomAddress};
use bindrune_wire::{Address, Writer, time::Instant};

use crate::{
    AddressChoice, ControllerInfo,
    command::{RETRY, put},
};

/// Requested random address, and the one that the controller has.
#[derive(Debug)]
pub(crate) struct Privacy {
    /// Whether nothing goes on the air without a private address.
    required: bool,
    requested: Option<Address>,
    /// The address that the controller accepted last.
    confirmed: Option<Address>,
    sent: Option<Address>,
    /// Time at which a new address is due.
    until: Option<Instant>,
    /// Whether the host must make an address.
    due: bool,
    retry_at: Option<Instant>,
    /// Number of failures in a row (the controller refused an address, or the host could make none), and the last
    /// status.
    failures: u8,
    status: Status,
    change: Option<Change>,
}

/// A change between the identity address and private addresses, or to private addresses of another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// The host must make a private address.
    Asked,
    /// The controller must accept the private address of the host.
    Private,
    /// The identity address replaces private addresses.
    Identity(AddressChoice),
    /// The change is over. Nothing is on the air until the root takes the result, because it may have more to change.
    Over(Result<(), Status>),
}

/// Number of failures in a row after which requests fail. A single failure may be temporary.
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
            change: None,
        }
    }

    /// Starts again after a reset of the controller, which then has no private address.
    pub(crate) const fn restart(&mut self) {
        (self.confirmed, self.sent, self.retry_at) = (None, None, None);
        self.failures = 0;
    }

    /// Requests a private address from the host. The current address stays on the air until the controller has the new
    /// one.
    pub(crate) const fn show_private(&mut self) {
        self.begin(Change::Asked);
        self.due = true;
    }

    /// Uses the identity address as soon as nothing is on the air.
    pub(crate) const fn show_identity(&mut self, choice: AddressChoice) {
        self.begin(Change::Identity(choice));
        self.requested = match choice {
            AddressChoice::Static(address) => Some(address),
            AddressChoice::Automatic => None,
        };
    }

    const fn begin(&mut self, change: Change) {
        self.change = Some(change);
        (self.failures, self.retry_at) = (0, None);
    }

    /// Ends a change. After a failure the old address stays in use, and if it is a private one, a new one is requested.
    const fn end(&mut self, result: Result<(), Status>) {
        if result.is_err() {
            (self.requested, self.due, self.until) = (self.confirmed, self.required, None);
        }
        self.change = Some(Change::Over(result));
    }

    /// Returns the new identity address, once, when a change to it is complete. Call it while nothing is on the air.
    pub(crate) fn poll_identity(&mut self, info: &ControllerInfo) -> Option<AddressChoice> {
        let Some(Change::Identity(choice)) = self.change else { return None };
        match choice {
            AddressChoice::Static(address) if self.confirmed != Some(address) => return None,
            AddressChoice::Automatic if info.public_address.is_none() => {
                self.end(Err(Status::UNSUPPORTED_FEATURE));
                return None;
            }
            AddressChoice::Static(_) | AddressChoice::Automatic => {}
        }
        *self = Self::new(false);
        self.end(Ok(()));
        Some(choice)
    }

    /// Returns the result of a change, once.
    pub(crate) fn poll_changed(&mut self) -> Option<Result<(), Status>> {
        let Some(Change::Over(result)) = self.change else { return None };
        self.change = None;
        Some(result)
    }

    /// Records that the host could make no address.
    pub(crate) const fn failed(&mut self, status: Status) {
        match self.change {
            None => self.count_failure(status),
            Some(Change::Asked) => self.end(Err(status)),
            Some(Change::Private | Change::Identity(_) | Change::Over(_)) => {}
        }
    }

    const fn count_failure(&mut self, status: Status) {
        self.failures = match status {
            Status::UNKNOWN_COMMAND => TRIES,
            _ => self.failures.saturating_add(1),
        };
        self.status = status;
    }

    /// Allows one more attempt at once after failures.
    pub(crate) const fn try_again(&mut self) {
        if self.failures >= TRIES {
            (self.failures, self.retry_at) = (TRIES.saturating_sub(1), None);
        }
    }

    /// Returns the status with which requests fail, if there is no usable address.
    pub(crate) fn failure(&self) -> Option<Status> {
        let failed = self.failures >= TRIES && self.confirmed.is_none() && self.sent.is_none();
        (failed && self.holds()).then_some(self.status)
    }

    pub(crate) const fn request(&mut self, address: Address, until: Instant) {
        match self.change {
            // The address is of a mode that does not hold.
            Some(Change::Identity(_) | Change::Over(Err(_))) => return,
            Some(Change::Over(Ok(()))) if !self.required => return,
            Some(Change::Asked) => self.change = Some(Change::Private),
            Some(Change::Private | Change::Over(Ok(()))) | None => {}
        }
        self.due = false;
        self.requested = Some(address);
        self.until = Some(until);
        self.retry_at = None;
    }

    /// Returns whether nothing may be on the air: the address is about to change, or there is none yet.
    pub(crate) fn holds(&self) -> bool {
        let refused = self.retry_at.is_some() && self.confirmed.is_some();
        let current = self.sent.is_none() && self.confirmed == self.requested;
        if matches!(self.change, Some(Change::Identity(_) | Change::Over(_))) {
            return true;
        }
        if self.requested.is_none() { self.required } else { !current && !refused }
    }

    /// Writes the pending command. Call it while nothing is on the air.
    pub(crate) fn poll_command(&mut self, w: &mut Writer<'_>) -> Option<Opcode> {
        let address = self
            .requested
            .filter(|_| self.confirmed != self.requested && self.retry_at.is_none())?;
        let opcode = put(w, &SetRandomAddress { address: address.octets() })?;
        self.sent = Some(address);
        Some(opcode)
    }

    /// Handles the answer to the command of [`Self::poll_command`], and returns the address in use from now on.
    pub(crate) fn answered(&mut self, now: Instant, status: Status) -> Option<Address> {
        let sent = self.sent.take();
        let changes = matches!(self.change, Some(Change::Private | Change::Identity(_)));
        let of_change = changes && sent == self.requested;
        if status.is_success() {
            self.confirmed = sent;
            self.failures = 0;
            if of_change && self.change == Some(Change::Private) {
                self.required = true;
                self.end(Ok(()));
            }
        } else if of_change {
            self.end(Err(status));
        } else {
            // During a change, this is the answer to the old address.
            if self.change.is_none() {
                self.count_failure(status);
            }
            self.retry_at = Some(now + RETRY);
        }
        self.confirmed
    }

    #[cfg(test)]
    pub(crate) const fn is_required(&self) -> bool {
        self.required
    }

    /// Returns whether a new address is due, once.
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
            // After a reset, an address whose time is over does not go on the air again.
            let expired = self.confirmed.is_none() && self.sent.is_none() && self.required;
            if expired && matches!(self.change, None | Some(Change::Private)) {
                self.requested = None;
            }
        }
    }
}

#[cfg(test)]
mod tests;
