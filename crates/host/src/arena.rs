//! Division of the arena among its users.

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
        let shares = config.shares();
        let short = ConfigError::Arena { have, need: shares.sum(links) };
        let (values, rest) = octets.split_at_mut_checked(shares.values).ok_or(short)?;
        let (advertising, rest) = rest.split_at_mut_checked(shares.advertising).ok_or(short)?;
        let (reports, rest) = rest.split_at_mut_checked(shares.reports).ok_or(short)?;
        let (bonds, rest) = rest.split_at_mut_checked(shares.bonds).ok_or(short)?;
        let peer_octets = rest.len().checked_div(links).unwrap_or_default();
        if peer_octets < shares.peer {
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
