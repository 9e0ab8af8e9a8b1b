//! Informational parameters: versions and capabilities of the controller. [Vol 4] Part E, 7.4

use zerocopy::little_endian::{U16, U64};

use super::{queries, returns};

queries! {
    /// Reads versions and manufacturer. [Vol 4] Part E, 7.4.1
    ReadLocalVersion = READ_LOCAL_VERSION -> LocalVersion;

    /// Reads the supported commands. [Vol 4] Part E, 7.4.2
    ReadLocalSupportedCommands = READ_LOCAL_SUPPORTED_COMMANDS -> LocalSupportedCommands;

    /// Reads the LMP features. [Vol 4] Part E, 7.4.3
    ReadLocalSupportedFeatures = READ_LOCAL_SUPPORTED_FEATURES -> LocalSupportedFeatures;

    /// Reads the buffers of BR/EDR, or those shared with LE. [Vol 4] Part E, 7.4.5
    ReadBufferSize = READ_BUFFER_SIZE -> BufferSize;

    /// Reads the public device address. [Vol 4] Part E, 7.4.6
    ReadBdAddr = READ_BD_ADDR -> BdAddr;
}

returns! {
    /// Return parameters of [`ReadLocalVersion`].
    LocalVersion {
        /// HCI version: 6 is 4.0, 9 is 5.0, 12 is 5.3, 14 is 6.0.
        hci_version: u8,
        /// HCI subversion, the vendor's.
        hci_subversion: U16,
        /// LMP version, numbered as the HCI version.
        lmp_version: u8,
        /// Company identifier.
        manufacturer: U16,
        /// LMP subversion, the vendor's.
        lmp_subversion: U16,
    }

    /// Return parameters of [`ReadLocalSupportedCommands`].
    LocalSupportedCommands {
        /// The bits.
        commands: [u8; 64],
    }

    /// Return parameters of [`ReadLocalSupportedFeatures`].
    LocalSupportedFeatures {
        /// LMP features, page 0; see [`LMP_LE_SUPPORTED`].
        features: U64,
    }

    /// Return parameters of [`ReadBufferSize`].
    BufferSize {
        /// Longest payload of an ACL packet in octets.
        acl_len: U16,
        /// Longest payload of a synchronous packet in octets.
        synchronous_len: u8,
        /// Number of ACL packets that the controller holds.
        acl_count: U16,
        /// Number of synchronous packets that the controller holds.
        synchronous_count: U16,
    }

    /// Return parameters of [`ReadBdAddr`].
    BdAddr {
        /// Least significant octet first; all zeros if the controller has none.
        address: [u8; 6],
    }
}

/// LMP feature: BR/EDR is not supported. [Vol 2] Part C, 3.3
pub const LMP_BREDR_NOT_SUPPORTED: u64 = 1 << 37;
/// LMP feature: LE is supported. [Vol 2] Part C, 3.3
pub const LMP_LE_SUPPORTED: u64 = 1 << 38;
