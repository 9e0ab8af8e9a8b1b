use bindrune_wire::{Malformed, NoRoom, Reader, Writer};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned, little_endian::U16};

use crate::{
    Opcode, OwnAddressType, PhyMask, ScanFilterPolicy,
    cmd::{Command, Done, commands},
};

commands! {
    /// Turns extended scanning on or off. [Vol 4] Part E, 7.8.65
    SetExtendedScanEnable = LE_SET_EXTENDED_SCAN_ENABLE -> Done {
        /// 0 or 1.
        enable: u8,
        /// 0 off, 1 on, 2 reset each period.
        filter_duplicates: u8,
        /// Units of 10 ms; 0 means until scanning is turned off.
        duration: U16,
        /// Units of 1.28 s; 0 means no periods.
        period: U16,
    }
}

/// Scan parameters of one PHY.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct ScanPhy {
    /// 0 passive, 1 active.
    pub active: u8,
    /// Units of 0.625 ms, 4 to 0xffff.
    pub interval: U16,
    /// Units of 0.625 ms, 4 to 0xffff, at most the interval.
    pub window: U16,
}

/// Sets the parameters of extended scanning. [Vol 4] Part E, 7.8.64
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetExtendedScanParameters {
    /// Type of our address in scan requests.
    pub own_address_type: OwnAddressType,
    /// The advertising that is reported.
    pub filter_policy: ScanFilterPolicy,
    /// Parameters for LE 1M, if it is scanned.
    pub le_1m: Option<ScanPhy>,
    /// Parameters for LE Coded, if it is scanned.
    pub coded: Option<ScanPhy>,
}

impl SetExtendedScanParameters {
    /// Parses the parameters of this command; a PHY that cannot be scanned is a forbidden value.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the octets end early, are too many, or hold a forbidden value.
    pub fn parse(parameters: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(parameters);
        let own_address_type = OwnAddressType(r.u8()?);
        let filter_policy = ScanFilterPolicy(r.u8()?);
        let phys = PhyMask(r.u8()?);
        if !(PhyMask::LE_1M | PhyMask::CODED).contains(phys) || phys.is_empty() {
            return Err(Malformed::Value);
        }
        let mut next = |phy| phys.contains(phy).then(|| r.view::<ScanPhy>().copied()).transpose();
        let (le_1m, coded) = (next(PhyMask::LE_1M)?, next(PhyMask::CODED)?);
        r.finish()?;
        Ok(Self { own_address_type, filter_policy, le_1m, coded })
    }
}

impl Command for SetExtendedScanParameters {
    const OPCODE: Opcode = Opcode::LE_SET_EXTENDED_SCAN_PARAMETERS;
    type Return = Done;

    fn write_parameters(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        let mut phys = PhyMask::empty();
        phys.set(PhyMask::LE_1M, self.le_1m.is_some());
        phys.set(PhyMask::CODED, self.coded.is_some());
        w.bytes(&[self.own_address_type.0, self.filter_policy.0, phys.0])?;
        self.le_1m.iter().chain(&self.coded).try_for_each(|phy| w.view(phy))
    }
}
