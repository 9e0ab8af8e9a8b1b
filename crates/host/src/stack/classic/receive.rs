//! ACL data from BR/EDR links: streamed to L2CAP as it arrives.

use bindrune_hci::acl::{AclHeader, Boundary};
use bindrune_wire::{Handle, time::Instant};

use super::{Classic, link::LinkRef};
use crate::stack::{
    Stack,
    early::{For, Held, of_handle},
};

/// The link whose ACL packet is being received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Body {
    link: LinkRef,
    /// Whether L2CAP gets the data.
    is_taken: bool,
    /// Octets that are missing.
    left: usize,
}

impl Body {
    pub(crate) const fn left(&mut self) -> &mut usize {
        &mut self.left
    }
}

impl Classic {
    /// Returns whether a link with this handle has ended, at a time that counts.
    pub(in crate::stack) fn has_ended(
        &self,
        handle: Handle,
        counts: impl Fn(Option<Instant>) -> bool,
    ) -> bool {
        let links = self.state().map(|state| state.links.iter()).unwrap_or_default();
        let mut ends = links.flat_map(|link| [(link.handle, link.ended_at), link.before]);
        ends.any(|(of, at)| of == handle && counts(at))
    }
}

impl Stack {
    /// Begins an ACL packet of a BR/EDR link; `None` if it is of none. [Vol 4] Part E, 5.4.2
    pub(crate) fn classic_body(&mut self, acl: AclHeader) -> Option<Body> {
        let state = self.classic.get()?;
        let index = state.find(acl.handle)?;
        let link = state.links.get_mut(usize::from(index))?;
        let first = match (acl.boundary, acl.broadcast) {
            (Boundary::FirstNonFlushable | Boundary::FirstFlushable, 0) => Some(true),
            (Boundary::Continuing, 0) => Some(false),
            // Nothing of a broadcast is taken.
            _ => None,
        };
        let first = first.filter(|_| !link.is_cut);
        match first {
            Some(first) => link.l2cap.start(first, acl.len.into(), &mut state.channels),
            None => self.stats.discarded_pdus.count(),
        }
        self.stats.acl_in.count();
        let left = acl.len.into();
        Some(Body { link: link.reference(index), is_taken: first.is_some(), left })
    }

    /// Delivers the packets that arrived before their link came up.
    pub(super) fn deliver_early_classic(&mut self, handle: Handle) {
        while let Some(Held { waits, packet, .. }) =
            self.early.take(|held| of_handle(held.waits, handle))
        {
            let first = matches!(waits, For::Link(_, true));
            let boundary = if first { Boundary::FirstFlushable } else { Boundary::Continuing };
            let len = u16::try_from(packet.len()).unwrap_or(u16::MAX);
            if let Some(body) = self.classic_body(AclHeader::new(handle, boundary, len)) {
                self.push_classic(body, packet.bytes());
                self.end_classic(body);
            }
            self.rx.pool.give(packet);
        }
    }

    /// Takes the next octets of an ACL packet. [Vol 3] Part A, 7.2.1
    pub(crate) fn push_classic(&mut self, body: Body, octets: &[u8]) {
        let Body { link: body, is_taken: true, left } = body else { return };
        let octets = octets.get(..left).unwrap_or(octets);
        let Some(state) = self.classic.get() else { return };
        let Some(link) = state.links.get_mut(usize::from(body.index)) else { return };
        if link.is_up() && link.generation == body.generation {
            link.l2cap.push(octets, &mut state.channels);
        }
    }

    /// Handles the end of an ACL packet, and counts its buffer as free. [Vol 4] Part E, 4.2
    pub(crate) fn end_classic(&mut self, Body { link: body, is_taken, .. }: Body) {
        let now = self.now;
        let Some(state) = self.classic.get() else { return };
        let Some(link) = state.links.get_mut(usize::from(body.index)) else { return };
        if !link.is_up() || link.generation != body.generation {
            return;
        }
        if is_taken {
            link.l2cap.end(now, &mut state.channels);
        }
        if self.host_credits.is_on() {
            self.host_credits.consumed(&mut link.host_credits);
            self.look_at_credits(now);
        }
        // An acknowledgement may have ended the wait of `flush`.
        self.classic_progress(body.index);
        self.classic_signals(body.index);
    }

    /// Handles an ACL packet whose rest was lost. L2CAP notices at the next packet.
    pub(crate) const fn abandon_classic(&self, _: Body) {}
}
