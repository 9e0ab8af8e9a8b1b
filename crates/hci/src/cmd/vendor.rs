//! Vendor commands of Zephyr, which Nordic's controllers have too.

use bindrune_wire::{Malformed, Reader};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::{Done, commands, queries, returns};

queries! {
    /// Reads the random static addresses that were programmed into the chip.
    ReadStaticAddresses = VENDOR_READ_STATIC_ADDRESSES -> StaticAddresses;
}

commands! {
    /// Sets the public device address.
    WriteBdAddr = VENDOR_WRITE_BD_ADDR -> Done {
        /// Least significant octet first.
        address: [u8; 6],
    }
}

returns! {
    /// Return parameters of [`ReadStaticAddresses`]: the count. The addresses follow, see [`static_addresses`].
    StaticAddresses {
        /// Number of [`StaticAddress`] that follow.
        count: u8,
    }
}

/// One address of [`ReadStaticAddresses`].
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct StaticAddress {
    /// Random static address, least significant octet first.
    pub address: [u8; 6],
    /// Its identity root.
    pub identity_root: [u8; 16],
}

/// Returns the addresses in the return parameters of [`ReadStaticAddresses`].
///
/// # Errors
///
/// [`Malformed`] if there are fewer addresses than the count.
pub fn static_addresses(
    parameters: &[u8],
) -> Result<impl Iterator<Item = StaticAddress> + '_, Malformed> {
    let mut r = Reader::new(parameters);
    let count = r.view::<StaticAddresses>()?.count;
    let len = usize::from(count).saturating_mul(size_of::<StaticAddress>());
    let mut r = Reader::new(r.bytes(len)?);
    Ok(core::iter::from_fn(move || r.view::<StaticAddress>().ok().copied()))
}
