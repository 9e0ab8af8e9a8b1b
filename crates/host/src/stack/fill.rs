//! Fills the buffer for the transport.

use bindrune_hci::acl::{AclHeader, Boundary};
use bindrune_wire::{Handle, Writer, time::Instant};

use super::{
    Stack,
    output::{ACL_HEADER, Output},
};
use crate::{
    capability::{CHANNELS, RECOVERY},
    mask::{bit, next_bit},
    resources::COMMAND_OCTETS,
    waiters::{ChannelKey, Due},
};

/// Outcome of [`Stack::fill_link`].
enum Filled {
    /// Wrote a fragment.
    Fragment,
    /// The next fragment must wait until the buffer is sent.
    NoRoom,
    /// The link has nothing to send.
    Nothing,
}

/// ACL packets of a link in the buffer for the transport.
#[derive(Debug)]
pub(crate) struct InOutput {
    pub(super) generation: u32,
    handle: Handle,
    pub(super) packets: u8,
}

impl InOutput {
    pub(crate) const NONE: Self = Self { generation: 0, handle: Handle::MIN, packets: 0 };
}

impl Stack {
    /// Takes the buffer back from the transport and fills it. If it is not empty, gives it to the transport and returns
    /// true.
    pub(crate) fn next_output(
        &mut self,
        clock: embassy_time::Instant,
        transport: &mut Option<Output>,
    ) -> bool {
        self.set_clock(clock);
        if let Some(empty) = transport.take() {
            self.give_output(empty);
        }
        let Some(mut out) = self.output.take() else { return false };
        if self.may_fill() {
            self.fill(self.now, &mut out);
        }
        let pending = !out.is_empty();
        *if pending { transport } else { &mut self.output } = Some(out);
        pending
    }

    /// Returns whether there may be something to put in the buffer.
    fn may_fill(&mut self) -> bool {
        let due = self.ready.take(Due::COMMAND | Due::DATA);
        self.command_due |= due.contains(Due::COMMAND) || self.has_flow_control();
        self.command_due
            || (self.sending | self.undated) != 0
            || self.has_requests()
            || self.classic.has_data()
    }

    /// Takes the buffer back from the transport. If a packet was sent in part, its rest stays in the buffer.
    pub(crate) fn give_output(&mut self, mut output: Output) {
        if !output.is_empty() {
            output.keep_begun();
        }
        self.output = Some(output);
        if (self.leaving_channels | self.leaving_links) != 0 {
            self.output_left();
        }
    }

    /// Empties the buffer.
    pub(crate) fn clear_output(&mut self) {
        if let Some(output) = &mut self.output {
            output.clear();
        }
        self.output_left();
    }

    /// Fills the buffer with all that is pending for the controller: commands first, then ACL data of the links in
    /// turn.
    #[inline(never)]
    fn fill(&mut self, now: Instant, out: &mut Output) {
        self.begin_desired(now);
        self.start_timers(now);
        // The procedures that began may have a command or data pending by now.
        let due = self.ready.take(Due::COMMAND | Due::DATA);
        self.command_due |= due.contains(Due::COMMAND) || self.has_flow_control();
        if self.command_due {
            self.fill_commands(now, out);
        }
        if self.classic.goes_first() {
            self.fill_classic(now, out);
        }
        if self.sending != 0 {
            self.fill_data(now, out);
        }
        self.fill_classic(now, out);
    }

    /// Handles the packets that moved from the buffer to the transport.
    fn output_left(&mut self) {
        let mut links = core::mem::take(&mut self.leaving_links);
        while links != 0 {
            let index = u8::try_from(links.trailing_zeros()).unwrap_or(u8::MAX);
            links &= links.wrapping_sub(1);
            self.packets_left(index);
        }
        let mut channels = core::mem::take(&mut self.leaving_channels);
        while CHANNELS && channels != 0 {
            let channel = u8::try_from(channels.trailing_zeros()).unwrap_or(u8::MAX);
            channels &= channels.wrapping_sub(1);
            self.ready.channel(channel, ChannelKey::Flush);
        }
    }

    /// Handles the packets of a link that are in the transport. If the link has ended, the controller counts them for
    /// the new link with the same handle.
    fn packets_left(&mut self, index: u8) {
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return };
        let left = core::mem::replace(&mut slot.in_output, InOutput::NONE);
        if slot.is_up() && slot.generation == left.generation {
            return;
        }
        let next = self.find(left.handle).and_then(|index| self.links.get_mut(usize::from(index)));
        if let Some(next) = next {
            for _ in 0..left.packets {
                let _free = self.acl.occupy(self.now, &mut next.credits);
            }
        }
    }

    fn fill_commands(&mut self, now: Instant, out: &mut Output) {
        while self.command_due && out.room().len() >= COMMAND_OCTETS {
            let mut w = Writer::new(out.room());
            self.command_due = self.write_next_command(now, &mut w);
            if self.command_due {
                let len = w.len();
                out.add_command(len);
            }
        }
    }

    fn fill_data(&mut self, now: Instant, out: &mut Output) {
        let mut blocked = 0;
        while self.acl.free() > 0 {
            let links = self.sending & !blocked;
            if links == 0 {
                return;
            }
            let index = next_bit(links, self.last_link);
            let bit = bit(index);
            let slot = self.links.get(usize::from(index));
            if slot.is_some_and(|slot| slot.is_up() && !self.acl.may_take(&slot.credits)) {
                // The free packets are the share of other links.
                blocked |= bit;
                continue;
            }
            match self.fill_link(now, index, out) {
                Filled::Fragment => self.last_link = index,
                Filled::NoRoom => return,
                Filled::Nothing => {
                    self.last_link = index;
                    self.sending &= !bit;
                    self.leave_if_done(index);
                }
            }
        }
    }

    /// Writes the next fragment of a link's PDU.
    fn fill_link(&mut self, now: Instant, index: u8, out: &mut Output) -> Filled {
        let at = usize::from(index);
        let Some(slot) = self.links.get(at).filter(|l| l.is_up()) else { return Filled::Nothing };
        if slot.outgoing.is_none() {
            self.begin_pdu(now, index);
        }
        let Some(slot) = self.links.get_mut(at) else { return Filled::Nothing };
        let Some(fragments) = slot.outgoing.as_mut() else { return Filled::Nothing };
        let max = usize::from(self.acl.packet_len()).min(out.capacity().saturating_sub(ACL_HEADER));
        let octets = fragments.next(max);
        let len = octets.len();
        let room = out.room().get_mut(..ACL_HEADER.saturating_add(len));
        let Some((header, payload)) = room.and_then(<[u8]>::split_first_chunk_mut) else {
            return Filled::NoRoom;
        };
        if len == 0 || !self.acl.take(now, &mut slot.credits) {
            return Filled::Nothing;
        }
        let boundary = match fragments.is_first() {
            true => Boundary::FirstNonFlushable,
            false => Boundary::Continuing,
        };
        payload.copy_from_slice(octets);
        let octets = u16::try_from(len).unwrap_or(u16::MAX);
        *header = AclHeader::new(slot.handle, boundary, octets).emit_h4();
        out.add_data(ACL_HEADER.saturating_add(len));
        fragments.advance(len);
        let is_finished = fragments.is_finished();
        self.data_written(index, 1);
        if is_finished {
            self.end_pdu(index);
        }
        Filled::Fragment
    }

    /// Counts more packets of a link in the buffer.
    pub(super) fn data_written(&mut self, index: u8, packets: u8) {
        let mut are_first = false;
        if let Some(slot) = self.links.get_mut(usize::from(index)) {
            are_first = slot.credits.outstanding() == packets.into();
            let before = slot.in_output.packets;
            let packets = before.saturating_add(packets);
            let (generation, handle) = (slot.generation, slot.handle);
            slot.in_output = InOutput { generation, handle, packets };
        }
        self.leaving_links |= bit(index);
        self.stats.acl_out.add(packets);
        // With recovery, the links are checked more often.
        if !RECOVERY && are_first && self.deadline.is_some() {
            self.stall_deadline(index);
        }
    }

    /// Frees the packet of a PDU whose fragments are all written.
    fn end_pdu(&mut self, index: u8) {
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return };
        slot.app_sending = false;
        if CHANNELS && let Some(channel) = slot.sending_channel.take() {
            self.leaving_channels |= bit(channel);
        }
        let Some(fragments) = slot.outgoing.take() else { return };
        if !slot.has_unsent() && !slot.attributes.has_pending_cancel() {
            self.sending &= self.machines | !bit(index);
        }
        self.packet_free(index, fragments.into_packet());
    }
}
