//! A store of bonds that a test can inspect.

use core::cell::{Cell, RefCell};
use std::{collections::BTreeMap, rc::Rc, vec::Vec};

use bindrune::{BondStore, Loaded, RecordId};
use bindrune_controller::VirtualClock;
use embassy_time::Duration;

/// Keeps records in memory. Clones share the store, so that it can outlive a device.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Rc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    records: RefCell<BTreeMap<RecordId, Vec<u8>>>,
    broken: Cell<bool>,
    slow: RefCell<Option<(VirtualClock, Duration)>>,
    slow_to_store: RefCell<Option<(VirtualClock, Duration)>>,
}

/// The test has made the store fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

impl MemoryStore {
    /// Creates a store without records.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the store fail from now on, or work again.
    pub fn set_broken(&self, broken: bool) {
        self.0.broken.set(broken);
    }

    /// Takes this long to load.
    #[must_use]
    pub fn slow(self, clock: VirtualClock, time: Duration) -> Self {
        *self.0.slow.borrow_mut() = Some((clock, time));
        self
    }

    /// Takes this long to store a record.
    #[must_use]
    pub fn slow_to_store(self, clock: VirtualClock, time: Duration) -> Self {
        *self.0.slow_to_store.borrow_mut() = Some((clock, time));
        self
    }

    /// Returns the record, if there is one.
    #[must_use]
    pub fn record(&self, id: RecordId) -> Option<Vec<u8>> {
        self.0.records.borrow().get(&id).cloned()
    }

    /// Returns the identifiers of all records.
    #[must_use]
    pub fn ids(&self) -> Vec<RecordId> {
        self.0.records.borrow().keys().copied().collect()
    }

    /// Adds a record without the host.
    pub fn put(&self, id: RecordId, record: &[u8]) {
        self.0.records.borrow_mut().insert(id, record.to_vec());
    }

    fn check(&self) -> Result<(), Broken> {
        if self.0.broken.get() { Err(Broken) } else { Ok(()) }
    }
}

impl BondStore for MemoryStore {
    type Error = Broken;

    async fn load(&mut self, mut each: impl FnMut(RecordId, &[u8])) -> Result<Loaded, Broken> {
        wait(&self.0.slow).await;
        self.check()?;
        let records = self.0.records.borrow().clone();
        records.iter().for_each(|(id, record)| each(*id, record));
        Ok(Loaded { records: records.len(), ..Loaded::default() })
    }

    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), Broken> {
        wait(&self.0.slow_to_store).await;
        self.check()?;
        self.put(id, record);
        Ok(())
    }

    async fn delete(&mut self, id: RecordId) -> Result<(), Broken> {
        self.check()?;
        self.0.records.borrow_mut().remove(&id);
        Ok(())
    }
}

async fn wait(slow: &RefCell<Option<(VirtualClock, Duration)>>) {
    let slow = slow.borrow().clone();
    if let Some((clock, time)) = slow {
        clock.sleep(time).await;
    }
}
