use bindrune_smp::{DhKey, Job, JobDone, LocalKey, PrivateKey, PublicKey, crypto};
use core::fmt;
use rand_core::TryCryptoRng;
use zeroize::Zeroize;

use super::Crypto;
use crate::aio::Controller;

/// Cryptography in software, computed in [`run`](crate::Host::run): P-256 of RustCrypto, and the random numbers of `R`.
///
/// A multiplication takes a fraction of a millisecond on a desktop, and some tenths of a second on a Cortex-M4, during
/// which `run` serves no link. [`crate::ThreadedCrypto`] and [`super::Offload`] move it out of `run`.
///
/// If the generator fails, the pairing fails.
#[derive(Clone)]
pub struct SoftwareCrypto<R> {
    random: R,
}

impl<R: TryCryptoRng> SoftwareCrypto<R> {
    /// Uses the random numbers of `random`: a hardware generator, or a generator seeded from one.
    pub const fn new(random: R) -> Self {
        Self { random }
    }

    /// Runs a job.
    pub(super) fn compute(&mut self, job: &Job) -> JobDone {
        match job {
            Job::Random => self.octets().map_or(JobDone::Failed, JobDone::Random),
            Job::KeyPair => self.fresh_key().map_or(JobDone::Failed, JobDone::KeyPair),
            Job::DhKey { own, peer } => JobDone::DhKey(multiply(own, peer)),
        }
    }

    fn octets<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut octets = [0; N];
        self.random.try_fill_bytes(&mut octets).ok()?;
        Some(octets)
    }

    fn fresh_key(&mut self) -> Option<LocalKey> {
        key_pair(self.octets()?)
    }
}

/// A key pair of random octets, which are wiped.
pub(super) fn key_pair(mut octets: [u8; 32]) -> Option<LocalKey> {
    let private = PrivateKey::new(octets);
    octets.zeroize();
    crypto::key_pair(private)
}

/// The Diffie-Hellman key, if this side has the private key.
pub(super) fn multiply(own: &LocalKey, peer: &PublicKey) -> Option<DhKey> {
    crypto::dh_key(own.private.as_ref()?, peer)
}

impl<R: TryCryptoRng> Crypto for SoftwareCrypto<R> {
    async fn random(&mut self, _: &Controller<'_>) -> Option<[u8; 16]> {
        self.octets()
    }

    async fn key_pair(&mut self, _: &Controller<'_>) -> Option<LocalKey> {
        self.fresh_key()
    }

    async fn dh_key(
        &mut self,
        _: &Controller<'_>,
        own: &LocalKey,
        peer: &PublicKey,
    ) -> Option<DhKey> {
        multiply(own, peer)
    }
}

impl<R> fmt::Debug for SoftwareCrypto<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SoftwareCrypto(..)")
    }
}
