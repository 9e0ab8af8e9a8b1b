//! Results of pairings and bonds that are reported to the application.

use bindrune_smp::{Method, Record, Terms};
use bindrune_wire::{Address, Level};

use super::{LinkSecurity, Paired};

impl LinkSecurity {
    /// Security of a link encrypted with the key of a bond.
    pub(super) fn of_bond(bond: &Record) -> Self {
        Self {
            level: bond.level(),
            key_size: bond.key_size(),
            method: Some(bond.method()),
            secure_connections: bond.is_secure(),
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
    /// Result of the pairing that made a bond, or that would have made it if both sides kept the keys (`bonded`).
    pub(super) fn of_bond(bond: &Record, bonded: bool) -> Self {
        Self {
            method: bond.method(),
            secure_connections: bond.is_secure(),
            authenticated: bond.is_authenticated(),
            level: bond.level(),
            key_size: bond.key_size(),
            bonded,
            identity: Some(bond.peer()).filter(|peer| peer.is_identity()),
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
    pub(super) fn of(bond: &Record) -> Self {
        Self {
            identity: bond.peer(),
            level: bond.level(),
            method: bond.method(),
            secure_connections: bond.is_secure(),
            key_size: bond.key_size(),
            private_addresses: bond.peer_irk().is_some_and(|irk| !irk.is_zero()),
        }
    }
}

#[cfg(test)]
mod tests {
    use bindrune_smp::{Keys, Outcome};

    use super::*;

    #[test]
    fn an_identity_is_the_address_on_the_air_or_one_that_only_this_bond_has() {
        let identity = Address::public([1; 6]);
        let [stays, private] = [0xc0, 0x40].map(|top| Address::random([top, 1, 2, 3, 4, 5]));
        let paired = |on_air, peer_identity, aside| {
            let outcome = Outcome {
                method: Method::JustWorks,
                secure: true,
                authenticated: false,
                key_size: 16,
                bonded: true,
                level: Level::Encrypted,
                keys: Keys { peer_identity, ..Keys::default() },
            };
            let mut bond = Record::FREE;
            bond.set_outcome(&outcome, Address::public([2; 6]), on_air);
            if aside {
                bond.rename(on_air);
            }
            let [kept, dropped] =
                [true, false].map(|bonded| Paired::of_bond(&bond, bonded).identity);
            assert_eq!(kept, dropped);
            kept
        };
        assert_eq!(paired(stays, None, false), Some(stays));
        assert_eq!(paired(stays, Some(identity), false), Some(stays));
        assert_eq!(paired(private, Some(identity), false), Some(identity));
        assert_eq!(paired(private, None, false), None);
        assert_eq!(paired(private, Some(identity), true), None);
    }
}
