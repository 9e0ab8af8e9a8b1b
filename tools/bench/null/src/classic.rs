//! BR/EDR between two hosts: one page, pairing by Just Works, encryption.

use crate::controller::{COMMAND_STATUS, Controller, EVENT, HANDLE, public_address};

/// Bits of Read Local Supported Commands, by byte and bit, for links, pairing and encryption.
pub(crate) const SUPPORTED: [(usize, u8); 18] = [
    (0, 4),
    (0, 7),
    (1, 0),
    (1, 1),
    (1, 2),
    (1, 3),
    (1, 7),
    (2, 0),
    (2, 5),
    (7, 7),
    (11, 1),
    (14, 7),
    (17, 6),
    (18, 7),
    (19, 0),
    (19, 1),
    (20, 3),
    (20, 4),
];
/// Features of both controllers: encryption, LE, Secure Simple Pairing. [Vol 2] Part C, 3.3
pub(crate) const FEATURES: [u8; 8] = [0x04, 0, 0, 0, 0x40, 0, 0x08, 0];
/// ACL data buffers: their bytes and their number.
const BUFFERS: (u16, u16) = (1021, 12);

/// The link that is being made, and its pairing.
#[derive(Debug, Default)]
pub(crate) struct Pairing {
    /// The side that authenticates.
    initiator: usize,
    /// IO capability, OOB data and requirements of each side.
    replies: [Option<[u8; 3]>; 2],
    confirmed: [bool; 2],
}

impl Controller {
    /// Handles a command of BR/EDR; false if it is none.
    pub(crate) fn handle_classic(&mut self, side: usize, opcode: u16, parameters: &[u8]) -> bool {
        let other = 1 - side;
        let [low, high] = opcode.to_le_bytes();
        let handle = HANDLE.to_le_bytes();
        let status = [EVENT, COMMAND_STATUS, 4, 0, 1, low, high];
        match opcode {
            // Create Connection; Accept Connection Request.
            0x0405 => {
                self.send(side, &status);
                let class_and_type = [0, 0, 0, 1];
                self.event(other, 0x04, &[&public_address(side)[..], &class_and_type].concat());
            }
            0x0409 => {
                self.send(side, &status);
                for side in [side, other] {
                    let peer = public_address(1 - side);
                    self.event(side, 0x03, &[&[0], &handle[..], &peer[..], &[1, 0]].concat());
                }
            }
            // Read Remote Supported Features.
            0x041b => {
                self.send(side, &status);
                self.event(side, 0x0b, &[&[0], &handle[..], &FEATURES[..]].concat());
            }
            // Read Encryption Key Size; Write Link Supervision Timeout.
            0x1408 => self.complete(side, opcode, &[0, handle[0], handle[1], 16]),
            0x0c37 => self.complete(side, opcode, &[0, handle[0], handle[1]]),
            // Read Buffer Size.
            0x1005 => {
                let ([a, b], [c, d]) = (BUFFERS.0.to_le_bytes(), BUFFERS.1.to_le_bytes());
                self.complete(side, opcode, &[0, a, b, 0, c, d, 0, 0]);
            }
            _ => return self.handle_pairing(side, opcode, parameters),
        }
        true
    }

    /// Handles a command of pairing or encryption; false if it is none.
    fn handle_pairing(&mut self, side: usize, opcode: u16, parameters: &[u8]) -> bool {
        let other = 1 - side;
        let [low, high] = opcode.to_le_bytes();
        let handle = HANDLE.to_le_bytes();
        let status = [EVENT, COMMAND_STATUS, 4, 0, 1, low, high];
        let address = |controller: &mut Self| {
            controller.complete(side, opcode, &[&[0], &public_address(other)[..]].concat());
        };
        match opcode {
            // Authentication Requested; Link Key Request Negative Reply.
            0x0411 => {
                self.send(side, &status);
                self.pairing = Pairing { initiator: side, ..Pairing::default() };
                self.event(side, 0x17, &public_address(other));
            }
            0x040c => {
                address(self);
                self.event(side, 0x31, &public_address(other));
            }
            // IO Capability Request Reply.
            0x042b => {
                address(self);
                let reply = [parameters[6], parameters[7], parameters[8]];
                self.pairing.replies[side] = Some(reply);
                self.event(other, 0x32, &[&public_address(side)[..], &reply].concat());
                if self.pairing.replies[other].is_none() {
                    self.event(other, 0x31, &public_address(side));
                    return true;
                }
                for side in [side, other] {
                    let number = [1, 0, 0, 0];
                    self.event(side, 0x33, &[&public_address(1 - side)[..], &number].concat());
                }
            }
            // User Confirmation Request Reply.
            0x042c => {
                address(self);
                self.pairing.confirmed[side] = true;
                if self.pairing.confirmed == [true; 2] {
                    self.paired();
                }
            }
            // Set Connection Encryption.
            0x0413 => {
                self.send(side, &status);
                for side in [0, 1] {
                    self.event(side, 0x08, &[0, handle[0], handle[1], 1]);
                }
            }
            _ => return false,
        }
        true
    }

    /// Simple Pairing Complete and an unauthenticated key of P-192 for both; the authentication is complete.
    fn paired(&mut self) {
        for side in [0, 1] {
            let peer = public_address(1 - side);
            self.event(side, 0x36, &[&[0], &peer[..]].concat());
            self.event(side, 0x18, &[&peer[..], &[0x5a; 16], &[4]].concat());
        }
        let [low, high] = HANDLE.to_le_bytes();
        self.event(self.pairing.initiator, 0x06, &[0, low, high]);
    }

    fn event(&mut self, side: usize, code: u8, parameters: &[u8]) {
        let head = [EVENT, code, parameters.len() as u8];
        self.send(side, &[&head[..], parameters].concat());
    }
}
