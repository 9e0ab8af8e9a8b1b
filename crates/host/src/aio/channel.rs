//! Credit-based channels, as an application uses them.

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

/// An LE credit-based channel: SDUs in order, without loss, as long as the link lives.
///
/// It keeps its link: dropping the last [`Connection`] does not disconnect while a channel is there. Dropping the channel
/// closes it, after every SDU for which [`Self::send`] returned `Ok` was sent; that may take 30 s. What was received and
/// not read is discarded and counted (`Stats::unread_sdus`).
///
/// A `send` that is dropped in the middle of its SDU aborts the channel: the peer finds it closed with an incomplete
/// SDU, which this host reports as [`CloseReason::Cut`] and not as [`CloseReason::Peer`].
///
/// For protocols of bytes, a channel and its halves are [`embedded_io_async::Read`] and [`embedded_io_async::Write`]; the
/// boundaries of SDUs vanish there. A `read` gives what was received, of one SDU or of several, and 0 once the peer has closed the
/// channel in order. A `write` sends one SDU of at most [`Self::peer_mtu`] bytes, so many small ones cost more than a large one. The
/// calls of both kinds can be mixed.
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

    /// Sends one SDU, at most [`Self::peer_mtu`] octets; ready when its last frame is on its way to the controller.
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`] if the SDU is longer than [`Self::peer_mtu`]; [`Error::Closed`] if the channel has ended;
    /// [`Error::Interrupted`] if an earlier send was dropped half way.
    ///
    /// # Cancel safety
    ///
    /// Dropped before its first frame left, nothing was sent. Dropped later, the SDU is cut off, so the channel is closed and
    /// later calls fail with [`Error::Interrupted`].
    pub async fn send(&mut self, sdu: &[u8]) -> Result<(), Error> {
        self.sender.send(sdu).await
    }

    /// Lends a packet of `len` octets to write an SDU into, which [`Outgoing::send`] then sends without a copy.
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

    /// Sends bytes of any number, as one SDU of [`Self::peer_mtu`] bytes after another; the last one is as long as what is left.
    ///
    /// # Errors
    ///
    /// As for [`Self::send`]. It does not say how much was sent before: [`Self::send`] does, one SDU at a time.
    ///
    /// # Cancel safety
    ///
    /// As for [`Self::send`]: SDUs that were sent stay sent, and one that has begun is cut off, which closes the channel.
    pub async fn send_all(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.sender.send_all(bytes).await
    }

    /// Ready when everything that was sent is in the controller.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if the channel ended first: the peer may not have received everything.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn flush(&mut self) -> Result<(), Error> {
        self.sender.flush().await
    }

    /// Copies one whole SDU into `buffer` and gives its length.
    ///
    /// SDUs that came before the peer closed the channel can still be read; then [`Error::Closed`] says why it ended.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`] if the SDU is longer than `buffer`; the SDU stays. [`Error::LongerThanWindow`] if the window cannot
    /// hold it: use [`Self::next_chunk`]. [`Error::Closed`] after the last SDU.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: an SDU is taken only when the future is ready.
    pub async fn recv(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.receiver.recv(buffer).await
    }

    /// Lends one SDU in the packet that it came in; it must fit one frame, or the call fails and the SDU stays.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`] if the SDU takes several frames; [`Error::Closed`] after the last SDU.
    ///
    /// # Cancel safety
    ///
    /// As for [`Self::recv`].
    pub async fn recv_ref(&mut self) -> Result<Piece<'_>, Error> {
        self.receiver.recv_ref().await
    }

    /// Lends the next piece of an SDU as soon as it is there, for SDUs of any length.
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

    /// Returns the number of bytes that were received and not read, of all SDUs. It waits for nothing and takes nothing.
    ///
    /// So many bytes are there for [`Self::next_chunk`] and for [`embedded_io_async::Read`]. [`Self::recv`] gives whole SDUs, and
    /// the last bytes may belong to one whose rest is still to come. An empty SDU counts nothing.
    #[must_use]
    pub fn available(&self) -> usize {
        self.receiver.available()
    }

    /// Sends what is left, closes the channel and waits until the peer has confirmed it.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the controller did not take what was left, or the peer did not confirm, for 30 s; the peer may not
    /// have read the last SDUs then. [`Error::Closed`] if the channel had ended for another reason.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the channel without waiting.
    pub async fn close(self) -> Result<(), Error> {
        self.sender.close().await
    }

    /// A sender and a receiver that can be used at the same time. The channel closes when both are dropped.
    #[must_use]
    pub fn split(self) -> (Sender<'h>, Receiver<'h>) {
        (self.sender, self.receiver)
    }

    /// The PSM that the channel was opened for, by either side.
    #[must_use]
    pub fn psm(&self) -> Psm {
        Psm(self.sender.end.get(|c| c.psm().0))
    }

    /// The longest SDU that can be sent, in octets.
    #[must_use]
    pub fn peer_mtu(&self) -> usize {
        self.sender.peer_mtu()
    }

    /// The longest SDU that can be received, in octets.
    #[must_use]
    pub fn mtu(&self) -> usize {
        self.sender.end.get(|c| c.mtu()).into()
    }

    /// The longest frame that the peer receives, in octets of payload.
    #[must_use]
    pub fn peer_mps(&self) -> usize {
        self.sender.end.get(|c| c.peer_mps()).into()
    }

    /// The longest frame that can be received, in octets of payload.
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

    async fn wait<T>(
        &self,
        key: ChannelKey,
        mut poll: impl FnMut(&mut Stack, ChannelRef) -> Poll<Result<T, Error>>,
    ) -> Result<T, Error> {
        let channel = self.channel;
        let key = Key::Channel(channel.index, key);
        self.host.wait(key, |core, _| poll(&mut core.stack, channel)).await
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
    /// Opens a channel to `psm` of the peer. The central of a bonded peer asks for it once the link is encrypted.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] by the peer, [`Error::NoChannel`] and [`Error::NoPackets`] for want of memory. With a bonded peer
    /// [`Error::BondLost`] where it no longer has the key, and [`Error::Encryption`] where encryption fails for another reason.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future withdraws the request; a channel that opens nevertheless is closed.
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
