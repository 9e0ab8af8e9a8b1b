//! Procedures of a link, for the application's calls: role, mode, supervision timeout, echo.

use core::task::Poll;

use bindrune_classic::{Link as GapLink, LinkMode, Sniff};
use bindrune_hci::{Role, Status};
use bindrune_l2cap::classic::{EchoError, EchoOutcome};
use embassy_time::Duration;

use super::{State, link::LinkRef, wait::Event as Awaited};
use crate::{ClassicEcho, ClassicLinkMode, Error, stack::Stack, waiters::Due};

/// A procedure of a link that the application requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Procedure {
    Role,
    Mode,
    Supervision,
}

/// How the last request for each procedure ended; `None` while it is in progress.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    role: Option<Result<(), Status>>,
    mode: Option<Result<(), Status>>,
    supervision: Option<Result<(), Status>>,
}

impl Ends {
    pub(super) const NONE: Self = Self { role: None, mode: None, supervision: None };

    const fn of(&mut self, procedure: Procedure) -> &mut Option<Result<(), Status>> {
        match procedure {
            Procedure::Role => &mut self.role,
            Procedure::Mode => &mut self.mode,
            Procedure::Supervision => &mut self.supervision,
        }
    }
}

/// State of the application's echo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Echo {
    Idle,
    /// A caller is about to begin one.
    Taken,
    Begun(embassy_time::Instant),
    Ended(EchoOutcome, Duration),
}

impl State {
    /// Returns what GAP knows of a link that is up.
    fn gap_link(&self, link: LinkRef) -> Result<&GapLink, Error> {
        self.link(link)?;
        let gone = Error::Disconnected(Status::UNKNOWN_CONNECTION);
        self.gap.link(link.index).ok_or(gone)
    }
}

/// Requests to the controller.
impl Stack {
    fn classic_of_link<T>(&self, link: LinkRef, get: impl Fn(&GapLink) -> T) -> Result<T, Error> {
        let state = self.classic.state().ok_or(Error::Unsupported)?;
        state.gap_link(link).map(get)
    }

    /// Returns the role of this device on a link. [Vol 4] Part E, 7.7.18
    pub(crate) fn classic_role(&self, link: LinkRef) -> Result<Role, Error> {
        self.classic_of_link(link, |link| link.role)
    }

    /// Returns the mode of a link. [Vol 4] Part E, 7.7.20
    pub(crate) fn classic_mode(&self, link: LinkRef) -> Result<ClassicLinkMode, Error> {
        self.classic_of_link(link, |link| match link.mode {
            LinkMode::SNIFF => ClassicLinkMode::Sniff { interval: slots(link.mode_interval) },
            LinkMode::HOLD => ClassicLinkMode::Hold,
            _ => ClassicLinkMode::Active,
        })
    }

    /// Returns after what time without a packet a link ends; `None` for never. [Vol 4] Part E, 7.3.42
    pub(crate) fn classic_supervision(&self, link: LinkRef) -> Result<Option<Duration>, Error> {
        self.classic_of_link(link, |link| {
            (link.supervision_timeout > 0).then(|| slots(link.supervision_timeout))
        })
    }

    /// Begins a procedure; `begin` returns false if its parameters are invalid.
    fn classic_begin_procedure(
        &mut self,
        link: LinkRef,
        procedure: Procedure,
        begin: impl FnOnce(&mut bindrune_classic::Gap) -> bool,
    ) -> Result<(), Error> {
        let now = self.now;
        let state = self.classic.get().ok_or(Error::Unsupported)?;
        state.gap_link(link)?;
        // A request that changes nothing leaves the end that another caller waits for.
        if !begin(&mut state.gap) {
            return Err(Error::InvalidParameters);
        }
        if let Some(slot) = state.up(link.index) {
            *slot.ends.of(procedure) = None;
        }
        self.classic_changed(now);
        self.ready.run(Due::COMMAND);
        Ok(())
    }

    /// Begins to change the role of this device. [Vol 4] Part E, 7.2.8
    pub(crate) fn switch_classic_role(&mut self, link: LinkRef, role: Role) -> Result<(), Error> {
        self.classic_begin_procedure(link, Procedure::Role, |gap| {
            let known = role.name().is_some();
            if known {
                gap.switch_role(link.index, role);
            }
            known
        })
    }

    /// Begins to change the mode: sniff mode, or active mode with `None`. [Vol 4] Part E, 7.2.2 and 7.2.3
    pub(crate) fn change_classic_mode(
        &mut self,
        link: LinkRef,
        sniff: Option<Sniff>,
    ) -> Result<(), Error> {
        self.classic_begin_procedure(link, Procedure::Mode, |gap| match sniff {
            Some(sniff) => gap.sniff(link.index, sniff),
            None => {
                gap.exit_sniff(link.index);
                true
            }
        })
    }

    /// Begins to change the supervision timeout. [Vol 4] Part E, 7.3.42
    pub(crate) fn set_classic_supervision(
        &mut self,
        link: LinkRef,
        timeout: Duration,
    ) -> Result<(), Error> {
        self.classic_begin_procedure(link, Procedure::Supervision, |gap| {
            gap.set_supervision_timeout(link.index, timeout)
        })
    }

    /// Ready when a procedure has ended.
    pub(crate) fn poll_classic_procedure(
        &mut self,
        link: LinkRef,
        procedure: Procedure,
    ) -> Poll<Result<(), Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        state.link(link)?;
        let end = state.up(link.index).and_then(|slot| *slot.ends.of(procedure));
        end.map_or(Poll::Pending, |end| Poll::Ready(end.map_err(Error::Controller)))
    }

    pub(super) fn classic_procedure_ended(
        &mut self,
        index: u8,
        procedure: Procedure,
        result: Result<(), Status>,
    ) {
        if let Some(slot) = self.classic.get().and_then(|state| state.up(index)) {
            *slot.ends.of(procedure) = Some(result);
        }
        self.classic_mark(Awaited::Setting);
    }

    /// Ends sniff mode with a long interval, because the link is used: no time limit of a protocol passes while it
    /// sleeps. [Vol 4] Part E, 7.2.3
    pub(super) fn wake_classic_link(&mut self, index: u8) {
        if self.classic.get().is_some_and(|state| state.gap.wake(index)) {
            self.ready.run(Due::COMMAND);
        }
    }
}

/// Echoes.
impl Stack {
    /// Takes the turn to send an echo.
    pub(crate) fn poll_classic_echo_turn(&mut self, link: LinkRef) -> Poll<Result<(), Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        state.link(link)?;
        match state.up(link.index) {
            Some(slot) if slot.echo == Echo::Idle => {
                slot.echo = Echo::Taken;
                Poll::Ready(Ok(()))
            }
            Some(_) | None => Poll::Pending,
        }
    }

    /// Sends an echo. [Vol 3] Part A, 4.8
    pub(crate) fn classic_echo(&mut self, link: LinkRef, data: &[u8]) -> Result<(), Error> {
        let now = self.now;
        let state = self.classic.get().ok_or(Error::Unsupported)?;
        state.link(link)?;
        if let Some(slot) = state.up(link.index) {
            slot.l2cap.echo(now, data).map_err(|error| match error {
                EchoError::TooLong => Error::TooLong { max: bindrune_l2cap::classic::ECHO_MAX },
                EchoError::Busy => Error::Busy,
            })?;
            slot.echo = Echo::Begun(self.clock);
        }
        self.classic_pending(link.index);
        self.deadlines_changed();
        Ok(())
    }

    /// Handles the end of an echo. [Vol 3] Part A, 4.9
    pub(super) fn classic_echoed(&mut self, index: u8, outcome: EchoOutcome) {
        let clock = self.clock;
        if let Some(slot) = self.classic.get().and_then(|state| state.up(index))
            && let Echo::Begun(at) = slot.echo
        {
            slot.echo = Echo::Ended(outcome, clock.saturating_duration_since(at));
        }
        self.classic_mark(Awaited::Setting);
    }

    /// Ready when the peer has answered. [Vol 3] Part A, 4.9
    pub(crate) fn poll_classic_echo(&mut self, link: LinkRef) -> Poll<Result<ClassicEcho, Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        let Echo::Ended(outcome, round_trip) = state.link(link)?.echo else { return Poll::Pending };
        let echo = |is_equal| Poll::Ready(Ok(ClassicEcho { round_trip, is_equal }));
        match outcome {
            EchoOutcome::Answered => echo(true),
            EchoOutcome::Different => echo(false),
            EchoOutcome::Rejected => Poll::Ready(Err(Error::Protocol)),
            EchoOutcome::Timeout => Poll::Ready(Err(Error::Timeout)),
        }
    }

    /// Ends the echo of the application: the next one may begin.
    pub(crate) fn stop_classic_echo(&mut self, link: LinkRef) {
        let Some(state) = self.classic.get().filter(|state| state.link(link).is_ok()) else {
            return;
        };
        if let Some(slot) = state.up(link.index) {
            slot.l2cap.stop_echo();
            slot.echo = Echo::Idle;
        }
        self.classic_mark(Awaited::Setting);
        self.deadlines_changed();
    }
}

/// Returns the time of a number of slots of 0.625 ms.
const fn slots(slots: u16) -> Duration {
    Duration::from_micros((slots as u64).saturating_mul(625))
}
