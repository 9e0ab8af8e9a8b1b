//! Settings of BR/EDR, and of its channels.

use bindrune_classic::{
    Config as GapConfig, ScanTiming,
    security::{Config as SecurityConfig, IoCapability, LegacyPairing},
};
use bindrune_hci::ClassOfDevice;
use bindrune_l2cap::classic::{ChannelConfig, pdu::Mode};
use bindrune_wire::Level;
use embassy_time::Duration;

/// Settings of BR/EDR, for [`crate::Host::with_classic`].
///
/// ```
/// use bindrune::{ClassOfDevice, ClassicConfig};
/// const CONFIG: ClassicConfig = ClassicConfig::new().class(ClassOfDevice::new(0x00_1f00));
/// # let _ = CONFIG;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ClassicConfig {
    pub(crate) gap: GapConfig,
    pub(crate) security: SecurityConfig,
}

impl ClassicConfig {
    /// Creates the default settings: a device of unknown class that pairs without a user and keeps the keys.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a const fn for statics")]
    pub const fn new() -> Self {
        let security = SecurityConfig { consent: false, ..SecurityConfig::DEFAULT };
        Self { gap: GapConfig::DEFAULT, security }
    }

    /// Sets the class of this device, which inquiries report. [Vol 3] Part C, 3.2.4
    #[must_use]
    pub const fn class(mut self, class: ClassOfDevice) -> Self {
        self.gap.class = class;
        self
    }

    /// Sets how long a peer is paged before connecting fails: at most 40.9 s, 5.12 s by default.
    /// [Vol 4] Part E, 6.6
    #[must_use]
    pub const fn page_timeout(mut self, timeout: Duration) -> Self {
        self.gap.page_timeout = timeout;
        self
    }

    /// Sets after what time without a packet a link ends: at most 40.9 s, 20 s by default. The central of a link
    /// decides, so it holds for the links that this device makes. [`crate::ClassicConnection::set_supervision_timeout`]
    /// changes that of one link.
    #[must_use]
    pub const fn supervision_timeout(mut self, timeout: Duration) -> Self {
        self.gap.supervision_timeout = timeout;
        self
    }

    /// Requests to be central of links that peers make; off by default. A peer may refuse; then this device is
    /// peripheral.
    ///
    /// The central decides when each side sends. A device with several links is best central of all of them.
    #[must_use]
    pub const fn accept_as_central(mut self, central: bool) -> Self {
        self.gap.become_central = central;
        self
    }

    /// Allows changes of role after a link is up, and lets peers become central of links that this device makes; on by
    /// default. Without it, [`crate::ClassicConnection::switch_role`] also fails.
    #[must_use]
    pub const fn role_switch(mut self, allow: bool) -> Self {
        self.gap.allow_role_switch = allow;
        self
    }

    /// Allows sniff mode, in which both sides of a link sleep between exchanges; on by default, as phones expect it.
    /// Without it, [`crate::ClassicConnection::request_sniff`] also fails.
    #[must_use]
    pub const fn sniff(mut self, allow: bool) -> Self {
        self.gap.allow_sniff = allow;
        self
    }

    /// Sets how often, for how long and in which way this device listens for pages, while it is connectable: by
    /// default 11.25 ms each 1.28 s, interlaced.
    #[must_use]
    pub const fn page_scan(mut self, timing: ScanTiming) -> Self {
        self.gap.page_scan = timing;
        self
    }

    /// Sets how often, for how long and in which way this device listens for inquiries, while it is discoverable: by
    /// default 11.25 ms each 2.56 s, interlaced.
    #[must_use]
    pub const fn inquiry_scan(mut self, timing: ScanTiming) -> Self {
        self.gap.inquiry_scan = timing;
        self
    }

    /// Sets what this device can show and enter, which decides how devices pair. [Vol 3] Part C, 5.2.2.4
    #[must_use]
    pub const fn io_capability(mut self, io: IoCapability) -> Self {
        self.security.io = io;
        self
    }

    /// Requests protection against a man in the middle in each pairing. [Vol 3] Part C, 5.2.2.6
    #[must_use]
    pub const fn mitm(mut self, mitm: bool) -> Self {
        self.security.mitm = mitm;
        self
    }

    /// Asks the user before each pairing, also if there is nothing to compare.
    #[must_use]
    pub const fn consent(mut self, consent: bool) -> Self {
        self.security.consent = consent;
        self
    }

    /// Sets whether Secure Connections is turned on in a controller that has it: P-256 and AES-CCM. On by default; turn
    /// it off only for a controller that does not do it right.
    #[must_use]
    pub const fn secure_connections(mut self, on: bool) -> Self {
        self.gap.secure_connections = on;
        self
    }

    /// Accepts only keys of Secure Connections. [Vol 3] Part C, 5.2.2.8.1
    #[must_use]
    pub const fn only_secure_connections(mut self) -> Self {
        self.security.only_secure_connections = true;
        self
    }

    /// Sets whether to pair by a PIN with peers that know nothing better; off by default.
    /// [Vol 3] Part C, 3.2.3
    #[must_use]
    pub const fn legacy_pairing(mut self, legacy: LegacyPairing) -> Self {
        self.security.legacy = legacy;
        self
    }

    /// Sets the minimum length of encryption keys, 7 to 16 bytes; a link with a shorter key ends.
    #[must_use]
    pub const fn min_key_size(mut self, size: u8) -> Self {
        self.security.min_key_size = size;
        self
    }

    /// Accepts link keys of zeros, and encryption with the key of a bond that the controller has not requested. Only
    /// for tests with emulated controllers, such as rootcanal, which make no keys: such links are open to everyone.
    ///
    /// ```
    /// use bindrune::ClassicConfig;
    /// const ON_AN_EMULATOR: ClassicConfig = ClassicConfig::new().zero_keys();
    /// # let _ = ON_AN_EMULATOR;
    /// ```
    #[must_use]
    pub const fn zero_keys(mut self) -> Self {
        self.security.zero_keys = true;
        self
    }
}

/// Parameters of an L2CAP channel over BR/EDR, for opening one or listening for some.
///
/// ```
/// use bindrune::{ClassicChannelConfig, Level};
/// const LARGE: ClassicChannelConfig = ClassicChannelConfig::ENHANCED.mtu(4096).level(Level::Authenticated);
/// # let _ = LARGE;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassicChannelConfig {
    pub(crate) channel: ChannelConfig,
    pub(crate) level: Level,
}

impl ClassicChannelConfig {
    /// Basic mode, an MTU of 672 bytes, on an encrypted link.
    pub const BASIC: Self = Self { channel: ChannelConfig::BASIC, level: Level::Encrypted };
    /// Enhanced Retransmission mode, if the peer has it: no datagram is lost, also if the reader is slow.
    pub const ENHANCED: Self = Self { channel: ChannelConfig::ENHANCED, ..Self::BASIC };
    /// Streaming mode, if the peer has it: late datagrams are dropped. Set a packet timeout. If the peer requests
    /// Enhanced Retransmission mode, the channel takes that. [Vol 3] Part A, 5.4
    pub const STREAMING: Self = Self { channel: ChannelConfig::STREAMING, ..Self::BASIC };

    /// Sets the longest datagram that this end receives: 48 to 65,535 bytes. [Vol 3] Part A, 5.1
    #[must_use]
    pub const fn mtu(mut self, mtu: u16) -> Self {
        self.channel.mtu = mtu;
        self
    }

    /// Sets the security that the link needs before the channel opens. BR/EDR requires encryption for everything but
    /// the Service Discovery Protocol. [Vol 3] Part C, 5.2.2.8
    #[must_use]
    pub const fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Closes the channel if the peer does not have the mode, instead of using Basic mode. [Vol 3] Part A, 5.4
    #[must_use]
    pub const fn require_mode(mut self) -> Self {
        self.channel.is_mode_required = true;
        self
    }

    /// Also uses any other mode that the peer requests: for example Streaming mode, which loses data, instead of
    /// Enhanced Retransmission mode. Otherwise a peer that requires it gets no channel. Has no effect with
    /// [`Self::require_mode`]. [`ClassicChannel::mode`](crate::ClassicChannel::mode) returns the mode of a channel.
    #[must_use]
    pub const fn accept_any_mode(mut self) -> Self {
        self.channel.takes_any_mode = true;
        self
    }

    /// Sets whether frames have a check sequence. Without it, only if the peer agrees. [Vol 3] Part A, 5.5
    #[must_use]
    pub const fn check_sequence(mut self, on: bool) -> Self {
        self.channel.fcs = on;
        self
    }

    /// Returns the mode.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.channel.mode
    }
}
