//! Results of pairings and bonds that are reported to the application.

use bindrune_smp::{Bond, Method, Outcome, Terms};
use bindrune_wire::{Address, Level};

use super::{LinkSecurity, Paired};

impl LinkSecurity {
    /// Security of a link encrypted with the key of a bond.
    pub(super) const fn of_bond(bond: &Bond) -> Self {
        Self {
            level: bond.level(),
            key_size: bond.key_size,
            method: Some(bond.method),
            secure_connections: bond.secure,
            bonded: true,
        }
    }

    /// Security of a link encrypted with the key of a pairing in progress.
    pub(super) const fn of_terms(terms: &Terms) -> Self {
        Self {
            level: terms.level(),
            key_size: terms.key_size,
            method: Some(terms.method),
            secure_connections: terms.secure,
            bonded: false,
        }
    }
}

impl Paired {
    /// Result of a pairing. `name` is the address under which this device knows the peer.
    pub(super) fn of_outcome(outcome: &Outcome, name: Option<Address>) -> Self {
        let said = outcome.keys.peer_identity;
        let believed = |name: Address| if name.is_identity() { Some(name) } else { said };
        Self {
            method: outcome.method,
            secure_connections: outcome.secure,
            authenticated: outcome.authenticated,
            level: outcome.level,
            key_size: outcome.key_size,
            bonded: outcome.bonded,
            identity: said.and(name.and_then(believed)),
        }
    }

    /// Result of the pairing that made a bond.
    pub(super) fn of_bond(bond: &Bond) -> Self {
        Self {
            method: bond.method,
            secure_connections: bond.secure,
            authenticated: bond.authenticated,
            level: bond.level(),
            key_size: bond.key_size,
            bonded: true,
            identity: Some(bond.peer).filter(|peer| peer.is_identity()),
        }
    }
}

/// A bond, without its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct BondInfo {
    /// The peer's public or static address, or, if the peer distributed none, the address that it paired with.
    pub identity: Address,
    /// Level of a link encrypted with the bond's key.
    pub level: Level,
    /// How the devices paired.
    pub method: Method,
    /// Whether they used LE Secure Connections.
    pub secure_connections: bool,
    /// Length of the key in bytes.
    pub key_size: u8,
    /// Whether the peer uses changing addresses that this bond resolves.
    pub private_addresses: bool,
}

impl BondInfo {
    pub(super) fn of(bond: &Bond) -> Self {
        Self {
            identity: bond.peer,
            level: bond.level(),
            method: bond.method,
            secure_connections: bond.secure,
            key_size: bond.key_size,
            private_addresses: bond.keys.peer_irk.as_ref().is_some_and(|irk| !irk.is_zero()),
        }
    }
}
