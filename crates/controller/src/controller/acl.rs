//! ACL data between the host and its links. [Vol 4] Part E, 4.1, 5.4.2

use bindrune_hci::Status;

use super::{Controller, flow::Withheld, output::Place};
use crate::{
    Air, ControllerId,
    link::{End, LinkId},
};

/// How to handle an ACL packet of the host.
enum Verdict {
    Send(LinkId, End),
    /// Drop the packet, and return its buffer.
    Return,
    Drop,
}

impl Air {
    /// Handles an ACL packet of the host: `header` has its handle and flags.
    pub(super) fn handle_acl(&mut self, id: ControllerId, header: u16, octets: Vec<u8>) {
        if self.handle_classic_acl(id, header, &octets) {
            return;
        }
        let controller = &mut self.medium.controllers[id];
        let handle = header & 0x0fff;
        match controller.judge_acl(header, octets.len()) {
            Verdict::Send(link, end) => {
                controller.acl_held = controller.acl_held.saturating_add(1);
                if let Some(link) = self.links.get_mut(&link) {
                    link.send(end, octets, header & CONTINUES == 0);
                }
            }
            Verdict::Return => {
                controller.acl_held = controller.acl_held.saturating_add(1);
                controller.acl_completed(handle);
            }
            Verdict::Drop => {}
        }
    }
}

impl Controller {
    fn judge_acl(&mut self, header: u16, len: usize) -> Verdict {
        let handle = header & 0x0fff;
        let flags = header >> 12;
        let count = |violations: &mut u32| *violations = violations.saturating_add(1);
        let Some(&(link, end)) = self.links.get(&handle) else {
            if !self.closes(handle) {
                count(&mut self.violations.acl_unknown_handle);
            }
            return Verdict::Drop;
        };
        let fits = match &self.config.classic {
            Some(_) if self.config.shared_buffers => self.has_classic_room(len),
            _ => self.has_room(len, self.config.acl_length, self.config.acl_count, self.acl_held),
        };
        if !fits {
            return Verdict::Drop;
        }
        if flags > 1 {
            self.count_acl_flags();
        }
        if len == 0 || flags > 2 { Verdict::Return } else { Verdict::Send(link, end) }
    }

    /// Checks a packet of the host against the buffers of BR/EDR, which LE may share.
    pub(crate) fn has_classic_room(&mut self, len: usize) -> bool {
        let Some(config) = &self.config.classic else { return false };
        let (length, count) = (config.acl_length, config.acl_count);
        let shared = if self.config.shared_buffers { self.acl_held } else { 0 };
        self.has_room(len, length, count, self.classic.held.saturating_add(shared))
    }

    /// Counts a packet that is too long or beyond the free buffers; returns false then.
    fn has_room(&mut self, len: usize, length: u16, buffers: u8, held: usize) -> bool {
        let violation = if len > usize::from(length) {
            &mut self.violations.acl_too_long
        } else if held >= usize::from(buffers) {
            &mut self.violations.acl_overrun
        } else {
            return true;
        };
        *violation = violation.saturating_add(1);
        self.buffer_overflow();
        false
    }

    pub(crate) const fn count_acl_flags(&mut self) {
        self.violations.acl_flags = self.violations.acl_flags.saturating_add(1);
    }

    /// Returns whether the host cannot know yet that the link with this handle has ended.
    pub(super) fn closes(&self, handle: u16) -> bool {
        self.closed.get(&handle).is_some_and(|&place| !self.output.is_taken(place))
    }

    /// Returns whether there is room for another packet from the air.
    pub(crate) fn has_receive_buffer(&self) -> bool {
        let waiting = self.output.acl().saturating_add(self.flow.waiting());
        waiting < usize::from(self.config.receive_buffers)
    }

    /// Passes a data PDU from the air to the host, in packets that fit in the host's buffers. [Vol 4] Part
    /// E, 7.3.39
    pub(crate) fn deliver_acl(&mut self, handle: u16, octets: &[u8], starts: bool) {
        let longest = self.flow.buffers.map_or(usize::MAX, |(octets, _)| usize::from(octets));
        let mut boundary = if starts { STARTS } else { CONTINUES };
        for part in octets.chunks(longest.max(1)) {
            let len = u16::try_from(part.len()).unwrap_or(u16::MAX);
            let mut packet = Vec::with_capacity(part.len().saturating_add(5));
            packet.push(0x02);
            packet.extend_from_slice(&(handle | boundary).to_le_bytes());
            packet.extend_from_slice(&len.to_le_bytes());
            packet.extend_from_slice(part);
            self.flow.push(handle, packet);
            boundary = CONTINUES;
        }
        self.release_acl();
    }

    /// Sends the packets to the host that it has room for.
    pub(super) fn release_acl(&mut self) {
        while let Some((handle, next)) = self.flow.take() {
            match next {
                Withheld::Acl(packet) => self.output.push(packet),
                Withheld::Closed(reason) => self.report_closed(handle, reason),
            }
        }
    }

    /// Returns a buffer to the host.
    pub(crate) fn acl_completed(&mut self, handle: u16) {
        self.acl_held = self.acl_held.saturating_sub(1);
        self.completed_packets(handle, 1);
    }

    /// Handles the end of a link; `held` buffers had packets of it.
    pub(crate) fn link_closed(&mut self, handle: u16, held: usize, reason: Status) {
        self.acl_held = self.acl_held.saturating_sub(held);
        self.links.remove(&handle);
        if self.flow.close(handle, reason) {
            self.closed.insert(handle, Place::NEVER);
        } else {
            self.report_closed(handle, reason);
        }
        self.release_acl();
    }

    /// Reports the end of a link to the host, after the last of its packets.
    fn report_closed(&mut self, handle: u16, reason: Status) {
        self.flow.closed(handle);
        self.closed.insert(handle, self.output.place());
        self.disconnected(handle, reason);
    }
}

/// Packet boundary flags in packets to the host: the start of an L2CAP PDU, and its continuation.
const STARTS: u16 = 0b10 << 12;
const CONTINUES: u16 = 0b01 << 12;
