use bindrune_wire::NoRoom;

use crate::{Database, Elements, Record, Service};

/// The first handle of a record that is not the server's own. [Vol 3] Part B, 2.2
pub const FIRST_HANDLE: u32 = 0x0001_0000;

/// Registered records in a borrowed memory of fixed size.
#[derive(Debug)]
pub struct Registry<'m> {
    memory: &'m mut [u8],
    len: usize,
    next_handle: u32,
    state: u32,
}

impl<'m> Registry<'m> {
    /// Creates an empty registry. [`Service::encoded_len`] says how much memory a record needs.
    #[must_use]
    pub const fn new(memory: &'m mut [u8]) -> Self {
        Self { memory, len: 0, next_handle: FIRST_HANDLE, state: 0 }
    }

    /// Adds a record, and returns its handle. A handle is not used again.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the memory is too small or all handles were used; then nothing changes.
    pub fn add(&mut self, service: &Service<'_>) -> Result<u32, NoRoom> {
        let handle = self.next_handle;
        let next = handle.checked_add(1).ok_or(NoRoom)?;
        let free = self.memory.get_mut(self.len..).ok_or(NoRoom)?;
        self.len = self.len.saturating_add(service.encode(handle, free)?);
        self.next_handle = next;
        self.state = self.state.wrapping_add(1);
        Ok(handle)
    }

    /// Removes a record. Returns false if no record has the handle.
    pub fn remove(&mut self, handle: u32) -> bool {
        let mut rest = Elements::new(self.memory.get(..self.len).unwrap_or_default());
        loop {
            let Some(octets) = rest.take_octets() else { return false };
            if Record::parse(octets).ok().and_then(|record| record.handle()) == Some(handle) {
                let end = self.len.saturating_sub(rest.octets().len());
                let start = end.saturating_sub(octets.len());
                self.memory.copy_within(end..self.len, start);
                self.len = self.len.saturating_sub(end.saturating_sub(start));
                self.state = self.state.wrapping_add(1);
                return true;
            }
        }
    }

    /// Replaces a record, which keeps its handle. Returns false if no record has the handle.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the memory is too small for the new record beside the others; then nothing changes.
    pub fn replace(&mut self, handle: u32, service: &Service<'_>) -> Result<bool, NoRoom> {
        let Some(old) = self.database().records().find(|r| r.handle() == Some(handle)) else {
            return Ok(false);
        };
        let old = crate::value::with_header(old.octets().len());
        let kept = self.len.saturating_sub(old);
        if kept.saturating_add(service.encoded_len()) > self.memory.len() {
            return Err(NoRoom);
        }
        self.remove(handle);
        let free = self.memory.get_mut(self.len..).ok_or(NoRoom)?;
        let new = service.encode(handle, free)?;
        let at = self.first_after(handle);
        self.len = self.len.saturating_add(new);
        if let Some(moved) = self.memory.get_mut(at..self.len) {
            moved.rotate_right(new);
        }
        Ok(true)
    }

    /// Removes all records.
    pub fn clear(&mut self) {
        self.len = 0;
        self.state = self.state.wrapping_add(1);
    }

    /// Returns the records for [`handle_request`](crate::handle_request).
    #[must_use]
    pub fn database(&self) -> Database<'_> {
        Database::new(self.memory.get(..self.len).unwrap_or_default(), self.state)
    }

    /// Returns where the first record with a greater handle begins.
    fn first_after(&self, handle: u32) -> usize {
        let mut rest = Elements::new(self.memory.get(..self.len).unwrap_or_default());
        loop {
            let at = self.len.saturating_sub(rest.octets().len());
            let Some(octets) = rest.take_octets() else { return at };
            let found = Record::parse(octets).ok().and_then(|record| record.handle());
            if found > Some(handle) {
                return at;
            }
        }
    }
}

#[cfg(test)]
mod tests;
