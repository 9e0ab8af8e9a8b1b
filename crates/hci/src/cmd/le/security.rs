use zerocopy::little_endian::{U16, U64};

use crate::{
    RawHandle, SecretKey,
    cmd::{Accepted, HandleReturn, commands, queries},
};

commands! {
    /// Encrypts a link, as the central. Encryption Change or Key Refresh Complete follows. [Vol 4] Part E, 7.8.24
    EnableEncryption = LE_ENABLE_ENCRYPTION -> Accepted {
        /// The link.
        handle: RawHandle,
        /// Random Number of the key; 0 for Secure Connections.
        random_number: U64,
        /// Encrypted Diversifier of the key; 0 for Secure Connections.
        encrypted_diversifier: U16,
        /// The key.
        key: SecretKey,
    }

    /// Provides the key that the central requests. [Vol 4] Part E, 7.8.25
    LongTermKeyRequestReply = LE_LONG_TERM_KEY_REQUEST_REPLY -> HandleReturn {
        /// The link.
        handle: RawHandle,
        /// The key.
        key: SecretKey,
    }

    /// Reports that there is no such key. [Vol 4] Part E, 7.8.26
    LongTermKeyRequestNegativeReply = LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY -> HandleReturn {
        /// The link.
        handle: RawHandle,
    }

    /// Generates the shared key. Generate DHKey Complete follows. [Vol 4] Part E, 7.8.37
    GenerateDhKey = LE_GENERATE_DHKEY -> Accepted {
        /// The peer's public key: X, then Y, each least significant octet first.
        public_key: [u8; 64],
    }

    /// Generates the shared key with a selected private key. Generate DHKey Complete follows. [Vol 4] Part E,
    /// 7.8.37
    GenerateDhKeyV2 = LE_GENERATE_DHKEY_V2 -> Accepted {
        /// The peer's public key: X, then Y, each least significant octet first.
        public_key: [u8; 64],
        /// 0 for the private key of the last key pair, 1 for the debug key.
        key_type: u8,
    }
}

queries! {
    /// Generates a key pair. Read Local P-256 Public Key Complete follows. [Vol 4] Part E, 7.8.36
    ReadLocalP256PublicKey = LE_READ_LOCAL_P256_PUBLIC_KEY -> Accepted;
}
