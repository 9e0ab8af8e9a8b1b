use crate::Cid;

/// Octets of the check sequence.
pub(super) const FCS: usize = 2;

/// Check sequence of a frame so far: polynomial D^16 + D^15 + D^2 + 1, least significant bit first, from 0.
/// [Vol 3] Part A, 3.3.5
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fcs(u16);

impl Fcs {
    pub(super) const ZERO: Self = Self(0);

    /// Starts with the basic header, which the check sequence covers.
    pub(super) fn new(len: u16, cid: Cid) -> Self {
        let mut fcs = Self::ZERO;
        fcs.add(&len.to_le_bytes());
        fcs.add(&cid.0.to_le_bytes());
        fcs
    }

    pub(super) fn add(&mut self, octets: &[u8]) {
        for octet in octets {
            self.0 ^= u16::from(*octet);
            for _ in 0..8 {
                let odd = self.0 & 1 != 0;
                self.0 = (self.0 >> 1) ^ if odd { 0xa001 } else { 0 };
            }
        }
    }

    pub(super) const fn octets(self) -> [u8; FCS] {
        self.0.to_le_bytes()
    }
}
