//! Privacy in the link layer: the resolving list, and the private addresses generated and resolved with it. [Vol 6]
//! Part B, 6

use bindrune_hci::{AddressType, DeviceAddress, OwnAddressType, PrivacyMode};
use bindrune_wire::Address;
use embassy_time::{Duration, Instant};

use crate::{
    controller::Controller,
    crypto::{encrypt, private_address, resolves},
};

/// The resolving list and its settings.
#[derive(Debug)]
pub(crate) struct Privacy {
    pub(crate) list: Vec<Resolving>,
    /// Whether address resolution is enabled.
    pub(crate) enabled: bool,
    /// Time for which one of our private addresses is used.
    pub(crate) timeout: Duration,
}

/// An entry of the resolving list.
#[derive(Debug)]
pub(crate) struct Resolving {
    /// The peer's identity address.
    pub(crate) peer: Address,
    pub(crate) peer_irk: [u8; 16],
    pub(crate) local_irk: [u8; 16],
    pub(crate) mode: PrivacyMode,
    /// The last private address of the peer.
    pub(crate) seen: Option<Address>,
}

/// Identity of a device on the air, as a controller knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// The identity address if the address on the air was resolved. `None` for an anonymous advertiser.
    pub(crate) address: Option<Address>,
    on_air: Option<Address>,
}

/// Target of a directed advertisement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The advertising is undirected.
    Anyone,
    /// This device: by its address, or by a private address that resolves to it.
    Us(DeviceAddress),
    /// A private address that the controller cannot resolve.
    Unresolved(DeviceAddress),
    Other,
}

impl Default for Privacy {
    fn default() -> Self {
        Self { list: Vec::new(), enabled: false, timeout: Duration::from_secs(900) }
    }
}

impl Peer {
    /// Returns the private address that was resolved.
    pub(crate) fn private(self) -> Option<Address> {
        self.on_air.filter(|_| self.on_air != self.address)
    }

    /// Returns the address in the form of reports and connections.
    pub(crate) fn device(self) -> DeviceAddress {
        let none = DeviceAddress { kind: AddressType::ANONYMOUS, octets: [0; 6] };
        let Some(address) = self.address else { return none };
        if self.private().is_some() { identity(address) } else { address.into() }
    }
}

/// Returns an address that the controller resolved.
fn identity(address: Address) -> DeviceAddress {
    let DeviceAddress { kind, octets } = address.into();
    DeviceAddress { kind: AddressType(kind.0 | AddressType::PUBLIC_IDENTITY.0), octets }
}

impl Privacy {
    pub(crate) fn entry(&self, peer: Address) -> Option<&Resolving> {
        self.list.iter().find(|entry| entry.peer == peer)
    }

    /// Returns the identity of a device. `None` if the device must be ignored, because it uses its identity address in
    /// network privacy mode. [Vol 6] Part B, 6.2 to 6.4
    pub(crate) fn resolve(&self, on_air: Option<Address>) -> Option<Peer> {
        let as_is = Peer { address: on_air, on_air };
        let Some(address) = on_air.filter(|_| self.enabled) else { return Some(as_is) };
        if let Some(entry) = self.entry(address) {
            let hides = entry.mode == PrivacyMode::NETWORK && entry.peer_irk != [0; 16];
            return (!hides).then_some(as_is);
        }
        let entry = self.list.iter().find(|entry| resolves(entry.peer_irk, address));
        Some(entry.map_or(as_is, |entry| Peer { address: Some(entry.peer), on_air }))
    }

    /// Stores the private address that a peer uses.
    pub(crate) fn note(&mut self, peer: Peer) {
        let (address, private) = (peer.address, peer.private());
        if let Some(entry) = self.list.iter_mut().find(|entry| Some(entry.peer) == address)
            && private.is_some()
        {
            entry.seen = private;
        }
    }
}

impl Resolving {
    /// Returns a private address, which differs in each period: pseudo-random from key, peer and time. A key of zeros
    /// generates none.
    fn private(&self, irk: [u8; 16], period: u64) -> Option<Address> {
        let DeviceAddress { kind, octets } = self.peer.into();
        let mut block = [0; 16];
        let seed = period.to_le_bytes().into_iter().chain(octets).chain([kind.0]);
        block.iter_mut().zip(seed).for_each(|(to, from)| *to = from);
        let [a, b, c, ..] = encrypt(irk, block);
        (irk != [0; 16]).then(|| private_address(irk, [a, b, c]))
    }
}

impl Controller {
    /// Returns our address on the air towards `peer`, and whether it is a private address of the controller; `kind`
    /// and `random` are those of the set, scanner or initiator.
    pub(crate) fn address_for(
        &self,
        kind: OwnAddressType,
        random: Option<[u8; 6]>,
        peer: Option<Address>,
        now: Instant,
    ) -> Option<(Address, bool)> {
        let own = self.own_address(kind, random).map(|address| (address, false));
        if !makes_private(kind) {
            return own;
        }
        let entry = peer.and_then(|peer| self.privacy.entry(peer));
        let private = entry.and_then(|entry| entry.private(entry.local_irk, self.period(now)));
        private.map(|address| (address, true)).or(own)
    }

    /// Returns the address on the air of the target of directed advertising.
    pub(crate) fn target(&self, kind: OwnAddressType, peer: Address, now: Instant) -> Address {
        let entry = self.privacy.entry(peer).filter(|_| makes_private(kind));
        entry.and_then(|entry| entry.private(entry.peer_irk, self.period(now))).unwrap_or(peer)
    }

    /// Returns our private address towards a peer of the list.
    pub(crate) fn local_private(&self, peer: Address, now: Instant) -> Option<Address> {
        let entry = self.privacy.entry(peer)?;
        entry.private(entry.local_irk, self.period(now))
    }

    fn period(&self, now: Instant) -> u64 {
        now.as_micros().checked_div(self.privacy.timeout.as_micros()).unwrap_or(0)
    }

    /// Returns whether a directed advertisement is for a scanner or initiator with this address type.
    pub(crate) fn is_target(
        &self,
        target: Option<Address>,
        kind: OwnAddressType,
        random: Option<[u8; 6]>,
    ) -> Target {
        let Some(target) = target else { return Target::Anyone };
        let own = self.own_address(kind, random);
        if own == Some(target) {
            return Target::Us(target.into());
        }
        let mut list = self.privacy.list.iter().filter(|_| self.privacy.enabled);
        match own {
            Some(own) if list.any(|entry| resolves(entry.local_irk, target)) => {
                Target::Us(identity(own))
            }
            _ if target.is_resolvable() => {
                let DeviceAddress { octets, .. } = target.into();
                Target::Unresolved(DeviceAddress { kind: AddressType::UNRESOLVED, octets })
            }
            _ => Target::Other,
        }
    }
}

const fn makes_private(kind: OwnAddressType) -> bool {
    matches!(kind, OwnAddressType::RESOLVABLE_OR_PUBLIC | OwnAddressType::RESOLVABLE_OR_RANDOM)
}
