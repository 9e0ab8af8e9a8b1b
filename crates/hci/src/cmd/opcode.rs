use bindrune_wire::open_enum;

open_enum! {
    /// A command's opcode. [Vol 4] Part E, 5.4.1
    pub struct Opcode(u16) {
        /// No operation: Command Complete for it only updates the credits. [Vol 4] Part E, 4.4
        NOP = 0x0000,
        /// Disconnect. [Vol 4] Part E, 7.1.6
        DISCONNECT = 0x0406,
        /// Read Remote Version Information. [Vol 4] Part E, 7.1.23
        READ_REMOTE_VERSION_INFORMATION = 0x041d,
        /// Set Event Mask. [Vol 4] Part E, 7.3.1
        SET_EVENT_MASK = 0x0c01,
        /// Reset. [Vol 4] Part E, 7.3.2
        RESET = 0x0c03,
        /// Read Transmit Power Level. [Vol 4] Part E, 7.3.35
        READ_TRANSMIT_POWER_LEVEL = 0x0c2d,
        /// Set Controller To Host Flow Control. [Vol 4] Part E, 7.3.38
        SET_CONTROLLER_TO_HOST_FLOW_CONTROL = 0x0c31,
        /// Host Buffer Size. [Vol 4] Part E, 7.3.39
        HOST_BUFFER_SIZE = 0x0c33,
        /// Host Number Of Completed Packets. [Vol 4] Part E, 7.3.40
        HOST_NUMBER_OF_COMPLETED_PACKETS = 0x0c35,
        /// Set Event Mask Page 2. [Vol 4] Part E, 7.3.69
        SET_EVENT_MASK_PAGE_2 = 0x0c63,
        /// Read Local Version Information. [Vol 4] Part E, 7.4.1
        READ_LOCAL_VERSION = 0x1001,
        /// Read Local Supported Commands. [Vol 4] Part E, 7.4.2
        READ_LOCAL_SUPPORTED_COMMANDS = 0x1002,
        /// Read Local Supported Features. [Vol 4] Part E, 7.4.3
        READ_LOCAL_SUPPORTED_FEATURES = 0x1003,
        /// Read Buffer Size. [Vol 4] Part E, 7.4.5
        READ_BUFFER_SIZE = 0x1005,
        /// Read BD_ADDR. [Vol 4] Part E, 7.4.6
        READ_BD_ADDR = 0x1009,
        /// Read RSSI. [Vol 4] Part E, 7.5.4
        READ_RSSI = 0x1405,
        /// LE Set Event Mask. [Vol 4] Part E, 7.8.1
        LE_SET_EVENT_MASK = 0x2001,
        /// LE Read Buffer Size [v1]. [Vol 4] Part E, 7.8.2
        LE_READ_BUFFER_SIZE = 0x2002,
        /// LE Read Local Supported Features Page 0. [Vol 4] Part E, 7.8.3
        LE_READ_LOCAL_SUPPORTED_FEATURES = 0x2003,
        /// LE Set Random Address. [Vol 4] Part E, 7.8.4
        LE_SET_RANDOM_ADDRESS = 0x2005,
        /// LE Set Advertising Parameters. [Vol 4] Part E, 7.8.5
        LE_SET_ADVERTISING_PARAMETERS = 0x2006,
        /// LE Read Advertising Physical Channel Tx Power. [Vol 4] Part E, 7.8.6
        LE_READ_ADVERTISING_TX_POWER = 0x2007,
        /// LE Set Advertising Data. [Vol 4] Part E, 7.8.7
        LE_SET_ADVERTISING_DATA = 0x2008,
        /// LE Set Scan Response Data. [Vol 4] Part E, 7.8.8
        LE_SET_SCAN_RESPONSE_DATA = 0x2009,
        /// LE Set Advertising Enable. [Vol 4] Part E, 7.8.9
        LE_SET_ADVERTISING_ENABLE = 0x200a,
        /// LE Set Scan Parameters. [Vol 4] Part E, 7.8.10
        LE_SET_SCAN_PARAMETERS = 0x200b,
        /// LE Set Scan Enable. [Vol 4] Part E, 7.8.11
        LE_SET_SCAN_ENABLE = 0x200c,
        /// LE Create Connection. [Vol 4] Part E, 7.8.12
        LE_CREATE_CONNECTION = 0x200d,
        /// LE Create Connection Cancel. [Vol 4] Part E, 7.8.13
        LE_CREATE_CONNECTION_CANCEL = 0x200e,
        /// LE Read Filter Accept List Size. [Vol 4] Part E, 7.8.14
        LE_READ_FILTER_ACCEPT_LIST_SIZE = 0x200f,
        /// LE Clear Filter Accept List. [Vol 4] Part E, 7.8.15
        LE_CLEAR_FILTER_ACCEPT_LIST = 0x2010,
        /// LE Add Device To Filter Accept List. [Vol 4] Part E, 7.8.16
        LE_ADD_TO_FILTER_ACCEPT_LIST = 0x2011,
        /// LE Remove Device From Filter Accept List. [Vol 4] Part E, 7.8.17
        LE_REMOVE_FROM_FILTER_ACCEPT_LIST = 0x2012,
        /// LE Connection Update. [Vol 4] Part E, 7.8.18
        LE_CONNECTION_UPDATE = 0x2013,
        /// LE Read Channel Map. [Vol 4] Part E, 7.8.20
        LE_READ_CHANNEL_MAP = 0x2015,
        /// LE Read Remote Features Page 0. [Vol 4] Part E, 7.8.21
        LE_READ_REMOTE_FEATURES = 0x2016,
        /// LE Encrypt. [Vol 4] Part E, 7.8.22
        LE_ENCRYPT = 0x2017,
        /// LE Rand. [Vol 4] Part E, 7.8.23
        LE_RAND = 0x2018,
        /// LE Enable Encryption. [Vol 4] Part E, 7.8.24
        LE_ENABLE_ENCRYPTION = 0x2019,
        /// LE Long Term Key Request Reply. [Vol 4] Part E, 7.8.25
        LE_LONG_TERM_KEY_REQUEST_REPLY = 0x201a,
        /// LE Long Term Key Request Negative Reply. [Vol 4] Part E, 7.8.26
        LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY = 0x201b,
        /// LE Read Supported States. [Vol 4] Part E, 7.8.27
        LE_READ_SUPPORTED_STATES = 0x201c,
        /// LE Remote Connection Parameter Request Reply. [Vol 4] Part E, 7.8.31
        LE_REMOTE_CONNECTION_PARAMETER_REQUEST_REPLY = 0x2020,
        /// LE Remote Connection Parameter Request Negative Reply. [Vol 4] Part E, 7.8.32
        LE_REMOTE_CONNECTION_PARAMETER_REQUEST_NEGATIVE_REPLY = 0x2021,
        /// LE Set Data Length. [Vol 4] Part E, 7.8.33
        LE_SET_DATA_LENGTH = 0x2022,
        /// LE Read Suggested Default Data Length. [Vol 4] Part E, 7.8.34
        LE_READ_SUGGESTED_DEFAULT_DATA_LENGTH = 0x2023,
        /// LE Write Suggested Default Data Length. [Vol 4] Part E, 7.8.35
        LE_WRITE_SUGGESTED_DEFAULT_DATA_LENGTH = 0x2024,
        /// LE Read Local P-256 Public Key. [Vol 4] Part E, 7.8.36
        LE_READ_LOCAL_P256_PUBLIC_KEY = 0x2025,
        /// LE Generate DHKey [v1]. [Vol 4] Part E, 7.8.37
        LE_GENERATE_DHKEY = 0x2026,
        /// LE Add Device To Resolving List. [Vol 4] Part E, 7.8.38
        LE_ADD_TO_RESOLVING_LIST = 0x2027,
        /// LE Remove Device From Resolving List. [Vol 4] Part E, 7.8.39
        LE_REMOVE_FROM_RESOLVING_LIST = 0x2028,
        /// LE Clear Resolving List. [Vol 4] Part E, 7.8.40
        LE_CLEAR_RESOLVING_LIST = 0x2029,
        /// LE Read Resolving List Size. [Vol 4] Part E, 7.8.41
        LE_READ_RESOLVING_LIST_SIZE = 0x202a,
        /// LE Read Peer Resolvable Address. [Vol 4] Part E, 7.8.42
        LE_READ_PEER_RESOLVABLE_ADDRESS = 0x202b,
        /// LE Read Local Resolvable Address. [Vol 4] Part E, 7.8.43
        LE_READ_LOCAL_RESOLVABLE_ADDRESS = 0x202c,
        /// LE Set Address Resolution Enable. [Vol 4] Part E, 7.8.44
        LE_SET_ADDRESS_RESOLUTION_ENABLE = 0x202d,
        /// LE Set Resolvable Private Address Timeout. [Vol 4] Part E, 7.8.45
        LE_SET_RPA_TIMEOUT = 0x202e,
        /// LE Read Maximum Data Length. [Vol 4] Part E, 7.8.46
        LE_READ_MAXIMUM_DATA_LENGTH = 0x202f,
        /// LE Read PHY. [Vol 4] Part E, 7.8.47
        LE_READ_PHY = 0x2030,
        /// LE Set Default PHY. [Vol 4] Part E, 7.8.48
        LE_SET_DEFAULT_PHY = 0x2031,
        /// LE Set PHY. [Vol 4] Part E, 7.8.49
        LE_SET_PHY = 0x2032,
        /// LE Set Advertising Set Random Address. [Vol 4] Part E, 7.8.52
        LE_SET_ADVERTISING_SET_RANDOM_ADDRESS = 0x2035,
        /// LE Set Extended Advertising Parameters [v1]. [Vol 4] Part E, 7.8.53
        LE_SET_EXTENDED_ADVERTISING_PARAMETERS = 0x2036,
        /// LE Set Extended Advertising Data. [Vol 4] Part E, 7.8.54
        LE_SET_EXTENDED_ADVERTISING_DATA = 0x2037,
        /// LE Set Extended Scan Response Data. [Vol 4] Part E, 7.8.55
        LE_SET_EXTENDED_SCAN_RESPONSE_DATA = 0x2038,
        /// LE Set Extended Advertising Enable. [Vol 4] Part E, 7.8.56
        LE_SET_EXTENDED_ADVERTISING_ENABLE = 0x2039,
        /// LE Read Maximum Advertising Data Length. [Vol 4] Part E, 7.8.57
        LE_READ_MAXIMUM_ADVERTISING_DATA_LENGTH = 0x203a,
        /// LE Read Number Of Supported Advertising Sets. [Vol 4] Part E, 7.8.58
        LE_READ_NUMBER_OF_ADVERTISING_SETS = 0x203b,
        /// LE Remove Advertising Set. [Vol 4] Part E, 7.8.59
        LE_REMOVE_ADVERTISING_SET = 0x203c,
        /// LE Clear Advertising Sets. [Vol 4] Part E, 7.8.60
        LE_CLEAR_ADVERTISING_SETS = 0x203d,
        /// LE Set Extended Scan Parameters. [Vol 4] Part E, 7.8.64
        LE_SET_EXTENDED_SCAN_PARAMETERS = 0x2041,
        /// LE Set Extended Scan Enable. [Vol 4] Part E, 7.8.65
        LE_SET_EXTENDED_SCAN_ENABLE = 0x2042,
        /// LE Extended Create Connection [v1]. [Vol 4] Part E, 7.8.66
        LE_EXTENDED_CREATE_CONNECTION = 0x2043,
        /// LE Read Transmit Power. [Vol 4] Part E, 7.8.74
        LE_READ_TRANSMIT_POWER = 0x204b,
        /// LE Set Privacy Mode. [Vol 4] Part E, 7.8.77
        LE_SET_PRIVACY_MODE = 0x204e,
        /// LE Generate DHKey [v2]. [Vol 4] Part E, 7.8.37
        LE_GENERATE_DHKEY_V2 = 0x205e,
        /// LE Read Buffer Size [v2]. [Vol 4] Part E, 7.8.2
        LE_READ_BUFFER_SIZE_V2 = 0x2060,
        /// Zephyr: Write BD_ADDR.
        VENDOR_WRITE_BD_ADDR = 0xfc06,
        /// Zephyr: Read Static Addresses.
        VENDOR_READ_STATIC_ADDRESSES = 0xfc09,
    } else super::classic::opcode_name
}

impl Opcode {
    /// Creates an opcode from the opcode group and command fields.
    #[must_use]
    pub const fn new(ogf: u8, ocf: u16) -> Self {
        Self((ogf as u16) << 10 | (ocf & 0x03ff))
    }

    /// Returns the opcode group field; 0x3f is for vendors.
    #[must_use]
    pub const fn ogf(self) -> u8 {
        let [_, high] = self.0.to_le_bytes();
        high >> 2
    }

    /// Returns the opcode command field.
    #[must_use]
    pub const fn ocf(self) -> u16 {
        self.0 & 0x03ff
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Opcode {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Opcode(0x{=u16:04x})", self.0);
    }
}
