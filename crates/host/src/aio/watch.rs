//! What happens to the controller, as an application sees it.

use core::task::Poll;

use crate::{
    ControllerEvent, Error, Host,
    stack::Told,
    waiters::{HostKey, Key},
};

/// Watches the controller, made by [`Host::watch_controller`].
#[derive(Debug)]
pub struct ControllerWatch<'h> {
    host: &'h Host,
    told: Told,
}

impl Host {
    /// Watches whether the controller works: the first event says what it is now, unless it is being set up for the first time.
    #[must_use]
    pub fn watch_controller(&self) -> ControllerWatch<'_> {
        ControllerWatch { host: self, told: self.with(|core| core.stack.watch()) }
    }
}

impl ControllerWatch<'_> {
    /// Waits until the controller is ready, is lost, or does not answer. Several losses may be reported as one.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyWaiters`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: what happened is taken only when the future is ready.
    pub async fn next(&mut self) -> Result<ControllerEvent, Error> {
        let told = &mut self.told;
        let key = Key::Host(HostKey::Controller);
        let event = self.host.wait(key, |core, _| match core.stack.poll_watch(told) {
            Some(event) => Poll::Ready(Ok(event)),
            None => Poll::Pending,
        });
        event.await
    }
}
