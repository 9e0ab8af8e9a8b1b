//! The initiator: it owns the one request to connect, and what came of it.

use bindrune_hci::{Opcode, Status, cmd::le::CreateConnectionCancel};
use bindrune_wire::{Address, Writer};
use embassy_time::{Duration, Instant};

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
    /// It stays until it is released, also when it has ended.
    request: Option<Connect>,
    outcome: Connecting,
    search: Search,
    state: State,
    /// What the controller does is for the request of now.
    current: bool,
    /// What the controller does uses the accept list.
    by_list: bool,
    deadline: Option<Instant>,
    /// When cancelling may be tried again, or a cancelled attempt is taken for ended.
    retry_at: Option<Instant>,
    /// The Connection Complete of an attempt that was cancelled is still missing. It may come while another one goes
    /// on.
    missing: bool,
    /// The time of the request began while it waits.
    began: bool,
    pending_event: Option<ConnectEnd>,
}

/// How the controller learns the peer's address on the air.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Search {
    /// The controller finds the peer by the address of the request.
    No,
    /// The scanner looks for the peer.
    Looking,
    /// The peer advertised with this address. It may change it, so it is looked for again from then on.
    Found { peer: Address, until: Instant },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    /// Create Connection is out.
    Creating,
    /// The controller looks for the peer.
    Initiating,
    /// Cancel is out. A Connection Complete is still expected, or was seen (`done`).
    Cancelling {
        done: bool,
    },
    /// Cancelled: a Connection Complete is still expected.
    Cancelled,
}

/// How long a Connection Complete may stay out after Cancel.
const CANCEL_WAIT: Duration = Duration::from_secs(2);

/// How long a peer that was found is connected to before it is looked for again.
const ATTEMPT: Duration = Duration::from_secs(5);

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

    /// The controller was reset: it is to be given the request again.
    pub(crate) const fn restart(&mut self) {
        let Self { request, outcome, search, deadline, pending_event, .. } = *self;
        *self = Self { request, outcome, search, deadline, pending_event, ..Self::IDLE };
    }

    /// What is requested, until something has come of it.
    pub(crate) fn active(&self) -> Option<&Connect> {
        self.request.as_ref().filter(|_| self.outcome == Connecting::Pending)
    }

    /// How far the request is; `None` without one.
    pub(crate) fn outcome(&self) -> Option<Connecting> {
        self.request.map(|_| self.outcome)
    }

    /// Returns whether the controller looks for a peer, or is about to.
    pub(crate) const fn is_busy(&self) -> bool {
        !matches!(self.state, State::Idle)
    }

    /// Returns whether there is a request that the controller has not begun with, and could begin with.
    pub(crate) fn is_waiting(&self, full: bool) -> bool {
        self.active().is_some() && !full && !self.is_looking() && !self.is_busy()
    }

    pub(crate) const fn uses_list(&self) -> bool {
        self.is_busy() && self.by_list
    }

    /// Takes a request in place of the one before. `search`: only the host can tell the peer's address on the air.
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

    /// Goes on with a request whose link came to nothing.
    pub(crate) fn resume(&mut self) {
        if self.outcome == Connecting::Linked {
            self.outcome = Connecting::Pending;
            self.search_again();
        }
    }

    /// Returns whether the scanner is to look for the peer.
    pub(crate) fn is_looking(&self) -> bool {
        self.active().is_some() && self.search == Search::Looking
    }

    /// The identity of the peer that the scanner is to look for.
    pub(crate) fn sought(&self) -> Option<Address> {
        self.active().filter(|_| self.is_looking())?.peer
    }

    /// The peer that is looked for advertises with this address.
    pub(crate) fn found(&mut self, now: Instant, peer: Address) {
        if self.is_looking() {
            let until = now.checked_add(ATTEMPT).unwrap_or(Instant::MAX);
            self.search = Search::Found { peer, until };
        }
    }

    fn search_again(&mut self) {
        if self.search != Search::No {
            self.search = Search::Looking;
            self.current = false;
        }
    }

    /// The scanner may not look for the peer.
    pub(crate) fn search_failed(&mut self, status: Status) {
        if self.is_looking() {
            self.end(ConnectEnd::Failed(status));
        }
    }

    /// The accept list cannot be what is requested: a request that waits for it ends.
    pub(crate) fn list_failed(&mut self, status: Status) {
        if !self.is_busy() && self.active().is_some_and(|request| request.peer.is_none()) {
            self.end(ConnectEnd::Failed(status));
        }
    }

    /// Nothing can go on the air.
    pub(crate) fn request_failed(&mut self, status: Status) {
        if !self.is_busy() {
            self.end(ConnectEnd::Failed(status));
        }
    }

    /// Ends a request that is not to wait for room for its link; the time of one that waits for it, or for the peer to
    /// be found, begins.
    pub(crate) fn settle(&mut self, now: Instant, full: bool) {
        let Some(request) = self.active().copied().filter(|_| !self.is_busy()) else { return };
        if full && request.when_full == WhenFull::Fail {
            self.end(ConnectEnd::NoLink);
        } else if (full || self.is_looking()) && self.deadline.is_none() {
            self.start_time(now, request.timeout);
            self.began = self.deadline.is_some();
        }
    }

    /// Writes the command that is missing. None goes on while the gate is shut.
    pub(crate) fn poll_command(
        &mut self,
        now: Instant,
        info: &ControllerInfo,
        gate: Gate<'_>,
        w: &mut Writer<'_>,
    ) -> Option<Opcode> {
        let list = gate.list == ListState::Current;
        match self.state {
            State::Idle => {
                let request = *self.active()?;
                let by_list = request.peer.is_none();
                if gate.full || gate.hold || self.is_looking() || (by_list && !list) {
                    return None;
                }
                let aimed = self.aimed(request);
                let opcode = create(&aimed, (info, gate.resolving.hides_us(aimed.peer)), w)?;
                (self.state, self.current, self.by_list) = (State::Creating, true, by_list);
                self.start_time(now, request.timeout);
                Some(opcode)
            }
            State::Initiating
                if !self.current || gate.hold || gate.full || (self.by_list && !list) =>
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

    /// The request, with the peer's address on the air.
    const fn aimed(&self, request: Connect) -> Connect {
        match self.search {
            Search::Found { peer, .. } => Connect { peer: Some(peer), ..request },
            Search::No | Search::Looking => request,
        }
    }

    /// The answer to the command of [`Self::poll_command`].
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
                self.retry_at = now.checked_add(CANCEL_WAIT);
            }
            (State::Cancelling { done: false }, Err(_)) => {
                self.state = State::Initiating;
                self.retry_at = now.checked_add(RETRY);
            }
            (State::Idle | State::Initiating | State::Cancelled, _) => {}
        }
    }

    /// Create Connection was refused for a reason that will pass: it is sent again.
    pub(crate) const fn put_off(&mut self) {
        self.state = State::Idle;
    }

    /// A link came up with us as its central. True if it is wanted, also when it comes after the attempt was cancelled
    /// to make room for another command: there are controllers that report both the cancelling and the link.
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

    /// No link came up. One that was not established (0x3E) is tried again.
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

    /// Returns whether a Connection Complete is that of the attempt before, which was cancelled and taken for ended.
    const fn is_of_last(&mut self) -> bool {
        let cancelled = matches!(self.state, State::Cancelling { .. } | State::Cancelled);
        !cancelled && core::mem::replace(&mut self.missing, false)
    }

    /// Connection Complete was seen.
    const fn done(&mut self) {
        (self.retry_at, self.missing) = (None, false);
        self.state = match self.state {
            State::Cancelling { .. } => State::Cancelling { done: true },
            State::Idle | State::Creating | State::Initiating | State::Cancelled => State::Idle,
        };
    }

    /// Ends the request, where it is the one that failed.
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
        let search = match self.search {
            Search::Found { until, .. } if active => Some((until, Deadline::Search)),
            Search::Found { .. } | Search::No | Search::Looking => None,
        };
        [end, retry, search].into_iter().flatten().min_by_key(|&(at, _)| at)
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.retry_at.take_if(|at| *at <= now).is_some() && self.state == State::Cancelled {
            self.state = State::Idle;
        }
        if let Search::Found { until, .. } = self.search
            && until <= now
            && self.active().is_some()
        {
            self.search_again();
        }
        if self.deadline.is_some_and(|at| at <= now) {
            self.end(ConnectEnd::Timeout);
        }
    }

    /// Panics where nothing would ever come of the request. To be called when no command is pending.
    #[cfg(any(test, feature = "std"))]
    pub(crate) fn check_progress(&self, gate: Gate<'_>) {
        let shut = |request: &Connect| {
            gate.hold || gate.full || (request.peer.is_none() && gate.list != ListState::Current)
        };
        let waits = self.is_busy() || self.retry_at.is_some() || self.is_looking();
        let progress = self.active().is_none_or(|request| waits || shut(request));
        assert!(progress, "nothing comes of {self:?}");
    }
}

/// What an initiator waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deadline {
    End,
    Retry,
    Search,
}
