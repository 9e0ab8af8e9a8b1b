use bindrune_hci::{
    AdvertisingEventType, DeviceAddress, Phy,
    event::{AdvertisingReport, ExtendedAdvertisingReport, ExtendedEventType},
};
use bindrune_wire::{
    Address,
    zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned},
};

use crate::AdData;

/// A report of one advertiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report<'a> {
    /// The advertiser; `None` if it is anonymous.
    pub address: Option<Address>,
    /// Whether the controller resolved the advertiser's private address to this identity address.
    pub resolved: bool,
    /// Target address of directed advertising.
    pub direct_address: Option<Address>,
    /// Properties of the advertising.
    pub flags: ReportFlags,
    /// RSSI in dBm, if known.
    pub rssi: Option<i8>,
    /// Transmit power in dBm, if the PDU carries it.
    pub tx_power: Option<i8>,
    /// Advertising SID, if there is one.
    pub sid: Option<u8>,
    /// LE 1M or Coded.
    pub primary_phy: Phy,
    /// PHY of the data of extended PDUs, or none.
    pub secondary_phy: Phy,
    /// Advertising data, scan response, or (if merged) both in sequence.
    pub data: &'a [u8],
}

impl<'a> Report<'a> {
    /// Returns the data as AD structures.
    #[must_use]
    pub const fn ad(&self) -> AdData<'a> {
        AdData::new(self.data)
    }

    /// Returns whether the advertiser accepts connections.
    #[must_use]
    pub const fn is_connectable(&self) -> bool {
        self.flags.contains(ReportFlags::CONNECTABLE)
    }
}

bitflags::bitflags! {
    /// Properties of a report.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct ReportFlags: u8 {
        /// The advertiser accepts connections.
        const CONNECTABLE = 1;
        /// The advertiser has a scan response.
        const SCANNABLE = 1 << 1;
        /// The advertising is for one peer.
        const DIRECTED = 1 << 2;
        /// The data is, or ends with, the scan response.
        const SCAN_RESPONSE = 1 << 3;
        /// The advertiser uses legacy PDUs.
        const LEGACY = 1 << 4;
        /// The data is the advertising data followed by the scan response.
        const MERGED = 1 << 5;
        /// Data is missing at the end.
        const TRUNCATED = 1 << 6;
    }
}

/// A report without its data, in the ring's layout.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[zerocopy(crate = "bindrune_wire::zerocopy")]
#[repr(C)]
pub(super) struct Meta {
    pub(super) address: DeviceAddress,
    direct_address: DeviceAddress,
    pub(super) flags: u8,
    rssi: i8,
    tx_power: i8,
    pub(super) sid: u8,
    primary_phy: Phy,
    secondary_phy: Phy,
}

impl Meta {
    pub(super) fn legacy(report: &AdvertisingReport<'_>) -> Self {
        use ReportFlags as F;
        let flags = match report.event_type {
            AdvertisingEventType::CONNECTABLE => F::CONNECTABLE | F::SCANNABLE,
            AdvertisingEventType::DIRECTED => F::CONNECTABLE | F::DIRECTED,
            AdvertisingEventType::SCANNABLE => F::SCANNABLE,
            AdvertisingEventType::SCAN_RESPONSE => F::SCAN_RESPONSE | F::SCANNABLE,
            _ => F::empty(),
        };
        Self {
            address: report.address,
            direct_address: NO_PEER,
            flags: (flags | F::LEGACY).bits(),
            rssi: report.rssi,
            tx_power: UNKNOWN_POWER,
            sid: NO_SID,
            primary_phy: Phy::LE_1M,
            secondary_phy: Phy::NONE,
        }
    }

    pub(super) fn extended(report: &ExtendedAdvertisingReport<'_>) -> Self {
        let kind = report.event_type;
        let mut flags = ReportFlags::empty();
        for (theirs, ours) in [
            (ExtendedEventType::CONNECTABLE, ReportFlags::CONNECTABLE),
            (ExtendedEventType::SCANNABLE, ReportFlags::SCANNABLE),
            (ExtendedEventType::DIRECTED, ReportFlags::DIRECTED),
            (ExtendedEventType::SCAN_RESPONSE, ReportFlags::SCAN_RESPONSE),
            (ExtendedEventType::LEGACY, ReportFlags::LEGACY),
        ] {
            flags.set(ours, kind.contains(theirs));
        }
        let directed = flags.contains(ReportFlags::DIRECTED);
        Self {
            address: report.address,
            direct_address: if directed { report.direct_address } else { NO_PEER },
            flags: flags.bits(),
            rssi: report.rssi,
            tx_power: report.tx_power,
            sid: report.sid,
            primary_phy: report.primary_phy,
            secondary_phy: report.secondary_phy,
        }
    }

    pub(super) const fn has(&self, flags: ReportFlags) -> bool {
        ReportFlags::from_bits_retain(self.flags).contains(flags)
    }

    pub(super) const fn set(&mut self, flags: ReportFlags) {
        self.flags |= flags.bits();
    }

    pub(super) const fn is_legacy(&self) -> bool {
        self.has(ReportFlags::LEGACY)
    }

    pub(super) const fn is_scan_response(&self) -> bool {
        self.has(ReportFlags::SCAN_RESPONSE)
    }

    /// Updates the signal of the same advertiser, but not its properties.
    pub(super) const fn refresh(&mut self, later: &Self) {
        self.rssi = later.rssi;
    }

    pub(super) fn report(self, data: &[u8]) -> Report<'_> {
        Report {
            address: self.address.get(),
            resolved: self.address.is_resolved(),
            direct_address: self.direct_address.get(),
            flags: ReportFlags::from_bits_retain(self.flags),
            rssi: (self.rssi != UNKNOWN_POWER).then_some(self.rssi),
            tx_power: (self.tx_power != UNKNOWN_POWER).then_some(self.tx_power),
            sid: (self.sid != NO_SID).then_some(self.sid),
            primary_phy: self.primary_phy,
            secondary_phy: self.secondary_phy,
            data,
        }
    }
}

/// No address. [Vol 4] Part E, 7.7.65.13
const NO_PEER: DeviceAddress =
    DeviceAddress { kind: bindrune_hci::AddressType::ANONYMOUS, octets: [0; 6] };
/// RSSI or transmit power is not known.
const UNKNOWN_POWER: i8 = 127;
/// There is no advertising SID.
const NO_SID: u8 = 0xff;
