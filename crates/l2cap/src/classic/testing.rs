//! One end of a link with its machines, for tests and for the fuzz bodies.

use std::{vec, vec::Vec};

use bindrune_wire::time::Instant;

use embassy_time::Duration;

use super::{Channel, ChannelConfig, Channels, ConnectionResult, Link, Psm, Signal};
use crate::LinkId;

pub(crate) const LINK: LinkId = LinkId(2);
pub(crate) const PSM: Psm = Psm(0x1001);

/// One end of a link.
pub(crate) struct End {
    pub(crate) link: Link,
    pub(crate) channels: Channels,
    /// Longest ACL packet that this end sends.
    pub(crate) acl: usize,
    /// How requests of the peer are answered; `None` leaves them.
    pub(crate) accepts: Option<ChannelConfig>,
    pub(crate) signals: Vec<Signal>,
}

/// An ACL packet.
pub(crate) type Packet = (bool, Vec<u8>);

impl End {
    /// Creates an end with `slots` channels, each with two rings of `ring` bytes.
    pub(crate) fn new(slots: usize, ring: usize) -> Self {
        let memory = || vec![0; ring].leak();
        let slots: Vec<_> = (0..slots).map(|_| Channel::new(memory(), memory())).collect();
        Self {
            link: Link::new(LINK),
            channels: Channels::new(slots.leak()),
            acl: 27,
            accepts: Some(ChannelConfig::BASIC),
            signals: Vec::new(),
        }
    }

    /// Takes an ACL packet.
    pub(crate) fn receive(&mut self, now: Instant, (first, octets): &Packet) {
        self.link.start(*first, octets.len(), &mut self.channels);
        let (head, tail) = octets.split_at(octets.len() / 2);
        for part in [head, tail] {
            self.link.push(part, &mut self.channels);
        }
        self.link.end(now, &mut self.channels);
        self.settle(now);
    }

    /// Pulls the next ACL packet.
    pub(crate) fn transmit(&mut self, now: Instant) -> Option<Packet> {
        let mut buffer = [0; 1200];
        let fragment = self.link.poll_transmit(now, self.acl, &mut self.channels, &mut buffer)?;
        assert!(fragment.len <= self.acl && fragment.len > 0);
        self.settle(now);
        Some((fragment.first, buffer.get(..fragment.len)?.to_vec()))
    }

    /// Does what is due.
    pub(crate) fn time(&mut self, now: Instant) {
        self.link.handle_timeout(now, &mut self.channels);
        self.settle(now);
    }

    /// Takes every signal, and answers requests.
    pub(crate) fn settle(&mut self, now: Instant) {
        while let Some(signal) = self.link.poll_signal(&mut self.channels) {
            if let (Signal::Requested { channel, psm }, Some(config)) = (signal, self.accepts) {
                let _decided = match psm {
                    PSM => self.channels.accept(now, channel, config),
                    _ => self.channels.refuse(channel, ConnectionResult::PSM_NOT_SUPPORTED),
                };
            }
            self.signals.push(signal);
        }
    }

    /// Returns the signals since the last call.
    pub(crate) fn signals(&mut self) -> Vec<Signal> {
        core::mem::take(&mut self.signals)
    }

    pub(crate) fn connect(&mut self, now: Instant, config: ChannelConfig) -> usize {
        self.channels.connect(now, LINK, PSM, config).unwrap_or(usize::MAX)
    }

    /// Receives one datagram.
    pub(crate) fn recv(&mut self, index: usize) -> Option<Vec<u8>> {
        let datagram = self.channels.received(index)?.to_vec();
        self.channels.consume(index);
        Some(datagram)
    }
}

/// Two ends with a link between them, in virtual time.
pub(crate) struct Pair {
    pub(crate) now: Instant,
    pub(crate) a: End,
    pub(crate) b: End,
}

impl Pair {
    pub(crate) fn new(slots: usize, ring: usize) -> Self {
        Self { now: Instant::from_secs(100), a: End::new(slots, ring), b: End::new(slots, ring) }
    }

    /// Carries packets until both ends are silent, or `limit` packets have left.
    pub(crate) fn run(&mut self) {
        let mut limit = 1_000_000u32;
        loop {
            let mut idle = true;
            if let Some(packet) = self.a.transmit(self.now) {
                self.b.receive(self.now, &packet);
                idle = false;
            }
            if let Some(packet) = self.b.transmit(self.now) {
                self.a.receive(self.now, &packet);
                idle = false;
            }
            limit = limit.saturating_sub(1);
            assert!(limit > 0, "both ends become silent");
            if idle {
                return;
            }
        }
    }

    /// Lets time pass, and carries packets.
    pub(crate) fn after(&mut self, time: Duration) {
        let end = self.now + time;
        let mut limit = 1_000_000u32;
        loop {
            self.run();
            let due = [&self.a, &self.b].map(|e| e.link.poll_timeout(&e.channels));
            let due = due.into_iter().flatten().map(|(at, _)| at).min();
            limit = limit.saturating_sub(1);
            assert!(limit > 0, "each deadline passes");
            match due.filter(|at| *at <= end) {
                Some(at) => self.now = self.now.max(at),
                None => break,
            }
            self.a.time(self.now);
            self.b.time(self.now);
        }
        self.now = end;
        self.a.time(end);
        self.b.time(end);
        self.run();
    }
}
