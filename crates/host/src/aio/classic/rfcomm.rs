//! RFCOMM connections: emulated serial ports, as byte streams.

use core::task::Poll;

use bindrune_rfcomm::{Break, ModemStatus};
use bindrune_wire::{Address, Level};
use embedded_io_async::{ErrorType, Read, Write};

use super::Classic;
use crate::{
    Error, Host,
    stack::{Awaited, ClassicKey, Stack, StreamRef},
    waiters::{ChannelKey, Key},
};

/// An RFCOMM connection: an emulated serial port, which delivers bytes in order. [RFCOMM 1.2]
///
/// Nothing is lost on the way while the link is up: a peer waits while this end does not read, and a write waits while
/// the peer does not. A packet timeout of the link ([`Classic::set_packet_timeout`]) does not concern it.
///
/// All methods take `&self`, so one task can read while another one writes; a third one can wait for the modem status.
/// A connection also implements [`embedded_io_async::Read`] and [`embedded_io_async::Write`]. It keeps its link up.
/// Dropping it closes it after everything that was written has left; if the peer takes nothing for 20 s, the rest is
/// discarded.
///
/// ```
/// use bindrune::{Address, Classic, Error};
///
/// /// Asks a modem for its manufacturer, and returns the length of the answer.
/// async fn manufacturer(classic: Classic<'_>, modem: Address, answer: &mut [u8]) -> Result<usize, Error> {
///     let port = classic.rfcomm_connect(modem, 3).await?;
///     port.write_all(b"AT+CGMI\r").await?;
///     let len = port.read(answer).await?;
///     port.close().await?;
///     Ok(len)
/// }
/// ```
#[derive(Debug)]
#[must_use = "dropping a connection closes it"]
pub struct Rfcomm<'h> {
    pub(super) host: &'h Host,
    pub(super) stream: StreamRef,
}

/// Accepts RFCOMM connections on one server channel. Dropping it stops listening; accepted connections stay open.
///
/// ```
/// use bindrune::{Classic, Error, Level, Port, ServiceRecord, Uuid};
///
/// const SERIAL_PORT: [Uuid; 1] = [Uuid::new_16(0x1101)];
///
/// /// Sends back what comes, on one connection after another.
/// async fn echo(classic: Classic<'_>) -> Result<(), Error> {
///     let mut listener = classic.rfcomm_listen(None, Level::Encrypted)?;
///     let service = ServiceRecord::new(&SERIAL_PORT, Port::Rfcomm(listener.channel())).name("Echo");
///     let _advertised = classic.advertise(&service)?;
///     let mut buffer = [0; 256];
///     loop {
///         let port = listener.accept().await?;
///         while let Ok(len @ 1..) = port.read(&mut buffer).await {
///             port.write_all(&buffer[..len]).await?;
///         }
///     }
/// }
/// ```
#[derive(Debug)]
#[must_use = "dropping a listener stops it"]
pub struct RfcommListener<'h> {
    host: &'h Host,
    channel: u8,
}

impl<'h> Classic<'h> {
    /// Listens for RFCOMM connections on server channel `channel`, 1 to 30, or on a free one, from any peer. While
    /// something listens, this device is connectable. The link gets `level`, and is encrypted in any case, before a
    /// connection opens. [RFCOMM 1.2] 5.4; [Vol 3] Part C, 5.2.2.8
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameters`] if there is no such channel; [`Error::Busy`] if it has a listener;
    /// [`Error::NoListener`] if all have one; [`Error::NoStream`] if the host has no memory for connections;
    /// [`Error::Unsupported`] without BR/EDR.
    pub fn rfcomm_listen(
        &self,
        channel: Option<u8>,
        level: Level,
    ) -> Result<RfcommListener<'h>, Error> {
        let channel = self.host.with(|core| core.stack.rfcomm_listen(channel, level))?;
        Ok(RfcommListener { host: self.host, channel })
    }

    /// Connects to a device if necessary, encrypts the link, and opens an RFCOMM connection to the server channel
    /// `channel` of the device, 1 to 30. [`Self::services`] finds the channel of a service. For a higher level, use
    /// [`secure`](super::ClassicConnection::secure) first. [RFCOMM 1.2] 5.2 and 5.4; [Vol 3] Part C, 5.2.2.8
    ///
    /// # Errors
    ///
    /// Those of [`Self::connect`] and [`secure`](super::ClassicConnection::secure); [`Error::Rfcomm`] says why the
    /// connection did not open, [`Error::ClassicClosed`] why the channel under it did not;
    /// [`Error::InvalidParameters`] if there is no such channel; [`Error::Busy`] if this device has a connection to it;
    /// [`Error::NoStream`] or [`Error::NoClassicChannel`] if all slots are in use.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the attempt.
    pub async fn rfcomm_connect(&self, device: Address, channel: u8) -> Result<Rfcomm<'h>, Error> {
        let connection = self.connect(device).await?;
        connection.secure(Level::Encrypted).await?;
        let (link, mut attempt) = (connection.reference(), None);
        let poll = |stack: &mut Stack| stack.poll_rfcomm_open(link, channel, &mut attempt);
        let stream = self.wait(Awaited::Session, poll).await?;
        let port = Rfcomm { host: self.host, stream };
        port.wait(ChannelKey::State, |stack| stack.poll_rfcomm_opened(stream)).await?;
        Ok(port)
    }
}

impl<'h> RfcommListener<'h> {
    /// Waits for the next connection that a peer requests, and accepts it. A peer waits up to 60 s for that.
    /// [RFCOMM 1.2] 5.3
    ///
    /// # Errors
    ///
    /// None today. The listener survives the loss of links and of the controller.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the request waits for the next call.
    pub async fn accept(&mut self) -> Result<Rfcomm<'h>, Error> {
        let channel = self.channel;
        let classic = self.host.classic();
        let stream =
            classic.wait(Awaited::Accept, |stack| stack.poll_rfcomm_accept(channel)).await?;
        Ok(Rfcomm { host: self.host, stream })
    }

    /// Returns the server channel, for the record of the service. [RFCOMM 1.2] 5.4
    #[must_use]
    pub const fn channel(&self) -> u8 {
        self.channel
    }
}

impl Drop for RfcommListener<'_> {
    fn drop(&mut self) {
        self.host.with(|core| core.stack.rfcomm_stop_listening(self.channel));
    }
}

impl Rfcomm<'_> {
    /// Moves received bytes to `buffer`, at least one, and returns their number. Returns 0 after the peer has closed
    /// the connection, or if `buffer` is empty. [RFCOMM 1.2] 6.5
    ///
    /// # Errors
    ///
    /// [`Error::Rfcomm`] if the connection has ended otherwise, after the last byte.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: bytes are taken only when the future is ready.
    pub async fn read(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let stream = self.stream;
        self.wait(ChannelKey::Receive, |stack| stack.poll_rfcomm_read(stream, buffer)).await
    }

    /// Writes some of `bytes`, at least one, and returns their number. Ready when they are in the connection's memory.
    /// [RFCOMM 1.2] 6.5
    ///
    /// # Errors
    ///
    /// [`Error::Rfcomm`] if the connection has ended.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, nothing was written.
    pub async fn write(&self, bytes: &[u8]) -> Result<usize, Error> {
        let stream = self.stream;
        self.wait(ChannelKey::Send, |stack| stack.poll_rfcomm_write(stream, bytes)).await
    }

    /// Writes all bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Rfcomm`] if the connection has ended: the peer may have received some of the bytes.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, the first part of the bytes may have been written.
    pub async fn write_all(&self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() {
            let len = self.write(bytes).await?;
            bytes = bytes.get(len..).unwrap_or_default();
        }
        Ok(())
    }

    /// Waits until everything that was written has left for the controller.
    ///
    /// # Errors
    ///
    /// [`Error::Rfcomm`] if the connection ended first: the peer may have missed the rest.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn flush(&self) -> Result<(), Error> {
        let (stream, mut until) = (self.stream, None);
        let poll = |stack: &mut Stack| stack.poll_rfcomm_flush(stream, &mut until);
        self.wait(ChannelKey::Flush, poll).await
    }

    /// Sends what was written, closes the connection, and waits for the peer's confirmation. Received bytes that were
    /// not read are discarded. [RFCOMM 1.2] 5.3; [TS 07.10] 5.4
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the peer did not take the rest or did not confirm for 20 s; [`Error::Rfcomm`] if the
    /// connection ended otherwise.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the close.
    pub async fn close(self) -> Result<(), Error> {
        let stream = self.stream;
        self.host.with(|core| core.stack.rfcomm_close(stream));
        self.wait(ChannelKey::State, |stack| stack.poll_rfcomm_closed(stream)).await
    }

    /// Returns the address of the peer.
    #[must_use]
    pub fn peer(&self) -> Address {
        self.host.with(|core| core.stack.classic_peer(self.stream.link))
    }

    /// Returns the server channel. [RFCOMM 1.2] 5.4
    #[must_use]
    pub fn channel(&self) -> u8 {
        self.host.with(|core| core.stack.rfcomm_channel(self.stream))
    }

    /// Returns our modem status: [`ModemStatus::READY`] at first. [TS 07.10] 5.4.6.3.7
    #[must_use]
    pub fn modem(&self) -> ModemStatus {
        self.host.with(|core| core.stack.rfcomm_modem(self.stream).0)
    }

    /// Sets our modem status, which the peer gets. [`ModemStatus::FC`] is not part of it: the host sets it.
    /// [TS 07.10] 5.4.6.3.7
    ///
    /// # Errors
    ///
    /// [`Error::Rfcomm`] if the connection has ended.
    pub fn set_modem(&self, status: ModemStatus) -> Result<(), Error> {
        self.host.with(|core| core.stack.rfcomm_set_modem(self.stream, status))
    }

    /// Returns the modem status that the peer reported last; empty before the first one. [TS 07.10] 5.4.6.3.7
    #[must_use]
    pub fn peer_modem(&self) -> ModemStatus {
        self.host.with(|core| core.stack.rfcomm_modem(self.stream).1)
    }

    /// Waits until the peer's modem status is not `known`, and returns it. [TS 07.10] 5.4.6.3.7
    ///
    /// # Errors
    ///
    /// [`Error::Rfcomm`] if the connection ends.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing, but only the last status is stored.
    pub async fn peer_modem_changed(&self, known: ModemStatus) -> Result<ModemStatus, Error> {
        let stream = self.stream;
        self.wait(ChannelKey::State, |stack| stack.poll_rfcomm_modem(stream, known)).await
    }

    /// Sends a break signal. [TS 07.10] 5.4.6.3.7
    ///
    /// # Errors
    ///
    /// [`Error::Rfcomm`] if the connection has ended.
    pub fn send_break(&self, signal: Break) -> Result<(), Error> {
        self.host.with(|core| core.stack.rfcomm_break(self.stream, signal))
    }

    /// Waits for a break signal of the peer. A break that follows another one replaces it. [TS 07.10] 5.4.6.3.7
    ///
    /// # Errors
    ///
    /// [`Error::Rfcomm`] if the connection ends.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn next_break(&self) -> Result<Break, Error> {
        let stream = self.stream;
        self.wait(ChannelKey::State, |stack| stack.poll_rfcomm_break(stream)).await
    }

    pub(super) fn wait<T>(
        &self,
        event: ChannelKey,
        mut poll: impl FnMut(&mut Stack) -> Poll<Result<T, Error>>,
    ) -> impl Future<Output = Result<T, Error>> {
        let key = Key::Classic(ClassicKey::channel(self.stream.group, event));
        self.host.wait(key, move |core, _| poll(&mut core.stack))
    }
}

impl ErrorType for Rfcomm<'_> {
    type Error = Error;
}

impl Read for Rfcomm<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        Rfcomm::read(self, buffer).await
    }
}

impl Write for Rfcomm<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        Rfcomm::write(self, bytes).await
    }

    async fn flush(&mut self) -> Result<(), Error> {
        Rfcomm::flush(self).await
    }
}

impl Drop for Rfcomm<'_> {
    fn drop(&mut self) {
        self.host.with(|core| core.stack.release_rfcomm(self.stream));
    }
}
