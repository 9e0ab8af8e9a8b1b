//! Two connected ends: every SDU arrives, whatever the sizes, the fragments and the order.

use std::collections::VecDeque;

use bindrune_wire::Packet;
use proptest::prelude::*;

use super::*;
use crate::{ChannelConfig, Fragments, Listener, testing::PACKETS};

/// One end and the actions of its application.
struct End {
    link: Link,
    to_send: VecDeque<Vec<u8>>,
    sent: usize,
    received: Vec<Vec<u8>>,
    partial: Vec<u8>,
    borrowed: Vec<Packet>,
}

impl End {
    fn new(role: Role, slot: usize, sdus: Vec<Vec<u8>>) -> Self {
        Self {
            link: Link::with_packets(role, slot),
            to_send: sdus.into(),
            sent: 0,
            received: Vec::new(),
            partial: Vec::new(),
            borrowed: Vec::new(),
        }
    }

    /// Returns the next K-frame payload, of at most `max` octets.
    fn frame(&mut self, max: usize) -> Option<(Cid, Packet)> {
        let sdu = self.to_send.front()?;
        let mut packet = self.link.tx.take(HEADROOM)?;
        let mut taken = None;
        packet.write(|w| {
            w.limit(max);
            taken = self.link.channels.write_frame(0, sdu, self.sent, w).ok();
            taken.is_some()
        });
        let Some(taken) = taken else {
            self.link.tx.give(packet);
            return None;
        };
        self.sent += taken;
        if self.sent == sdu.len() {
            (self.sent, _) = (0, self.to_send.pop_front());
        }
        assert!(self.link.channels.put_out(0, packet).is_ok());
        self.link.channels.take_out(0)
    }

    /// Reads all data; `keep` leaves a chunk with the application for a while.
    fn read(&mut self, keep: bool) -> bool {
        let readable = self.link.channels.readable(0, &self.link.rx);
        if let (Readable::Sdu(len), true, false) = (readable, self.partial.is_empty(), keep) {
            let sdu = self.link.sdu(0).unwrap();
            assert_eq!(sdu.len(), usize::from(len));
            self.received.push(sdu);
            return true;
        }
        let Some(chunk) = self.link.channels.next_chunk(0, &mut self.link.rx) else {
            return self.give_back();
        };
        assert!(!chunk.first || self.partial.is_empty());
        self.partial.extend(chunk.packet.bytes());
        if chunk.last {
            self.received.push(core::mem::take(&mut self.partial));
        }
        self.borrowed.push(chunk.packet);
        if !keep {
            self.give_back();
        }
        true
    }

    fn give_back(&mut self) -> bool {
        let any = !self.borrowed.is_empty();
        for packet in self.borrowed.drain(..) {
            self.link.channels.give_back(0, packet, &mut self.link.rx);
        }
        any
    }
}

/// Moves one K-frame in fragments of at most `cut` octets.
fn data(from: &mut End, to: &mut End, max: usize, cut: usize) -> bool {
    let Some((cid, packet)) = from.frame(max) else { return false };
    let mut fragments = Fragments::new(packet, cid).unwrap();
    let mut did = Did::Nothing;
    while !fragments.is_finished() {
        let octets = fragments.next(cut).to_vec();
        did = to.link.fragment(fragments.is_first(), &octets);
        fragments.advance(octets.len());
    }
    from.link.tx.give(fragments.into_packet());
    let arrived = received(did);
    assert!(matches!(arrived, Received::Kept(0) | Received::Readable(0)), "{arrived:?}");
    true
}

/// Moves one C-frame.
fn signal(from: &mut End, to: &mut End) -> bool {
    let pdu = from.link.transmitted();
    if pdu.is_empty() {
        return false;
    }
    let did = to.link.signal(&pdu);
    if let Signal::Requested(index) = did {
        assert!(to.link.channels.accept(index) && to.link.channels.claim(index));
    } else {
        assert!(matches!(did, Signal::None | Signal::Opened(0) | Signal::Credits(0)), "{did:?}");
    }
    true
}

fn step(a: &mut End, b: &mut End, op: u8, max: usize, cut: usize) -> bool {
    match op % 4 {
        0 => signal(a, b),
        1 | 2 => data(a, b, max, cut),
        _ => a.read(op & 4 != 0),
    }
}

fn sdus() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let len = prop_oneof![Just(0), 1..30usize, 0..300usize, 0..2000usize];
    prop::collection::vec((len, any::<u8>()), 0..10).prop_map(|sdus| {
        let sdu = |(len, seed): (usize, u8)| (0..len).map(|n| seed ^ n as u8).collect();
        sdus.into_iter().map(sdu).collect()
    })
}

fn end() -> impl Strategy<Value = (ChannelConfig, usize)> {
    let mtu = prop_oneof![Just(None), Just(Some(2000)), (23..2000u16).prop_map(Some)];
    (mtu, 23..120u16, 2..12u16, 0..30usize)
        .prop_map(|(mtu, mps, window, slack)| (ChannelConfig { mtu, mps, window }, slack))
}

proptest! {
    #[test]
    fn every_sdu_arrives_whatever_the_sizes(
        (a, b) in (end(), end()),
        (from_a, from_b) in (sdus(), sdus()),
        ops in prop::collection::vec((any::<u8>(), any::<bool>(), 3..130usize, 1..60usize), 0..200),
    ) {
        let ((config_a, slack_a), (config_b, slack_b)) = (a, b);
        let mut a = End::new(Role::Central, usize::from(config_a.mps) + 4 + slack_a, from_a);
        let mut b = End::new(Role::Peripheral, usize::from(config_b.mps) + 4 + slack_b, from_b);
        b.link.listeners.push(Listener::new(Psm(0x80), config_b));
        prop_assert_eq!(a.link.channels.open(LINK, Psm(0x80), config_a), Ok(0));
        while signal(&mut a, &mut b) || signal(&mut b, &mut a) {}
        let mtu = |end: &End| end.link.channels.get(0).map(|c| (c.mtu(), c.peer_mtu())).unwrap();
        prop_assert_eq!(mtu(&a), (mtu(&b).1, mtu(&b).0));
        a.to_send.retain(|sdu| sdu.len() <= usize::from(mtu(&b).0));
        let to_a = mtu(&a).0;
        b.to_send.retain(|sdu| sdu.len() <= usize::from(to_a));
        let sent = (a.to_send.clone(), b.to_send.clone());
        for &(op, a_moves, max, cut) in &ops {
            if a_moves { step(&mut a, &mut b, op, max, cut) } else { step(&mut b, &mut a, op, max, cut) };
        }
        let mut turns = ops.iter().map(|op| op.2).cycle();
        loop {
            let max = turns.next().unwrap_or(130);
            let mut moved = false;
            for op in 0..4 {
                moved |= step(&mut a, &mut b, op, max, 27);
                moved |= step(&mut b, &mut a, op, max, 27);
            }
            if !moved { break }
        }
        prop_assert_eq!(&sent.0, &b.received);
        prop_assert_eq!(&sent.1, &a.received);
        for end in [&mut a, &mut b] {
            end.give_back();
            prop_assert_eq!((end.link.rx.free(), end.link.tx.free()), (PACKETS, 8));
        }
    }

    /// An application that reads only whole SDUs never gets stuck if the MTU is the size of the window.
    #[test]
    fn a_whole_sdu_always_fits_the_window(
        (mps, window, slack) in (25..80u16, 1..6u16, 0..20usize),
        cuts in prop::collection::vec(3..90usize, 1..50),
    ) {
        let held = mps * window - 2;
        let config = ChannelConfig { mtu: Some(held), mps, window };
        let sdu = vec![7; usize::from(held)];
        let mut a = End::new(Role::Central, 100, vec![sdu.clone(), sdu.clone()]);
        let mut b = End::new(Role::Peripheral, usize::from(mps) + 4 + slack, vec![]);
        b.link.listeners.push(Listener::new(Psm(0x80), config));
        prop_assert!(a.link.channels.open(LINK, Psm(0x80), ChannelConfig::DEFAULT).is_ok());
        let mut cuts = cuts.iter().cycle();
        let mut whole = 0;
        loop {
            let moved = signal(&mut a, &mut b)
                | signal(&mut b, &mut a)
                | data(&mut a, &mut b, *cuts.next().unwrap(), 27);
            prop_assert!(b.link.rx.free() + usize::from(window) >= PACKETS);
            if let Some(read) = b.link.sdu(0) {
                prop_assert_eq!(&read, &sdu);
                whole += 1;
            } else if !moved {
                break;
            }
        }
        prop_assert_eq!(whole, 2);
    }
}
