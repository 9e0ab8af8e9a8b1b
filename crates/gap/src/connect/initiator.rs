//! The initiator: the one request to connect, and its outcome.

mod search;

use bindrune_hci::{Opcode, Status, cmd::le::CreateConnectionCancel};
use bindrune_wire::{Writer, time::Instant};
use embassy_time::Duration;

use self::search::Search;
use super::{Connect, ConnectEnd, Connecting, create};
use crate::{
    ControllerInfo, WhenFull,
    accept_list::ListState,
    advertise::Gate,
    command::{RETRY, put},
};

/// The initiator.
#[derive(Debug)]
pub(crate) struct Initiator {
    /// The request stays until it is released, also after it has ended.
    request: Option<Connect>,
    outcome: Connecting,
    search: Search,
    state: State,
    /// Whether the controller works on the current request.
    current: bool,
    /// Whether the controller's attempt uses the accept list.
    by_list: bool,
    deadline: Option<Instant>,
    /// The time of the next attempt to cancel, or the time at which a cancelled attempt counts as ended.
    retry_at: Option<Instant>,
    /// Whether the Connection Complete of a cancelled attempt is missing. It may arrive during another attempt.
    missing: bool,
    /// Whether the time limit of the request began while it waits.
    began: bool,
    pending_event: Option<ConnectEnd>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    /// Create Connection is in flight.
    Creating,
    /// The controller scans for the peer.
    Initiating,
    /// Cancel is in flight. Connection Complete is still expected, or has arrived (`done`).
    Cancelling {
        done: bool,
    },
    /// The attempt is cancelled: Connection Complete is still expected.
    Cancelled,
}

/// Time limit for Connection Complete after Cancel.
const CANCEL_WAIT: Duration = Duration::from_secs(2);

impl Initiator {
    pub(crate) const IDLE: Self = Self {
        request: None,
        outcome: Connecting::Pending,
        search: Search::No,
        state: State::Idle,
        current: false,
        by_list: false,
        deadline: None,
        retry_at: None,
        missing: false,
        began: false,
        pending_event: None,
    };

    /// Starts again after a reset of the controller: the request is sent again.
    pub(crate) const fn restart(&mut self) {
        let Self { request, outcome, search, deadline, pending_event, .. } = *self;
        *self = Self { request, outcome, search, deadline, pending_event, ..Self::IDLE };
    }

    /// Returns the request, if it has not ended.
    pub(crate) fn active(&self) -> Option<&Connect> {
        self.request.as_ref().filter(|_| self.outcome == Connecting::Pending)
    }

    /// Returns the progress of the request; `None` without one.
    pub(crate) fn outcome(&self) -> Option<Connecting> {
        self.request.map(|_| self.outcome)
    }

    /// Returns whether the controller scans for a peer, or is about to.
    pub(crate) const fn is_busy(&self) -> bool {
        !matches!(self.state, State::Idle)
    }

    /// Returns whether there is a request that the controller has not started, but could start.
    pub(crate) fn is_waiting(&self, full: bool) -> bool {
        self.active().is_some() && !full && !self.is_looking() && !self.is_busy()
    }

    pub(crate) const fn uses_list(&self) -> bool {
        self.is_busy() && self.by_list
    }

    /// Replaces the request. `search`: only the host can resolve the peer's address.
    pub(crate) fn request(&mut self, connect: Connect, search: bool) {
        self.release();
        self.request = Some(connect);
        self.search = if search { Search::Looking } else { Search::No };
    }

    pub(crate) const fn release(&mut self) {
        self.request = None;
        self.outcome = Connecting::Pending;
        self.search = Search::No;
        self.pending_event = None;
        self.deadline = None;
        self.current = false;
    }

    pub(crate) fn awaits_established(&self) -> bool {
        self.request.is_some_and(|request| request.established)
    }

    /// Ends the request if it is pending.
    pub(crate) fn withdraw(&mut self) {
        self.end(ConnectEnd::Withdrawn);
    }

    /// Continues a request after its link was not established.
    pub(crate) fn resume(&mut self) {
        if self.outcome == Connecting::Linked {
            self.outcome = Connecting::Pending;
            self.search_again();
        }
    }

    /// Ends a request that waits for the accept list, because the list cannot be set.
    pub(crate) fn list_failed(&mut self, status: Status) {
        if !self.is_busy() && self.active().is_some_and(|request| request.peer.is_none()) {
            self.end(ConnectEnd::Failed(status));
        }
    }

    /// Fails the request, because nothing can go on the air.
    pub(crate) fn request_failed(&mut self, status: Status) {
        if !self.is_busy() {
            self.end(ConnectEnd::Failed(status));
        }
    }

    /// Ends a request that must not wait for room for its link. Starts the time limit of a request that waits for
    /// room, or for its peer.
    pub(crate) fn settle(&mut self, now: Instant, full: bool) {
        let Some(request) = self.active().copied().filter(|_| !self.is_busy()) else { return };
        if full && request.when_full == WhenFull::Fail {
            self.end(ConnectEnd::NoLink);
        } else if (full || self.is_looking()) && self.deadline.is_none() {
            self.start_time(now, request.timeout);
            self.began = self.deadline.is_some();
        }
    }

    /// Writes the missing command. Starts nothing while the gate is shut.
    pub(crate) fn poll_command(
        &mut self,
        now: Instant,
        info: &ControllerInfo,
        gate: Gate<'_>,
        w: &mut Writer<'_>,
    ) -> Option<Opcode> {
        let list = gate.list() == ListState::Current;
        match self.state {
            State::Idle => {
                let request = *self.active()?;
                let by_list = request.peer.is_none();
                if gate.full || gate.holds() || self.is_looking() || (by_list && !list) {
                    return None;
                }
                let aimed = self.aimed(request);
                let opcode = create(&aimed, (info, gate.resolving.hides_us(aimed.peer)), w)?;
                (self.state, self.current, self.by_list) = (State::Creating, true, by_list);
                self.start_time(now, request.timeout);
                Some(opcode)
            }
            State::Initiating
                if !self.current || gate.holds() || gate.full || (self.by_list && !list) =>
            {
                if self.retry_at.is_some() {
                    return None;
                }
                let opcode = put(w, &CreateConnectionCancel)?;
                self.state = State::Cancelling { done: false };
                Some(opcode)
            }
            State::Creating | State::Initiating | State::Cancelling { .. } | State::Cancelled => {
                None
            }
        }
    }

    fn start_time(&mut self, now: Instant, timeout: Option<Duration>) {
        self.deadline =
            self.deadline.or_else(|| timeout.and_then(|timeout| now.checked_add(timeout)));
    }

    /// Takes the answer to the command of [`Self::poll_command`].
    pub(crate) fn answered(&mut self, now: Instant, status: Status) {
        match (self.state, status.ok()) {
            (State::Creating, Ok(())) => {
                self.state = State::Initiating;
                self.retry_at = None;
            }
            (State::Creating, Err(status)) => {
                self.state = State::Idle;
                self.fail(status);
            }
            (State::Cancelling { done: true }, _) => self.state = State::Idle,
            (State::Cancelling { done: false }, Ok(()) | Err(Status::COMMAND_DISALLOWED)) => {
                self.state = State::Cancelled;
                self.missing = status.is_success();
                self.retry_at = Some(now + CANCEL_WAIT);
            }
            (State::Cancelling { done: false }, Err(_)) => {
                self.state = State::Initiating;
                self.retry_at = Some(now + RETRY);
            }
            (State::Idle | State::Initiating | State::Cancelled, _) => {}
        }
    }

    /// Sends Create Connection again, because the reason for its refusal is temporary.
    pub(crate) const fn put_off(&mut self) {
        self.state = State::Idle;
    }

    /// Records a link in the central role. Returns whether it is wanted, also after the attempt was cancelled to make
    /// room for another command: some controllers report both the cancellation and the link.
    pub(crate) fn linked(&mut self) -> bool {
        let wanted = self.current && self.active().is_some();
        if !self.is_of_last() {
            self.done();
        }
        if wanted {
            self.outcome = Connecting::Linked;
            self.pending_event = None;
            self.current = false;
        }
        wanted
    }

    /// Records that no link came up. If it was not established (0x3E), the attempt is repeated.
    pub(crate) fn failed(&mut self, status: Status) {
        let cancelled = matches!(self.state, State::Cancelling { .. } | State::Cancelled);
        if !self.is_busy() || status == Status::UNKNOWN_CONNECTION && self.is_of_last() {
            return;
        }
        self.done();
        if !cancelled && status != Status::FAILED_TO_ESTABLISH {
            self.fail(status);
        }
    }

    /// Returns whether a Connection Complete belongs to the previous attempt, which was cancelled and counted as
    /// ended.
    const fn is_of_last(&mut self) -> bool {
        let cancelled = matches!(self.state, State::Cancelling { .. } | State::Cancelled);
        !cancelled && core::mem::replace(&mut self.missing, false)
    }

    /// Records Connection Complete.
    const fn done(&mut self) {
        (self.retry_at, self.missing) = (None, false);
        self.state = match self.state {
            State::Cancelling { .. } => State::Cancelling { done: true },
            State::Idle | State::Creating | State::Initiating | State::Cancelled => State::Idle,
        };
    }

    /// Ends the request, if it is the one that failed.
    fn fail(&mut self, status: Status) {
        if self.current {
            self.end(ConnectEnd::Failed(status));
        }
    }

    fn end(&mut self, end: ConnectEnd) {
        if self.active().is_some() {
            self.outcome = Connecting::Ended(end);
            self.search = Search::No;
            self.deadline = None;
            self.current = false;
            self.pending_event = Some(end);
        }
    }

    pub(crate) const fn poll_began(&mut self) -> bool {
        core::mem::replace(&mut self.began, false)
    }

    pub(crate) const fn poll_ended(&mut self) -> Option<ConnectEnd> {
        self.pending_event.take()
    }

    pub(crate) fn poll_timeout(&self) -> Option<(Instant, Deadline)> {
        let active = self.active().is_some();
        let end = self.deadline.filter(|_| active).map(|at| (at, Deadline::End));
        let retry = self.retry_at.map(|at| (at, Deadline::Retry));
        let search = self.search.ends().filter(|_| active).map(|at| (at, Deadline::Search));
        [end, retry, search].into_iter().flatten().min_by_key(|&(at, _)| at)
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.retry_at.take_if(|at| *at <= now).is_some() && self.state == State::Cancelled {
            self.state = State::Idle;
        }
        if self.search.ends().is_some_and(|at| at <= now) && self.active().is_some() {
            self.search_again();
        }
        if self.deadline.is_some_and(|at| at <= now) {
            self.end(ConnectEnd::Timeout);
        }
    }

    /// Panics if the request can never make progress. Call it when no command is pending.
    #[cfg(any(test, feature = "std"))]
    pub(crate) fn check_progress(&self, gate: Gate<'_>) {
        let shut = |request: &Connect| {
            gate.holds()
                || gate.full
                || (request.peer.is_none() && gate.list() != ListState::Current)
        };
        let waits = self.is_busy() || self.retry_at.is_some() || self.is_looking();
        let progress = self.active().is_none_or(|request| waits || shut(request));
        assert!(progress, "no progress of {self:?}");
    }
}

/// Deadlines of an initiator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deadline {
    End,
    Retry,
    Search,
}
