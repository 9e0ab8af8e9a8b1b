//! Packets of a channel, borrowed by the application: one to fill, and received ones.

use core::ops::{Deref, DerefMut};

use bindrune_l2cap::Chunk;
use bindrune_wire::Packet;

use super::End;
use crate::{Error, waiters::ChannelKey};

/// A borrowed packet to write an SDU into. Dropping it sends nothing.
#[derive(Debug)]
#[must_use = "nothing is sent before `send`"]
pub struct Outgoing<'e, 'h> {
    end: &'e End<'h>,
    packet: Option<Packet>,
}

impl<'e, 'h> Outgoing<'e, 'h> {
    pub(super) const fn new(end: &'e End<'h>, packet: Packet) -> Self {
        Self { end, packet: Some(packet) }
    }

    /// Sends the SDU.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if the channel has ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future sends nothing.
    pub async fn send(mut self) -> Result<(), Error> {
        let packet = &mut self.packet;
        self.end
            .wait(ChannelKey::Send, |stack, channel| stack.poll_send_packet(channel, packet))
            .await
    }
}

impl Deref for Outgoing<'_, '_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.packet.as_ref().map_or(&[], Packet::bytes)
    }
}

impl DerefMut for Outgoing<'_, '_> {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.packet.as_mut().map_or(&mut [], Packet::bytes_mut)
    }
}

impl Drop for Outgoing<'_, '_> {
    fn drop(&mut self) {
        if let Some(packet) = self.packet.take() {
            self.end.host.with(|core| core.stack.return_packet(self.end.channel.link, packet));
        }
    }
}

/// Bytes of an SDU, in the packet that they arrived in. Dropping it returns the packet and its credit.
#[derive(Debug)]
pub struct Piece<'e> {
    end: &'e End<'e>,
    packet: Option<Packet>,
    first: bool,
    last: bool,
    left: u16,
}

impl<'e> Piece<'e> {
    pub(super) fn new(end: &'e End<'e>, chunk: Chunk) -> Self {
        let Chunk { packet, first, last, left } = chunk;
        Self { end, packet: Some(packet), first, last, left }
    }

    /// Returns whether this is the first piece of an SDU.
    #[must_use]
    pub const fn is_first(&self) -> bool {
        self.first
    }

    /// Returns whether this is the last piece of an SDU.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.last
    }

    /// Returns the number of bytes of the SDU after this piece.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.left as usize
    }
}

impl Deref for Piece<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.packet.as_ref().map_or(&[], Packet::bytes)
    }
}

impl Drop for Piece<'_> {
    fn drop(&mut self) {
        if let Some(packet) = self.packet.take() {
            self.end.host.with(|core| core.stack.return_chunk(self.end.channel, packet));
        }
    }
}
