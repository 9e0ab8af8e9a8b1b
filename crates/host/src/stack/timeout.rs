//! Deadlines: the earliest of all machines, and what to do when it has come.

use bindrune_gap::{GapTimer, LinkTimer};
use bindrune_hci::{Status, lane::LaneTimer};
use bindrune_l2cap::{Pools, Signal};
use embassy_time::{Duration, Instant};

use super::{
    Life, Link, Phase, Stack,
    attribute::{ClientState, Indications},
};
use crate::{
    Error, Stats,
    waiters::{Due, LinkKey},
};

/// Why the stack wants to be called again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The next step of a reset, or an answer to one, is due.
    Reset,
    /// The answer to a command, or room for one, is due.
    Lane(LaneTimer),
    /// The controller is to finish a computation.
    Worker,
    /// A private address, or a peer that is sought.
    Privacy,
    /// A packet that came before its event.
    Early,
    /// An application is to make room for what the controller holds back.
    Full,
    /// Something of GAP.
    Gap(GapTimer),
    /// A signalling request of a link.
    Signalling(u8, bindrune_l2cap::Timer),
    /// An ATT transaction of a link.
    Attribute(u8, bindrune_att::Timer),
    /// The application must take a request of a link.
    Question(u8),
    /// A procedure of a link.
    Control(u8, LinkTimer),
    /// The pairing or the encryption of a link.
    Security(u8),
    /// A link counts as established, whether its peer was received or not.
    Established(u8),
    /// Room on a link, for a value for every peer.
    Room(u8),
    /// The orderly end.
    Shutdown,
    /// A time limit of the application begins or is over.
    Limit,
    /// A link that is left has had its time for what was given to send.
    Leaving(u8),
    /// Something should have been received from a link, or of the packets that the controller holds for it.
    Silence(u8),
    /// The controller holds packets of a link and completes none of them.
    Stall(u8),
}

/// Beyond its supervision timeout, how long a link may be silent before it is looked after.
const PATIENCE: Duration = Duration::from_secs(2);
/// Beyond its supervision timeout, how long a link that is alive may take none of its packets before it is disconnected.
const STALL: Duration = Duration::from_secs(30);

impl Stack {
    /// The earliest deadline, and its reason.
    pub(crate) fn poll_timeout(&mut self) -> Option<(Instant, Timer)> {
        if let Some(known) = self.deadline {
            return known;
        }
        let limit = self.limits.poll_timeout().map(|at| (at, Timer::Limit));
        let earliest = self.earliest().into_iter().chain(limit).min_by_key(|(at, _)| *at);
        self.deadline = Some(earliest);
        earliest
    }

    /// A deadline came, the others are as they were or later: it is compared with the earliest that is known.
    fn deadline_added(&mut self, at: Instant, why: Timer) {
        if let Some(known) = &mut self.deadline
            && known.is_none_or(|(known, _)| at < known)
        {
            *known = Some((at, why));
            self.ready.run(Due::TIME);
        }
    }

    /// Something of a link's ATT may have a deadline now.
    pub(super) fn attribute_deadlines(&mut self, index: u8) {
        let Some(slot) = self.links.get(usize::from(index)).filter(|l| l.is_up()) else { return };
        let question = slot.attributes.question_deadline();
        if let Some((at, why)) = slot.attributes.bearer.poll_timeout() {
            self.deadline_added(at, Timer::Attribute(index, why));
        }
        if let Some(at) = question {
            self.deadline_added(at, Timer::Question(index));
        }
    }

    /// Something on a link's signalling channel may have a deadline now.
    pub(super) fn signalling_deadline(&mut self, index: u8) {
        let slot = self.links.get(usize::from(index)).filter(|l| l.is_up());
        if let Some((at, why)) = slot.and_then(|slot| slot.signalling.poll_timeout()) {
            self.deadline_added(at, Timer::Signalling(index, why));
        }
    }

    /// True where the earliest deadline, as far as it is known, has come.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.deadline.flatten().is_some_and(|(at, _)| at <= now)
    }

    fn earliest(&self) -> Option<(Instant, Timer)> {
        let shutdown = self.shutdown.deadline().map(|at| (at, Timer::Shutdown));
        match self.phase {
            Phase::Down | Phase::Failed(_) | Phase::ResetOwed { .. } => return shutdown,
            Phase::Resetting { until, .. } => {
                return shutdown
                    .into_iter()
                    .chain([(until, Timer::Reset)])
                    .min_by_key(|(at, _)| *at);
            }
            Phase::Setup | Phase::Ready => {}
        }
        let lane = self.lane.poll_timeout().map(|(at, why)| (at, Timer::Lane(why)));
        let worker = self.worker.poll_timeout().map(|at| (at, Timer::Worker));
        let privacy = self.privacy.poll_timeout().map(|at| (at, Timer::Privacy));
        let gap = self.gap.poll_timeout().map(|(at, why)| (at, Timer::Gap(why)));
        let links = (0u8..).zip(self.links.iter()).filter(|(_, l)| l.life == Life::Up);
        let links = links.flat_map(|(index, link)| link.deadlines(index));
        let full = self.full_deadline().map(|at| (at, Timer::Full));
        lane.into_iter()
            .chain(full)
            .chain(shutdown)
            .chain(worker)
            .chain(self.early.poll_timeout().map(|at| (at, Timer::Early)))
            .chain(privacy)
            .chain(gap)
            .chain(links)
            .min_by_key(|(at, _)| *at)
    }

    /// Does what is due.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        if self.is_due(now) {
            // It may be gone or later by now.
            self.deadline = None;
        }
        self.await_room(now);
        self.continue_shutdown(now);
        // Each round meets at least one deadline, or puts it off.
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
            Timer::Lane(_) => self.lane_timeout(now),
            Timer::Worker => self.worker_timeout(),
            Timer::Gap(_) => {
                self.gap.handle_timeout(now);
                self.gap_changed(now);
            }
            Timer::Signalling(index, _) => self.signalling_timeout(now, index),
            Timer::Attribute(index, _) => self.attribute_timeout(now, index),
            Timer::Question(index) => self.question_timeout(now, index),
            Timer::Control(index, _) => {
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
            Timer::Silence(index) => self.silence(now, index),
            Timer::Stall(index) => self.stalled(index),
        }
    }

    fn signalling_timeout(&mut self, now: Instant, index: u8) {
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return };
        let mut pools = Pools { rx: &mut self.rx.pool, tx: &mut self.tx.pool };
        let signal = slot.signalling.handle_timeout(now, &mut self.channels, &mut pools);
        if signal != Signal::None {
            self.signalled(index, signal);
        }
        self.owe(index);
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
            Stats::count(&mut self.stats.untaken_requests);
        }
        self.owe(index);
    }

    /// A link from which nothing was received, or whose packets the controller keeps, may have ended without an event:
    /// asks the controller about that link. Without an answer, [`Self::lane_timeout`] recovers the controller.
    fn silence(&mut self, now: Instant, index: u8) {
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return };
        slot.looked = now;
        slot.control.probe();
        self.control_changed(index);
    }

    /// A link that the controller keeps alive took no packet for too long: it is disconnected, and no other link with it.
    fn stalled(&mut self, index: u8) {
        Stats::count(&mut self.stats.stalled_links);
        if let Some(slot) = self.links.get_mut(usize::from(index)) {
            slot.stalled = true;
        }
        let _ends = self.disconnect_slot(index, Status::REMOTE_USER_TERMINATED);
    }
}

impl Link {
    fn deadlines(&self, index: u8) -> impl Iterator<Item = (Instant, Timer)> {
        let signalling =
            self.signalling.poll_timeout().map(|(at, why)| (at, Timer::Signalling(index, why)));
        let bearer = self
            .attributes
            .bearer
            .poll_timeout()
            .map(|(at, why)| (at, Timer::Attribute(index, why)));
        let question = self.attributes.question_deadline().map(|at| (at, Timer::Question(index)));
        let since = self.credits.waiting_since();
        let heard = self.heard.min(since.unwrap_or(Instant::MAX)).max(self.looked);
        let silence = heard.checked_add(self.patience()).map(|at| (at, Timer::Silence(index)));
        let stalled = since.filter(|_| !self.control.is_disconnecting());
        let stall = stalled.and_then(|at| at.checked_add(STALL)?.checked_add(self.supervision()));
        let stall = stall.map(|at| (at, Timer::Stall(index)));
        let control = self.control.poll_timeout().map(|(at, why)| (at, Timer::Control(index, why)));
        let security = self.protection.poll_timeout().map(|at| (at, Timer::Security(index)));
        let room = self.room.deadline().map(|at| (at, Timer::Room(index)));
        let established = self.unproven.map(|at| (at, Timer::Established(index)));
        let by = self.leaving.map(|(_, by)| by).filter(|&by| by < Instant::MAX);
        let leaving = by.map(|at| (at, Timer::Leaving(index)));
        let procedures = [signalling, bearer, question, control, security];
        let all = procedures.into_iter().chain([room, established, silence, stall, leaving]);
        all.flatten()
    }

    fn supervision(&self) -> Duration {
        self.control.parameters().supervision_timeout()
    }

    fn patience(&self) -> Duration {
        self.supervision().checked_add(PATIENCE).unwrap_or(Duration::MAX)
    }
}
