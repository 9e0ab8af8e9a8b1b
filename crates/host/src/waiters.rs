//! Which futures wait for what, and in which order they came.
//!
//! The stack marks a [`Key`] as ready; the shell takes the wakers of ready keys out under the lock and wakes them outside
//! of it.

#[cfg(test)]
mod tests;

use core::task::{Context, Waker};

/// What a future can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// Something of the whole host.
    Host(HostKey),
    /// Something of the link in this slot.
    Link(u8, LinkKey),
    /// Something of the channel in this slot.
    Channel(u8, ChannelKey),
}

/// What belongs to the whole host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum HostKey {
    /// The transmitting half of `run`: something is owed to the controller.
    Transmit,
    /// The clock of `run`: the earliest deadline changed.
    Timeout,
    /// The controller became ready, or was lost.
    Controller,
    /// The application's HCI command: its turn, or its answer.
    Command,
    /// The controller's own cryptography: its turn, or its answer.
    Worker,
    /// An advertising set ended, or its link came up.
    Advertise,
    /// The connection attempt ended.
    Connect,
    /// An advertising report came.
    Scan,
    /// A channel waits at a listener.
    Accept,
    /// The slow work of a pairing is to be done.
    Job,
    /// The store of bonds has something to do.
    BondJob,
    /// A pairing asks the user, or the asking is over.
    Pairing,
    /// Bonds were loaded, stored or removed, or out-of-band data was made.
    Bonds,
}

/// What belongs to one link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum LinkKey {
    /// Something for `Connection::next`.
    Event,
    /// The turn to use the ATT client.
    Turn,
    /// The answer to the ATT request.
    Response,
    /// Room for a notification, indication or command of the application.
    Push,
    /// The confirmation of an indication.
    Confirmation,
    /// A notification or indication of the peer.
    Subscription,
    /// The answer of a link procedure: parameters, PHY, data length, RSSI.
    Control,
    /// The end of the link.
    Closed,
    /// A PDU on the application's own fixed channel, or room to send one.
    Fixed,
    /// A pairing or the start of encryption ended.
    Security,
}

/// What belongs to one credit-based channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ChannelKey {
    /// The channel opened, was refused or closed.
    State,
    /// An SDU or a part of one can be read.
    Receive,
    /// A frame can be sent.
    Send,
    /// Everything given was handed to the controller.
    Flush,
}

impl Key {
    const fn bit(self) -> u16 {
        1 << match self {
            Self::Host(key) => key as u8,
            Self::Link(_, key) => key as u8,
            Self::Channel(_, key) => key as u8,
        }
    }
}

impl Key {
    /// How many places at the start of the table are not for this key: nobody can take those of `run`, nor that of the one who
    /// takes pairing requests.
    const fn reserved(self) -> usize {
        match self {
            Self::Host(
                HostKey::Transmit
                | HostKey::Timeout
                | HostKey::Job
                | HostKey::BondJob
                | HostKey::Pairing,
            ) => 0,
            Self::Host(
                HostKey::Controller
                | HostKey::Command
                | HostKey::Worker
                | HostKey::Advertise
                | HostKey::Connect
                | HostKey::Scan
                | HostKey::Accept
                | HostKey::Bonds,
            ) => DRIVERS,
            Self::Link(..) | Self::Channel(..) => 0,
        }
    }
}

/// One waiting future.
#[derive(Debug)]
pub(crate) struct Waiter {
    bit: u16,
    ticket: u32,
    waker: Option<Waker>,
}

impl Waiter {
    pub(crate) const FREE: Self = Self { bit: 0, ticket: 0, waker: None };
}

/// Places for those who drive the host: its transmitting half, its clock, the two loops of jobs, and pairing requests.
const DRIVERS: usize = 5;
/// Futures that may wait for the whole host at once: 16, and those who drive it.
pub(crate) const HOST_WAITERS: usize = 16 + DRIVERS;
/// Futures that may wait for one link at once.
pub(crate) const LINK_WAITERS: usize = 16;
/// Futures that may wait for one channel at once.
pub(crate) const CHANNEL_WAITERS: usize = 3;

/// Wakers taken out in one visit.
pub(crate) type Batch = [Option<Waker>; 4];

/// Marks of what became ready, kept by the stack.
#[derive(Debug)]
pub(crate) struct Ready {
    host: u16,
    links: u64,
    channels: u64,
    link_bits: &'static mut [u16],
    channel_bits: &'static mut [u16],
}

impl Ready {
    pub(crate) const fn new(
        link_bits: &'static mut [u16],
        channel_bits: &'static mut [u16],
    ) -> Self {
        Self { host: 0, links: 0, channels: 0, link_bits, channel_bits }
    }

    /// Marks `key`: its futures are woken when the visit ends.
    pub(crate) fn mark(&mut self, key: Key) {
        match key {
            Key::Host(_) => self.host |= key.bit(),
            Key::Link(index, _) => {
                if let Some(bits) = self.link_bits.get_mut(usize::from(index)) {
                    *bits |= key.bit();
                    self.links |= 1u64.wrapping_shl(index.into());
                }
            }
            Key::Channel(index, _) => {
                if let Some(bits) = self.channel_bits.get_mut(usize::from(index)) {
                    *bits |= key.bit();
                    self.channels |= 1u64.wrapping_shl(index.into());
                }
            }
        }
    }

    pub(crate) fn host(&mut self, key: HostKey) {
        self.mark(Key::Host(key));
    }

    pub(crate) fn link(&mut self, index: u8, key: LinkKey) {
        self.mark(Key::Link(index, key));
    }

    pub(crate) fn channel(&mut self, index: u8, key: ChannelKey) {
        self.mark(Key::Channel(index, key));
    }

    /// Marks everything that may be waited for on a link.
    pub(crate) fn whole_link(&mut self, index: u8) {
        if let Some(bits) = self.link_bits.get_mut(usize::from(index)) {
            *bits = u16::MAX;
            self.links |= 1u64.wrapping_shl(index.into());
        }
    }

    /// Marks everything that may be waited for on a channel.
    pub(crate) fn whole_channel(&mut self, index: u8) {
        if let Some(bits) = self.channel_bits.get_mut(usize::from(index)) {
            *bits = u16::MAX;
            self.channels |= 1u64.wrapping_shl(index.into());
        }
    }

    /// Marks everything that may be waited for on the host, the runner aside.
    pub(crate) const fn whole_host(&mut self) {
        self.host = u16::MAX;
    }

    const fn is_empty(&self) -> bool {
        self.host == 0 && self.links == 0 && self.channels == 0
    }
}

/// The table of waiting futures.
#[derive(Debug)]
pub(crate) struct Waiters {
    host: &'static mut [Waiter],
    links: &'static mut [[Waiter; LINK_WAITERS]],
    channels: &'static mut [[Waiter; CHANNEL_WAITERS]],
    next_ticket: u32,
}

/// No place is free for one more waiting future.
#[derive(Debug)]
pub(crate) struct Full;

impl Waiters {
    pub(crate) const fn new(
        host: &'static mut [Waiter],
        links: &'static mut [[Waiter; LINK_WAITERS]],
        channels: &'static mut [[Waiter; CHANNEL_WAITERS]],
    ) -> Self {
        Self { host, links, channels, next_ticket: 1 }
    }

    /// A ticket for a future that is about to wait; later tickets are larger.
    pub(crate) const fn ticket(&mut self) -> u32 {
        let ticket = self.next_ticket;
        self.next_ticket = match ticket.wrapping_add(1) {
            0 => 1,
            next => next,
        };
        ticket
    }

    /// Registers the waker of the future that holds `ticket`. The waker that it replaces is given back, to be dropped
    /// outside of the lock.
    pub(crate) fn register(
        &mut self,
        key: Key,
        ticket: u32,
        cx: &Context<'_>,
    ) -> Result<Option<Waker>, Full> {
        let slots = self.slots(key);
        let at = slots.iter().position(|w| w.ticket == ticket && w.bit != 0);
        let free = |(_, w): &(usize, &Waiter)| w.bit == 0;
        let first_free = || slots.iter().enumerate().skip(key.reserved()).find(free);
        let at = at.or_else(|| first_free().map(|(at, _)| at)).ok_or(Full)?;
        let Some(slot) = slots.get_mut(at) else { return Err(Full) };
        (slot.bit, slot.ticket) = (key.bit(), ticket);
        match &slot.waker {
            Some(waker) if waker.will_wake(cx.waker()) => Ok(None),
            Some(_) | None => Ok(slot.waker.replace(cx.waker().clone())),
        }
    }

    /// Ends the wait of the future that holds `ticket`.
    pub(crate) fn remove(&mut self, key: Key, ticket: u32) -> Option<Waker> {
        let slot = self.slots(key).iter_mut().find(|w| w.ticket == ticket && w.bit != 0)?;
        core::mem::replace(slot, Waiter::FREE).waker
    }

    /// True when no other future has waited for `key` longer than the holder of `ticket`.
    pub(crate) fn is_first(&mut self, key: Key, ticket: Option<u32>) -> bool {
        let bit = key.bit();
        let older = |w: &Waiter| match ticket {
            None => true,
            Some(own) => own.wrapping_sub(w.ticket).cast_signed() > 0,
        };
        !self.slots(key).iter().any(|w| w.bit == bit && older(w))
    }

    /// Takes the next wakers of what is marked ready; true when there may be more.
    pub(crate) fn take_ready(&mut self, ready: &mut Ready, batch: &mut Batch) -> bool {
        if ready.is_empty() {
            return false;
        }
        let mut room = batch.iter_mut();
        if !drain(self.host, &mut ready.host, &mut room) {
            return true;
        }
        while ready.links != 0 {
            let index = ready.links.trailing_zeros() as usize;
            if let (Some(slots), Some(bits)) =
                (self.links.get_mut(index), ready.link_bits.get_mut(index))
                && !drain(slots, bits, &mut room)
            {
                return true;
            }
            ready.links &= ready.links.wrapping_sub(1);
        }
        while ready.channels != 0 {
            let index = ready.channels.trailing_zeros() as usize;
            if let (Some(slots), Some(bits)) =
                (self.channels.get_mut(index), ready.channel_bits.get_mut(index))
                && !drain(slots, bits, &mut room)
            {
                return true;
            }
            ready.channels &= ready.channels.wrapping_sub(1);
        }
        false
    }

    fn slots(&mut self, key: Key) -> &mut [Waiter] {
        match key {
            Key::Host(_) => self.host,
            Key::Link(index, _) => {
                self.links.get_mut(usize::from(index)).map_or(&mut [], |s| s.as_mut_slice())
            }
            Key::Channel(index, _) => {
                self.channels.get_mut(usize::from(index)).map_or(&mut [], |s| s.as_mut_slice())
            }
        }
    }
}

/// Moves the wakers that match `bits` into `room`; false when there is no more room.
fn drain(
    slots: &mut [Waiter],
    bits: &mut u16,
    room: &mut core::slice::IterMut<'_, Option<Waker>>,
) -> bool {
    if *bits == 0 {
        return true;
    }
    for slot in slots.iter_mut().filter(|w| w.bit & *bits != 0 && w.waker.is_some()) {
        let Some(place) = room.next() else { return false };
        *place = slot.waker.take();
    }
    *bits = 0;
    true
}
