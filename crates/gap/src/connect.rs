//! Initiating: one wish, for one peer or any of the accept list. [Vol 4] Part E, 7.8.12, 7.8.13, 7.8.66

use bindrune_hci::{
    DeviceAddress, FilterPolicy, Opcode, PhyMask, Status,
    cmd::le::{CreateConnection, CreateConnectionCancel, ExtendedCreateConnection, InitiatingPhy},
};
use bindrune_wire::{Address, Writer};
use embassy_time::{Duration, Instant};

use crate::{
    ConnectionParameters, ControllerInfo,
    accept_list::ListState,
    command::{RETRY, put, units_16},
};

/// With whom to connect, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connect {
    /// The peer; `None` for the first of the accept list that advertises.
    pub peer: Option<Address>,
    /// Time from the start of one scan window to the next: 2.5 ms to 10.24 s.
    pub scan_interval: Duration,
    /// Time of scanning in each interval; at most the interval.
    pub scan_window: Duration,
    /// What the link should be like.
    pub parameters: ConnectionParameters,
    /// On which PHYs to look for the peer (LE 1M, LE Coded) and to connect; with extended commands only.
    pub phys: PhyMask,
    /// When to give up, from the moment that the controller begins.
    pub timeout: Option<Duration>,
}

impl Connect {
    /// With one peer, until withdrawn.
    #[must_use]
    pub const fn to(peer: Address) -> Self {
        Self { peer: Some(peer), ..Self::ANY }
    }

    /// With any peer of the accept list, until withdrawn.
    #[must_use]
    pub const fn any() -> Self {
        Self::ANY
    }

    /// Gives up after this time.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// What the link should be like.
    #[must_use]
    pub const fn parameters(mut self, parameters: ConnectionParameters) -> Self {
        self.parameters = parameters;
        self
    }

    const ANY: Self = Self {
        peer: None,
        scan_interval: Duration::from_millis(60),
        scan_window: Duration::from_millis(60),
        parameters: ConnectionParameters::DEFAULT,
        phys: PhyMask::LE_1M,
        timeout: None,
    };
}

/// Why no link came up though the wish was not withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ConnectEnd {
    /// Its time is over.
    Timeout,
    /// The controller refused, or gave up.
    Failed(Status),
}

/// The initiator.
#[derive(Debug)]
pub(crate) struct Initiator {
    wish: Option<Connect>,
    state: State,
    /// What the controller does is for the wish of now.
    current: bool,
    /// What the controller does uses the accept list.
    by_list: bool,
    deadline: Option<Instant>,
    /// When cancelling may be tried again, or a cancelled attempt is taken for ended.
    retry_at: Option<Instant>,
    ended: Option<ConnectEnd>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    /// Create Connection is out.
    Creating,
    /// The controller looks for the peer.
    Initiating,
    /// Cancel is out. A Connection Complete is still owed, or was seen (`done`).
    Cancelling {
        done: bool,
    },
    /// Cancelled: a Connection Complete is still owed.
    Cancelled,
}

/// How long a Connection Complete may be owed after Cancel.
const CANCEL_WAIT: Duration = Duration::from_secs(2);

impl Initiator {
    pub(crate) const IDLE: Self = Self {
        wish: None,
        state: State::Idle,
        current: false,
        by_list: false,
        deadline: None,
        retry_at: None,
        ended: None,
    };

    /// The controller was reset: the wish is to be told again.
    pub(crate) const fn restart(&mut self) {
        *self = Self { wish: self.wish, deadline: self.deadline, ended: self.ended, ..Self::IDLE };
    }

    /// True while the controller looks for a peer, or is about to.
    pub(crate) const fn is_busy(&self) -> bool {
        !matches!(self.state, State::Idle)
    }

    /// True where there is a wish that the controller has not begun with.
    pub(crate) const fn is_waiting(&self) -> bool {
        self.wish.is_some() && matches!(self.state, State::Idle)
    }

    #[cfg(test)]
    pub(crate) const fn is_wished(&self) -> bool {
        self.wish.is_some()
    }

    pub(crate) const fn uses_list(&self) -> bool {
        self.is_busy() && self.by_list
    }

    pub(crate) fn wish(&mut self, connect: Connect) {
        self.withdraw();
        self.wish = Some(connect);
    }

    pub(crate) const fn withdraw(&mut self) {
        self.wish = None;
        self.ended = None;
        self.deadline = None;
        self.current = false;
    }

    /// The accept list cannot be what is wished: a wish that waits for it ends.
    pub(crate) fn list_failed(&mut self, status: Status) {
        if self.is_waiting() && self.wish.is_some_and(|wish| wish.peer.is_none()) {
            self.withdraw();
            self.ended = Some(ConnectEnd::Failed(status));
        }
    }

    /// Writes the command that is missing. Connecting by the accept list follows its state; none goes on while `hold`.
    pub(crate) fn poll_command(
        &mut self,
        now: Instant,
        info: &ControllerInfo,
        (list, hold): (ListState, bool),
        w: &mut Writer<'_>,
    ) -> Option<Opcode> {
        match (self.state, self.wish) {
            (State::Idle, Some(wish)) => {
                let by_list = wish.peer.is_none();
                if hold || (by_list && list != ListState::Current) {
                    return None;
                }
                let opcode = create(&wish, info, w)?;
                (self.state, self.current, self.by_list) = (State::Creating, true, by_list);
                let end = || wish.timeout.and_then(|timeout| now.checked_add(timeout));
                self.deadline = self.deadline.or_else(end);
                Some(opcode)
            }
            (State::Initiating, _)
                if !self.current || hold || (self.by_list && list != ListState::Current) =>
            {
                if self.retry_at.is_some() {
                    return None;
                }
                let opcode = put(w, &CreateConnectionCancel)?;
                self.state = State::Cancelling { done: false };
                Some(opcode)
            }
            _ => None,
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

    /// A link came up with us as its central. True where it is wanted, also when it comes after the attempt was cancelled to
    /// make room for another command: there are controllers that report both the cancelling and the link.
    pub(crate) const fn linked(&mut self) -> bool {
        let wanted = self.current && self.wish.is_some();
        self.done();
        if wanted {
            self.withdraw();
        }
        wanted
    }

    /// No link came up.
    pub(crate) fn failed(&mut self, status: Status) {
        let cancelled = matches!(self.state, State::Cancelling { .. } | State::Cancelled);
        if !self.is_busy() {
            return;
        }
        self.done();
        if !cancelled {
            self.fail(status);
        }
    }

    /// Connection Complete was seen.
    const fn done(&mut self) {
        self.retry_at = None;
        self.state = match self.state {
            State::Cancelling { .. } => State::Cancelling { done: true },
            State::Idle | State::Creating | State::Initiating | State::Cancelled => State::Idle,
        };
    }

    /// Ends the wish, where it is the one that failed.
    fn fail(&mut self, status: Status) {
        if self.current && self.wish.is_some() {
            self.withdraw();
            self.ended = Some(ConnectEnd::Failed(status));
        }
    }

    pub(crate) const fn poll_ended(&mut self) -> Option<ConnectEnd> {
        self.ended.take()
    }

    pub(crate) fn poll_timeout(&self) -> Option<(Instant, Deadline)> {
        let end = self.deadline.map(|at| (at, Deadline::End));
        let retry = self.retry_at.map(|at| (at, Deadline::Retry));
        end.into_iter().chain(retry).min_by_key(|&(at, _)| at)
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_at = None;
            if self.state == State::Cancelled {
                self.state = State::Idle;
            }
        }
        if self.deadline.is_some_and(|at| at <= now) {
            self.withdraw();
            self.ended = Some(ConnectEnd::Timeout);
        }
    }
}

/// What an initiator waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deadline {
    End,
    Retry,
}

fn create(wish: &Connect, info: &ControllerInfo, w: &mut Writer<'_>) -> Option<Opcode> {
    let interval = units_16(wish.scan_interval, SCAN_UNIT, SCAN_MIN, SCAN_MAX);
    let window = units_16(wish.scan_window, SCAN_UNIT, SCAN_MIN, interval);
    let (scan_interval, scan_window) = (interval.into(), window.into());
    let (filter_policy, peer) = match wish.peer {
        Some(peer) => (FilterPolicy::ALL, peer.into()),
        None => (FilterPolicy::SCAN_BY_LIST, DeviceAddress::NONE),
    };
    let own_address_type = info.own_address_type();
    let connection = wish.parameters.command();
    if !info.extended {
        let command = CreateConnection {
            scan_interval,
            scan_window,
            filter_policy,
            peer,
            own_address_type,
            connection,
        };
        return put(w, &command);
    }
    let phy = InitiatingPhy { scan_interval, scan_window, connection };
    let coded = wish.phys.contains(PhyMask::CODED).then_some(phy);
    let le_1m = (coded.is_none() || wish.phys.contains(PhyMask::LE_1M)).then_some(phy);
    let le_2m = wish.phys.contains(PhyMask::LE_2M).then_some(phy);
    let command =
        ExtendedCreateConnection { filter_policy, own_address_type, peer, le_1m, le_2m, coded };
    put(w, &command)
}

/// The unit of scan interval and window, in microseconds.
const SCAN_UNIT: u64 = 625;
/// 2.5 ms.
const SCAN_MIN: u16 = 4;
/// 10.24 s.
const SCAN_MAX: u16 = 0x4000;

#[cfg(test)]
mod tests;
