use bindrune_hci::{OwnAddressType, Status};
use bindrune_wire::{Address, AddressKind, Handle};
use embassy_time::{Duration, Instant};

use super::{Advertising, AdvertisingEnd, Gate, PendingEvent, SetId, request::Request};
use crate::{
    Advertisement, ControllerInfo, TooLong, WhenFull, accept_list::ListState, command::RETRY,
};

/// One advertising set: what is requested of it, what came of that, and how far the controller is.
#[derive(Clone, Copy, Debug)]
pub struct AdvertisingSet {
    /// It stays until it is released, also when it has ended.
    request: Option<Request>,
    outcome: Advertising,
    /// The next command on the way to what is requested.
    step: Step,
    /// The request changed while a command was out, whose answer is about the old one.
    changed: bool,
    /// The controller has this set (extended commands).
    exists: bool,
    /// Our address in the parameters that the controller has, and its type.
    own: Option<(Address, OwnAddressType)>,
    /// Advertising is on.
    pub(super) on: bool,
    /// What is on can be connected to.
    pub(super) connectable: bool,
    /// What is on serves only the accept list.
    pub(super) by_list: bool,
    /// The link that ended what was on, while its Connection Complete is still to come, and until when.
    awaited: Option<(Handle, Instant)>,
    /// When the request's time is over.
    deadline: Option<Instant>,
    /// When turning off may be tried again.
    retry_at: Option<Instant>,
    /// Started, or ended.
    pending_event: Option<PendingEvent>,
    /// The link that this set made, where that became known later than the link.
    made: Option<(Handle, bool)>,
}

/// A command of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Turn off.
    Off,
    /// Delete what the controller has, so that new parameters may be of another kind.
    Remove,
    Parameters,
    Address,
    /// Advertising data from this octet on.
    Data(usize),
    /// Scan response from this octet on.
    Response(usize),
    On,
}

/// How long a Connection Complete may stay out after Advertising Set Terminated, and the other way around where several
/// sets can have made the link.
pub(super) const EVENT_WAIT: Duration = Duration::from_secs(2);

impl AdvertisingSet {
    /// A set of which nothing is requested.
    pub const EMPTY: Self = Self {
        request: None,
        outcome: Advertising::Pending,
        step: Step::Remove,
        changed: false,
        exists: false,
        own: None,
        on: false,
        connectable: false,
        by_list: false,
        awaited: None,
        deadline: None,
        retry_at: None,
        pending_event: None,
        made: None,
    };

    pub(super) const fn restart(&mut self) {
        let Self { request, outcome, deadline, pending_event, .. } = *self;
        *self = Self { request, outcome, deadline, pending_event, ..Self::EMPTY };
    }

    /// What is requested, until something has come of it.
    pub(super) fn active(&self) -> Option<&Request> {
        self.request.as_ref().filter(|_| self.outcome == Advertising::Pending)
    }

    /// How far the request is; `None` without one.
    pub(super) fn outcome(&self) -> Option<Advertising> {
        self.request.map(|_| self.outcome)
    }

    pub(super) const fn is_free(&self) -> bool {
        self.request.is_none() && self.made.is_none()
    }

    /// Takes a request in place of the one before. `sent`: a command of this set is out.
    pub(super) fn request(
        &mut self,
        ad: &Advertisement<'_>,
        data: &mut [u8],
        sent: bool,
    ) -> Result<(), TooLong> {
        self.release(sent);
        self.request = Some(Request::new(ad, data)?);
        Ok(())
    }

    pub(super) fn peer_is_private(&mut self) {
        if let Some(request) = &mut self.request {
            request.private_peer = true;
        }
    }

    pub(super) fn release(&mut self, sent: bool) {
        self.request = None;
        self.outcome = Advertising::Pending;
        self.pending_event = None;
        self.deadline = None;
        self.made = self.made.map(|(handle, _)| (handle, false));
        self.stale(sent);
    }

    pub(super) fn awaits_established(&self) -> bool {
        self.request.is_some_and(|request| request.established)
    }

    /// Goes on with a request whose link came to nothing.
    pub(super) fn resume(&mut self) {
        if self.outcome == Advertising::Linked {
            self.outcome = Advertising::Pending;
        }
    }

    const fn stale(&mut self, sent: bool) {
        self.step = Step::Remove;
        self.changed = sent;
    }

    /// The command that is missing, if there is one that may be sent now; only to turn off while the gate is shut.
    pub(super) fn next(
        &mut self,
        now: Instant,
        id: SetId,
        info: &ControllerInfo,
        gate: Gate<'_>,
    ) -> Option<Step> {
        let own = info.own_address();
        let own_type = self.active().map(|request| request.own_type(info, gate));
        if self.own != own_type.map(|own_type| (own, own_type)) && self.step != Step::Remove {
            self.step = Step::Parameters;
        }
        let fits = self.active().is_some() && self.step == Step::On;
        if self.on {
            let off = !fits
                || gate.hold
                || (gate.full && self.connectable)
                || (self.by_list && gate.list != ListState::Current);
            return (off && self.retry_at.is_none()).then_some(Step::Off);
        }
        let request = *self.active().filter(|_| self.awaited.is_none() && !gate.hold)?;
        if let Err(status) = request.check(id, info, gate) {
            self.end(AdvertisingEnd::Failed(status));
            return None;
        }
        if gate.full && request.is_connectable() {
            self.wait_for_link(now, &request);
            return None;
        }
        let held = request.uses_list() && gate.list == ListState::Held;
        loop {
            let applies = match self.step {
                Step::Off => false,
                Step::Remove => info.is_extended() && self.exists,
                Step::Parameters => true,
                Step::Address => info.is_extended() && own.kind() == AddressKind::Random,
                Step::Data(_) => request.has_data(),
                Step::Response(_) => request.has_response(),
                Step::On => return (!held).then_some(Step::On),
            };
            if applies {
                if self.step == Step::Parameters {
                    self.own = Some((own, request.own_type(info, gate)));
                }
                return Some(self.step);
            }
            self.step = self.step.following();
        }
    }

    /// There is no room for the link that the request is for.
    fn wait_for_link(&mut self, now: Instant, request: &Request) {
        match request.when_full {
            WhenFull::Fail => self.end(AdvertisingEnd::NoLink),
            WhenFull::Wait if self.start_time(now, request.timeout) => {
                self.pending_event = Some(PendingEvent::Waits);
            }
            WhenFull::Wait => {}
        }
    }

    /// Returns whether the time begins now.
    fn start_time(&mut self, now: Instant, timeout: Option<Duration>) -> bool {
        let before = self.deadline;
        self.deadline = before.or_else(|| timeout.and_then(|timeout| now.checked_add(timeout)));
        self.deadline != before
    }

    /// The answer to a command of this set.
    pub(super) fn answered(&mut self, now: Instant, step: Step, status: Status) {
        let changed = core::mem::take(&mut self.changed);
        match step {
            Step::Off => {
                if status.is_success() || status == Status::UNKNOWN_ADVERTISING_SET {
                    self.on = false;
                } else {
                    self.retry_at = now.checked_add(RETRY);
                }
                return;
            }
            Step::Remove => self.exists = false,
            Step::Parameters => self.exists |= status.is_success(),
            Step::On if status.is_success() => self.turned_on(now, changed),
            Step::Address | Step::Data(_) | Step::Response(_) | Step::On => {}
        }
        if changed {
            return;
        }
        if status.is_success() || step == Step::Remove {
            self.step = self.after(step);
        } else {
            self.end(AdvertisingEnd::Failed(status));
        }
    }

    /// The controller said that advertising is on: with the request of now, or with one that was changed since.
    fn turned_on(&mut self, now: Instant, changed: bool) {
        self.on = true;
        self.retry_at = None;
        if let Some(request) = self.active().copied().filter(|_| !changed) {
            self.start_time(now, request.timeout);
            self.pending_event = Some(PendingEvent::Started);
        }
    }

    /// Notes what is about to be turned on.
    pub(super) fn turning_on(&mut self) {
        if let Some(request) = self.active() {
            (self.connectable, self.by_list) = (request.is_connectable(), request.uses_list());
        }
    }

    /// The step after one that succeeded.
    fn after(&self, step: Step) -> Step {
        let len = self.request.map_or((0, 0), |request| request.len);
        match step {
            Step::Data(from) if Step::end(from, len.0) < len.0 => {
                Step::Data(Step::end(from, len.0))
            }
            Step::Response(from) if Step::end(from, len.1) < len.1 => {
                Step::Response(Step::end(from, len.1))
            }
            Step::On => Step::On,
            Step::Off
            | Step::Remove
            | Step::Parameters
            | Step::Address
            | Step::Data(_)
            | Step::Response(_) => step.following(),
        }
    }

    /// Ends the request, if there is one that has not ended.
    fn end(&mut self, end: AdvertisingEnd) {
        if self.active().is_some() {
            self.outcome = Advertising::Ended(end);
            self.deadline = None;
            self.pending_event = Some(PendingEvent::Ended(end));
            self.stale(false);
        }
    }

    /// This set made a link. True if it was requested.
    pub(super) fn linked(&mut self) -> bool {
        self.on = false;
        self.awaited = None;
        let wanted = self.active().is_some_and(Request::is_connectable);
        if wanted {
            self.outcome = Advertising::Linked;
            self.pending_event = None;
            self.stale(false);
        }
        wanted
    }

    /// A link that is not kept came up: the controller has turned the set off, and it is still requested.
    pub(super) const fn refused(&mut self) {
        self.on = false;
        self.awaited = None;
    }

    /// This set made a link that is up already.
    pub(super) fn made(&mut self, handle: Handle) {
        let wanted = self.linked();
        self.made = Some((handle, wanted));
    }

    /// Returns whether Advertising Set Terminated named this link, and its Connection Complete is still to come.
    pub(super) fn awaits(&self, handle: Handle) -> bool {
        self.awaited.is_some_and(|(awaited, _)| awaited == handle)
    }

    /// The controller turned this set off. For a link that was reported before, the set is off already.
    pub(super) fn terminated(&mut self, now: Instant, status: Status, handle: Option<Handle>) {
        if !core::mem::take(&mut self.on) {
            return;
        }
        match status {
            Status::SUCCESS => {
                let until = now.checked_add(EVENT_WAIT).unwrap_or(now);
                self.awaited = handle.map(|handle| (handle, until));
            }
            // The request goes on.
            Status::FAILED_TO_ESTABLISH | Status::CANCELLED_BY_HOST => {}
            _ if self.step != Step::On => {}
            Status::ADVERTISING_TIMEOUT => self.end(AdvertisingEnd::Timeout),
            status => self.end(AdvertisingEnd::Failed(status)),
        }
    }

    pub(super) fn poll_pending_event(&mut self) -> Option<PendingEvent> {
        let made = self.made.take().map(|(handle, wanted)| PendingEvent::Linked { handle, wanted });
        made.or_else(|| self.pending_event.take())
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let deadline = self.deadline.filter(|_| self.active().is_some());
        let awaited = self.awaited.map(|(_, until)| until);
        [deadline, awaited, self.retry_at].into_iter().flatten().min()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, sent: bool) {
        self.retry_at.take_if(|at| *at <= now);
        self.awaited.take_if(|(_, until)| *until <= now);
        if self.deadline.is_some_and(|at| at <= now) {
            self.end_early(AdvertisingEnd::Timeout, sent);
        }
    }

    /// Ends the request while a command may be out (`sent`).
    pub(super) fn end_early(&mut self, end: AdvertisingEnd, sent: bool) {
        if self.active().is_some() {
            self.end(end);
            self.changed = sent;
        }
    }

    /// Returns whether something will come of the request: it is on, or an event or a deadline will go on with it.
    #[cfg(any(test, feature = "std"))]
    pub(super) fn makes_progress(&self, gate: Gate<'_>) -> bool {
        let shut = |request: &Request| {
            gate.hold
                || (gate.full && request.is_connectable())
                || (request.uses_list() && gate.list != ListState::Current)
        };
        let waits = self.on || self.awaited.is_some() || self.retry_at.is_some();
        self.active().is_none_or(|request| waits || shut(request))
    }
}

impl Step {
    /// The longest fragment of data in one command. [Vol 4] Part E, 7.8.54
    const FRAGMENT: usize = bindrune_hci::cmd::le::EXTENDED_FRAGMENT_MAX;

    const fn following(self) -> Self {
        match self {
            Self::Off | Self::Remove => Self::Parameters,
            Self::Parameters => Self::Address,
            Self::Address => Self::Data(0),
            Self::Data(_) => Self::Response(0),
            Self::Response(_) | Self::On => Self::On,
        }
    }

    /// Where the fragment that begins at `from` ends.
    pub(super) fn end(from: usize, len: usize) -> usize {
        from.saturating_add(Self::FRAGMENT).min(len)
    }
}
