//! Cryptographic functions of the controller.

use core::{future::Future, task::Poll};

use bindrune_hci::{
    Command, Opcode,
    cmd::le::{Encrypt, GenerateDhKey, Rand, ReadLocalP256PublicKey},
};
use bindrune_smp::{DhKey, Key as SecretKey, PublicKey};
use bindrune_wire::{
    Writer,
    zerocopy::{FromBytes, IntoBytes},
};
use zeroize::Zeroizing;

use crate::{
    Error, Host,
    core::Core,
    stack::{Request, Worker},
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
        let mut octets = [0; 8];
        self.fill(&mut octets).await?;
        Ok(octets)
    }

    /// Fills a buffer with random bytes, eight at a time.
    pub(crate) async fn fill(&self, octets: &mut [u8]) -> Result<(), Error> {
        for part in octets.chunks_mut(8) {
            self.ask(Rand::OPCODE, &|_, _| Ok(()), part).await?;
        }
        Ok(())
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
        let mut block = [0; 16];
        let write = |_: &Worker, w: &mut Writer<'_>| {
            let command = Encrypt { key: *key.octets(), plaintext: plain };
            command.write_parameters(w).map_err(|_| Error::Protocol)
        };
        self.ask(Encrypt::OPCODE, &write, &mut block).await?;
        Ok(block)
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
        let mut key = [0; size_of::<PublicKey>()];
        let check = |worker: &Worker, _: &mut Writer<'_>| worker.check_p256(None);
        self.ask(ReadLocalP256PublicKey::OPCODE, &check, &mut key).await?;
        PublicKey::read_from_bytes(&key).map_err(|_| Error::Protocol)
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
        let mut key = Zeroizing::new([0; 32]);
        let write = |worker: &Worker, w: &mut Writer<'_>| {
            worker.check_p256(Some(own))?;
            w.bytes(peer.as_bytes()).map_err(|_| Error::Protocol)
        };
        self.ask(GenerateDhKey::OPCODE, &write, key.as_mut_slice()).await?;
        Ok(DhKey::new(*key))
    }

    /// Sends a command, and fills `answer` with its result.
    fn ask<'a>(
        &'a self,
        opcode: Opcode,
        write: &'a (dyn Fn(&Worker, &mut Writer<'_>) -> Result<(), Error> + Sync),
        answer: &'a mut [u8],
    ) -> impl Future<Output = Result<(), Error>> + 'a {
        let mut asked = Asked { host: self.host, answer_pending: false };
        let request = Request { opcode, write };
        let poll = move |core: &mut Core, first| asked.poll(core, first, request, answer);
        self.host.wait(Key::Host(HostKey::Worker), poll)
    }
}

/// A request of a future. Its answer is abandoned on drop.
struct Asked<'h> {
    host: &'h Host,
    answer_pending: bool,
}

impl Asked<'_> {
    fn poll(
        &mut self,
        core: &mut Core,
        first: bool,
        request: Request<'_>,
        answer: &mut [u8],
    ) -> Poll<Result<(), Error>> {
        core.stack.poll_worker(&mut self.answer_pending, first, request, answer)
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if self.answer_pending {
            self.host.with(|core| core.stack.abandon_answer());
        }
    }
}
