use zerocopy::little_endian::U16;

use super::ConnectionParameters;
use crate::{
    Phy, PhyMask, RawHandle, Status,
    cmd::{Accepted, Done, HandleReturn, commands, queries, returns},
};

commands! {
    /// Changes the parameters of a link. Connection Update Complete follows. [Vol 4] Part E, 7.8.18
    ConnectionUpdate = LE_CONNECTION_UPDATE -> Accepted {
        /// The link.
        handle: RawHandle,
        /// The requested parameters.
        connection: ConnectionParameters,
    }

    /// Reads the channel map of a link. [Vol 4] Part E, 7.8.20
    ReadChannelMap = LE_READ_CHANNEL_MAP -> ChannelMap {
        /// The link.
        handle: RawHandle,
    }

    /// Reads a peer's features. Read Remote Features Complete follows. [Vol 4] Part E, 7.8.21
    ReadRemoteFeatures = LE_READ_REMOTE_FEATURES -> Accepted {
        /// The link.
        handle: RawHandle,
    }

    /// Accepts the parameters that a peer requests. [Vol 4] Part E, 7.8.31
    RemoteConnectionParameterRequestReply =
        LE_REMOTE_CONNECTION_PARAMETER_REQUEST_REPLY -> HandleReturn {
        /// The link.
        handle: RawHandle,
        /// The parameters to use.
        connection: ConnectionParameters,
    }

    /// Refuses the parameters that a peer requests. [Vol 4] Part E, 7.8.32
    RemoteConnectionParameterRequestNegativeReply =
        LE_REMOTE_CONNECTION_PARAMETER_REQUEST_NEGATIVE_REPLY -> HandleReturn {
        /// The link.
        handle: RawHandle,
        /// The reason, such as 0x3b.
        reason: Status,
    }

    /// Sets the longest packets for sending on a link. [Vol 4] Part E, 7.8.33
    SetDataLength = LE_SET_DATA_LENGTH -> HandleReturn {
        /// The link.
        handle: RawHandle,
        /// Octets, 27 to 251.
        tx_octets: U16,
        /// Microseconds, 328 to 17,040.
        tx_time: U16,
    }

    /// Sets the longest packets for sending on new links. [Vol 4] Part E, 7.8.35
    WriteSuggestedDefaultDataLength = LE_WRITE_SUGGESTED_DEFAULT_DATA_LENGTH -> Done {
        /// Octets, 27 to 251.
        tx_octets: U16,
        /// Microseconds, 328 to 17,040.
        tx_time: U16,
    }

    /// Reads the PHYs of a link. [Vol 4] Part E, 7.8.47
    ReadPhy = LE_READ_PHY -> CurrentPhy {
        /// The link.
        handle: RawHandle,
    }

    /// Sets the preferred PHYs of new links. [Vol 4] Part E, 7.8.48
    SetDefaultPhy = LE_SET_DEFAULT_PHY -> Done {
        /// Bit 0: no preference to send; bit 1: no preference to receive.
        no_preference: u8,
        /// PHYs to send with.
        tx: PhyMask,
        /// PHYs to receive with.
        rx: PhyMask,
    }

    /// Sets the preferred PHYs of a link. PHY Update Complete follows. [Vol 4] Part E, 7.8.49
    SetPhy = LE_SET_PHY -> Accepted {
        /// The link.
        handle: RawHandle,
        /// Bit 0: no preference to send; bit 1: no preference to receive.
        no_preference: u8,
        /// PHYs to send with.
        tx: PhyMask,
        /// PHYs to receive with.
        rx: PhyMask,
        /// Coding of LE Coded: 0 any, 1 prefers S=2, 2 prefers S=8.
        options: U16,
    }
}

queries! {
    /// Reads the longest packets for sending on new links. [Vol 4] Part E, 7.8.34
    ReadSuggestedDefaultDataLength =
        LE_READ_SUGGESTED_DEFAULT_DATA_LENGTH -> SuggestedDefaultDataLength;

    /// Reads the longest packets that the controller supports. [Vol 4] Part E, 7.8.46
    ReadMaximumDataLength = LE_READ_MAXIMUM_DATA_LENGTH -> MaximumDataLength;
}

returns! {
    /// Return parameters of [`ReadChannelMap`].
    ChannelMap {
        /// The link.
        handle: RawHandle,
        /// One bit for each of 37 channels.
        map: [u8; 5],
    }

    /// Return parameters of [`ReadSuggestedDefaultDataLength`].
    SuggestedDefaultDataLength {
        /// Octets, 27 to 251.
        tx_octets: U16,
        /// Microseconds, 328 to 17,040.
        tx_time: U16,
    }

    /// Return parameters of [`ReadMaximumDataLength`].
    MaximumDataLength {
        /// Octets, 27 to 251.
        tx_octets: U16,
        /// Microseconds, 328 to 17,040.
        tx_time: U16,
        /// Octets, 27 to 251.
        rx_octets: U16,
        /// Microseconds, 328 to 17,040.
        rx_time: U16,
    }

    /// Return parameters of [`ReadPhy`].
    CurrentPhy {
        /// The link.
        handle: RawHandle,
        /// PHY to send with.
        tx: Phy,
        /// PHY to receive with.
        rx: Phy,
    }
}
