use crate::client::{ClientError, Violation};

/// A handle range that is requested piece by piece, and the position in the response that is being popped.
#[derive(Clone, Copy, Debug)]
pub(in crate::client) struct Sweep {
    next: Option<u16>,
    end: u16,
    row: usize,
}

impl Sweep {
    /// Creates the range from `start` to `end`; empty if it ends before it starts.
    pub(in crate::client) fn new(start: u16, end: u16) -> Self {
        Self { next: Some(start.max(1)).filter(|&start| start <= end), end, row: 0 }
    }

    /// Creates the range from the handle after `handle` to `end`.
    pub(in crate::client) fn behind(handle: u16, end: u16) -> Self {
        handle
            .checked_add(1)
            .map_or(Self { next: None, end, row: 0 }, |start| Self::new(start, end))
    }

    /// Returns the range to request next: first and last handle.
    pub(in crate::client) fn range(&self) -> Option<(u16, u16)> {
        self.next.map(|next| (next, self.end))
    }

    /// Returns the last handle of the whole range.
    pub(in crate::client) const fn end(&self) -> u16 {
        self.end
    }

    /// Returns whether the range is finished.
    pub(in crate::client) const fn is_over(&self) -> bool {
        self.next.is_none()
    }

    /// Finishes the range.
    pub(in crate::client) const fn finish(&mut self) {
        self.next = None;
    }

    /// Starts at the first row of a response. Its `rows` (first and last handle of each, or its error) must lie in the
    /// range, in order, without overlap.
    pub(in crate::client) fn accept(
        &mut self,
        rows: impl Iterator<Item = Result<(u16, u16), ClientError>>,
    ) -> Result<(), ClientError> {
        self.row = 0;
        let mut next = self.next;
        for row in rows {
            let (first, last) = row?;
            if last < first {
                return Err(Violation::Range.into());
            }
            if next.is_none_or(|next| first < next) || last > self.end {
                return Err(Violation::Order.into());
            }
            next = last.checked_add(1);
        }
        Ok(())
    }

    /// Takes the next row of the response. `row` returns its last handle; the range continues after it.
    pub(in crate::client) fn pop<T>(
        &mut self,
        row: impl FnOnce(usize) -> Option<(u16, T)>,
    ) -> Option<T> {
        let next = self.next?;
        let (last, item) = row(self.row).filter(|&(last, _)| last >= next)?;
        self.row = self.row.saturating_add(1);
        self.next = last.checked_add(1).filter(|&next| next <= self.end);
        Some(item)
    }
}
