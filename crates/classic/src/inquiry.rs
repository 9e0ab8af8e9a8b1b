//! The one inquiry. [Vol 3] Part C, 6.1 and 6.2

use bindrune_hci::{
    Lap, Opcode, Status,
    cmd::classic::{Inquiry as Command, InquiryCancel},
};
use bindrune_wire::{Writer, time::Instant};
use embassy_time::Duration;

use crate::command::{RETRY, put};

/// A request for an inquiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inquiry {
    /// Whether only devices in limited discoverable mode answer.
    pub limited: bool,
    /// Its length: 1.28 s to 61.44 s, in steps of 1.28 s.
    pub length: Duration,
    /// Number of devices after which it ends; 0 for no limit.
    pub max_responses: u8,
}

impl Inquiry {
    /// Finds all discoverable devices in 10.24 s. [Vol 3] Part C, appendix A, T_GAP(100)
    pub const GENERAL: Self =
        Self { limited: false, length: Duration::from_millis(10_240), max_responses: 0 };
    /// Finds devices that are discoverable for a limited time, in 10.24 s.
    pub const LIMITED: Self = Self { limited: true, ..Self::GENERAL };
}

/// How an inquiry ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum InquiryEnd {
    /// After its length.
    Finished,
    /// After the requested number of devices.
    Enough,
    /// The controller refused it, or stopped.
    Failed(Status),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Off,
    Starting,
    On,
    Stopping,
}

/// The request, and the controller's state.
#[derive(Debug)]
pub(crate) struct Inquirer {
    request: Option<Inquiry>,
    state: State,
    /// Whether the controller works on the current request.
    current: bool,
    /// The end of the request; it begins when it is made.
    until: Option<Instant>,
    found: u8,
    retry_at: Option<Instant>,
    ended: Option<InquiryEnd>,
}

/// Time that the controller has beyond the length of an inquiry.
const GRACE: Duration = Duration::from_secs(2);
/// Unit of the length.
const UNIT: u64 = 1_280_000;
const LENGTH_MAX: Duration = Duration::from_millis(61_440);

impl Inquirer {
    pub(crate) const IDLE: Self = Self {
        request: None,
        state: State::Off,
        current: false,
        until: None,
        found: 0,
        retry_at: None,
        ended: None,
    };

    /// Starts again after a reset of the controller.
    pub(crate) const fn restart(&mut self) {
        (self.state, self.current, self.retry_at) = (State::Off, false, None);
    }

    pub(crate) fn request(&mut self, now: Instant, request: Inquiry) {
        let length = request.length.clamp(Duration::from_micros(UNIT), LENGTH_MAX);
        self.request = Some(request);
        self.until = Some(now + length);
        (self.current, self.found, self.ended) = (false, 0, None);
    }

    pub(crate) const fn release(&mut self) {
        (self.request, self.until, self.ended, self.current) = (None, None, None, false);
    }

    pub(crate) const fn is_requested(&self) -> bool {
        self.request.is_some()
    }

    /// Returns whether the controller may be inquiring.
    pub(crate) const fn is_on(&self) -> bool {
        !matches!(self.state, State::Off)
    }

    /// Returns whether results belong to the request.
    pub(crate) const fn takes_results(&self) -> bool {
        self.request.is_some() && self.current
    }

    fn end(&mut self, end: InquiryEnd) {
        if self.request.take().is_some() {
            self.ended = Some(end);
        }
        (self.until, self.current) = (None, false);
    }

    /// Writes the missing command; `hold`: another machine pages.
    pub(crate) fn poll_command(
        &mut self,
        now: Instant,
        hold: bool,
        w: &mut Writer<'_>,
    ) -> Option<Opcode> {
        if self.retry_at.is_some() {
            return None;
        }
        match self.state {
            State::Off if !hold => {
                let request = self.request?;
                let left = self.until?.since(now);
                let length = left.as_micros().div_ceil(UNIT).clamp(1, 0x30);
                let lap = if request.limited { Lap::LIMITED } else { Lap::GENERAL };
                let max_responses = request.max_responses.saturating_sub(self.found);
                let length = u8::try_from(length).unwrap_or(0x30);
                let opcode = put(w, &Command { lap, length, max_responses })?;
                (self.state, self.current) = (State::Starting, true);
                Some(opcode)
            }
            State::On if hold || !self.current => {
                let opcode = put(w, &InquiryCancel)?;
                self.state = State::Stopping;
                Some(opcode)
            }
            State::Off | State::Starting | State::On | State::Stopping => None,
        }
    }

    /// Takes the answer to the command of [`Self::poll_command`].
    pub(crate) fn answered(&mut self, now: Instant, status: Status) {
        match (self.state, status.ok()) {
            (State::Starting, Ok(())) => self.state = State::On,
            (State::Starting, Err(Status::COMMAND_DISALLOWED | Status::CONTROLLER_BUSY)) => {
                self.state = State::Off;
                self.retry_at = Some(now + RETRY);
            }
            (State::Starting, Err(status)) => {
                self.state = State::Off;
                if self.current {
                    self.end(InquiryEnd::Failed(status));
                }
            }
            // Command Disallowed: it has just ended.
            (State::Stopping, Ok(()) | Err(Status::COMMAND_DISALLOWED)) => {
                (self.state, self.current) = (State::Off, false);
            }
            (State::Stopping, Err(_)) => {
                self.state = State::On;
                self.retry_at = Some(now + RETRY);
            }
            (State::Off | State::On, _) => {}
        }
    }

    /// Handles Inquiry Complete.
    pub(crate) fn complete(&mut self, status: Status) {
        // While the command to start or to stop is in flight, its answer decides.
        if self.state != State::On {
            return;
        }
        self.state = State::Off;
        if self.current {
            self.end(match status.ok() {
                Ok(()) => InquiryEnd::Finished,
                Err(status) => InquiryEnd::Failed(status),
            });
        }
    }

    /// Counts a device that was found.
    pub(crate) fn count(&mut self) {
        self.found = self.found.saturating_add(1);
        if self
            .request
            .is_some_and(|request| request.max_responses > 0 && self.found >= request.max_responses)
        {
            self.end(InquiryEnd::Enough);
        }
    }

    /// Ends the request, because the controller cannot do it.
    pub(crate) fn fail(&mut self, status: Status) {
        self.end(InquiryEnd::Failed(status));
    }

    pub(crate) const fn poll_ended(&mut self) -> Option<InquiryEnd> {
        self.ended.take()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let end = self.until.map(|until| if self.is_on() { until + GRACE } else { until });
        self.retry_at.into_iter().chain(end).min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.retry_at.take_if(|at| *at <= now);
        let grace = if self.is_on() { GRACE } else { Duration::MIN };
        if self.until.is_some_and(|until| until + grace <= now) {
            self.end(InquiryEnd::Finished);
        }
    }
}

#[cfg(test)]
mod tests;
