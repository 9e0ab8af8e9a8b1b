use bindrune_wire::Level;

use crate::{ConnectionResult, Psm};

/// The smallest MTU and the smallest MPS. [Vol 3] Part A, 4.22
pub(crate) const MIN_MTU: u16 = 23;

/// The largest MPS. [Vol 3] Part A, 4.22
pub(crate) const MAX_MPS: u16 = 65533;

/// What our end of a channel receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ChannelConfig {
    /// Longest SDU in octets. `None` leaves three packets of the window to the next SDU, so that the peer need not wait
    /// while one is read: `(window - 3) * mps - 2`; with a window below 7, at most three quarters of it. It is never
    /// below 23, the least MTU that there is.
    ///
    /// The peer waits after each SDU that fills the window. A longer SDU than the window holds can be read only chunk
    /// by chunk.
    pub mtu: Option<u16>,
    /// Longest K-frame payload in octets; less where an RX packet holds less.
    pub mps: u16,
    /// RX packets that are reserved for the channel, and so the credits of the peer.
    pub window: u16,
}

impl ChannelConfig {
    /// MPS 247, a window of 8 packets, and an MTU of 1,233 octets.
    pub const DEFAULT: Self = Self { mtu: None, mps: 247, window: 8 };

    /// MTU and MPS where an RX packet holds `frame` octets of a K-frame; `None` where a number is out of range.
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

/// Someone who accepts channels on a PSM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Listener {
    /// The PSM; 0 marks a free place.
    pub psm: Psm,
    /// What our end of each channel receives.
    pub config: ChannelConfig,
    /// How well the link must be protected.
    pub level: Level,
    /// Shortest encryption key in octets, where `level` asks for one.
    pub key_size: u8,
    /// The application decides about each request: [`crate::Channels::requested`].
    pub decides: bool,
}

impl Listener {
    /// A free place.
    pub const FREE: Self = Self::new(Psm(0), ChannelConfig::DEFAULT);

    /// Creates a listener that asks for no security.
    #[must_use]
    pub const fn new(psm: Psm, config: ChannelConfig) -> Self {
        Self { psm, config, level: Level::Open, key_size: 16, decides: false }
    }

    /// Whether a link may open a channel here. [Vol 3] Part C, 10.3.1
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

/// How a link is protected now, and could be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Security {
    /// The level of the link.
    pub level: Level,
    /// Octets of the encryption key; 0 without encryption.
    pub key_size: u8,
    /// The level that encrypting with the peer's stored key would reach.
    pub bond: Option<Level>,
}
