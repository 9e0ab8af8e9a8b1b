use bindrune_hci::{ClassOfDevice, PacketTypes};
use embassy_time::Duration;

/// Settings of BR/EDR that hold for all links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Class of this device.
    pub class: ClassOfDevice,
    /// Time for which the controller pages a device, 0.625 ms to 40.9 s.
    pub page_timeout: Duration,
    /// Time without a packet after which a link ends, 0.625 ms to 40.9 s. Written to links where this device is
    /// central.
    pub supervision_timeout: Duration,
    /// Interval and window in which this device listens for pages.
    pub page_scan: ScanTiming,
    /// Interval and window in which this device listens for inquiries.
    pub inquiry_scan: ScanTiming,
    /// Packet types of new links.
    pub packet_types: PacketTypes,
    /// Whether this device requests to be central of links that peers make. A peer may refuse; then it stays
    /// peripheral.
    pub become_central: bool,
    /// Whether roles may switch after a link is up, and whether a peer may become central of a link that this device
    /// makes.
    pub allow_role_switch: bool,
    /// Whether peers may request sniff mode.
    pub allow_sniff: bool,
    /// Whether Secure Connections is turned on if the controller has it.
    pub secure_connections: bool,
}

impl Config {
    /// Defaults of the specification: 5.12 s of paging, 20 s of supervision, scans of 11.25 ms each 1.28 s (inquiry:
    /// 2.56 s). Peers may switch roles and use sniff mode.
    pub const DEFAULT: Self = Self {
        class: ClassOfDevice::UNKNOWN,
        page_timeout: Duration::from_millis(5120),
        supervision_timeout: Duration::from_secs(20),
        page_scan: ScanTiming { interval: 0x0800, window: 0x0012, interlaced: true },
        inquiry_scan: ScanTiming { interval: 0x1000, window: 0x0012, interlaced: true },
        packet_types: PacketTypes::EVERY,
        become_central: false,
        allow_role_switch: true,
        allow_sniff: true,
        secure_connections: true,
    };
}

impl Default for Config {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Interval, window and type of a scan. Values outside the limits are replaced by the nearest one. [Vol 4] Part E,
/// 7.3.20, 7.3.22, 7.3.48 and 7.3.52
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ScanTiming {
    /// In slots of 0.625 ms, 0x0012 to 0x1000, even.
    pub interval: u16,
    /// In slots of 0.625 ms, 0x0011 to the interval.
    pub window: u16,
    /// Whether the controller scans twice in a row, on two frequencies, if it can: found sooner, for more energy.
    pub interlaced: bool,
}

impl ScanTiming {
    /// Returns it within the limits of the specification.
    pub(crate) fn valid(self) -> Self {
        let interval = self.interval.clamp(0x0012, 0x1000) & !1;
        Self { interval, window: self.window.clamp(0x0011, interval), ..self }
    }
}
