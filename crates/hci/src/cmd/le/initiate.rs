use bindrune_wire::{Malformed, NoRoom, Reader, Writer};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned, little_endian::U16};

use crate::{
    DeviceAddress, FilterPolicy, Opcode, OwnAddressType, PhyMask,
    cmd::{Accepted, Command, Done, commands, queries, returns},
};

commands! {
    /// Connects to a peer, or to any peer of the accept list. Connection Complete follows. [Vol 4] Part E,
    /// 7.8.12
    CreateConnection = LE_CREATE_CONNECTION -> Accepted {
        /// Units of 0.625 ms, 4 to 0x4000.
        scan_interval: U16,
        /// Units of 0.625 ms, 4 to 0x4000, at most the interval.
        scan_window: U16,
        /// `ALL` for `peer`, `SCAN_BY_LIST` (1) for the accept list.
        filter_policy: FilterPolicy,
        /// The peer, if the accept list is not used.
        peer: DeviceAddress,
        /// Type of our address in the request.
        own_address_type: OwnAddressType,
        /// The requested parameters.
        connection: ConnectionParameters,
    }

    /// Adds a peer to the accept list. [Vol 4] Part E, 7.8.16
    AddToFilterAcceptList = LE_ADD_TO_FILTER_ACCEPT_LIST -> Done {
        /// The peer; type 0, 1 or 0xff.
        peer: DeviceAddress,
    }

    /// Removes a peer from the accept list. [Vol 4] Part E, 7.8.17
    RemoveFromFilterAcceptList = LE_REMOVE_FROM_FILTER_ACCEPT_LIST -> Done {
        /// The peer; type 0, 1 or 0xff.
        peer: DeviceAddress,
    }
}

queries! {
    /// Cancels Create Connection, which then completes with status 0x02. [Vol 4] Part E, 7.8.13
    CreateConnectionCancel = LE_CREATE_CONNECTION_CANCEL -> Done;

    /// Reads the size of the accept list. [Vol 4] Part E, 7.8.14
    ReadFilterAcceptListSize = LE_READ_FILTER_ACCEPT_LIST_SIZE -> FilterAcceptListSize;

    /// Empties the accept list. [Vol 4] Part E, 7.8.15
    ClearFilterAcceptList = LE_CLEAR_FILTER_ACCEPT_LIST -> Done;
}

returns! {
    /// Return parameters of [`ReadFilterAcceptListSize`].
    FilterAcceptListSize {
        /// Number of peers.
        size: u8,
    }
}

/// Requested parameters of a connection. [Vol 4] Part E, 7.8.12
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct ConnectionParameters {
    /// Units of 1.25 ms, 6 to 0x0c80.
    pub interval_min: U16,
    /// Units of 1.25 ms, 6 to 0x0c80.
    pub interval_max: U16,
    /// Connection events that the peripheral may skip, 0 to 0x01f3.
    pub latency: U16,
    /// Supervision timeout in units of 10 ms, 0x0a to 0x0c80.
    pub timeout: U16,
    /// Expected length of connection events in units of 0.625 ms.
    pub event_length_min: U16,
    /// Expected length of connection events in units of 0.625 ms.
    pub event_length_max: U16,
}

/// Parameters for scanning for the peer and connecting on one PHY.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct InitiatingPhy {
    /// Units of 0.625 ms, 4 to 0xffff.
    pub scan_interval: U16,
    /// Units of 0.625 ms, 4 to 0xffff, at most the interval.
    pub scan_window: U16,
    /// The requested parameters.
    pub connection: ConnectionParameters,
}

/// Connects with extended commands. Enhanced Connection Complete follows. [Vol 4] Part E, 7.8.66
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtendedCreateConnection {
    /// `ALL` for `peer`, `SCAN_BY_LIST` (1) for the accept list.
    pub filter_policy: FilterPolicy,
    /// Type of our address in the request.
    pub own_address_type: OwnAddressType,
    /// The peer, if the accept list is not used.
    pub peer: DeviceAddress,
    /// Parameters for LE 1M, if it is scanned.
    pub le_1m: Option<InitiatingPhy>,
    /// Parameters for LE 2M, if connections may be made on it; only the connection parameters are used.
    pub le_2m: Option<InitiatingPhy>,
    /// Parameters for LE Coded, if it is scanned.
    pub coded: Option<InitiatingPhy>,
}

impl ExtendedCreateConnection {
    /// Parses the parameters of this command; an unknown PHY is a forbidden value.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the octets end early, are too many, or hold a forbidden value.
    pub fn parse(parameters: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(parameters);
        let filter_policy = FilterPolicy(r.u8()?);
        let own_address_type = OwnAddressType(r.u8()?);
        let peer = *r.view()?;
        let phys = PhyMask(r.u8()?);
        if !PhyMask::all().contains(phys) || phys.is_empty() {
            return Err(Malformed::Value);
        }
        let mut next =
            |phy| phys.contains(phy).then(|| r.view::<InitiatingPhy>().copied()).transpose();
        let le_1m = next(PhyMask::LE_1M)?;
        let le_2m = next(PhyMask::LE_2M)?;
        let coded = next(PhyMask::CODED)?;
        r.finish()?;
        Ok(Self { filter_policy, own_address_type, peer, le_1m, le_2m, coded })
    }
}

impl Command for ExtendedCreateConnection {
    const OPCODE: Opcode = Opcode::LE_EXTENDED_CREATE_CONNECTION;
    type Return = Accepted;

    fn write_parameters(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        let mut phys = PhyMask::empty();
        phys.set(PhyMask::LE_1M, self.le_1m.is_some());
        phys.set(PhyMask::LE_2M, self.le_2m.is_some());
        phys.set(PhyMask::CODED, self.coded.is_some());
        w.bytes(&[self.filter_policy.0, self.own_address_type.0])?;
        w.view(&self.peer)?;
        w.u8(phys.0)?;
        let phys = self.le_1m.iter().chain(&self.le_2m).chain(&self.coded);
        phys.into_iter().try_for_each(|phy| w.view(phy))
    }
}
