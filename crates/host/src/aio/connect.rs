//! Connecting: the attempt lasts for as long as its future. [Vol 3] Part C, 9.3

use bindrune_gap::Connect;
use bindrune_wire::Address;

use crate::{
    Connection, Error, Host,
    waiters::{HostKey, Key},
};

impl Host {
    /// Connects to a peer, with the default parameters and without a time limit.
    ///
    /// # Errors
    ///
    /// As for [`Self::connect_with`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the attempt; a link that comes up nevertheless is disconnected.
    pub async fn connect(&self, peer: &Address) -> Result<Connection<'_>, Error> {
        self.connect_with(&Connect::to(*peer), &[]).await
    }

    /// Connects to any of several peers, whichever is heard first.
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

    /// Connects as `connect` says; where it names no peer, to any of `peers`. Attempts of several tasks are made one after
    /// the other.
    ///
    /// The link is given once the peer has been received on it. One that ends before, with Connection Failed to be
    /// Established (0x3E), is tried again within the time limit. [`Connect::until_established`] says where a link is given
    /// earlier.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] when the time of [`Connect::timeout`] is over, [`Error::NoLink`] where every link slot is taken
    /// (with [`Connect::when_full`] it waits instead, within the time limit),
    /// [`Error::InvalidParameters`] where a parameter is out of range or there are more peers than the accept list holds,
    /// [`Error::Controller`] where the controller refuses, [`Error::ShutDown`] by [`Self::shutdown`].
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
