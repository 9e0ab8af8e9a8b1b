use bindrune_wire::Level;

use crate::{ConnectionResult, Psm};

/// The smallest MTU and the smallest MPS. [Vol 3] Part A, 4.22
pub(crate) const MIN_MTU: u16 = 23;

/// The largest MPS. [Vol 3] Part A, 4.22
pub(crate) const MAX_MPS: u16 = 65533;

/// Receive parameters of our end of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ChannelConfig {
    /// Longest SDU in octets. `None` leaves three packets of the window for the next SDU, so that the peer can go on
    /// while the application reads one: `(window - 3) * mps - 2`; with a window below 7, at most three quarters of it.
    /// The result is never below 23, the smallest MTU.
    ///
    /// If an SDU fills the window, the peer waits after it. An SDU longer than the window can only be read in chunks.
    pub mtu: Option<u16>,
    /// Longest K-frame payload in octets. A smaller RX packet lowers it.
    pub mps: u16,
    /// Number of RX packets that are reserved for the channel; the peer gets as many credits.
    pub window: u16,
}

impl ChannelConfig {
    /// MPS 247, a window of 8 packets, and an MTU of 1,233 octets.
    pub const DEFAULT: Self = Self { mtu: None, mps: 247, window: 8 };

    /// Returns MTU and MPS if an RX packet holds `frame` octets of a K-frame; `None` if a number is out of range.
    pub(crate) fn resolve(&self, frame: u16) -> Option<(u16, u16)> {
        let mps = self.mps.min(frame).min(MAX_MPS);
        let window = u32::from(self.window);
        let most = (window.saturating_mul(3) >> 2).clamp(1, 4);
        let frames = window.saturating_sub(3).max(most);
        let held = u32::from(mps).saturating_mul(frames).saturating_sub(2).max(MIN_MTU.into());
        let mtu = self.mtu.unwrap_or(u16::try_from(held).unwrap_or(u16::MAX));
        (mps >= MIN_MTU && mtu >= MIN_MTU && self.window > 0).then_some((mtu, mps))
    }
}

impl Default for ChannelConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Parameters for accepting channels on a PSM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Listener {
    /// The PSM; 0 marks a free entry.
    pub psm: Psm,
    /// Receive parameters of our end of each channel.
    pub config: ChannelConfig,
    /// Security level that the link must have.
    pub level: Level,
    /// Shortest encryption key in octets, if `level` requires encryption.
    pub key_size: u8,
    /// Whether the application decides about each request: [`crate::Channels::requested`].
    pub decides: bool,
}

impl Listener {
    /// A free entry. All octets are zero.
    pub const FREE: Self = Self {
        psm: Psm(0),
        config: ChannelConfig { mtu: None, mps: 0, window: 0 },
        level: Level::Open,
        key_size: 0,
        decides: false,
    };

    /// Creates a listener that requires no security.
    #[must_use]
    pub const fn new(psm: Psm, config: ChannelConfig) -> Self {
        Self { psm, config, level: Level::Open, key_size: 16, decides: false }
    }

    /// Checks whether a link may open a channel here. [Vol 3] Part C, 10.3.1
    pub(crate) fn admits(&self, security: Security) -> Result<(), ConnectionResult> {
        if self.level == Level::Open {
            return Ok(());
        }
        if security.level == Level::Open && security.bond.is_some_and(|bond| bond >= self.level) {
            return Err(ConnectionResult::INSUFFICIENT_ENCRYPTION);
        }
        if security.level < self.level {
            return Err(ConnectionResult::INSUFFICIENT_AUTHENTICATION);
        }
        if security.key_size < self.key_size {
            return Err(ConnectionResult::INSUFFICIENT_KEY_SIZE);
        }
        Ok(())
    }
}

/// Current security of a link, and the security that it could reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Security {
    /// Current security level of the link.
    pub level: Level,
    /// Length of the encryption key in octets; 0 without encryption.
    pub key_size: u8,
    /// Level that encryption with the peer's stored key would reach.
    pub bond: Option<Level>,
}
