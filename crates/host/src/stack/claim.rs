//! Assigns links that come up to the futures that requested them.

use bindrune_gap::{Advertising, Connecting};
use bindrune_hci::Status;
use bindrune_wire::time::Instant;
use embassy_time::Duration;

use super::{Link, LinkRef, Stack, gap::Claim};
use crate::waiters::{Due, HostKey};

/// Number of connection intervals in which the first packet of a peer arrives, or the controller gives up: 6 from the
/// first anchor point, which is up to two intervals after the report of the link. [Vol 6] Part B, 4.5
const INTERVALS: u32 = 8;
/// Additional time for the controller's report.
const REPORT: Duration = Duration::from_millis(100);

impl Stack {
    /// Gives a link to the request that made it. If the request is over, disconnects the link.
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
            // The link belongs to another request: the controller named two sets for one link.
            return self.resume(claim);
        }
        if !linked {
            let _ends = self.disconnect_slot(link.index, Status::REMOTE_USER_TERMINATED);
            return;
        }
        slot.claim = Some(claim);
        slot.users = 1;
        let asked = slot.control.asks_peer();
        let proof = (strict || asked).then(|| now + slot.proof_time());
        slot.unproven = proof;
        self.wake_claim(claim);
        self.deadlines_changed();
    }

    /// Continues a request whose link was not established.
    pub(super) fn resume(&mut self, claim: Claim) {
        match claim {
            Claim::Set(set) => self.gap.resume_advertising(set),
            Claim::Connect => self.gap.resume_connecting(),
        }
        self.ready.run(Due::COMMAND);
        self.deadlines_changed();
    }

    /// Takes the link of a request once the request may have it.
    pub(super) fn take_claimed(&mut self, claim: Claim) -> Option<LinkRef> {
        let index = self.claimed(claim)?;
        let slot = self.links.get_mut(usize::from(index)).filter(|l| l.unproven.is_none())?;
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

    /// Releases the link of a request.
    pub(super) fn drop_claim(&mut self, claim: Claim) {
        let Some(index) = self.claimed(claim) else { return };
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return };
        slot.claim = None;
        slot.unproven = None;
        let link = slot.reference(index);
        self.release_link(link);
    }

    /// Ends the claim on a link that ends. If the link was never established and its future has not taken it, the
    /// request continues.
    pub(super) fn end_claim(&mut self, index: u8, reason: Status) {
        let Some(slot) = self.links.get_mut(usize::from(index)).filter(|l| l.is_up()) else {
            return;
        };
        let unproven = slot.unproven.take().is_some();
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

    /// Marks a link as established, because its peer was received.
    pub(super) fn prove(&mut self, index: u8) {
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return };
        if slot.unproven.take().is_some()
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

    /// Returns whether no slot is free for another link.
    pub(super) fn is_full(&self) -> bool {
        self.links.iter().all(Link::is_up)
    }

    /// Reports to GAP whether there is room for another link, after a link came up or ended.
    pub(super) fn update_room(&mut self) {
        self.gap.set_full(self.is_full());
        self.ready.run(Due::COMMAND);
    }

    /// Panics if a link belongs to a request that GAP does not have, or if two links belong to one request.
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
