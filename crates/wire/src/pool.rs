use core::fmt;

use crate::Packet;

/// One slot of a [`Pool`]: it holds a free packet, a queued packet, or nothing while its packet is out.
#[derive(Debug)]
pub struct Slot {
    packet: Option<Packet>,
    next: Link,
}

/// Number of the next slot of a list, from 1; 0 for none.
type Link = u16;

impl Slot {
    /// A slot without a packet.
    pub const EMPTY: Self = Self { packet: None, next: 0 };
}

/// A first-in, first-out list of packets in a [`Pool`]; it has no storage of its own.
///
/// Empty it with [`Pool::clear`] before you drop it; otherwise its packets are lost to the pool.
#[derive(Debug, Default)]
pub struct Queue {
    head: Link,
    tail: Link,
    len: u16,
}

impl Queue {
    /// An empty queue.
    pub const EMPTY: Self = Self { head: 0, tail: 0, len: 0 };

    /// Returns the number of packets in the queue.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Returns whether no packet is in the queue.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// A fixed number of packets of one size.
///
/// A packet is free, queued (in a [`Queue`], but stored in the pool), or out. There are as many slots as packets,
/// so queueing cannot fail.
pub struct Pool {
    slots: &'static mut [Slot],
    /// The slots of free packets, and their number.
    free: Link,
    count: u16,
    /// The slots without a packet.
    empty: Link,
    size: usize,
}

impl Pool {
    /// Creates a pool of as many packets of `size` octets as `slots` and `memory` hold.
    pub fn new(slots: &'static mut [Slot], memory: &'static mut [u8], size: usize) -> Self {
        for (slot, octets) in slots.iter_mut().zip(memory.chunks_exact_mut(size.max(1))) {
            slot.packet = Some(Packet::new(octets));
        }
        let mut pool = Self { slots, free: 0, count: 0, empty: 0, size };
        pool.reset();
        pool
    }

    /// Returns the number of free packets.
    #[must_use]
    pub const fn free(&self) -> usize {
        self.count as usize
    }

    /// Returns the number of all packets: free, queued and out.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// Returns the number of octets in each packet.
    #[must_use]
    pub const fn packet_size(&self) -> usize {
        self.size
    }

    /// Takes a free packet, empty and with `headroom` octets free before it.
    pub fn take(&mut self, headroom: usize) -> Option<Packet> {
        let at = self.free;
        let slot = slot(self.slots, at)?;
        let mut packet = slot.packet.take()?;
        self.free = core::mem::replace(&mut slot.next, core::mem::replace(&mut self.empty, at));
        self.count = self.count.saturating_sub(1);
        packet.reset(headroom);
        Some(packet)
    }

    /// Returns a packet to the pool.
    pub fn give(&mut self, packet: Packet) {
        let at = self.empty;
        let Some(slot) = slot(self.slots, at) else { return };
        self.empty = core::mem::replace(&mut slot.next, core::mem::replace(&mut self.free, at));
        slot.packet = Some(packet);
        self.count = self.count.saturating_add(1);
    }

    /// Appends a packet to `queue`.
    pub fn push(&mut self, queue: &mut Queue, packet: Packet) {
        let at = self.empty;
        let Some(place) = slot(self.slots, at) else { return };
        self.empty = core::mem::take(&mut place.next);
        place.packet = Some(packet);
        self.append(queue, at);
    }

    /// Appends a free packet with these octets, and `headroom` octets free before them, to `queue`; false, and
    /// nothing changes, if no packet is free or the octets do not fit.
    #[must_use]
    pub fn push_copy(&mut self, queue: &mut Queue, headroom: usize, octets: &[u8]) -> bool {
        let at = self.free;
        let Some(place) = slot(self.slots, at) else { return false };
        let Some(packet) = &mut place.packet else { return false };
        packet.reset(headroom);
        if !packet.extend(octets) {
            return false;
        }
        self.free = core::mem::take(&mut place.next);
        self.count = self.count.saturating_sub(1);
        self.append(queue, at);
        true
    }

    fn append(&mut self, queue: &mut Queue, at: Link) {
        match slot(self.slots, queue.tail) {
            Some(tail) => tail.next = at,
            None => queue.head = at,
        }
        queue.tail = at;
        queue.len = queue.len.saturating_add(1);
    }

    /// Takes the first packet of `queue`.
    pub fn pop(&mut self, queue: &mut Queue) -> Option<Packet> {
        let at = queue.head;
        let slot = slot(self.slots, at)?;
        queue.head = core::mem::replace(&mut slot.next, core::mem::replace(&mut self.empty, at));
        if queue.head == 0 {
            queue.tail = 0;
        }
        queue.len = queue.len.saturating_sub(1);
        slot.packet.take()
    }

    /// Frees the first packet of `queue`.
    pub fn free_front(&mut self, queue: &mut Queue) {
        let at = queue.head;
        let Some(slot) = slot(self.slots, at) else { return };
        queue.head = core::mem::replace(&mut slot.next, core::mem::replace(&mut self.free, at));
        if queue.head == 0 {
            queue.tail = 0;
        }
        queue.len = queue.len.saturating_sub(1);
        self.count = self.count.saturating_add(1);
    }

    /// Returns the first packet of `queue`.
    #[must_use]
    pub fn front(&self, queue: &Queue) -> Option<&Packet> {
        self.slots.get(index(queue.head))?.packet.as_ref()
    }

    /// Returns the first packet of `queue` for changes in place.
    pub fn front_mut(&mut self, queue: &Queue) -> Option<&mut Packet> {
        slot(self.slots, queue.head)?.packet.as_mut()
    }

    /// Returns the last packet of `queue` for changes in place.
    pub fn back_mut(&mut self, queue: &Queue) -> Option<&mut Packet> {
        slot(self.slots, queue.tail)?.packet.as_mut()
    }

    /// Returns the packets of `queue` in order.
    pub fn iter<'p>(&'p self, queue: &Queue) -> impl Iterator<Item = &'p Packet> {
        let mut next = queue.head;
        core::iter::from_fn(move || {
            let slot = self.slots.get(index(next))?;
            next = slot.next;
            slot.packet.as_ref()
        })
    }

    /// Frees every packet of `queue`.
    pub fn clear(&mut self, queue: &mut Queue) {
        let Queue { head, tail, len } = core::mem::take(queue);
        if let Some(last) = slot(self.slots, tail) {
            last.next = core::mem::replace(&mut self.free, head);
            self.count = self.count.saturating_add(len);
        }
    }

    /// Frees every queued packet at once. Do not use earlier queues afterwards; packets that are out stay out.
    pub fn reset(&mut self) {
        (self.free, self.count, self.empty) = (0, 0, 0);
        for (at, slot) in (1..=u16::MAX).zip(self.slots.iter_mut()) {
            let list = if slot.packet.is_some() {
                self.count = self.count.saturating_add(1);
                &mut self.free
            } else {
                &mut self.empty
            };
            slot.next = core::mem::replace(list, at);
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({} of {} free)", self.free(), self.capacity())
    }
}

fn slot(slots: &mut [Slot], link: Link) -> Option<&mut Slot> {
    slots.get_mut(index(link))
}

/// Returns the index of a slot; an index outside the pool for none.
const fn index(link: Link) -> usize {
    (link as usize).wrapping_sub(1)
}

#[cfg(test)]
mod tests;
