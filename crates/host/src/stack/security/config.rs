//! What the user decides about pairing and bonds.

use bindrune_smp::Config as PairingConfig;

use crate::{ClientSecurity, Config, RepeatPairing};

/// The most bonds that one host can keep.
const MAX_BONDS: usize = 64;

impl Config {
    /// What is offered and demanded when pairing. By default: LE Secure Connections with 16 octets of key and bonding, without
    /// display or keyboard, and only after the application has agreed.
    #[must_use]
    pub const fn pairing(mut self, pairing: PairingConfig) -> Self {
        self.pairing = pairing;
        self
    }

    /// How many bonds the host keeps, 0 to 64; 4 by default. With 0 it pairs without bonding.
    #[must_use]
    pub const fn bonds(mut self, bonds: usize) -> Self {
        self.bonds = if bonds > MAX_BONDS { MAX_BONDS } else { bonds };
        self
    }

    /// What a GATT client's operation does when the peer answers that the link is not secure enough; by default the link is
    /// encrypted where there is a bond, and the operation repeated.
    #[must_use]
    pub const fn client_security(mut self, client_security: ClientSecurity) -> Self {
        self.client_security = client_security;
        self
    }

    /// What happens if a peer pairs under the name of a bond that it does not have; the application is asked by default.
    #[must_use]
    pub const fn repeat_pairing(mut self, repeat_pairing: RepeatPairing) -> Self {
        self.repeat_pairing = repeat_pairing;
        self
    }
}
