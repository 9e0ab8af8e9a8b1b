//! The shell of a host without the Security Manager.

use core::future::pending;

use bindrune_att::ErrorCode;
use bindrune_hci::clock::Clock;
use bindrune_wire::Level;
use embedded_io_async::{Read, Write};

use super::{
    clock::SystemClock,
    run::{self, RunError},
};
use crate::{Error, Host, stack::LinkRef};

/// What [`crate::Host::run_with`] needs: a clock. With the feature `security` also cryptography and a store for bonds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Platform<C = SystemClock> {
    clock: C,
}

impl Platform {
    /// The system's clock.
    #[must_use]
    pub const fn new() -> Self {
        Self { clock: SystemClock }
    }
}

impl<C> Platform<C> {
    /// Uses another [`crate::Clock`], such as the virtual clock of a test.
    pub fn clock<D>(self, clock: D) -> Platform<D> {
        Platform { clock }
    }
}

impl Host {
    /// As [`Self::run`], with another platform: another clock.
    ///
    /// # Cancel safety
    ///
    /// As for [`Self::run`].
    pub fn run_with<R: Read, W: Write<Error = R::Error>>(
        &self,
        rx: R,
        tx: W,
        platform: Platform<impl Clock>,
    ) -> impl Future<Output = RunError<R::Error>> {
        run::run(self, rx, tx, platform.clock, async |_| pending().await)
    }
}

/// No retry can secure the link: the operation fails with the peer's error.
pub(super) async fn make_safer(
    _host: &Host,
    _link: LinkRef,
    code: ErrorCode,
    _level: Level,
) -> Result<(), Error> {
    Err(Error::Att(code))
}
