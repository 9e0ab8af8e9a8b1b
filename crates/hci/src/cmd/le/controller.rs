use zerocopy::little_endian::{U16, U64};

use crate::cmd::{Done, commands, queries, returns};

bitflags::bitflags! {
    /// LE events that the controller may send. [Vol 4] Part E, 7.8.1
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct LeEventMask: u64 {
        /// Connection Complete.
        const CONNECTION_COMPLETE = 1 << 0;
        /// Advertising Report.
        const ADVERTISING_REPORT = 1 << 1;
        /// Connection Update Complete.
        const CONNECTION_UPDATE_COMPLETE = 1 << 2;
        /// Read Remote Features Page 0 Complete.
        const READ_REMOTE_FEATURES_COMPLETE = 1 << 3;
        /// Long Term Key Request.
        const LONG_TERM_KEY_REQUEST = 1 << 4;
        /// Remote Connection Parameter Request.
        const REMOTE_CONNECTION_PARAMETER_REQUEST = 1 << 5;
        /// Data Length Change.
        const DATA_LENGTH_CHANGE = 1 << 6;
        /// Read Local P-256 Public Key Complete.
        const READ_LOCAL_P256_PUBLIC_KEY_COMPLETE = 1 << 7;
        /// Generate DHKey Complete.
        const GENERATE_DHKEY_COMPLETE = 1 << 8;
        /// Enhanced Connection Complete [v1].
        const ENHANCED_CONNECTION_COMPLETE = 1 << 9;
        /// Directed Advertising Report.
        const DIRECTED_ADVERTISING_REPORT = 1 << 10;
        /// PHY Update Complete.
        const PHY_UPDATE_COMPLETE = 1 << 11;
        /// Extended Advertising Report.
        const EXTENDED_ADVERTISING_REPORT = 1 << 12;
        /// Scan Timeout.
        const SCAN_TIMEOUT = 1 << 16;
        /// Advertising Set Terminated.
        const ADVERTISING_SET_TERMINATED = 1 << 17;
        /// Scan Request Received.
        const SCAN_REQUEST_RECEIVED = 1 << 18;
        /// Channel Selection Algorithm.
        const CHANNEL_SELECTION_ALGORITHM = 1 << 19;
        /// The LE events of a controller after Reset.
        const DEFAULT = 0x1f;
    }
}

bitflags::bitflags! {
    /// LE features, page 0. [Vol 6] Part B, 4.6
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct LeFeatures: u64 {
        /// Encryption.
        const ENCRYPTION = 1 << 0;
        /// Connection parameters request procedure.
        const CONNECTION_PARAMETERS_REQUEST = 1 << 1;
        /// Extended reject indication.
        const EXTENDED_REJECT = 1 << 2;
        /// Peripheral-initiated features exchange.
        const PERIPHERAL_FEATURES_EXCHANGE = 1 << 3;
        /// Ping.
        const PING = 1 << 4;
        /// Data packet length extension.
        const DATA_LENGTH_EXTENSION = 1 << 5;
        /// Privacy in the link layer.
        const LL_PRIVACY = 1 << 6;
        /// Extended scanner filter policies.
        const EXTENDED_SCANNER_FILTER = 1 << 7;
        /// 2M PHY.
        const PHY_2M = 1 << 8;
        /// Coded PHY.
        const PHY_CODED = 1 << 11;
        /// Extended advertising.
        const EXTENDED_ADVERTISING = 1 << 12;
        /// Periodic advertising.
        const PERIODIC_ADVERTISING = 1 << 13;
        /// Channel selection algorithm #2.
        const CHANNEL_SELECTION_2 = 1 << 14;
    }
}

commands! {
    /// Selects the LE events that the controller sends. [Vol 4] Part E, 7.8.1
    SetEventMask = LE_SET_EVENT_MASK -> Done {
        /// Bits of [`LeEventMask`].
        mask: U64,
    }

    /// Sets the random address. [Vol 4] Part E, 7.8.4
    SetRandomAddress = LE_SET_RANDOM_ADDRESS -> Done {
        /// Least significant octet first.
        address: [u8; 6],
    }

    /// Encrypts one block with AES-128. [Vol 4] Part E, 7.8.22
    Encrypt = LE_ENCRYPT -> Encrypted {
        /// The key, least significant octet first.
        key: [u8; 16],
        /// The block, least significant octet first.
        plaintext: [u8; 16],
    }
}

queries! {
    /// Reads the buffers for LE. [Vol 4] Part E, 7.8.2
    ReadBufferSize = LE_READ_BUFFER_SIZE -> LeBufferSize;

    /// Reads the buffers for LE, including those for isochronous data. [Vol 4] Part E, 7.8.2
    ReadBufferSizeV2 = LE_READ_BUFFER_SIZE_V2 -> LeBufferSizeV2;

    /// Reads the features of the controller. [Vol 4] Part E, 7.8.3
    ReadLocalSupportedFeatures = LE_READ_LOCAL_SUPPORTED_FEATURES -> LocalLeFeatures;

    /// Reads eight random octets. [Vol 4] Part E, 7.8.23
    Rand = LE_RAND -> Random;

    /// Reads the supported combinations of states and roles. [Vol 4] Part E, 7.8.27
    ReadSupportedStates = LE_READ_SUPPORTED_STATES -> SupportedStates;

    /// Reads the range of transmit power. [Vol 4] Part E, 7.8.74
    ReadTransmitPower = LE_READ_TRANSMIT_POWER -> TransmitPower;
}

returns! {
    /// Return parameters of [`ReadBufferSize`].
    LeBufferSize {
        /// Longest payload of an ACL packet in octets; 0 if the buffers are shared with BR/EDR.
        acl_len: U16,
        /// Number of ACL packets that the controller holds; 0 if the buffers are shared with
        /// BR/EDR.
        acl_count: u8,
    }

    /// Return parameters of [`ReadBufferSizeV2`].
    LeBufferSizeV2 {
        /// Longest payload of an ACL packet in octets; 0 if the buffers are shared with BR/EDR.
        acl_len: U16,
        /// Number of ACL packets that the controller holds; 0 if the buffers are shared with
        /// BR/EDR.
        acl_count: u8,
        /// Longest payload of an isochronous packet in octets.
        iso_len: U16,
        /// Number of isochronous packets that the controller holds.
        iso_count: u8,
    }

    /// Return parameters of [`ReadLocalSupportedFeatures`].
    LocalLeFeatures {
        /// Bits of [`LeFeatures`].
        features: U64,
    }

    /// Return parameters of [`Encrypt`].
    Encrypted {
        /// The block, least significant octet first.
        ciphertext: [u8; 16],
    }

    /// Return parameters of [`Rand`].
    Random {
        /// Random octets.
        octets: [u8; 8],
    }

    /// Return parameters of [`ReadSupportedStates`].
    SupportedStates {
        /// One bit for each combination.
        states: U64,
    }

    /// Return parameters of [`ReadTransmitPower`].
    TransmitPower {
        /// dBm, -127 to 20.
        min: i8,
        /// dBm, -127 to 20.
        max: i8,
    }
}
