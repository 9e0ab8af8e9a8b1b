use bindrune_wire::open_enum;

open_enum! {
    /// Result of a request for a channel. [Vol 3] Part A, 4.3
    pub struct ConnectionResult(u16) {
        /// The channel exists, and is configured next.
        SUCCESS = 0x0000,
        /// The answer follows; the status says why.
        PENDING = 0x0001,
        /// The device has no listener for this PSM.
        PSM_NOT_SUPPORTED = 0x0002,
        /// The security of the link is too low.
        SECURITY_BLOCK = 0x0003,
        /// No channel or no memory is left.
        NO_RESOURCES = 0x0004,
        /// The controller does not exist; only of devices with several controllers.
        CONTROLLER_NOT_SUPPORTED = 0x0005,
        /// The source CID is outside the dynamic range.
        INVALID_SOURCE_CID = 0x0006,
        /// The source CID is in use.
        SOURCE_CID_ALLOCATED = 0x0007,
    }
}

open_enum! {
    /// Why the answer to a request for a channel is pending. [Vol 3] Part A, 4.3
    pub struct ConnectionStatus(u16) {
        /// No further information.
        NONE = 0x0000,
        /// Authentication is pending.
        AUTHENTICATION_PENDING = 0x0001,
        /// Authorization is pending: a user or an application decides.
        AUTHORIZATION_PENDING = 0x0002,
    }
}

open_enum! {
    /// Result of a Configuration Request. [Vol 3] Part A, 4.5
    pub struct ConfigurationResult(u16) {
        /// All options are accepted.
        SUCCESS = 0x0000,
        /// Values are not acceptable; the response has those that are.
        UNACCEPTABLE = 0x0001,
        /// Refused without a reason.
        REJECTED = 0x0002,
        /// Options are not known; the response has them.
        UNKNOWN_OPTIONS = 0x0003,
        /// The answer follows.
        PENDING = 0x0004,
        /// The flow specification is refused.
        FLOW_SPEC_REJECTED = 0x0005,
    }
}

open_enum! {
    /// What an Information Request asks. [Vol 3] Part A, 4.10
    pub struct InformationKind(u16) {
        /// Longest connectionless SDU in octets.
        CONNECTIONLESS_MTU = 0x0001,
        /// Extended features; see [`Features`].
        EXTENDED_FEATURES = 0x0002,
        /// Fixed channels, one bit each.
        FIXED_CHANNELS = 0x0003,
    }
}

open_enum! {
    /// Result of an Information Request. [Vol 3] Part A, 4.11
    pub struct InformationResult(u16) {
        /// The data is the answer.
        SUCCESS = 0x0000,
        /// The device does not support what was asked.
        NOT_SUPPORTED = 0x0001,
    }
}

open_enum! {
    /// Mode of a channel. [Vol 3] Part A, 5.4
    pub struct Mode(u8) {
        /// No retransmission, no flow control.
        BASIC = 0x00,
        /// Retransmission mode of old devices; not supported.
        RETRANSMISSION = 0x01,
        /// Flow control mode of old devices; not supported.
        FLOW_CONTROL = 0x02,
        /// Enhanced Retransmission mode: nothing is lost.
        ENHANCED_RETRANSMISSION = 0x03,
        /// Streaming mode: lost frames are not sent again.
        STREAMING = 0x04,
    }
}

/// Extended features of a device. [Vol 3] Part A, 4.12
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Features(pub u32);

impl Features {
    /// Enhanced Retransmission mode.
    pub const ENHANCED_RETRANSMISSION: Self = Self(1 << 3);
    /// Streaming mode.
    pub const STREAMING: Self = Self(1 << 4);
    /// The option that turns the frame check sequence off.
    pub const FCS: Self = Self(1 << 5);
    /// The device reports its fixed channels.
    pub const FIXED_CHANNELS: Self = Self(1 << 7);

    /// Features of this host.
    pub const OWN: Self = Self(
        Self::ENHANCED_RETRANSMISSION.0 | Self::STREAMING.0 | Self::FCS.0 | Self::FIXED_CHANNELS.0,
    );

    /// Returns whether every feature of `other` is present.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns whether the device supports a mode.
    #[must_use]
    pub const fn has_mode(self, mode: Mode) -> bool {
        match mode {
            Mode::BASIC => true,
            Mode::ENHANCED_RETRANSMISSION => self.contains(Self::ENHANCED_RETRANSMISSION),
            Mode::STREAMING => self.contains(Self::STREAMING),
            _ => false,
        }
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for ConnectionResult {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=u16:#06x}", self.0);
    }
}
