//! Out-of-band data of pairing: what is brought to the peer, and what it brought.

use bindrune_smp::{Answer, Key as SecretKey};

use crate::{
    Error, Host, PairingRequest,
    waiters::{HostKey, Key},
};

impl Host {
    /// Makes out-of-band data of this device for LE Secure Connections, its random number and its confirm value, to be
    /// brought to the peer; the pairings to come use it. [Vol 3] Part H, 2.3.5.6.4
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] where no key pair can be made.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the data is made all the same; call it again for other data.
    pub async fn oob(&self) -> Result<([u8; 16], [u8; 16]), Error> {
        self.with(|core| core.stack.make_oob());
        self.wait(Key::Host(HostKey::Bonds), |core, _| core.stack.poll_oob()).await
    }
}

impl PairingRequest<'_> {
    /// The temporary key of legacy pairing, least significant octet first.
    pub fn temporary_key(&mut self, key: [u8; 16]) {
        self.answer(Answer::TemporaryKey(SecretKey::new(key)));
    }

    /// The random number and the confirm value that the other device passed on for LE Secure Connections.
    pub fn oob(&mut self, random: [u8; 16], confirm: [u8; 16]) {
        self.answer(Answer::Oob { random: SecretKey::new(random), confirm });
    }
}
