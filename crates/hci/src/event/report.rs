use bindrune_wire::{Malformed, NoRoom, Reader, Writer, open_enum};

use super::{EventCode, Subevent, views, write_packet};
use crate::{AdvertisingEventType, DeviceAddress, Phy};

/// One legacy advertising report. [Vol 4] Part E, 7.7.65.2
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdvertisingReport<'a> {
    /// Type of the received PDU.
    pub event_type: AdvertisingEventType,
    /// The advertiser; type 2 or 3 if the controller resolved it.
    pub address: DeviceAddress,
    /// Advertising or scan response data, up to 31 octets.
    pub data: &'a [u8],
    /// dBm, -127 to 20; 127 if it is unknown.
    pub rssi: i8,
}

views! {
    /// One report of directed advertising to a private address. [Vol 4] Part E, 7.7.65.11
    DirectedAdvertisingReport {
        /// Always directed.
        event_type: AdvertisingEventType,
        /// The advertiser.
        address: DeviceAddress,
        /// Target of the advertising; type 0xfe if the controller could not resolve it.
        direct_address: DeviceAddress,
        /// dBm, -127 to 20; 127 if it is unknown.
        rssi: i8,
    }
}

/// One report of extended or legacy advertising. [Vol 4] Part E, 7.7.65.13
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtendedAdvertisingReport<'a> {
    /// Properties of the received advertising.
    pub event_type: ExtendedEventType,
    /// Whether more of the data follows.
    pub data_status: DataStatus,
    /// The advertiser; type 0xff if it is anonymous.
    pub address: DeviceAddress,
    /// LE 1M or Coded.
    pub primary_phy: Phy,
    /// The PHY of the auxiliary packets, or none.
    pub secondary_phy: Phy,
    /// Advertising SID, 0 to 15; 0xff if there is none.
    pub sid: u8,
    /// dBm, -127 to 20; 127 if it is unknown.
    pub tx_power: i8,
    /// dBm, -127 to 20; 127 if it is unknown.
    pub rssi: i8,
    /// Interval of periodic advertising in units of 1.25 ms; 0 if there is none.
    pub periodic_interval: u16,
    /// Target of directed advertising.
    pub direct_address: DeviceAddress,
    /// Advertising or scan response data, up to 229 octets.
    pub data: &'a [u8],
}

bitflags::bitflags! {
    /// Properties in an extended report. [Vol 4] Part E, 7.7.65.13
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ExtendedEventType: u16 {
        /// Connectable.
        const CONNECTABLE = 1 << 0;
        /// Scannable.
        const SCANNABLE = 1 << 1;
        /// Directed.
        const DIRECTED = 1 << 2;
        /// A scan response.
        const SCAN_RESPONSE = 1 << 3;
        /// Uses legacy PDUs.
        const LEGACY = 1 << 4;
    }
}

open_enum! {
    /// Whether a report's data is complete. [Vol 4] Part E, 7.7.65.13
    pub struct DataStatus(u8) {
        /// Complete, or the last part.
        COMPLETE = 0x00,
        /// More data follows.
        MORE = 0x01,
        /// Truncated: the rest of the data will not follow.
        TRUNCATED = 0x02,
    }
}

impl<'a> AdvertisingReport<'a> {
    fn read(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let event_type = AdvertisingEventType(r.u8()?);
        let address = *r.view()?;
        let len = r.u8()?;
        let data = r.bytes(len.into())?;
        Ok(Self { event_type, address, data, rssi: r.i8()? })
    }

    fn emit(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        w.u8(self.event_type.0)?;
        w.view(&self.address)?;
        w.u8(u8::try_from(self.data.len()).map_err(|_| NoRoom)?)?;
        w.bytes(self.data)?;
        w.view(&self.rssi)
    }
}

impl DirectedAdvertisingReport {
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.view().copied()
    }

    fn emit(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        w.view(self)
    }
}

/// Position of the data status in the event type of an extended report.
const DATA_STATUS_SHIFT: u32 = 5;
const DATA_STATUS_MASK: u16 = 0b11 << DATA_STATUS_SHIFT;

impl<'a> ExtendedAdvertisingReport<'a> {
    fn read(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let kind = r.u16()?;
        let [status, _] = (kind >> DATA_STATUS_SHIFT & 0b11).to_le_bytes();
        let mut report = Self {
            event_type: ExtendedEventType::from_bits_retain(kind & !DATA_STATUS_MASK),
            data_status: DataStatus(status),
            address: *r.view()?,
            primary_phy: Phy(r.u8()?),
            secondary_phy: Phy(r.u8()?),
            sid: r.u8()?,
            tx_power: r.i8()?,
            rssi: r.i8()?,
            periodic_interval: r.u16()?,
            direct_address: *r.view()?,
            data: &[],
        };
        let len = r.u8()?;
        report.data = r.bytes(len.into())?;
        Ok(report)
    }

    fn emit(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        let status = u16::from(self.data_status.0 & 0b11) << DATA_STATUS_SHIFT;
        w.u16(self.event_type.bits() & !DATA_STATUS_MASK | status)?;
        w.view(&self.address)?;
        w.bytes(&[self.primary_phy.0, self.secondary_phy.0, self.sid])?;
        w.view(&[self.tx_power, self.rssi])?;
        w.u16(self.periodic_interval)?;
        w.view(&self.direct_address)?;
        w.u8(u8::try_from(self.data.len()).map_err(|_| NoRoom)?)?;
        w.bytes(self.data)
    }
}

/// Declares the list of reports of one event. The reports follow one another whole, as controllers send them.
macro_rules! reports {
    ($($(#[$meta:meta])* $name:ident of $report:ty, $subevent:ident;)*) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name<'a> {
            /// The number of reports, followed by the reports.
            octets: &'a [u8],
        }

        impl<'a> $name<'a> {
            /// Parses the event's parameters, and checks every report, so that [`Self::iter`] meets no error.
            pub(super) fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
                let mut r = Reader::new(octets);
                let count = r.u8()?;
                if count == 0 {
                    return Err(Malformed::Value);
                }
                for _ in 0..count {
                    <$report>::read(&mut r)?;
                }
                r.finish()?;
                Ok(Self { octets })
            }

            /// Returns the reports, in order.
            pub fn iter(&self) -> impl Iterator<Item = $report> + use<'a> {
                let mut r = Reader::new(self.octets.get(1..).unwrap_or_default());
                core::iter::from_fn(move || <$report>::read(&mut r).ok())
            }

            /// Writes a whole event packet with `reports`. After an error, a part may have been written.
            ///
            /// # Errors
            ///
            /// [`NoRoom`] if the buffer is too small.
            pub fn write_event(reports: &[$report], w: &mut Writer<'_>) -> Result<(), NoRoom> {
                write_packet(w, EventCode::LE_META, |w| {
                    w.u8(Subevent::$subevent.0)?;
                    w.u8(u8::try_from(reports.len()).map_err(|_| NoRoom)?)?;
                    reports.iter().try_for_each(|report| report.emit(w))
                })
            }

            pub(super) const fn as_bytes(&self) -> &'a [u8] {
                self.octets
            }
        }
    )* };
}

reports! {
    /// The reports of an LE Advertising Report event; at least one. [Vol 4] Part E, 7.7.65.2
    AdvertisingReports of AdvertisingReport<'a>, ADVERTISING_REPORT;

    /// The reports of an LE Directed Advertising Report event; at least one. [Vol 4] Part E, 7.7.65.11
    DirectedAdvertisingReports of DirectedAdvertisingReport, DIRECTED_ADVERTISING_REPORT;

    /// The reports of an LE Extended Advertising Report event; at least one. [Vol 4] Part E, 7.7.65.13
    ExtendedAdvertisingReports of ExtendedAdvertisingReport<'a>, EXTENDED_ADVERTISING_REPORT;
}
