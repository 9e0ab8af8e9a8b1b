use core::fmt;

use super::{Ring, copy};

/// Octets of the length in front of each datagram.
const PREFIX: usize = 2;

/// A place in a [`Datagrams`] that stays the same while earlier datagrams are freed: where a datagram begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark(u32);

impl Mark {
    const fn after(self, len: usize) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "marks wrap")]
        Self(self.0.wrapping_add(len as u32))
    }
}

/// A first-in, first-out ring of datagrams of 0 to 65,535 bytes over memory of the caller.
///
/// Each datagram takes 2 bytes more than its length. The datagram behind the last one can be written in pieces:
/// [`Self::begin`] reserves its memory, [`Self::push`] appends to it, and [`Self::commit`] or [`Self::abort`] ends it.
/// No reader sees it before the commit. A ring that becomes empty starts again at the beginning of its memory.
///
/// A datagram that must be sent again stays in the ring, and [`Self::read_at`] reads any part of it, until
/// [`Self::pop`] frees it.
///
/// ```
/// use bindrune_wire::Datagrams;
///
/// let mut memory = [0; 16];
/// let mut ring = Datagrams::new(&mut memory);
/// assert!(ring.begin(5) && ring.push(b"he") && ring.push(b"llo"));
/// ring.commit();
/// assert!(ring.append(b"you"));
/// assert_eq!(ring.front_contiguous(), Some(&b"hello"[..]));
/// assert!(ring.pop());
/// assert_eq!(ring.front_len(), Some(3));
/// ```
pub struct Datagrams<'m> {
    /// The bytes of all committed datagrams with their lengths.
    ring: Ring<'m>,
    count: usize,
    /// Mark of the front.
    start: Mark,
    tentative: Option<Tentative>,
}

/// The datagram that is being written, behind the committed ones.
#[derive(Clone, Copy)]
struct Tentative {
    reserved: u16,
    written: u16,
}

impl<'m> Datagrams<'m> {
    /// Creates an empty ring over `memory`.
    #[must_use]
    pub const fn new(memory: &'m mut [u8]) -> Self {
        Self { ring: Ring::new(memory), count: 0, start: Mark(0), tentative: None }
    }

    /// Returns the memory, to use it for something else.
    #[must_use]
    pub const fn into_memory(self) -> &'m mut [u8] {
        self.ring.into_memory()
    }

    /// Returns the number of bytes of the memory.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.ring.capacity()
    }

    /// Returns the number of committed datagrams.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Returns whether there is no committed datagram.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns the number of bytes of all committed datagrams, without their lengths.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.ring.len().saturating_sub(self.count.saturating_mul(PREFIX))
    }

    /// Returns the bytes of memory that no datagram uses; a datagram of `n` bytes takes `n + 2`.
    #[must_use]
    pub fn free(&self) -> usize {
        let tentative = self.tentative.map_or(0, |t| PREFIX.saturating_add(t.reserved.into()));
        self.ring.free().saturating_sub(tentative)
    }

    /// Returns the length of the longest datagram that fits now, or `None` if not even an empty one does.
    #[must_use]
    pub fn room(&self) -> Option<u16> {
        longest(self.free())
    }

    /// Returns the length of the longest datagram that fits in the empty ring, or `None` if not even an empty one does.
    #[must_use]
    pub const fn longest(&self) -> Option<u16> {
        longest(self.ring.capacity())
    }

    /// Returns whether a datagram of `len` bytes fits now.
    #[must_use]
    pub fn fits(&self, len: usize) -> bool {
        self.room().is_some_and(|room| len <= usize::from(room))
    }

    /// Removes everything. Marks of removed datagrams are not valid for later ones.
    pub const fn clear(&mut self) {
        self.start = self.start.after(self.ring.len());
        self.ring.clear();
        self.count = 0;
        self.tentative = None;
    }

    /// Reserves memory for a datagram of at most `len` bytes; false, and nothing changes, if it does not fit. Aborts a
    /// datagram that was begun before.
    pub fn begin(&mut self, len: usize) -> bool {
        let Some(room) = longest(self.ring.free()) else { return false };
        let Some(reserved) = u16::try_from(len).ok().filter(|len| *len <= room) else {
            return false;
        };
        self.tentative = Some(Tentative { reserved, written: 0 });
        true
    }

    /// Appends to the begun datagram; false, and nothing changes, if none is begun or the bytes exceed what it has
    /// reserved.
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        let Some(Tentative { reserved, written }) = self.tentative else { return false };
        let sum = u16::try_from(bytes.len()).ok().and_then(|len| written.checked_add(len));
        let Some(sum) = sum.filter(|sum| *sum <= reserved) else { return false };
        let at = self.ring.len().saturating_add(PREFIX).saturating_add(written.into());
        self.ring.put(at, bytes);
        self.tentative = Some(Tentative { reserved, written: sum });
        true
    }

    /// Returns the number of bytes that were written to the begun datagram, or `None` if none is begun.
    #[must_use]
    pub fn written(&self) -> Option<usize> {
        self.tentative.map(|t| t.written.into())
    }

    /// Forgets what was written to the begun datagram behind its first `written` bytes.
    pub fn rewind(&mut self, written: usize) {
        if let Some(tentative) = &mut self.tentative {
            let written = u16::try_from(written).unwrap_or(u16::MAX);
            tentative.written = tentative.written.min(written);
        }
    }

    /// Ends the begun datagram with the bytes written so far, which become readable. The rest of the reserved memory is
    /// free again.
    pub fn commit(&mut self) {
        let Some(Tentative { written, .. }) = self.tentative.take() else { return };
        self.ring.put(self.ring.len, &written.to_le_bytes());
        let whole = PREFIX.saturating_add(written.into());
        self.ring.len = self.ring.len.saturating_add(whole);
        self.count = self.count.saturating_add(1);
    }

    /// Discards the begun datagram.
    pub const fn abort(&mut self) {
        self.tentative = None;
        if self.count == 0 {
            self.ring.clear();
        }
    }

    /// Appends a whole datagram; false, and nothing changes, if it does not fit or one is begun.
    pub fn append(&mut self, datagram: &[u8]) -> bool {
        if self.tentative.is_some() || !self.begin(datagram.len()) {
            return false;
        }
        let written = self.push(datagram);
        self.commit();
        written
    }

    /// Returns the length of the first datagram.
    #[must_use]
    pub fn front_len(&self) -> Option<usize> {
        self.len_at(self.first()?)
    }

    /// Returns the first datagram: its bytes up to the end of the memory, and those that follow at the beginning.
    #[must_use]
    pub fn front(&self) -> Option<(&[u8], &[u8])> {
        Some(self.ring.slices(PREFIX, self.front_len()?))
    }

    /// Returns the first datagram in one piece. Moves bytes within the memory if it wraps.
    pub fn front_contiguous(&mut self) -> Option<&[u8]> {
        let len = self.front_len()?;
        self.ring.straighten(len.saturating_add(PREFIX));
        self.front().map(|(bytes, _)| bytes)
    }

    /// Copies the start of the first datagram to `buffer` until it is full, and returns the number of copied bytes. The
    /// datagram stays.
    pub fn read_front(&self, buffer: &mut [u8]) -> Option<usize> {
        Some(self.read_at(self.first()?, 0, buffer))
    }

    /// Frees the first datagram; false if there is none.
    pub fn pop(&mut self) -> bool {
        let Some(len) = self.front_len() else { return false };
        let whole = len.saturating_add(PREFIX);
        self.count = self.count.saturating_sub(1);
        self.start = self.start.after(whole);
        if self.tentative.is_some() {
            // The begun datagram lies behind the last one, so the ring must not start again at 0.
            self.ring.head = self.ring.wrap(whole);
            self.ring.len = self.ring.len.saturating_sub(whole);
        } else {
            self.ring.consume(whole);
        }
        true
    }

    /// Returns the mark of the first datagram.
    #[must_use]
    pub fn first(&self) -> Option<Mark> {
        (self.count > 0).then_some(self.start)
    }

    /// Returns the mark at which the next committed datagram will begin.
    #[must_use]
    pub const fn end(&self) -> Mark {
        self.start.after(self.ring.len())
    }

    /// Returns the mark of the datagram behind the one at `mark`, or [`Self::end`] behind the last one; `None` if no
    /// datagram begins at `mark`.
    #[must_use]
    pub fn next(&self, mark: Mark) -> Option<Mark> {
        Some(mark.after(self.len_at(mark)?.saturating_add(PREFIX)))
    }

    /// Returns the length of the datagram at `mark`, or `None` if `mark` is not within the ring. A mark is only valid
    /// until its datagram is freed.
    #[must_use]
    pub fn len_at(&self, mark: Mark) -> Option<usize> {
        let mut len = [0; PREFIX];
        let count = self.ring.peek(self.offset(mark), &mut len);
        (count == PREFIX).then(|| usize::from(u16::from_le_bytes(len)))
    }

    /// Copies the bytes from `offset` of the datagram at `mark` on to the start of `buffer`, and returns their number.
    pub fn read_at(&self, mark: Mark, offset: usize, buffer: &mut [u8]) -> usize {
        let len = self.len_at(mark).unwrap_or_default();
        let count = len.saturating_sub(offset).min(buffer.len());
        let at = self.offset(mark).saturating_add(PREFIX).saturating_add(offset);
        if count == 0 || at.saturating_add(count) > self.ring.len() {
            return 0;
        }
        copy(self.ring.slices(at, count), buffer)
    }

    /// Returns the distance of a mark from the front.
    const fn offset(&self, mark: Mark) -> usize {
        mark.0.wrapping_sub(self.start.0) as usize
    }
}

impl fmt::Debug for Datagrams<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Datagrams({}, {} of {} bytes free)", self.count, self.free(), self.capacity())
    }
}

/// Returns the length of the longest datagram that fits in `free` bytes of memory.
const fn longest(free: usize) -> Option<u16> {
    match free.checked_sub(PREFIX) {
        None => None,
        Some(len) if len < u16::MAX as usize =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "less than the maximum")]
            Some(len as u16)
        }
        Some(_) => Some(u16::MAX),
    }
}
