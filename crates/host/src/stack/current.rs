//! Sends values that the server holds, notifies without a subscription, and accesses values of descriptors.

use core::task::Poll;

use bindrune_att::MAX_VALUE;
use bindrune_gatt::{
    Cccd, Characteristic, Descriptor, Properties, Server, ValueError, table::built_in,
};

use super::{
    LinkRef, Stack,
    notify::{Handover, Round},
    server::value_error,
};
use crate::Error;

impl Stack {
    /// Notifies the value that the host holds.
    pub(crate) fn poll_notify_current(
        &mut self,
        link: LinkRef,
        characteristic: &Characteristic,
    ) -> Poll<Result<(), Error>> {
        let mut buffer = [0; MAX_VALUE];
        let value = self.current(characteristic, &mut buffer)?;
        let room = self.push_room(link)?;
        self.poll_notify(link, characteristic, value.get(..room).unwrap_or(value))
    }

    /// Begins to indicate the value that the host holds.
    pub(crate) fn poll_indicate_current(
        &mut self,
        link: LinkRef,
        first: bool,
        characteristic: &Characteristic,
    ) -> Poll<Result<(), Error>> {
        let mut buffer = [0; MAX_VALUE];
        let value = self.current(characteristic, &mut buffer)?;
        let room = self.push_room(link)?;
        self.poll_indicate(link, first, characteristic, value.get(..room).unwrap_or(value))
    }

    /// Like [`Stack::poll_round`], with the value that the host holds, cut to the length that each peer accepts.
    pub(crate) fn poll_round_current(
        &mut self,
        round: &mut Round,
        characteristic: &Characteristic,
        may_indicate: impl FnMut(u8) -> bool,
    ) -> Poll<Result<Option<Handover>, Error>> {
        let mut buffer = [0; MAX_VALUE];
        let value = self.current(characteristic, &mut buffer)?;
        self.poll_round(round, characteristic, value, may_indicate).map(Ok)
    }

    /// Notifies a value to a peer, whether it has subscribed or not.
    pub(crate) fn poll_notify_unsubscribed(
        &mut self,
        link: LinkRef,
        characteristic: &Characteristic,
        value: &[u8],
    ) -> Poll<Result<(), Error>> {
        if !characteristic.properties().contains(Properties::NOTIFY) {
            return Poll::Ready(Err(Error::InvalidParameters));
        }
        self.poll_notify_as(Cccd::empty(), link, characteristic, value)
    }

    /// Copies the value of a descriptor.
    pub(crate) fn read_descriptor(
        &self,
        descriptor: &Descriptor,
        buffer: &mut [u8],
    ) -> Result<usize, Error> {
        let value = self.server.descriptor(descriptor).map_err(|_| Error::UnknownAttribute)?;
        let needed = value.len();
        buffer.get_mut(..needed).ok_or(Error::BufferTooSmall { needed })?.copy_from_slice(value);
        Ok(needed)
    }

    /// Replaces the value of a descriptor.
    pub(crate) fn write_descriptor(
        &mut self,
        descriptor: &Descriptor,
        value: &[u8],
    ) -> Result<(), Error> {
        self.server.write_descriptor(descriptor, value).map_err(|error| match error {
            ValueError::TooLong => Error::TooLong { max: descriptor.limit() },
            ValueError::NotInTable | ValueError::NotHeld | ValueError::BufferTooShort => {
                Error::UnknownAttribute
            }
        })
    }

    /// Sets the device name.
    pub(crate) fn set_device_name(&mut self, name: &str) -> Result<(), Error> {
        let max = built_in::DEVICE_NAME_ROOM.into();
        self.server.set_device_name(name.as_bytes()).map_err(|_| Error::TooLong { max })?;
        self.named = Some(device_name);
        Ok(())
    }

    /// Copies the device name.
    pub(crate) fn read_device_name(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let name = self.server.device_name();
        let needed = name.len();
        buffer.get_mut(..needed).ok_or(Error::BufferTooSmall { needed })?.copy_from_slice(name);
        Ok(needed)
    }

    /// Copies the value of a characteristic from the server, so that it can be written to a packet.
    fn current<'b>(
        &self,
        characteristic: &Characteristic,
        buffer: &'b mut [u8; MAX_VALUE],
    ) -> Result<&'b [u8], Error> {
        let len = self.server.read(characteristic, buffer);
        let len = len.map_err(|error| value_error(error, characteristic))?;
        Ok(buffer.get(..len).unwrap_or_default())
    }
}

/// Returns the device name that the GAP service shows.
fn device_name(server: &Server) -> &str {
    core::str::from_utf8(server.device_name()).unwrap_or_default()
}
