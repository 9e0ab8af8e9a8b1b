use bindrune_wire::{NoRoom, Writer};

/// Passes on one part of octets that are written one after another, and drops the others.
pub(super) struct Window<'w, 'b> {
    w: &'w mut Writer<'b>,
    skip: usize,
    left: usize,
}

impl<'w, 'b> Window<'w, 'b> {
    /// Creates a window of `len` octets after the first `skip` ones.
    pub(super) const fn new(w: &'w mut Writer<'b>, skip: usize, len: usize) -> Self {
        Self { w, skip, left: len }
    }

    /// Takes the next octets.
    pub(super) fn put(&mut self, octets: &[u8]) -> Result<(), NoRoom> {
        let seen = octets.get(self.skip..).unwrap_or_default();
        self.skip = self.skip.saturating_sub(octets.len());
        let seen = seen.get(..self.left).unwrap_or(seen);
        self.left = self.left.saturating_sub(seen.len());
        self.w.bytes(seen)
    }
}
