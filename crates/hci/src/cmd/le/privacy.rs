use zerocopy::little_endian::U16;

use crate::{
    DeviceAddress, PrivacyMode, SecretKey,
    cmd::{Done, commands, queries, returns},
};

commands! {
    /// Adds a peer to the resolving list. [Vol 4] Part E, 7.8.38
    AddToResolvingList = LE_ADD_TO_RESOLVING_LIST -> Done {
        /// The peer's identity address; type 0 or 1.
        peer: DeviceAddress,
        /// The peer's identity resolving key.
        peer_irk: SecretKey,
        /// Our identity resolving key.
        local_irk: SecretKey,
    }

    /// Removes a peer from the resolving list. [Vol 4] Part E, 7.8.39
    RemoveFromResolvingList = LE_REMOVE_FROM_RESOLVING_LIST -> Done {
        /// The peer's identity address; type 0 or 1.
        peer: DeviceAddress,
    }

    /// Reads the private address that a peer of the resolving list uses. [Vol 4] Part E, 7.8.42
    ReadPeerResolvableAddress = LE_READ_PEER_RESOLVABLE_ADDRESS -> ResolvableAddress {
        /// The peer's identity address; type 0 or 1.
        peer: DeviceAddress,
    }

    /// Reads the private address that we use towards a peer of the resolving list. [Vol 4] Part E, 7.8.43
    ReadLocalResolvableAddress = LE_READ_LOCAL_RESOLVABLE_ADDRESS -> ResolvableAddress {
        /// The peer's identity address; type 0 or 1.
        peer: DeviceAddress,
    }

    /// Turns address resolution on (1) or off (0). [Vol 4] Part E, 7.8.44
    SetAddressResolutionEnable = LE_SET_ADDRESS_RESOLUTION_ENABLE -> Done {
        /// 0 or 1.
        enable: u8,
    }

    /// Sets the time after which the controller changes a private address. [Vol 4] Part E, 7.8.45
    SetRpaTimeout = LE_SET_RPA_TIMEOUT -> Done {
        /// Seconds, 1 to 3,600.
        timeout: U16,
    }

    /// Sets whether a peer's identity address is accepted. [Vol 4] Part E, 7.8.77
    SetPrivacyMode = LE_SET_PRIVACY_MODE -> Done {
        /// The peer's identity address; type 0 or 1.
        peer: DeviceAddress,
        /// The mode.
        mode: PrivacyMode,
    }
}

queries! {
    /// Empties the resolving list. [Vol 4] Part E, 7.8.40
    ClearResolvingList = LE_CLEAR_RESOLVING_LIST -> Done;

    /// Reads the size of the resolving list. [Vol 4] Part E, 7.8.41
    ReadResolvingListSize = LE_READ_RESOLVING_LIST_SIZE -> ResolvingListSize;
}

returns! {
    /// Return parameters of [`ReadResolvingListSize`].
    ResolvingListSize {
        /// Number of peers.
        size: u8,
    }

    /// Return parameters of [`ReadPeerResolvableAddress`] and [`ReadLocalResolvableAddress`].
    ResolvableAddress {
        /// Least significant octet first.
        address: [u8; 6],
    }
}
