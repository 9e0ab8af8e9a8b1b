//! H4 packets one after the other, as a UART carries them.

use std::io::Read;

use bindrune_hci::h4::{Direction, PacketType};

use super::{Body, Packet, Problem, line_of, source::Source};

/// A stream. Its ACL packets have the direction of the commands or events before them.
#[derive(Debug)]
pub(super) struct H4 {
    last: Direction,
    position: u64,
}

impl Default for H4 {
    fn default() -> Self {
        Self { last: Direction::ToHost, position: 0 }
    }
}

impl H4 {
    pub(super) fn record(
        &mut self,
        source: &mut Source<impl Read>,
    ) -> Result<Option<Packet>, Problem> {
        let Some([indicator]) = source.array_or_end::<1>()? else { return Ok(None) };
        let Some(head) = header_len(indicator) else {
            let at = self.position;
            return Err(Problem::Corrupt(format!(
                "no packet begins with 0x{indicator:02x}, at byte {at}"
            )));
        };
        let mut octets = vec![indicator];
        octets.extend(source.bytes(head.saturating_sub(1))?);
        octets.extend(source.bytes(body_len(&octets))?);
        self.position =
            self.position.saturating_add(u64::try_from(octets.len()).unwrap_or(u64::MAX));
        let direction = line_of(&octets, &mut self.last);
        Ok(Some(Packet { time: None, direction, cut: 0, body: Body::Hci(octets) }))
    }
}

/// Returns the length of the indicator and the header of a packet.
const fn header_len(indicator: u8) -> Option<usize> {
    match PacketType(indicator) {
        PacketType::COMMAND | PacketType::SCO => Some(4),
        PacketType::EVENT => Some(3),
        PacketType::ACL | PacketType::ISO => Some(5),
        _ => None,
    }
}

/// Returns the length of what follows a whole header.
fn body_len(header: &[u8]) -> usize {
    match *header {
        [2, _, _, low, high] => u16::from_le_bytes([low, high]).into(),
        [5, _, _, low, high] => (u16::from_le_bytes([low, high]) & 0x3fff).into(),
        [.., len] => len.into(),
        [] => 0,
    }
}

/// H4 packets out of the reads and writes of a port.
#[derive(Clone, Debug, Default)]
pub struct H4Stream {
    octets: Vec<u8>,
}

impl H4Stream {
    /// Creates a stream at the start of a packet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the octets of one read or write.
    pub fn push(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
    }

    /// Returns the next whole packet. Octets that begin no packet come as one that the decoder does not know.
    pub fn packet(&mut self) -> Option<Vec<u8>> {
        let &indicator = self.octets.first()?;
        let Some(head) = header_len(indicator) else {
            return Some(core::mem::take(&mut self.octets));
        };
        let len = head.saturating_add(body_len(self.octets.get(..head)?));
        if self.octets.len() < len {
            return None;
        }
        let rest = self.octets.split_off(len);
        Some(core::mem::replace(&mut self.octets, rest))
    }
}
