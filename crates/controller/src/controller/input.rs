//! Input from the host: H4 octets, split into commands and ACL packets. [Vol 4] Part A

/// A packet of the host.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    Command {
        opcode: u16,
        parameters: Vec<u8>,
    },
    /// The header's first field: handle and flags.
    Acl {
        header: u16,
        octets: Vec<u8>,
    },
    /// The next octet starts no packet. From here on only HCI_Reset is accepted.
    SyncLost,
}

/// Splits octets into packets, whatever the chunks are.
#[derive(Debug, Default)]
pub(crate) struct Input {
    octets: Vec<u8>,
    start: usize,
    lost: bool,
}

impl Input {
    pub(crate) fn push(&mut self, octets: &[u8]) {
        if self.start == self.octets.len() {
            self.octets.clear();
            self.start = 0;
        }
        self.octets.extend_from_slice(octets);
    }

    pub(crate) fn next(&mut self) -> Option<Incoming> {
        loop {
            if self.lost && !self.find_reset() {
                return None;
            }
            let rest = self.octets.get(self.start..).unwrap_or_default();
            let (header, body) = match *rest {
                [] => return None,
                [COMMAND, _, _, len, ..] => (4, usize::from(len)),
                [ACL, _, _, a, b, ..] => (5, usize::from(u16::from_le_bytes([a, b]))),
                [SYNCHRONOUS, _, _, len, ..] => (4, usize::from(len)),
                [ISO, _, _, a, b, ..] => (5, usize::from(u16::from_le_bytes([a, b]) & 0x3fff)),
                [COMMAND | ACL | SYNCHRONOUS | ISO, ..] => return None,
                [_, ..] => {
                    self.lost = true;
                    return Some(Incoming::SyncLost);
                }
            };
            let (packet, _) = rest.split_at_checked(body.saturating_add(header))?;
            self.start = self.start.saturating_add(packet.len());
            let body = packet.get(header..).unwrap_or_default().to_vec();
            match *packet {
                [COMMAND, a, b, ..] => {
                    let opcode = u16::from_le_bytes([a, b]);
                    return Some(Incoming::Command { opcode, parameters: body });
                }
                [ACL, a, b, ..] => {
                    return Some(Incoming::Acl {
                        header: u16::from_le_bytes([a, b]),
                        octets: body,
                    });
                }
                _ => {}
            }
        }
    }

    /// Skips to HCI_Reset; returns whether it was found.
    fn find_reset(&mut self) -> bool {
        let rest = self.octets.get(self.start..).unwrap_or_default();
        let found = rest.windows(RESET.len()).position(|window| window == RESET);
        let skip =
            found.unwrap_or_else(|| rest.len().saturating_sub(RESET.len().saturating_sub(1)));
        self.start = self.start.saturating_add(skip);
        self.lost = found.is_none();
        !self.lost
    }
}

const COMMAND: u8 = 1;
const ACL: u8 = 2;
const SYNCHRONOUS: u8 = 3;
const ISO: u8 = 5;
const RESET: [u8; 4] = [COMMAND, 0x03, 0x0c, 0];

#[cfg(test)]
mod tests {
    use hex_literal::hex;
    use proptest::prelude::*;

    use super::*;

    fn all(chunks: &[&[u8]]) -> Vec<Incoming> {
        let mut input = Input::default();
        let mut packets = Vec::new();
        for chunk in chunks {
            input.push(chunk);
            packets.extend(core::iter::from_fn(|| input.next()));
        }
        packets
    }

    const STREAM: [u8; 31] = hex!(
        "01 030c 00" "02 4020 0300 aabbcc" "03 4000 01 ff" "05 4040 0200 1122" "01 0120 03 010203"
    );

    #[test]
    fn packets_of_four_kinds() {
        assert_eq!(
            all(&[&STREAM]),
            [
                Incoming::Command { opcode: 0x0c03, parameters: vec![] },
                Incoming::Acl { header: 0x2040, octets: vec![0xaa, 0xbb, 0xcc] },
                Incoming::Command { opcode: 0x2001, parameters: vec![1, 2, 3] },
            ]
        );
    }

    #[test]
    fn after_lost_sync_only_reset_counts() {
        let reset = Incoming::Command { opcode: 0x0c03, parameters: vec![] };
        let octets = hex!("07 02 0100 0000" "01 030c 01" "01 030c 00");
        assert_eq!(all(&[&octets]), [Incoming::SyncLost, reset]);
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_packets(cut in 0..31usize, other in 0..31usize) {
            let (a, b) = (cut.min(other), cut.max(other));
            prop_assert_eq!(all(&[&STREAM[..a], &STREAM[a..b], &STREAM[b..]]), all(&[&STREAM]));
        }

        #[test]
        fn any_octets_are_split_without_a_hang(octets: Vec<u8>) {
            all(&[&octets, &RESET]);
        }
    }
}
