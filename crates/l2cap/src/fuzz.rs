//! Bodies of the fuzz targets. Their input is bytes of the peer, or operations of the caller and time.

use core::cell::RefCell;
use std::{vec, vec::Vec};

use bindrune_wire::{HEADROOM, Level, Packet, Pool, Reader, Slot, Writer, time::Instant};
use embassy_time::Duration;

use crate::{
    Channel, ChannelConfig, Channels, Cid, Context, Fragments, LinkId, Listener, Parameters, Pools,
    Psm, Reassembly, Role, Security, Signal, Signalling,
};

const PACKETS: usize = 16;
const SIZE: usize = 64;
const SLOTS: usize = 4;
const LINK: LinkId = LinkId(1);

/// Fragments of any sizes: the pool loses no packet, and no PDU is longer than its packet.
pub fn reassembly(data: &[u8]) {
    with_world(|world| {
        let mut r = Reader::new(data);
        while let (Ok(kind), Ok(len)) = (r.u8(), r.u8()) {
            let octets = r.bytes(usize::from(len).min(r.remaining())).unwrap_or_default();
            let Some((_, packet)) = world.land(kind & 1 == 0, octets) else { continue };
            world.rx.give(packet);
        }
    });
}

/// C-frames of any octets, each answered at once.
pub fn signalling(data: &[u8]) {
    with_world(|world| {
        let mut r = Reader::new(data);
        while let Ok(len) = r.u8() {
            let pdu = r.bytes(usize::from(len % 48).min(r.remaining())).unwrap_or_default();
            world.signal(pdu);
            let mut bound = 16u8;
            while world.pull() {
                bound = bound.saturating_sub(1);
                assert!(bound > 0, "a C-frame causes a bounded number of responses");
            }
        }
    });
}

/// Octets of the peer, calls of the application and time, in any order.
pub fn operations(data: &[u8]) {
    /// Opens a channel from 0x0040 to 0x0040: MTU 100, MPS 64, 4 credits.
    const OPEN: [u8; 14] = [0x14, 1, 10, 0, 0x80, 0, 0x40, 0, 100, 0, 64, 0, 4, 0];
    with_world(|world| {
        world.signal(&OPEN);
        let mut r = Reader::new(data);
        while let (Ok(op), Ok(argument)) = (r.u8(), r.u8()) {
            if op & 1 == 0 {
                let len = usize::from(argument).min(r.remaining());
                world.hear(op, r.bytes(len).unwrap_or_default());
            } else {
                world.act(op >> 1, argument);
            }
        }
    });
}

struct World {
    now: Instant,
    reassembly: Reassembly,
    signalling: Signalling,
    channels: Channels,
    rx: Pool,
    tx: Pool,
    borrowed: Vec<(usize, Packet)>,
}

const LISTENERS: [Listener; 2] = [
    Listener::new(Psm(0x80), ChannelConfig { mtu: Some(1000), mps: 60, window: 3 }),
    Listener {
        level: Level::Encrypted,
        ..Listener::new(Psm(0x81), ChannelConfig { mtu: None, mps: 23, window: 2 })
    },
];

/// Runs `body` in a new world, and checks that every packet returns to its pool.
fn with_world(body: impl FnOnce(&mut World)) {
    std::thread_local! {
        static WORLD: RefCell<World> = RefCell::new(World::new());
    }
    WORLD.with_borrow_mut(|world| {
        body(world);
        world.end();
    });
}

fn pool(size: usize) -> Pool {
    let slots = (0..PACKETS).map(|_| Slot::EMPTY).collect::<Vec<_>>().leak();
    Pool::new(slots, vec![0; PACKETS.saturating_mul(size)].leak(), size)
}

impl World {
    fn new() -> Self {
        let slots = (0..SLOTS).map(|_| Channel::FREE).collect::<Vec<_>>().leak();
        Self {
            now: Instant::ZERO,
            reassembly: Reassembly::new(),
            signalling: Signalling::new(LINK, Role::Central),
            channels: Channels::new(slots, 1, PACKETS.saturating_sub(2), SIZE),
            rx: pool(SIZE),
            tx: pool(SIZE),
            borrowed: Vec::new(),
        }
    }

    fn end(&mut self) {
        let mut pools = Pools { rx: &mut self.rx, tx: &mut self.tx };
        self.channels.link_lost(LINK, &mut pools, |_| {});
        for (index, packet) in self.borrowed.drain(..) {
            self.channels.give_back(index, packet, pools.rx);
        }
        for index in 0..SLOTS {
            self.channels.release(index, &mut pools);
        }
        self.reassembly.clear(&mut self.rx);
        assert_eq!((self.rx.free(), self.tx.free()), (PACKETS, PACKETS), "a packet is lost");
        assert_eq!(self.channels.reserved(), 0, "a window is lost");
        self.signalling = Signalling::new(LINK, Role::Central);
        self.now = Instant::ZERO;
    }

    fn land(&mut self, first: bool, octets: &[u8]) -> Option<(Cid, Packet)> {
        let mut packet = self.reassembly.landing(first, octets.len(), &mut self.rx)?;
        assert!(packet.extend(octets), "the packet has room for the fragment");
        self.reassembly.landed(packet, &mut self.rx)
    }

    fn signal(&mut self, pdu: &[u8]) {
        let mut context = Context {
            channels: &mut self.channels,
            listeners: &LISTENERS,
            security: Security::default(),
            pools: Pools { rx: &mut self.rx, tx: &mut self.tx },
        };
        if let Signal::Requested(index) = self.signalling.handle_pdu(self.now, pdu, &mut context) {
            let _accepted = self.channels.accept(index);
        }
    }

    fn pull(&mut self) -> bool {
        let mut buffer = [0; 32];
        self.signalling.poll_transmit(self.now, &mut self.channels, &mut Writer::new(&mut buffer))
    }

    fn hear(&mut self, op: u8, octets: &[u8]) {
        if op & 2 == 0 {
            return self.signal(octets);
        }
        let Some((cid, packet)) = self.land(op & 4 == 0, octets) else { return };
        let mut pools = Pools { rx: &mut self.rx, tx: &mut self.tx };
        let _received = self.channels.handle_frame(LINK, cid, packet.bytes(), &mut pools);
        self.rx.give(packet);
    }

    fn act(&mut self, op: u8, argument: u8) {
        let index = usize::from(argument & 3);
        let mut pools = Pools { rx: &mut self.rx, tx: &mut self.tx };
        match op % 12 {
            0 => drop(self.channels.open(LINK, Psm(argument.into()), LISTENERS[0].config)),
            1 => drop(self.channels.claim(index)),
            2 => self.channels.close(index, &mut pools),
            3 => self.channels.release(index, &mut pools),
            4 => drop(self.pull()),
            5 => self.wait(argument),
            6 => drop(self.channels.recv_into(index, &mut [0; 200], pools.rx)),
            7 => self
                .borrowed
                .extend(self.channels.next_chunk(index, pools.rx).map(|c| (index, c.packet))),
            8 => {
                for (index, packet) in self.borrowed.drain(..) {
                    self.channels.give_back(index, packet, pools.rx);
                }
            }
            9 => self.send(index, argument),
            10 => self.leave(index, argument),
            _ => {
                let parameters = Parameters::new(6, argument.into(), 0, 50);
                let _asked = self.signalling.request_parameters(parameters);
                let _answered = self.signalling.answer_parameters(argument & 1 == 0);
            }
        }
    }

    fn wait(&mut self, seconds: u8) {
        self.now += Duration::from_secs(seconds.into());
        let mut pools = Pools { rx: &mut self.rx, tx: &mut self.tx };
        while self.signalling.handle_timeout(self.now, &mut self.channels, &mut pools)
            != Signal::None
        {}
    }

    fn send(&mut self, index: usize, len: u8) {
        let Some(mut packet) = self.tx.take(HEADROOM) else { return };
        let sdu = vec![0; len.into()];
        packet.write(|w| self.channels.write_frame(index, &sdu, 0, w).is_ok());
        if let Err(packet) = self.channels.put_out(index, packet) {
            self.tx.give(packet);
        }
    }

    fn leave(&mut self, index: usize, max: u8) {
        let Some((cid, packet)) = self.channels.take_out(index) else { return };
        match Fragments::new(packet, cid) {
            Ok(mut fragments) => {
                while max > 0 && !fragments.is_finished() {
                    let octets = fragments.next(max.into()).len();
                    fragments.advance(octets);
                }
                self.tx.give(fragments.into_packet());
            }
            Err(packet) => self.tx.give(packet),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_octets(data in prop::collection::vec(any::<u8>(), 0..400)) {
            super::reassembly(&data);
            super::signalling(&data);
            super::operations(&data);
        }
    }
}
