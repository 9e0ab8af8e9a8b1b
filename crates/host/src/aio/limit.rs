//! Time limits for waits that depend on a peer.

use core::future::Future;

use embassy_futures::select::{Either, select};
use embassy_time::Duration;

use crate::{
    Connection, Error, Host,
    stack::Limit,
    waiters::{HostKey, Key},
};

impl Host {
    /// Gives an operation of this host a time limit, and drops it when the time is over.
    ///
    /// The time begins when the operation must first wait. It is measured with the clock of [`Self::run`], which is that of
    /// the [`crate::Platform`], and stands still while no `run` runs.
    ///
    /// ```
    /// use bindrune::{Channel, Error, Host};
    /// use embassy_time::Duration;
    ///
    /// async fn send(host: &Host, channel: &mut Channel<'_>, sdu: &[u8]) -> Result<(), Error> {
    ///     host.within(Duration::from_secs(10), channel.send(sdu)).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] when the time is over, and those of the operation.
    ///
    /// # Cancel safety
    ///
    /// When the time is over, or the future is dropped, what happens is what the operation says about being dropped.
    pub async fn within<T>(
        &self,
        limit: Duration,
        operation: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut limit = Limit::New(limit);
        let over = self
            .wait(Key::Host(HostKey::Limit), |core, _| core.stack.poll_limit(&mut limit).map(Ok));
        match select(operation, over).await {
            Either::First(result) => result,
            Either::Second(over) => over.and(Err(Error::Timeout)),
        }
    }
}

impl Connection<'_> {
    /// Gives an operation a time limit, as [`Host::within`] does.
    ///
    /// # Errors
    ///
    /// As for [`Host::within`].
    ///
    /// # Cancel safety
    ///
    /// As for [`Host::within`].
    pub async fn within<T>(
        &self,
        limit: Duration,
        operation: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.host().within(limit, operation).await
    }
}
