use core::fmt;

use crate::Packet;

/// One place of a [`Pool`]: it holds a free packet, a queued packet, or nothing while its packet is out.
#[derive(Debug)]
pub struct Slot {
    packet: Option<Packet>,
    next: Link,
}

/// Index of the next slot of a list.
type Link = Option<u16>;

impl Slot {
    /// A place without a packet.
    pub const EMPTY: Self = Self { packet: None, next: None };
}

/// A first-in, first-out list of packets that lie in a [`Pool`]; it has no storage of its own.
///
/// It must be emptied with [`Pool::clear`] before it is dropped, or its packets are lost to the pool.
#[derive(Debug, Default)]
pub struct Queue {
    head: Link,
    tail: Link,
    len: u16,
}

impl Queue {
    /// An empty queue.
    pub const EMPTY: Self = Self { head: None, tail: None, len: 0 };

    /// Packets in the queue.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// True when no packet is in the queue.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// A fixed number of packets of one size.
///
/// A packet is free, queued (in a [`Queue`], still lying in the pool), or out. Since there are as many slots as packets,
/// queueing cannot fail.
pub struct Pool {
    slots: &'static mut [Slot],
    free: Queue,
    empty: Queue,
    size: usize,
}

impl Pool {
    /// A pool of as many packets of `size` octets as `slots` and `memory` hold.
    pub fn new(slots: &'static mut [Slot], memory: &'static mut [u8], size: usize) -> Self {
        let mut pool = Self { slots, free: Queue::EMPTY, empty: Queue::EMPTY, size };
        for (index, octets) in (0..u16::MAX).zip(memory.chunks_exact_mut(size.max(1))) {
            let Some(slot) = pool.slots.get_mut(usize::from(index)) else { break };
            *slot = Slot { packet: Some(Packet::new(octets)), next: None };
            link(pool.slots, &mut pool.free, index);
        }
        pool
    }

    /// Free packets.
    #[must_use]
    pub const fn free(&self) -> usize {
        self.free.len()
    }

    /// All packets: free, queued and out.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// Octets in each packet.
    #[must_use]
    pub const fn packet_size(&self) -> usize {
        self.size
    }

    /// Takes a free packet, empty and with `headroom` octets free in front.
    pub fn take(&mut self, headroom: usize) -> Option<Packet> {
        let index = unlink(self.slots, &mut self.free)?;
        let mut packet = self.slots.get_mut(usize::from(index))?.packet.take()?;
        link(self.slots, &mut self.empty, index);
        packet.reset(headroom);
        Some(packet)
    }

    /// Gives a packet back.
    pub fn give(&mut self, packet: Packet) {
        if let Some(index) = self.place(packet) {
            link(self.slots, &mut self.free, index);
        }
    }

    /// Appends a packet to `queue`.
    pub fn push(&mut self, queue: &mut Queue, packet: Packet) {
        if let Some(index) = self.place(packet) {
            link(self.slots, queue, index);
        }
    }

    /// Takes the first packet of `queue`.
    pub fn pop(&mut self, queue: &mut Queue) -> Option<Packet> {
        let index = unlink(self.slots, queue)?;
        let packet = self.slots.get_mut(usize::from(index))?.packet.take();
        link(self.slots, &mut self.empty, index);
        packet
    }

    /// The first packet of `queue`.
    #[must_use]
    pub fn front(&self, queue: &Queue) -> Option<&Packet> {
        self.slots.get(usize::from(queue.head?))?.packet.as_ref()
    }

    /// The first packet of `queue`, to change in place.
    pub fn front_mut(&mut self, queue: &Queue) -> Option<&mut Packet> {
        self.slots.get_mut(usize::from(queue.head?))?.packet.as_mut()
    }

    /// The last packet of `queue`, to change in place.
    pub fn back_mut(&mut self, queue: &Queue) -> Option<&mut Packet> {
        self.slots.get_mut(usize::from(queue.tail?))?.packet.as_mut()
    }

    /// The packets of `queue` in order.
    pub fn iter<'p>(&'p self, queue: &Queue) -> impl Iterator<Item = &'p Packet> {
        let mut next = queue.head;
        core::iter::from_fn(move || {
            let slot = self.slots.get(usize::from(next?))?;
            next = slot.next;
            slot.packet.as_ref()
        })
    }

    /// Frees every packet of `queue`.
    pub fn clear(&mut self, queue: &mut Queue) {
        while let Some(index) = unlink(self.slots, queue) {
            link(self.slots, &mut self.free, index);
        }
    }

    /// Frees every queued packet at once. Queues made before must then be forgotten; packets that are out stay out.
    pub fn reset(&mut self) {
        (self.free, self.empty) = (Queue::EMPTY, Queue::EMPTY);
        for index in 0..u16::try_from(self.slots.len()).unwrap_or(u16::MAX) {
            let Some(slot) = self.slots.get_mut(usize::from(index)) else { break };
            slot.next = None;
            let list = if slot.packet.is_some() { &mut self.free } else { &mut self.empty };
            link(self.slots, list, index);
        }
    }

    /// Lays a packet in an empty slot.
    fn place(&mut self, packet: Packet) -> Option<u16> {
        let index = unlink(self.slots, &mut self.empty)?;
        self.slots.get_mut(usize::from(index))?.packet = Some(packet);
        Some(index)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({} of {} free)", self.free(), self.capacity())
    }
}

fn link(slots: &mut [Slot], list: &mut Queue, index: u16) {
    let Some(slot) = slots.get_mut(usize::from(index)) else { return };
    slot.next = None;
    match list.tail.and_then(|tail| slots.get_mut(usize::from(tail))) {
        Some(tail) => tail.next = Some(index),
        None => list.head = Some(index),
    }
    list.tail = Some(index);
    list.len = list.len.saturating_add(1);
}

fn unlink(slots: &mut [Slot], list: &mut Queue) -> Link {
    let index = list.head?;
    list.head = slots.get_mut(usize::from(index))?.next.take();
    if list.head.is_none() {
        list.tail = None;
    }
    list.len = list.len.saturating_sub(1);
    Some(index)
}

#[cfg(test)]
mod tests;
