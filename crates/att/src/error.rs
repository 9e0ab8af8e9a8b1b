use core::fmt;

use bindrune_wire::open_enum;

open_enum! {
    /// Reason why a request failed. [Vol 3] Part F, 3.4.1.1
    ///
    /// 0x80 to 0x9F are the application's own codes, 0xE0 to 0xFF common profile and service codes.
    pub struct ErrorCode(u8) {
        /// The attribute handle is not valid on this server.
        INVALID_HANDLE = 0x01,
        /// The attribute cannot be read.
        READ_NOT_PERMITTED = 0x02,
        /// The attribute cannot be written.
        WRITE_NOT_PERMITTED = 0x03,
        /// The PDU is malformed.
        INVALID_PDU = 0x04,
        /// The attribute needs authentication.
        INSUFFICIENT_AUTHENTICATION = 0x05,
        /// The server does not support the request.
        REQUEST_NOT_SUPPORTED = 0x06,
        /// The offset is past the end of the value.
        INVALID_OFFSET = 0x07,
        /// The attribute needs authorization.
        INSUFFICIENT_AUTHORIZATION = 0x08,
        /// Too many prepared writes are queued.
        PREPARE_QUEUE_FULL = 0x09,
        /// No attribute was found in the range.
        ATTRIBUTE_NOT_FOUND = 0x0a,
        /// The attribute cannot be read in parts.
        ATTRIBUTE_NOT_LONG = 0x0b,
        /// The encryption key is too short.
        ENCRYPTION_KEY_SIZE_TOO_SHORT = 0x0c,
        /// The length of the value is wrong for the attribute.
        INVALID_ATTRIBUTE_VALUE_LENGTH = 0x0d,
        /// An unlikely error occurred.
        UNLIKELY_ERROR = 0x0e,
        /// The attribute needs encryption.
        INSUFFICIENT_ENCRYPTION = 0x0f,
        /// The attribute type is not a group type of this server.
        UNSUPPORTED_GROUP_TYPE = 0x10,
        /// The server lacks the resources.
        INSUFFICIENT_RESOURCES = 0x11,
        /// The client must find out what changed in the database.
        DATABASE_OUT_OF_SYNC = 0x12,
        /// The value is not allowed.
        VALUE_NOT_ALLOWED = 0x13,
        /// Common profile: the write was refused.
        WRITE_REQUEST_REJECTED = 0xfc,
        /// Common profile: the client characteristic configuration is not suitable.
        CCCD_IMPROPERLY_CONFIGURED = 0xfd,
        /// Common profile: the same procedure is already in progress.
        PROCEDURE_ALREADY_IN_PROGRESS = 0xfe,
        /// Common profile: the value is out of range.
        OUT_OF_RANGE = 0xff,
    }
}

impl ErrorCode {
    /// Returns whether the application defines the code: 0x80 to 0x9F.
    #[must_use]
    pub const fn is_application(self) -> bool {
        matches!(self.0, 0x80..=0x9f)
    }

    /// Returns whether it is a common profile or service code: 0xE0 to 0xFF.
    #[must_use]
    pub const fn is_profile(self) -> bool {
        self.0 >= 0xe0
    }

    const fn text(self) -> &'static str {
        match self {
            Self::INVALID_HANDLE => "invalid handle",
            Self::READ_NOT_PERMITTED => "read not permitted",
            Self::WRITE_NOT_PERMITTED => "write not permitted",
            Self::INVALID_PDU => "invalid PDU",
            Self::INSUFFICIENT_AUTHENTICATION => "insufficient authentication",
            Self::REQUEST_NOT_SUPPORTED => "request not supported",
            Self::INVALID_OFFSET => "invalid offset",
            Self::INSUFFICIENT_AUTHORIZATION => "insufficient authorization",
            Self::PREPARE_QUEUE_FULL => "prepare queue full",
            Self::ATTRIBUTE_NOT_FOUND => "attribute not found",
            Self::ATTRIBUTE_NOT_LONG => "attribute not long",
            Self::ENCRYPTION_KEY_SIZE_TOO_SHORT => "encryption key size too short",
            Self::INVALID_ATTRIBUTE_VALUE_LENGTH => "invalid attribute value length",
            Self::UNLIKELY_ERROR => "unlikely error",
            Self::INSUFFICIENT_ENCRYPTION => "insufficient encryption",
            Self::UNSUPPORTED_GROUP_TYPE => "unsupported group type",
            Self::INSUFFICIENT_RESOURCES => "insufficient resources",
            Self::DATABASE_OUT_OF_SYNC => "database out of sync",
            Self::VALUE_NOT_ALLOWED => "value not allowed",
            Self::WRITE_REQUEST_REJECTED => "write request rejected",
            Self::CCCD_IMPROPERLY_CONFIGURED => "CCCD improperly configured",
            Self::PROCEDURE_ALREADY_IN_PROGRESS => "procedure already in progress",
            Self::OUT_OF_RANGE => "out of range",
            _ if self.is_application() => "application error",
            _ if self.is_profile() => "profile error",
            _ => "reserved error",
        }
    }
}

impl fmt::Display for ErrorCode {
    /// Writes, for example, `attribute not found (0x0a)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (0x{:02x})", self.text(), self.0)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for ErrorCode {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=str} ({=u8:#04x})", self.text(), self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn every_code_has_a_text() {
        assert_eq!(ErrorCode::ATTRIBUTE_NOT_FOUND.to_string(), "attribute not found (0x0a)");
        assert_eq!(ErrorCode(0x80).to_string(), "application error (0x80)");
        assert_eq!(ErrorCode(0x9f).to_string(), "application error (0x9f)");
        assert_eq!(ErrorCode(0xe0).to_string(), "profile error (0xe0)");
        assert_eq!(ErrorCode::OUT_OF_RANGE.to_string(), "out of range (0xff)");
        for code in [0x00, 0x14, 0x7f, 0xa0, 0xdf] {
            assert!(ErrorCode(code).to_string().starts_with("reserved error"));
        }
    }
}
