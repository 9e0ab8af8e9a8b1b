//! The data of one advertising device.

use std::time::Duration;

use bindrune::{AdData, Address, AddressKind, Report, ReportFlags, Uuid};
use serde::Serialize;
use tokio::time::Instant;

use crate::{
    cli, numbers,
    output::Record,
    paint::{Paint, printable},
    parse::hex,
    render,
};

/// One device, as received so far.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Device {
    address: String,
    address_type: &'static str,
    rssi: Option<i8>,
    name: Option<String>,
    services: Vec<Named>,
    manufacturer: Option<Manufacturer>,
    connectable: bool,
    data: String,
    scan_response: Option<String>,
    #[serde(skip)]
    peer: Address,
    #[serde(skip)]
    uuids: Vec<Uuid>,
    #[serde(skip)]
    last_rx: Instant,
    /// A report was received.
    #[serde(skip)]
    known: bool,
    /// The name is complete.
    #[serde(skip)]
    whole_name: bool,
}

/// A service with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Named {
    uuid: String,
    name: Option<&'static str>,
}

/// Manufacturer data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Manufacturer {
    company: u16,
    name: Option<&'static str>,
    data: String,
}

impl Device {
    pub(crate) fn new(peer: Address) -> Self {
        Self {
            address: format!("{peer:#}"),
            address_type: match peer.kind() {
                AddressKind::Public => "public",
                AddressKind::Random => "random",
            },
            rssi: None,
            name: None,
            services: Vec::new(),
            manufacturer: None,
            connectable: false,
            data: String::new(),
            scan_response: None,
            peer,
            uuids: Vec::new(),
            last_rx: Instant::now(),
            known: false,
            whole_name: false,
        }
    }

    /// Adds a report; returns whether it is the first one, or changes more than the signal strength.
    pub(crate) fn hear(&mut self, report: &Report<'_>) -> bool {
        self.last_rx = Instant::now();
        self.rssi = report.rssi.or(self.rssi);
        let data = hex(report.data);
        let changed = if is_scan_response(report) {
            let changed = self.scan_response.as_ref() != Some(&data);
            self.scan_response = Some(data);
            changed
        } else {
            let connectable = report.is_connectable();
            let changed = self.data != data || self.connectable != connectable;
            (self.data, self.connectable) = (data, connectable);
            changed
        };
        if changed {
            self.learn(&report.ad());
        }
        let first = !core::mem::replace(&mut self.known, true);
        first || changed
    }

    fn learn(&mut self, data: &AdData<'_>) {
        if let Some(found) = data.name().filter(|name| name.is_complete() || !self.whole_name) {
            let name = printable(&String::from_utf8_lossy(found.octets()));
            // The scan response may have a longer beginning of the name than the advertising data.
            let known = self.name.as_ref().is_some_and(|known| known.starts_with(&name));
            if found.is_complete() || !known {
                (self.whole_name, self.name) = (found.is_complete(), Some(name));
            }
        }
        for uuid in data.services() {
            if !self.uuids.contains(&uuid) {
                self.uuids.push(uuid);
                self.services.push(Named { uuid: uuid.to_string(), name: numbers::service(uuid) });
            }
        }
        if let Some((company, data)) = data.manufacturer().next() {
            let name = numbers::company(company);
            self.manufacturer = Some(Manufacturer { company, name, data: hex(data) });
        }
    }

    /// Returns whether the device passes the filters.
    pub(super) fn matches(&self, wanted: &cli::Scan) -> bool {
        let name = wanted.name.as_ref().is_none_or(|text| {
            let name = self.name.as_deref().unwrap_or_default();
            name.to_lowercase().contains(&text.to_lowercase())
        });
        let service = wanted.uuid.is_none_or(|uuid| self.offers(uuid));
        let company = wanted
            .company
            .is_none_or(|c| self.manufacturer.as_ref().is_some_and(|m| m.company == c));
        let near = wanted.rssi.is_none_or(|least| self.rssi.is_some_and(|rssi| rssi >= least));
        let connectable = self.connectable || !wanted.connectable;
        name && service && company && near && connectable
    }

    pub(crate) const fn peer(&self) -> Address {
        self.peer
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(crate) const fn rssi(&self) -> Option<i8> {
        self.rssi
    }

    pub(crate) const fn is_connectable(&self) -> bool {
        self.connectable
    }

    /// Returns whether it advertises this service.
    pub(crate) fn offers(&self, service: Uuid) -> bool {
        self.uuids.contains(&service)
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) const fn address_type(&self) -> &'static str {
        self.address_type
    }

    /// Formats the signal strength as a bar.
    pub(super) fn signal(&self) -> String {
        self.rssi.map(render::signal_bar).unwrap_or_default()
    }

    /// Returns the names of the services, or the manufacturer if there are none.
    pub(super) fn offer(&self) -> String {
        let services: Vec<_> =
            self.services.iter().map(|s| s.name.unwrap_or(s.uuid.as_str())).collect();
        match (&self.manufacturer, services.is_empty()) {
            (Some(maker), true) => {
                maker.name.map_or_else(|| format!("company {:#06x}", maker.company), str::to_owned)
            }
            (Some(_) | None, _) => services.join(", "),
        }
    }

    pub(super) fn age(&self) -> Duration {
        self.last_rx.elapsed()
    }
}

impl Record for Device {
    fn human(&self, paint: Paint) -> String {
        let name = self.name.as_deref().unwrap_or("(no name)");
        let rssi = self.rssi.map(|r| r.to_string()).unwrap_or_default();
        let Self { address, address_type, .. } = self;
        format!(" {}  {address} {address_type}  {rssi}  {}", paint.bold(name), self.offer())
            .trim_end()
            .to_owned()
    }
}

/// Returns whether it is a scan response alone; a report with advertising data and its scan response is not.
const fn is_scan_response(report: &Report<'_>) -> bool {
    report.flags.contains(ReportFlags::SCAN_RESPONSE) && !report.flags.contains(ReportFlags::MERGED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(data: &[u8]) -> Device {
        let mut device = Device::new(Address::random([0xc4, 0x5e, 0x12, 0, 0, 1]));
        device.rssi = Some(-48);
        device.learn(&AdData::new(data));
        device
    }

    fn wanted() -> cli::Scan {
        cli::Scan {
            seconds: None,
            passive: false,
            active: false,
            name: None,
            uuid: None,
            company: None,
            rssi: None,
            connectable: false,
            sort: cli::Sort::Rssi,
        }
    }

    #[test]
    fn a_device_is_read_from_its_data() {
        let device = device(b"\x03\x03\x1a\x18\x05\x09Room\x04\xff\x59\x00\x07");
        assert_eq!(
            device.human(Paint::new(false)),
            " Room  C4:5E:12:00:00:01 random  -48  Environmental Sensing"
        );
        let json = serde_json::to_value(&device).unwrap();
        assert_eq!(json["services"][0]["name"], "Environmental Sensing");
        assert_eq!(json["manufacturer"]["company"], 0x59);
        assert_eq!(json["manufacturer"]["data"], "07");
        assert_eq!((&json["rssi"], &json["name"]), (&(-48).into(), &"Room".into()));
    }

    fn report(data: &[u8]) -> Report<'_> {
        Report {
            address: None,
            resolved: false,
            direct_address: None,
            flags: ReportFlags::LEGACY,
            rssi: Some(-50),
            tx_power: None,
            sid: None,
            primary_phy: bindrune::Phy::LE_1M,
            secondary_phy: bindrune::Phy::NONE,
            data,
        }
    }

    #[test]
    fn a_beacon_without_data_is_shown_once() {
        let mut device = device(&[]);
        assert_eq!([(); 3].map(|()| device.hear(&report(&[]))), [true, false, false]);
    }

    #[test]
    fn the_beginning_of_a_name_does_not_replace_the_whole() {
        let mut device = device(&[]);
        for (data, name) in [
            (&b"\x03\x08Ro"[..], "Ro"),
            (b"\x04\x08Roo", "Roo"),
            (b"\x03\x08Ro", "Roo"),
            (b"\x05\x09Room", "Room"),
            (b"\x03\x08Ro", "Room"),
        ] {
            device.hear(&report(data));
            assert_eq!(device.name(), Some(name));
        }
    }

    #[test]
    fn filters_hold() {
        let device = device(b"\x03\x03\x1a\x18\x05\x09Room");
        assert!(device.matches(&wanted()));
        assert!(device.matches(&cli::Scan { name: Some("ROO".into()), ..wanted() }));
        assert!(!device.matches(&cli::Scan { name: Some("x".into()), ..wanted() }));
        let environment = Uuid::new_16(0x181a);
        assert!(device.matches(&cli::Scan { uuid: Some(environment), ..wanted() }));
        assert!(device.matches(&cli::Scan { rssi: Some(-48), ..wanted() }));
        assert!(!device.matches(&cli::Scan { rssi: Some(-47), ..wanted() }));
        assert!(!device.matches(&cli::Scan { connectable: true, ..wanted() }));
        assert!(!device.matches(&cli::Scan { company: Some(0x59), ..wanted() }));
    }
}
