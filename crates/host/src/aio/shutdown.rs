//! The orderly shutdown of a host.

use crate::{
    Error, Host,
    waiters::{HostKey, Key},
};

impl Host {
    /// Leaves the controller quiet: withdraws all requests (advertising, scanning, connecting), closes all links after
    /// their queued data has reached the peers, stores bonds that are not stored yet, and resets the controller.
    /// [`Self::run`] then returns [`crate::RunError::ShutDown`].
    ///
    /// Futures that wait for one of those requests fail with [`Error::ShutDown`]. A new request waits until
    /// [`Self::run`] is called again, which makes the host usable again.
    ///
    /// So the radio is off, and calling [`Self::run`] again turns it on, without exclusive access to the host.
    /// Services, values, bonds and the device name stay.
    ///
    /// It takes at most 6 s: links that are still up after 3 s are ended by the reset, which has 3 s to be answered. If
    /// [`Self::run`] is not running, there is nothing to do. [Vol 4] Part E, 7.3.2
    ///
    /// # Errors
    ///
    /// [`Error::NoAnswer`] if the controller did not answer the reset, or [`Self::run`] was dropped meanwhile. The
    /// controller may then still advertise and hold links.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the shutdown.
    pub async fn shutdown(&self) -> Result<(), Error> {
        self.with(|core| core.stack.shut_down());
        self.wait(Key::Host(HostKey::Controller), |core, _| core.stack.poll_shut_down()).await
    }

    /// Waits until requests are accepted. During a shutdown, a loop that makes the next request must not spin.
    pub(crate) fn open(&self) -> impl Future<Output = Result<(), Error>> {
        self.wait(Key::Host(HostKey::Controller), |core, _| core.stack.poll_requests_taken())
    }
}
