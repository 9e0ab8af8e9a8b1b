use bindrune_smp::{DhKey, Job as CryptoJob, JobDone as CryptoResult, LocalKey, PublicKey};

use super::Crypto;
use crate::aio::Controller;

#[cfg(feature = "std")]
use super::ThreadedCrypto as Inner;
#[cfg(not(feature = "std"))]
use super::controller::RandomOnly as Inner;

/// The cryptography that [`crate::Host::run`] uses. With `std`, `ThreadedCrypto`: the system's random numbers, and
/// P-256 on its own thread. Without, [`super::ControllerCrypto::random_only`]: the controller's random numbers, and
/// P-256 computed in [`run`](crate::Host::run).
#[derive(Debug, Default)]
pub struct DefaultCrypto(Inner);

impl DefaultCrypto {
    /// Creates the cryptography that suits the platform.
    #[must_use]
    pub const fn new() -> Self {
        Self(Inner::new())
    }
}

impl Crypto for DefaultCrypto {
    fn random(&mut self, controller: &Controller<'_>) -> impl Future<Output = Option<[u8; 16]>> {
        self.0.random(controller)
    }

    fn key_pair(&mut self, controller: &Controller<'_>) -> impl Future<Output = Option<LocalKey>> {
        self.0.key_pair(controller)
    }

    fn dh_key(
        &mut self,
        controller: &Controller<'_>,
        own: &LocalKey,
        peer: &PublicKey,
    ) -> impl Future<Output = Option<DhKey>> {
        self.0.dh_key(controller, own, peer)
    }

    fn carry_out(
        &mut self,
        controller: &Controller<'_>,
        job: &CryptoJob,
    ) -> impl Future<Output = CryptoResult> {
        self.0.carry_out(controller, job)
    }
}
