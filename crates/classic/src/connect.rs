//! The one request for a link of this device's own. [Vol 3] Part C, 7.1

use bindrune_hci::{
    BdAddress, ClassOfDevice, LmpFeatures, Opcode, Status,
    cmd::classic::{CreateConnection, CreateConnectionCancel},
};
use bindrune_wire::{Writer, time::Instant};
use embassy_time::Duration;

use crate::{
    Config, ControllerInfo,
    command::{RETRY, put},
    found::Paging,
    links::Links,
};

/// A request for a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connect {
    /// The device.
    pub address: BdAddress,
    /// Time limit, from the request on; at most 2 minutes.
    pub timeout: Duration,
}

impl Connect {
    /// Connects within 20 s. The controller ends earlier if the device does not answer pages.
    #[must_use]
    pub const fn to(address: BdAddress) -> Self {
        Self { address, timeout: Duration::from_secs(20) }
    }

    /// Sets the time limit.
    #[must_use]
    pub const fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }
}

/// Reason why a request for a link failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ConnectError {
    /// The time limit passed.
    Timeout,
    /// The table of links is full.
    Full,
    /// The controller failed: Page Timeout (0x04) if the device did not answer.
    Failed(Status),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Creating,
    Paging,
    Cancelling,
    /// Connection Complete is still expected.
    Cancelled,
}

/// The request, and the controller's state.
#[derive(Debug)]
pub(crate) struct Connector {
    request: Option<Connect>,
    until: Option<Instant>,
    state: State,
    /// The device that the controller pages.
    active: BdAddress,
    /// The end of a pause, or of waiting for the end of a cancelled attempt.
    retry_at: Option<Instant>,
    ended: Option<(BdAddress, Result<u8, ConnectError>)>,
}

/// Longest time limit: beyond what a controller may need for one attempt.
const TIMEOUT_MAX: Duration = Duration::from_secs(120);
/// Time limit for Connection Complete after a cancellation.
const CANCEL_WAIT: Duration = Duration::from_secs(2);

impl Connector {
    pub(crate) const IDLE: Self = Self {
        request: None,
        until: None,
        state: State::Idle,
        active: BdAddress::NONE,
        retry_at: None,
        ended: None,
    };

    /// Starts again after a reset of the controller.
    pub(crate) const fn restart(&mut self) {
        (self.state, self.retry_at) = (State::Idle, None);
    }

    pub(crate) fn request(&mut self, now: Instant, request: Connect) {
        self.release();
        self.until = Some(now + request.timeout.min(TIMEOUT_MAX));
        self.request = Some(request);
    }

    pub(crate) const fn release(&mut self) {
        (self.request, self.until, self.ended) = (None, None, None);
    }

    pub(crate) const fn is_busy(&self) -> bool {
        !matches!(self.state, State::Idle)
    }

    /// Returns whether it must page.
    pub(crate) const fn wants_air(&self) -> bool {
        self.is_busy() || self.request.is_some()
    }

    /// Returns whether the controller pages this device.
    pub(crate) fn is_paging(&self, address: BdAddress) -> bool {
        self.is_busy() && self.active == address
    }

    fn is_current(&self) -> bool {
        self.request.is_some_and(|request| request.address == self.active)
    }

    fn end(&mut self, result: Result<u8, ConnectError>) {
        if let Some(request) = self.request.take() {
            self.ended = Some((request.address, result));
        }
        self.until = None;
    }

    /// Ends the request if a link to its device is up, whichever side made it.
    pub(crate) fn settle(&mut self, links: &Links) {
        if let Some(request) = self.request
            && let Some(slot) = links.of_address(request.address)
        {
            self.end(Ok(slot));
        }
    }

    /// Writes the missing command; `hold`: another machine uses the air.
    pub(crate) fn poll_command(
        &mut self,
        (info, config): (&ControllerInfo, &Config),
        links: &mut Links,
        (paging, class): (Paging, ClassOfDevice),
        hold: bool,
        w: &mut Writer<'_>,
    ) -> Option<Opcode> {
        if self.retry_at.is_some() {
            return None;
        }
        if !info.supports(Opcode::CREATE_CONNECTION) {
            self.end(Err(ConnectError::Failed(Status::UNKNOWN_COMMAND)));
        }
        match self.state {
            State::Idle => {
                let address = self.request?.address;
                // A link that ends, or comes up, decides first.
                if hold || links.has(address) {
                    return None;
                }
                if !links.reserve(address, false, class) {
                    self.end(Err(ConnectError::Full));
                    return None;
                }
                let switch = info.features.contains(LmpFeatures::ROLE_SWITCH);
                let command = CreateConnection {
                    address,
                    packet_types: config.packet_types.bits().into(),
                    scan_repetition: paging.scan_repetition,
                    reserved: 0,
                    clock_offset: paging.clock_offset.into(),
                    allow_role_switch: (switch && config.allow_role_switch).into(),
                };
                let opcode = put(w, &command)?;
                (self.state, self.active) = (State::Creating, address);
                Some(opcode)
            }
            State::Paging if !self.is_current() => {
                let opcode = put(w, &CreateConnectionCancel { address: self.active })?;
                self.state = State::Cancelling;
                Some(opcode)
            }
            State::Creating | State::Paging | State::Cancelling | State::Cancelled => None,
        }
    }

    /// Returns the device of the request.
    pub(crate) fn address(&self) -> Option<BdAddress> {
        self.request.map(|request| request.address)
    }

    /// Takes the answer to the command of [`Self::poll_command`].
    pub(crate) fn answered(&mut self, now: Instant, status: Status) {
        match (self.state, status.ok()) {
            (State::Creating, Ok(())) => self.state = State::Paging,
            (State::Creating, Err(status)) => self.failed(now, status),
            (State::Cancelling, _) => {
                self.state = State::Cancelled;
                self.retry_at = Some(now + CANCEL_WAIT);
            }
            (State::Idle | State::Paging | State::Cancelled, _) => {}
        }
    }

    /// Handles a Connection Complete without a link. Returns false if it is not of this request.
    pub(crate) fn complete(&mut self, now: Instant, address: BdAddress, status: Status) -> bool {
        // While a command is in flight, its answer follows.
        let mine =
            self.is_paging(address) && matches!(self.state, State::Paging | State::Cancelled);
        if mine {
            self.failed(now, status);
        }
        mine
    }

    /// Handles the end of an attempt.
    fn failed(&mut self, now: Instant, status: Status) {
        let current = self.is_current();
        (self.state, self.retry_at) = (State::Idle, None);
        match status {
            // A link to this device comes up or ends, or the controller cannot page now.
            Status::CONNECTION_EXISTS | Status::COMMAND_DISALLOWED | Status::CONTROLLER_BUSY => {
                self.retry_at = Some(now + RETRY);
            }
            status if current => self.end(Err(ConnectError::Failed(status))),
            _ => {}
        }
    }

    /// Records that a link to the device came up. Returns whether it is wanted.
    pub(crate) fn linked(&mut self, slot: u8, address: BdAddress) -> bool {
        let paging = self.is_paging(address);
        if paging && self.state != State::Cancelling {
            (self.state, self.retry_at) = (State::Idle, None);
        }
        if self.address() == Some(address) {
            self.end(Ok(slot));
            return true;
        }
        !paging
    }

    pub(crate) const fn poll_ended(&mut self) -> Option<(BdAddress, Result<u8, ConnectError>)> {
        self.ended.take()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.until.into_iter().chain(self.retry_at).min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.until.is_some_and(|at| at <= now) {
            self.end(Err(ConnectError::Timeout));
        }
        if self.retry_at.take_if(|at| *at <= now).is_some() && self.state == State::Cancelled {
            self.state = State::Idle;
        }
    }
}

#[cfg(test)]
mod tests;
