//! Cryptographic functions of the controller.

use bindrune_smp::{DhKey, Key as SecretKey, PublicKey};

use crate::{
    Error, Host,
    core::Core,
    stack::{Answer, Request},
    waiters::{HostKey, Key},
};

/// Computes with the host's controller: random numbers, AES-128 and P-256.
///
/// Sends its commands one at a time, in the order of the calls of all tasks.
///
/// ```
/// # async fn example(host: &bindrune::Host) -> Result<(), bindrune::Error> {
/// let dice = bindrune::Controller::new(host).rand().await?;
/// # let _ = dice;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Controller<'h> {
    host: &'h Host,
}

impl<'h> Controller<'h> {
    /// Returns access to the controller of this host.
    #[must_use]
    pub const fn new(host: &'h Host) -> Self {
        Self { host }
    }

    /// Returns eight random bytes. [Vol 4] Part E, 7.8.23
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if the controller has no such command, [`Error::Controller`] if it refuses it.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before the command left, nothing is sent. If it is dropped later, the answer is
    /// discarded.
    pub async fn rand(&self) -> Result<[u8; 8], Error> {
        match self.ask(&|| Request::Rand).await? {
            Answer::Rand(octets) => Ok(octets),
            Answer::Block(_) | Answer::PublicKey(_) | Answer::DhKey(_) => Err(Error::Protocol),
        }
    }

    /// Encrypts one block with AES-128, least significant byte first. [Vol 4] Part E, 7.8.22
    ///
    /// # Errors
    ///
    /// As for [`Self::rand`].
    ///
    /// # Cancel safety
    ///
    /// As for [`Self::rand`].
    pub async fn encrypt(&self, key: &SecretKey, plain: [u8; 16]) -> Result<[u8; 16], Error> {
        match self.ask(&|| Request::Encrypt { key: key.clone(), plain }).await? {
            Answer::Block(octets) => Ok(octets),
            Answer::Rand(_) | Answer::PublicKey(_) | Answer::DhKey(_) => Err(Error::Protocol),
        }
    }

    /// Creates a key pair in the controller and returns its public key. The private key never leaves the controller.
    /// The previous key pair is gone: a pairing that still needs it fails. [Vol 4] Part E, 7.8.36
    ///
    /// # Errors
    ///
    /// As for [`Self::rand`]. [`Error::Timeout`] if the controller does not finish within 10 s; its P-256 is then not
    /// used again until the controller is reset or finishes.
    ///
    /// # Cancel safety
    ///
    /// As for [`Self::rand`]; the controller may have a new key pair anyway.
    pub async fn p256_public_key(&self) -> Result<PublicKey, Error> {
        self.host.with(|core| core.stack.use_p256());
        match self.ask(&|| Request::PublicKey).await? {
            Answer::PublicKey(key) => Ok(key),
            Answer::Rand(_) | Answer::Block(_) | Answer::DhKey(_) => Err(Error::Protocol),
        }
    }

    /// Computes the Diffie-Hellman key of the controller's private key and a peer's public key, which must be on the
    /// curve. [Vol 4] Part E, 7.8.37
    ///
    /// # Errors
    ///
    /// As for [`Self::p256_public_key`]. [`Error::Busy`] if `own` is no longer the controller's key pair.
    ///
    /// # Cancel safety
    ///
    /// As for [`Self::rand`].
    pub async fn dh_key(&self, own: &PublicKey, peer: &PublicKey) -> Result<DhKey, Error> {
        self.host.with(|core| core.stack.use_p256());
        match self.ask(&|| Request::DhKey { own: *own, peer: *peer }).await? {
            Answer::DhKey(key) => Ok(key),
            Answer::Rand(_) | Answer::Block(_) | Answer::PublicKey(_) => Err(Error::Protocol),
        }
    }

    /// The request is created when it is taken, so that the future does not hold it.
    async fn ask(&self, request: &(dyn Fn() -> Request + Sync)) -> Result<Answer, Error> {
        let mut asked = Asked { host: self.host, answer_pending: false };
        let asked = &mut asked.answer_pending;
        let poll = |core: &mut Core, first| core.stack.poll_worker(asked, first, request);
        self.host.wait(Key::Host(HostKey::Worker), poll).await
    }
}

/// A request of a future. Its answer is abandoned on drop.
struct Asked<'h> {
    host: &'h Host,
    answer_pending: bool,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if self.answer_pending {
            self.host.with(|core| core.stack.abandon_answer());
        }
    }
}
