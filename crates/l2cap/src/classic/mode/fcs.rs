use crate::Cid;

/// Octets of the check sequence.
pub(super) const FCS: usize = 2;

/// The check sequences of 4 bits.
const NIBBLES: [u16; 16] = {
    let mut table = [0; 16];
    let mut rest: &mut [u16] = &mut table;
    let mut index = 0u16;
    while let Some((entry, others)) = rest.split_first_mut() {
        let mut fcs = index;
        let mut bit = 0u8;
        while bit < 4 {
            fcs = (fcs >> 1) ^ if fcs & 1 == 0 { 0 } else { 0xa001 };
            bit = bit.saturating_add(1);
        }
        *entry = fcs;
        index = index.saturating_add(1);
        rest = others;
    }
    table
};

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
            self.nibble(*octet);
            self.nibble(*octet >> 4);
        }
    }

    fn nibble(&mut self, nibble: u8) {
        let [low, _] = self.0.to_le_bytes();
        let index = usize::from((low ^ nibble) & 15);
        self.0 = (self.0 >> 4) ^ NIBBLES.get(index).copied().unwrap_or_default();
    }

    pub(super) const fn octets(self) -> [u8; FCS] {
        self.0.to_le_bytes()
    }
}
