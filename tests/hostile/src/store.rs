//! A store of bonds that answers at once, and that a test can inspect and stall.

use core::{
    cell::{Cell, RefCell},
    fmt,
    future::poll_fn,
    task::{Poll, Waker},
};
use std::rc::Rc;

use bindrune::{BondStore, Loaded, RecordId};
use bindrune_pair::MemoryStore;
use embassy_futures::block_on;

/// Any store, adapted to answer at once. Clones share the store.
#[derive(Clone)]
pub struct Store {
    shelf: Rc<RefCell<dyn Shelf>>,
    stall: Rc<Cell<Option<Stall>>>,
    unreadable: Rc<Cell<bool>>,
    hanging: Rc<Cell<Option<Waker>>>,
}

/// Point at which a store hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stall {
    /// Nothing is loaded.
    Load,
    /// The record is not written.
    Before,
    /// The record is written, but the write never returns.
    After,
}

/// The error message of the store.
#[derive(Debug)]
pub struct Failed(pub String);

impl Store {
    /// Creates this store.
    #[must_use]
    pub fn new(store: impl BondStore + 'static) -> Self {
        let shelf = Rc::new(RefCell::new(store));
        Self { shelf, stall: Rc::default(), unreadable: Rc::default(), hanging: Rc::default() }
    }

    /// Creates a store in memory with these records.
    #[must_use]
    pub fn memory(records: &[(RecordId, Vec<u8>)]) -> Self {
        let store = MemoryStore::new();
        records.iter().for_each(|(id, record)| store.put(*id, record));
        Self::new(store)
    }

    /// Returns all records.
    ///
    /// # Panics
    ///
    /// If the store fails.
    #[must_use]
    pub fn records(&self) -> Vec<(RecordId, Vec<u8>)> {
        let mut records = Vec::new();
        let each = &mut |id, record: &[u8]| records.push((id, record.to_vec()));
        self.shelf.borrow_mut().load(each).unwrap();
        records
    }

    /// Makes the store hang at this point from now on.
    pub fn stall(&self, at: Stall) {
        self.stall.set(Some(at));
    }

    /// Lets the store continue.
    pub fn resume(&self) {
        self.stall.set(None);
        if let Some(waker) = self.hanging.take() {
            waker.wake();
        }
    }

    /// Makes loading fail after the records from now on, or work again.
    pub fn set_unreadable(&self, unreadable: bool) {
        self.unreadable.set(unreadable);
    }

    async fn hang(&self, at: Stall) {
        poll_fn(|cx| {
            if self.stall.get() != Some(at) {
                return Poll::Ready(());
            }
            self.hanging.set(Some(cx.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

impl BondStore for Store {
    type Error = Failed;

    async fn load(&mut self, mut each: impl FnMut(RecordId, &[u8])) -> Result<Loaded, Failed> {
        self.hang(Stall::Load).await;
        let loaded = self.shelf.borrow_mut().load(&mut each)?;
        if self.unreadable.get() { Err(Failed("unreadable".into())) } else { Ok(loaded) }
    }

    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), Failed> {
        self.hang(Stall::Before).await;
        let result = self.shelf.borrow_mut().store(id, record);
        self.hang(Stall::After).await;
        result
    }

    async fn delete(&mut self, id: RecordId) -> Result<(), Failed> {
        self.hang(Stall::Before).await;
        self.shelf.borrow_mut().delete(id)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("stall", &self.stall).finish_non_exhaustive()
    }
}

/// A store of any type.
trait Shelf {
    fn load(&mut self, each: &mut dyn FnMut(RecordId, &[u8])) -> Result<Loaded, Failed>;
    fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), Failed>;
    fn delete(&mut self, id: RecordId) -> Result<(), Failed>;
}

impl<S: BondStore> Shelf for S {
    fn load(&mut self, each: &mut dyn FnMut(RecordId, &[u8])) -> Result<Loaded, Failed> {
        done::<S, _>(BondStore::load(self, each))
    }

    fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), Failed> {
        done::<S, _>(BondStore::store(self, id, record))
    }

    fn delete(&mut self, id: RecordId) -> Result<(), Failed> {
        done::<S, _>(BondStore::delete(self, id))
    }
}

fn done<S: BondStore, T>(change: impl Future<Output = Result<T, S::Error>>) -> Result<T, Failed> {
    block_on(change).map_err(|error| Failed(format!("{error:?}")))
}
