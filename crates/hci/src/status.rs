use core::fmt;

bindrune_wire::open_enum! {
    /// An HCI error code: status of a command, or reason for the end of a link. [Vol 1] Part F, 1.3
    pub struct Status(u8) {
        /// Success.
        SUCCESS = 0x00,
        /// Unknown HCI command.
        UNKNOWN_COMMAND = 0x01,
        /// Unknown connection identifier.
        UNKNOWN_CONNECTION = 0x02,
        /// Hardware failure.
        HARDWARE_FAILURE = 0x03,
        /// Page timeout.
        PAGE_TIMEOUT = 0x04,
        /// Authentication failure.
        AUTHENTICATION_FAILURE = 0x05,
        /// PIN or key missing.
        KEY_MISSING = 0x06,
        /// Memory capacity exceeded.
        MEMORY_CAPACITY_EXCEEDED = 0x07,
        /// Connection timeout: the supervision timer expired.
        CONNECTION_TIMEOUT = 0x08,
        /// Connection limit exceeded.
        CONNECTION_LIMIT_EXCEEDED = 0x09,
        /// Synchronous connection limit to a device exceeded.
        SYNCHRONOUS_LIMIT_EXCEEDED = 0x0a,
        /// Connection already exists.
        CONNECTION_EXISTS = 0x0b,
        /// Command disallowed in this state.
        COMMAND_DISALLOWED = 0x0c,
        /// Connection rejected: limited resources.
        REJECTED_RESOURCES = 0x0d,
        /// Connection rejected: security reasons.
        REJECTED_SECURITY = 0x0e,
        /// Connection rejected: unacceptable address.
        REJECTED_ADDRESS = 0x0f,
        /// Connection accept timeout exceeded.
        ACCEPT_TIMEOUT = 0x10,
        /// Unsupported feature or parameter value.
        UNSUPPORTED_FEATURE = 0x11,
        /// Invalid HCI command parameters.
        INVALID_PARAMETERS = 0x12,
        /// The remote user ended the connection.
        REMOTE_USER_TERMINATED = 0x13,
        /// The remote device ended the connection: low resources.
        REMOTE_LOW_RESOURCES = 0x14,
        /// The remote device ended the connection: power off.
        REMOTE_POWER_OFF = 0x15,
        /// The local host ended the connection.
        LOCAL_HOST_TERMINATED = 0x16,
        /// Repeated attempts.
        REPEATED_ATTEMPTS = 0x17,
        /// Pairing not allowed.
        PAIRING_NOT_ALLOWED = 0x18,
        /// Unknown LMP PDU.
        UNKNOWN_LMP_PDU = 0x19,
        /// Unsupported remote feature.
        UNSUPPORTED_REMOTE_FEATURE = 0x1a,
        /// SCO offset rejected.
        SCO_OFFSET_REJECTED = 0x1b,
        /// SCO interval rejected.
        SCO_INTERVAL_REJECTED = 0x1c,
        /// SCO air mode rejected.
        SCO_AIR_MODE_REJECTED = 0x1d,
        /// Invalid LMP or LL parameters.
        INVALID_LL_PARAMETERS = 0x1e,
        /// Unspecified error.
        UNSPECIFIED = 0x1f,
        /// Unsupported LMP or LL parameter value.
        UNSUPPORTED_LL_PARAMETER = 0x20,
        /// Role change not allowed.
        ROLE_CHANGE_NOT_ALLOWED = 0x21,
        /// LMP or LL response timeout.
        LL_RESPONSE_TIMEOUT = 0x22,
        /// LMP or LL procedure collision.
        LL_PROCEDURE_COLLISION = 0x23,
        /// LMP PDU not allowed.
        LMP_PDU_NOT_ALLOWED = 0x24,
        /// Encryption mode not acceptable.
        ENCRYPTION_MODE_NOT_ACCEPTABLE = 0x25,
        /// Link key cannot be changed.
        LINK_KEY_CANNOT_CHANGE = 0x26,
        /// Requested quality of service not supported.
        QOS_NOT_SUPPORTED = 0x27,
        /// Instant passed.
        INSTANT_PASSED = 0x28,
        /// Pairing with unit key not supported.
        UNIT_KEY_NOT_SUPPORTED = 0x29,
        /// Different transaction collision.
        DIFFERENT_TRANSACTION_COLLISION = 0x2a,
        /// Quality of service: unacceptable parameter.
        QOS_UNACCEPTABLE = 0x2c,
        /// Quality of service rejected.
        QOS_REJECTED = 0x2d,
        /// Channel classification not supported.
        CHANNEL_CLASSIFICATION_NOT_SUPPORTED = 0x2e,
        /// Insufficient security.
        INSUFFICIENT_SECURITY = 0x2f,
        /// Parameter out of its mandatory range.
        PARAMETER_OUT_OF_RANGE = 0x30,
        /// Role switch pending.
        ROLE_SWITCH_PENDING = 0x32,
        /// Reserved slot violation.
        RESERVED_SLOT_VIOLATION = 0x34,
        /// Role switch failed.
        ROLE_SWITCH_FAILED = 0x35,
        /// Extended inquiry response too large.
        INQUIRY_RESPONSE_TOO_LARGE = 0x36,
        /// Secure simple pairing not supported by the host.
        SIMPLE_PAIRING_NOT_SUPPORTED = 0x37,
        /// Host busy: pairing.
        HOST_BUSY_PAIRING = 0x38,
        /// Connection rejected: no suitable channel found.
        NO_SUITABLE_CHANNEL = 0x39,
        /// Controller busy.
        CONTROLLER_BUSY = 0x3a,
        /// Unacceptable connection parameters.
        UNACCEPTABLE_PARAMETERS = 0x3b,
        /// Advertising timeout.
        ADVERTISING_TIMEOUT = 0x3c,
        /// Connection ended: MIC failure.
        MIC_FAILURE = 0x3d,
        /// Connection failed to be established, or synchronization timeout.
        FAILED_TO_ESTABLISH = 0x3e,
        /// Coarse clock adjustment rejected.
        CLOCK_ADJUSTMENT_REJECTED = 0x40,
        /// Type 0 submap not defined.
        SUBMAP_NOT_DEFINED = 0x41,
        /// Unknown advertising identifier.
        UNKNOWN_ADVERTISING_SET = 0x42,
        /// Limit reached.
        LIMIT_REACHED = 0x43,
        /// Operation cancelled by the host.
        CANCELLED_BY_HOST = 0x44,
        /// Packet too long.
        PACKET_TOO_LONG = 0x45,
        /// Packet too late.
        PACKET_TOO_LATE = 0x46,
        /// Packet too early.
        PACKET_TOO_EARLY = 0x47,
        /// Insufficient channels.
        INSUFFICIENT_CHANNELS = 0x48,
    }
}

impl Status {
    /// Returns whether this is [`Self::SUCCESS`].
    #[must_use]
    pub const fn is_success(self) -> bool {
        self.0 == Self::SUCCESS.0
    }

    /// Returns `Ok` for success, otherwise the status as the error.
    ///
    /// # Errors
    ///
    /// The status, if it is not success.
    pub const fn ok(self) -> Result<(), Self> {
        if self.is_success() { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for Status {
    /// Writes, for example, `connection timeout (0x08)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.name().unwrap_or("UNKNOWN_ERROR").chars() {
            fmt::Write::write_char(f, if c == '_' { ' ' } else { c.to_ascii_lowercase() })?;
        }
        write!(f, " (0x{:02x})", self.0)
    }
}

impl core::error::Error for Status {}

#[cfg(feature = "defmt")]
impl defmt::Format for Status {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Status(0x{=u8:02x})", self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn text_names_the_code() {
        assert_eq!(Status::CONNECTION_TIMEOUT.to_string(), "connection timeout (0x08)");
        assert_eq!(Status(0xee).to_string(), "unknown error (0xee)");
        assert_eq!(Status(0).ok(), Ok(()));
        assert_eq!(Status(2).ok(), Err(Status::UNKNOWN_CONNECTION));
    }
}
