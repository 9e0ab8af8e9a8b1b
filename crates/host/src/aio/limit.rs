//! Time limits for operations that wait for a peer, and timers for applications.

use core::future::Future;

use embassy_futures::select::{Either, select};
use embassy_time::{Duration, Instant};

use crate::{
    Connection, Error, Host,
    stack::Limit,
    waiters::{HostKey, Key},
};

impl Host {
    /// Gives an operation of this host a time limit, and drops the operation when the time is over.
    ///
    /// Use it for each operation that waits for a peer: [`crate::Listener::accept`], [`Connection::open_channel`], the
    /// GATT client's procedures, [`Connection::next`] in an `async` block that returns `Ok`.
    ///
    /// The time begins when the operation first has to wait. It is measured on the clock of [`Self::run`], the clock of
    /// the [`crate::Platform`], and stops while no [`Self::run`] is running.
    ///
    /// ```
    /// use bindrune::{Channel, Error, Host};
    /// use embassy_time::{Duration, Instant};
    ///
    /// async fn send(host: &Host, channel: &mut Channel<'_>, sdu: &[u8]) -> Result<(), Error> {
    ///     host.within(Duration::from_secs(10), channel.send(sdu)).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] when the time is over, and the errors of the operation.
    ///
    /// # Cancel safety
    ///
    /// When the time is over or the future is dropped, the operation is dropped; see its cancel safety.
    pub async fn within<T>(
        &self,
        limit: Duration,
        operation: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut limit = Limit::New(limit);
        let over =
            self.wait(Key::Host(HostKey::Limit), |core, _| core.stack.poll_limit(&mut limit));
        match select(operation, over).await {
            Either::First(result) => result,
            Either::Second(()) => Err(Error::Timeout),
        }
    }

    /// Waits for a time, on the clock of [`Self::run`].
    ///
    /// This is the clock of the [`crate::Platform`]: an application that sleeps here runs in the virtual time of a
    /// test, and needs no timer of its executor. The time begins when the future is first polled, and stops while
    /// [`Self::run`] is not running.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn sleep(&self, duration: Duration) {
        self.time_comes(Limit::New(duration)).await;
    }

    /// Waits until a time on the clock of [`Self::run`]. Ready at once if it has passed. Use it for exact intervals:
    ///
    /// ```
    /// use bindrune::{Duration, Host};
    ///
    /// async fn each_second(host: &Host) {
    ///     let mut next = host.now().await;
    ///     loop {
    ///         next += Duration::from_secs(1);
    ///         host.sleep_until(next).await;
    ///         // Measure.
    ///     }
    /// }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn sleep_until(&self, at: Instant) {
        self.time_comes(Limit::Until(at)).await;
    }

    /// Returns the time on the clock of [`Self::run`]. Waits until that is running.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn now(&self) -> Instant {
        self.time_comes(Limit::New(Duration::MIN)).await
    }

    /// Returns the time when the time is over.
    async fn time_comes(&self, mut limit: Limit) -> Instant {
        self.wait(Key::Host(HostKey::Limit), |core, _| {
            core.stack.poll_limit(&mut limit).map(|()| core.stack.clock())
        })
        .await
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
