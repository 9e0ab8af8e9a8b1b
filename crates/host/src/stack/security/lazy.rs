//! The protection of a slot, made at its first use.

use core::ops::{Deref, DerefMut};

use super::Protection;

/// [`Protection`] that is made when it is first changed. Until then all its bytes are zero, so that free slots in a
/// `static` take no flash.
#[derive(Debug)]
pub(crate) struct Lazy(Option<Protection>);

impl Lazy {
    /// Reads as [`Protection::NONE`].
    pub(crate) const NONE: Self = Self(None);

    #[cold]
    #[inline(never)]
    fn make(&mut self) {
        self.0 = Some(Protection::NONE);
    }
}

impl Deref for Lazy {
    type Target = Protection;

    #[inline(never)]
    fn deref(&self) -> &Protection {
        self.0.as_ref().unwrap_or(const { &Protection::NONE })
    }
}

impl DerefMut for Lazy {
    #[expect(clippy::unreachable, reason = "the protection was made in the lines before")]
    fn deref_mut(&mut self) -> &mut Protection {
        if self.0.is_none() {
            self.make();
        }
        match &mut self.0 {
            Some(protection) => protection,
            None => unreachable!("it was made"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lazy_is_as_large_as_protection() {
        assert_eq!(size_of::<Lazy>(), size_of::<Protection>());
    }
}
