//! Who does the cryptography of pairing: random numbers and P-256.

mod controller;
mod default;
mod offload;
mod software;
#[cfg(test)]
mod tests;
#[cfg(feature = "std")]
mod threaded;

use core::future::Future;

use bindrune_smp::{DhKey, JobDone, LocalKey, PublicKey};

use crate::aio::Controller;

pub use controller::{ControllerCrypto, ControllerOnlyCrypto};
pub use default::DefaultCrypto;
pub use offload::{Offload, OffloadCrypto};
pub use software::SoftwareCrypto;
#[cfg(feature = "std")]
pub use threaded::ThreadedCrypto;

/// Does the slow work of pairing.
///
/// The host asks for one thing at a time, from a future of its own inside [`crate::Host::run`]: while that is pending, links
/// are served. What takes longer than 30 s is given up, and fails its pairing.
///
/// `None` says that it cannot be done: the pairing fails, with Unspecified Reason.
///
/// # Cancel safety
///
/// Any of the futures may be dropped; the next call must work all the same.
pub trait Crypto {
    /// Sixteen octets from a generator that is fit for keys. [Vol 2] Part H, 2
    fn random(&mut self, controller: &Controller<'_>) -> impl Future<Output = Option<[u8; 16]>>;

    /// A fresh P-256 key pair; without its private half where that stays in the controller.
    fn key_pair(&mut self, controller: &Controller<'_>) -> impl Future<Output = Option<LocalKey>>;

    /// The X coordinate of our private key times `peer`, which is on the curve. [Vol 3] Part H, 2.3.5.6.1
    ///
    /// `own` came from [`Self::key_pair`]; several of its key pairs may be in use at once.
    fn dh_key(
        &mut self,
        controller: &Controller<'_>,
        own: &LocalKey,
        peer: &PublicKey,
    ) -> impl Future<Output = Option<DhKey>>;
}

fn random_of(done: JobDone) -> Option<[u8; 16]> {
    if let JobDone::Random(octets) = done { Some(octets) } else { None }
}

fn key_pair_of(done: JobDone) -> Option<LocalKey> {
    if let JobDone::KeyPair(key) = done { Some(key) } else { None }
}

fn dh_key_of(done: JobDone) -> Option<DhKey> {
    if let JobDone::DhKey(key) = done { key } else { None }
}
