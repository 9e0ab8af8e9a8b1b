use bindrune_hci::Opcode;
use bindrune_wire::Address;
use embassy_time::Duration;

use crate::ClassicConfig;

/// Properties and capabilities of a virtual controller.
///
/// The default is a small modern controller: version 5.3, a public address of its own, LE ACL 251 octets × 8, extended
/// advertising, data length extension, 2M PHY, encryption, P-256, link layer privacy, host flow control, and 500 µs for
/// each command.
///
/// ```
/// use bindrune_controller::ControllerConfig;
///
/// let small = ControllerConfig::new().acl_buffers(27, 3).extended_advertising(false).data_length(27);
/// # let _ = small;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControllerConfig {
    pub(crate) public_address: Option<[u8; 6]>,
    pub(crate) static_address: Option<[u8; 6]>,
    pub(crate) acl_length: u16,
    pub(crate) acl_count: u8,
    pub(crate) shared_buffers: bool,
    pub(crate) command_latency: Duration,
    pub(crate) hci_version: u8,
    pub(crate) manufacturer: u16,
    pub(crate) extended_advertising: bool,
    pub(crate) advertising_sets: u8,
    pub(crate) advertising_data: u16,
    pub(crate) data_length: u16,
    pub(crate) phy_2m: bool,
    pub(crate) encryption: bool,
    pub(crate) parameter_request: bool,
    pub(crate) host_flow_control: bool,
    pub(crate) p256: bool,
    pub(crate) p256_time: Duration,
    pub(crate) accept_list: u8,
    pub(crate) resolving_list: u8,
    pub(crate) links: u8,
    pub(crate) first_handle: u16,
    pub(crate) receive_buffers: u8,
    pub(crate) classic: Option<ClassicConfig>,
    pub(crate) refused: Vec<Opcode>,
    pub(crate) ignored: Vec<Opcode>,
}

impl ControllerConfig {
    /// Creates the default controller.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            public_address: None,
            static_address: None,
            acl_length: 251,
            acl_count: 8,
            shared_buffers: false,
            command_latency: Duration::from_micros(500),
            hci_version: 0x0c,
            manufacturer: 0xffff,
            extended_advertising: true,
            advertising_sets: 4,
            advertising_data: 1650,
            data_length: 251,
            phy_2m: true,
            encryption: true,
            parameter_request: true,
            host_flow_control: true,
            p256: true,
            p256_time: Duration::from_millis(50),
            accept_list: 16,
            resolving_list: 8,
            links: 16,
            first_handle: 0x0040,
            receive_buffers: 16,
            classic: None,
            refused: Vec::new(),
            ignored: Vec::new(),
        }
    }

    /// Sets the public address. The default is `BE:AC:01:00:00:xx`, where xx counts the controllers of the air from 1.
    #[must_use]
    pub const fn public_address(mut self, address: Address) -> Self {
        self.public_address = Some(address.octets());
        self
    }

    /// Removes the public address: LE hosts must use a random one.
    #[must_use]
    pub const fn no_public_address(mut self) -> Self {
        self.public_address = Some([0; 6]);
        self
    }

    /// Removes the public address, and sets a static random address that Zephyr's vendor command 0xFC09 returns; the
    /// manufacturer becomes Nordic's.
    #[must_use]
    pub const fn static_address(mut self, address: Address) -> Self {
        self.public_address = Some([0; 6]);
        self.static_address = Some(address.octets());
        self.manufacturer = 0x0059;
        self
    }

    /// Sets the LE ACL buffers: `count` packets of `length` octets (27 or more; a smaller length counts as 27, and a
    /// count of 0 as 1).
    #[must_use]
    pub const fn acl_buffers(mut self, length: u16, count: u8) -> Self {
        self.acl_length = if length < 27 { 27 } else { length };
        self.acl_count = if count == 0 { 1 } else { count };
        self
    }

    /// Reports no LE buffers of its own: the host must use those of Read Buffer Size. [Vol 4] Part E, 7.8.2
    #[must_use]
    pub const fn shared_buffers(mut self, on: bool) -> Self {
        self.shared_buffers = on;
        self
    }

    /// Sets the time from a command to its Command Complete or Command Status.
    #[must_use]
    pub const fn command_latency(mut self, latency: Duration) -> Self {
        self.command_latency = latency;
        self
    }

    /// Sets the HCI and link layer version, as an assigned number: 0x08 is 4.2, 0x09 is 5.0, 0x0C is 5.3.
    #[must_use]
    pub const fn hci_version(mut self, version: u8) -> Self {
        self.hci_version = version;
        self
    }

    /// Sets the company identifier of the manufacturer.
    #[must_use]
    pub const fn manufacturer(mut self, company: u16) -> Self {
        self.manufacturer = company;
        self
    }

    /// Turns extended advertising and scanning, and their commands, on or off.
    #[must_use]
    pub const fn extended_advertising(mut self, on: bool) -> Self {
        self.extended_advertising = on;
        self
    }

    /// Sets the number of advertising sets, and the octets of data in each (31 to 1,650).
    #[must_use]
    pub const fn advertising_sets(mut self, sets: u8, data: u16) -> Self {
        self.advertising_sets = sets;
        self.advertising_data = if data < 31 { 31 } else { data };
        self
    }

    /// Sets the longest link layer payload, 27 to 251 octets. Data length extension is off at 27.
    #[must_use]
    pub const fn data_length(mut self, octets: u16) -> Self {
        self.data_length = if octets < 27 {
            27
        } else if octets > 251 {
            251
        } else {
            octets
        };
        self
    }

    /// Turns the 2M PHY on or off.
    #[must_use]
    pub const fn phy_2m(mut self, on: bool) -> Self {
        self.phy_2m = on;
        self
    }

    /// Turns encryption of links on or off.
    #[must_use]
    pub const fn encryption(mut self, on: bool) -> Self {
        self.encryption = on;
        self
    }

    /// Turns P-256 on or off: LE Read Local P-256 Public Key and LE Generate DHKey. [Vol 4] Part E, 7.8.36, 7.8.37
    #[must_use]
    pub const fn p256(mut self, on: bool) -> Self {
        self.p256 = on;
        self
    }

    /// Sets the time from a P-256 command to the event with the key; the default is 50 ms.
    #[must_use]
    pub const fn p256_time(mut self, time: Duration) -> Self {
        self.p256_time = time;
        self
    }

    /// Turns the connection parameters request procedure on or off. [Vol 6] Part B, 5.1.7
    #[must_use]
    pub const fn parameter_request(mut self, on: bool) -> Self {
        self.parameter_request = on;
        self
    }

    /// Turns flow control from controller to host on or off. [Vol 4] Part E, 4.2
    #[must_use]
    pub const fn host_flow_control(mut self, on: bool) -> Self {
        self.host_flow_control = on;
        self
    }

    /// Sets the number of entries in the filter accept list.
    #[must_use]
    pub const fn accept_list(mut self, entries: u8) -> Self {
        self.accept_list = entries;
        self
    }

    /// Sets the number of entries in the resolving list; with 0 the link layer has no privacy. [Vol 6] Part B, 6
    #[must_use]
    pub const fn resolving_list(mut self, entries: u8) -> Self {
        self.resolving_list = entries;
        self
    }

    /// Sets the maximum number of links, for both roles together.
    #[must_use]
    pub const fn links(mut self, links: u8) -> Self {
        self.links = links;
        self
    }

    /// Sets the connection handle of the first link; each link gets the lowest free handle from there.
    #[must_use]
    pub const fn first_handle(mut self, handle: u16) -> Self {
        self.first_handle = handle;
        self
    }

    /// Sets how many received ACL packets may wait for the host; beyond that the link layer does not acknowledge.
    #[must_use]
    pub const fn receive_buffers(mut self, packets: u8) -> Self {
        self.receive_buffers = if packets == 0 { 1 } else { packets };
        self
    }

    /// Turns BR/EDR on, beside LE. It needs a public address. Without it the controller is LE only.
    #[must_use]
    pub fn classic(mut self, classic: ClassicConfig) -> Self {
        self.classic = Some(classic);
        self
    }

    /// Injects a fault: the controller answers this command as unknown, although it claims to support it.
    #[must_use]
    pub fn refuse(mut self, opcode: Opcode) -> Self {
        self.refused.push(opcode);
        self
    }

    /// Injects a fault: the controller never answers this command, so that only HCI_Reset helps.
    #[must_use]
    pub fn ignore(mut self, opcode: Opcode) -> Self {
        self.ignored.push(opcode);
        self
    }
}

impl Default for ControllerConfig {
    fn default() -> Self {
        Self::new()
    }
}
