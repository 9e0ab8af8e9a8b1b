//! Implementations of the cryptography of pairing: random numbers and P-256.

mod controller;
mod default;
mod offload;
mod software;
#[cfg(test)]
mod tests;
#[cfg(feature = "std")]
mod threaded;

use core::future::Future;

use bindrune_smp::{DhKey, Job as CryptoJob, JobDone as CryptoResult, LocalKey, PublicKey};

use crate::aio::Controller;

pub use controller::{ControllerCrypto, ControllerOnlyCrypto};
pub use default::DefaultCrypto;
pub use offload::{Offload, OffloadCrypto};
pub use software::SoftwareCrypto;
#[cfg(feature = "std")]
pub use threaded::ThreadedCrypto;

/// Does the slow work of pairing.
///
/// The host requests one job at a time, and continues to serve links in [`crate::Host::run`] while the job is pending.
/// A job that takes more than 30 s is abandoned, and its pairing fails.
///
/// `None` means that the job cannot be done: the pairing fails. The peer gets Unspecified Reason, or DHKey Check Failed
/// if [`Self::dh_key`] returned it.
///
/// # Cancel safety
///
/// Any of the futures may be dropped; the next call must work anyway.
pub trait Crypto {
    /// Returns sixteen octets from a generator that is fit for keys. [Vol 2] Part H, 2
    fn random(&mut self, controller: &Controller<'_>) -> impl Future<Output = Option<[u8; 16]>>;

    /// Creates a fresh P-256 key pair; without its private key if that stays in the controller.
    fn key_pair(&mut self, controller: &Controller<'_>) -> impl Future<Output = Option<LocalKey>>;

    /// Returns the X coordinate of our private key times `peer`, which is on the curve. [Vol 3] Part H, 2.3.5.6.1
    ///
    /// `own` was returned by [`Self::key_pair`]; several of its key pairs may be in use at once.
    fn dh_key(
        &mut self,
        controller: &Controller<'_>,
        own: &LocalKey,
        peer: &PublicKey,
    ) -> impl Future<Output = Option<DhKey>>;

    /// Does one of these jobs. Hosts call only this method; by default it calls one of the others. An implementation of
    /// this method may take less code: it can wait for random octets in one place, whatever they are for.
    ///
    /// `Failed` and `DhKey(None)` mean that the job cannot be done, as `None` does in the other methods.
    fn carry_out(
        &mut self,
        controller: &Controller<'_>,
        job: &CryptoJob,
    ) -> impl Future<Output = CryptoResult> {
        async move {
            match job {
                CryptoJob::Random => {
                    self.random(controller).await.map_or(CryptoResult::Failed, CryptoResult::Random)
                }
                CryptoJob::KeyPair => self
                    .key_pair(controller)
                    .await
                    .map_or(CryptoResult::Failed, CryptoResult::KeyPair),
                CryptoJob::DhKey { own, peer } => {
                    CryptoResult::DhKey(self.dh_key(controller, own, peer).await)
                }
            }
        }
    }
}

fn random_of(done: CryptoResult) -> Option<[u8; 16]> {
    if let CryptoResult::Random(octets) = done { Some(octets) } else { None }
}

fn key_pair_of(done: CryptoResult) -> Option<LocalKey> {
    if let CryptoResult::KeyPair(key) = done { Some(key) } else { None }
}

fn dh_key_of(done: CryptoResult) -> Option<DhKey> {
    if let CryptoResult::DhKey(key) = done { key } else { None }
}
