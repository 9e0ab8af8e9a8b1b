//! A fixed L2CAP channel that the application serves.

use bindrune_l2cap::Cid;

use crate::{
    Connection, Error, Host,
    stack::LinkRef,
    waiters::{Key, LinkKey},
};

/// A fixed channel of one link. Dropping it closes it; data that arrives later is discarded.
#[derive(Debug)]
#[must_use = "dropping a channel closes it"]
pub struct FixedChannel<'h> {
    host: &'h Host,
    link: LinkRef,
}

impl<'h> Connection<'h> {
    /// Opens a fixed channel that no part of the host serves. Each link can have one.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameters`] if the host serves `cid` itself; [`Error::Busy`] if the link already has a fixed
    /// channel; [`Error::NoPackets`] if `RX` of [`crate::Resources`] has no packet for its data;
    /// [`Error::Disconnected`] if the link has ended.
    pub fn fixed_channel(&self, cid: Cid) -> Result<FixedChannel<'h>, Error> {
        let (host, link) = (self.host(), self.link());
        host.with(|core| core.stack.open_fixed(link, cid))?;
        Ok(FixedChannel { host, link })
    }
}

impl FixedChannel<'_> {
    const fn key(&self) -> Key {
        Key::Link(self.link.index, LinkKey::Fixed)
    }

    /// Sends one PDU; ready when it is queued for the controller.
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`] if a packet cannot hold the PDU; [`Error::Disconnected`] if the link has ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future before it is ready sends nothing.
    pub async fn send(&mut self, pdu: &[u8]) -> Result<(), Error> {
        let link = self.link;
        self.host.wait(self.key(), |core, _| core.stack.poll_send_fixed(link, pdu)).await
    }

    /// Copies the next PDU and returns its length.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`] if the PDU is longer than `buffer`; the PDU stays queued. [`Error::Disconnected`]
    /// after the last PDU.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: a PDU is taken only when the future is ready.
    pub async fn recv(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let link = self.link;
        self.host.wait(self.key(), |core, _| core.stack.poll_receive_fixed(link, buffer)).await
    }

    /// Returns the number of PDUs that were dropped for lack of a free packet since the last call.
    pub fn lost(&mut self) -> u32 {
        self.host.with(|core| core.stack.take_lost_fixed(self.link))
    }
}

impl Drop for FixedChannel<'_> {
    fn drop(&mut self) {
        self.host.with(|core| core.stack.close_fixed(self.link));
    }
}
