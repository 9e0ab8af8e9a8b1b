use bindrune_wire::open_enum;

open_enum! {
    /// Code of an event. [Vol 4] Part E, 7.7
    pub struct EventCode(u8) {
        /// Disconnection Complete.
        DISCONNECTION_COMPLETE = 0x05,
        /// Encryption Change [v1].
        ENCRYPTION_CHANGE = 0x08,
        /// Read Remote Version Information Complete.
        READ_REMOTE_VERSION_COMPLETE = 0x0c,
        /// Command Complete.
        COMMAND_COMPLETE = 0x0e,
        /// Command Status.
        COMMAND_STATUS = 0x0f,
        /// Hardware Error.
        HARDWARE_ERROR = 0x10,
        /// Number Of Completed Packets.
        NUMBER_OF_COMPLETED_PACKETS = 0x13,
        /// Data Buffer Overflow.
        DATA_BUFFER_OVERFLOW = 0x1a,
        /// Encryption Key Refresh Complete.
        ENCRYPTION_KEY_REFRESH_COMPLETE = 0x30,
        /// LE Meta: a [`Subevent`] follows.
        LE_META = 0x3e,
        /// Encryption Change [v2].
        ENCRYPTION_CHANGE_V2 = 0x59,
        /// A vendor event.
        VENDOR = 0xff,
    } else super::classic::code_name
}

open_enum! {
    /// Subevent code of an LE Meta event. [Vol 4] Part E, 7.7.65
    pub struct Subevent(u8) {
        /// Connection Complete.
        CONNECTION_COMPLETE = 0x01,
        /// Advertising Report.
        ADVERTISING_REPORT = 0x02,
        /// Connection Update Complete.
        CONNECTION_UPDATE_COMPLETE = 0x03,
        /// Read Remote Features Page 0 Complete.
        READ_REMOTE_FEATURES_COMPLETE = 0x04,
        /// Long Term Key Request.
        LONG_TERM_KEY_REQUEST = 0x05,
        /// Remote Connection Parameter Request.
        REMOTE_CONNECTION_PARAMETER_REQUEST = 0x06,
        /// Data Length Change.
        DATA_LENGTH_CHANGE = 0x07,
        /// Read Local P-256 Public Key Complete.
        READ_LOCAL_P256_PUBLIC_KEY_COMPLETE = 0x08,
        /// Generate DHKey Complete.
        GENERATE_DHKEY_COMPLETE = 0x09,
        /// Enhanced Connection Complete [v1].
        ENHANCED_CONNECTION_COMPLETE = 0x0a,
        /// Directed Advertising Report.
        DIRECTED_ADVERTISING_REPORT = 0x0b,
        /// PHY Update Complete.
        PHY_UPDATE_COMPLETE = 0x0c,
        /// Extended Advertising Report.
        EXTENDED_ADVERTISING_REPORT = 0x0d,
        /// Scan Timeout.
        SCAN_TIMEOUT = 0x11,
        /// Advertising Set Terminated.
        ADVERTISING_SET_TERMINATED = 0x12,
        /// Scan Request Received.
        SCAN_REQUEST_RECEIVED = 0x13,
        /// Channel Selection Algorithm.
        CHANNEL_SELECTION_ALGORITHM = 0x14,
    }
}
