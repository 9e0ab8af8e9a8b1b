//! The agreed terms of a pairing, for the host.

use bindrune_wire::Level;

use super::{Pairing, State};
use crate::{
    bond::Record,
    method::{self, Method},
};

/// What a pairing in progress will achieve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The association model.
    pub method: Method,
    /// Whether it is LE Secure Connections.
    pub secure: bool,
    /// Whether the key will be protected against a man in the middle.
    pub authenticated: bool,
    /// Length of the key in octets.
    pub key_size: u8,
    /// Whether both sides keep the keys.
    pub bonded: bool,
}

impl Terms {
    /// Returns the security level that the link will have.
    #[must_use]
    pub const fn level(&self) -> Level {
        method::level(self.secure, self.authenticated, self.key_size)
    }

    /// Returns whether the result will be at least as strong as an existing bond; see
    /// [`Record::may_replace`].
    #[must_use]
    pub fn may_replace(&self, old: &Record) -> bool {
        self.authenticated >= old.is_authenticated()
            && self.key_size >= old.key_size()
            && self.secure >= old.is_secure()
    }
}

impl Pairing {
    /// Returns the terms of the pairing in progress, once the features of both sides are exchanged.
    #[must_use]
    pub fn terms(&self) -> Option<Terms> {
        self.agreed.as_ref().map(|agreed| Terms {
            method: agreed.method,
            secure: agreed.secure,
            authenticated: agreed.authenticated,
            key_size: agreed.key_size,
            bonded: agreed.bonded,
        })
    }

    /// Returns whether both sides have proven that they have the same key: it encrypts the link next.
    #[must_use]
    pub const fn has_key(&self) -> bool {
        matches!(self.state, State::Distribute(_))
    }
}
