use core::fmt;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Declares octets in commands and events that `Debug` hides.
macro_rules! secrets {
    ($($(#[$meta:meta])* $name:ident[$len:literal];)*) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
        #[repr(transparent)]
        pub struct $name(pub [u8; $len]);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )* };
}

secrets! {
    /// A key of 128 bits, least significant octet first; its `Debug` hides it.
    SecretKey[16];

    /// A shared key of P-256, least significant octet first; its `Debug` hides it.
    SharedKey[32];

    /// A PIN code of BR/EDR, padded with zeros at its end; its `Debug` hides it.
    PinCode[16];

    /// A number of six digits that users enter or compare, least significant octet first; its `Debug` hides it.
    Passkey[4];
}

impl Passkey {
    /// Creates it from its number.
    #[must_use]
    pub const fn new(value: u32) -> Self {
        Self(value.to_le_bytes())
    }

    /// Returns the number; from a controller, it may exceed 999,999.
    #[must_use]
    pub const fn get(self) -> u32 {
        u32::from_le_bytes(self.0)
    }
}
