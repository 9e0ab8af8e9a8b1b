use bindrune_wire::open_enum;
use zerocopy::little_endian::U16;

use super::AddressReturn;
use crate::{
    BdAddress, Passkey, PinCode, RawHandle, SecretKey, Status,
    cmd::{Accepted, Done, HandleReturn, commands, queries, returns},
};

commands! {
    /// Provides the link key that the controller requests. [Vol 4] Part E, 7.1.10
    LinkKeyRequestReply = LINK_KEY_REQUEST_REPLY -> AddressReturn {
        /// The peer.
        address: BdAddress,
        /// The key.
        key: SecretKey,
    }

    /// Reports that there is no link key. [Vol 4] Part E, 7.1.11
    LinkKeyRequestNegativeReply = LINK_KEY_REQUEST_NEGATIVE_REPLY -> AddressReturn {
        /// The peer.
        address: BdAddress,
    }

    /// Provides the PIN code of a legacy pairing. [Vol 4] Part E, 7.1.12
    PinCodeRequestReply = PIN_CODE_REQUEST_REPLY -> AddressReturn {
        /// The peer.
        address: BdAddress,
        /// Length of the PIN code in octets, 1 to 16.
        len: u8,
        /// The PIN code.
        pin: PinCode,
    }

    /// Reports that there is no PIN code. [Vol 4] Part E, 7.1.13
    PinCodeRequestNegativeReply = PIN_CODE_REQUEST_NEGATIVE_REPLY -> AddressReturn {
        /// The peer.
        address: BdAddress,
    }

    /// Authenticates the peer. Authentication Complete follows. [Vol 4] Part E, 7.1.15
    AuthenticationRequested = AUTHENTICATION_REQUESTED -> Accepted {
        /// The link.
        handle: RawHandle,
    }

    /// Turns encryption on or off. Encryption Change follows. [Vol 4] Part E, 7.1.16
    SetConnectionEncryption = SET_CONNECTION_ENCRYPTION -> Accepted {
        /// The link.
        handle: RawHandle,
        /// 0 off, 1 on.
        enable: u8,
    }

    /// Reports what this device can do for a pairing. [Vol 4] Part E, 7.1.29
    IoCapabilityRequestReply = IO_CAPABILITY_REQUEST_REPLY -> AddressReturn {
        /// The peer.
        address: BdAddress,
        /// Input and output.
        capability: IoCapability,
        /// Bit 0: data of P-192 received out of band; bit 1: of P-256.
        oob_data_present: u8,
        /// What the pairing must reach.
        requirements: AuthenticationRequirements,
    }

    /// Refuses a pairing. [Vol 4] Part E, 7.1.36
    IoCapabilityRequestNegativeReply = IO_CAPABILITY_REQUEST_NEGATIVE_REPLY -> AddressReturn {
        /// The peer.
        address: BdAddress,
        /// The reason.
        reason: Status,
    }

    /// Confirms that the numbers are equal. [Vol 4] Part E, 7.1.30
    UserConfirmationRequestReply = USER_CONFIRMATION_REQUEST_REPLY -> AddressReturn {
        /// The peer.
        address: BdAddress,
    }

    /// Denies that the numbers are equal. [Vol 4] Part E, 7.1.31
    UserConfirmationRequestNegativeReply
        = USER_CONFIRMATION_REQUEST_NEGATIVE_REPLY -> AddressReturn {
        /// The peer.
        address: BdAddress,
    }

    /// Provides the passkey that the user entered. [Vol 4] Part E, 7.1.32
    UserPasskeyRequestReply = USER_PASSKEY_REQUEST_REPLY -> AddressReturn {
        /// The peer.
        address: BdAddress,
        /// 0 to 999,999.
        passkey: Passkey,
    }

    /// Reports that the user entered no passkey. [Vol 4] Part E, 7.1.33
    UserPasskeyRequestNegativeReply = USER_PASSKEY_REQUEST_NEGATIVE_REPLY -> AddressReturn {
        /// The peer.
        address: BdAddress,
    }

    /// Provides data of P-192 received out of band. [Vol 4] Part E, 7.1.34
    RemoteOobDataRequestReply = REMOTE_OOB_DATA_REQUEST_REPLY -> AddressReturn {
        /// The peer.
        address: BdAddress,
        /// The peer's commitment C.
        commitment: SecretKey,
        /// The peer's random number R.
        random_number: SecretKey,
    }

    /// Reports that there is no data received out of band. [Vol 4] Part E, 7.1.35
    RemoteOobDataRequestNegativeReply = REMOTE_OOB_DATA_REQUEST_NEGATIVE_REPLY -> AddressReturn {
        /// The peer.
        address: BdAddress,
    }

    /// Provides data of P-192 and P-256 received out of band; zeros for what is missing. [Vol 4] Part E, 7.1.53
    RemoteOobExtendedDataRequestReply = REMOTE_OOB_EXTENDED_DATA_REQUEST_REPLY -> AddressReturn {
        /// The peer.
        address: BdAddress,
        /// The peer's commitment C of P-192.
        commitment_192: SecretKey,
        /// The peer's random number R of P-192.
        random_number_192: SecretKey,
        /// The peer's commitment C of P-256.
        commitment_256: SecretKey,
        /// The peer's random number R of P-256.
        random_number_256: SecretKey,
    }

    /// Reports keys pressed to the peer. [Vol 4] Part E, 7.3.63
    SendKeypressNotification = SEND_KEYPRESS_NOTIFICATION -> AddressReturn {
        /// The peer.
        address: BdAddress,
        /// The keypress.
        keypress: Keypress,
    }

    /// Turns Secure Simple Pairing on or off. [Vol 4] Part E, 7.3.59
    WriteSimplePairingMode = WRITE_SIMPLE_PAIRING_MODE -> Done {
        /// 0 off, 1 on.
        enable: u8,
    }

    /// Turns Secure Connections on or off. [Vol 4] Part E, 7.3.92
    WriteSecureConnectionsHostSupport = WRITE_SECURE_CONNECTIONS_HOST_SUPPORT -> Done {
        /// 0 off, 1 on.
        enable: u8,
    }

    /// Sets the longest time without an authenticated packet. [Vol 4] Part E, 7.3.94
    WriteAuthenticatedPayloadTimeout = WRITE_AUTHENTICATED_PAYLOAD_TIMEOUT -> HandleReturn {
        /// The link.
        handle: RawHandle,
        /// In units of 10 ms, at least 1.
        timeout: U16,
    }

    /// Sets the shortest key that the controller accepts. [Vol 4] Part E, 7.3.102
    SetMinEncryptionKeySize = SET_MIN_ENCRYPTION_KEY_SIZE -> Done {
        /// Octets, 1 to 16.
        size: u8,
    }

    /// Reads the length of the key of an encrypted link. [Vol 4] Part E, 7.5.6
    ReadEncryptionKeySize = READ_ENCRYPTION_KEY_SIZE -> EncryptionKeySize {
        /// The link.
        handle: RawHandle,
    }
}

queries! {
    /// Generates data of P-192 to send out of band. [Vol 4] Part E, 7.3.60
    ReadLocalOobData = READ_LOCAL_OOB_DATA -> LocalOobData;

    /// Generates data of P-192 and P-256 to send out of band. [Vol 4] Part E, 7.3.95
    ReadLocalOobExtendedData = READ_LOCAL_OOB_EXTENDED_DATA -> LocalOobExtendedData;
}

returns! {
    /// Return parameters of [`ReadLocalOobData`].
    LocalOobData {
        /// The commitment C.
        commitment: SecretKey,
        /// The random number R.
        random_number: SecretKey,
    }

    /// Return parameters of [`ReadLocalOobExtendedData`].
    LocalOobExtendedData {
        /// The commitment C of P-192.
        commitment_192: SecretKey,
        /// The random number R of P-192.
        random_number_192: SecretKey,
        /// The commitment C of P-256.
        commitment_256: SecretKey,
        /// The random number R of P-256.
        random_number_256: SecretKey,
    }

    /// Return parameters of [`ReadEncryptionKeySize`].
    EncryptionKeySize {
        /// The link.
        handle: RawHandle,
        /// Octets, 1 to 16.
        size: u8,
    }
}

open_enum! {
    /// Input and output of a device. [Vol 4] Part E, 7.1.29
    pub struct IoCapability(u8) {
        /// Only a display.
        DISPLAY_ONLY = 0x00,
        /// A display, and yes and no.
        DISPLAY_YES_NO = 0x01,
        /// Only a keyboard.
        KEYBOARD_ONLY = 0x02,
        /// Nothing.
        NO_INPUT_NO_OUTPUT = 0x03,
    }
}

open_enum! {
    /// What a pairing must reach: bit 0 for protection against a man in the middle. [Vol 4] Part E, 7.1.29
    pub struct AuthenticationRequirements(u8) {
        /// No bond.
        NO_BONDING = 0x00,
        /// No bond; protected.
        NO_BONDING_MITM = 0x01,
        /// Dedicated bonding.
        DEDICATED_BONDING = 0x02,
        /// Dedicated bonding; protected.
        DEDICATED_BONDING_MITM = 0x03,
        /// General bonding.
        GENERAL_BONDING = 0x04,
        /// General bonding; protected.
        GENERAL_BONDING_MITM = 0x05,
    }
}

open_enum! {
    /// A keypress while a passkey is entered. [Vol 4] Part E, 7.3.63
    pub struct Keypress(u8) {
        /// The user began.
        STARTED = 0x00,
        /// A digit was entered.
        DIGIT_ENTERED = 0x01,
        /// A digit was erased.
        DIGIT_ERASED = 0x02,
        /// All digits were erased.
        CLEARED = 0x03,
        /// The user finished.
        COMPLETED = 0x04,
    }
}
