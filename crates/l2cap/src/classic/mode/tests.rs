use std::{vec, vec::Vec};

use bindrune_wire::time::Instant;

use embassy_time::Duration;

use super::*;

mod frames;
mod hostile;
mod line;
mod rules;
mod streams;
mod suite;

const LOCAL: Cid = Cid(0x0040);
const REMOTE: Cid = Cid(0x0041);
const START: Instant = Instant::from_secs(1);

const ENHANCED: Agreed = Agreed {
    kind: Kind::Enhanced,
    rx_mtu: 48,
    tx_mtu: 48,
    rx_mps: 20,
    tx_mps: 20,
    rx_window: 8,
    tx_window: 8,
    max_transmit: 3,
    ..Agreed::BASIC
};
const STREAMING: Agreed = Agreed { kind: Kind::Streaming, ..ENHANCED };
const BASIC: Agreed = Agreed { kind: Kind::Basic, ..ENHANCED };

/// Opens a transfer with rings of `size` bytes.
fn open(agreed: Agreed, size: usize) -> Transfer<'static> {
    let mut transfer = Transfer::new(vec![0; size].leak(), vec![0; size].leak());
    transfer.open(agreed, LOCAL, REMOTE);
    transfer
}

const READABLE: Outcome = Outcome::Changed { readable: true, acknowledged: false };
const ACKNOWLEDGED: Outcome = Outcome::Changed { readable: false, acknowledged: true };

/// Kinds of S-frames, as their bits.
const RR: u16 = 0x01;
const REJ: u16 = 0x05;
const RNR: u16 = 0x09;
const SREJ: u16 = 0x0d;
const P: u16 = 0x10;
const F: u16 = 0x80;

const UNSEGMENTED: u16 = 0;
const SDU_START: u16 = 0x4000;
const SDU_END: u16 = 0x8000;
const SDU_CONTINUES: u16 = 0xc000;

/// Returns an I-frame without its check sequence.
fn i(tx: u16, req: u16, bits: u16, data: &[u8]) -> Vec<u8> {
    [&(tx << 1 | req << 8 | bits).to_le_bytes(), data].concat()
}

/// Returns a start frame without its check sequence.
fn start(tx: u16, req: u16, sdu: u16, data: &[u8]) -> Vec<u8> {
    i(tx, req, SDU_START, &[&sdu.to_le_bytes(), data].concat())
}

/// Returns an S-frame without its check sequence.
fn s(bits: u16, req: u16) -> Vec<u8> {
    (bits | req << 8).to_le_bytes().to_vec()
}

/// Adds the check sequence to the payload of a frame to `cid`, bit by bit as the specification draws it.
fn sealed(cid: Cid, payload: &[u8]) -> Vec<u8> {
    let len = (payload.len() as u16 + 2).to_le_bytes();
    let mut register = 0u16;
    for octet in [&len, &cid.0.to_le_bytes(), payload].concat() {
        for bit in 0..8 {
            let feedback = (register >> 15) as u8 ^ (octet >> bit & 1);
            register = register << 1 ^ if feedback == 1 { 0x8005 } else { 0 };
        }
    }
    [payload, &register.reverse_bits().to_le_bytes()].concat()
}

impl Transfer<'_> {
    /// Takes a payload in pieces of `piece` bytes.
    fn take(&mut self, payload: &[u8], piece: usize, now: Instant) -> Outcome {
        self.begin(payload.len() as u16);
        payload.chunks(piece).for_each(|chunk| self.push(chunk));
        self.end(now)
    }

    /// Takes a frame without its check sequence.
    fn frame(&mut self, payload: &[u8]) -> Outcome {
        self.take(&sealed(LOCAL, payload), 3, START)
    }

    /// Pulls the payload of the PDU that is due, in pieces of `piece` bytes.
    fn pull(&mut self, piece: usize, now: Instant) -> Option<Vec<u8>> {
        let interest = self.interest();
        let len = self.next_pdu();
        assert_eq!(len.is_some(), interest != bindrune_wire::Interest::None);
        let (mut payload, mut buffer) = (Vec::new(), vec![0; piece]);
        while self.unread() > 0 {
            let count = self.read(&mut buffer);
            assert!(count > 0);
            payload.extend(&buffer[..count]);
        }
        assert_eq!(payload.len(), len?.into());
        self.sent(now);
        Some(payload)
    }

    /// Pulls a frame and removes its check sequence, which must be right.
    fn due(&mut self) -> Option<Vec<u8>> {
        let mut payload = self.pull(7, START)?;
        let whole = payload.clone();
        payload.truncate(whole.len() - 2);
        assert_eq!(sealed(REMOTE, &payload), whole);
        Some(payload)
    }

    /// Takes the first received SDU.
    fn taken(&mut self) -> Option<Vec<u8>> {
        let sdu = self.front_contiguous().map(<[u8]>::to_vec);
        self.pop();
        sdu
    }
}
