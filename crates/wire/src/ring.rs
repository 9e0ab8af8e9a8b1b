use core::fmt;

mod datagrams;

pub use datagrams::{Datagrams, Mark};

/// A first-in, first-out ring of bytes over memory of the caller.
///
/// A ring that becomes empty starts again at the beginning of its memory, so data that fits rarely wraps. All methods
/// accept memory without bytes.
///
/// ```
/// use bindrune_wire::Ring;
///
/// let mut memory = [0; 8];
/// let mut ring = Ring::new(&mut memory);
/// assert_eq!(ring.write(b"0123456789"), 8);
/// let mut start = [0; 3];
/// assert_eq!(ring.read(&mut start), 3);
/// assert_eq!(ring.write(b"ab"), 2);
/// assert_eq!(ring.make_contiguous(), b"34567ab");
/// ```
pub struct Ring<'m> {
    memory: &'m mut [u8],
    /// Index of the first byte; less than the capacity, or 0.
    head: usize,
    /// Bytes in the ring; at most the capacity.
    len: usize,
}

impl<'m> Ring<'m> {
    /// Creates an empty ring that holds as many bytes as `memory` has.
    #[must_use]
    pub const fn new(memory: &'m mut [u8]) -> Self {
        Self { memory, head: 0, len: 0 }
    }

    /// Returns the memory, to use it for something else.
    #[must_use]
    pub const fn into_memory(self) -> &'m mut [u8] {
        self.memory
    }

    /// Returns the number of bytes that the ring can hold.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.memory.len()
    }

    /// Returns the number of bytes in the ring.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Returns whether the ring holds no byte.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the number of bytes that fit now.
    #[must_use]
    pub const fn free(&self) -> usize {
        self.memory.len().saturating_sub(self.len)
    }

    /// Removes all bytes.
    pub const fn clear(&mut self) {
        self.head = 0;
        self.len = 0;
    }

    /// Appends as many of `bytes` as fit, and returns their number.
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.free());
        self.put(self.len, bytes.get(..count).unwrap_or_default());
        self.len = self.len.saturating_add(count);
        count
    }

    /// Appends all of `bytes`; false, and nothing changes, if they do not fit.
    pub fn extend(&mut self, bytes: &[u8]) -> bool {
        bytes.len() <= self.free() && self.write(bytes) == bytes.len()
    }

    /// Moves bytes from the front to the start of `buffer` until it is full, and returns their number.
    pub fn read(&mut self, buffer: &mut [u8]) -> usize {
        let count = self.peek(0, buffer);
        self.consume(count);
        count
    }

    /// Copies bytes from `offset` behind the front to the start of `buffer`, and returns their number.
    pub fn peek(&self, offset: usize, buffer: &mut [u8]) -> usize {
        let count = self.len.saturating_sub(offset).min(buffer.len());
        copy(self.slices(offset, count), buffer)
    }

    /// Removes `count` bytes from the front, or all if there are fewer.
    pub const fn consume(&mut self, count: usize) {
        if count >= self.len {
            self.clear();
        } else {
            self.head = self.wrap(count);
            self.len = self.len.saturating_sub(count);
        }
    }

    /// Returns all bytes: those up to the end of the memory, and those that follow at its beginning.
    #[must_use]
    pub fn as_slices(&self) -> (&[u8], &[u8]) {
        self.slices(0, self.len)
    }

    /// Returns all bytes in one piece. Moves them within the memory if they wrap.
    pub fn make_contiguous(&mut self) -> &[u8] {
        self.straighten(self.len);
        self.as_slices().0
    }

    /// Moves the front to the beginning of the memory if the next `len` bytes wrap.
    fn straighten(&mut self, len: usize) {
        if self.head.saturating_add(len) > self.memory.len() {
            self.memory.rotate_left(self.head);
            self.head = 0;
        }
    }

    /// Returns the index of the byte `offset` behind the front; `offset` is at most the capacity.
    const fn wrap(&self, offset: usize) -> usize {
        let at = self.head.saturating_add(offset);
        match at.checked_sub(self.memory.len()) {
            Some(wrapped) => wrapped,
            None => at,
        }
    }

    /// Returns the `len` bytes of memory from `offset` behind the front on, used or free.
    fn slices(&self, offset: usize, len: usize) -> (&[u8], &[u8]) {
        let (before, after) = self.memory.split_at_checked(self.wrap(offset)).unwrap_or_default();
        let whole = len.min(after.len());
        let rest = len.saturating_sub(whole);
        (after.get(..whole).unwrap_or_default(), before.get(..rest).unwrap_or_default())
    }

    /// Writes `bytes` to the memory from `offset` behind the front on, used or free.
    fn put(&mut self, offset: usize, bytes: &[u8]) {
        let at = self.wrap(offset);
        let Some((before, after)) = self.memory.split_at_mut_checked(at) else { return };
        let (whole, rest) = bytes.split_at(bytes.len().min(after.len()));
        for (part, place) in [(whole, after), (rest, before)] {
            if let Some(place) = place.get_mut(..part.len()) {
                place.copy_from_slice(part);
            }
        }
    }
}

impl fmt::Debug for Ring<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ring({} of {})", self.len, self.memory.len())
    }
}

/// Copies both slices to the start of `buffer` until it is full, and returns the number of bytes.
fn copy((first, second): (&[u8], &[u8]), buffer: &mut [u8]) -> usize {
    let mut written = 0usize;
    for part in [first, second] {
        let room = buffer.get_mut(written..).unwrap_or_default();
        let count = part.len().min(room.len());
        if let (Some(place), Some(bytes)) = (room.get_mut(..count), part.get(..count)) {
            place.copy_from_slice(bytes);
        }
        written = written.saturating_add(count);
    }
    written
}

#[cfg(test)]
mod tests;
