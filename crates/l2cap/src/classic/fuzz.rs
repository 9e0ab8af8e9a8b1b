//! Body of a fuzz target: two ends of a link, their applications, a hostile peer, and time.

use std::cell::RefCell;

use bindrune_wire::{Interest, Reader, time::Instant};
use embassy_time::Duration;

use super::testing::{End, LINK, PSM, Packet, Pair};
use super::{ChannelConfig, ConnectionResult, ConnectionStatus, Link, Psm, Signal, State};

const SLOTS: usize = 3;
const RING: usize = 700;

/// Any packets, calls and time: every request ends, no slot is lost, and afterwards a new link works.
pub fn links(data: &[u8]) {
    std::thread_local! {
        static PAIR: RefCell<Option<Pair>> = const { RefCell::new(None) };
    }
    // If this panics, the next call begins with new memory.
    let mut pair = PAIR.take().unwrap_or_else(|| Pair::new(SLOTS, RING));
    let mut r = Reader::new(data);
    while let (Ok(op), Ok(argument)) = (r.u8(), r.u8()) {
        step(&mut pair, op, argument, &mut r);
    }
    settle(&mut pair);
    check(&mut pair);
    PAIR.set(Some(pair));
}

fn step(pair: &mut Pair, op: u8, argument: u8, r: &mut Reader<'_>) {
    let now = pair.now;
    let (end, other) = match op & 0x80 {
        0 => (&mut pair.a, &mut pair.b),
        _ => (&mut pair.b, &mut pair.a),
    };
    match op & 15 {
        0 => drop(end.channels.connect(now, LINK, psm(argument), config(argument))),
        1..=3 => deliver(now, end, other, argument),
        4 => drop(end.transmit(now)),
        5 => {
            let octets = r.bytes(usize::from(argument & 63).min(r.remaining()));
            end.receive(now, &(argument & 64 == 0, octets.unwrap_or_default().to_vec()));
        }
        6 if op & 16 == 0 => inject(now, end, 1, argument, r),
        6 => command(now, end, argument, r),
        7 => inject(now, end, 0x40 | u16::from(op & 0x30), argument, r),
        8 => {
            let datagram = [op; 64];
            let datagram = datagram.get(..usize::from(argument & 63)).unwrap_or_default();
            let _sent = end.channels.send(slot(argument), datagram);
        }
        9 => drop(end.recv(slot(argument))),
        10 => end.channels.disconnect(now, slot(argument)),
        11 => end.channels.release(now, slot(argument)),
        12 => decide(now, end, argument),
        13 => drop(end.link.echo(now, &[argument; 20])),
        14 => {
            let _requested = end.channels.reconfigure(slot(argument), u16::from(argument) | 32);
            end.link.set_flushable(argument & 1 == 0);
            end.link.flushed(&mut end.channels);
        }
        _ if argument == 0xff => {
            for end in [end, other] {
                end.link.end_link(&mut end.channels);
                end.settle(now);
            }
        }
        _ => pair.after(Duration::from_millis(u64::from(argument).saturating_mul(100))),
    }
}

fn slot(argument: u8) -> usize {
    usize::from(argument >> 6)
}

const fn psm(argument: u8) -> Psm {
    if argument & 0x40 == 0 { PSM } else { Psm(0x1003) }
}

fn config(argument: u8) -> ChannelConfig {
    let base = match argument & 3 {
        0 | 1 => ChannelConfig::BASIC,
        2 => ChannelConfig::ENHANCED,
        _ => ChannelConfig::STREAMING,
    };
    let millisecond = Duration::from_millis(1);
    ChannelConfig {
        mtu: if argument & 4 == 0 { 48 } else { 672 },
        is_mode_required: argument & 8 != 0,
        takes_any_mode: argument & 16 != 0,
        fcs: argument & 16 == 0,
        mps: if argument & 32 == 0 { 1 } else { 100 },
        max_transmit: argument >> 6,
        flush_timeout: (argument & 32 != 0).then_some(millisecond),
        ..base
    }
}

/// Carries packets from one end to the other.
fn deliver(now: Instant, from: &mut End, to: &mut End, count: u8) {
    from.acl = usize::from(count).max(1);
    for _ in 0..count & 31 {
        let Some(packet) = from.transmit(now) else { return };
        to.receive(now, &packet);
    }
}

/// Gives the end a PDU with a right header.
fn inject(now: Instant, end: &mut End, cid: u16, len: u8, r: &mut Reader<'_>) {
    let payload = r.bytes(usize::from(len & 127).min(r.remaining())).unwrap_or_default();
    let len = u16::try_from(payload.len()).unwrap_or_default();
    let packet: Packet = (true, [&len.to_le_bytes()[..], &cid.to_le_bytes()[..], payload].concat());
    end.receive(now, &packet);
}

/// Gives the end a command whose identifiers and CIDs are likely in use.
fn command(now: Instant, end: &mut End, argument: u8, r: &mut Reader<'_>) {
    let code = (argument & 15).clamp(1, 11);
    let identifier = r.u8().unwrap_or_default() & 7;
    let data = r.bytes(usize::from(argument >> 4).min(r.remaining())).unwrap_or_default();
    let likely = |(index, octet): (usize, &u8)| match (index & 1, *octet) {
        (0, octet @ 0..=127) => octet & 0x43,
        (0, octet) => octet & 7,
        (_, 0..=200) => 0,
        (_, octet) => octet,
    };
    let len = u8::try_from(data.len()).unwrap_or_default();
    let total = len.saturating_add(4);
    let mut octets = std::vec![total, 0, 1, 0, code, identifier, len, 0];
    octets.extend(data.iter().enumerate().map(likely));
    end.receive(now, &(true, octets));
}

/// Decides about requests of the peer, or about one of them.
fn decide(now: Instant, end: &mut End, argument: u8) {
    let index = slot(argument);
    match argument & 7 {
        0 => end.accepts = None,
        1 => end.accepts = Some(config(argument)),
        2 => drop(end.channels.refuse(index, ConnectionResult::SECURITY_BLOCK)),
        3 => drop(end.channels.pend(now, index, ConnectionStatus::AUTHORIZATION_PENDING)),
        _ => drop(end.channels.accept(now, index, config(argument))),
    }
}

/// Waits until every request must have ended.
fn settle(pair: &mut Pair) {
    (pair.a.acl, pair.b.acl) = (339, 339);
    pair.after(Duration::from_secs(900));
    for end in [&mut pair.a, &mut pair.b] {
        for (_, channel) in end.channels.of_link(LINK) {
            let state = channel.state();
            assert!(matches!(state, State::Open | State::Closed(_)), "{state:?} has no end");
        }
        for index in 0..SLOTS {
            end.channels.release(pair.now, index);
        }
    }
    pair.after(Duration::from_secs(60));
    for end in [&mut pair.a, &mut pair.b] {
        assert_eq!(end.channels.free(), SLOTS, "a slot is lost");
        assert_eq!(end.link.interest(&end.channels), Interest::None);
        assert_eq!(end.link.poll_timeout(&end.channels), None);
        assert_eq!(end.link.echo(pair.now, b""), Ok(()), "an echo has no end");
    }
}

/// A new link carries a datagram.
fn check(pair: &mut Pair) {
    pair.now = Instant::from_secs(100);
    for end in [&mut pair.a, &mut pair.b] {
        end.link = Link::new(LINK);
        end.accepts = Some(ChannelConfig::BASIC);
        end.signals();
    }
    let index = pair.a.connect(pair.now, ChannelConfig::ENHANCED);
    pair.run();
    assert_eq!(pair.a.signals(), [Signal::Opened(index)]);
    assert_eq!(pair.a.channels.send(index, b"works"), Ok(()));
    pair.run();
    assert_eq!(pair.b.recv(0).as_deref(), Some(&b"works"[..]));
    for end in [&mut pair.a, &mut pair.b] {
        end.link.end_link(&mut end.channels);
        end.settle(pair.now);
        for index in 0..SLOTS {
            end.channels.release(pair.now, index);
        }
        assert_eq!(end.channels.free(), SLOTS);
        end.signals();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_calls(data in prop::collection::vec(any::<u8>(), 0..300)) {
            super::links(&data);
        }
    }
}
