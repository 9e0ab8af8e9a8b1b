//! What is reported to the application of pairings and bonds.

use bindrune_smp::{Bond, Method, Outcome, Terms};
use bindrune_wire::{Address, Level};

use super::{LinkSecurity, Paired};

impl LinkSecurity {
    /// What a link is worth that is encrypted with the key of a bond.
    pub(super) const fn of_bond(bond: &Bond) -> Self {
        Self {
            level: bond.level(),
            key_size: bond.key_size,
            method: Some(bond.method),
            secure_connections: bond.secure,
            bonded: true,
        }
    }

    /// What a link is worth that is encrypted with the key of a pairing in progress.
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
    /// `name` is what the peer is known by here.
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

    /// What the pairing achieved that made a bond.
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
    /// Who the peer is: its public or static address, or the address that it paired with where it gave none.
    pub identity: Address,
    /// What a link is worth that is encrypted with the bond's key.
    pub level: Level,
    /// How the devices paired.
    pub method: Method,
    /// By LE Secure Connections.
    pub secure_connections: bool,
    /// Octets of the key.
    pub key_size: u8,
    /// The peer uses addresses that change, which this bond resolves.
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
