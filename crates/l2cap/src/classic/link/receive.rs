use bindrune_wire::time::Instant;
use zerocopy::FromBytes;

use super::answers::Answer;
use super::{Counters, Link};
use crate::classic::channels::Channels;
use crate::classic::pdu::{self, CFrame, Reject};
use crate::{Cid, Header};

/// The PDU that is being received.
#[derive(Debug)]
pub(super) struct Reception {
    state: State,
    /// Octets of the PDU that have not arrived.
    left: usize,
    /// Octets of the ACL packet that have not arrived.
    packet_left: usize,
    /// The header, then the payload of a C-frame.
    gathered: [u8; pdu::MTU as usize],
    len: usize,
    /// Length of the PDU's payload.
    total: usize,
    /// Whether the ACL packet has more octets than the PDU.
    is_overrun: bool,
}

/// Where the payload goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No PDU has started, or it was discarded.
    Idle,
    Header,
    Signalling,
    /// The slot of a channel.
    Channel(usize),
    /// A PDU that is discarded, and counted already.
    Skipping,
}

impl Reception {
    pub(super) const fn new() -> Self {
        Self {
            state: State::Idle,
            left: 0,
            packet_left: 0,
            gathered: [0; pdu::MTU as usize],
            len: 0,
            total: 0,
            is_overrun: false,
        }
    }

    fn gather(&mut self, octets: &[u8]) {
        let room = self.gathered.get_mut(self.len..).unwrap_or_default();
        for (place, octet) in room.iter_mut().zip(octets) {
            *place = *octet;
            self.len = self.len.saturating_add(1);
        }
    }
}

impl Link {
    /// Takes the header of an ACL packet with `len` octets; `first` is true for a start fragment. [Vol 3] Part A, 7.2.1
    pub fn start(&mut self, first: bool, len: usize, channels: &mut Channels) {
        self.end_packet(channels);
        self.reception.packet_left = len;
        if first {
            self.interrupt(channels, |drops| drops.unfinished.count());
            if len == 0 {
                self.drops.empty.count();
                return;
            }
            self.reception.state = State::Header;
            self.reception.left = Header::LEN;
            self.reception.len = 0;
            self.reception.is_overrun = false;
        } else if self.reception.state == State::Idle {
            self.drops.no_start.count();
            self.reception.state = State::Skipping;
            self.reception.left = usize::MAX;
        }
    }

    /// Takes the next octets of the ACL packet.
    pub fn push(&mut self, mut octets: &[u8], channels: &mut Channels) {
        self.reception.packet_left = self.reception.packet_left.saturating_sub(octets.len());
        while !octets.is_empty() {
            let count = octets.len().min(self.reception.left);
            let Some((now, rest)) = octets.split_at_checked(count).filter(|_| count > 0) else {
                self.reception.is_overrun = true;
                return;
            };
            octets = rest;
            self.reception.left = self.reception.left.saturating_sub(count);
            match self.reception.state {
                State::Idle | State::Skipping => {}
                State::Header => {
                    self.reception.gather(now);
                    if self.reception.left == 0 {
                        self.begin(channels);
                    }
                }
                State::Signalling => self.reception.gather(now),
                State::Channel(index) => {
                    channels.with(index, |channel| channel.transfer.push(now));
                }
            }
        }
    }

    /// Takes the end of the ACL packet, and handles the PDU if it is complete.
    pub fn end(&mut self, now: Instant, channels: &mut Channels) {
        if self.reception.packet_left > 0 {
            return self.end_packet(channels);
        }
        if self.reception.is_overrun {
            self.interrupt(channels, |drops| drops.overrun.count());
            return;
        }
        if self.reception.left > 0 {
            return;
        }
        let state = core::mem::replace(&mut self.reception.state, State::Idle);
        match state {
            State::Idle | State::Header | State::Skipping => {}
            State::Signalling => self.signalling(now, channels),
            State::Channel(index) => self.frame(now, index, channels),
        }
    }

    /// Discards the PDU if octets of the last ACL packet are missing.
    fn end_packet(&mut self, channels: &mut Channels) {
        if core::mem::take(&mut self.reception.packet_left) > 0 {
            self.interrupt(channels, |drops| drops.lost.count());
        }
    }

    /// Discards the PDU that is not complete, if there is one.
    fn interrupt(&mut self, channels: &mut Channels, count: impl FnOnce(&mut Counters)) {
        self.reception.is_overrun = false;
        match core::mem::replace(&mut self.reception.state, State::Skipping) {
            State::Idle | State::Skipping => {}
            State::Header | State::Signalling => count(&mut self.drops),
            State::Channel(index) => {
                count(&mut self.drops);
                channels.with(index, |channel| channel.transfer.abandon());
            }
        }
        self.reception.left = usize::MAX;
    }

    /// Takes the complete header of a PDU.
    fn begin(&mut self, channels: &mut Channels) {
        let header = Header::read_from_prefix(&self.reception.gathered);
        let Ok((header, _)) = header else { return };
        self.reception.total = header.payload();
        self.reception.left = header.payload();
        self.reception.len = 0;
        self.reception.state = match header.cid() {
            Cid::CLASSIC_SIGNALLING => State::Signalling,
            Cid::CONNECTIONLESS => {
                self.drops.connectionless.count();
                State::Skipping
            }
            cid => self.begin_frame(cid, header, channels),
        };
    }

    fn begin_frame(&mut self, cid: Cid, header: Header, channels: &mut Channels) -> State {
        let len = u16::try_from(header.payload()).unwrap_or(u16::MAX);
        let receiver = channels.position(self.id, |c| c.local == cid && c.is_receiving());
        let Some(index) = receiver else {
            self.drops.unknown_channel.count();
            return State::Skipping;
        };
        channels.with(index, |channel| channel.transfer.begin(len));
        State::Channel(index)
    }

    /// Handles a complete C-frame.
    fn signalling(&mut self, now: Instant, channels: &mut Channels) {
        let (gathered, len) = (self.reception.gathered, self.reception.len);
        let frame = CFrame::new(gathered.get(..len).unwrap_or_default());
        if self.reception.total > len {
            self.drops.too_long.count();
            if let Some(identifier) = frame.first_request() {
                self.reject(identifier, Reject::MtuExceeded(pdu::MTU));
            }
            return;
        }
        for command in frame {
            match command {
                Ok((identifier, command)) => self.command(now, identifier, command, channels),
                Err(bad) => {
                    self.drops.malformed.count();
                    if let Some(reject) = bad.reply {
                        self.reject(bad.identifier, reject);
                    }
                }
            }
        }
    }

    /// Handles a complete PDU of a channel.
    fn frame(&mut self, now: Instant, index: usize, channels: &mut Channels) {
        channels.with(index, |channel| channel.received(now));
    }

    pub(super) fn answer(&mut self, identifier: u8, answer: Answer) {
        if !self.answers.push(identifier, answer) {
            self.drops.excess.count();
        }
    }

    pub(super) fn reject(&mut self, identifier: u8, reject: Reject) {
        self.answer(identifier, Answer::Reject(reject));
    }
}
