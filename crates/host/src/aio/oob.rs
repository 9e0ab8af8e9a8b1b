//! Out-of-band data of pairing, in both directions.

use bindrune_smp::{Answer, Key as SecretKey};

use crate::{
    Error, Host, PairingRequest,
    waiters::{HostKey, Key},
};

impl Host {
    /// Creates out-of-band data of this device for LE Secure Connections: the random value and the confirm value. Bring
    /// them to the peer; later pairings use them. [Vol 3] Part H, 2.3.5.6.4
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if no key pair can be created.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the data is created anyway; call this again for other data.
    pub async fn oob(&self) -> Result<([u8; 16], [u8; 16]), Error> {
        self.with(|core| core.stack.make_oob());
        self.wait(Key::Host(HostKey::Bonds), |core, _| core.stack.poll_oob()).await
    }
}

impl PairingRequest<'_> {
    /// Answers with the temporary key of legacy pairing, least significant octet first.
    pub fn temporary_key(&mut self, key: [u8; 16]) {
        self.answer(Answer::TemporaryKey(SecretKey::new(key)));
    }

    /// Answers with the random value and the confirm value of the other device for LE Secure Connections.
    pub fn oob(&mut self, random: [u8; 16], confirm: [u8; 16]) {
        self.answer(Answer::Oob { random: SecretKey::new(random), confirm });
    }
}
