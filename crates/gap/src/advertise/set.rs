use bindrune_hci::{OwnAddressType, Status};
use bindrune_wire::{
    Address, AddressKind, Handle,
    time::{Earliest, Instant},
};
use embassy_time::Duration;

use super::{Advertising, AdvertisingEnd, Gate, PendingEvent, SetId, request::Request, step::Step};
use crate::{
    Advertisement, ControllerInfo, Device, TooLong, WhenFull,
    accept_list::ListState,
    advertisement::Parameters,
    capability::{CENTRAL, EXTENDED, ExtendedRoom},
    command::RETRY,
};

/// One advertising set: its request, the outcome, and the state of the controller.
#[derive(Clone, Copy, Debug)]
pub struct AdvertisingSet {
    /// The request stays until it is released, also after it has ended.
    request: Option<Request>,
    outcome: Advertising,
    /// The next command towards the request.
    step: Step,
    /// Whether the request changed while a command was in flight; its answer belongs to the old request.
    changed: bool,
    /// Whether the controller has this set (extended commands).
    exists: bool,
    /// Our address, and its type, in the controller's parameters.
    own: Option<(Address, OwnAddressType)>,
    /// Whether advertising is on.
    pub(super) on: bool,
    /// Whether the active advertising is connectable.
    pub(super) connectable: bool,
    /// Whether the active advertising serves only the accept list.
    pub(super) by_list: bool,
    /// The link that ended the active advertising, while its Connection Complete is missing, and the time limit for
    /// that event.
    awaited: ExtendedRoom<(Handle, Instant)>,
    /// The end of the request's time.
    deadline: Option<Instant>,
    /// The time of the next attempt to turn off.
    retry_at: Option<Instant>,
    /// A start or an end to report.
    pending_event: Option<PendingEvent>,
    /// The link of this set, if the set became known after the link.
    made: ExtendedRoom<(Handle, bool)>,
}

/// Time limit for Connection Complete after Advertising Set Terminated, and the other way around if several sets may
/// have made the link.
pub(super) const EVENT_WAIT: Duration = Duration::from_secs(2);

impl AdvertisingSet {
    /// A set without a request.
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
        awaited: [None; _],
        deadline: None,
        retry_at: None,
        pending_event: None,
        made: [None; _],
    };

    pub(super) const fn restart(&mut self) {
        let Self { request, outcome, deadline, pending_event, .. } = *self;
        *self = Self { request, outcome, deadline, pending_event, ..Self::EMPTY };
    }

    /// Returns the request, if it has not ended.
    pub(super) fn active(&self) -> Option<&Request> {
        self.request.as_ref().filter(|_| self.outcome == Advertising::Pending)
    }

    /// Returns the progress of the request; `None` without one.
    pub(super) fn outcome(&self) -> Option<Advertising> {
        self.request.is_some().then_some(self.outcome)
    }

    pub(super) fn is_free(&self) -> bool {
        self.request.is_none() && self.made == [None; _]
    }

    /// Replaces the request. `sent`: a command of this set is in flight.
    pub(super) fn request(
        &mut self,
        ad: &Advertisement<'_>,
        device: Device<'_>,
        data: &mut [u8],
        sent: bool,
    ) -> Result<(), TooLong> {
        self.release(sent);
        self.request = Some(Request::new(ad, device, data)?);
        Ok(())
    }

    pub(super) fn seeks_link(&self) -> bool {
        let ended = matches!(self.outcome, Advertising::Ended(_));
        self.request.as_ref().is_some_and(Request::is_connectable) && !ended
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
        for (_, wanted) in self.made.iter_mut().flatten() {
            *wanted = false;
        }
        self.stale(sent);
    }

    pub(super) fn awaits_established(&self) -> bool {
        self.request.as_ref().is_some_and(|request| request.parameters.established)
    }

    /// Continues a request after its link was not established.
    pub(super) fn resume(&mut self) {
        if self.outcome == Advertising::Linked {
            self.outcome = Advertising::Pending;
        }
    }

    const fn stale(&mut self, sent: bool) {
        self.step = Step::Remove;
        self.changed = sent;
    }

    /// Returns the missing command, if one may be sent now. While the gate is shut, that is only the command to turn
    /// off.
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
                || gate.holds()
                || (gate.full && self.connectable)
                || (CENTRAL && self.by_list && gate.list() != ListState::Current);
            return (off && self.retry_at.is_none()).then_some(Step::Off);
        }
        let own_type = own_type?;
        let request = self.active().filter(|_| self.awaited().is_none() && !gate.holds())?;
        if let Err(status) = request.check(id, info, gate) {
            self.end(AdvertisingEnd::Failed(status));
            return None;
        }
        if gate.full && request.is_connectable() {
            self.wait_for_link(now);
            return None;
        }
        let held = request.uses_list() && gate.list() == ListState::Held;
        let (has_data, has_response) = (request.has_data(), request.has_response());
        loop {
            let applies = match self.step {
                Step::Off => false,
                Step::Remove => info.is_extended() && self.exists,
                Step::Parameters => true,
                Step::Address => info.is_extended() && own.kind() == AddressKind::Random,
                Step::Data(_) => has_data,
                Step::Response(_) => has_response,
                Step::On => return (!held).then_some(Step::On),
            };
            if applies {
                if self.step == Step::Parameters {
                    self.own = Some((own, own_type));
                }
                return Some(self.step);
            }
            self.step = self.step.following();
        }
    }

    /// Waits or fails, because there is no room for the request's link.
    fn wait_for_link(&mut self, now: Instant) {
        let Some(request) = self.active() else { return };
        let Parameters { when_full, timeout, .. } = request.parameters;
        match when_full {
            WhenFull::Fail => self.end(AdvertisingEnd::NoLink),
            WhenFull::Wait if self.start_time(now, timeout) => {
                self.pending_event = Some(PendingEvent::Waits);
            }
            WhenFull::Wait => {}
        }
    }

    /// Starts the time limit; returns whether it started now.
    fn start_time(&mut self, now: Instant, timeout: Option<Duration>) -> bool {
        let before = self.deadline;
        self.deadline = before.or_else(|| timeout.and_then(|timeout| now.checked_add(timeout)));
        self.deadline != before
    }

    /// Takes the answer to a command of this set.
    pub(super) fn answered(&mut self, now: Instant, step: Step, status: Status) {
        let changed = core::mem::take(&mut self.changed);
        match step {
            Step::Off => {
                if status.is_success() || status == Status::UNKNOWN_ADVERTISING_SET {
                    self.on = false;
                } else {
                    self.retry_at = Some(now + RETRY);
                }
                return;
            }
            Step::Remove if EXTENDED => self.exists = false,
            Step::Parameters if EXTENDED => self.exists |= status.is_success(),
            Step::On if status.is_success() => self.turned_on(now, changed),
            Step::Remove
            | Step::Parameters
            | Step::Address
            | Step::Data(_)
            | Step::Response(_)
            | Step::On => {}
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

    /// Records that advertising is on: for the current request, or for an earlier one if `changed`.
    fn turned_on(&mut self, now: Instant, changed: bool) {
        self.on = true;
        self.retry_at = None;
        if let Some(request) = self.active().filter(|_| !changed) {
            self.start_time(now, request.parameters.timeout);
            self.pending_event = Some(PendingEvent::Started);
        }
    }

    /// Records the advertising that is about to be turned on.
    pub(super) fn turning_on(&mut self) {
        if let Some(request) = self.active() {
            (self.connectable, self.by_list) = (request.is_connectable(), request.uses_list());
        }
    }

    /// Returns the step after a successful one.
    fn after(&self, step: Step) -> Step {
        let len = self.request.as_ref().map_or((0, 0), |request| request.len);
        match step {
            Step::Data(from) if EXTENDED && Step::end(from, len.0) < len.0 => {
                Step::Data(Step::end(from, len.0))
            }
            Step::Response(from) if EXTENDED && Step::end(from, len.1) < len.1 => {
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

    /// Ends the request, if it has not ended.
    fn end(&mut self, end: AdvertisingEnd) {
        if self.active().is_some() {
            self.outcome = Advertising::Ended(end);
            self.deadline = None;
            self.pending_event = Some(PendingEvent::Ended(end));
            self.stale(false);
        }
    }

    /// Records a link of this set. Returns whether it was requested.
    pub(super) fn linked(&mut self) -> bool {
        self.on = false;
        self.awaited.fill(None);
        let wanted = self.active().is_some_and(Request::is_connectable);
        if wanted {
            self.outcome = Advertising::Linked;
            self.pending_event = None;
            self.stale(false);
        }
        wanted
    }

    /// Records that a link was refused: the controller has turned the set off, and it is still requested.
    pub(super) fn refused(&mut self) {
        self.on = false;
        self.awaited.fill(None);
    }

    /// Records that this set made a link that is already up.
    pub(super) fn made(&mut self, handle: Handle) {
        let wanted = self.linked();
        self.made.fill(Some((handle, wanted)));
    }

    /// Returns the link whose Connection Complete is missing, and the time limit for that event.
    pub(super) fn awaited(&self) -> Option<(Handle, Instant)> {
        self.awaited.first().copied().flatten()
    }

    /// Returns whether Advertising Set Terminated named this link and its Connection Complete is missing.
    pub(super) fn awaits(&self, handle: Handle) -> bool {
        self.awaited().is_some_and(|(awaited, _)| awaited == handle)
    }

    /// Records that the controller turned this set off. If the link was reported before, the set is off already.
    pub(super) fn terminated(&mut self, now: Instant, status: Status, handle: Option<Handle>) {
        if !core::mem::take(&mut self.on) {
            return;
        }
        match status {
            Status::SUCCESS => {
                let until = now + EVENT_WAIT;
                self.awaited.fill(handle.map(|handle| (handle, until)));
            }
            // The request continues.
            Status::FAILED_TO_ESTABLISH | Status::CANCELLED_BY_HOST => {}
            _ if self.step != Step::On => {}
            Status::ADVERTISING_TIMEOUT => self.end(AdvertisingEnd::Timeout),
            status => self.end(AdvertisingEnd::Failed(status)),
        }
    }

    pub(super) fn poll_pending_event(&mut self) -> Option<PendingEvent> {
        let made = self.made.iter_mut().find_map(Option::take);
        let made = made.map(|(handle, wanted)| PendingEvent::Linked { handle, wanted });
        made.or_else(|| self.pending_event.take())
    }

    /// Adds the deadlines of this set.
    pub(super) fn add_deadlines(&self, id: SetId, earliest: &mut Earliest<SetId>) {
        if self.active().is_some() {
            earliest.add(self.deadline, id);
        }
        earliest.add(self.awaited().map(|(_, until)| until), id);
        earliest.add(self.retry_at, id);
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, sent: bool) {
        self.retry_at.take_if(|at| *at <= now);
        for awaited in &mut self.awaited {
            awaited.take_if(|(_, until)| *until <= now);
        }
        if self.deadline.is_some_and(|at| at <= now) {
            self.end_early(AdvertisingEnd::Timeout, sent);
        }
    }

    /// Ends the request while a command may be in flight (`sent`).
    pub(super) fn end_early(&mut self, end: AdvertisingEnd, sent: bool) {
        if self.active().is_some() {
            self.end(end);
            self.changed = sent;
        }
    }

    /// Returns whether the request can still progress: it is on, or waits for an event or a deadline.
    #[cfg(any(test, feature = "std"))]
    pub(super) fn makes_progress(&self, gate: Gate<'_>) -> bool {
        let shut = |request: &Request| {
            gate.holds()
                || (gate.full && request.is_connectable())
                || (request.uses_list() && gate.list() != ListState::Current)
        };
        let waits = self.on || self.awaited().is_some() || self.retry_at.is_some();
        self.active().is_none_or(|request| waits || shut(request))
    }
}
