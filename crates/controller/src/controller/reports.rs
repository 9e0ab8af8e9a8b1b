//! Advertising reports. [Vol 4] Part E, 7.7.65.2, 7.7.65.13

use bindrune_hci::{
    AdvertisingEventType, DeviceAddress, Phy,
    event::{
        AdvertisingReport, AdvertisingReports, DataStatus, EVENT_MAX, EventCode,
        ExtendedAdvertisingReport, ExtendedAdvertisingReports, ExtendedEventType, Subevent,
    },
};
use bindrune_wire::{NoRoom, Writer};

use super::Controller;
use crate::{
    advertise::{AdvertisingPdu, Data, Offer},
    scan::{Sighting, sid},
};

/// An advertiser as a scanner received it.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    pub(crate) event_type: ExtendedEventType,
    pub(crate) address: DeviceAddress,
    pub(crate) sid: u8,
    /// The version of the data, by which an extended scanner recognizes duplicates.
    pub(crate) version: u16,
    directed: Option<DeviceAddress>,
    secondary_phy: Phy,
    tx_power: i8,
    rssi: i8,
    data: &'a [u8],
}

impl<'a> Report<'a> {
    pub(crate) fn advertisement(pdu: &'a AdvertisingPdu, sighting: Sighting, rssi: i8) -> Self {
        Self::new(pdu, sighting, rssi, &pdu.set.data)
    }

    pub(crate) fn scan_response(pdu: &'a AdvertisingPdu, sighting: Sighting, rssi: i8) -> Self {
        let mut report = Self::new(pdu, sighting, rssi, &pdu.set.response);
        report.event_type |= ExtendedEventType::SCAN_RESPONSE;
        report
    }

    fn new(pdu: &'a AdvertisingPdu, sighting: Sighting, rssi: i8, data: &'a Data) -> Self {
        let set = &pdu.set;
        let offer: &Offer = &set.offer;
        let mut event_type = ExtendedEventType::empty();
        event_type.set(ExtendedEventType::CONNECTABLE, offer.connectable);
        event_type.set(ExtendedEventType::SCANNABLE, offer.scannable);
        event_type.set(ExtendedEventType::DIRECTED, offer.directed.is_some());
        event_type.set(ExtendedEventType::LEGACY, offer.legacy);
        Self {
            event_type,
            address: sighting.peer.device(),
            sid: sid(pdu),
            version: data.version,
            directed: sighting.target,
            secondary_phy: if offer.legacy { Phy::NONE } else { set.secondary_phy },
            tx_power: if offer.include_tx_power { set.tx_power } else { UNKNOWN_POWER },
            rssi,
            data: &data.octets,
        }
    }

    fn legacy_type(&self) -> AdvertisingEventType {
        let is = |bit| self.event_type.contains(bit);
        if is(ExtendedEventType::SCAN_RESPONSE) {
            AdvertisingEventType::SCAN_RESPONSE
        } else if is(ExtendedEventType::DIRECTED) {
            AdvertisingEventType::DIRECTED
        } else if is(ExtendedEventType::CONNECTABLE) {
            AdvertisingEventType::CONNECTABLE
        } else if is(ExtendedEventType::SCANNABLE) {
            AdvertisingEventType::SCANNABLE
        } else {
            AdvertisingEventType::NON_CONNECTABLE
        }
    }

    fn legacy(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        let report = AdvertisingReport {
            event_type: self.legacy_type(),
            address: self.address,
            data: self.data,
            rssi: self.rssi,
        };
        AdvertisingReports::write_event(&[report], w)
    }

    /// Sends one event, with a part of the data.
    fn extended(
        &self,
        data: &[u8],
        data_status: DataStatus,
        w: &mut Writer<'_>,
    ) -> Result<(), NoRoom> {
        let report = ExtendedAdvertisingReport {
            event_type: self.event_type,
            data_status,
            address: self.address,
            primary_phy: Phy::LE_1M,
            secondary_phy: self.secondary_phy,
            sid: self.sid,
            tx_power: self.tx_power,
            rssi: self.rssi,
            periodic_interval: 0,
            direct_address: self.directed.unwrap_or(DeviceAddress::NONE),
            data,
        };
        ExtendedAdvertisingReports::write_event(&[report], w)
    }
}

impl Controller {
    /// Reports an advertiser to the host, in extended or legacy reports.
    pub(crate) fn report(&mut self, report: &Report<'_>, extended: bool) {
        let subevent = if extended {
            Subevent::EXTENDED_ADVERTISING_REPORT
        } else {
            Subevent::ADVERTISING_REPORT
        };
        if !self.permits(EventCode::LE_META, Some(subevent)) {
            return;
        }
        if !extended {
            return self.push_event(|w| report.legacy(w));
        }
        let mut rest = report.data;
        loop {
            let (part, tail) = rest.split_at_checked(MAX_DATA).unwrap_or((rest, &[]));
            let status = if tail.is_empty() { DataStatus::COMPLETE } else { DataStatus::MORE };
            self.push_event(|w| report.extended(part, status, w));
            if tail.is_empty() {
                break;
            }
            rest = tail;
        }
    }

    fn push_event(&mut self, write: impl FnOnce(&mut Writer<'_>) -> Result<(), NoRoom>) {
        let mut buffer = [0; EVENT_MAX + 1];
        let mut w = Writer::new(&mut buffer);
        let written = w.u8(0x04).and_then(|()| write(&mut w));
        debug_assert!(written.is_ok(), "no report is longer than EVENT_MAX");
        self.output.push(w.written().to_vec());
    }
}

/// Data octets in one extended report.
const MAX_DATA: usize = 229;

/// RSSI or power that is not available.
const UNKNOWN_POWER: i8 = 127;
