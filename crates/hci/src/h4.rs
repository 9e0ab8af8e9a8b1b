//! H4, the UART transport: a packet indicator, then a packet. [Vol 4] Part A, 2

mod resync;

use core::fmt;

use bindrune_wire::open_enum;
use resync::WINDOW;

use crate::{Opcode, acl::AclHeader, credits::ACL_LEN_MIN, event::EventCode};

open_enum! {
    /// Type of the packet that follows. [Vol 4] Part A, 2
    pub struct PacketType(u8) {
        /// A command, to the controller only.
        COMMAND = 0x01,
        /// ACL data.
        ACL = 0x02,
        /// Synchronous data.
        SCO = 0x03,
        /// An event, to the host only.
        EVENT = 0x04,
        /// Isochronous data.
        ISO = 0x05,
    }
}

/// Direction of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Direction {
    /// From the controller to the host.
    ToHost,
    /// From the host to the controller.
    ToController,
}

/// Input that a [`Deframer`] needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Up to this many octets into [`Deframer::header_mut`], then [`Deframer::header_read`].
    Header {
        /// Octets, at least one.
        left: usize,
    },
    /// Up to this many octets into the place of this packet's body, then [`Deframer::body_read`].
    Body {
        /// Octets, at least one.
        left: usize,
    },
}

/// A packet whose header is complete. Its body follows, unless [`Kind::len`] is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A command (to the controller).
    Command {
        /// The opcode.
        opcode: Opcode,
        /// Length of the parameters in octets.
        len: usize,
    },
    /// ACL data.
    Acl(AclHeader),
    /// An event (to the host).
    Event {
        /// The event code.
        code: EventCode,
        /// Length of the parameters in octets.
        len: usize,
    },
    /// A packet to discard: synchronous, isochronous, or ACL with an invalid handle.
    Ignored {
        /// Type of the packet.
        packet: PacketType,
        /// Length of its body in octets.
        len: usize,
    },
    /// Command Complete of HCI_Reset, after sync was lost. Framing is valid again, unless these octets were part of an
    /// earlier packet. There is no body.
    ResetComplete {
        /// Number of commands that the controller accepts now.
        num_packets: u8,
    },
    /// Command Complete of LE Encrypt with status success, after [`Deframer::resync_for_answers`]. The body is the
    /// ciphertext, which shows whether framing is valid again.
    Encrypted {
        /// Number of commands that the controller accepts now.
        num_packets: u8,
    },
    /// Any other answer to LE Encrypt, after [`Deframer::resync_for_answers`]. There is no body.
    EncryptRefused,
}

/// Length of the ciphertext of [`Kind::Encrypted`] in octets.
pub const CIPHERTEXT: usize = 16;

impl Kind {
    /// Returns the length of the body in octets.
    #[must_use]
    pub fn len(&self) -> usize {
        match *self {
            Self::Command { len, .. } | Self::Event { len, .. } | Self::Ignored { len, .. } => len,
            Self::Acl(header) => header.len.into(),
            Self::Encrypted { .. } => CIPHERTEXT,
            Self::ResetComplete { .. } | Self::EncryptRefused => 0,
        }
    }

    /// Returns whether no body follows: the packet is complete.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The octets are not packets: reset the controller, and continue to call as before.
///
/// The deframer now searches for Command Complete of HCI_Reset (towards the controller: for HCI_Reset), and discards
/// everything before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SyncLost {
    /// No packet of this direction begins with this octet.
    Indicator(u8),
    /// An ACL packet is longer than the limit.
    TooLong(u16),
}

impl fmt::Display for SyncLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Indicator(octet) => write!(f, "no packet begins with 0x{octet:02x}"),
            Self::TooLong(len) => write!(f, "an ACL packet of {len} octets is too long"),
        }
    }
}

impl core::error::Error for SyncLost {}

/// A piece of a packet, from [`Deframer::advance`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// The header is complete; a packet without a body is complete too.
    Header(Kind),
    /// A part of the body.
    Body {
        /// The octets, at least one.
        octets: &'a [u8],
        /// Whether the packet is complete.
        last: bool,
    },
}

/// Splits a byte stream into packets, whatever its chunks are, and selects where the next octets are stored.
#[derive(Clone, Debug)]
pub struct Deframer {
    direction: Direction,
    limit: u16,
    window: [u8; WINDOW],
    have: usize,
    body: usize,
    resync: bool,
    /// Whether the deframer also searches for answers to LE Encrypt.
    answers: bool,
    discarded: u32,
    ignored: u32,
}

impl Deframer {
    /// Creates a deframer of a stream that is in sync.
    #[must_use]
    pub const fn new(direction: Direction) -> Self {
        Self {
            direction,
            limit: u16::MAX,
            window: [0; WINDOW],
            have: 0,
            body: 0,
            resync: false,
            answers: false,
            discarded: 0,
            ignored: 0,
        }
    }

    /// Sets the maximum length of an ACL body, at least [`ACL_LEN_MIN`]. A longer body means that sync is lost.
    pub fn set_limit(&mut self, len: u16) {
        self.limit = len.max(ACL_LEN_MIN);
    }

    /// Returns what to read next, and where to store it.
    #[must_use]
    pub fn want(&self) -> Want {
        match self.body {
            0 => Want::Header { left: self.header_len().saturating_sub(self.have) },
            left => Want::Body { left },
        }
    }

    /// Returns the place for the next octets of the header; empty while a body is expected.
    pub fn header_mut(&mut self) -> &mut [u8] {
        match self.want() {
            Want::Header { left } => {
                let window = self.window.get_mut(self.have..).unwrap_or_default();
                window.get_mut(..left).unwrap_or_default()
            }
            Want::Body { .. } => &mut [],
        }
    }

    /// Records that `n` octets were put into [`Self::header_mut`]. Returns the packet once its header is complete.
    ///
    /// # Errors
    ///
    /// [`SyncLost`] once for each loss.
    pub fn header_read(&mut self, n: usize) -> Result<Option<Kind>, SyncLost> {
        let n = match self.want() {
            Want::Header { left } => n.min(left),
            Want::Body { .. } => return Ok(None),
        };
        self.have = self.have.saturating_add(n);
        if self.resync {
            return Ok(self.scan());
        }
        if self.have < self.header_len() {
            return Ok(None);
        }
        match self.header() {
            Ok(kind) => {
                self.have = 0;
                self.body = kind.len();
                if matches!(kind, Kind::Ignored { .. }) {
                    self.ignored = self.ignored.saturating_add(1);
                }
                Ok(Some(kind))
            }
            Err(lost) => {
                self.resync = true;
                self.discard(1);
                // The rest of a header is always shorter than the sought pattern.
                self.scan();
                Err(lost)
            }
        }
    }

    /// Records that `n` octets of the body were read. Returns whether the packet is complete.
    pub const fn body_read(&mut self, n: usize) -> bool {
        self.body = self.body.saturating_sub(n);
        self.body == 0
    }

    /// Takes the next piece from the start of `input`; `None` if more input is needed.
    ///
    /// # Errors
    ///
    /// As [`Self::header_read`]; call again with the rest of the input.
    pub fn advance<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Piece<'a>>, SyncLost> {
        while !input.is_empty() {
            match self.want() {
                Want::Header { left } => {
                    let n = left.min(input.len());
                    let head = take(input, n);
                    if let Some(place) = self.header_mut().get_mut(..n) {
                        place.copy_from_slice(head);
                    }
                    if let Some(kind) = self.header_read(n)? {
                        return Ok(Some(Piece::Header(kind)));
                    }
                }
                Want::Body { left } => {
                    let n = left.min(input.len());
                    let octets = take(input, n);
                    return Ok(Some(Piece::Body { octets, last: self.body_read(n) }));
                }
            }
        }
        Ok(None)
    }

    /// Returns whether the next octet is the first of a packet, and sync is not lost. The owner may then take whole
    /// packets by itself.
    #[must_use]
    pub const fn is_between_packets(&self) -> bool {
        !self.resync && self.have == 0 && self.body == 0
    }

    /// Returns whether a packet has started and is not complete. A stream that stays in this state for 500 ms has lost
    /// octets.
    #[must_use]
    pub const fn is_inside_packet(&self) -> bool {
        !self.resync && (self.have > 0 || self.body > 0)
    }

    /// Returns the number of octets that were discarded while sync was lost.
    #[must_use]
    pub const fn discarded(&self) -> u32 {
        self.discarded
    }

    /// Returns the number of packets that were [`Kind::Ignored`].
    #[must_use]
    pub const fn ignored(&self) -> u32 {
        self.ignored
    }

    /// Returns the length of the header, as far as it is known, in octets; no packet is shorter.
    const fn header_len(&self) -> usize {
        let [indicator, ..] = self.window;
        match (self.resync, self.have, self.direction, PacketType(indicator)) {
            (true, ..) => self.sought_len(),
            (_, 0, Direction::ToHost, _) => 3,
            (_, 0, Direction::ToController, _) => 4,
            (_, _, _, PacketType::ACL | PacketType::ISO) => 5,
            (_, _, _, PacketType::COMMAND | PacketType::SCO) => 4,
            (_, _, _, PacketType::EVENT) => 3,
            _ => 1,
        }
    }

    fn header(&self) -> Result<Kind, SyncLost> {
        let [indicator, a, b, c, d, ..] = self.window;
        let packet = PacketType(indicator);
        Ok(match (packet, self.direction) {
            (PacketType::EVENT, Direction::ToHost) => {
                Kind::Event { code: EventCode(a), len: b.into() }
            }
            (PacketType::COMMAND, Direction::ToController) => {
                Kind::Command { opcode: Opcode(u16::from_le_bytes([a, b])), len: c.into() }
            }
            (PacketType::ACL, _) => {
                let len = u16::from_le_bytes([c, d]);
                if len > self.limit {
                    return Err(SyncLost::TooLong(len));
                }
                AclHeader::parse([a, b, c, d])
                    .map_or(Kind::Ignored { packet, len: len.into() }, Kind::Acl)
            }
            (PacketType::SCO, _) => Kind::Ignored { packet, len: c.into() },
            (PacketType::ISO, _) => {
                Kind::Ignored { packet, len: (u16::from_le_bytes([c, d]) & 0x3fff).into() }
            }
            _ => return Err(SyncLost::Indicator(indicator)),
        })
    }
}

fn take<'a>(input: &mut &'a [u8], n: usize) -> &'a [u8] {
    let (head, tail) = input.split_at_checked(n).unwrap_or((input, &[]));
    *input = tail;
    head
}

#[cfg(test)]
mod tests;
