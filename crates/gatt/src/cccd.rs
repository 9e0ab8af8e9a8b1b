//! Client Characteristic Configuration, kept for each peer in two bits. [Vol 3] Part G, 3.3.3.3

use bitflags::bitflags;

use crate::table::Extent;

bitflags! {
    /// A client's subscription to a characteristic's value.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Cccd: u8 {
        /// Notifications.
        const NOTIFY = 0x01;
        /// Indications.
        const INDICATE = 0x02;
    }
}

impl Cccd {
    /// Returns the descriptor's value on the wire.
    #[must_use]
    pub const fn octets(self) -> &'static [u8; 2] {
        match self.bits() & 0x03 {
            0 => &[0, 0],
            1 => &[1, 0],
            2 => &[2, 0],
            _ => &[3, 0],
        }
    }
}

/// Returns how many octets the bits of one peer take.
pub(crate) const fn octets_for(extent: &Extent) -> usize {
    let configured = extent.cccds.div_ceil(4);
    configured.saturating_add(extent.cccds.div_ceil(8)).saturating_add(extent.values.div_ceil(8))
}

/// The bits of one peer: every CCCD, the CCCDs that changed, and the host-held values that were
/// written.
///
/// Bits beyond the memory read as zero.
pub(crate) struct Marks<'a> {
    configured: &'a mut [u8],
    changed: &'a mut [u8],
    written: &'a mut [u8],
}

impl<'a> Marks<'a> {
    /// Splits a peer's share into the marks at its start and the rest.
    pub(crate) fn split(share: &'a mut [u8], extent: &Extent) -> (Self, &'a mut [u8]) {
        let (configured, rest) = split(share, extent.cccds.div_ceil(4));
        let (changed, rest) = split(rest, extent.cccds.div_ceil(8));
        let (written, rest) = split(rest, extent.values.div_ceil(8));
        (Self { configured, changed, written }, rest)
    }

    pub(crate) fn configure(&mut self, index: usize, cccd: Cccd) {
        if self::configured(self.configured, index) == cccd {
            return;
        }
        let shift = shift(index);
        if let Some(octet) = self.configured.get_mut(index / 4) {
            *octet = *octet & !(0x03 << shift) | cccd.bits() << shift;
        }
        set(self.changed, index);
    }

    pub(crate) fn mark_written(&mut self, index: usize) {
        set(self.written, index);
    }

    /// Returns whether no mark is left to take.
    pub(crate) fn are_taken(&self) -> bool {
        self.changed.iter().chain(self.written.iter()).all(|&octet| octet == 0)
    }

    /// Takes the first CCCD that changed.
    pub(crate) fn take_changed(&mut self) -> Option<usize> {
        take_first(self.changed)
    }

    /// Takes the first value that was written.
    pub(crate) fn take_written(&mut self) -> Option<usize> {
        take_first(self.written)
    }
}

/// Returns the CCCD of an index, from the start of a peer's share.
#[inline(never)]
pub(crate) fn configured(share: &[u8], index: usize) -> Cccd {
    let octet = share.get(index / 4).copied().unwrap_or_default();
    Cccd::from_bits_truncate(octet >> shift(index))
}

const fn shift(index: usize) -> usize {
    (index % 4) << 1
}

fn split(share: &mut [u8], at: usize) -> (&mut [u8], &mut [u8]) {
    let at = at.min(share.len());
    share.split_at_mut_checked(at).unwrap_or_default()
}

fn set(bits: &mut [u8], index: usize) {
    if let Some(octet) = bits.get_mut(index / 8) {
        *octet |= 1 << (index % 8);
    }
}

fn take_first(bits: &mut [u8]) -> Option<usize> {
    let (at, octet) = bits.iter_mut().enumerate().find(|(_, octet)| **octet != 0)?;
    let bit = octet.trailing_zeros();
    *octet &= octet.wrapping_sub(1);
    at.checked_mul(8)?.checked_add(usize::try_from(bit).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_of_each_kind_stay_apart() {
        let extent = Extent { attributes: 0, arena: 0, cccds: 9, values: 10 };
        assert_eq!(octets_for(&extent), 3 + 2 + 2);
        let mut share = [0; 8];
        let (mut marks, rest) = Marks::split(&mut share, &extent);
        assert_eq!(rest.len(), 1);
        marks.configure(8, Cccd::INDICATE);
        marks.configure(3, Cccd::all());
        marks.configure(5, Cccd::empty());
        marks.mark_written(9);
        assert_eq!(marks.take_changed(), Some(3));
        assert_eq!(marks.take_changed(), Some(8));
        assert_eq!(marks.take_changed(), None);
        assert_eq!(marks.take_written(), Some(9));
        assert_eq!(marks.take_written(), None);
        assert_eq!(configured(&share, 8), Cccd::INDICATE);
        assert_eq!(configured(&share, 3), Cccd::all());
        assert_eq!(configured(&share, 4), Cccd::empty());
        assert_eq!(configured(&share, 400), Cccd::empty());
    }
}
