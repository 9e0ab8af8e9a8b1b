//! Deadlines: finds the earliest of all machines, and handles those that are due.

use bindrune_hci::Status;
use bindrune_l2cap::{Pools, Signal};
use bindrune_wire::time::Instant;
use embassy_time::Duration;

use super::{
    Link, Phase, Stack,
    attribute::{ClientState, Indications},
    classic,
};
use crate::{
    Error,
    capability::{CENTRAL, CLIENT, RECOVERY, SERVER},
    waiters::{Due, LinkKey},
};

/// Reason of a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The next step of a reset, or an answer to one, is due.
    Reset,
    /// The answer to a command, or room for one, is due.
    Lane,
    /// The controller must finish a computation.
    Worker,
    /// A private address must change, or the search for a peer continues.
    Privacy,
    /// The event of a packet that arrived before it is due.
    Early,
    /// An application must make room for data that the controller withholds.
    Full,
    /// GAP has a deadline.
    Gap,
    /// A signalling request of a link must be answered.
    Signalling(u8),
    /// An ATT transaction of a link must end.
    Attribute(u8),
    /// The application must take a request of a link.
    Question(u8),
    /// A procedure of a link must end.
    Control(u8),
    /// The pairing or the encryption of a link must continue.
    Security(u8),
    /// A link counts as established, even if its peer was not received.
    Established(u8),
    /// A value for every peer must get room on a link.
    Room(u8),
    /// The next step of the shutdown is due.
    Shutdown,
    /// A link that is being left must have sent its pending data.
    Leaving(u8),
    /// Data from a link, or the completion of its packets, is overdue.
    Silence(u8),
    /// The controller holds packets of a link and completes none of them.
    Stall(u8),
    /// BR/EDR has a deadline.
    Classic(classic::Deadline),
}

/// The earliest of the added deadlines.
type Earliest = bindrune_wire::time::Earliest<Timer>;

/// The next deadline.
#[derive(Clone, Copy, Debug)]
pub(super) struct Next {
    at: Instant,
    why: Timer,
    /// The same time on the clock of `run`. It is kept, so that an alarm for it is set once.
    alarm: embassy_time::Instant,
}

/// Maximum number of deadlines that are handled at once.
const ROUNDS: u32 = 256;
/// How long after its supervision timeout a silent link is checked.
const SILENCE: Duration = Duration::from_secs(2);
/// How long after its supervision timeout a link that is alive is disconnected if it takes none of its packets.
const STALL: Duration = Duration::from_secs(30);

impl Stack {
    /// Returns the earliest deadline and its reason.
    fn poll_timeout(&mut self) -> Option<Next> {
        if let Some(known) = self.deadline {
            return known;
        }
        let next = self.earliest().map(|(at, why)| self.next(at, why));
        self.deadline = Some(next);
        next
    }

    /// Finds the earliest deadline of all machines.
    fn earliest(&self) -> Option<(Instant, Timer)> {
        let mut earliest = Earliest::NONE;
        earliest.add(self.shutdown.deadline(), Timer::Shutdown);
        match self.phase {
            Phase::Down | Phase::Failed(_) | Phase::ResetPending { .. } => {}
            Phase::Resetting { until, .. } => earliest.add(Some(until), Timer::Reset),
            Phase::Setup | Phase::Ready => self.add_deadlines(&mut earliest),
        }
        earliest.get()
    }

    /// Panics if a deadline is earlier than the one that `run` waits for.
    #[cfg(feature = "std")]
    #[doc(hidden)]
    pub(crate) fn check_deadline(&self) {
        if let Some(known) = self.deadline
            && let Some((at, why)) = self.earliest()
        {
            let is_awaited = known.is_some_and(|known| known.at <= at);
            assert!(is_awaited, "{why:?} at {at:?}, but run waits for {known:?}");
        }
    }

    fn next(&self, at: Instant, why: Timer) -> Next {
        Next { at, why, alarm: self.clock.saturating_add(at.left(self.now)) }
    }

    /// Returns when the stack must be given the time, on the clock of `run`.
    pub(crate) fn alarm(&mut self) -> Option<embassy_time::Instant> {
        let own = self.poll_timeout().map(|next| next.alarm);
        let limit = self.limits.poll_timeout();
        own.map_or(limit, |own| Some(limit.map_or(own, |limit| own.min(limit))))
    }

    /// Adds a deadline, if the others did not become earlier: updates the cached earliest one.
    pub(super) fn deadline_added(&mut self, at: Instant, why: Timer) {
        if let Some(known) = self.deadline
            && known.is_none_or(|known| at < known.at)
        {
            self.deadline = Some(Some(self.next(at, why)));
            self.ready.run(Due::TIME);
        }
    }

    /// Adds the deadlines of a link's ATT.
    pub(super) fn attribute_deadlines(&mut self, index: u8) {
        let Some(slot) = self.links.get(usize::from(index)).filter(|l| l.is_up()) else { return };
        let question = slot.attributes.question_deadline();
        if let Some((at, _)) = slot.attributes.bearer.poll_timeout() {
            self.deadline_added(at, Timer::Attribute(index));
        }
        if let Some(at) = question {
            self.deadline_added(at, Timer::Question(index));
        }
    }

    /// Adds the deadline of a link's signalling channel.
    pub(super) fn signalling_deadline(&mut self, index: u8) {
        let slot = self.links.get(usize::from(index)).filter(|l| l.is_up());
        if let Some((at, _)) = slot.and_then(|slot| slot.signalling.poll_timeout()) {
            self.deadline_added(at, Timer::Signalling(index));
        }
    }

    /// Adds the deadline of the packets of a link that the controller holds.
    pub(super) fn stall_deadline(&mut self, index: u8) {
        if let Some(at) = self.links.get(usize::from(index)).and_then(Link::stalls_at) {
            self.deadline_added(at, Timer::Stall(index));
        }
    }

    /// Returns whether the earliest deadline, if it is known, has passed, or a limit of the application.
    pub(crate) fn is_due(&self) -> bool {
        self.has_passed() || self.limits.poll_timeout().is_some_and(|at| at <= self.clock)
    }

    fn has_passed(&self) -> bool {
        self.deadline.flatten().is_some_and(|next| next.at <= self.now)
    }

    /// Returns the reason of the earliest deadline, if it has passed.
    pub(crate) fn due_timer(&mut self) -> Option<Timer> {
        let now = self.now;
        self.poll_timeout().filter(|next| next.at <= now).map(|next| next.why)
    }

    /// Adds the deadlines of a controller that works, and of its links.
    fn add_deadlines(&self, earliest: &mut Earliest) {
        earliest.add(time_of(self.lane.poll_timeout()), Timer::Lane);
        earliest.add(self.full_deadline(), Timer::Full);
        earliest.add(self.worker.poll_timeout(), Timer::Worker);
        earliest.add(self.early.poll_timeout(), Timer::Early);
        earliest.add(self.privacy.poll_timeout(), Timer::Privacy);
        earliest.add(time_of(self.gap.poll_timeout()), Timer::Gap);
        if let Some((at, deadline)) = self.classic.poll_timeout(self.now) {
            earliest.add(Some(at), Timer::Classic(deadline));
        }
        for (index, link) in (0u8..).zip(self.links.iter()).filter(|(_, l)| l.is_up()) {
            earliest.add(self.security.poll_timeout(&link.protection), Timer::Security(index));
            link.add_deadlines(index, earliest);
        }
    }

    /// Handles all deadlines that are due.
    pub(crate) fn handle_timeout(&mut self) {
        let now = self.now;
        if self.has_passed() {
            // This deadline may be gone or later by now.
            self.deadline = None;
        }
        if SERVER {
            self.await_room(now);
        }
        self.continue_shutdown(now);
        self.limits_due();
        // Each round handles at least one deadline, or postpones it.
        for _ in 0..ROUNDS {
            let Some(why) = self.due_timer() else { return };
            self.due(now, why);
            self.deadlines_changed();
        }
    }

    fn due(&mut self, now: Instant, why: Timer) {
        match why {
            Timer::Reset => self.recovery_due(now),
            Timer::Lane => self.lane_timeout(now),
            Timer::Worker => self.worker_timeout(),
            Timer::Gap => {
                self.gap.handle_timeout(now);
                self.gap_changed(now);
            }
            Timer::Signalling(index) => self.signalling_timeout(now, index),
            Timer::Attribute(index) if CLIENT || SERVER || CENTRAL => {
                self.attribute_timeout(now, index);
            }
            Timer::Question(index) if SERVER => self.question_timeout(now, index),
            Timer::Control(index) => {
                if let Some(slot) = self.links.get_mut(usize::from(index)) {
                    slot.control.handle_timeout(now);
                }
                self.control_changed(index);
            }
            Timer::Early => self.early_due(now),
            Timer::Privacy => self.privacy_timeout(now),
            Timer::Full => self.full_timeout(now),
            Timer::Security(index) => self.security_timeout(now, index),
            Timer::Established(index) => self.prove(index),
            Timer::Room(index) if SERVER => self.room_timeout(index),
            Timer::Shutdown => self.continue_shutdown(now),
            Timer::Leaving(index) => self.leave_now(index),
            Timer::Silence(index) if RECOVERY => self.silence(now, index),
            Timer::Attribute(_) | Timer::Question(_) | Timer::Room(_) | Timer::Silence(_) => {}
            Timer::Stall(index) => self.stalled(index),
            Timer::Classic(deadline) => self.classic_timeout(now, deadline),
        }
    }

    fn signalling_timeout(&mut self, now: Instant, index: u8) {
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return };
        let mut pools = Pools { rx: &mut self.rx.pool, tx: &mut self.tx.pool };
        let signal = slot.signalling.handle_timeout(now, &mut self.channels, &mut pools);
        if signal != Signal::None {
            self.signalled(index, signal);
        }
        self.mark_pending(index);
    }

    fn attribute_timeout(&mut self, now: Instant, index: u8) {
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return };
        slot.attributes.bearer.handle_timeout(now);
        if slot.attributes.client.is_waiting() {
            slot.attributes.client.state = ClientState::Failed(Error::TransactionTimeout);
        }
        slot.attributes.indications = Indications::Idle;
        for key in [
            LinkKey::Response,
            LinkKey::Confirmation,
            LinkKey::Push,
            LinkKey::Control,
            LinkKey::Turn,
        ] {
            self.ready.link(index, key);
        }
    }

    fn question_timeout(&mut self, now: Instant, index: u8) {
        let Some(Link { attributes, peer, .. }) = self.links.get_mut(usize::from(index)) else {
            return;
        };
        let Some(peer) = peer.as_mut() else { return };
        if attributes.expire_question(&mut self.server, peer, &mut self.rx, now) {
            self.stats.untaken_requests.count();
        }
        self.mark_pending(index);
    }

    /// Asks the controller about a link that may have ended without an event: nothing was received from it, or the
    /// controller keeps its packets. Without an answer, [`Self::lane_timeout`] recovers the controller.
    fn silence(&mut self, now: Instant, index: u8) {
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return };
        // A time that is not moved would seem to come again.
        slot.last_rx = slot.last_rx.max(slot.looked);
        slot.looked = Some(now);
        slot.control.probe();
        self.control_changed(index);
    }

    /// Disconnects a link that the controller keeps alive but that took no packet for too long. Other links are not
    /// affected.
    fn stalled(&mut self, index: u8) {
        self.stats.stalled_links.count();
        if let Some(slot) = self.links.get_mut(usize::from(index)) {
            slot.stalled = true;
        }
        let _ends = self.disconnect_slot(index, Status::REMOTE_USER_TERMINATED);
    }
}

impl Link {
    fn add_deadlines(&self, index: u8, earliest: &mut Earliest) {
        earliest.add(time_of(self.signalling.poll_timeout()), Timer::Signalling(index));
        earliest.add(time_of(self.attributes.bearer.poll_timeout()), Timer::Attribute(index));
        earliest.add(self.attributes.question_deadline(), Timer::Question(index));
        earliest.add(time_of(self.control.poll_timeout()), Timer::Control(index));
        earliest.add(self.room.deadline(), Timer::Room(index));
        earliest.add(self.unproven, Timer::Established(index));
        let since = self.credits.waiting_since();
        if RECOVERY {
            let last_rx = if since.is_some() { self.last_rx.min(since) } else { self.last_rx };
            let quiet = last_rx.max(self.looked);
            let checked = quiet.map(|quiet| quiet + SILENCE + self.supervision());
            earliest.add(checked, Timer::Silence(index));
        }
        earliest.add(self.stalls_at(), Timer::Stall(index));
        earliest.add(self.leaving_until, Timer::Leaving(index));
    }

    /// Returns when the link ends because the controller completes none of its packets.
    fn stalls_at(&self) -> Option<Instant> {
        let since = self.credits.waiting_since().filter(|_| !self.control.is_disconnecting())?;
        Some(since + STALL + self.supervision())
    }

    fn supervision(&self) -> Duration {
        self.control.parameters().supervision_timeout()
    }
}

/// Returns the time of a machine's deadline. The machine knows the reason when it is due.
fn time_of<T>(deadline: Option<(Instant, T)>) -> Option<Instant> {
    deadline.map(|(at, _)| at)
}
