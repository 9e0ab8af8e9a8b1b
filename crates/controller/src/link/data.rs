//! Data PDUs: fragments of ACL packets, acknowledged by sequence numbers, delivered in order. [Vol 6] Part B, 4.5.9

use std::collections::VecDeque;

use super::{End, Link, control::Control};
use crate::air::Medium;

/// The transmitter of one end.
#[derive(Debug, Default)]
pub(crate) struct Transmitter {
    /// ACL packets of the host; each takes one buffer of the controller until it is acknowledged completely.
    packets: VecDeque<Outgoing>,
    control: VecDeque<Control>,
    flight: Option<Flight>,
    /// SN of the PDU in flight.
    sequence: bool,
    /// NESN: sequence number of the expected PDU.
    expected: bool,
    /// Whether only control PDUs are sent, because encryption starts.
    paused: bool,
}

#[derive(Debug)]
struct Outgoing {
    octets: Vec<u8>,
    acknowledged: usize,
    starts: bool,
}

/// The PDU that is repeated until it is acknowledged.
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

    /// Returns the number of the controller's buffers in use.
    pub(crate) fn held(&self) -> usize {
        self.packets.len()
    }

    /// Returns whether more data must be sent after the PDU in flight.
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

    /// Returns whether data must be sent or repeated.
    pub(crate) fn is_busy(&self) -> bool {
        self.has_more() || matches!(self.flight, Some(Flight::Data { .. } | Flight::Control(_)))
    }

    /// Puts the next PDU in flight, unless one is in flight: at most `limit` octets of data, or an empty PDU if the
    /// next one does not fit. Returns its payload length.
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

    /// Records that the PDU in flight was acknowledged. Returns whether a whole ACL packet was delivered.
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

    /// Returns the data in flight, and whether it starts an L2CAP PDU.
    fn data(&self) -> Option<(&[u8], bool)> {
        let Some(Flight::Data { len }) = self.flight else { return None };
        let packet = self.packets.front()?;
        let octets = packet.octets.get(packet.acknowledged..)?.get(..len)?;
        Some((octets, packet.starts && packet.acknowledged == 0))
    }
}

impl Link {
    /// Takes an ACL packet of the host of `end`.
    pub(crate) fn send(&mut self, end: End, octets: Vec<u8>, starts: bool) {
        let packet = Outgoing { octets, acknowledged: 0, starts };
        self.side_mut(end).transmitter.packets.push_back(packet);
    }

    /// Delivers the packet that the other end has in flight to `end`. False if it was not accepted, for lack of room.
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
