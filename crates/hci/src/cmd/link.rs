//! Link control and status commands. [Vol 4] Part E, 7.1 and 7.5

use super::{Accepted, commands, returns};
use crate::{RawHandle, Status};

commands! {
    /// Disconnects a link. Answered by Command Status; Disconnection Complete follows. [Vol 4] Part E, 7.1.6
    Disconnect = DISCONNECT -> Accepted {
        /// The link.
        handle: RawHandle,
        /// The reason: 0x05, 0x13 to 0x15, 0x1a, 0x29 or 0x3b.
        reason: Status,
    }

    /// Reads a peer's version. Read Remote Version Information Complete follows. [Vol 4] Part E, 7.1.23
    ReadRemoteVersionInformation = READ_REMOTE_VERSION_INFORMATION -> Accepted {
        /// The link.
        handle: RawHandle,
    }

    /// Reads the signal strength of a link. [Vol 4] Part E, 7.5.4
    ReadRssi = READ_RSSI -> Rssi {
        /// The link.
        handle: RawHandle,
    }
}

returns! {
    /// Return parameters of [`ReadRssi`].
    Rssi {
        /// The link.
        handle: RawHandle,
        /// dBm, -127 to 20; 127 if it cannot be read.
        rssi: i8,
    }
}
