//! Deadlines: finds the earliest of all machines, and handles those that are due.

use bindrune_hci::Status;
use bindrune_l2cap::{Pools, Signal};
use embassy_time::{Duration, Instant};

use super::{
    Link, Phase, Stack,
    attribute::{ClientState, Indications},
    classic,
};
use crate::{
    Error,
    capability::RECOVERY,
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
    /// A time limit of the application begins or is over.
    Limit,
    /// A link that is being left must have sent its pending data.
    Leaving(u8),
    /// Data from a link, or the completion of its packets, is overdue.
    Silence(u8),
    /// The controller holds packets of a link and completes none of them.
    Stall(u8),
    /// BR/EDR has a deadline.
    Classic(classic::Deadline),
}

/// The earliest of the added deadlines, with its reason.
struct Earliest(Option<(Instant, Timer)>);

impl Earliest {
    #[inline(never)]
    fn add(&mut self, at: Option<Instant>, why: Timer) {
        if let Some(at) = at
            && self.0.is_none_or(|(known, _)| at < known)
        {
            self.0 = Some((at, why));
        }
    }
}

/// How long after its supervision timeout a silent link is checked.
const SILENCE: Duration = Duration::from_secs(2);
/// How long after its supervision timeout a link that is alive is disconnected if it takes none of its packets.
const STALL: Duration = Duration::from_secs(30);

impl Stack {
    /// Returns the earliest deadline and its reason.
    pub(crate) fn poll_timeout(&mut self) -> Option<(Instant, Timer)> {
        if let Some(known) = self.deadline {
            return known;
        }
        let mut earliest = Earliest(None);
        earliest.add(self.limits.poll_timeout(), Timer::Limit);
        earliest.add(self.shutdown.deadline(), Timer::Shutdown);
        match self.phase {
            Phase::Down | Phase::Failed(_) | Phase::ResetPending { .. } => {}
            Phase::Resetting { until, .. } => earliest.add(Some(until), Timer::Reset),
            Phase::Setup | Phase::Ready => self.add_deadlines(&mut earliest),
        }
        self.deadline = Some(earliest.0);
        earliest.0
    }

    /// Adds a deadline, if the others did not become earlier: updates the cached earliest one.
    fn deadline_added(&mut self, at: Instant, why: Timer) {
        if let Some(known) = &mut self.deadline
            && known.is_none_or(|(known, _)| at < known)
        {
            *known = Some((at, why));
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

    /// Returns whether the earliest deadline, if it is known, has passed.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.deadline.flatten().is_some_and(|(at, _)| at <= now)
    }

    /// Adds the deadlines of a controller that works, and of its links.
    fn add_deadlines(&self, earliest: &mut Earliest) {
        earliest.add(time_of(self.lane.poll_timeout()), Timer::Lane);
        earliest.add(self.full_deadline(), Timer::Full);
        earliest.add(self.worker.poll_timeout(), Timer::Worker);
        earliest.add(self.early.poll_timeout(), Timer::Early);
        earliest.add(self.privacy.poll_timeout(), Timer::Privacy);
        earliest.add(time_of(self.gap.poll_timeout()), Timer::Gap);
        if let Some((at, deadline)) = self.classic.poll_timeout() {
            earliest.add(Some(at), Timer::Classic(deadline));
        }
        for (index, link) in (0u8..).zip(self.links.iter()).filter(|(_, l)| l.is_up()) {
            earliest.add(self.security.poll_timeout(&link.protection), Timer::Security(index));
            link.add_deadlines(index, earliest);
        }
    }

    /// Handles all deadlines that are due.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        if self.is_due(now) {
            // This deadline may be gone or later by now.
            self.deadline = None;
        }
        self.await_room(now);
        self.continue_shutdown(now);
        // Each round handles at least one deadline, or postpones it.
        for _ in 0..=u8::MAX {
            match self.poll_timeout() {
                Some((at, why)) if at <= now => {
                    self.due(now, why);
                    self.deadlines_changed();
                }
                Some(_) | None => return,
            }
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
            Timer::Attribute(index) => self.attribute_timeout(now, index),
            Timer::Question(index) => self.question_timeout(now, index),
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
            Timer::Room(index) => self.room_timeout(index),
            Timer::Shutdown => self.continue_shutdown(now),
            Timer::Limit => self.limits_due(),
            Timer::Leaving(index) => self.leave_now(index),
            Timer::Silence(index) if RECOVERY => self.silence(now, index),
            Timer::Silence(_) => {}
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
        slot.looked = now;
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
        earliest.add(self.unproven.get(), Timer::Established(index));
        let since = self.credits.waiting_since();
        if RECOVERY {
            let last_rx = self.last_rx.min(since.unwrap_or(Instant::MAX)).max(self.looked);
            earliest.add(last_rx.checked_add(self.silence_limit()), Timer::Silence(index));
        }
        if let Some(since) = since
            && !self.control.is_disconnecting()
        {
            let taken = since.checked_add(STALL);
            let taken = taken.and_then(|at| at.checked_add(self.supervision()));
            earliest.add(taken, Timer::Stall(index));
        }
        earliest.add(self.leaving_until.get(), Timer::Leaving(index));
    }

    fn supervision(&self) -> Duration {
        self.control.parameters().supervision_timeout()
    }

    fn silence_limit(&self) -> Duration {
        self.supervision().checked_add(SILENCE).unwrap_or(Duration::MAX)
    }
}

/// Returns the time of a machine's deadline. The machine knows the reason when it is due.
fn time_of<T>(deadline: Option<(Instant, T)>) -> Option<Instant> {
    deadline.map(|(at, _)| at)
}
