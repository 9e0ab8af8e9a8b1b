use bindrune_wire::{Packet, Pool, Writer};

use super::{
    Channel, Channels, Chunk, CloseReason, LinkId, Pools, Readable, ReceiveError, SendError,
    Violation,
};
use crate::Cid;

/// Result of receiving a K-frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Received {
    /// The frame was for no open channel, and was discarded.
    Stray,
    /// The frame was kept; the application of this slot has nothing new to read.
    Kept(usize),
    /// The application of this slot can read an SDU, or a chunk of an SDU that is longer than the window.
    Readable(usize),
    /// The peer broke a rule: the channel in this slot is being closed.
    Violation(usize, Violation),
}

impl Channels {
    /// Takes the payload of a frame to the dynamic CID `local` of `link`.
    pub fn handle_frame(
        &mut self,
        link: LinkId,
        local: Cid,
        frame: &[u8],
        pools: &mut Pools<'_>,
    ) -> Received {
        let open = |index: &usize| self.get(*index).is_some_and(Channel::is_open);
        let Some(index) = self.find(link, local).filter(open) else {
            self.stray = self.stray.saturating_add(1);
            return Received::Stray;
        };
        self.with(index, |channel| {
            Some(match channel.rx.handle_frame(frame, pools.rx) {
                Ok(false) => Received::Kept(index),
                Ok(true) => Received::Readable(index),
                Err(violation) => {
                    channel.disconnect(CloseReason::Violation(violation), pools);
                    Received::Violation(index, violation)
                }
            })
        })
        .unwrap_or(Received::Stray)
    }

    /// Returns what the application can read from a channel; `rx` is the pool of received data.
    #[must_use]
    pub fn readable(&self, index: usize, rx: &Pool) -> Readable {
        self.get(index).map_or(Readable::Nothing, |channel| channel.rx.readable(rx))
    }

    /// Takes the next chunk of the first SDU: the whole SDU, or the part that has arrived.
    ///
    /// [`Self::give_back`] makes its credit available to the peer again.
    pub fn next_chunk(&mut self, index: usize, rx: &mut Pool) -> Option<Chunk> {
        self.with(index, |channel| channel.rx.next_chunk(rx))
    }

    /// Takes back the packet of a chunk.
    ///
    /// After the channel has been released, return the packet to the pool itself.
    pub fn give_back(&mut self, index: usize, packet: Packet, rx: &mut Pool) {
        let mut packet = Some(packet);
        self.with(index, |channel| {
            if let Some(packet) = packet.take() {
                channel.rx.give_back(packet, rx);
            }
        });
        if let Some(packet) = packet {
            rx.give(packet);
        }
    }

    /// Copies the first SDU, if it is whole, to the start of `buffer` and returns its length, which may be 0.
    pub fn recv_into(
        &mut self,
        index: usize,
        buffer: &mut [u8],
        rx: &mut Pool,
    ) -> Option<Result<usize, ReceiveError>> {
        self.with(index, |channel| channel.rx.recv_into(buffer, rx))
    }

    /// Returns the number of octets that were received on a channel and not read, over all its SDUs.
    #[must_use]
    pub fn available(&self, index: usize, rx: &Pool) -> usize {
        self.get(index).map_or(0, |channel| channel.rx.available(rx))
    }

    /// Copies received octets into `buffer` until it is full, one SDU after another, and returns their number. Skips
    /// empty SDUs.
    pub fn read(&mut self, index: usize, buffer: &mut [u8], rx: &mut Pool) -> usize {
        self.with(index, |channel| Some(channel.rx.read(buffer, rx))).unwrap_or_default()
    }

    /// Writes the payload of the K-frame that follows the first `sent` octets of `sdu`, spends a credit, and returns
    /// the number of SDU octets in the frame. The SDU is sent once `sent` reaches its length; an empty SDU takes one
    /// K-frame too.
    ///
    /// # Errors
    ///
    /// [`SendError::TooLong`], [`SendError::NoCredit`], [`SendError::Closed`], or [`SendError::NoRoom`] if `w` has no
    /// room for an octet of the SDU.
    pub fn write_frame(
        &mut self,
        index: usize,
        sdu: &[u8],
        sent: usize,
        w: &mut Writer<'_>,
    ) -> Result<usize, SendError> {
        self.sender(index)?.tx.write_frame(sdu, sent, w)
    }

    /// Turns a packet with a whole SDU into a K-frame payload, and spends a credit. The packet needs two octets of
    /// headroom for the SDU length in addition to [`bindrune_wire::HEADROOM`]. The SDU must fit in one K-frame: the
    /// peer's MPS less 2.
    ///
    /// # Errors
    ///
    /// [`SendError::TooLong`], [`SendError::NoCredit`], [`SendError::Closed`], or [`SendError::NoRoom`] if the headroom
    /// is missing.
    pub fn seal(&mut self, index: usize, packet: &mut Packet) -> Result<(), SendError> {
        self.sender(index)?.tx.seal(packet)
    }

    /// Puts a K-frame payload into the out-slot.
    ///
    /// # Errors
    ///
    /// Returns the packet if the slot is taken or the channel is not open.
    pub fn put_out(&mut self, index: usize, packet: Packet) -> Result<(), Packet> {
        match self.slot_mut(index) {
            Some(channel) if channel.is_open() && channel.out.is_none() => {
                channel.out = Some(packet);
                Ok(())
            }
            Some(_) | None => Err(packet),
        }
    }

    /// Takes the K-frame payload from the out-slot, with the peer's CID. A request to close the channel may be pending
    /// afterwards.
    pub fn take_out(&mut self, index: usize) -> Option<(Cid, Packet)> {
        self.with(index, |channel| {
            let remote = channel.remote;
            channel.out.take().map(|packet| (remote, packet))
        })
    }

    /// Returns the next slot after `after`, round robin, whose channel on `link` has a K-frame in its out-slot.
    #[must_use]
    pub fn next_out(&self, link: LinkId, after: usize) -> Option<usize> {
        let waits = |index: &usize| self.get(*index).is_some_and(|c| c.link == link && c.has_out());
        let count = self.len();
        let next = after.saturating_add(1).min(count);
        (next..count).chain(0..next).find(waits)
    }

    fn sender(&mut self, index: usize) -> Result<&mut Channel, SendError> {
        let channel = self.slot_mut(index).filter(|c| c.is_open()).ok_or(SendError::Closed)?;
        if channel.can_send() { Ok(channel) } else { Err(SendError::NoCredit) }
    }
}
