//! Packets that arrive a little before the event that they follow: bridges between a controller and its host may
//! deliver data ahead of events.
//!
//! Data of a link that is not up yet, and data and keys that a link's encryption protects, wait a short time for the
//! event.

use bindrune_hci::acl::AclHeader;
use bindrune_l2cap::Cid;
use bindrune_smp::pdu::Code;
use bindrune_wire::{Handle, Packet, time::Instant};
use embassy_time::Duration;

use super::{AclLanding, LinkRef, Phase, Stack, memory::RX_PER_LINK};
use crate::capability::RECOVERY;

/// The maximum number of waiting packets of all links.
const PLACES: usize = if RECOVERY { 4 } else { 0 };
/// The maximum number of waiting packets of one link. Meanwhile the link leaves this many of its own packets unused.
const PER_LINK: usize = 2;
/// Longest time that a packet waits for its event.
const GRACE: Duration = Duration::from_millis(100);
/// How long after the end of a link its data may still arrive.
const AFTERWARDS: Duration = Duration::from_secs(1);

/// The event that a packet waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// A link with this handle. The flag is true if the packet starts a PDU, false if it continues one.
    Link(Handle, bool),
    /// The encryption of a link. The packet is a PDU of this channel.
    Encryption(LinkRef, Cid),
}

#[derive(Debug)]
pub(super) struct Held {
    pub(super) waits: For,
    pub(super) packet: Packet,
    until: Instant,
}

/// Packets that wait, the oldest first.
#[derive(Debug)]
pub(super) struct Early([Option<Held>; PLACES]);

impl Early {
    pub(super) const NONE: Self = Self([const { None }; PLACES]);

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.0.iter().flatten().map(|held| held.until).min()
    }

    /// Returns whether no packet waits. The oldest is in the first place.
    const fn is_empty(&self) -> bool {
        matches!(self.0.first(), None | Some(None))
    }

    fn count(&self, of: impl Fn(For) -> bool) -> usize {
        self.0.iter().flatten().filter(|held| of(held.waits)).count()
    }

    fn has_room(&self, of: impl Fn(For) -> bool) -> bool {
        self.0.iter().any(Option::is_none) && self.count(of) < PER_LINK
    }

    fn put(&mut self, held: Held) -> Option<Packet> {
        match self.0.iter_mut().find(|place| place.is_none()) {
            Some(place) => {
                *place = Some(held);
                None
            }
            None => Some(held.packet),
        }
    }

    /// Takes the oldest packet that matches.
    pub(super) fn take(&mut self, of: impl Fn(&Held) -> bool) -> Option<Held> {
        let at = self.0.iter().position(|held| held.as_ref().is_some_and(&of))?;
        let taken = self.0.get_mut(at)?.take();
        self.0.get_mut(at..)?.rotate_left(1);
        taken
    }
}

pub(super) const fn of_handle(waits: For, handle: Handle) -> bool {
    matches!(waits, For::Link(of, _) if of.get() == handle.get())
}

fn of_link(waits: For, link: LinkRef) -> bool {
    matches!(waits, For::Encryption(of, _) if of == link)
}

/// Returns whether a PDU belongs to key distribution, which needs an encrypted link. [Vol 3] Part H, 3.6
const fn is_key(code: Code) -> bool {
    matches!(
        code,
        Code::ENCRYPTION_INFORMATION
            | Code::CENTRAL_IDENTIFICATION
            | Code::IDENTITY_INFORMATION
            | Code::IDENTITY_ADDRESS_INFORMATION
            | Code::SIGNING_INFORMATION
    )
}

/// Returns how many packets all links of LE keep.
const fn kept(links: usize) -> usize {
    links.saturating_mul(RX_PER_LINK)
}

/// Returns whether one more packet may wait for a link, beside those `held`. Free slots of LE leave their own packets
/// unused. BR/EDR has no packets: its data waits in one of the `surplus`, which all links of LE do not keep.
const fn may_hold(held: usize, free: usize, classic_is_free: bool, surplus: usize) -> bool {
    held < kept(free) || classic_is_free && surplus > 0
}

impl Stack {
    /// Returns the landing for the body of an ACL packet whose link is not up (yet).
    pub(super) fn early_packet(
        &mut self,
        acl: AclHeader,
        first: Option<bool>,
    ) -> Option<AclLanding> {
        let packet = first.filter(|_| self.may_come(acl)).and_then(|_| self.rx.pool.take(0));
        let Some((first, packet)) = first.zip(packet) else {
            self.stats.stray_acl.count();
            return None;
        };
        Some(AclLanding {
            early: Some((acl.handle, first)),
            link: LinkRef::NONE,
            packet: Some(packet),
        })
    }

    /// Returns whether a link with this handle may come up soon, and the data is not late data of a link that has just
    /// ended.
    fn may_come(&self, acl: AclHeader) -> bool {
        let late = |at: Option<Instant>| at.is_some_and(|at| self.now.since(at) < AFTERWARDS);
        matches!(self.phase, Phase::Ready)
            && usize::from(acl.len) <= self.rx.pool.packet_size()
            && self.early.has_room(|waits| of_handle(waits, acl.handle))
            && self.has_unused_packet()
            && !self.links.iter().any(|link| link.handle == acl.handle && late(link.last_rx))
            && !self.classic.has_ended(acl.handle, late)
    }

    /// Returns whether a link slot is free, and a packet that no link misses.
    fn has_unused_packet(&self) -> bool {
        let free = self.links.iter().filter(|link| !link.is_up()).count();
        let held = self.early.count(|waits| matches!(waits, For::Link(..)));
        let surplus = self.rx.pool.free().saturating_sub(kept(self.links.len()));
        may_hold(held, free, self.classic.has_free_link(), surplus)
    }

    /// Keeps an ACL packet of a link that is not up yet.
    pub(super) fn keep_early(
        &mut self,
        now: Instant,
        handle: Handle,
        first: bool,
        packet: Option<Packet>,
    ) {
        let Some(packet) = packet else { return };
        let until = now + GRACE;
        self.hold(Held { waits: For::Link(handle, first), packet, until });
    }

    fn hold(&mut self, held: Held) {
        if let Some(packet) = self.early.put(held) {
            self.rx.pool.give(packet);
            self.stats.stray_acl.count();
        }
        self.deadlines_changed();
    }

    /// Delivers the packets that arrived before their link came up.
    pub(super) fn deliver_early(&mut self, now: Instant, link: LinkRef) {
        let Some(slot) = self.slot_mut(link).filter(|slot| slot.is_up()) else { return };
        let handle = slot.handle;
        while let Some(held) = self.early.take(|held| of_handle(held.waits, handle)) {
            let pool = &mut self.rx.pool;
            let slot = self.links.get_mut(usize::from(link.index)).filter(|slot| slot.is_up());
            let packet = match (slot, held.waits) {
                (Some(slot), For::Link(_, first)) => {
                    slot.reassembly.landing(first, held.packet.len(), pool)
                }
                _ => None,
            };
            if let Some(mut packet) = packet {
                let _fits = packet.extend(held.packet.bytes());
                self.stats.acl_in.count();
                self.handle_acl(now, AclLanding { link, packet: Some(packet), early: None });
            }
            self.rx.pool.give(held.packet);
        }
    }

    /// Keeps a PDU that arrives while the encryption of its link starts, if the PDU counts only on an encrypted link.
    /// Returns a PDU that need not wait.
    pub(super) fn hold_for_encryption(
        &mut self,
        now: Instant,
        index: u8,
        cid: Cid,
        packet: Packet,
    ) -> Option<Packet> {
        let Some(slot) = self.links.get(usize::from(index)) else { return Some(packet) };
        let protected = match cid {
            Cid::SMP => packet.bytes().first().is_some_and(|&code| is_key(Code(code))),
            // After the key request, a peripheral receives nothing unencrypted; a central may.
            Cid::ATT => !slot.is_central(),
            _ => false,
        };
        let awaits = slot.protection.awaits_encryption();
        if !protected || (!awaits && self.early.is_empty()) {
            return Some(packet);
        }
        let link = slot.reference(index);
        if !awaits || !self.early.has_room(|waits| of_link(waits, link)) {
            // This PDU must stay behind those that wait.
            self.release_held(now, link);
            return Some(packet);
        }
        // At least two connection events pass between the last unencrypted data and this event, so none of that data
        // arrives in this time. [Vol 6] Part B, 5.1.3.1
        let interval = u64::from(slot.control.parameters().interval).saturating_mul(1250);
        let grace = Duration::from_micros(interval.saturating_mul(2)).min(GRACE);
        let until = now + grace;
        self.hold(Held { waits: For::Encryption(link, cid), packet, until });
        None
    }

    /// Delivers the PDUs that wait for the encryption of a link: it has started, or will not start, or their time is
    /// over.
    pub(super) fn release_held(&mut self, now: Instant, link: LinkRef) {
        while let Some(held) = self.early.take(|held| of_link(held.waits, link)) {
            let For::Encryption(_, cid) = held.waits else { continue };
            if self.slot_mut(link).is_some_and(|slot| slot.is_up()) {
                self.dispatch_pdu(now, link.index, cid, held.packet);
            } else {
                self.rx.pool.give(held.packet);
            }
        }
    }

    /// Handles packets whose event has not come in time: drops data without a link, and delivers PDUs that waited for
    /// encryption.
    pub(super) fn early_due(&mut self, now: Instant) {
        while let Some(held) = self.early.take(|held| held.until <= now) {
            match held.waits {
                For::Link(..) => {
                    self.stats.stray_acl.count();
                    self.rx.pool.give(held.packet);
                }
                For::Encryption(link, cid) => {
                    if self.slot_mut(link).is_some_and(|slot| slot.is_up()) {
                        self.dispatch_pdu(now, link.index, cid, held.packet);
                    } else {
                        self.rx.pool.give(held.packet);
                    }
                }
            }
        }
    }

    /// Drops the packets with the handle of a link that has ended, even if the host did not know the link (any more).
    pub(super) fn forget_early(&mut self, handle: Handle) {
        while let Some(held) = self.early.take(|held| of_handle(held.waits, handle)) {
            self.stats.stray_acl.count();
            self.rx.pool.give(held.packet);
        }
    }

    /// Drops all waiting packets, because the controller is lost and no link will come up.
    pub(super) fn drop_early(&mut self) {
        while let Some(held) = self.early.take(|_| true) {
            self.rx.pool.give(held.packet);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_data_leaves_the_packets_of_links_that_are_up() {
        for (held, free, classic_is_free, surplus, may) in [
            // The packets of free slots of LE.
            (2, 1, false, 0, true),
            (3, 1, false, 9, false),
            (3, 2, false, 0, true),
            // BR/EDR, while all links of LE are up.
            (0, 0, true, 1, true),
            (0, 0, true, 0, false),
            (0, 0, false, 9, false),
        ] {
            assert_eq!(may_hold(held, free, classic_is_free, surplus), may, "{held} {free}");
        }
    }
}
