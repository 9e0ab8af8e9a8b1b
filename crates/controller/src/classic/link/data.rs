//! Data of one end: ACL packets of the host, split into baseband packets that are repeated until they are
//! acknowledged, or flushed. [Vol 2] Part B, 7.6

use std::collections::VecDeque;

use embassy_time::Instant;

use super::{ClassicLink, Party, manager::Message, packet, slots};
use crate::{air::Medium, classic::events::FLUSH_OCCURRED};

/// The transmitter of one end.
#[derive(Debug, Default)]
pub(super) struct Transmitter {
    /// Each takes one buffer of the controller until it is acknowledged completely.
    packets: VecDeque<Outgoing>,
    pub(super) messages: VecDeque<Message>,
    flight: Option<Flight>,
    /// Whether the other end has the packet in flight.
    delivered: bool,
    /// Whether only messages are sent, because encryption starts.
    pub(super) held_back: bool,
    /// Whether continuations belong to a PDU that was flushed.
    flushing: bool,
    /// Whether the last PDU of the host may be flushed, and since when it waits.
    last: (bool, Option<Instant>),
}

#[derive(Debug)]
struct Outgoing {
    octets: Vec<u8>,
    acknowledged: usize,
    starts: bool,
    flushable: bool,
    /// When the host sent the start of the PDU.
    since: Instant,
}

/// The packet that is repeated until it is acknowledged.
#[derive(Clone, Debug)]
enum Flight {
    Message(Message),
    Data { slots: u8, len: usize },
}

/// What a packet of the host begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::classic) enum Boundary {
    Start { flushable: bool },
    Continues,
}

impl Transmitter {
    pub(super) fn held(&self) -> usize {
        self.packets.len()
    }

    /// Returns whether anything must be sent or repeated.
    pub(super) fn is_busy(&self) -> bool {
        self.flight.is_some()
            || !self.messages.is_empty()
            || (!self.held_back && !self.packets.is_empty())
    }

    /// Puts the next packet in flight, unless one is; returns its slots. An empty one (POLL or NULL) has one.
    pub(super) fn pick(&mut self, types: u16, enhanced: bool) -> u8 {
        if self.flight.is_none() {
            self.delivered = false;
            self.flight = if let Some(message) = self.messages.pop_front() {
                Some(Flight::Message(message))
            } else {
                let packet = self.packets.front().filter(|_| !self.held_back);
                packet.map(|packet| {
                    let rest = packet.octets.len().saturating_sub(packet.acknowledged);
                    let (slots, most) = packet::choose(types, enhanced, rest);
                    Flight::Data { slots, len: rest.min(most) }
                })
            };
        }
        match self.flight {
            Some(Flight::Data { slots, .. }) => slots,
            _ => 1,
        }
    }

    /// Handles the other end's acknowledgement, if the packet in flight arrived. Returns whether a whole ACL packet was
    /// delivered.
    fn acknowledge(&mut self) -> bool {
        if !core::mem::take(&mut self.delivered) {
            return false;
        }
        let Some(Flight::Data { len, .. }) = self.flight.take() else { return false };
        let Some(packet) = self.packets.front_mut() else { return false };
        packet.acknowledged = packet.acknowledged.saturating_add(len);
        let through = packet.acknowledged >= packet.octets.len();
        if through {
            self.packets.pop_front();
        }
        through
    }

    /// Returns the data in flight that the other end does not have yet, and whether it starts an L2CAP PDU.
    fn fresh_data(&self) -> Option<(&[u8], bool)> {
        let Some(Flight::Data { len, .. }) = self.flight else { return None };
        let packet = self.packets.front().filter(|_| !self.delivered)?;
        let octets = packet.octets.get(packet.acknowledged..)?.get(..len)?;
        Some((octets, packet.starts && packet.acknowledged == 0))
    }

    fn fresh_message(&self) -> Option<Message> {
        match &self.flight {
            Some(Flight::Message(message)) if !self.delivered => Some(message.clone()),
            _ => None,
        }
    }

    /// Takes a packet of the host; returns false if it continues a PDU that was flushed.
    fn push(&mut self, octets: Vec<u8>, boundary: Boundary, now: Instant) -> bool {
        let (starts, flushable, since) = match boundary {
            Boundary::Start { flushable } => {
                self.flushing = false;
                self.last = (flushable, Some(now));
                (true, flushable, now)
            }
            Boundary::Continues if self.flushing => return false,
            Boundary::Continues => (false, self.last.0, self.last.1.unwrap_or(now)),
        };
        self.packets.push_back(Outgoing { octets, acknowledged: 0, starts, flushable, since });
        true
    }

    /// Drops the packets that `due` selects, by whether they are flushable and by their age; returns their number, and
    /// that of the PDUs to which they belong.
    fn flush(&mut self, due: impl Fn(bool, Instant) -> bool) -> (usize, usize) {
        let before = self.packets.len();
        let selected = self.packets.iter().enumerate().filter(|(_, p)| due(p.flushable, p.since));
        // The first packet may continue a PDU whose start has left.
        let pdus = selected.filter(|(at, packet)| packet.starts || *at == 0).count();
        let front = self.packets.front().is_some_and(|first| due(first.flushable, first.since));
        if front && matches!(self.flight, Some(Flight::Data { .. })) {
            self.flight = None;
            self.delivered = false;
        }
        self.flushing |= self.packets.back().is_some_and(|last| due(last.flushable, last.since));
        self.packets.retain(|packet| !due(packet.flushable, packet.since));
        (before.saturating_sub(self.packets.len()), pdus)
    }
}

impl ClassicLink {
    /// Takes an ACL packet of the host of `party`; returns false if it was dropped, and its buffer is free.
    pub(in crate::classic) fn send(
        &mut self,
        party: Party,
        octets: Vec<u8>,
        boundary: Boundary,
        m: &mut Medium,
    ) -> bool {
        let now = m.now;
        let taken = self.side_mut(party).transmitter.push(octets, boundary, now);
        self.wake(party, m);
        taken
    }

    /// Delivers the packet that the other end has in flight to `party`, with its acknowledgement. Returns whether
    /// it moved anything.
    pub(super) fn arrive(&mut self, party: Party, m: &mut Medium) -> bool {
        let (to, from) = self.sides_mut(party);
        to.last_rx = m.now;
        let mut moved = to.transmitter.flight.is_some();
        if to.transmitter.acknowledge() {
            m.controllers[to.controller].classic_completed(to.handle, 1);
        }
        let mut received = None;
        if let Some((octets, starts)) = from.transmitter.fresh_data() {
            let controller = &mut m.controllers[to.controller];
            moved = true;
            if controller.has_receive_buffer() {
                controller.deliver_acl(to.handle, octets, starts);
                from.transmitter.delivered = true;
            }
        } else if let Some(message) = from.transmitter.fresh_message() {
            from.transmitter.delivered = true;
            received = Some(message);
            moved = true;
        }
        if let Some(message) = received {
            self.message_received(party, message, m);
        }
        moved
    }

    /// Drops the flushable PDUs that are older than the flush timeout, with an event for each.
    pub(super) fn flush_old(&mut self, m: &mut Medium) {
        for party in [Party::Pager, Party::Paged] {
            let timeout = slots(u32::from(self.side(party).flush));
            if timeout.as_ticks() == 0 || !self.side(party).open {
                continue;
            }
            let now = m.now;
            let due =
                |flushable: bool, since: Instant| flushable && now >= since.saturating_add(timeout);
            let (count, pdus) = self.side_mut(party).transmitter.flush(due);
            for _ in 0..pdus {
                let handle = self.side(party).handle.to_le_bytes();
                self.emit(party, FLUSH_OCCURRED, &[&handle], m);
            }
            self.give_back(party, count, m);
        }
    }

    /// Drops what the host of `party` wants dropped: all, or all that is flushable.
    pub(in crate::classic) fn flush_now(
        &mut self,
        party: Party,
        all: bool,
        m: &mut Medium,
    ) -> usize {
        let transmitter = &mut self.side_mut(party).transmitter;
        transmitter.flushing |= all || transmitter.last.0;
        let (count, _) = transmitter.flush(|flushable, _| all || flushable);
        self.give_back(party, count, m);
        count
    }

    /// Reports buffers that are free again.
    fn give_back(&self, party: Party, count: usize, m: &mut Medium) {
        if count > 0 {
            let handle = self.side(party).handle;
            self.controller(party, m).classic_completed(handle, count);
        }
    }
}
