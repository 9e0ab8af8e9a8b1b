use bindrune_wire::{Datagrams, Mark};

use super::control::{SDU_LENGTH, Sar};

/// Where a segment begins: an SDU of the sending ring, and an offset in it.
///
/// How an SDU is split depends only on its length and the MPS, so no record of sent segments is necessary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) mark: Mark,
    pub(super) offset: usize,
}

/// A segment of an SDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) place: Place,
    pub(super) sar: Sar,
    /// Octets of the segment.
    pub(super) len: usize,
    /// Octets of the SDU.
    pub(super) sdu: usize,
}

impl Segment {
    /// Returns the segment at a place, if the ring has an SDU there.
    pub(super) fn at(ring: &Datagrams<'_>, place: Place, mps: u16) -> Option<Self> {
        let sdu = ring.len_at(place.mark)?;
        let left = sdu.saturating_sub(place.offset);
        let mps = usize::from(mps.max(1));
        let (sar, len) = match (place.offset, left > mps) {
            (0, false) => (Sar::Unsegmented, left),
            (0, true) => (Sar::Start, mps.saturating_sub(SDU_LENGTH).max(1)),
            (_, false) => (Sar::End, left),
            (_, true) => (Sar::Continuation, mps),
        };
        Some(Self { place, sar, len, sdu })
    }

    /// Returns whether the SDU ends with this segment.
    pub(super) const fn is_last(&self) -> bool {
        matches!(self.sar, Sar::Unsegmented | Sar::End)
    }

    /// Returns where the next segment begins.
    pub(super) fn next(&self, ring: &Datagrams<'_>) -> Place {
        if self.is_last() {
            let mark = ring.next(self.place.mark).unwrap_or(ring.end());
            return Place { mark, offset: 0 };
        }
        Place { offset: self.place.offset.saturating_add(self.len), ..self.place }
    }
}
