//! Log messages about the packets on the transport: links at the level info, commands and procedures at debug, the rest
//! at trace. Values, keys and advertising data are never logged.

use bindrune_hci::{Opcode, Status};
use bindrune_wire::{Address, AddressKind};

use crate::{capability::LOG, report::report};

/// H4 indicators. [Vol 4] Part A, 2
const COMMAND: u8 = 0x01;
const ACL: u8 = 0x02;

/// Reports packets that are about to be written: whole ones, with their indicators.
pub(super) fn sent(octets: &[u8]) {
    if !LOG {
        return;
    }
    let mut rest = octets;
    while let Some(after) = packet(rest) {
        rest = after;
    }
}

/// Reports the first packet, and returns those after it.
fn packet(octets: &[u8]) -> Option<&[u8]> {
    match *octets {
        [COMMAND, low, high, len, ref rest @ ..] => {
            let opcode = Opcode(u16::from_le_bytes([low, high]));
            if opcode == Opcode::HOST_NUMBER_OF_COMPLETED_PACKETS {
                report!(trace, "command {opcode:?}");
            } else {
                report!(debug, "command {opcode:?}, {len} bytes");
            }
            rest.get(len.into()..)
        }
        [ACL, low, high, len_low, len_high, ref rest @ ..] => {
            let len = u16::from_le_bytes([len_low, len_high]);
            report!(trace, "link {:#05x}: {len} bytes sent", handle(low, high));
            rest.get(len.into()..)
        }
        _ => None,
    }
}

/// Reports the header of a received ACL packet.
pub(super) fn data(handle: u16, len: u16) {
    if LOG {
        report!(trace, "link {handle:#05x}: {len} bytes received");
    }
}

/// Reports a received event: its code, the length of its parameters, and the parameters. [Vol 4] Part E, 7.7
pub(super) fn event(octets: &[u8]) {
    if !LOG {
        return;
    }
    match *octets {
        [0x03, _, status, low, high, ref rest @ ..] => {
            let Some(&[a, b, c, d, e, f]) = rest.first_chunk() else { return };
            connected(
                Status(status),
                handle(low, high),
                Address::new(AddressKind::Public, [a, b, c, d, e, f]),
            );
        }
        [0x05, _, 0, low, high, reason, ..] => {
            report!(info, "link {:#05x} ended: {}", handle(low, high), Status(reason));
        }
        [0x08 | 0x59, _, status, low, high, on, ..] => {
            encrypted(status, handle(low, high), on != 0)
        }
        [0x0e, _, _, low, high, ref rest @ ..] => {
            answered(u16::from_le_bytes([low, high]), rest.first().copied().unwrap_or(0));
        }
        [0x0f, _, status, _, low, high, ..] => answered(u16::from_le_bytes([low, high]), status),
        [0x13, ..] => report!(trace, "packets were sent"),
        [0x30, _, status, low, high, ..] => {
            report!(
                debug,
                "link {:#05x}: the key was refreshed: {}",
                handle(low, high),
                Status(status)
            );
        }
        [0x3e, _, ref meta @ ..] => le(meta),
        [code, len, ..] => report!(debug, "event {code:#04x}, {len} bytes"),
        [] | [_] => {}
    }
}

/// Reports an event of LE by its subevent. [Vol 4] Part E, 7.7.65
fn le(meta: &[u8]) {
    match *meta {
        [0x01 | 0x0a | 0x29, status, low, high, _, kind, ref rest @ ..] => {
            let Some(&[a, b, c, d, e, f]) = rest.first_chunk() else { return };
            let peer = Address::from_hci(kind & 1, [a, b, c, d, e, f]);
            let peer = peer.unwrap_or(Address::new(AddressKind::Public, [a, b, c, d, e, f]));
            connected(Status(status), handle(low, high), peer);
        }
        [0x02 | 0x0b | 0x0d, ..] => report!(trace, "advertising report"),
        [0x03, status, low, high, interval_low, interval_high, ..] => {
            let interval = u16::from_le_bytes([interval_low, interval_high]);
            report!(
                debug,
                "link {:#05x}: parameters, interval {interval} x 1.25 ms: {}",
                handle(low, high),
                Status(status)
            );
        }
        [0x07, low, high, ref rest @ ..] => {
            let Some(&[tx_low, tx_high, ..]) = rest.first_chunk::<8>() else { return };
            let tx = u16::from_le_bytes([tx_low, tx_high]);
            report!(debug, "link {:#05x}: packets of up to {tx} bytes", handle(low, high));
        }
        [0x0c, status, low, high, tx, rx, ..] => {
            report!(
                debug,
                "link {:#05x}: PHY {tx} out, {rx} in: {}",
                handle(low, high),
                Status(status)
            );
        }
        [code, ..] => report!(debug, "LE event {code:#04x}"),
        [] => {}
    }
}

fn connected(status: Status, handle: u16, peer: Address) {
    if status.is_success() {
        report!(info, "link {handle:#05x} to {peer} is up");
    } else {
        report!(info, "no link: {status}");
    }
}

fn encrypted(status: u8, handle: u16, on: bool) {
    if status != 0 {
        report!(info, "link {handle:#05x} could not be encrypted: {}", Status(status));
    } else if on {
        report!(info, "link {handle:#05x} is encrypted");
    } else {
        report!(info, "link {handle:#05x} is not encrypted");
    }
}

fn answered(opcode: u16, status: u8) {
    if opcode == Opcode::NOP.0 {
        return;
    }
    report!(debug, "answer to {:?}: {}", Opcode(opcode), Status(status));
}

/// Returns the handle without its flags. [Vol 4] Part E, 5.4.2
const fn handle(low: u8, high: u8) -> u16 {
    u16::from_le_bytes([low, high & 0x0f])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_taken_apart_at_their_ends() {
        let two = [1, 3, 0x0c, 0, 2, 0x40, 0x20, 2, 0, 9, 9];
        assert_eq!(packet(&two), Some(&two[4..]));
        assert_eq!(packet(&two[4..]), Some(&[][..]));
        assert_eq!(packet(&two[4..10]), None);
        assert_eq!(packet(&[4, 1, 0]), None);
    }

    #[test]
    fn events_of_any_length_are_reported() {
        let codes = [0x03, 0x05, 0x08, 0x0e, 0x0f, 0x13, 0x30, 0x3e, 0x59, 0xff];
        for code in codes {
            for first in 0..0x30 {
                for len in 0..24 {
                    let octets = [&[code, 30, first][..], &[0; 24]].concat();
                    event(&octets[..len]);
                }
            }
        }
    }
}
