use zerocopy::little_endian::{U16, U64};

use super::views;
use crate::{DeviceAddress, Phy, RawHandle, Role, SharedKey, Status};

views! {
    /// A link came up, or did not. [Vol 4] Part E, 7.7.65.1
    ConnectionComplete {
        /// Success where it did.
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

    /// A link came up, or did not; with the private addresses. [Vol 4] Part E, 7.7.65.10
    EnhancedConnectionComplete {
        /// Success where it did.
        status: Status,
        /// The link.
        handle: RawHandle,
        /// Our role.
        role: Role,
        /// The peer; type 2 or 3 where the controller resolved it.
        peer: DeviceAddress,
        /// Our private address, all zeros where none was used.
        local_private_address: [u8; 6],
        /// The peer's private address, all zeros where none was used.
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

    /// A link's parameters changed, or did not. [Vol 4] Part E, 7.7.65.3
    ConnectionUpdateComplete {
        /// Success where they did.
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

    /// A peer told its features. [Vol 4] Part E, 7.7.65.4
    ReadRemoteFeaturesComplete {
        /// Success where it did.
        status: Status,
        /// The link.
        handle: RawHandle,
        /// Bits of [`crate::cmd::le::LeFeatures`].
        features: U64,
    }

    /// A central encrypts the link and the key is wanted. [Vol 4] Part E, 7.7.65.5
    LongTermKeyRequest {
        /// The link.
        handle: RawHandle,
        /// Which key it is; 0 for Secure Connections.
        random_number: U64,
        /// Which key it is; 0 for Secure Connections.
        encrypted_diversifier: U16,
    }

    /// A peer asks for other parameters. [Vol 4] Part E, 7.7.65.6
    RemoteConnectionParameterRequest {
        /// The link.
        handle: RawHandle,
        /// Connection interval in units of 1.25 ms.
        interval_min: U16,
        /// Connection interval in units of 1.25 ms.
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

    /// A key pair was made. [Vol 4] Part E, 7.7.65.8
    ReadLocalP256PublicKeyComplete {
        /// Success where it was.
        status: Status,
        /// X, then Y, each least significant octet first.
        public_key: [u8; 64],
    }

    /// A shared key was made. [Vol 4] Part E, 7.7.65.9
    GenerateDhKeyComplete {
        /// Success where it was.
        status: Status,
        /// The key; all 0xff where the peer's public key is invalid.
        key: SharedKey,
    }

    /// A link's PHYs changed, or did not. [Vol 4] Part E, 7.7.65.12
    PhyUpdateComplete {
        /// Success where they did.
        status: Status,
        /// The link.
        handle: RawHandle,
        /// To send.
        tx: Phy,
        /// To receive.
        rx: Phy,
    }

    /// A set ended, by time or by a connection. [Vol 4] Part E, 7.7.65.18
    AdvertisingSetTerminated {
        /// Success where a link came up, 0x3c after its time, 0x43 after its events.
        status: Status,
        /// The set.
        set: u8,
        /// The link that came up.
        handle: RawHandle,
        /// Extended advertising events that were sent.
        completed_events: u8,
    }

    /// A scanner asked for the scan response. [Vol 4] Part E, 7.7.65.19
    ScanRequestReceived {
        /// The set.
        set: u8,
        /// The scanner.
        scanner: DeviceAddress,
    }

    /// How a link chooses its channels. [Vol 4] Part E, 7.7.65.20
    ChannelSelectionAlgorithm {
        /// The link.
        handle: RawHandle,
        /// 0 for algorithm #1, 1 for #2.
        algorithm: u8,
    }
}
