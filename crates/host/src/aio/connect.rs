//! Connecting. An attempt lasts as long as its future. [Vol 3] Part C, 9.3

use bindrune_gap::Connect;
use bindrune_wire::Address;

use crate::{
    Connection, Error, Host,
    waiters::{HostKey, Key},
};

impl Host {
    /// Connects to a peer with the default parameters and no time limit.
    ///
    /// # Errors
    ///
    /// As for [`Self::connect_with`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the attempt. If a link comes up anyway, it is disconnected.
    pub async fn connect(&self, peer: &Address) -> Result<Connection<'_>, Error> {
        self.connect_with(&Connect::to(*peer), &[]).await
    }

    /// Connects to the first of several peers that answers.
    ///
    /// # Errors
    ///
    /// As for [`Self::connect_with`].
    ///
    /// # Cancel safety
    ///
    /// As for [`Self::connect`].
    pub async fn connect_any(&self, peers: &[Address]) -> Result<Connection<'_>, Error> {
        self.connect_with(&Connect::any(), peers).await
    }

    /// Connects to the peer of `connect`, or to any of `peers` if `connect` names none ([`Connect::any`]). Attempts of
    /// several tasks run one after the other.
    ///
    /// Returns the link after the first packet of the peer has arrived. If the link ends before that, with Connection
    /// Failed to be Established (0x3E), repeats the attempt within the time limit. [`Connect::until_established`] says
    /// with which controllers the link is returned earlier. Waits while [`Self::run`] is not running or the controller
    /// is lost.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] after the time of [`Connect::timeout`]; [`Error::NoLink`] if all link slots are in use (with
    /// [`Connect::when_full`] it waits within the time limit instead); [`Error::InvalidParameters`] if a parameter is
    /// out of range or there are more peers than the accept list holds; [`Error::Controller`] if the controller
    /// refuses; [`Error::NonResolvable`] while addresses make no links, see `Host::set_address_mode`;
    /// [`Error::ShutDown`] after [`Self::shutdown`].
    ///
    /// # Cancel safety
    ///
    /// As for [`Self::connect`].
    pub async fn connect_with(
        &self,
        connect: &Connect,
        peers: &[Address],
    ) -> Result<Connection<'_>, Error> {
        let key = Key::Host(HostKey::Connect);
        self.wait(key, |core, first| core.stack.poll_connect(first, connect, peers)).await?;
        let attempt = Attempt(self);
        let link = self.wait(key, |core, _| core.stack.poll_connected()).await;
        drop(attempt);
        Ok(Connection::adopted(self, link?))
    }
}

/// The one connection attempt; released on drop.
struct Attempt<'h>(&'h Host);

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.0.with(|core| core.stack.release_connect());
    }
}
