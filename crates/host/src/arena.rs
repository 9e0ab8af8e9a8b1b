//! Division of the arena among its users.

use bindrune_gatt::table;
use bindrune_smp::Bond;

use crate::{Config, ConfigError};

/// The shares of the arena.
pub(crate) struct Arena {
    /// Values that the host holds, and append buffers.
    pub(crate) values: &'static mut [u8],
    /// Advertising data and scan responses of all advertising sets.
    pub(crate) advertising: &'static mut [u8],
    /// Advertising reports that wait to be read.
    pub(crate) reports: &'static mut [u8],
    /// Records of bonds.
    pub(crate) bonds: &'static mut [u8],
    /// Subscriptions and prepared writes, a share for each link.
    pub(crate) peers: core::slice::ChunksExactMut<'static, u8>,
    /// Length of each such share.
    pub(crate) peer_octets: usize,
}

impl Arena {
    /// Divides `octets` bytes. Bytes that are not requested go to the prepared writes.
    pub(crate) fn split(
        octets: &'static mut [u8],
        config: &Config,
        links: usize,
    ) -> Result<Self, ConfigError> {
        let have = octets.len();
        let values = table::arena_for(config.services);
        let peer = table::peer_arena_for(config.services, config.prepare_bytes);
        let advertising = config.advertising_bytes.saturating_mul(config.advertising_sets);
        let short = ConfigError::Arena { have, need: config.arena(links) };
        let (values, rest) = octets.split_at_mut_checked(values).ok_or(short)?;
        let (advertising, rest) = rest.split_at_mut_checked(advertising).ok_or(short)?;
        let (reports, rest) = rest.split_at_mut_checked(config.scan_bytes).ok_or(short)?;
        let bonds = config.bonds.saturating_mul(Bond::SIZE);
        let (bonds, rest) = rest.split_at_mut_checked(bonds).ok_or(short)?;
        let peer_octets = rest.len().checked_div(links).unwrap_or_default();
        if peer_octets < peer {
            return Err(short);
        }
        Ok(Self {
            values,
            advertising,
            reports,
            bonds,
            peers: rest.chunks_exact_mut(peer_octets.max(1)),
            peer_octets,
        })
    }
}
