use zerocopy::little_endian::U16;

use super::views;
use crate::{RawHandle, Status};

views! {
    /// A link ended, or could not be ended. [Vol 4] Part E, 7.7.5
    DisconnectionComplete {
        /// Success where the link ended.
        status: Status,
        /// The link.
        handle: RawHandle,
        /// Why it ended.
        reason: Status,
    }

    /// Encryption of a link was turned on or off. [Vol 4] Part E, 7.7.8
    EncryptionChange {
        /// Success where it changed.
        status: Status,
        /// The link.
        handle: RawHandle,
        /// 0 off, 1 on.
        enabled: u8,
    }

    /// Encryption of a link was turned on or off, with the key's size. [Vol 4] Part E, 7.7.8
    EncryptionChangeV2 {
        /// Success where it changed.
        status: Status,
        /// The link.
        handle: RawHandle,
        /// 0 off, 1 on.
        enabled: u8,
        /// Octets of the key, 7 to 16.
        key_size: u8,
    }

    /// The key of an encrypted link was renewed. [Vol 4] Part E, 7.7.39
    EncryptionKeyRefreshComplete {
        /// Success where it was.
        status: Status,
        /// The link.
        handle: RawHandle,
    }

    /// A peer told its version. [Vol 4] Part E, 7.7.12
    ReadRemoteVersionComplete {
        /// Success where it did.
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
