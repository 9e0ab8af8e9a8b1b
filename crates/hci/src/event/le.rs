use zerocopy::little_endian::{U16, U64};

use super::views;
use crate::{DeviceAddress, Phy, RawHandle, Role, SharedKey, Status};

views! {
    /// A link came up, or failed to. [Vol 4] Part E, 7.7.65.1
    ConnectionComplete {
        /// Success if the link is up.
        status: Status,
        /// The link.
        handle: RawHandle,
        /// Our role.
        role: Role,
        /// The peer.
        peer: DeviceAddress,
        /// Connection interval in units of 1.25 ms.
        interval: U16,
        /// Connection events that the peripheral may skip.
        latency: U16,
        /// Supervision timeout in units of 10 ms.
        timeout: U16,
        /// Accuracy of the central's clock, 0 (500 ppm) to 7 (20 ppm).
        clock_accuracy: u8,
    }

    /// A link came up, or failed to; with the private addresses. [Vol 4] Part E, 7.7.65.10
    EnhancedConnectionComplete {
        /// Success if the link is up.
        status: Status,
        /// The link.
        handle: RawHandle,
        /// Our role.
        role: Role,
        /// The peer; type 2 or 3 if the controller resolved it.
        peer: DeviceAddress,
        /// Our private address; all zeros if none was used.
        local_private_address: [u8; 6],
        /// The peer's private address; all zeros if none was used.
        peer_private_address: [u8; 6],
        /// Connection interval in units of 1.25 ms.
        interval: U16,
        /// Connection events that the peripheral may skip.
        latency: U16,
        /// Supervision timeout in units of 10 ms.
        timeout: U16,
        /// Accuracy of the central's clock, 0 (500 ppm) to 7 (20 ppm).
        clock_accuracy: u8,
    }

    /// A link's parameters changed, or failed to. [Vol 4] Part E, 7.7.65.3
    ConnectionUpdateComplete {
        /// Success if they changed.
        status: Status,
        /// The link.
        handle: RawHandle,
        /// Connection interval in units of 1.25 ms.
        interval: U16,
        /// Connection events that the peripheral may skip.
        latency: U16,
        /// Supervision timeout in units of 10 ms.
        timeout: U16,
    }

    /// A peer reported its features. [Vol 4] Part E, 7.7.65.4
    ReadRemoteFeaturesComplete {
        /// Success if it did.
        status: Status,
        /// The link.
        handle: RawHandle,
        /// Bits of [`crate::cmd::le::LeFeatures`].
        features: U64,
    }

    /// A central encrypts the link, and the controller needs the key. [Vol 4] Part E, 7.7.65.5
    LongTermKeyRequest {
        /// The link.
        handle: RawHandle,
        /// Random Number of the key; 0 for Secure Connections.
        random_number: U64,
        /// Encrypted Diversifier of the key; 0 for Secure Connections.
        encrypted_diversifier: U16,
    }

    /// A peer requests other parameters. [Vol 4] Part E, 7.7.65.6
    RemoteConnectionParameterRequest {
        /// The link.
        handle: RawHandle,
        /// Shortest connection interval in units of 1.25 ms.
        interval_min: U16,
        /// Longest connection interval in units of 1.25 ms.
        interval_max: U16,
        /// Connection events that the peripheral may skip.
        latency: U16,
        /// Supervision timeout in units of 10 ms.
        timeout: U16,
    }

    /// The longest packets of a link changed. [Vol 4] Part E, 7.7.65.7
    DataLengthChange {
        /// The link.
        handle: RawHandle,
        /// Octets, 27 to 251.
        tx_octets: U16,
        /// Microseconds, 328 to 17,040.
        tx_time: U16,
        /// Octets, 27 to 251.
        rx_octets: U16,
        /// Microseconds, 328 to 17,040.
        rx_time: U16,
    }

    /// A key pair was generated. [Vol 4] Part E, 7.7.65.8
    ReadLocalP256PublicKeyComplete {
        /// Success if it was.
        status: Status,
        /// X, then Y, each least significant octet first.
        public_key: [u8; 64],
    }

    /// A shared key was generated. [Vol 4] Part E, 7.7.65.9
    GenerateDhKeyComplete {
        /// Success if it was.
        status: Status,
        /// The key; all 0xff if the peer's public key is invalid.
        key: SharedKey,
    }

    /// A link's PHYs changed, or failed to. [Vol 4] Part E, 7.7.65.12
    PhyUpdateComplete {
        /// Success if they changed.
        status: Status,
        /// The link.
        handle: RawHandle,
        /// PHY to send with.
        tx: Phy,
        /// PHY to receive with.
        rx: Phy,
    }

    /// A set ended, after its time or by a connection. [Vol 4] Part E, 7.7.65.18
    AdvertisingSetTerminated {
        /// Success if a link came up, 0x3c after its time, 0x43 after its events.
        status: Status,
        /// The set.
        set: u8,
        /// The link that came up.
        handle: RawHandle,
        /// Number of extended advertising events that were sent.
        completed_events: u8,
    }

    /// A scanner requested the scan response. [Vol 4] Part E, 7.7.65.19
    ScanRequestReceived {
        /// The set.
        set: u8,
        /// The scanner.
        scanner: DeviceAddress,
    }

    /// Channel selection algorithm of a link. [Vol 4] Part E, 7.7.65.20
    ChannelSelectionAlgorithm {
        /// The link.
        handle: RawHandle,
        /// 0 for algorithm #1, 1 for #2.
        algorithm: u8,
    }
}
