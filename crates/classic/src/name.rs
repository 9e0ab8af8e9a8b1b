//! The one request for a device's name. [Vol 3] Part C, 6.3

use bindrune_hci::{
    BdAddress, Opcode, Status,
    cmd::classic::{LocalName, RemoteNameRequest, RemoteNameRequestCancel},
    event::classic::RemoteNameRequestComplete,
};
use bindrune_wire::{Writer, time::Instant};
use embassy_time::Duration;

use crate::{
    command::{RETRY, put},
    found::Paging,
};

/// Time limit for a name, from the command on: the page timeout, and time for the parts of the name.
const TIME: Duration = Duration::from_secs(15);
/// Time limit from the request on: other requests that page come first.
const PATIENCE: Duration = Duration::from_secs(60);
/// Time limit for the event after a cancellation.
const CANCEL_WAIT: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Starting,
    Reading,
    Cancelling,
    Cancelled,
}

/// The request, and the last name.
#[derive(Debug)]
pub(crate) struct NameReader {
    request: Option<BdAddress>,
    state: State,
    /// The device whose name the controller reads.
    active: BdAddress,
    deadline: Option<Instant>,
    patience: Option<Instant>,
    retry_at: Option<Instant>,
    name: LocalName,
    ended: Option<(BdAddress, Result<(), Status>)>,
}

impl NameReader {
    pub(crate) const IDLE: Self = Self {
        request: None,
        state: State::Idle,
        active: BdAddress::NONE,
        deadline: None,
        patience: None,
        retry_at: None,
        name: LocalName([0; 248]),
        ended: None,
    };

    /// Starts again after a reset of the controller.
    pub(crate) const fn restart(&mut self) {
        (self.state, self.deadline, self.retry_at) = (State::Idle, None, None);
    }

    pub(crate) fn request(&mut self, now: Instant, address: BdAddress) {
        self.release();
        self.request = Some(address);
        self.patience = Some(now + PATIENCE);
    }

    pub(crate) const fn release(&mut self) {
        (self.request, self.ended, self.patience) = (None, None, None);
    }

    pub(crate) const fn name(&self) -> &LocalName {
        &self.name
    }

    /// Returns whether the controller may be paging.
    pub(crate) const fn is_busy(&self) -> bool {
        !matches!(self.state, State::Idle)
    }

    /// Returns whether it must page.
    pub(crate) const fn wants_air(&self) -> bool {
        self.is_busy() || self.request.is_some()
    }

    fn end(&mut self, result: Result<(), Status>) {
        if let Some(address) = self.request.take() {
            self.ended = Some((address, result));
        }
        self.patience = None;
    }

    fn is_current(&self) -> bool {
        self.request == Some(self.active)
    }

    /// Writes the missing command; `hold`: another machine uses the air.
    pub(crate) fn poll_command(
        &mut self,
        now: Instant,
        paging: impl Fn(BdAddress) -> Paging,
        hold: bool,
        w: &mut Writer<'_>,
    ) -> Option<Opcode> {
        if self.retry_at.is_some() {
            return None;
        }
        match self.state {
            State::Idle if !hold => {
                let address = self.request?;
                let Paging { scan_repetition, clock_offset } = paging(address);
                let clock_offset = clock_offset.into();
                let command =
                    RemoteNameRequest { address, scan_repetition, reserved: 0, clock_offset };
                let opcode = put(w, &command)?;
                (self.state, self.active) = (State::Starting, address);
                self.deadline = Some(now + TIME);
                Some(opcode)
            }
            State::Reading if !self.is_current() => {
                let opcode = put(w, &RemoteNameRequestCancel { address: self.active })?;
                self.state = State::Cancelling;
                Some(opcode)
            }
            State::Idle
            | State::Starting
            | State::Reading
            | State::Cancelling
            | State::Cancelled => None,
        }
    }

    /// Takes the answer to the command of [`Self::poll_command`].
    pub(crate) fn answered(&mut self, now: Instant, status: Status) {
        match (self.state, status.ok()) {
            (State::Starting, Ok(())) => self.state = State::Reading,
            (State::Starting, Err(status)) => {
                (self.state, self.deadline) = (State::Idle, None);
                if matches!(status, Status::COMMAND_DISALLOWED | Status::CONTROLLER_BUSY) {
                    self.retry_at = Some(now + RETRY);
                } else if self.is_current() {
                    self.end(Err(status));
                }
            }
            (State::Cancelling, _) => {
                self.state = State::Cancelled;
                self.deadline = Some(now + CANCEL_WAIT);
            }
            (State::Idle | State::Reading | State::Cancelled, _) => {}
        }
    }

    /// Handles Remote Name Request Complete.
    pub(crate) fn complete(&mut self, event: &RemoteNameRequestComplete) {
        if event.address != self.active || matches!(self.state, State::Idle | State::Starting) {
            return;
        }
        if self.state != State::Cancelling {
            (self.state, self.deadline) = (State::Idle, None);
        }
        if self.is_current() {
            let result = event.status.ok();
            if result.is_ok() {
                self.name = event.name;
            }
            self.end(result);
        }
    }

    /// Ends the request, because the controller cannot do it.
    pub(crate) fn fail(&mut self, status: Status) {
        self.end(Err(status));
    }

    pub(crate) const fn poll_ended(&mut self) -> Option<(BdAddress, Result<(), Status>)> {
        self.ended.take()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        [self.deadline, self.patience, self.retry_at].into_iter().flatten().min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.retry_at.take_if(|at| *at <= now);
        if self.patience.is_some_and(|at| at <= now) {
            self.end(Err(Status::PAGE_TIMEOUT));
        }
        if self.deadline.take_if(|at| *at <= now).is_some() {
            match self.state {
                State::Cancelled => self.state = State::Idle,
                State::Reading | State::Starting if self.is_current() => {
                    self.end(Err(Status::PAGE_TIMEOUT));
                }
                State::Idle | State::Starting | State::Reading | State::Cancelling => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
