//! Capture files, one packet at a time.

mod btsnoop;
mod h4;
mod pcap;
mod pcapng;
mod source;

use std::{fmt, io};

use bindrune_hci::h4::{Direction, PacketType};

pub use h4::H4Stream;
use source::Source;

/// Longest packet that a capture may hold; more is a corrupt length.
const MAX_PACKET: u32 = 1 << 18;

/// One record of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Microseconds since 1970; `None` if the capture has no times.
    pub time: Option<u64>,
    /// Direction of the packet.
    pub direction: Direction,
    /// Octets that the capturing system cut off.
    pub cut: u32,
    /// The packet.
    pub body: Body,
}

/// Content of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// An H4 packet, with its indicator.
    Hci(Vec<u8>),
    /// A record that is no packet, in words.
    Other(String),
}

/// Why a capture cannot be read, or not to its end.
#[derive(Debug)]
pub enum CaptureError {
    /// It cannot be read.
    Io(io::Error),
    /// It is no capture of HCI.
    Unknown(String),
    /// It ends inside a record. The number counts the records before.
    Truncated(u64),
    /// A record is corrupt. The number counts the records before.
    Corrupt(u64, String),
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Unknown(what) => f.write_str(what),
            Self::Truncated(records) => {
                write!(f, "the capture ends inside record {}", records.saturating_add(1))
            }
            Self::Corrupt(records, what) => {
                write!(f, "record {} is corrupt: {what}", records.saturating_add(1))
            }
        }
    }
}

impl std::error::Error for CaptureError {}

impl From<io::Error> for CaptureError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Format of a capture.
#[derive(Debug)]
enum Format {
    Btsnoop(btsnoop::Kind),
    Pcap(pcap::Pcap),
    Pcapng(pcapng::Pcapng),
    H4(h4::H4),
}

/// A capture: btsnoop, pcap, pcapng, or H4 packets without a file format.
#[derive(Debug)]
pub struct Capture<R> {
    source: Source<R>,
    format: Format,
    records: u64,
}

impl<R: io::Read> Capture<R> {
    /// Reads the header of a capture.
    ///
    /// # Errors
    ///
    /// [`CaptureError::Unknown`] if it is no capture of HCI, [`CaptureError::Io`] if it cannot be read.
    pub fn new(reader: R) -> Result<Self, CaptureError> {
        let mut source = Source::new(reader);
        let start = source.peek(4)?;
        let format = match *start {
            [b'b', b't', b's', b'n'] => Format::Btsnoop(btsnoop::Kind::read(&mut source)?),
            [0x0a, 0x0d, 0x0d, 0x0a] => Format::Pcapng(pcapng::Pcapng::default()),
            [a, b, c, d] if pcap::is_magic([a, b, c, d]) => {
                Format::Pcap(pcap::Pcap::read(&mut source)?)
            }
            [1..=5, ..] => Format::H4(h4::H4::default()),
            [] => return Err(CaptureError::Unknown("the capture is empty".into())),
            _ => {
                let what = "not a capture of HCI: neither btsnoop, pcap, pcapng, nor H4 packets";
                return Err(CaptureError::Unknown(what.into()));
            }
        };
        Ok(Self { source, format, records: 0 })
    }

    /// Returns the next record; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`CaptureError`] if the capture is cut, corrupt, or cannot be read. The records before have been returned.
    pub fn packet(&mut self) -> Result<Option<Packet>, CaptureError> {
        let source = &mut self.source;
        let packet = match &mut self.format {
            Format::Btsnoop(kind) => kind.record(source),
            Format::Pcap(pcap) => pcap.record(source),
            Format::Pcapng(pcapng) => pcapng.record(source),
            Format::H4(h4) => h4.record(source),
        };
        let packet = packet.map_err(|error| match error {
            Problem::Io(error) => CaptureError::Io(error),
            Problem::Truncated => CaptureError::Truncated(self.records),
            Problem::Corrupt(what) => CaptureError::Corrupt(self.records, what),
        })?;
        if packet.is_some() {
            self.records = self.records.saturating_add(1);
        }
        Ok(packet)
    }
}

/// Why a record cannot be read.
enum Problem {
    Io(io::Error),
    Truncated,
    Corrupt(String),
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::Truncated } else { Self::Io(error) }
    }
}

/// Checks the length of a packet before it is read.
fn checked(len: u32) -> Result<usize, Problem> {
    let too_long = || Problem::Corrupt(format!("a packet of {len} bytes"));
    if len > MAX_PACKET { Err(too_long()) } else { usize::try_from(len).map_err(|_| too_long()) }
}

/// Direction of a packet whose record has none: that of the line it was on.
fn line_of(octets: &[u8], last: &mut Direction) -> Direction {
    match octets.first().copied().map(PacketType) {
        Some(PacketType::COMMAND) => *last = Direction::ToController,
        Some(PacketType::EVENT) => *last = Direction::ToHost,
        _ => {}
    }
    *last
}

/// Links of a capturing system that carry HCI.
#[derive(Clone, Copy, Debug)]
struct Link {
    kind: u32,
    last: Direction,
}

impl Link {
    const H4: u32 = 187;
    const H4_WITH_DIRECTION: u32 = 201;
    const MONITOR: u32 = 254;

    fn new(kind: u32) -> Option<Self> {
        matches!(kind, Self::H4 | Self::H4_WITH_DIRECTION | Self::MONITOR)
            .then_some(Self { kind, last: Direction::ToHost })
    }

    /// Returns the direction and the packet of a record.
    fn packet(&mut self, octets: &[u8]) -> Result<(Direction, Body), Problem> {
        if self.kind == Self::H4 {
            return Ok((line_of(octets, &mut self.last), Body::Hci(octets.into())));
        }
        let Some((&head, packet)) = octets.split_first_chunk() else {
            return Err(Problem::Corrupt("no room for the direction".into()));
        };
        if self.kind == Self::MONITOR {
            let [_, _, high, low] = head;
            return Ok(btsnoop::monitor(u16::from_be_bytes([high, low]), packet));
        }
        let direction = match u32::from_be_bytes(head) & 1 {
            0 => Direction::ToController,
            _ => Direction::ToHost,
        };
        Ok((direction, Body::Hci(packet.into())))
    }
}

#[cfg(test)]
mod tests;
