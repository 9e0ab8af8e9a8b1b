use crate::Cid;

/// Octets of the check sequence.
pub const FCS: usize = 2;

/// The check sequences of one octet, and of one with another behind it: 1,024 octets of constants, so that two octets
/// take one step.
const LAST: [u16; 256] = table(8);
const FIRST: [u16; 256] = table(16);

const fn table(bits: u8) -> [u16; 256] {
    let mut table = [0; 256];
    let mut rest: &mut [u16] = &mut table;
    let mut index = 0u16;
    while let Some((entry, others)) = rest.split_first_mut() {
        let mut fcs = index;
        let mut bit = 0u8;
        while bit < bits {
            fcs = (fcs >> 1) ^ if fcs & 1 == 0 { 0 } else { 0xa001 };
            bit = bit.saturating_add(1);
        }
        *entry = fcs;
        index = index.saturating_add(1);
        rest = others;
    }
    table
}

fn entry(table: &[u16; 256], octet: u8) -> u16 {
    table.get(usize::from(octet)).copied().unwrap_or_default()
}

/// Check sequence of a frame so far: polynomial D^16 + D^15 + D^2 + 1, least significant bit first, from 0.
/// [Vol 3] Part A, 3.3.5
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fcs(u16);

impl Fcs {
    pub(super) const ZERO: Self = Self(0);

    /// Starts with the basic header, which the check sequence covers.
    #[must_use]
    pub fn new(len: u16, cid: Cid) -> Self {
        let mut fcs = Self::ZERO;
        fcs.add(&len.to_le_bytes());
        fcs.add(&cid.0.to_le_bytes());
        fcs
    }

    /// Adds the next octets of the frame.
    pub fn add(&mut self, octets: &[u8]) {
        let mut fcs = self.0;
        let (pairs, rest) = octets.as_chunks();
        for pair in pairs {
            let [first, last] = (fcs ^ u16::from_le_bytes(*pair)).to_le_bytes();
            fcs = entry(&FIRST, first) ^ entry(&LAST, last);
        }
        for octet in rest {
            let [low, high] = fcs.to_le_bytes();
            fcs = u16::from(high) ^ entry(&LAST, low ^ octet);
        }
        self.0 = fcs;
    }

    /// Returns the two octets that end the frame.
    #[must_use]
    pub const fn octets(self) -> [u8; FCS] {
        self.0.to_le_bytes()
    }
}
