//! Configuration of the host as a whole.

use bindrune_gap::ParameterRequests;
use bindrune_gatt::{Service, TableError, table};
use bindrune_smp::{Bond, Config as PairingConfig};
use bindrune_wire::{Address, HEADROOM};
use embassy_time::Duration;

use crate::{
    ConfigError,
    capability::{EXTENDED, LONG, OBSERVER, SECURITY, TUNING},
    stack::{RX_PER_LINK, TX_PER_LINK},
};

/// Configuration of a host. Everything but the name has a default.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    pub(crate) name: &'static str,
    pub(crate) appearance: u16,
    pub(crate) services: &'static [Service],
    pub(crate) address: Option<Address>,
    pub(crate) mtu: u16,
    pub(crate) exchange_mtu: bool,
    pub(crate) data_length: bool,
    pub(crate) two_megabit: bool,
    pub(crate) advertising_sets: usize,
    pub(crate) advertising_bytes: usize,
    pub(crate) scan_bytes: usize,
    pub(crate) prepare_bytes: usize,
    pub(crate) pairing: PairingConfig,
    pub(crate) bonds: usize,
    pub(crate) client_security: ClientSecurity,
    pub(crate) repeat_pairing: RepeatPairing,
    pub(crate) privacy: Privacy,
    pub(crate) parameter_requests: [ParameterRequests; if TUNING { 1 } else { 0 }],
}

/// Whether this device hides its identity from devices without a bond. [Vol 3] Part C, 10.7
///
/// ```
/// use bindrune::{Config, Privacy};
///
/// const CONFIG: Config = Config::new("Tag").privacy(Privacy::ON);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Privacy {
    /// Shows the identity address.
    #[default]
    Off,
    /// Advertises, scans and connects with resolvable private addresses, which bonded devices resolve.
    On {
        /// How long one address is used: 1 s to 11.5 h are sensible, 15 min is usual.
        rotate: Duration,
    },
}

impl Privacy {
    /// Private addresses that change every 15 minutes.
    pub const ON: Self = Self::On { rotate: Duration::from_secs(15 * 60) };
}

/// Kind of address that advertising, scanning and connecting use: [`crate::Host::set_address_mode`].
///
/// `Public` and `Static` are identity addresses, and pairing sends one of them to the peer. The other two hide it. [Vol
/// 6] Part B, 1.3
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AddressMode {
    /// Public address of the controller.
    Public,
    /// Random static address: the one of [`crate::Config::address`], otherwise the controller's own one, otherwise one
    /// that the host makes once and keeps in the bond store.
    Static,
    /// Resolvable private addresses: only peers that bonded in this mode have the key, and recognize the device.
    Resolvable,
    /// Non-resolvable private addresses: no peer recognizes the device. For beacons and scanners, since no links are
    /// made with them.
    NonResolvable,
}

/// What an operation of the GATT client does if the peer answers that the link is not secure enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ClientSecurity {
    /// Fails with the peer's error.
    Report,
    /// Encrypts the link with the key of the bond, if there is one, and repeats the operation once.
    #[default]
    Encrypt,
    /// As [`Self::Encrypt`]; without a bond, pairs first.
    Pair,
}

/// What happens if a peer behind a private address pairs under the identity of a bond without having that bond's keys.
/// A phone that was reset does so; so does a device that pretends to be that phone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RepeatPairing {
    /// Asks the holder of [`crate::PairingRequests`] ([`crate::PairingRequest::replaces`]). If there is no holder,
    /// keeps the new bond beside the old one, under the address that the peer used. If the peer of the old bond has
    /// used the disputed identity on the air, refuses the new one.
    #[default]
    Ask,
    /// Replaces the bond, if the new one is at least as strong.
    Accept,
    /// Refuses the new keys (0x0F).
    Refuse,
}

/// Default bytes of the arena for one peer's subscriptions and prepared writes.
pub const DEFAULT_PREPARE_BYTES: usize = 64;
/// Default bytes of the arena for the advertising data and scan response of one set: the legacy maximum.
pub const DEFAULT_ADVERTISING_BYTES: usize = 62;
/// Default bytes of the arena for advertising reports that wait to be read.
pub const DEFAULT_SCAN_BYTES: usize = 192;

/// Default number of bonds that the host keeps.
pub const DEFAULT_BONDS: usize = 4;

/// The most advertising sets that a host can have.
pub(crate) const MAX_ADVERTISING_SETS: usize = if EXTENDED { 4 } else { 1 };

/// The ATT MTUs of a host: the default of LE, and the longest that a value needs. [Vol 3] Part F, 3.2.8 and 3.2.9
const LEAST_MTU: u16 = 23;
const GREATEST_MTU: u16 = 517;
/// Bytes of an L2CAP header and an ATT PDU header, which the MTU does not count and every packet needs room for.
const PACKET_OVERHEAD: usize = 13;
/// Bytes of the longest PDU of the other fixed channels: LE signalling and legacy pairing, and LE Secure Connections.
/// [Vol 3] Part A, 4 and Part H, 3.2
const SIGNALLING: usize = 23;
const PUBLIC_KEY: usize = 65;

impl Config {
    /// Creates the default configuration with the device name of the GAP service.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            appearance: 0,
            services: &[],
            address: None,
            mtu: 247,
            exchange_mtu: true,
            data_length: true,
            two_megabit: true,
            advertising_sets: 1,
            advertising_bytes: DEFAULT_ADVERTISING_BYTES,
            scan_bytes: if OBSERVER { DEFAULT_SCAN_BYTES } else { 0 },
            prepare_bytes: if LONG { DEFAULT_PREPARE_BYTES } else { 0 },
            pairing: PairingConfig::DEFAULT,
            bonds: if SECURITY { DEFAULT_BONDS } else { 0 },
            client_security: ClientSecurity::Encrypt,
            repeat_pairing: RepeatPairing::Ask,
            privacy: Privacy::Off,
            parameter_requests: [ParameterRequests::Accept; _],
        }
    }

    /// Sets a random static address, which replaces the controller's own until `Host::set_address_mode` changes that.
    /// With any other address, [`crate::Host::new`] fails with [`ConfigError::Address`].
    #[must_use]
    pub const fn address(mut self, address: Address) -> Self {
        self.address = Some(address);
        self
    }

    /// Sets the largest ATT MTU, 23 to 517 bytes; 247 by default, which fills one data packet of 251 bytes. With any
    /// other value, [`crate::Host::new`] fails with [`ConfigError::Mtu`].
    #[must_use]
    pub const fn mtu(mut self, mtu: u16) -> Self {
        self.mtu = mtu;
        self
    }

    /// Sets whether a central exchanges the MTU as soon as it is connected; true by default.
    #[must_use]
    pub const fn exchange_mtu(mut self, on: bool) -> Self {
        self.exchange_mtu = on;
        self
    }

    /// Sets whether longer data packets are requested if both sides support them; true by default. Without the feature
    /// `tuning` the host only suggests them to the controller.
    #[must_use]
    pub const fn data_length(mut self, on: bool) -> Self {
        self.data_length = on;
        self
    }

    /// Sets whether the 2M PHY is requested if both sides support it; true by default. Without the feature `tuning` the
    /// host does not request it.
    #[must_use]
    pub const fn two_megabit(mut self, on: bool) -> Self {
        self.two_megabit = on;
        self
    }

    /// Sets how many advertising sets can be on at once, 1 to 4; 1 by default. More than one needs extended advertising
    /// and its feature; without that there is one.
    #[must_use]
    pub const fn advertising_sets(mut self, sets: usize) -> Self {
        self.advertising_sets = if sets == 0 {
            1
        } else if sets > MAX_ADVERTISING_SETS {
            MAX_ADVERTISING_SETS
        } else {
            sets
        };
        self
    }

    /// Sets the bytes of the arena for each advertising set: its data and its scan response. 62 by default; more for
    /// long data with extended advertising.
    #[must_use]
    pub const fn advertising_bytes(mut self, bytes: usize) -> Self {
        self.advertising_bytes = bytes;
        self
    }

    /// Whether a bond can remember all subscriptions to these services, if bonds are kept.
    pub(crate) const fn check_services(&self, services: &[Service]) -> Result<(), TableError> {
        if self.bonds == 0 { Ok(()) } else { table::can_be_remembered(services) }
    }

    /// Whether any host can have this configuration.
    pub(crate) const fn check(&self) -> Result<(), ConfigError> {
        if self.mtu < LEAST_MTU || self.mtu > GREATEST_MTU {
            return Err(ConfigError::Mtu { have: self.mtu, min: LEAST_MTU, max: GREATEST_MTU });
        }
        if let Some(address) = self.address
            && !address.is_static()
        {
            return Err(ConfigError::Address(address));
        }
        match self.check_services(self.services) {
            Ok(()) => Ok(()),
            Err(error) => Err(table_error(error)),
        }
    }

    /// Whether there are enough packets, and whether they are long enough.
    pub(crate) const fn check_packets(
        &self,
        links: usize,
        rx: usize,
        tx: usize,
        size: usize,
    ) -> Result<(), ConfigError> {
        let attribute = (self.mtu as usize).saturating_add(PACKET_OVERHEAD);
        let pairing = SECURITY && self.pairing.secure_connections;
        let fixed = if pairing { PUBLIC_KEY } else { SIGNALLING }.saturating_add(HEADROOM);
        let need = if attribute > fixed { attribute } else { fixed };
        if size < need {
            return Err(ConfigError::Size { have: size, need });
        }
        let need = links.saturating_mul(RX_PER_LINK);
        if rx < need {
            return Err(ConfigError::Receive { have: rx, need });
        }
        let need = links.saturating_mul(TX_PER_LINK);
        if tx < need {
            return Err(ConfigError::Transmit { have: tx, need });
        }
        Ok(())
    }

    /// Returns the bytes of the `ARENA` of [`crate::Resources`] that this configuration needs for `links` links.
    ///
    /// ```
    /// use bindrune::{Config, Resources};
    /// const CONFIG: Config = Config::new("Lamp").scan_bytes(0);
    /// const FOR_TWO_LINKS: Resources<2, 0, 10, 4, 264, { CONFIG.arena(2) }> = Resources::new();
    /// # let _ = FOR_TWO_LINKS;
    /// ```
    #[must_use]
    pub const fn arena(&self, links: usize) -> usize {
        self.shares().sum(links)
    }

    /// Returns the bytes of each use of the arena.
    pub(crate) const fn shares(&self) -> Shares {
        Shares {
            values: table::arena_for(self.services),
            advertising: self.advertising_bytes.saturating_mul(self.advertising_sets),
            reports: self.scan_bytes,
            bonds: self.bonds.saturating_mul(Bond::SIZE),
            peer: table::peer_arena_for(self.services, self.prepare_bytes),
        }
    }
}

/// Bytes of the arena for each use.
#[derive(Clone, Copy)]
pub(crate) struct Shares {
    pub(crate) values: usize,
    pub(crate) advertising: usize,
    pub(crate) reports: usize,
    pub(crate) bonds: usize,
    /// For each link.
    pub(crate) peer: usize,
}

impl Shares {
    /// Returns the bytes for all uses, with `links` links.
    pub(crate) const fn sum(&self, links: usize) -> usize {
        self.values
            .saturating_add(self.advertising)
            .saturating_add(self.reports)
            .saturating_add(self.bonds)
            .saturating_add(self.peer.saturating_mul(links))
    }
}

pub(crate) const fn table_error(error: TableError) -> ConfigError {
    match error {
        TableError::Arena { needed, available } => {
            ConfigError::Arena { have: available, need: needed }
        }
        TableError::PeerArena { needed, available } => {
            ConfigError::Arena { have: available, need: needed }
        }
        TableError::Subscriptions { needed, available } => {
            ConfigError::Subscriptions { have: available, need: needed }
        }
        TableError::TooManyAttributes
        | TableError::ValueTooLong
        | TableError::UnknownInclude
        | TableError::BuiltInService => ConfigError::Table,
        TableError::DeviceNameTooLong { have, max } => ConfigError::Name { have, max },
    }
}
