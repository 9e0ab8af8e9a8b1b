//! L2CAP channels over BR/EDR, as applications use them.

use core::task::Poll;

use bindrune_l2cap::classic::{Agreement, Psm, pdu::Mode};
use bindrune_wire::Address;

use crate::{
    Error, Host,
    stack::{ClassicChannelRef, ClassicKey, Stack},
    waiters::{ChannelKey, Key},
};

/// An L2CAP channel over BR/EDR: delivers datagrams in order. [Vol 3] Part A
///
/// Without a packet timeout ([`set_packet_timeout`](super::Classic::set_packet_timeout)) nothing is lost on the way. A
/// datagram that arrives while there is no room for it is dropped whole, if the channel is in Basic or Streaming mode,
/// and counted: [`Self::lost`]. In Enhanced Retransmission mode the peer waits instead.
///
/// All methods take `&self`, so one task can receive while another one sends. The channel keeps its link up. Dropping
/// the channel closes it after everything that was sent has left, for at most 10 s.
///
/// ```
/// use bindrune::{Address, Classic, ClassicChannelConfig, ClassicPsm, Error};
///
/// /// Sends a request over a channel of its own, and returns the answer's length.
/// async fn ask(classic: Classic<'_>, device: Address, request: &[u8], answer: &mut [u8]) -> Result<usize, Error> {
///     let channel = classic.open_channel(device, ClassicPsm(0x1001), ClassicChannelConfig::BASIC).await?;
///     channel.send(request).await?;
///     let len = channel.recv(answer).await?;
///     channel.close().await?;
///     Ok(len)
/// }
/// ```
#[derive(Debug)]
#[must_use = "dropping a channel closes it"]
pub struct ClassicChannel<'h> {
    host: &'h Host,
    channel: ClassicChannelRef,
}

/// Datagrams that a channel lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct ClassicLoss {
    /// Datagrams of the peer that had no room, or were incomplete.
    pub received: u32,
    /// Own datagrams that the controller dropped after the packet timeout.
    pub sent: u32,
}

impl<'h> ClassicChannel<'h> {
    pub(super) const fn new(host: &'h Host, channel: ClassicChannelRef) -> Self {
        Self { host, channel }
    }

    /// Sends one datagram of at most [`Self::peer_mtu`] bytes. Ready when the datagram is in the channel's memory.
    /// [Vol 3] Part A, 3.1 and 3.3
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`] if the datagram is longer than [`Self::peer_mtu`], or than the memory of the channel;
    /// [`Error::ClassicClosed`] if the channel has ended.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, nothing was sent.
    pub async fn send(&self, datagram: &[u8]) -> Result<(), Error> {
        let channel = self.channel;
        self.wait(ChannelKey::Send, |stack| stack.poll_classic_send(channel, datagram)).await
    }

    /// Copies the next datagram into `buffer`, and returns its length. [Vol 3] Part A, 3.1 and 3.3
    ///
    /// Datagrams that arrived before the channel ended can still be read; then [`Error::ClassicClosed`] gives the
    /// reason.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`] if the datagram is longer than `buffer`; it stays queued. [`Error::ClassicClosed`]
    /// after the last datagram.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: a datagram is taken only when the future is ready.
    pub async fn recv(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let channel = self.channel;
        self.wait(ChannelKey::Receive, |stack| stack.poll_classic_recv(channel, buffer)).await
    }

    /// Waits until everything that was sent has left; in Enhanced Retransmission mode, until the peer has it.
    /// [Vol 3] Part A, 8.6
    ///
    /// # Errors
    ///
    /// [`Error::ClassicClosed`] if the channel ended first: the peer may have missed the rest.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn flush(&self) -> Result<(), Error> {
        let channel = self.channel;
        self.wait(ChannelKey::Flush, |stack| stack.poll_classic_flush(channel)).await
    }

    /// Changes the longest datagram that this end receives, and waits until the peer agrees. [Vol 3] Part A, 5.1
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameters`] if the MTU is less than 48, or does not fit into the memory of the channel;
    /// [`Error::Busy`] while another change is in progress; [`Error::ClassicClosed`] if the channel has ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the change.
    pub async fn set_mtu(&self, mtu: u16) -> Result<(), Error> {
        let channel = self.channel;
        self.host.classic().dated().await?;
        self.host.with(|core| core.stack.classic_set_mtu(channel, mtu))?;
        self.wait(ChannelKey::State, |stack| stack.poll_classic_mtu(channel)).await
    }

    /// Sends what is queued, closes the channel, and waits for the peer's confirmation. [Vol 3] Part A, 4.6 and 4.7
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the peer did not take the rest or did not confirm.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the close.
    pub async fn close(self) -> Result<(), Error> {
        let channel = self.channel;
        self.host.classic().dated().await?;
        self.host.with(|core| core.stack.classic_close(channel));
        self.wait(ChannelKey::State, |stack| stack.poll_classic_closed(channel)).await
    }

    /// Waits until the channel is open. [Vol 3] Part A, 6.1
    pub(super) async fn opened(&self) -> Result<(), Error> {
        let channel = self.channel;
        self.wait(ChannelKey::State, |stack| stack.poll_classic_opened(channel)).await
    }

    fn wait<T>(
        &self,
        event: ChannelKey,
        mut poll: impl FnMut(&mut Stack) -> Poll<Result<T, Error>>,
    ) -> impl Future<Output = Result<T, Error>> {
        let key = Key::Classic(ClassicKey::channel(self.channel.index, event));
        self.host.wait(key, move |core, _| poll(&mut core.stack))
    }

    fn agreement(&self) -> Option<Agreement> {
        self.host.with(|core| core.stack.classic_agreement(self.channel))
    }

    /// Returns the address of the peer.
    #[must_use]
    pub fn peer(&self) -> Address {
        self.host.with(|core| core.stack.classic_peer(self.channel.link))
    }

    /// Returns the PSM. [Vol 3] Part A, 4.2
    #[must_use]
    pub fn psm(&self) -> Psm {
        self.host.with(|core| core.stack.classic_psm(self.channel))
    }

    /// Returns the mode that both ends agreed on. [Vol 3] Part A, 5.4
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.agreement().map_or(Mode::BASIC, |agreed| agreed.mode)
    }

    /// Returns whether frames have a check sequence; never in Basic mode. [Vol 3] Part A, 3.3.5 and 5.5
    #[must_use]
    pub fn has_check_sequence(&self) -> bool {
        self.agreement().is_some_and(|agreed| agreed.fcs)
    }

    /// Returns the longest datagram that this end receives, in bytes. [Vol 3] Part A, 5.1
    #[must_use]
    pub fn mtu(&self) -> u16 {
        self.agreement().map_or(0, |agreed| agreed.rx_mtu)
    }

    /// Returns the longest datagram that the peer receives, in bytes. [Vol 3] Part A, 5.1
    #[must_use]
    pub fn peer_mtu(&self) -> u16 {
        self.agreement().map_or(0, |agreed| agreed.tx_mtu)
    }

    /// Returns the number of datagrams that were lost. [Vol 3] Part A, 8.6 and 8.7
    #[must_use]
    pub fn lost(&self) -> ClassicLoss {
        self.host.with(|core| core.stack.classic_loss(self.channel))
    }
}

impl Drop for ClassicChannel<'_> {
    fn drop(&mut self) {
        self.host.with(|core| core.stack.release_classic_channel(self.channel));
    }
}
