//! btsnoop: HCI with and without H4 indicators, and the format of the Linux monitor.

use std::io::Read;

use bindrune_hci::{
    h4::{Direction, PacketType},
    snoop::UNIX_EPOCH,
};

use super::{Body, CaptureError, Packet, Problem, checked, source::Source};

const RECEIVED: u32 = 1;
const COMMAND_OR_EVENT: u32 = 2;

/// What the packets of a file are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Without an indicator; the flags of the record have it.
    Bare,
    H4,
    Monitor,
}

impl Kind {
    pub(super) fn read(source: &mut Source<impl Read>) -> Result<Self, CaptureError> {
        let unknown = |what: String| Err(CaptureError::Unknown(what));
        let Ok([b'b', b't', b's', b'n', b'o', b'o', b'p', 0, a, b, c, d, e, f, g, h]) =
            source.array()
        else {
            return unknown("not a capture: the header of btsnoop is cut".into());
        };
        let version = u32::from_be_bytes([a, b, c, d]);
        if version != 1 {
            return unknown(format!("btsnoop of version {version}; only version 1 is known"));
        }
        match u32::from_be_bytes([e, f, g, h]) {
            1001 => Ok(Self::Bare),
            1002 => Ok(Self::H4),
            2001 => Ok(Self::Monitor),
            other => {
                unknown(format!("btsnoop with datalink {other}; only 1001, 1002 and 2001 are HCI"))
            }
        }
    }

    pub(super) fn record(self, source: &mut Source<impl Read>) -> Result<Option<Packet>, Problem> {
        let Some(head) = source.array_or_end::<24>()? else { return Ok(None) };
        let (numbers, time) = head.split_at_checked(16).unwrap_or_default();
        let mut numbers =
            numbers.chunks_exact(4).map(|n| n.try_into().map_or(0, u32::from_be_bytes));
        let mut next = || numbers.next().unwrap_or_default();
        let (original, len, flags) = (next(), next(), next());
        let time = u64::from_be_bytes(time.try_into().unwrap_or_default());
        let octets = source.bytes(checked(len)?)?;
        let received =
            if flags & RECEIVED == 0 { Direction::ToController } else { Direction::ToHost };
        let (direction, body) = match self {
            Self::H4 => (received, Body::Hci(octets)),
            Self::Bare => {
                let indicator = match (flags & COMMAND_OR_EVENT, received) {
                    (0, _) => PacketType::ACL,
                    (_, Direction::ToController) => PacketType::COMMAND,
                    (_, Direction::ToHost) => PacketType::EVENT,
                };
                (received, Body::Hci(with(indicator, &octets)))
            }
            // The flags are the adapter and the kind of record.
            Self::Monitor => {
                let [_, _, high, low] = flags.to_be_bytes();
                monitor(u16::from_be_bytes([high, low]), &octets)
            }
        };
        let time = time.checked_sub(UNIX_EPOCH);
        Ok(Some(Packet { time, direction, cut: original.saturating_sub(len), body }))
    }
}

fn with(indicator: PacketType, octets: &[u8]) -> Vec<u8> {
    [&[indicator.0], octets].concat()
}

/// Returns a record of the Linux monitor.
pub(super) fn monitor(opcode: u16, octets: &[u8]) -> (Direction, Body) {
    use Direction::{ToController, ToHost};
    let (direction, indicator) = match opcode {
        2 => (ToController, PacketType::COMMAND),
        3 => (ToHost, PacketType::EVENT),
        4 => (ToController, PacketType::ACL),
        5 => (ToHost, PacketType::ACL),
        6 => (ToController, PacketType::SCO),
        7 => (ToHost, PacketType::SCO),
        18 => (ToController, PacketType::ISO),
        19 => (ToHost, PacketType::ISO),
        _ => {
            let what = match opcode {
                0 => "controller added",
                1 => "controller removed",
                8 => "controller opened",
                9 => "controller closed",
                10 => "controller's address",
                11 => "vendor diagnostics",
                12 => "system note",
                13 => "log message",
                14..=17 => "management message",
                _ => "unknown record",
            };
            return (ToHost, Body::Other(format!("{what} (monitor record {opcode})")));
        }
    };
    (direction, Body::Hci(with(indicator, octets)))
}
