//! Pairing, authentication and encryption, as the controller and the peers do them. [Vol 2] Part F, 4.2 and 4.4

use bindrune::Opcode;

use super::{address, number, signs};
use crate::fuzz::{controller::Controller, reach::reached};

/// A pairing or an authentication of a link.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pairing {
    /// Whether the host waits for Authentication Complete.
    is_of_host: bool,
    /// Whether the peer encrypts the link afterwards.
    encrypts: bool,
    /// Whether both users compare numbers.
    compares: bool,
    /// Whether the peer says that it has data of the host, and whether the pairing uses data.
    pub(super) claims_oob: bool,
    pub(super) is_oob: bool,
    is_on: bool,
}

impl Controller {
    pub(super) fn classic_peer_event(
        &mut self,
        slot: usize,
        code: u8,
        status: Option<u8>,
        more: &[u8],
    ) {
        let Some(link) = &self.radio.links[slot] else { return };
        let peer = address(link.peer.number).octets();
        let status = status.as_slice();
        self.event(code, &[status, &peer, more].concat());
    }

    /// A peer pairs, authenticates, turns encryption off, or forgets its key.
    pub(super) fn classic_secures(&mut self, slot: usize, how: u8) {
        let Some(link) = self.radio.links[slot].as_mut() else { return };
        let known = self.radio.keys[usize::from(link.peer.number)].is_some();
        match how & 7 {
            0..3 if !link.pairing.is_on => {
                link.pairing = Pairing { encrypts: true, is_on: true, ..Pairing::default() };
                link.pairing.compares = how & 0x10 != 0;
                // With its data, or without: a lie.
                let claims = how & 0x60 == 0x60 && (self.radio.made_oob || how & 0x80 != 0);
                link.pairing.claims_oob = claims;
                if claims && !self.radio.made_oob {
                    reached("a false claim of out-of-band data");
                }
                let io = if how & 0x10 == 0 { 3 } else { 1 };
                self.classic_peer_event(
                    slot,
                    0x32,
                    None,
                    &[io, claims.into(), 2 | u8::from(io == 1)],
                );
                self.classic_peer_event(slot, 0x31, None, &[]);
            }
            3..5 if known && !link.pairing.is_on => {
                link.pairing = Pairing { encrypts: true, ..Pairing::default() };
                self.classic_peer_event(slot, 0x17, None, &[]);
            }
            5 if link.encrypted => self.classic_encryption(slot, false),
            6 => self.radio.keys[usize::from(link.peer.number)] = None,
            _ => {}
        }
    }

    /// Turns encryption on or off.
    fn classic_encryption(&mut self, slot: usize, on: bool) {
        let Some(link) = self.radio.links[slot].as_mut() else { return };
        link.peer.lost_encryption = link.encrypted && !on;
        link.encrypted = on;
        let [low, high] = link.handle.to_le_bytes();
        reached(if on { "encryption of BR/EDR" } else { "encryption of BR/EDR ends" });
        self.event(0x08, &[0, low, high, on.into()]);
        let held: usize = self.held.iter().map(Vec::len).sum();
        let changed = self.judge.put_position() + held as u64;
        if let Some(link) = self.radio.links[slot].as_mut() {
            link.changed = changed;
        }
    }

    fn classic_authenticated(&mut self, slot: usize, status: u8) {
        let Some(link) = self.radio.links[slot].as_mut() else { return };
        let (pairing, [low, high]) = (link.pairing, link.handle.to_le_bytes());
        link.pairing = Pairing::default();
        if pairing.is_of_host {
            self.event(0x06, &[status, low, high]);
        } else if pairing.encrypts && status == 0 {
            self.classic_encryption(slot, true);
        }
    }

    pub(super) fn classic_paired(&mut self, slot: usize, status: u8) {
        self.classic_peer_event(slot, 0x36, Some(status), &[]);
        if status == 0 {
            let Some(link) = &self.radio.links[slot] else { return };
            let peer = link.peer.number;
            let authenticated = link.pairing.compares || link.pairing.is_oob;
            self.radio.randoms = self.radio.randoms.wrapping_add(1);
            let key = [self.radio.randoms | 1; 16];
            self.radio.keys[usize::from(peer)] = Some(key);
            signs::paired(peer);
            reached("a pairing of BR/EDR");
            let kind = if authenticated { 5 } else { 4 };
            self.classic_peer_event(slot, 0x18, None, &[&key[..], &[kind]].concat());
        }
        self.classic_authenticated(slot, status);
    }

    /// Handles a command of security, after its answer.
    pub(super) fn classic_pairing(&mut self, opcode: Opcode, parameters: &[u8]) {
        let handle = parameters.first_chunk().map_or(0, |&handle| u16::from_le_bytes(handle));
        let peer = parameters.get(..6).and_then(number);
        let of_peer = peer.and_then(|peer| self.radio.slot_of(peer));
        let slot = match opcode {
            Opcode::AUTHENTICATION_REQUESTED | Opcode::SET_CONNECTION_ENCRYPTION => {
                self.radio.slot(handle)
            }
            _ => of_peer,
        };
        let Some(slot) = slot else { return };
        let Some(link) = self.radio.links[slot].as_mut() else { return };
        match opcode {
            Opcode::AUTHENTICATION_REQUESTED => {
                link.pairing.is_of_host = true;
                if !link.pairing.is_on {
                    self.classic_peer_event(slot, 0x17, None, &[]);
                }
            }
            Opcode::LINK_KEY_REQUEST_REPLY => {
                let own = self.radio.keys[usize::from(link.peer.number)];
                let same = parameters.get(6..22) == own.as_ref().map(|key| &key[..]);
                reached(if same { "a key of BR/EDR" } else { "a wrong key of BR/EDR" });
                self.classic_authenticated(slot, if same { 0 } else { 0x05 });
            }
            Opcode::LINK_KEY_REQUEST_NEGATIVE_REPLY if link.pairing.is_of_host => {
                link.pairing.is_on = true;
                self.classic_peer_event(slot, 0x31, None, &[]);
            }
            Opcode::LINK_KEY_REQUEST_NEGATIVE_REPLY => self.classic_authenticated(slot, 0x06),
            Opcode::IO_CAPABILITY_REQUEST_REPLY if link.pairing.is_on => {
                let asks = parameters.get(8).is_some_and(|needs| needs & 1 == 1);
                let shows = parameters.get(6) == Some(&1);
                let io = if link.pairing.encrypts && !link.pairing.compares { 3 } else { 1 };
                link.pairing.compares = shows && io == 1 && asks;
                let number = if link.pairing.compares { [7, 1, 0, 0] } else { [0; 4] };
                if !link.pairing.encrypts {
                    self.classic_peer_event(slot, 0x32, None, &[io, 0, 3]);
                }
                if !self.classic_uses_oob(slot, parameters.get(7).is_some_and(|&oob| oob != 0)) {
                    self.classic_peer_event(slot, 0x33, None, &number);
                }
            }
            Opcode::USER_CONFIRMATION_REQUEST_REPLY if link.pairing.is_on => {
                self.classic_paired(slot, 0);
            }
            Opcode::REMOTE_OOB_DATA_REQUEST_REPLY if link.pairing.is_on => {
                self.classic_checks_oob(slot, parameters.get(6..).unwrap_or_default());
            }
            Opcode::IO_CAPABILITY_REQUEST_NEGATIVE_REPLY
            | Opcode::REMOTE_OOB_DATA_REQUEST_NEGATIVE_REPLY
            | Opcode::USER_CONFIRMATION_REQUEST_NEGATIVE_REPLY
                if link.pairing.is_on =>
            {
                self.classic_paired(slot, 0x05);
            }
            Opcode::SET_CONNECTION_ENCRYPTION => self.classic_encryption(slot, true),
            _ => {}
        }
    }
}
