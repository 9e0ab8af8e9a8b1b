//! What the host sets for all links, with the defaults of the specification. [Vol 4] Part E, 6

/// Settings of a controller's BR/EDR.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) name: [u8; 248],
    /// Bit 0: inquiry scan; bit 1: page scan.
    pub(crate) scan_enable: u8,
    pub(crate) page_timeout: u16,
    pub(crate) accept_timeout: u16,
    /// Interval and window in slots.
    pub(crate) page_scan: (u16, u16),
    pub(crate) inquiry_scan: (u16, u16),
    pub(crate) page_scan_type: u8,
    pub(crate) inquiry_scan_type: u8,
    pub(crate) inquiry_mode: u8,
    pub(crate) authentication: u8,
    pub(crate) class: [u8; 3],
    pub(crate) voice: u16,
    pub(crate) access_codes: Vec<[u8; 3]>,
    pub(crate) fec: u8,
    pub(crate) extended_response: [u8; 240],
    pub(crate) simple_pairing: bool,
    pub(crate) secure_connections: bool,
    pub(crate) le_host: u8,
    pub(crate) policy: u16,
    pub(crate) power: i8,
    /// Links with a shorter key are not encrypted.
    pub(crate) least_key_size: u8,
}

impl Settings {
    pub(crate) const fn scans_inquiries(&self) -> bool {
        self.scan_enable & 1 != 0
    }

    pub(crate) const fn scans_pages(&self) -> bool {
        self.scan_enable & 2 != 0
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: [0; 248],
            scan_enable: 0,
            page_timeout: 0x2000,
            accept_timeout: 0x1fa0,
            page_scan: (0x0800, 0x0012),
            inquiry_scan: (0x1000, 0x0012),
            page_scan_type: 0,
            inquiry_scan_type: 0,
            inquiry_mode: 0,
            authentication: 0,
            class: [0; 3],
            voice: 0x0060,
            access_codes: vec![GENERAL_INQUIRY],
            fec: 0,
            extended_response: [0; 240],
            simple_pairing: false,
            secure_connections: false,
            le_host: 0,
            policy: 0,
            power: 0,
            least_key_size: 1,
        }
    }
}

/// The general inquiry access code. [Assigned Numbers]
const GENERAL_INQUIRY: [u8; 3] = [0x33, 0x8b, 0x9e];
