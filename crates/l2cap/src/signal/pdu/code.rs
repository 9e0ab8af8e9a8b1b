use bindrune_wire::open_enum;

open_enum! {
    /// Code of a command. [Vol 3] Part A, 4
    pub struct Code(u8) {
        /// Rejects a request that is unknown or refused.
        COMMAND_REJECT = 0x01,
        /// BR/EDR only.
        CONNECTION_REQUEST = 0x02,
        /// BR/EDR only.
        CONNECTION_RESPONSE = 0x03,
        /// BR/EDR only.
        CONFIGURATION_REQUEST = 0x04,
        /// BR/EDR only.
        CONFIGURATION_RESPONSE = 0x05,
        /// Closes a channel.
        DISCONNECTION_REQUEST = 0x06,
        /// A channel is closed.
        DISCONNECTION_RESPONSE = 0x07,
        /// BR/EDR only.
        ECHO_REQUEST = 0x08,
        /// BR/EDR only.
        ECHO_RESPONSE = 0x09,
        /// BR/EDR only.
        INFORMATION_REQUEST = 0x0a,
        /// BR/EDR only.
        INFORMATION_RESPONSE = 0x0b,
        /// A peripheral requests connection parameters.
        PARAMETER_UPDATE_REQUEST = 0x12,
        /// The central's response.
        PARAMETER_UPDATE_RESPONSE = 0x13,
        /// Requests a credit-based channel.
        CREDIT_CONNECTION_REQUEST = 0x14,
        /// Answers a request for a credit-based channel.
        CREDIT_CONNECTION_RESPONSE = 0x15,
        /// Grants credits.
        FLOW_CONTROL_CREDIT = 0x16,
        /// Requests up to five enhanced channels.
        ENHANCED_CONNECTION_REQUEST = 0x17,
        /// Answers a request for enhanced channels.
        ENHANCED_CONNECTION_RESPONSE = 0x18,
        /// Changes the MTU or MPS of enhanced channels.
        RECONFIGURE_REQUEST = 0x19,
        /// Answers a request to reconfigure.
        RECONFIGURE_RESPONSE = 0x1a,
    }
}

impl Code {
    /// Returns whether the command is never answered, not even by a Command Reject. [Vol 3] Part A,
    /// 4.1
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::COMMAND_REJECT
                | Self::CONNECTION_RESPONSE
                | Self::CONFIGURATION_RESPONSE
                | Self::DISCONNECTION_RESPONSE
                | Self::ECHO_RESPONSE
                | Self::INFORMATION_RESPONSE
                | Self::PARAMETER_UPDATE_RESPONSE
                | Self::CREDIT_CONNECTION_RESPONSE
                | Self::FLOW_CONTROL_CREDIT
                | Self::ENHANCED_CONNECTION_RESPONSE
                | Self::RECONFIGURE_RESPONSE
        )
    }
}

open_enum! {
    /// Result of a request for a credit-based channel. [Vol 3] Part A, 4.23
    pub struct ConnectionResult(u16) {
        /// The channel is open.
        SUCCESS = 0x0000,
        /// The device has no listener for this PSM.
        PSM_NOT_SUPPORTED = 0x0002,
        /// No channel or no memory is left.
        NO_RESOURCES = 0x0004,
        /// The link must be authenticated first.
        INSUFFICIENT_AUTHENTICATION = 0x0005,
        /// The application does not allow it.
        INSUFFICIENT_AUTHORIZATION = 0x0006,
        /// The encryption key is too short.
        INSUFFICIENT_KEY_SIZE = 0x0007,
        /// The link must be encrypted first.
        INSUFFICIENT_ENCRYPTION = 0x0008,
        /// The source CID is outside the dynamic range.
        INVALID_SOURCE_CID = 0x0009,
        /// The source CID is in use.
        SOURCE_CID_ALLOCATED = 0x000a,
        /// MTU or MPS is out of range.
        UNACCEPTABLE_PARAMETERS = 0x000b,
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for ConnectionResult {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=u16:#06x}", self.0);
    }
}
