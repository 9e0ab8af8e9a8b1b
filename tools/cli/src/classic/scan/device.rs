//! What is known of one discoverable device.

use std::time::Duration;

use bindrune::{Address, ClassOfDevice, Device as Found, Uuid, sdp};
use serde::Serialize;
use tokio::time::Instant;

use crate::{
    classic::class,
    numbers,
    output::{Output, Record},
    paint::{Paint, printable},
    render,
    table::{Column, fit},
};

/// One device, as known so far.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Device {
    address: String,
    name: Option<String>,
    rssi: Option<i8>,
    /// The class of the device, in hexadecimal digits and in words.
    class: String,
    kind: String,
    service_classes: Vec<String>,
    services: Vec<Named>,
    #[serde(skip)]
    peer: Address,
    #[serde(skip)]
    last_rx: Instant,
    #[serde(skip)]
    known: bool,
    #[serde(skip)]
    whole_name: bool,
}

/// A service with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::classic) struct Named {
    uuid: String,
    name: Option<&'static str>,
}

impl Named {
    pub(in crate::classic) fn new(uuid: Uuid) -> Self {
        let name = sdp::class::name(uuid).or_else(|| numbers::service(uuid));
        Self { uuid: uuid.to_string(), name }
    }

    pub(in crate::classic) fn text(&self) -> &str {
        self.name.unwrap_or(&self.uuid)
    }
}

impl Device {
    pub(super) fn new(peer: Address) -> Self {
        Self {
            address: format!("{peer:#}"),
            name: None,
            rssi: None,
            class: String::new(),
            kind: String::new(),
            service_classes: Vec::new(),
            services: Vec::new(),
            peer,
            last_rx: Instant::now(),
            known: false,
            whole_name: false,
        }
    }

    /// Adds an answer; returns whether it is the first one, or changes more than the signal strength.
    pub(super) fn hear(&mut self, found: &Found<'_>) -> bool {
        self.last_rx = Instant::now();
        self.rssi = found.rssi.or(self.rssi);
        let mut changed = self.is_a(found.class);
        if let Some((name, whole)) =
            found.data.name().filter(|&(_, whole)| whole || !self.whole_name)
        {
            let name = Some(printable(&String::from_utf8_lossy(name)));
            changed |= self.name != name;
            (self.name, self.whole_name) = (name, whole);
        }
        for uuid in found.data.services() {
            changed |= self.offers(Named::new(uuid));
        }
        let first = !core::mem::replace(&mut self.known, true);
        first || changed
    }

    fn is_a(&mut self, class: ClassOfDevice) -> bool {
        let digits = format!("{:06x}", class.get());
        let changed = self.class != digits;
        self.class = digits;
        self.kind = class::words(class);
        self.service_classes = class::services(class);
        changed
    }

    fn offers(&mut self, service: Named) -> bool {
        let new = !self.services.contains(&service);
        if new {
            self.services.push(service);
        }
        new
    }

    /// Takes the name that the device gave when asked.
    pub(super) fn is_called(&mut self, name: &str) {
        self.name = Some(printable(name));
        self.whole_name = true;
    }

    pub(super) const fn wants_name(&self) -> bool {
        !self.whole_name
    }

    pub(super) const fn peer(&self) -> Address {
        self.peer
    }

    fn row(&self) -> Vec<String> {
        vec![
            self.name.as_deref().unwrap_or("-").to_owned(),
            self.address.clone(),
            self.kind.clone(),
            self.rssi.map(|dbm| dbm.to_string()).unwrap_or_default(),
            self.rssi.map(render::signal_bar).unwrap_or_default(),
            self.offer(),
            format!("{:.1} s", self.age().as_secs_f64()),
        ]
    }

    fn offer(&self) -> String {
        self.services.iter().map(Named::text).collect::<Vec<_>>().join(", ")
    }

    fn age(&self) -> Duration {
        self.last_rx.elapsed()
    }
}

impl Record for Device {
    fn human(&self, paint: Paint) -> String {
        let name = self.name.as_deref().unwrap_or("(no name)");
        let rssi = self.rssi.map(|r| r.to_string()).unwrap_or_default();
        let line = format!(
            " {}  {}  {}  {rssi}  {}",
            paint.bold(name),
            self.address,
            self.kind,
            self.offer()
        );
        line.trim_end().to_owned()
    }
}

const COLUMNS: [Column; 7] = [
    Column::new("NAME", 8, 1),
    Column::new("ADDRESS", 17, 0),
    Column::new("KIND", 8, 4),
    Column::new("RSSI", 4, 2),
    Column::new("", 5, 5),
    Column::new("SERVICES", 8, 6),
    Column::new("SEEN", 5, 3),
];

/// Formats the table within the size of the terminal, strongest signal first.
pub(super) fn table(out: Output, devices: &[&Device], (width, height): (usize, usize)) -> String {
    let mut sorted = devices.to_vec();
    sorted.sort_by_key(|d| std::cmp::Reverse(d.rssi));
    let room = height.saturating_sub(1).max(1);
    let rows: Vec<_> = sorted.into_iter().take(room).map(Device::row).collect();
    fit(out, &COLUMNS, &rows, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> Device {
        let mut device = Device::new(Address::public([0xc4, 0x5e, 0x12, 0, 0, 1]));
        device.rssi = Some(-48);
        assert!(device.is_a(ClassOfDevice::new(0x24_0404)) && device.wants_name());
        assert!(device.offers(Named::new(sdp::class::HEADSET)));
        assert!(!device.offers(Named::new(sdp::class::HEADSET)));
        device.is_called("Room\x1b");
        device
    }

    #[test]
    fn a_device_is_a_line() {
        let device = device();
        assert!(!device.wants_name());
        assert_eq!(
            device.human(Paint::new(false)),
            " Room\u{fffd}  C4:5E:12:00:00:01  headset  -48  Headset"
        );
        let json = serde_json::to_value(&device).unwrap();
        assert_eq!((&json["class"], &json["kind"]), (&"240404".into(), &"headset".into()));
        assert_eq!(json["services"][0]["uuid"], "1108");
    }

    #[test]
    fn each_device_is_a_row_under_the_heading() {
        let device = device();
        let text = table(Output::new(true), &[&device], (100, 24));
        let mut lines = text.lines();
        assert!(lines.next().is_some_and(|l| l.contains("KIND") && l.contains("SEEN")));
        assert!(
            lines.next().is_some_and(|l| l.contains("C4:5E:12:00:00:01") && l.contains("headset"))
        );
        assert_eq!(lines.next(), None);
    }
}
