//! What the two sides agreed on, as others may see it.

use bindrune_wire::Level;

use super::{Pairing, State};
use crate::{
    bond::Bond,
    method::{self, Method},
};

/// What a pairing in progress will achieve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The association model.
    pub method: Method,
    /// LE Secure Connections.
    pub secure: bool,
    /// Protected against a man in the middle.
    pub authenticated: bool,
    /// Octets of the key.
    pub key_size: u8,
    /// Both sides keep the keys.
    pub bonded: bool,
}

impl Terms {
    /// What the link will be worth.
    #[must_use]
    pub const fn level(&self) -> Level {
        method::level(self.secure, self.authenticated, self.key_size)
    }

    /// Whether it is at least as strong as an existing bond; see [`Bond::may_replace`].
    #[must_use]
    pub fn may_replace(&self, old: &Bond) -> bool {
        self.authenticated >= old.authenticated
            && self.key_size >= old.key_size
            && self.secure >= old.secure
    }
}

impl Pairing {
    /// Returns what the pairing in progress will achieve, once the features of both sides are exchanged.
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

    /// True once both sides have proven that they have the same key: it encrypts the link next.
    #[must_use]
    pub const fn has_key(&self) -> bool {
        matches!(self.state, State::Distribute(_))
    }
}
