use bindrune_wire::NoRoom;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned, little_endian::U16};

use crate::{
    AdvertisingType, DeviceAddress, FilterPolicy, OwnAddressType,
    cmd::{Done, commands, queries, returns},
};

commands! {
    /// Sets the parameters of legacy advertising. [Vol 4] Part E, 7.8.5
    SetAdvertisingParameters = LE_SET_ADVERTISING_PARAMETERS -> Done {
        /// Units of 0.625 ms, 0x20 to 0x4000.
        interval_min: U16,
        /// Units of 0.625 ms, 0x20 to 0x4000.
        interval_max: U16,
        /// Type of the advertising.
        kind: AdvertisingType,
        /// Type of our address.
        own_address_type: OwnAddressType,
        /// The peer of directed advertising or of a resolvable own address; type 0 or 1.
        peer: DeviceAddress,
        /// Bit 0 is channel 37, bit 1 38, bit 2 39.
        channels: u8,
        /// The devices that are served.
        filter_policy: FilterPolicy,
    }

    /// Sets the data of legacy advertising. [Vol 4] Part E, 7.8.7
    SetAdvertisingData = LE_SET_ADVERTISING_DATA -> Done {
        /// The data.
        data: LegacyData,
    }

    /// Sets the data of the scan response. [Vol 4] Part E, 7.8.8
    SetScanResponseData = LE_SET_SCAN_RESPONSE_DATA -> Done {
        /// The data.
        data: LegacyData,
    }

    /// Turns legacy advertising on (1) or off (0). [Vol 4] Part E, 7.8.9
    SetAdvertisingEnable = LE_SET_ADVERTISING_ENABLE -> Done {
        /// 0 or 1.
        enable: u8,
    }
}

queries! {
    /// Reads the power of legacy advertising. [Vol 4] Part E, 7.8.6
    ReadAdvertisingTxPower = LE_READ_ADVERTISING_TX_POWER -> AdvertisingTxPower;
}

returns! {
    /// Return parameters of [`ReadAdvertisingTxPower`].
    AdvertisingTxPower {
        /// dBm, -127 to 20.
        level: i8,
    }
}

/// Up to 31 octets of advertising data in a field of fixed size. [Vol 4] Part E, 7.8.7
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct LegacyData {
    len: u8,
    octets: [u8; 31],
}

impl LegacyData {
    /// No data.
    pub const EMPTY: Self = Self { len: 0, octets: [0; 31] };

    /// Creates the field from the data.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if `data` is longer than 31 octets.
    pub fn new(data: &[u8]) -> Result<Self, NoRoom> {
        let mut octets = [0; 31];
        octets.get_mut(..data.len()).ok_or(NoRoom)?.copy_from_slice(data);
        Ok(Self { len: u8::try_from(data.len()).map_err(|_| NoRoom)?, octets })
    }

    /// Returns the significant octets; `None` if the length is above 31, which a controller must refuse.
    #[must_use]
    pub fn get(&self) -> Option<&[u8]> {
        self.octets.get(..usize::from(self.len))
    }
}
