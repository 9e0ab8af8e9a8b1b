//! Services that the host needs besides a transport.

use bindrune_hci::clock::Clock;
use embedded_io_async::{Read, Write};

use super::{
    clock::SystemClock,
    jobs,
    run::{self, RunError},
};
use crate::{BondStore, Crypto, Host, bonds::NoStore, crypto::DefaultCrypto};

/// What [`crate::Host::run_with`] needs: a clock, cryptography for pairing, and a store for bonds.
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
    /// Uses another [`crate::Clock`], such as the virtual clock of a test.
    pub fn clock<D>(self, clock: D) -> Platform<D, K, S> {
        Platform { clock, crypto: self.crypto, store: self.store }
    }

    /// Uses another [`crate::Crypto`].
    pub fn crypto<L>(self, crypto: L) -> Platform<C, L, S> {
        Platform { clock: self.clock, crypto, store: self.store }
    }

    /// Keeps bonds in a [`crate::BondStore`].
    pub fn store<T>(self, store: T) -> Platform<C, K, T> {
        Platform { clock: self.clock, crypto: self.crypto, store }
    }
}

impl Host {
    /// As [`Self::run`], with another platform: another clock, other cryptography, or a store for bonds.
    ///
    /// # Cancel safety
    ///
    /// As for [`Self::run`]. Work of the cryptography or the store that was in progress is begun again when it is
    /// needed.
    pub async fn run_with<R: Read, W: Write<Error = R::Error>>(
        &self,
        rx: R,
        tx: W,
        platform: Platform<impl Clock, impl Crypto, impl BondStore>,
    ) -> RunError<R::Error> {
        let Platform { clock, mut crypto, mut store } = platform;
        let all = async |parts: &_| jobs::all(self, &mut crypto, &mut store, &clock, parts).await;
        run::run(self, rx, tx, &clock, all).await
    }
}
