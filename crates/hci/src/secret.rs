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
}
