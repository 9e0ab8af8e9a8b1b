//! Body of the fuzz target of a transfer.

use std::{vec, vec::Vec};

use bindrune_wire::{Interest, Reader, time::Instant};
use embassy_time::Duration;

use super::fcs::Fcs;
use super::{Agreed, Kind, Outcome, Transfer};
use crate::Cid;

const CID: Cid = Cid(0x0040);

/// Frames of the peer, calls of the application, pulls and time on one channel, in any order.
pub fn transfer(data: &[u8]) {
    let mut r = Reader::new(data);
    let (Ok(mode), Ok(size)) = (r.u8(), r.u8()) else { return };
    let agreed = agreed(mode, size);
    let (mut rx, mut tx) = (vec![0; usize::from(size).saturating_add(2)], vec![0; 130]);
    let mut transfer = Transfer::new(&mut rx, &mut tx);
    transfer.open(agreed, CID, CID);
    let mut now = Instant::ZERO;
    while let (Ok(op), Ok(argument)) = (r.u8(), r.u8()) {
        if op & 1 == 0 {
            let len = usize::from(argument).min(r.remaining());
            receive(&mut transfer, op, r.bytes(len).unwrap_or_default(), now);
        } else {
            act(&mut transfer, op >> 1, argument, &mut now);
        }
        check(&mut transfer);
    }
    transfer.open(agreed, CID, CID);
    still_works(&mut transfer, now);
}

fn agreed(mode: u8, size: u8) -> Agreed {
    let kind = match mode & 3 {
        0 => Kind::Basic,
        1 => Kind::Streaming,
        _ => Kind::Enhanced,
    };
    let window = [1, 4, 32, 63].get(usize::from(mode >> 3 & 3)).copied().unwrap_or(1);
    Agreed {
        kind,
        fcs: mode & 4 == 0,
        rx_mtu: 60,
        tx_mtu: 60,
        rx_mps: 24,
        tx_mps: u16::from(size % 40),
        rx_window: window,
        tx_window: window,
        max_transmit: mode >> 5,
        ..Agreed::BASIC
    }
}

/// Takes a frame: as it is, or with the right check sequence.
fn receive(transfer: &mut Transfer<'_>, op: u8, octets: &[u8], now: Instant) -> Outcome {
    let mut payload = octets.to_vec();
    if op & 2 == 0 && transfer.tail_len() > 0 {
        let len = u16::try_from(payload.len().saturating_add(2)).unwrap_or_default();
        let mut fcs = Fcs::new(len, CID);
        fcs.add(&payload);
        payload.extend(fcs.octets());
    }
    let announced = if op & 0xe0 == 0xe0 { payload.len() ^ 1 } else { payload.len() };
    transfer.begin(u16::try_from(announced).unwrap_or_default());
    payload
        .chunks(usize::from(op >> 2 & 7).saturating_add(1))
        .for_each(|piece| transfer.push(piece));
    if op & 0xe0 == 0xc0 {
        return Outcome::Nothing;
    }
    transfer.end(now)
}

fn act(transfer: &mut Transfer<'_>, op: u8, argument: u8, now: &mut Instant) {
    match op % 9 {
        0 => drop(transfer.send(&vec![argument; usize::from(argument % 70)])),
        1 => drop(transfer.pop()),
        2 => drop(pull(transfer, usize::from(argument), *now)),
        3 => {
            let _len = transfer.next_pdu();
            let _count = transfer.read(&mut vec![0; usize::from(argument % 9)]);
        }
        4 => transfer.count_flushed(),
        5 => {
            *now += Duration::from_millis(u64::from(argument).saturating_mul(60));
            let _outcome = transfer.handle_timeout(*now);
        }
        6 if argument == 7 => transfer.close(),
        7 => drop(transfer.front_contiguous().map(<[u8]>::len)),
        _ => transfer.abandon(),
    }
}

/// Pulls the PDU that is due.
fn pull(transfer: &mut Transfer<'_>, piece: usize, now: Instant) -> Option<Vec<u8>> {
    let interest = transfer.interest();
    let len = transfer.next_pdu();
    assert_eq!(interest != Interest::None, len.is_some(), "an announced PDU is due");
    len?;
    let (mut payload, mut buffer) = (Vec::new(), vec![0; piece.max(1)]);
    while transfer.unread() > 0 {
        let count = transfer.read(&mut buffer);
        assert!(count > 0, "a PDU has the length that it announced");
        payload.extend(buffer.iter().take(count));
    }
    transfer.sent(now);
    Some(payload)
}

fn check(transfer: &mut Transfer<'_>) {
    if transfer.interest() == Interest::None {
        assert!(transfer.next_pdu().is_none(), "a due PDU is announced");
    }
    if let Some(len) = transfer.front_len() {
        assert!(len <= transfer.agreed().rx_mtu.into(), "an SDU is not longer than the MTU");
    }
    if let Some(len) = transfer.writable() {
        assert_eq!(transfer.can_send(len.into()), Ok(()));
    }
}

/// Sends an SDU to itself.
fn still_works(transfer: &mut Transfer<'_>, now: Instant) {
    assert!(transfer.is_flushed() && transfer.next_pdu().is_none());
    let len = usize::from(transfer.agreed().rx_mtu.min(4));
    let mps = transfer.agreed().tx_mps;
    if transfer.agreed().kind == Kind::Enhanced && mps < 5 {
        return;
    }
    let sdu = vec![9; len];
    assert_eq!(transfer.send(&sdu), Ok(()));
    while let Some(payload) = pull(transfer, 5, now) {
        transfer.begin(u16::try_from(payload.len()).unwrap_or_default());
        transfer.push(&payload);
        let outcome = transfer.end(now);
        assert!(!matches!(outcome, Outcome::Violation(_) | Outcome::Discarded), "{outcome:?}");
    }
    assert_eq!(transfer.front_contiguous(), Some(&*sdu));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_octets(data in prop::collection::vec(any::<u8>(), 0..400)) {
            super::transfer(&data);
        }

        #[test]
        fn short_frames(
            mode in any::<[u8; 2]>(),
            ops in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..9)), 0..60),
        ) {
            let mut data = mode.to_vec();
            for (op, octets) in ops {
                data.push(op);
                data.push(u8::try_from(octets.len()).unwrap());
                if op & 1 == 0 {
                    data.extend(octets);
                }
            }
            super::transfer(&data);
        }
    }
}
