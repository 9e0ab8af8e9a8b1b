use bindrune_wire::{Malformed, NoRoom, Reader, Writer};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned, little_endian::U16};

use crate::{
    DataOperation, DeviceAddress, FilterPolicy, Opcode, OwnAddressType, Phy,
    cmd::{Command, Done, commands, queries, returns},
};

/// The longest fragment of extended advertising data. [Vol 4] Part E, 7.8.54
pub const EXTENDED_FRAGMENT_MAX: usize = 251;

bitflags::bitflags! {
    /// Properties of extended advertising. [Vol 4] Part E, 7.8.53
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct AdvertisingProperties: u16 {
        /// Connectable.
        const CONNECTABLE = 1 << 0;
        /// Scannable.
        const SCANNABLE = 1 << 1;
        /// Directed.
        const DIRECTED = 1 << 2;
        /// Directed at high duty cycle.
        const HIGH_DUTY = 1 << 3;
        /// Uses legacy PDUs.
        const LEGACY = 1 << 4;
        /// Omits the address.
        const ANONYMOUS = 1 << 5;
        /// Includes the transmit power.
        const INCLUDE_TX_POWER = 1 << 6;
    }
}

commands! {
    /// Sets the random address of one set. [Vol 4] Part E, 7.8.52
    SetAdvertisingSetRandomAddress = LE_SET_ADVERTISING_SET_RANDOM_ADDRESS -> Done {
        /// The set, 0 to 0xef.
        set: u8,
        /// Least significant octet first.
        address: [u8; 6],
    }

    /// Creates a set, or changes its parameters. [Vol 4] Part E, 7.8.53
    SetExtendedAdvertisingParameters =
        LE_SET_EXTENDED_ADVERTISING_PARAMETERS -> SelectedTxPower {
        /// The set, 0 to 0xef.
        set: u8,
        /// Bits of [`AdvertisingProperties`].
        properties: U16,
        /// Units of 0.625 ms, from 0x20; see [`interval`].
        interval_min: [u8; 3],
        /// Units of 0.625 ms, from 0x20; see [`interval`].
        interval_max: [u8; 3],
        /// Bit 0 is channel 37, bit 1 38, bit 2 39.
        channels: u8,
        /// Type of our address.
        own_address_type: OwnAddressType,
        /// The peer of directed advertising or of a resolvable own address; type 0 or 1.
        peer: DeviceAddress,
        /// The devices that are served.
        filter_policy: FilterPolicy,
        /// dBm, -127 to 20; 127 leaves the choice to the controller.
        tx_power: i8,
        /// LE 1M or Coded.
        primary_phy: Phy,
        /// Advertising events that auxiliary packets may skip.
        secondary_max_skip: u8,
        /// LE 1M, 2M or Coded.
        secondary_phy: Phy,
        /// Advertising SID, 0 to 15.
        sid: u8,
        /// 1 to report scan requests.
        scan_request_notification: u8,
    }

    /// Removes a set. [Vol 4] Part E, 7.8.59
    RemoveAdvertisingSet = LE_REMOVE_ADVERTISING_SET -> Done {
        /// The set, 0 to 0xef.
        set: u8,
    }
}

queries! {
    /// Reads the maximum length of advertising data. [Vol 4] Part E, 7.8.57
    ReadMaximumAdvertisingDataLength =
        LE_READ_MAXIMUM_ADVERTISING_DATA_LENGTH -> MaximumAdvertisingDataLength;

    /// Reads the number of supported sets; it may change. [Vol 4] Part E, 7.8.58
    ReadNumberOfAdvertisingSets = LE_READ_NUMBER_OF_ADVERTISING_SETS -> NumberOfAdvertisingSets;

    /// Removes all sets. [Vol 4] Part E, 7.8.60
    ClearAdvertisingSets = LE_CLEAR_ADVERTISING_SETS -> Done;
}

returns! {
    /// Return parameters of [`SetExtendedAdvertisingParameters`].
    SelectedTxPower {
        /// dBm, -127 to 20.
        tx_power: i8,
    }

    /// Return parameters of [`ReadMaximumAdvertisingDataLength`].
    MaximumAdvertisingDataLength {
        /// Octets, 31 to 1,650.
        len: U16,
    }

    /// Return parameters of [`ReadNumberOfAdvertisingSets`].
    NumberOfAdvertisingSets {
        /// Number of sets.
        count: u8,
    }
}

/// Returns the three octets of an advertising interval, from units of 0.625 ms (at most 0xffffff).
#[must_use]
pub const fn interval(units: u32) -> [u8; 3] {
    let [a, b, c, _] = units.to_le_bytes();
    [a, b, c]
}

/// Returns units of 0.625 ms, from the three octets of an advertising interval.
#[must_use]
pub const fn interval_units([a, b, c]: [u8; 3]) -> u32 {
    u32::from_le_bytes([a, b, c, 0])
}

/// Sets the data of one set, whole or a fragment. [Vol 4] Part E, 7.8.54
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetExtendedAdvertisingData<'a> {
    /// The set, the operation and the data.
    pub fragment: DataFragment<'a>,
}

/// Sets the scan response data of one set, whole or a fragment. [Vol 4] Part E, 7.8.55
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetExtendedScanResponseData<'a> {
    /// The set, the operation and the data.
    pub fragment: DataFragment<'a>,
}

/// A fragment of extended advertising data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataFragment<'a> {
    /// The set, 0 to 0xef.
    pub set: u8,
    /// The part of the data.
    pub operation: DataOperation,
    /// 0 if the controller may fragment the data on the air, 1 if it should not.
    pub fragment_preference: u8,
    /// At most [`EXTENDED_FRAGMENT_MAX`] octets.
    pub data: &'a [u8],
}

impl<'a> DataFragment<'a> {
    fn parse(parameters: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(parameters);
        let (set, operation, fragment_preference) = (r.u8()?, DataOperation(r.u8()?), r.u8()?);
        let len = usize::from(r.u8()?);
        if len > EXTENDED_FRAGMENT_MAX {
            return Err(Malformed::Value);
        }
        let data = r.bytes(len)?;
        r.finish()?;
        Ok(Self { set, operation, fragment_preference, data })
    }

    fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        if self.data.len() > EXTENDED_FRAGMENT_MAX {
            return Err(NoRoom);
        }
        w.bytes(&[self.set, self.operation.0, self.fragment_preference])?;
        w.u8(u8::try_from(self.data.len()).map_err(|_| NoRoom)?)?;
        w.bytes(self.data)
    }
}

impl<'a> SetExtendedAdvertisingData<'a> {
    /// Parses the parameters of this command.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the octets end early, are too many, or hold a forbidden value.
    pub fn parse(parameters: &'a [u8]) -> Result<Self, Malformed> {
        Ok(Self { fragment: DataFragment::parse(parameters)? })
    }
}

impl<'a> SetExtendedScanResponseData<'a> {
    /// Parses the parameters of this command.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the octets end early, are too many, or hold a forbidden value.
    pub fn parse(parameters: &'a [u8]) -> Result<Self, Malformed> {
        Ok(Self { fragment: DataFragment::parse(parameters)? })
    }
}

impl Command for SetExtendedAdvertisingData<'_> {
    const OPCODE: Opcode = Opcode::LE_SET_EXTENDED_ADVERTISING_DATA;
    type Return = Done;

    fn write_parameters(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        self.fragment.write(w)
    }
}

impl Command for SetExtendedScanResponseData<'_> {
    const OPCODE: Opcode = Opcode::LE_SET_EXTENDED_SCAN_RESPONSE_DATA;
    type Return = Done;

    fn write_parameters(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        self.fragment.write(w)
    }
}

/// Duration of the advertising of one set.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct EnabledSet {
    /// The set, 0 to 0xef.
    pub set: u8,
    /// Units of 10 ms; 0 means until the set is turned off.
    pub duration: U16,
    /// Maximum number of extended advertising events; 0 means no limit.
    pub max_events: u8,
}

/// Turns sets on or off. [Vol 4] Part E, 7.8.56
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetExtendedAdvertisingEnable<'a> {
    /// 0 or 1.
    pub enable: u8,
    /// The sets; an empty list turns all off.
    pub sets: &'a [EnabledSet],
}

impl<'a> SetExtendedAdvertisingEnable<'a> {
    /// Parses the parameters of this command.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the octets end early, are too many, or hold a forbidden value.
    pub fn parse(parameters: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(parameters);
        let (enable, count) = (r.u8()?, r.u8()?);
        let len = usize::from(count).saturating_mul(size_of::<EnabledSet>());
        let sets = r.bytes(len)?;
        r.finish()?;
        let sets = <[EnabledSet]>::ref_from_bytes(sets).map_err(|_| Malformed::Truncated)?;
        Ok(Self { enable, sets })
    }
}

impl Command for SetExtendedAdvertisingEnable<'_> {
    const OPCODE: Opcode = Opcode::LE_SET_EXTENDED_ADVERTISING_ENABLE;
    type Return = Done;

    fn write_parameters(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        w.u8(self.enable)?;
        w.u8(u8::try_from(self.sets.len()).map_err(|_| NoRoom)?)?;
        w.bytes(self.sets.as_bytes())
    }
}
