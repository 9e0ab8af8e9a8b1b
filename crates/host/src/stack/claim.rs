//! From a link that came up to the future that asked for it.

use bindrune_gap::{Advertising, Connecting};
use bindrune_hci::Status;
use embassy_time::{Duration, Instant};

use super::{Link, LinkRef, Stack, gap::Claim};
use crate::{
    at::At,
    waiters::{Due, HostKey},
};

/// Connection intervals within which the first packet of a peer comes, or the controller gives up: 6, from the first
/// anchor point, which is up to two intervals after the link is reported. [Vol 6] Part B, 4.5
const INTERVALS: u32 = 8;
/// What a controller may take to report that, besides.
const REPORT: Duration = Duration::from_millis(100);

impl Stack {
    /// Gives a link to the request that it came of; where that is over, the link is disconnected.
    pub(super) fn give_link(&mut self, now: Instant, link: LinkRef, claim: Claim) {
        let (linked, strict) = match claim {
            Claim::Set(set) => (
                self.gap.advertising(set) == Some(Advertising::Linked),
                self.gap.awaits_established_set(set),
            ),
            Claim::Connect => {
                (self.gap.connecting() == Some(Connecting::Linked), self.gap.awaits_established())
            }
        };
        let Some(slot) = self.slot_mut(link) else { return self.resume(claim) };
        if slot.users > 0 {
            // It belongs to another request: the controller named two sets for one link.
            return self.resume(claim);
        }
        if !linked {
            let _ends = self.disconnect_slot(link.index, Status::REMOTE_USER_TERMINATED);
            return;
        }
        slot.claim = Some(claim);
        slot.users = 1;
        let asked = slot.control.asks_peer();
        let proof = (strict || asked).then(|| now.saturating_add(slot.proof_time()));
        slot.unproven = At::new(proof);
        self.wake_claim(claim);
        self.deadlines_changed();
    }

    /// A link came to nothing: the request goes on.
    pub(super) fn resume(&mut self, claim: Claim) {
        match claim {
            Claim::Set(set) => self.gap.resume_advertising(set),
            Claim::Connect => self.gap.resume_connecting(),
        }
        self.ready.run(Due::COMMAND);
        self.deadlines_changed();
    }

    /// Takes the link that belongs to a request, once it may be given.
    pub(super) fn take_claimed(&mut self, claim: Claim) -> Option<LinkRef> {
        let index = self.claimed(claim)?;
        let slot = self.links.get_mut(usize::from(index)).filter(|l| !l.unproven.is_some())?;
        slot.claim = None;
        Some(slot.reference(index))
    }

    pub(super) fn is_claimed(&self, claim: Claim) -> bool {
        self.claimed(claim).is_some()
    }

    fn claimed(&self, claim: Claim) -> Option<u8> {
        let index = self.links.iter().position(|link| link.claim == Some(claim))?;
        u8::try_from(index).ok()
    }

    /// Lets go of the link that belongs to a request.
    pub(super) fn drop_claim(&mut self, claim: Claim) {
        let Some(index) = self.claimed(claim) else { return };
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return };
        slot.claim = None;
        slot.unproven = At::NONE;
        let link = slot.reference(index);
        self.release_link(link);
    }

    /// A link ends. If it never was one, and its future has not taken it, the request goes on.
    pub(super) fn end_claim(&mut self, index: u8, reason: Status) {
        let Some(slot) = self.links.get_mut(usize::from(index)).filter(|l| l.is_up()) else {
            return;
        };
        let unproven = slot.unproven.take();
        let never = reason == Status::FAILED_TO_ESTABLISH
            || (unproven && reason == Status::CONNECTION_TIMEOUT);
        let claim = slot.claim.take_if(|_| never);
        let (handle, left) = (slot.handle, slot.claim);
        if let Some(claim) = claim {
            slot.users = slot.users.saturating_sub(1);
            self.resume(claim);
        }
        if let Some(claim) = left {
            self.wake_claim(claim);
        }
        self.gap.link_ended(handle);
    }

    /// The peer of a link was received: the link is established.
    pub(super) fn prove(&mut self, index: u8) {
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return };
        if slot.unproven.take()
            && let Some(claim) = slot.claim
        {
            self.wake_claim(claim);
            self.deadlines_changed();
        }
    }

    fn wake_claim(&mut self, claim: Claim) {
        self.ready.host(match claim {
            Claim::Set(_) => HostKey::Advertise,
            Claim::Connect => HostKey::Connect,
        });
    }

    /// True where there is no slot for one more link.
    pub(super) fn is_full(&self) -> bool {
        self.links.iter().all(Link::is_up)
    }

    /// A link came or went: GAP must know whether there is room for one more.
    pub(super) fn update_room(&mut self) {
        self.gap.set_full(self.is_full());
        self.ready.run(Due::COMMAND);
    }

    /// Panics where a link belongs to a request that GAP does not have, or two links to one.
    #[cfg(feature = "std")]
    #[doc(hidden)]
    pub(crate) fn check_claims(&self) {
        let claims = || self.links.iter().filter_map(|link| link.claim.map(|claim| (link, claim)));
        for (link, claim) in claims() {
            let linked = match claim {
                Claim::Set(set) => self.gap.advertising(set) == Some(Advertising::Linked),
                Claim::Connect => self.gap.connecting() == Some(Connecting::Linked),
            };
            let once = claims().filter(|(_, other)| *other == claim).count() == 1;
            assert!(linked && once && link.users > 0, "{claim:?} of {:?}", link.handle);
        }
    }
}

impl Link {
    fn proof_time(&self) -> Duration {
        let interval = self.control.parameters().connection_interval();
        interval.checked_mul(INTERVALS).and_then(|t| t.checked_add(REPORT)).unwrap_or(REPORT)
    }
}
