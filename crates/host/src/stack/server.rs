//! Calls of the application to the GATT server. [Vol 3] Part G, 2

use core::task::Poll;

use bindrune_att::MAX_VALUE;
use bindrune_gatt::{
    Cccd, Characteristic, Service, TableError, ValueError,
    server::{PushError, write_indication, write_notification},
};

use super::{
    LinkRef, Stack,
    attribute::{Indications, Outgoing},
};
use crate::{Error, waiters::LinkKey};

/// Octets of the opcode and the handle in front of a notified value.
const PUSH_HEADER: usize = 3;

impl Stack {
    /// Notifies a value.
    pub(crate) fn poll_notify(
        &mut self,
        link: LinkRef,
        characteristic: &Characteristic,
        value: &[u8],
    ) -> Poll<Result<(), Error>> {
        self.poll_notify_as(Cccd::NOTIFY, link, characteristic, value)
    }

    /// Notifies a value, if the peer has subscribed to `kind`.
    pub(super) fn poll_notify_as(
        &mut self,
        kind: Cccd,
        link: LinkRef,
        characteristic: &Characteristic,
        value: &[u8],
    ) -> Poll<Result<(), Error>> {
        let handle = self.may_push(link, characteristic, kind, value.len())?;
        self.poll_unanswered(link, |_, w| {
            write_notification(handle, value, w).map_err(|_| Error::InvalidParameters)
        })
    }

    /// Begins to indicate a value once no other indication is outstanding. Tasks take turns.
    pub(crate) fn poll_indicate(
        &mut self,
        link: LinkRef,
        first: bool,
        characteristic: &Characteristic,
        value: &[u8],
    ) -> Poll<Result<(), Error>> {
        let handle = self.may_push(link, characteristic, Cccd::INDICATE, value.len())?;
        let attributes = &self.link(link)?.attributes;
        if attributes.bearer.is_dead() {
            return Poll::Ready(Err(Error::TransactionTimeout));
        }
        let idle = attributes.indications == Indications::Idle;
        if !first || !idle || !attributes.bearer.may_indicate() {
            return Poll::Pending;
        }
        let write = |_, w: &mut bindrune_wire::Writer<'_>| {
            write_indication(handle, value, w).map_err(|_| Error::InvalidParameters)?;
            Ok(true)
        };
        match self.poll_out(link, Outgoing::Indication, write)? {
            Poll::Ready(Some(packet)) => {
                self.put_attribute(link, packet, Outgoing::Indication);
                self.link_mut(link)?.attributes.indications = Indications::App;
                Poll::Ready(Ok(()))
            }
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    /// Ready once the application's indication was confirmed.
    pub(crate) fn poll_confirmed(&mut self, link: LinkRef) -> Poll<Result<(), Error>> {
        let attributes = &mut self.link_mut(link)?.attributes;
        match attributes.indications {
            Indications::Confirmed => {
                attributes.indications = Indications::Idle;
                // The host's own indication may have waited.
                self.mark_pending(link.index);
                Poll::Ready(Ok(()))
            }
            _ if attributes.bearer.is_dead() => Poll::Ready(Err(Error::TransactionTimeout)),
            Indications::Idle | Indications::Host | Indications::App | Indications::Abandoned => {
                Poll::Pending
            }
        }
    }

    /// Stops waiting for the confirmation of the application's indication.
    pub(crate) fn abandon_indication(&mut self, link: LinkRef) {
        let Ok(slot) = self.link_mut(link) else { return };
        slot.attributes.indications = match slot.attributes.indications {
            Indications::App => Indications::Abandoned,
            Indications::Confirmed => Indications::Idle,
            other @ (Indications::Idle | Indications::Host | Indications::Abandoned) => other,
        };
        self.mark_pending(link.index);
        self.ready.link(link.index, LinkKey::Confirmation);
    }

    /// Returns what a peer has subscribed to on a characteristic.
    pub(crate) fn subscribed(
        &self,
        link: LinkRef,
        characteristic: &Characteristic,
    ) -> Result<Cccd, Error> {
        let peer = self.link(link)?.peer.as_ref().ok_or(Error::UnknownAttribute)?;
        Ok(self.server.subscribed(peer, characteristic))
    }

    /// Replaces a value that the host holds.
    pub(crate) fn write_value(
        &mut self,
        characteristic: &Characteristic,
        value: &[u8],
    ) -> Result<(), Error> {
        self.server.write(characteristic, value).map_err(|error| value_error(error, characteristic))
    }

    /// Copies a value that the host holds.
    pub(crate) fn read_value(
        &self,
        characteristic: &Characteristic,
        buffer: &mut [u8],
    ) -> Result<usize, Error> {
        let value = self.server.value(characteristic);
        let value = value.map_err(|error| value_error(error, characteristic))?;
        let needed = value.len();
        buffer.get_mut(..needed).ok_or(Error::BufferTooSmall { needed })?.copy_from_slice(value);
        Ok(needed)
    }

    /// Moves bytes out of an append buffer.
    pub(crate) fn take_appended(
        &mut self,
        characteristic: &Characteristic,
        buffer: &mut [u8],
    ) -> Result<usize, Error> {
        let taken = self.server.take_appended(characteristic, buffer);
        taken.map_err(|error| value_error(error, characteristic))
    }

    /// Replaces the services.
    pub(crate) fn replace_services(
        &mut self,
        services: &'static [Service],
    ) -> Result<(), TableError> {
        self.config.check_services(services)?;
        let peers = self.links.iter_mut().filter_map(|link| link.peer.as_mut());
        self.server.replace(services, peers)?;
        for index in 0..self.link_slots() {
            if let Some(slot) = self.links.get_mut(usize::from(index)) {
                slot.attributes.table_replaced(&mut self.rx);
                let commands = slot.inbox.table_replaced(&mut self.rx.pool);
                self.rx.shares.give(&mut slot.attributes.share, commands);
                self.stats.dropped_pushes.add(commands);
            }
            self.mark_pending(index);
        }
        Ok(())
    }

    /// Returns the length of the longest value that a notification or indication can carry.
    pub(super) fn push_room(&self, link: LinkRef) -> Result<usize, Error> {
        let mtu = self.link(link)?.attributes.bearer.mtu();
        Ok(usize::from(mtu).saturating_sub(PUSH_HEADER).min(MAX_VALUE))
    }

    fn may_push(
        &self,
        link: LinkRef,
        characteristic: &Characteristic,
        kind: Cccd,
        len: usize,
    ) -> Result<u16, Error> {
        let slot = self.link(link)?;
        let peer = slot.peer.as_ref().ok_or(Error::UnknownAttribute)?;
        let max = self.push_room(link)?;
        if len > max {
            return Err(Error::TooLong { max });
        }
        let security = Self::security(slot);
        self.server.may_push(peer, characteristic, kind, security).map_err(|error| match error {
            PushError::NotInTable => Error::UnknownAttribute,
            PushError::NotSubscribed | PushError::ChangeUnaware => Error::NotSubscribed,
            PushError::Security(code) => Error::Att(code),
        })
    }
}

pub(super) fn value_error(error: ValueError, characteristic: &Characteristic) -> Error {
    match error {
        ValueError::TooLong => Error::TooLong { max: characteristic.limit() },
        ValueError::BufferTooShort => Error::BufferTooSmall { needed: characteristic.limit() },
        ValueError::NotInTable | ValueError::NotHeld => Error::UnknownAttribute,
    }
}
