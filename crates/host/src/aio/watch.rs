//! What happens to the controller, as an application sees it.

use core::task::Poll;

use crate::{
    ControllerEvent, Host,
    stack::Reported,
    waiters::{HostKey, Key},
};

/// Watches the controller, made by [`Host::watch_controller`].
#[derive(Debug)]
pub struct ControllerWatch<'h> {
    host: &'h Host,
    reported: Reported,
}

impl Host {
    /// Watches whether the controller works: the first event says what it is now, unless it is being set up for the first time.
    ///
    /// A controller that stops answering is noticed with the next command. An application that sends none for long, and wants to
    /// know, sends one from time to time: [`crate::Controller::rand`] does.
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
    /// Waits until the controller is ready, is lost, or does not answer. Several losses may be reported as one.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: what happened is taken only when the future is ready.
    pub async fn next(&mut self) -> ControllerEvent {
        let key = Key::Host(HostKey::Controller);
        loop {
            let reported = &mut self.reported;
            let event = self.host.wait(key, |core, _| match core.stack.poll_watch(reported) {
                Some(event) => Poll::Ready(Ok(event)),
                None => Poll::Pending,
            });
            // Waiting cannot fail.
            if let Ok(event) = event.await {
                return event;
            }
        }
    }
}
