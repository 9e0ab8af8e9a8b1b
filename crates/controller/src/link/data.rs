//! Data PDUs: cut from ACL packets, acknowledged by sequence numbers, delivered in order. [Vol 6] Part B, 4.5.9

use std::collections::VecDeque;

use super::{End, Link, control::Control};
use crate::air::Medium;

/// What one end sends.
#[derive(Debug, Default)]
pub(crate) struct Transmitter {
    /// ACL packets of the host, each in one buffer of the controller until all of it is acknowledged.
    packets: VecDeque<Outgoing>,
    control: VecDeque<Control>,
    flight: Option<Flight>,
    /// SN: of the PDU in flight.
    sequence: bool,
    /// NESN: of the PDU expected.
    expected: bool,
    /// While encryption starts, only control PDUs are sent.
    paused: bool,
}

#[derive(Debug)]
struct Outgoing {
    octets: Vec<u8>,
    acknowledged: usize,
    starts: bool,
}

/// The PDU that is sent again until it is acknowledged.
#[derive(Clone, Debug)]
enum Flight {
    Empty,
    Data { len: usize },
    Control(Control),
}

impl Transmitter {
    pub(crate) fn push_control(&mut self, control: Control) {
        self.control.push_back(control);
    }

    pub(crate) const fn pause(&mut self, paused: bool) {
        self.paused = paused;
    }

    /// Buffers of the controller in use.
    pub(crate) fn held(&self) -> usize {
        self.packets.len()
    }

    /// Returns whether something is to be sent beyond what is in flight.
    pub(crate) fn has_more(&self) -> bool {
        let flying = usize::from(matches!(self.flight, Some(Flight::Data { .. })));
        let rest = self.packets.front().is_some_and(|packet| match self.flight {
            Some(Flight::Data { len }) => {
                packet.acknowledged.saturating_add(len) < packet.octets.len()
            }
            _ => true,
        });
        !self.control.is_empty() || (!self.paused && (rest || self.packets.len() > flying))
    }

    /// Returns whether something is to be sent or sent again.
    pub(crate) fn is_busy(&self) -> bool {
        self.has_more() || matches!(self.flight, Some(Flight::Data { .. } | Flight::Control(_)))
    }

    /// Puts the next PDU in flight, unless one is; at most `limit` octets of data, and an empty one where what is next
    /// does not fit. Gives its payload length.
    pub(crate) fn pick(&mut self, limit: usize, fits: impl Fn(usize) -> bool) -> usize {
        if self.flight.is_none() {
            self.flight = Some(self.next_flight(limit, fits));
        }
        match &self.flight {
            None | Some(Flight::Empty) => 0,
            Some(Flight::Data { len }) => *len,
            Some(Flight::Control(control)) => control.len(),
        }
    }

    fn next_flight(&mut self, limit: usize, fits: impl Fn(usize) -> bool) -> Flight {
        if let Some(control) = self.control.pop_front_if(|control| fits(control.len())) {
            return Flight::Control(control);
        }
        let packet = self.packets.front().filter(|_| self.control.is_empty() && !self.paused);
        let rest = packet.map(|packet| packet.octets.len().saturating_sub(packet.acknowledged));
        match rest.map(|rest| rest.min(limit)) {
            Some(len) if fits(len) => Flight::Data { len },
            _ => Flight::Empty,
        }
    }

    /// The PDU in flight was acknowledged. True when a whole ACL packet is through.
    fn acknowledge(&mut self) -> bool {
        self.sequence = !self.sequence;
        let Some(Flight::Data { len }) = self.flight.take() else { return false };
        let Some(packet) = self.packets.front_mut() else { return false };
        packet.acknowledged = packet.acknowledged.saturating_add(len);
        let through = packet.acknowledged >= packet.octets.len();
        if through {
            self.packets.pop_front();
        }
        through
    }

    /// The data in flight, and whether it starts an L2CAP PDU.
    fn data(&self) -> Option<(&[u8], bool)> {
        let Some(Flight::Data { len }) = self.flight else { return None };
        let packet = self.packets.front()?;
        let octets = packet.octets.get(packet.acknowledged..)?.get(..len)?;
        Some((octets, packet.starts && packet.acknowledged == 0))
    }
}

impl Link {
    /// An ACL packet of the host of `end`.
    pub(crate) fn send(&mut self, end: End, octets: Vec<u8>, starts: bool) {
        let packet = Outgoing { octets, acknowledged: 0, starts };
        self.side_mut(end).transmitter.packets.push_back(packet);
    }

    /// The packet that the other end has in flight arrives at `end`. False when it was not taken, for want of room.
    pub(super) fn arrive(&mut self, end: End, m: &mut Medium) -> bool {
        let (to, from) = self.ends_mut(end);
        to.pdu = Some(m.now);
        if from.transmitter.expected != to.transmitter.sequence && to.transmitter.acknowledge() {
            m.controllers[to.controller].acl_completed(to.handle);
        }
        if from.transmitter.sequence != to.transmitter.expected {
            return true;
        }
        if let Some((octets, starts)) = from.transmitter.data() {
            let controller = &mut m.controllers[to.controller];
            if !controller.has_receive_buffer() {
                return false;
            }
            controller.deliver_acl(to.handle, octets, starts);
        }
        to.transmitter.expected = !to.transmitter.expected;
        if let Some(Flight::Control(control)) = &from.transmitter.flight {
            let control = control.clone();
            self.handle_control(end, control, m);
        }
        true
    }
}
