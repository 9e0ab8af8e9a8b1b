//! One bit for each link, or for each channel.

pub(crate) use crate::capability::Mask;

/// Returns the bit of a link or a channel.
pub(crate) const fn bit(index: u8) -> Mask {
    let first: Mask = 1;
    first.wrapping_shl(index as u32)
}

/// Returns the next set bit after `last`; continues with the lowest.
pub(crate) fn next_bit(bits: Mask, last: u8) -> u8 {
    let after = bits & Mask::MAX.checked_shl(u32::from(last).saturating_add(1)).unwrap_or(0);
    let chosen = if after != 0 { after } else { bits };
    u8::try_from(chosen.trailing_zeros()).unwrap_or(u8::MAX)
}

/// Returns the positions of the set bits, the lowest first.
pub(crate) fn indices(mut bits: Mask) -> impl Iterator<Item = u8> {
    core::iter::from_fn(move || {
        let lowest = u8::try_from(bits.trailing_zeros()).ok().filter(|_| bits != 0);
        bits &= bits.wrapping_sub(1);
        lowest
    })
}

#[cfg(test)]
mod tests {
    use super::{Mask, bit, next_bit};

    #[test]
    fn bits_take_turns() {
        let last = u8::try_from(Mask::BITS - 1).unwrap();
        let bits = 1 | 1 << 3 | bit(last);
        assert_eq!([next_bit(bits, 0), next_bit(bits, 3), next_bit(bits, last)], [3, last, 0]);
        assert_eq!(next_bit(1 << 5, 5), 5);
    }
}
