//! Reading and writing a peer's values.

use bindrune_gatt::client::{
    PreparedWrite, Procedure, ReadLong, ReadMultiple, WriteLong, write_command,
};

use super::{
    remote::{RemoteCharacteristic, RemoteDescriptor},
    turn::{Turn, client_error},
};
use crate::{Connection, Error, waiters::LinkKey};

/// An attribute to read or write: a characteristic, a descriptor, or a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute(u16);

impl From<u16> for Attribute {
    fn from(handle: u16) -> Self {
        Self(handle)
    }
}

impl From<&RemoteCharacteristic<'_>> for Attribute {
    fn from(characteristic: &RemoteCharacteristic<'_>) -> Self {
        Self(characteristic.handle())
    }
}

impl From<&RemoteDescriptor<'_>> for Attribute {
    fn from(descriptor: &RemoteDescriptor<'_>) -> Self {
        Self(descriptor.handle())
    }
}

impl Connection<'_> {
    fn turn(&self) -> Turn<'_> {
        Turn::new(self.host(), self.link())
    }

    /// Reads a whole value in as many requests as necessary, and returns its length. [Vol 3] Part G, 4.8.3
    ///
    /// A value of more than MTU - 1 bytes arrives in parts. In ATT a server can report a change between two parts only
    /// by an error; the read then begins again, up to three times. This host's own server never mixes the parts of two
    /// values.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`] with the length of the value; `buffer` holds its beginning. [`Error::Att`] if the peer
    /// refused, [`Error::Protocol`] if its response broke a rule, [`Error::TransactionTimeout`] if it did not answer
    /// within 30 s, [`Error::Disconnected`] if the link ended, or the errors of securing the link ([`Error::BondLost`]
    /// and others).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future abandons the read; a late answer is discarded.
    pub async fn read(&self, of: impl Into<Attribute>, buffer: &mut [u8]) -> Result<usize, Error> {
        let Attribute(handle) = of.into();
        let mut turn = self.turn();
        loop {
            let mut read = ReadLong::new(handle, &mut *buffer);
            match turn.run(&mut read).await {
                Ok(()) if read.is_whole() => return Ok(read.len()),
                Ok(()) => return Err(Error::BufferTooSmall { needed: read.len() }),
                Err(error) => turn.security_retry(error).await?,
            }
        }
    }

    /// Reads two or more attributes of known lengths in one request, one value after the other. [Vol 3] Part G, 4.8.4
    ///
    /// # Errors
    ///
    /// [`Error::TooManyHandles`] for more handles than one request carries, (MTU - 1) / 2; [`Error::InvalidParameters`]
    /// for fewer than two; [`Error::BufferTooSmall`] with the length of the values. Otherwise as for [`Self::read`].
    ///
    /// # Cancel safety
    ///
    /// As for [`Self::read`].
    pub async fn read_multiple(&self, handles: &[u16], buffer: &mut [u8]) -> Result<usize, Error> {
        let mut read = ReadMultiple::fixed(handles);
        let mut turn = self.turn();
        let response = turn.only_response(&mut read).await?;
        let values = read.values(response.pdu()).ok_or(Error::Protocol)?;
        let needed = values.len();
        buffer.get_mut(..needed).ok_or(Error::BufferTooSmall { needed })?.copy_from_slice(values);
        Ok(needed)
    }

    /// Reads two or more attributes of any lengths in one request. Calls `each` with every value of the response: its
    /// handle, its full length, and as much of it as fitted.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyHandles`] if one request cannot carry the handles; [`Error::InvalidParameters`] for fewer than
    /// two. Otherwise as for [`Self::read`].
    ///
    /// # Cancel safety
    ///
    /// As for [`Self::read`].
    pub async fn read_multiple_variable(
        &self,
        handles: &[u16],
        mut each: impl FnMut(u16, usize, &[u8]),
    ) -> Result<(), Error> {
        let mut read = ReadMultiple::variable(handles);
        let mut turn = self.turn();
        let response = turn.only_response(&mut read).await?;
        while let Some(value) = read.next(response.pdu()) {
            each(value.handle, value.length.into(), value.value);
        }
        Ok(())
    }

    /// Writes a value and waits for the answer. A value that does not fit one request is prepared in parts and executed
    /// as a whole.
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`] for more than 512 bytes, the longest value of any attribute. [`Error::Att`] if the peer
    /// refused, [`Error::Protocol`] if its response broke a rule, [`Error::TransactionTimeout`] if it did not answer
    /// within 30 s, [`Error::Disconnected`] if the link ended, or the errors of securing the link ([`Error::BondLost`]
    /// and others).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before its request left, nothing was written. If it is dropped later, the peer may have
    /// written the value, a late answer is discarded, and prepared parts are cancelled.
    pub async fn write(&self, to: impl Into<Attribute>, value: &[u8]) -> Result<(), Error> {
        let Attribute(handle) = to.into();
        let mut turn = self.turn();
        loop {
            let write = WriteLong::new(handle, value);
            match self.prepared(&mut turn, write, WriteLong::is_open).await {
                Ok(()) => return Ok(()),
                Err(error) => turn.security_retry(error).await?,
            }
        }
    }

    /// Writes several values: all of them or none. [Vol 3] Part G, 4.9.5
    ///
    /// # Errors
    ///
    /// As for [`Self::write`]; [`Error::Protocol`] also if the peer echoed another value, in which case nothing is
    /// written.
    ///
    /// # Cancel safety
    ///
    /// As for [`Self::write`].
    pub async fn write_reliably(&self, values: &[(u16, &[u8])]) -> Result<(), Error> {
        let mut turn = self.turn();
        loop {
            let write = PreparedWrite::reliable(values);
            match self.prepared(&mut turn, write, PreparedWrite::is_open).await {
                Ok(()) => return Ok(()),
                Err(error) => turn.security_retry(error).await?,
            }
        }
    }

    /// Runs a write that may prepare parts. `is_open` returns whether the peer may hold prepared parts.
    async fn prepared<W: Procedure>(
        &self,
        turn: &mut Turn<'_>,
        write: W,
        is_open: fn(&W) -> bool,
    ) -> Result<(), Error> {
        let mut prepared = Prepared { connection: self, write, is_open };
        turn.run(&mut prepared.write).await
    }

    /// Writes a value of at most MTU - 3 bytes without an answer; ready when it is queued for the controller. [Vol 3]
    /// Part G, 4.9.1
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`] with the longest value that fits the current MTU.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future before it is ready writes nothing.
    pub async fn write_without_response(
        &self,
        to: impl Into<Attribute>,
        value: &[u8],
    ) -> Result<(), Error> {
        let (Attribute(handle), link) = (to.into(), self.link());
        self.push(|stack| {
            stack.poll_push(link, |mtu, w| {
                write_command(handle, value, mtu, w).map_err(client_error)
            })
        })
        .await
    }

    /// Exchanges the MTU unless it was exchanged before, and returns it in bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Att`] if the peer refused, [`Error::Protocol`] if its response broke a rule,
    /// [`Error::TransactionTimeout`] if it did not answer within 30 s, [`Error::Disconnected`] if the link ended, or
    /// the errors of securing the link ([`Error::BondLost`] and others).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the exchange.
    pub async fn exchange_mtu(&self) -> Result<usize, Error> {
        let link = self.link();
        self.wait(LinkKey::Control, |stack| stack.poll_mtu(link)).await
    }

    /// Returns the number of ATT requests on this link so far; each is a round trip.
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link has ended.
    pub fn requests(&self) -> Result<u32, Error> {
        let link = self.link();
        self.host().with(|core| core.stack.link(link).map(|l| l.attributes.client.requests))
    }
}

/// A write that may prepare parts. Empties the peer's prepare queue if it is dropped halfway.
struct Prepared<'c, 'h, W> {
    connection: &'c Connection<'h>,
    write: W,
    is_open: fn(&W) -> bool,
}

impl<W> Drop for Prepared<'_, '_, W> {
    fn drop(&mut self) {
        if (self.is_open)(&self.write) {
            let link = self.connection.link();
            self.connection.host().with(|core| core.stack.cancel_prepared(link));
        }
    }
}
