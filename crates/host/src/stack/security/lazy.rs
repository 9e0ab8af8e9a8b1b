//! The protection of a slot, which is made where it is used.

use core::ops::{Deref, DerefMut};

use super::Protection;

/// [`Protection`] that is not made before it is changed: until then all octets are zero, so that free slots in a `static` take
/// no flash.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a free slot is as large as one that is used")]
#[repr(u8)]
pub(crate) enum Lazy {
    /// As [`Protection::NONE`].
    Unmade = 0,
    Made(Protection),
}

impl Lazy {
    pub(crate) const NONE: Self = Self::Unmade;

    #[cold]
    #[inline(never)]
    fn make(&mut self) {
        *self = Self::Made(Protection::NONE);
    }
}

impl Deref for Lazy {
    type Target = Protection;

    fn deref(&self) -> &Protection {
        match self {
            Self::Unmade => const { &Protection::NONE },
            Self::Made(protection) => protection,
        }
    }
}

impl DerefMut for Lazy {
    #[expect(clippy::unreachable, reason = "the protection was made in the lines before")]
    fn deref_mut(&mut self) -> &mut Protection {
        if matches!(self, Self::Unmade) {
            self.make();
        }
        match self {
            Self::Made(protection) => protection,
            Self::Unmade => unreachable!("it was made"),
        }
    }
}
