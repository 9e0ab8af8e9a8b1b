//! Items of a peer's table, one at a time. A cursor needs no storage except the response that it reads from.

use bindrune_gatt::client::{self, Discovery};
use bindrune_wire::Uuid;

use super::{
    remote::{Remote, RemoteCharacteristic, RemoteDescriptor, RemoteInclude, RemoteService},
    turn::{Response, Turn},
};
use crate::Error;

/// A discovery, and the response that it reads from.
#[derive(Debug)]
struct Walk<'h, D> {
    remote: Remote<'h>,
    discovery: D,
    response: Option<Response<'h>>,
}

impl<'h, D: Discovery + Clone> Walk<'h, D> {
    const fn new(remote: Remote<'h>, discovery: D) -> Self {
        Self { remote, discovery, response: None }
    }

    async fn next(&mut self) -> Result<Option<D::Item>, Error> {
        loop {
            let pdu = self.response.as_ref().map_or(&[][..], Response::pdu);
            if let Some(item) = self.discovery.next(pdu) {
                return Ok(Some(item));
            }
            self.response = None;
            let mut turn = Turn::new(self.remote.host, self.remote.link);
            let Some(response) = turn.next_response(&mut self.discovery).await? else {
                return Ok(None);
            };
            // The first result is taken before the response, because there may be no packet for the response later.
            let first = self.discovery.next(response.pdu());
            self.response = Some(response.keep());
            if first.is_some() {
                return Ok(first);
            }
        }
    }
}

macro_rules! cursor {
    ($(#[$doc:meta])* $name:ident, $discovery:ident, $item:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<'h>(Walk<'h, client::$discovery>);

        impl<'h> $name<'h> {
            pub(super) const fn new(remote: Remote<'h>, discovery: client::$discovery) -> Self {
                Self(Walk::new(remote, discovery))
            }

            /// Returns the next item; `None` after the last.
            ///
            /// # Errors
            ///
            /// [`Error::Att`] if the peer refused, [`Error::Protocol`] if its response broke a rule,
            /// [`Error::TransactionTimeout`] if it did not answer within 30 s, [`Error::Disconnected`] if the link
            /// ended, or the errors of securing the link ([`Error::BondLost`] and others).
            ///
            /// # Cancel safety
            ///
            /// Dropping the future loses nothing: the next call continues after the last result.
            pub async fn next(&mut self) -> Result<Option<$item<'h>>, Error> {
                let item = self.0.next().await?;
                Ok(item.map(|info| $item::new(self.0.remote, info)))
            }
        }
    };
}

cursor! {
    /// Iterates over the services of a peer.
    Services, Services, RemoteService
}
cursor! {
    /// Iterates over the services that a service includes.
    Includes, Includes, RemoteInclude
}
cursor! {
    /// Iterates over the characteristics of a service or of the peer.
    Characteristics, Characteristics, RemoteCharacteristic
}
cursor! {
    /// Iterates over descriptors.
    Descriptors, Descriptors, RemoteDescriptor
}

/// Iterates over the values of one attribute type in a range of handles. [Vol 3] Part G, 4.8.2
#[derive(Debug)]
pub struct Values<'h> {
    remote: Remote<'h>,
    read: client::ReadByUuid,
    response: Option<Response<'h>>,
}

impl<'h> Values<'h> {
    pub(super) fn new(remote: Remote<'h>, start: u16, end: u16, uuid: Uuid) -> Self {
        Self { remote, read: client::ReadByUuid::new(start, end, uuid), response: None }
    }

    /// Copies the part of the next value that fits one response, and returns its handle and its length; `None` after
    /// the last.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`] if the part is longer than `buffer`; the next call returns the same value.
    /// [`Error::Att`] if the peer refused, [`Error::Protocol`] if its response broke a rule,
    /// [`Error::TransactionTimeout`] if it did not answer within 30 s, [`Error::Disconnected`] if the link ended, or
    /// the errors of securing the link ([`Error::BondLost`] and others).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the next call continues after the last result.
    pub async fn next(&mut self, buffer: &mut [u8]) -> Result<Option<(u16, usize)>, Error> {
        loop {
            let pdu = self.response.as_ref().map_or(&[][..], Response::pdu);
            if let Some(value) = copy_next(&mut self.read, pdu, buffer) {
                return value.map(Some);
            }
            self.response = None;
            let mut turn = Turn::new(self.remote.host, self.remote.link);
            let Some(response) = turn.next_response(&mut self.read).await? else {
                return Ok(None);
            };
            let first = copy_next(&mut self.read, response.pdu(), buffer);
            self.response = Some(response.keep());
            if let Some(value) = first {
                return value.map(Some);
            }
        }
    }
}

/// Copies the next value of a response, and returns its handle and its length.
fn copy_next(
    read: &mut client::ReadByUuid,
    pdu: &[u8],
    buffer: &mut [u8],
) -> Option<Result<(u16, usize), Error>> {
    let before = read.clone();
    let item = read.next(pdu)?;
    let needed = item.value.len();
    let Some(room) = buffer.get_mut(..needed) else {
        *read = before;
        return Some(Err(Error::BufferTooSmall { needed }));
    };
    room.copy_from_slice(item.value);
    Some(Ok((item.handle, needed)))
}
