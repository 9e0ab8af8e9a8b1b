//! A link with its machines, for tests in the form of packet traces.

use std::{boxed::Box, vec, vec::Vec};

use bindrune_wire::{HEADROOM, Interest, Level, Packet, Pool, Slot, Writer, time::Instant};
use embassy_time::Duration;

use crate::{
    Channel, ChannelConfig, Channels, Cid, Context, LinkId, Listener, Pools, Psm, Reassembly,
    Received, Role, Security, Signal, Signalling,
};

pub(crate) fn pool(packets: usize, size: usize) -> Pool {
    let slots = (0..packets).map(|_| Slot::EMPTY).collect::<Vec<_>>().leak();
    Pool::new(slots, vec![0; packets * size].leak(), size)
}

pub(crate) fn channels(count: usize, links: usize, budget: usize, packet_size: usize) -> Channels {
    let slots: Box<[Channel]> = (0..count).map(|_| Channel::FREE).collect();
    Channels::new(Box::leak(slots), links, budget, packet_size)
}

/// Result of a fragment or frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Did {
    /// Discarded by the reassembly, not yet a PDU, or for a fixed channel that is not ours.
    Nothing,
    Signal(Signal),
    Frame(Received),
}

/// One end of a link.
pub(crate) struct Link {
    pub(crate) now: Instant,
    pub(crate) reassembly: Reassembly,
    pub(crate) signalling: Signalling,
    pub(crate) channels: Channels,
    pub(crate) listeners: Vec<Listener>,
    pub(crate) security: Security,
    pub(crate) rx: Pool,
    pub(crate) tx: Pool,
}

pub(crate) const LINK: LinkId = LinkId(3);
pub(crate) const PACKETS: usize = 40;

impl Link {
    pub(crate) fn new(role: Role) -> Self {
        Self::with_packets(role, 255)
    }

    pub(crate) fn with_packets(role: Role, size: usize) -> Self {
        Self {
            now: Instant::from_secs(100),
            reassembly: Reassembly::new(),
            signalling: Signalling::new(LINK, role),
            channels: channels(4, 1, PACKETS - 2, size),
            listeners: Vec::new(),
            security: Security { level: Level::Open, key_size: 0, bond: None },
            rx: pool(PACKETS, size),
            tx: pool(8, size + HEADROOM),
        }
    }

    /// Adds a listener on PSM 0x80 with MTU 100, MPS 64 and 4 credits.
    pub(crate) fn listening(mut self) -> Self {
        self.listeners.push(Listener::new(Psm(0x80), config(100, 64, 4)));
        self
    }

    pub(crate) fn after(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    pub(crate) fn close(&mut self, index: usize) {
        self.channels.close(index, &mut Pools { rx: &mut self.rx, tx: &mut self.tx });
    }

    pub(crate) fn release(&mut self, index: usize) {
        self.channels.release(index, &mut Pools { rx: &mut self.rx, tx: &mut self.tx });
    }

    /// Takes an H4 ACL packet.
    pub(crate) fn acl(&mut self, h4: &[u8]) -> Did {
        let first = (h4[2] >> 4) & 3 != 1;
        assert_eq!(usize::from(u16::from_le_bytes([h4[3], h4[4]])), h4.len() - 5);
        self.fragment(first, &h4[5..])
    }

    /// Takes one fragment.
    pub(crate) fn fragment(&mut self, first: bool, octets: &[u8]) -> Did {
        let landing = self.reassembly.landing(first, octets.len(), &mut self.rx);
        let Some(mut packet) = landing else { return Did::Nothing };
        packet.tail(octets.len()).copy_from_slice(octets);
        assert!(packet.grow(octets.len()));
        match self.reassembly.landed(packet, &mut self.rx) {
            None => Did::Nothing,
            Some((cid, packet)) => self.pdu(cid, packet),
        }
    }

    fn pdu(&mut self, cid: Cid, packet: Packet) -> Did {
        let mut pools = Pools { rx: &mut self.rx, tx: &mut self.tx };
        if cid.is_dynamic() {
            let received = self.channels.handle_frame(LINK, cid, packet.bytes(), &mut pools);
            self.rx.give(packet);
            return Did::Frame(received);
        }
        let octets = packet.bytes().to_vec();
        self.rx.give(packet);
        if cid == Cid::SIGNALLING { Did::Signal(self.signal(&octets)) } else { Did::Nothing }
    }

    /// Takes the payload of a C-frame.
    pub(crate) fn signal(&mut self, pdu: &[u8]) -> Signal {
        let mut context = Context {
            channels: &mut self.channels,
            listeners: &self.listeners,
            security: self.security,
            pools: Pools { rx: &mut self.rx, tx: &mut self.tx },
        };
        self.signalling.handle_pdu(self.now, pdu, &mut context)
    }

    /// Pulls the payload of the next pending C-frame; empty if there is none.
    pub(crate) fn transmitted(&mut self) -> Vec<u8> {
        let mut buffer = [0; 32];
        let mut w = Writer::new(&mut buffer);
        let interest = self.signalling.interest(&self.channels);
        let wrote = self.signalling.poll_transmit(self.now, &mut self.channels, &mut w);
        assert!(!wrote || interest == Interest::Urgent);
        assert_eq!(wrote, !w.is_empty());
        if !wrote {
            assert_eq!(self.signalling.interest(&self.channels), Interest::None);
        }
        w.written().to_vec()
    }

    pub(crate) fn timeout(&mut self) -> Signal {
        let mut pools = Pools { rx: &mut self.rx, tx: &mut self.tx };
        self.signalling.handle_timeout(self.now, &mut self.channels, &mut pools)
    }

    /// Reads one SDU.
    pub(crate) fn sdu(&mut self, index: usize) -> Option<Vec<u8>> {
        let mut buffer = vec![0; 65535];
        let read = self.channels.recv_into(index, &mut buffer, &mut self.rx)?;
        buffer.truncate(read.unwrap());
        Some(buffer)
    }

    /// Returns whether every packet is free, or held by the reassembly.
    pub(crate) fn leaks_nothing(&self) -> bool {
        self.rx.free() + usize::from(self.reassembly.is_busy()) == PACKETS && self.tx.free() == 8
    }
}

pub(crate) const fn config(mtu: u16, mps: u16, window: u16) -> ChannelConfig {
    ChannelConfig { mtu: Some(mtu), mps, window }
}
