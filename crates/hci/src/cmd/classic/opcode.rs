use crate::{Opcode, capability::CLASSIC};

/// Declares opcodes, and their names if the feature `classic` is on.
macro_rules! opcodes {
    ($($(#[$meta:meta])* $name:ident = $value:literal,)*) => {
        impl Opcode {
            $($(#[$meta])* pub const $name: Self = Self($value);)*
        }

        /// Returns the name of an opcode of BR/EDR.
        pub(crate) const fn opcode_name(opcode: Opcode) -> Option<&'static str> {
            if !CLASSIC {
                return None;
            }
            match opcode {
                $(Opcode::$name => Some(stringify!($name)),)*
                _ => None,
            }
        }
    };
}

opcodes! {
    /// Inquiry. [Vol 4] Part E, 7.1.1
    INQUIRY = 0x0401,
    /// Inquiry Cancel. [Vol 4] Part E, 7.1.2
    INQUIRY_CANCEL = 0x0402,
    /// Create Connection. [Vol 4] Part E, 7.1.5
    CREATE_CONNECTION = 0x0405,
    /// Create Connection Cancel. [Vol 4] Part E, 7.1.7
    CREATE_CONNECTION_CANCEL = 0x0408,
    /// Accept Connection Request. [Vol 4] Part E, 7.1.8
    ACCEPT_CONNECTION_REQUEST = 0x0409,
    /// Reject Connection Request. [Vol 4] Part E, 7.1.9
    REJECT_CONNECTION_REQUEST = 0x040a,
    /// Link Key Request Reply. [Vol 4] Part E, 7.1.10
    LINK_KEY_REQUEST_REPLY = 0x040b,
    /// Link Key Request Negative Reply. [Vol 4] Part E, 7.1.11
    LINK_KEY_REQUEST_NEGATIVE_REPLY = 0x040c,
    /// PIN Code Request Reply. [Vol 4] Part E, 7.1.12
    PIN_CODE_REQUEST_REPLY = 0x040d,
    /// PIN Code Request Negative Reply. [Vol 4] Part E, 7.1.13
    PIN_CODE_REQUEST_NEGATIVE_REPLY = 0x040e,
    /// Change Connection Packet Type. [Vol 4] Part E, 7.1.14
    CHANGE_CONNECTION_PACKET_TYPE = 0x040f,
    /// Authentication Requested. [Vol 4] Part E, 7.1.15
    AUTHENTICATION_REQUESTED = 0x0411,
    /// Set Connection Encryption. [Vol 4] Part E, 7.1.16
    SET_CONNECTION_ENCRYPTION = 0x0413,
    /// Remote Name Request. [Vol 4] Part E, 7.1.19
    REMOTE_NAME_REQUEST = 0x0419,
    /// Remote Name Request Cancel. [Vol 4] Part E, 7.1.20
    REMOTE_NAME_REQUEST_CANCEL = 0x041a,
    /// Read Remote Supported Features. [Vol 4] Part E, 7.1.21
    READ_REMOTE_SUPPORTED_FEATURES = 0x041b,
    /// Read Remote Extended Features. [Vol 4] Part E, 7.1.22
    READ_REMOTE_EXTENDED_FEATURES = 0x041c,
    /// Read Clock Offset. [Vol 4] Part E, 7.1.24
    READ_CLOCK_OFFSET = 0x041f,
    /// IO Capability Request Reply. [Vol 4] Part E, 7.1.29
    IO_CAPABILITY_REQUEST_REPLY = 0x042b,
    /// User Confirmation Request Reply. [Vol 4] Part E, 7.1.30
    USER_CONFIRMATION_REQUEST_REPLY = 0x042c,
    /// User Confirmation Request Negative Reply. [Vol 4] Part E, 7.1.31
    USER_CONFIRMATION_REQUEST_NEGATIVE_REPLY = 0x042d,
    /// User Passkey Request Reply. [Vol 4] Part E, 7.1.32
    USER_PASSKEY_REQUEST_REPLY = 0x042e,
    /// User Passkey Request Negative Reply. [Vol 4] Part E, 7.1.33
    USER_PASSKEY_REQUEST_NEGATIVE_REPLY = 0x042f,
    /// Remote OOB Data Request Reply. [Vol 4] Part E, 7.1.34
    REMOTE_OOB_DATA_REQUEST_REPLY = 0x0430,
    /// Remote OOB Data Request Negative Reply. [Vol 4] Part E, 7.1.35
    REMOTE_OOB_DATA_REQUEST_NEGATIVE_REPLY = 0x0433,
    /// IO Capability Request Negative Reply. [Vol 4] Part E, 7.1.36
    IO_CAPABILITY_REQUEST_NEGATIVE_REPLY = 0x0434,
    /// Remote OOB Extended Data Request Reply. [Vol 4] Part E, 7.1.53
    REMOTE_OOB_EXTENDED_DATA_REQUEST_REPLY = 0x0445,
    /// Sniff Mode. [Vol 4] Part E, 7.2.2
    SNIFF_MODE = 0x0803,
    /// Exit Sniff Mode. [Vol 4] Part E, 7.2.3
    EXIT_SNIFF_MODE = 0x0804,
    /// Role Discovery. [Vol 4] Part E, 7.2.7
    ROLE_DISCOVERY = 0x0809,
    /// Switch Role. [Vol 4] Part E, 7.2.8
    SWITCH_ROLE = 0x080b,
    /// Write Link Policy Settings. [Vol 4] Part E, 7.2.10
    WRITE_LINK_POLICY_SETTINGS = 0x080d,
    /// Write Default Link Policy Settings. [Vol 4] Part E, 7.2.12
    WRITE_DEFAULT_LINK_POLICY_SETTINGS = 0x080f,
    /// Set Event Filter. [Vol 4] Part E, 7.3.3
    SET_EVENT_FILTER = 0x0c05,
    /// Delete Stored Link Key. [Vol 4] Part E, 7.3.10
    DELETE_STORED_LINK_KEY = 0x0c12,
    /// Write Local Name. [Vol 4] Part E, 7.3.11
    WRITE_LOCAL_NAME = 0x0c13,
    /// Write Connection Accept Timeout. [Vol 4] Part E, 7.3.14
    WRITE_CONNECTION_ACCEPT_TIMEOUT = 0x0c16,
    /// Write Page Timeout. [Vol 4] Part E, 7.3.16
    WRITE_PAGE_TIMEOUT = 0x0c18,
    /// Write Scan Enable. [Vol 4] Part E, 7.3.18
    WRITE_SCAN_ENABLE = 0x0c1a,
    /// Write Page Scan Activity. [Vol 4] Part E, 7.3.20
    WRITE_PAGE_SCAN_ACTIVITY = 0x0c1c,
    /// Write Inquiry Scan Activity. [Vol 4] Part E, 7.3.22
    WRITE_INQUIRY_SCAN_ACTIVITY = 0x0c1e,
    /// Write Class Of Device. [Vol 4] Part E, 7.3.26
    WRITE_CLASS_OF_DEVICE = 0x0c24,
    /// Read Automatic Flush Timeout. [Vol 4] Part E, 7.3.29
    READ_AUTOMATIC_FLUSH_TIMEOUT = 0x0c27,
    /// Write Automatic Flush Timeout. [Vol 4] Part E, 7.3.30
    WRITE_AUTOMATIC_FLUSH_TIMEOUT = 0x0c28,
    /// Write Link Supervision Timeout. [Vol 4] Part E, 7.3.42
    WRITE_LINK_SUPERVISION_TIMEOUT = 0x0c37,
    /// Write Current IAC LAP. [Vol 4] Part E, 7.3.45
    WRITE_CURRENT_IAC_LAP = 0x0c3a,
    /// Write Inquiry Scan Type. [Vol 4] Part E, 7.3.48
    WRITE_INQUIRY_SCAN_TYPE = 0x0c43,
    /// Write Inquiry Mode. [Vol 4] Part E, 7.3.50
    WRITE_INQUIRY_MODE = 0x0c45,
    /// Write Page Scan Type. [Vol 4] Part E, 7.3.52
    WRITE_PAGE_SCAN_TYPE = 0x0c47,
    /// Write Extended Inquiry Response. [Vol 4] Part E, 7.3.56
    WRITE_EXTENDED_INQUIRY_RESPONSE = 0x0c52,
    /// Write Simple Pairing Mode. [Vol 4] Part E, 7.3.59
    WRITE_SIMPLE_PAIRING_MODE = 0x0c56,
    /// Read Local OOB Data. [Vol 4] Part E, 7.3.60
    READ_LOCAL_OOB_DATA = 0x0c57,
    /// Enhanced Flush. [Vol 4] Part E, 7.3.66
    ENHANCED_FLUSH = 0x0c5f,
    /// Send Keypress Notification. [Vol 4] Part E, 7.3.63
    SEND_KEYPRESS_NOTIFICATION = 0x0c60,
    /// Write LE Host Support. [Vol 4] Part E, 7.3.79
    WRITE_LE_HOST_SUPPORT = 0x0c6d,
    /// Write Secure Connections Host Support. [Vol 4] Part E, 7.3.92
    WRITE_SECURE_CONNECTIONS_HOST_SUPPORT = 0x0c7a,
    /// Write Authenticated Payload Timeout. [Vol 4] Part E, 7.3.94
    WRITE_AUTHENTICATED_PAYLOAD_TIMEOUT = 0x0c7c,
    /// Read Local OOB Extended Data. [Vol 4] Part E, 7.3.95
    READ_LOCAL_OOB_EXTENDED_DATA = 0x0c7d,
    /// Set Min Encryption Key Size. [Vol 4] Part E, 7.3.102
    SET_MIN_ENCRYPTION_KEY_SIZE = 0x0c84,
    /// Read Local Extended Features. [Vol 4] Part E, 7.4.4
    READ_LOCAL_EXTENDED_FEATURES = 0x1004,
    /// Read Encryption Key Size. [Vol 4] Part E, 7.5.6
    READ_ENCRYPTION_KEY_SIZE = 0x1408,
}
