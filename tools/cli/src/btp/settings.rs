//! Settings that a tester changes.

use bindrune::{Address, AddressMode, ControllerInfo, Discoverable};
use bindrune_btp::gap::{OwnAddress, settings};

use super::{pairing::Pairing, tester::Task};

/// Settings of the controller, and the procedures that are on.
pub(super) struct Settings {
    pub(super) powered: bool,
    pub(super) connectable: bool,
    pub(super) discoverable: Discoverable,
    pub(super) privacy: bool,
    pub(super) extended: bool,
    pub(super) pairing: Pairing,
    pub(super) filter: Vec<Address>,
    /// The identity address that the host began with.
    pub(super) address: Address,
    identity: AddressMode,
    has_extended: bool,
    /// Whether advertising is on; its task may already have ended.
    pub(super) advertises: bool,
    pub(super) advertising: Option<Task>,
    pub(super) discovery: Option<Task>,
    pub(super) connecting: Option<(Address, Task)>,
}

impl Settings {
    pub(super) fn new(mode: Option<AddressMode>, info: &ControllerInfo) -> Self {
        let fallback =
            if info.address.is_static() { AddressMode::Static } else { AddressMode::Public };
        Self {
            powered: true,
            connectable: false,
            discoverable: Discoverable::No,
            privacy: false,
            extended: false,
            pairing: Pairing::DEFAULT,
            filter: Vec::new(),
            address: info.address,
            identity: mode.unwrap_or(fallback),
            has_extended: info.extended,
            advertises: false,
            advertising: None,
            discovery: None,
            connecting: None,
        }
    }

    /// Restores the default values. Procedures go on.
    pub(super) fn restore(&mut self) {
        self.connectable = false;
        self.discoverable = Discoverable::No;
        self.privacy = false;
        self.extended = false;
        self.pairing = Pairing::DEFAULT;
        self.filter.clear();
    }

    /// Returns the bits of the settings that this host has.
    pub(super) const fn supported(&self) -> u32 {
        let extended = if self.has_extended { settings::EXTENDED_ADVERTISING } else { 0 };
        settings::POWERED
            | settings::CONNECTABLE
            | settings::DISCOVERABLE
            | settings::BONDABLE
            | settings::LOW_ENERGY
            | settings::ADVERTISING
            | settings::SECURE_CONNECTIONS
            | settings::PRIVACY
            | settings::STATIC_ADDRESS
            | settings::SECURE_CONNECTIONS_ONLY
            | extended
    }

    /// Returns the bits of the settings that are on.
    pub(super) fn current(&self) -> u32 {
        [
            (true, settings::LOW_ENERGY),
            (self.powered, settings::POWERED),
            (self.connectable, settings::CONNECTABLE),
            (self.discoverable != Discoverable::No, settings::DISCOVERABLE),
            (self.pairing.bondable, settings::BONDABLE),
            (self.advertises, settings::ADVERTISING),
            (self.pairing.secure_connections, settings::SECURE_CONNECTIONS),
            (self.privacy, settings::PRIVACY),
            (matches!(self.identity, AddressMode::Static), settings::STATIC_ADDRESS),
            (self.pairing.secure_connections_only, settings::SECURE_CONNECTIONS_ONLY),
            (self.extended, settings::EXTENDED_ADVERTISING),
        ]
        .into_iter()
        .filter_map(|(is_on, bit)| is_on.then_some(bit))
        .fold(0, |bits, bit| bits | bit)
    }

    /// Returns the kind of address for a request of the tester; `None` if there is no such kind.
    pub(super) const fn mode(&self, own: OwnAddress) -> Option<AddressMode> {
        Some(match own {
            OwnAddress::IDENTITY if self.privacy => AddressMode::Resolvable,
            OwnAddress::IDENTITY => self.identity,
            OwnAddress::RESOLVABLE => AddressMode::Resolvable,
            OwnAddress::NON_RESOLVABLE => AddressMode::NonResolvable,
            _ => return None,
        })
    }

    /// Returns the kind of the identity address.
    pub(super) const fn identity(&self) -> AddressMode {
        self.identity
    }
}
