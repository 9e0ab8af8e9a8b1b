//! The orderly end of a host.

use crate::{
    Error, Host,
    waiters::{HostKey, Key},
};

impl Host {
    /// Leaves the controller quiet: withdraws all requests (advertising, scanning, connecting), closes all links once what
    /// was given to send is with their peers, stores bonds that are not stored yet, and resets the controller. Then
    /// [`Self::run`] returns with [`crate::RunError::ShutDown`].
    ///
    /// What waits for one of those requests fails with [`Error::ShutDown`]. A new request waits until [`Self::run`] is called again,
    /// which makes the host usable anew.
    ///
    /// So the radio goes off, and calling [`Self::run`] again turns it on, without exclusive access to the host: services, values, bonds
    /// and the device name stay.
    ///
    /// It takes at most 6 s: links that are still up after 3 s are cut off by the reset, which has 3 s to be answered. While
    /// [`Self::run`] is not running there is nothing to do. [Vol 4] Part E, 7.3.2
    ///
    /// # Errors
    ///
    /// [`Error::NoAnswer`] if the controller did not answer the reset, or `run` was dropped meanwhile: the controller may then still
    /// advertise and hold links.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the shutdown.
    pub async fn shutdown(&self) -> Result<(), Error> {
        self.with(|core| core.stack.shut_down());
        self.wait(Key::Host(HostKey::Controller), |core, _| core.stack.poll_shut_down()).await
    }

    /// Waits until requests are taken: while the host is being shut down, a loop that makes the next one must not go round.
    pub(crate) async fn open(&self) -> Result<(), Error> {
        self.wait(Key::Host(HostKey::Controller), |core, _| core.stack.poll_requests_taken()).await
    }
}
