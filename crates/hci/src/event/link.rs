use zerocopy::little_endian::U16;

use super::views;
use crate::{RawHandle, Status};

views! {
    /// A link ended, or failed to end. [Vol 4] Part E, 7.7.5
    DisconnectionComplete {
        /// Success if the link ended.
        status: Status,
        /// The link.
        handle: RawHandle,
        /// Reason of the end.
        reason: Status,
    }

    /// Encryption of a link was turned on or off. [Vol 4] Part E, 7.7.8
    EncryptionChange {
        /// Success if it changed.
        status: Status,
        /// The link.
        handle: RawHandle,
        /// 0 off, 1 on.
        enabled: u8,
    }

    /// Encryption of a link was turned on or off, with the key's size. [Vol 4] Part E, 7.7.8
    EncryptionChangeV2 {
        /// Success if it changed.
        status: Status,
        /// The link.
        handle: RawHandle,
        /// 0 off, 1 on.
        enabled: u8,
        /// Length of the key in octets, 7 to 16.
        key_size: u8,
    }

    /// The key of an encrypted link was renewed. [Vol 4] Part E, 7.7.39
    EncryptionKeyRefreshComplete {
        /// Success if it was renewed.
        status: Status,
        /// The link.
        handle: RawHandle,
    }

    /// A peer reported its version. [Vol 4] Part E, 7.7.12
    ReadRemoteVersionComplete {
        /// Success if it did.
        status: Status,
        /// The link.
        handle: RawHandle,
        /// Link layer version: 6 is 4.0, 9 is 5.0, 12 is 5.3, 14 is 6.0.
        version: u8,
        /// Company identifier.
        manufacturer: U16,
        /// Subversion, the vendor's.
        subversion: U16,
    }
}
