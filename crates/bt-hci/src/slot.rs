//! Packets between the parts of a typed adapter, which run in one task.

use core::{
    cell::{Cell, Ref, RefCell},
    future::poll_fn,
    task::{Context, Poll, Waker},
};

/// A place for one waker.
#[derive(Default)]
pub(crate) struct Waiter(Cell<Option<Waker>>);

impl Waiter {
    pub(crate) const fn new() -> Self {
        Self(Cell::new(None))
    }

    pub(crate) fn register(&self, cx: &Context<'_>) {
        self.0.set(Some(cx.waker().clone()));
    }

    pub(crate) fn wake(&self) {
        if let Some(waker) = self.0.take() {
            waker.wake();
        }
    }
}

/// A place for one packet of at most `N` octets.
pub(crate) struct Slot<const N: usize> {
    octets: RefCell<[u8; N]>,
    /// Length of the packet in octets; 0 if there is none.
    len: Cell<usize>,
    /// The task that waits for a packet.
    consumer: Waiter,
    /// The task that waits for the slot to be empty.
    producer: Waiter,
}

impl<const N: usize> Slot<N> {
    pub(crate) const fn new() -> Self {
        Self {
            octets: RefCell::new([0; N]),
            len: Cell::new(0),
            consumer: Waiter::new(),
            producer: Waiter::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len.get() == 0
    }

    /// Clears the packet.
    pub(crate) fn clear(&self) {
        // The packet may have been a command with a key.
        if let Ok(mut octets) = self.octets.try_borrow_mut() {
            octets.fill(0);
        }
        self.len.set(0);
        self.producer.wake();
    }

    /// Waits until the slot is empty.
    pub(crate) async fn until_empty(&self) {
        poll_fn(|cx| {
            if self.is_empty() {
                return Poll::Ready(());
            }
            self.producer.register(cx);
            Poll::Pending
        })
        .await;
    }

    /// Writes a packet to the empty slot; `write` returns its length.
    pub(crate) fn fill(&self, write: impl FnOnce(&mut [u8]) -> usize) {
        if let Ok(mut octets) = self.octets.try_borrow_mut() {
            self.len.set(write(octets.as_mut_slice()).min(N));
            self.consumer.wake();
        }
    }

    /// Is ready if there is a packet.
    pub(crate) fn poll_full(&self, cx: &Context<'_>) -> Poll<()> {
        if self.is_empty() {
            self.consumer.register(cx);
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    /// Returns the packet, which stays while it is borrowed.
    pub(crate) fn packet(&self) -> Ref<'_, [u8]> {
        Ref::map(self.octets.borrow(), |octets| octets.get(..self.len.get()).unwrap_or_default())
    }

    /// Takes the packet, and returns its length; the buffer has at least `N` octets.
    pub(crate) fn take(&self, buffer: &mut [u8]) -> usize {
        let len = self.len.get();
        buffer.iter_mut().zip(self.packet().iter()).for_each(|(to, from)| *to = *from);
        self.clear();
        len
    }
}
