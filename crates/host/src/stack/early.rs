//! What arrives a little before the event that it follows: bridges between a controller and its host may pass data on ahead
//! of events.
//!
//! Data of a link that is not there yet, and data and keys that a link's encryption protects, wait for the event a short while.

use bindrune_hci::acl::AclHeader;
use bindrune_l2cap::Cid;
use bindrune_smp::pdu::Code;
use bindrune_wire::{Handle, Packet};
use embassy_time::{Duration, Instant};

use super::{AclLanding, LinkRef, Phase, Stack};
use crate::capability::RECOVERY;

/// Packets that can wait, for all links.
const PLACES: usize = if RECOVERY { 4 } else { 0 };
/// Packets of one link that can wait: as many as it does not use meanwhile.
const PER_LINK: usize = 2;
/// Longest time that a packet waits for its event.
const GRACE: Duration = Duration::from_millis(100);
/// How long after its end a link may still have data on its way.
const AFTERWARDS: Duration = Duration::from_secs(1);

/// What a packet waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    /// A link with this handle; the packet starts a PDU, or goes on with it.
    Link(Handle, bool),
    /// The encryption of a link; the packet is a PDU of this channel.
    Encryption(LinkRef, Cid),
}

#[derive(Debug)]
struct Held {
    waits: For,
    packet: Packet,
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

    /// Returns whether nothing waits: the oldest is in the first place.
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

    /// Takes the oldest that is one of these.
    fn take(&mut self, of: impl Fn(&Held) -> bool) -> Option<Held> {
        let at = self.0.iter().position(|held| held.as_ref().is_some_and(&of))?;
        let taken = self.0.get_mut(at)?.take();
        self.0.get_mut(at..)?.rotate_left(1);
        taken
    }
}

const fn of_handle(waits: For, handle: Handle) -> bool {
    matches!(waits, For::Link(of, _) if of.get() == handle.get())
}

fn of_link(waits: For, link: LinkRef) -> bool {
    matches!(waits, For::Encryption(of, _) if of == link)
}

/// A PDU of key distribution, which comes on an encrypted link. [Vol 3] Part H, 3.6
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

impl Stack {
    /// Where the body of an ACL packet lands whose link is not there (yet).
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

    /// Returns whether a link with this handle may come up at any moment: there is a slot for it, whose packets nobody uses, and
    /// these are no late data of a link that has just ended.
    fn may_come(&self, acl: AclHeader) -> bool {
        let late = |at: Instant| at.checked_add(AFTERWARDS).is_some_and(|until| self.now < until);
        self.phase == Phase::Ready
            && usize::from(acl.len) <= self.rx.pool.packet_size()
            && self.early.has_room(|waits| of_handle(waits, acl.handle))
            && self.links.iter().any(|link| !link.is_up())
            && !self.links.iter().any(|link| link.handle == acl.handle && late(link.last_rx))
    }

    /// Keeps an ACL packet of a link that is not there yet.
    pub(super) fn keep_early(
        &mut self,
        now: Instant,
        handle: Handle,
        first: bool,
        packet: Option<Packet>,
    ) {
        let Some(packet) = packet else { return };
        let until = now.checked_add(GRACE).unwrap_or(Instant::MAX);
        self.hold(Held { waits: For::Link(handle, first), packet, until });
    }

    fn hold(&mut self, held: Held) {
        if let Some(packet) = self.early.put(held) {
            self.rx.pool.give(packet);
            self.stats.stray_acl.count();
        }
        self.deadlines_changed();
    }

    /// A link has come up: what has come before it comes now.
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

    /// Keeps a PDU that comes while its link starts to be encrypted, and is worth something only then. Gives back what need not
    /// wait.
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
            // A peripheral receives nothing in clear any more once it has been asked for the key; a central may.
            Cid::ATT => !slot.is_central(),
            _ => false,
        };
        let awaits = slot.protection.awaits_encryption();
        if !protected || (!awaits && self.early.is_empty()) {
            return Some(packet);
        }
        let link = slot.reference(index);
        if !awaits || !self.early.has_room(|waits| of_link(waits, link)) {
            // It comes in its turn, behind those that wait.
            self.release_held(now, link);
            return Some(packet);
        }
        // Between the last data in clear and this event two connection events pass at least, so none of it can be in that time.
        // [Vol 6] Part B, 5.1.3.1
        let interval = u64::from(slot.control.parameters().interval).saturating_mul(1250);
        let grace = Duration::from_micros(interval.saturating_mul(2)).min(GRACE);
        let until = now.checked_add(grace).unwrap_or(Instant::MAX);
        self.hold(Held { waits: For::Encryption(link, cid), packet, until });
        None
    }

    /// The encryption of a link has started, or will not, or its time is over: what waits for it comes now.
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

    /// The event that a packet waits for has not come.
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

    /// A link with this handle has ended: what waits was of it, though the host had no such link (any more).
    pub(super) fn forget_early(&mut self, handle: Handle) {
        while let Some(held) = self.early.take(|held| of_handle(held.waits, handle)) {
            self.stats.stray_acl.count();
            self.rx.pool.give(held.packet);
        }
    }

    /// The controller is lost: no link comes any more.
    pub(super) fn drop_early(&mut self) {
        while let Some(held) = self.early.take(|_| true) {
            self.rx.pool.give(held.packet);
        }
    }
}
