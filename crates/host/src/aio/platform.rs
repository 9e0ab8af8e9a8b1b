//! What the host needs of its surroundings, besides a transport.

use super::clock::SystemClock;
use crate::{bonds::NoStore, crypto::DefaultCrypto};

/// What [`crate::Host::run_with`] is given: a clock, who does the cryptography of pairing, and where bonds are kept.
///
/// ```
/// # #[cfg(feature = "std")] {
/// use bindrune::{NoStore, Platform, ThreadedCrypto};
/// let platform = Platform::new().crypto(ThreadedCrypto::new()).store(NoStore);
/// # let _ = platform;
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Platform<C = SystemClock, K = DefaultCrypto, S = NoStore> {
    pub(crate) clock: C,
    pub(crate) crypto: K,
    pub(crate) store: S,
}

impl Platform {
    /// The system's clock, [`DefaultCrypto`], and bonds that live as long as the host.
    #[must_use]
    pub const fn new() -> Self {
        Self { clock: SystemClock, crypto: DefaultCrypto::new(), store: NoStore }
    }
}

impl<C, K, S> Platform<C, K, S> {
    /// Takes the time from a [`crate::Clock`], such as the virtual one of a test.
    pub fn clock<D>(self, clock: D) -> Platform<D, K, S> {
        Platform { clock, crypto: self.crypto, store: self.store }
    }

    /// Has the cryptography done by a [`crate::Crypto`].
    pub fn crypto<L>(self, crypto: L) -> Platform<C, L, S> {
        Platform { clock: self.clock, crypto, store: self.store }
    }

    /// Keeps bonds in a [`crate::BondStore`].
    pub fn store<T>(self, store: T) -> Platform<C, K, T> {
        Platform { clock: self.clock, crypto: self.crypto, store }
    }
}
