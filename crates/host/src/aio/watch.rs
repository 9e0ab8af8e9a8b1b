//! Events of the controller, as applications see them.

use core::task::Poll;

use crate::{
    ControllerEvent, Host,
    stack::Reported,
    waiters::{HostKey, Key},
};

/// Watches the controller. Created by [`Host::watch_controller`].
#[derive(Debug)]
pub struct ControllerWatch<'h> {
    host: &'h Host,
    reported: Reported,
}

impl Host {
    /// Watches whether the controller works. The first event reports the present state, unless the controller is being
    /// initialized for the first time.
    ///
    /// The host notices that a controller stopped answering at its next command. If your application sends none for a
    /// long time, send one regularly to find out: for example [`crate::Controller::rand`].
    ///
    /// ```
    /// # async fn example(host: &bindrune::Host) {
    /// use bindrune::ControllerEvent;
    /// let mut watch = host.watch_controller();
    /// loop {
    ///     match watch.next().await {
    ///         ControllerEvent::Lost(why) => println!("links have ended: {why}"),
    ///         event => println!("{event}"),
    ///     }
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn watch_controller(&self) -> ControllerWatch<'_> {
        ControllerWatch { host: self, reported: self.with(|core| core.stack.watch()) }
    }
}

impl ControllerWatch<'_> {
    /// Waits until the controller is ready, is lost, or does not answer. One event can stand for several losses.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: an event is taken only when the future is ready.
    pub async fn next(&mut self) -> ControllerEvent {
        let key = Key::Host(HostKey::Controller);
        let reported = &mut self.reported;
        let event = self.host.wait(key, |core, _| match core.stack.poll_watch(reported) {
            Some(event) => Poll::Ready(event),
            None => Poll::Pending,
        });
        event.await
    }
}
