use core::fmt;

/// A connection handle, 0x0000 to 0x0EFF. [Vol 4] Part E, 5.4.2
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Handle(u16);

impl Handle {
    /// The lowest handle.
    pub const MIN: Self = Self(0);
    /// The highest handle that a controller may assign.
    pub const MAX: Self = Self(0x0eff);

    /// Creates a handle; `None` if `value` is out of range.
    #[must_use]
    pub const fn new(value: u16) -> Option<Self> {
        if value <= Self::MAX.0 { Some(Self(value)) } else { None }
    }

    /// Returns the number on the wire.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:03x}", self.0)
    }
}
