//! Packets in the form of the driver: octets with a kind.

use bt_hci_transport_0_1::{PacketKind, PacketToController, PacketToHost, ReadHciError};
use embedded_io_async::{Read, Write};

/// A packet that the driver has read into the start of the buffer, after its H4 indicator.
pub(super) struct Received {
    /// Length of the packet with its indicator, in octets. If it is longer than the buffer, the packet
    /// was not kept.
    pub(super) len: usize,
}

/// Number of octets that are discarded at a time.
const CHUNK: usize = 16;

/// The length of the body after a header of this many octets.
enum Header {
    /// An event or synchronous data: one octet at the end of the header.
    Short(usize),
    /// ACL or isochronous data: two octets at the end of the header.
    Long(usize),
}

impl Header {
    const fn of(kind: PacketKind) -> Option<Self> {
        match kind {
            PacketKind::Cmd => None,
            PacketKind::Event => Some(Self::Short(2)),
            PacketKind::SyncData => Some(Self::Short(3)),
            PacketKind::AclData | PacketKind::IsoData => Some(Self::Long(4)),
        }
    }

    const fn len(&self) -> usize {
        match self {
            Self::Short(len) | Self::Long(len) => *len,
        }
    }

    fn body(&self, header: &[u8]) -> usize {
        match (self, header) {
            (Self::Short(_), [.., len]) => usize::from(*len),
            (Self::Long(_), [.., low, high]) => u16::from_le_bytes([*low, *high]).into(),
            _ => 0,
        }
    }
}

/// Declares the two ways of reading, blocking and asynchronous.
macro_rules! read {
    ($reader:ident, $kind:ident, $buffer:ident, $($await:tt)*) => {{
        let header = Header::of($kind).ok_or(ReadHciError::InvalidValue)?;
        let behind = 1usize.saturating_add(header.len());
        let place = $buffer.get_mut(1..behind).ok_or(ReadHciError::BufferTooSmall)?;
        $reader.read_exact(place)$($await)*?;
        let mut left = header.body(place);
        let len = behind.saturating_add(left);
        if let Some(indicator) = $buffer.first_mut() {
            *indicator = $kind as u8;
        }
        if let Some(body) = $buffer.get_mut(behind..len) {
            $reader.read_exact(body)$($await)*?;
            return Ok(Self { len });
        }
        // The next packet begins after this one.
        let mut chunk = [0; CHUNK];
        while left > 0 {
            let discarded = chunk.get_mut(..left.min(CHUNK)).unwrap_or_default();
            left = left.saturating_sub(discarded.len());
            $reader.read_exact(discarded)$($await)*?;
        }
        Ok(Self { len })
    }};
}

impl<'d> PacketToHost<'d> for Received {
    fn read_hci<R: embedded_io::Read>(
        kind: PacketKind,
        reader: &mut R,
        buffer: &'d mut [u8],
    ) -> Result<Self, ReadHciError<R::Error>> {
        read!(reader, kind, buffer,)
    }

    async fn read_hci_async<R: Read>(
        kind: PacketKind,
        reader: &mut R,
        buffer: &'d mut [u8],
    ) -> Result<Self, ReadHciError<R::Error>> {
        read!(reader, kind, buffer, .await)
    }
}

/// Declares packets to the controller, without their H4 indicator.
macro_rules! packets {
    ($($(#[$meta:meta])* $name:ident is $kind:ident;)*) => { $(
        $(#[$meta])*
        pub(super) struct $name<'p>(pub(super) &'p [u8]);

        impl $name<'_> {
            pub(super) const INDICATOR: u8 = PacketKind::$kind as u8;
        }

        impl PacketToController for $name<'_> {
            const KIND: PacketKind = PacketKind::$kind;

            fn size(&self) -> usize {
                self.0.len()
            }

            fn write_hci<W: embedded_io::Write>(&self, mut writer: W) -> Result<(), W::Error> {
                writer.write_all(self.0)
            }

            async fn write_hci_async<W: Write>(&self, mut writer: W) -> Result<(), W::Error> {
                writer.write_all(self.0).await
            }
        }
    )* };
}

packets! {
    /// A command.
    Command is Cmd;
    /// ACL data.
    Acl is AclData;
}

#[cfg(test)]
mod tests {
    use std::{vec, vec::Vec};

    use embassy_futures::block_on;

    use super::*;

    /// Reads packets in both ways into a buffer of 16 octets; returns the kept octets of each packet,
    /// and its length.
    fn read(mut stream: &[u8]) -> Vec<(Vec<u8>, usize)> {
        let mut seen = Vec::new();
        while !stream.is_empty() {
            let kind = PacketKind::read(&mut stream).unwrap();
            let (mut buffer, mut again, mut copy) = ([0xee; 16], [0xee; 16], stream);
            let Received { len } = Received::read_hci(kind, &mut stream, &mut buffer).unwrap();
            let Received { len: same } =
                block_on(Received::read_hci_async(kind, &mut copy, &mut again)).unwrap();
            assert_eq!((len, stream, buffer), (same, copy, again));
            seen.push((buffer[..len.min(16)].to_vec(), len));
        }
        seen
    }

    #[test]
    fn every_kind_of_packet_is_read_whole() {
        let packets = [
            vec![4, 0x0e, 4, 1, 3, 12, 0],
            vec![2, 0x40, 0x20, 3, 0, 7, 8, 9],
            vec![3, 0x40, 0, 2, 7, 8],
            vec![5, 0x40, 0, 1, 0, 7],
            vec![4, 0xff, 0],
        ];
        let seen = read(&packets.concat());
        assert!(seen.iter().map(|(octets, _)| octets).eq(&packets));
    }

    #[test]
    fn a_packet_that_is_too_long_is_discarded_whole() {
        let long = [vec![2, 0x40, 0x20, 100, 0], vec![7; 100]].concat();
        let short = [4, 0x0e, 4, 1, 3, 12, 0];
        let seen = read(&[&long[..], &short].concat());
        assert_eq!((seen[0].1, seen[1].0.as_slice()), (105, &short[..]));
    }

    #[test]
    fn packets_that_no_controller_sends_are_errors() {
        let mut octets: &[u8] = &[3, 12, 0];
        let read = Received::read_hci(PacketKind::Cmd, &mut octets, &mut [0; 16]);
        assert!(matches!(read, Err(ReadHciError::InvalidValue)));
        let cut = Received::read_hci(PacketKind::Event, &mut &[14, 4, 1][..], &mut [0; 16]);
        assert!(matches!(cut, Err(ReadHciError::Read(_))));
    }
}
