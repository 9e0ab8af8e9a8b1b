//! Credit-based channels, as applications use them.

mod halves;
mod packet;
mod stream;

use core::task::Poll;

use bindrune_l2cap::{ChannelConfig, CloseReason, Psm};

use crate::{
    Connection, Error, Host,
    stack::{ChannelRef, Stack},
    waiters::{ChannelKey, Key, LinkKey},
};
pub use packet::{Outgoing, Piece};

/// An LE credit-based channel: delivers SDUs in order and without loss while the link is up.
///
/// The channel keeps its link up: dropping the last [`Connection`] does not disconnect while a channel is open.
/// Dropping the channel closes it after every SDU for which [`Self::send`] returned `Ok` was sent, which can take 30 s.
/// SDUs that were received and not read are discarded and counted (`Stats::unread_sdus`).
///
/// If a [`send`](Self::send) is dropped in the middle of its SDU, the channel is aborted: the peer sees an incomplete
/// SDU before the channel closes, which this host reports as [`CloseReason::Cut`] instead of [`CloseReason::Peer`].
///
/// For byte streams, a channel and its halves implement [`embedded_io_async::Read`] and [`embedded_io_async::Write`].
/// The boundaries of SDUs are then lost. A [`read`](embedded_io_async::Read::read) returns received bytes of one or
/// more SDUs, and 0 after the peer has closed the channel in order. A [`write`](embedded_io_async::Write::write) sends
/// one SDU of at most [`Self::peer_mtu`] bytes, so a few long writes cost less than many short ones. Both kinds of
/// calls can be mixed.
///
/// ```
/// use bindrune::{ChannelConfig, Connection, Error, Psm};
///
/// /// Sends a request over a channel of its own, and returns the answer's length.
/// async fn ask(link: &Connection<'_>, request: &[u8], answer: &mut [u8]) -> Result<usize, Error> {
///     let mut channel = link.open_channel(Psm(0x80), ChannelConfig::DEFAULT).await?;
///     channel.send(request).await?;
///     let len = channel.recv(answer).await?;
///     channel.close().await?;
///     Ok(len)
/// }
/// ```
#[derive(Debug)]
#[must_use = "dropping a channel closes it"]
pub struct Channel<'h> {
    sender: Sender<'h>,
    receiver: Receiver<'h>,
}

/// The sending half of a [`Channel`].
#[derive(Debug)]
pub struct Sender<'h> {
    end: End<'h>,
}

/// The receiving half of a [`Channel`].
#[derive(Debug)]
pub struct Receiver<'h> {
    end: End<'h>,
}

/// One user of a channel slot.
#[derive(Debug)]
struct End<'h> {
    host: &'h Host,
    channel: ChannelRef,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.host.with(|core| {
            core.stack.release_channel(self.channel);
            core.stack.release_link(self.channel.link);
        });
    }
}

impl<'h> Channel<'h> {
    pub(crate) fn new(host: &'h Host, channel: ChannelRef) -> Self {
        let end = || End::new(host, channel);
        Self { sender: Sender { end: end() }, receiver: Receiver { end: end() } }
    }

    /// Sends one SDU of at most [`Self::peer_mtu`] bytes. Ready when its last frame is queued for the controller.
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`] if the SDU is longer than [`Self::peer_mtu`]; [`Error::Closed`] if the channel has ended;
    /// [`Error::Interrupted`] if an earlier send was dropped halfway.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before its first frame left, nothing was sent. If it is dropped later, the SDU is cut
    /// off: the channel closes and later calls fail with [`Error::Interrupted`].
    pub fn send(&mut self, sdu: &[u8]) -> impl Future<Output = Result<(), Error>> {
        self.sender.send(sdu)
    }

    /// Borrows a packet of `len` bytes to write an SDU into. [`Outgoing::send`] then sends it without a copy.
    ///
    /// # Errors
    ///
    /// As for [`Self::send`]; also [`Error::TooLong`] if one packet cannot hold `len` bytes.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn reserve(&mut self, len: usize) -> Result<Outgoing<'_, 'h>, Error> {
        self.sender.reserve(len).await
    }

    /// Sends any number of bytes as SDUs of [`Self::peer_mtu`] bytes; the last SDU holds the rest.
    ///
    /// # Errors
    ///
    /// As for [`Self::send`]. The error does not say how much was sent before it. To know that, call [`Self::send`] for
    /// each SDU.
    ///
    /// # Cancel safety
    ///
    /// As for [`Self::send`]: SDUs that were sent stay sent. An SDU that has begun is cut off, which closes the
    /// channel.
    pub async fn send_all(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.sender.send_all(bytes).await
    }

    /// Waits until everything that was sent is in the controller.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if the channel ended first: the peer may have missed the rest.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn flush(&mut self) -> Result<(), Error> {
        self.sender.flush().await
    }

    /// Copies one whole SDU into `buffer` and returns its length.
    ///
    /// SDUs that arrived before the peer closed the channel can still be read; then [`Error::Closed`] gives the reason.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`] if the SDU is longer than `buffer`; the SDU stays queued. [`Error::LongerThanWindow`]
    /// if the window cannot hold the SDU: use [`Self::next_chunk`]. [`Error::Closed`] after the last SDU.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: an SDU is taken only when the future is ready.
    pub fn recv(&mut self, buffer: &mut [u8]) -> impl Future<Output = Result<usize, Error>> {
        self.receiver.recv(buffer)
    }

    /// Borrows one SDU in the packet that it arrived in. The SDU must fit one frame; otherwise the call fails and the
    /// SDU stays queued.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`] if the SDU spans several frames; [`Error::Closed`] after the last SDU.
    ///
    /// # Cancel safety
    ///
    /// As for [`Self::recv`].
    pub async fn recv_ref(&mut self) -> Result<Piece<'_>, Error> {
        self.receiver.recv_ref().await
    }

    /// Borrows the next piece of an SDU as soon as it arrives, for SDUs of any length.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] after the last SDU.
    ///
    /// # Cancel safety
    ///
    /// As for [`Self::recv`].
    pub async fn next_chunk(&mut self) -> Result<Piece<'_>, Error> {
        self.receiver.next_chunk().await
    }

    /// Returns the number of received bytes that are not read yet, over all SDUs. Does not wait and takes nothing.
    ///
    /// All these bytes are available to [`Self::next_chunk`] and [`embedded_io_async::Read`]. [`Self::recv`] returns
    /// whole SDUs, and the last bytes may belong to an SDU that is still incomplete. An empty SDU adds 0.
    #[must_use]
    pub fn available(&self) -> usize {
        self.receiver.available()
    }

    /// Sends what is queued, closes the channel and waits for the peer's confirmation.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if for 30 s the controller did not take the queued data or the peer did not confirm; the peer
    /// may then have missed the last SDUs. [`Error::Closed`] if the channel had ended for another reason.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the channel without waiting.
    pub async fn close(self) -> Result<(), Error> {
        self.sender.close().await
    }

    /// Splits the channel into a sender and a receiver that can be used concurrently. The channel closes when both are
    /// dropped.
    #[must_use]
    pub fn split(self) -> (Sender<'h>, Receiver<'h>) {
        (self.sender, self.receiver)
    }

    /// Returns the PSM that either side opened the channel for.
    #[must_use]
    pub fn psm(&self) -> Psm {
        Psm(self.sender.end.get(|c| c.psm().0))
    }

    /// Returns the longest SDU that can be sent, in bytes.
    #[must_use]
    pub fn peer_mtu(&self) -> usize {
        self.sender.peer_mtu()
    }

    /// Returns the longest SDU that can be received, in bytes.
    #[must_use]
    pub fn mtu(&self) -> usize {
        self.sender.end.get(|c| c.mtu()).into()
    }

    /// Returns the longest frame payload that the peer receives, in bytes.
    #[must_use]
    pub fn peer_mps(&self) -> usize {
        self.sender.end.get(|c| c.peer_mps()).into()
    }

    /// Returns the longest frame payload that can be received, in bytes.
    #[must_use]
    pub fn mps(&self) -> usize {
        self.sender.end.get(|c| c.mps()).into()
    }
}

impl<'h> End<'h> {
    fn new(host: &'h Host, channel: ChannelRef) -> Self {
        host.with(|core| {
            core.stack.share_channel(channel);
            core.stack.share_link(channel.link);
        });
        Self { host, channel }
    }

    fn wait<T>(
        &self,
        key: ChannelKey,
        mut poll: impl FnMut(&mut Stack, ChannelRef) -> Poll<Result<T, Error>>,
    ) -> impl Future<Output = Result<T, Error>> {
        let channel = self.channel;
        let key = Key::Channel(channel.index, key);
        self.host.wait(key, move |core, _| poll(&mut core.stack, channel))
    }

    fn get(&self, get: impl FnOnce(&bindrune_l2cap::Channel) -> u16) -> u16 {
        self.host.with(|core| core.stack.channel(self.channel).map_or(0, get))
    }

    async fn close(&self) -> Result<(), Error> {
        self.host.with(|core| core.stack.close_channel(self.channel));
        let ended = self.wait(ChannelKey::State, |stack, channel| stack.poll_closed(channel));
        match ended.await? {
            CloseReason::Local | CloseReason::Peer => Ok(()),
            CloseReason::Timeout => Err(Error::Timeout),
            reason @ (CloseReason::Cut
            | CloseReason::LinkLost
            | CloseReason::Refused(_)
            | CloseReason::NotSupported
            | CloseReason::Violation(_)) => Err(Error::Closed(reason)),
        }
    }
}

impl<'h> Connection<'h> {
    /// Opens a channel to `psm` of the peer. As central of a bonded peer, encrypts the link first.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the peer refused; [`Error::Timeout`] if it did not answer within 30 s; [`Error::Closed`]
    /// if it does not support channels, or the channel ended at once; [`Error::InvalidParameters`] if the PSM or the
    /// configuration is not allowed; [`Error::NoChannel`] or [`Error::NoPackets`] if memory ran out;
    /// [`Error::Disconnected`] if the link has ended. With a bonded peer [`Error::BondLost`] if it no longer has the
    /// key, and [`Error::Encryption`] if encryption failed for another reason.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future withdraws the request. If the channel opens anyway, it is closed.
    pub async fn open_channel(
        &self,
        psm: Psm,
        config: ChannelConfig,
    ) -> Result<Channel<'h>, Error> {
        let (host, link) = (self.host(), self.link());
        let asked = self.wait(LinkKey::Security, |stack| stack.poll_open(link, psm, config));
        let channel = asked.await?;
        let end = End::new(host, channel);
        end.wait(ChannelKey::State, |stack, channel| stack.poll_opened(channel)).await?;
        let channel = Channel::new(host, channel);
        drop(end);
        Ok(channel)
    }
}
