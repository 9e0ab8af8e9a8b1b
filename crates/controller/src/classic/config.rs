/// BR/EDR of a virtual controller, for [`crate::ControllerConfig::classic`].
///
/// The default has ACL buffers of 1,021 octets × 8, 7 links, Enhanced Data Rate, Secure Simple Pairing, Secure
/// Connections, and encryption keys of 16 octets.
///
/// ```
/// use bindrune_controller::{ClassicConfig, ControllerConfig};
///
/// let old = ClassicConfig::new().enhanced_data_rate(false).simple_pairing(false).acl_buffers(339, 4);
/// let dual_mode = ControllerConfig::new().classic(old);
/// # let _ = dual_mode;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassicConfig {
    pub(crate) acl_length: u16,
    pub(crate) acl_count: u8,
    pub(crate) links: u8,
    pub(crate) enhanced_data_rate: bool,
    pub(crate) simple_pairing: bool,
    pub(crate) secure_connections: bool,
    pub(crate) role_switch: bool,
    pub(crate) key_size: u8,
    pub(crate) encryption_change_v2: bool,
}

impl ClassicConfig {
    /// Creates the default BR/EDR.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            acl_length: 1021,
            acl_count: 8,
            links: 7,
            enhanced_data_rate: true,
            simple_pairing: true,
            secure_connections: true,
            role_switch: true,
            key_size: 16,
            encryption_change_v2: false,
        }
    }

    /// Sets the BR/EDR ACL buffers: `count` packets of `length` octets (27 or more; a smaller length counts as 27, and
    /// a count of 0 as 1).
    #[must_use]
    pub const fn acl_buffers(mut self, length: u16, count: u8) -> Self {
        self.acl_length = if length < 27 { 27 } else { length };
        self.acl_count = if count == 0 { 1 } else { count };
        self
    }

    /// Sets the maximum number of BR/EDR links, in both roles together.
    #[must_use]
    pub const fn links(mut self, links: u8) -> Self {
        self.links = links;
        self
    }

    /// Turns the packets of 2 and 3 Mb/s on or off.
    #[must_use]
    pub const fn enhanced_data_rate(mut self, on: bool) -> Self {
        self.enhanced_data_rate = on;
        self
    }

    /// Turns Secure Simple Pairing on or off. Without it the controller pairs with PIN codes only.
    #[must_use]
    pub const fn simple_pairing(mut self, on: bool) -> Self {
        self.simple_pairing = on;
        self
    }

    /// Turns Secure Connections on or off: pairing with P-256, encryption with AES-CCM.
    #[must_use]
    pub const fn secure_connections(mut self, on: bool) -> Self {
        self.secure_connections = on;
        self
    }

    /// Turns role switches on or off.
    #[must_use]
    pub const fn role_switch(mut self, on: bool) -> Self {
        self.role_switch = on;
        self
    }

    /// Reports encryption of BR/EDR links with version 2 of Encryption Change, if the host turned that event on. The
    /// default is the first version.
    #[must_use]
    pub const fn encryption_change_v2(mut self, on: bool) -> Self {
        self.encryption_change_v2 = on;
        self
    }

    /// Sets the longest encryption key that the controller negotiates, 1 to 16 octets.
    #[must_use]
    pub const fn encryption_key_size(mut self, octets: u8) -> Self {
        self.key_size = if octets == 0 {
            1
        } else if octets > 16 {
            16
        } else {
            octets
        };
        self
    }
}

impl Default for ClassicConfig {
    fn default() -> Self {
        Self::new()
    }
}
