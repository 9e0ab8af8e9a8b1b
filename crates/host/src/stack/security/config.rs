//! Settings for pairing and bonds.

use bindrune_smp::Config as PairingConfig;

use crate::{ClientSecurity, Config, Error, RepeatPairing, stack::Stack};

/// The maximum number of bonds of one host.
const MAX_BONDS: usize = 64;

impl Config {
    /// Sets what the host offers and requires when it pairs. Default: LE Secure Connections with a key of 16 bytes and
    /// bonding, without display or keyboard, and only after the application has agreed.
    #[must_use]
    pub const fn pairing(mut self, pairing: PairingConfig) -> Self {
        self.pairing = pairing;
        self
    }

    /// Sets how many bonds the host keeps, 0 to 64; larger values count as 64. Default: 4. With 0, the host pairs
    /// without bonding.
    #[must_use]
    pub const fn bonds(mut self, bonds: usize) -> Self {
        self.bonds = if bonds > MAX_BONDS { MAX_BONDS } else { bonds };
        self
    }

    /// Sets what an operation of the GATT client does if the peer answers that the link is not secure enough. Default:
    /// if there is a bond, encrypts the link and repeats the operation.
    #[must_use]
    pub const fn client_security(mut self, client_security: ClientSecurity) -> Self {
        self.client_security = client_security;
        self
    }

    /// Sets what happens if a peer pairs under the identity of a bond without proof that the bond is its own. Default:
    /// asks the application.
    #[must_use]
    pub const fn repeat_pairing(mut self, repeat_pairing: RepeatPairing) -> Self {
        self.repeat_pairing = repeat_pairing;
        self
    }
}

impl Stack {
    /// Changes what later pairings offer and require.
    pub(crate) fn set_pairing(&mut self, pairing: PairingConfig) -> Result<(), Error> {
        let config = self.config.pairing(pairing);
        config
            .check_packets(0, 0, 0, self.tx.pool.packet_size())
            .map_err(|_| Error::Unsupported)?;
        self.config = config;
        Ok(())
    }
}
