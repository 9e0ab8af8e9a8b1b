use bindrune_smp::{DhKey, Job, JobDone, LocalKey, PublicKey, crypto};
use zeroize::Zeroizing;

use super::{Crypto, software};
use crate::aio::Controller;

/// Cryptography in the controller: LE Rand, LE Read Local P-256 Public Key, LE Generate DHKey. [Vol 4] Part E, 7.8
///
/// If the controller has no P-256, refuses it, or does not answer within 10 s, key pairs are created in software from
/// the controller's random numbers.
///
/// A controller keeps one key pair: if two pairings run at once, the later one takes the key pair from the earlier one,
/// which fails.
#[derive(Clone, Debug)]
pub struct ControllerCrypto {
    p256: bool,
}

impl ControllerCrypto {
    /// Uses random numbers and P-256 of the controller.
    #[must_use]
    pub const fn new() -> Self {
        Self { p256: true }
    }

    /// Uses random numbers of the controller, and P-256 in software, computed in [`run`](crate::Host::run).
    #[must_use]
    pub const fn random_only() -> Self {
        Self { p256: false }
    }
}

impl Default for ControllerCrypto {
    fn default() -> Self {
        Self::new()
    }
}

impl Crypto for ControllerCrypto {
    async fn random(&mut self, controller: &Controller<'_>) -> Option<[u8; 16]> {
        octets(controller).await
    }

    async fn key_pair(&mut self, controller: &Controller<'_>) -> Option<LocalKey> {
        if self.p256
            && let Some(key) = in_controller(controller).await
        {
            return Some(key);
        }
        software::key_pair(octets(controller).await?)
    }

    async fn dh_key(
        &mut self,
        controller: &Controller<'_>,
        own: &LocalKey,
        peer: &PublicKey,
    ) -> Option<DhKey> {
        match own.private {
            Some(_) => software::multiply(own, peer),
            None => controller.dh_key(&own.public, peer).await.ok(),
        }
    }
}

/// [`ControllerCrypto::random_only`], without the code for P-256 of the controller.
#[derive(Clone, Debug, Default)]
pub(super) struct RandomOnly;

#[cfg_attr(feature = "std", expect(dead_code, reason = "the default without `std`"))]
impl RandomOnly {
    pub(super) const fn new() -> Self {
        Self
    }
}

impl Crypto for RandomOnly {
    fn random(&mut self, controller: &Controller<'_>) -> impl Future<Output = Option<[u8; 16]>> {
        octets(controller)
    }

    async fn key_pair(&mut self, controller: &Controller<'_>) -> Option<LocalKey> {
        software::key_pair(octets(controller).await?)
    }

    async fn dh_key(
        &mut self,
        _: &Controller<'_>,
        own: &LocalKey,
        peer: &PublicKey,
    ) -> Option<DhKey> {
        software::multiply(own, peer)
    }

    /// Waits in one place for random octets, whatever they are for.
    async fn carry_out(&mut self, controller: &Controller<'_>, job: &Job) -> JobDone {
        let mut octets = Zeroizing::new([0; 32]);
        let needed = match job {
            Job::Random => 16,
            Job::KeyPair => 32,
            Job::DhKey { own, peer } => return JobDone::DhKey(software::multiply(own, peer)),
        };
        let Some(room) = octets.get_mut(..needed) else { return JobDone::Failed };
        if controller.fill(room).await.is_err() {
            return JobDone::Failed;
        }
        let done = match job {
            Job::Random => octets.first_chunk().copied().map(JobDone::Random),
            Job::KeyPair | Job::DhKey { .. } => software::key_pair(*octets).map(JobDone::KeyPair),
        };
        done.unwrap_or(JobDone::Failed)
    }
}

/// Cryptography in the controller only: [`ControllerCrypto::new`] without point multiplication in software. An image
/// for a chip whose controller has P-256 does not contain that code.
///
/// If the controller has no P-256, refuses it, or does not answer within 10 s, a pairing with LE Secure Connections
/// fails with Unspecified Reason.
#[derive(Clone, Debug, Default)]
pub struct ControllerOnlyCrypto;

impl Crypto for ControllerOnlyCrypto {
    async fn random(&mut self, controller: &Controller<'_>) -> Option<[u8; 16]> {
        octets(controller).await
    }

    async fn key_pair(&mut self, controller: &Controller<'_>) -> Option<LocalKey> {
        in_controller(controller).await
    }

    async fn dh_key(
        &mut self,
        controller: &Controller<'_>,
        own: &LocalKey,
        peer: &PublicKey,
    ) -> Option<DhKey> {
        controller.dh_key(&own.public, peer).await.ok()
    }
}

/// A key pair of the controller, whose private key stays there.
async fn in_controller(controller: &Controller<'_>) -> Option<LocalKey> {
    let public = controller.p256_public_key().await.ok()?;
    crypto::is_valid(&public).then_some(LocalKey { public, private: None })
}

/// Returns random octets.
async fn octets<const N: usize>(controller: &Controller<'_>) -> Option<[u8; N]> {
    let mut octets = [0; N];
    controller.fill(&mut octets).await.ok()?;
    Some(octets)
}
