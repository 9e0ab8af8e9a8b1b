//! Bytes that a receiver can check without storing them.

/// A linear congruential generator. The top byte of each step is the next byte.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(u32);

impl Pattern {
    pub(crate) const fn new(seed: u32) -> Self {
        Self(seed)
    }

    pub(crate) fn fill(&mut self, out: &mut [u8]) {
        out.fill_with(|| self.byte());
    }

    const fn byte(&mut self) -> u8 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0.to_be_bytes()[0]
    }
}
