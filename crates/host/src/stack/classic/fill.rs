//! ACL data to BR/EDR links: their next fragments, written into the buffer for the transport. [Vol 4] Part E, 5.4.2

use bindrune_hci::{
    acl::{AclHeader, Boundary},
    credits::{AclCredits, LinkCredits},
};
use bindrune_l2cap::{LinkId, classic::Channels};
use bindrune_wire::{Interest, time::Instant};

use super::{Classic, Deadline, Link, State};
use crate::{
    mask::{Mask, bit, indices, next_bit},
    stack::{Output, Stack, output::ACL_HEADER, timeout::Timer},
    waiters::ChannelKey,
};

/// Result of filling the buffer with a fragment of one link.
enum Filled {
    Fragment,
    /// The controller has no buffer for this link.
    NoCredit,
    NoRoom,
    Nothing,
}

/// Writes the next fragment of a link. [Vol 4] Part E, 4.1 and 5.4.2
fn fill_link(
    now: Instant,
    link: &mut Link,
    channels: &mut Channels,
    acl: &mut AclCredits,
    out: &mut Output,
) -> Filled {
    if !link.is_up() || link.is_cut || link.l2cap.interest(channels) == Interest::None {
        return Filled::Nothing;
    }
    if !acl.may_take(&link.credits) {
        return Filled::NoCredit;
    }
    let max = usize::from(acl.packet_len()).min(out.capacity().saturating_sub(ACL_HEADER));
    let whole = ACL_HEADER.saturating_add(max);
    let room = out.room().get_mut(..whole).and_then(<[u8]>::split_first_chunk_mut);
    let Some((header, payload)) = room else { return Filled::NoRoom };
    let fragment = link.l2cap.poll_transmit(now, max, channels, payload);
    let Some(fragment) = fragment else { return Filled::Nothing };
    let boundary = match (fragment.first, fragment.flushable) {
        (true, true) => Boundary::FirstFlushable,
        (true, false) => Boundary::FirstNonFlushable,
        (false, _) => Boundary::Continuing,
    };
    let len = u16::try_from(fragment.len).unwrap_or(u16::MAX);
    *header = AclHeader::new(link.handle, boundary, len).emit_h4();
    out.add_data(ACL_HEADER.saturating_add(fragment.len));
    let _taken = acl.take(now, &mut link.credits);
    Filled::Fragment
}

impl Classic {
    /// Returns whether a BR/EDR link may have something to send.
    pub(in crate::stack) fn has_data(&self) -> bool {
        self.state().is_some_and(|state| state.sending != 0)
    }

    /// Returns whether BR/EDR fills the buffer before LE, for fairness: they take turns.
    pub(in crate::stack) fn goes_first(&mut self) -> bool {
        let Some(state) = self.get() else { return false };
        state.goes_first = !state.goes_first;
        state.goes_first
    }

    /// Returns what the controller holds of the links, if they share its buffers with LE. [Vol 4] Part E, 7.8.2
    pub(in crate::stack) fn shared_credits(&self) -> impl Iterator<Item = &LinkCredits> + Clone {
        let state = self.state().filter(|state| state.acl.is_none());
        let links = state.map(|state| state.links.iter()).unwrap_or_default();
        links.filter(|link| link.is_up()).map(|link| &link.credits)
    }
}

impl Stack {
    /// Writes the pending data of BR/EDR links, which take turns.
    pub(in crate::stack) fn fill_classic(&mut self, now: Instant, out: &mut Output) {
        self.classic_dated(now);
        let (mut blocked, mut written) = (0, 0);
        while let Some(state) = self.classic.get() {
            let links = state.sending & !blocked;
            if links == 0 {
                break;
            }
            let index = next_bit(links, state.last_link);
            let bit = bit(index);
            let acl = state.acl.as_mut().unwrap_or(&mut self.acl);
            let link = state.links.get_mut(usize::from(index));
            let filled = link.map_or(Filled::Nothing, |link| {
                fill_link(now, link, &mut state.channels, acl, out)
            });
            match filled {
                Filled::Fragment => {
                    state.last_link = index;
                    written |= bit;
                    self.stats.acl_out.add(1);
                    self.classic_progress(index);
                }
                Filled::NoCredit => blocked |= bit,
                Filled::NoRoom => break,
                Filled::Nothing => state.sending &= !bit,
            }
        }
        self.classic_deadlines(written);
    }

    /// Adds the deadlines of links whose data was written: of its acknowledgement and of its packets.
    fn classic_deadlines(&mut self, links: Mask) {
        for index in indices(links) {
            let state = self.classic.state();
            let at = state.and_then(|state| state.links.get(usize::from(index))?.deadline(state));
            if let Some(at) = at {
                self.deadline_added(at, Timer::Classic(Deadline));
            }
        }
    }

    /// Wakes the tasks that wait until the data of a link has left.
    pub(super) fn classic_progress(&mut self, index: u8) {
        let Some(state) = self.classic.get() else { return };
        let left = state.channels.of_link(LinkId(index)).filter(|(_, c)| c.transfer().is_flushed());
        for (channel, _) in left {
            if let Ok(channel) = u8::try_from(channel) {
                self.ready.classic.mark(super::Key::channel(channel, ChannelKey::Flush));
            }
        }
        self.rfcomm_progress(index);
    }

    /// Divides the controller's buffers again after a link came up or ended. [Vol 4] Part E, 4.1
    pub(super) fn share_classic_buffers(&mut self) {
        let Some(state) = self.classic.get() else { return };
        let State { acl, links, .. } = state;
        if let Some(acl) = acl {
            let up = links.iter().filter(|link| link.is_up());
            acl.share_out(up.map(|link| &link.credits));
        } else {
            self.share_buffers();
        }
    }
}
