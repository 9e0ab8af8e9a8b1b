//! A long read returns one consistent value. [Vol 3] Part F, 3.4.4.5 and Part G, 4.8.3
//!
//! If a host-held value does not fit in its response, the server keeps a copy of it in the free room of the peer's
//! prepare queue until the peer has read it to its end. Without room, or once a prepared write needs the room, the
//! server keeps only the count of changes: if any value has changed since, it refuses the next part with Unlikely
//! Error, and the peer starts again.

use bindrune_att::ErrorCode;

use super::{Failure, Peer};
use crate::table::Extent;

/// The host-held value that a peer reads in parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LongRead {
    /// Handle of the value; 0 for none.
    handle: u16,
    /// Number of its octets that are kept, at the end of the peer's share.
    kept: Option<u16>,
    /// The count of changes at the first part.
    changes: u32,
    unfollowed: Option<Unfollowed>,
}

/// Values of which a part was sent, but no copy is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unfollowed {
    /// Handle of the value; [`SEVERAL`] if there is more than one.
    handle: u16,
    /// The count of changes at the first part of the earliest of them.
    changes: u32,
}

const SEVERAL: u16 = 0;

impl Unfollowed {
    const fn refuses(self, handle: u16, changes: u32) -> bool {
        (self.handle == SEVERAL || self.handle == handle) && self.changes != changes
    }
}

impl LongRead {
    pub(super) const NONE: Self = Self { handle: 0, kept: None, changes: 0, unfollowed: None };

    const fn leave(&mut self, handle: u16, changes: u32) {
        match &mut self.unfollowed {
            None => self.unfollowed = Some(Unfollowed { handle, changes }),
            Some(earlier) if earlier.handle != handle => earlier.handle = SEVERAL,
            Some(_) => {}
        }
    }
}

impl Peer {
    /// Returns the value for a part after the first, at `changes`, if the host now holds `current`. Refuses if the part
    /// could belong to another value than the parts before it.
    pub(super) fn value_to_continue<'a>(
        &'a mut self,
        extent: &Extent,
        handle: u16,
        current: &'a [u8],
        changes: u32,
    ) -> Result<&'a [u8], Failure> {
        let torn = Failure::new(handle, ErrorCode::UNLIKELY_ERROR);
        let Some(read) = self.long_read.first_mut() else { return Ok(current) };
        let LongRead { handle: followed, kept, changes: begun, unfollowed } = *read;
        if followed == handle {
            if let Some(len) = kept {
                return Ok(self.kept_value(extent, len));
            }
            if begun != changes {
                read.handle = 0;
                return Err(torn);
            }
        } else if unfollowed.is_some_and(|values| values.refuses(handle, changes)) {
            // The peer knows of the change now: its next request does not continue an earlier part.
            read.unfollowed = None;
            return Err(torn);
        }
        Ok(current)
    }

    /// Records that a part of a value was sent; `rest` if more of it may follow.
    pub(super) fn part_sent(
        &mut self,
        extent: &Extent,
        (handle, offset): (u16, u16),
        current: &[u8],
        changes: u32,
        rest: bool,
    ) {
        let Some(&(mut read)) = self.long_read.first() else { return };
        let followed = read.handle == handle;
        if rest && (offset == 0 || !followed) {
            let LongRead { handle: last, changes: begun, .. } = read;
            if !followed && last != 0 {
                read.leave(last, begun);
            }
            let kept = self.keep_value(extent, current);
            read = LongRead { handle, kept, changes, ..read };
        } else if followed && !rest {
            read.handle = 0;
            read.kept = None;
        }
        self.long_read.fill(read);
    }

    /// Records that a value was sent without its end, in a response with other values.
    pub(super) fn cut_sent(&mut self, handle: u16, changes: u32) {
        if let Some(read) = self.long_read.first_mut() {
            read.leave(handle, changes);
        }
    }

    /// Discards the kept value if prepared writes have taken its room.
    pub(super) fn yield_kept_value(&mut self, extent: &Extent) {
        let (queued, room) = (self.queued, self.queue_room(extent).len());
        let free = room.saturating_sub(queued);
        if let Some(read) = self.long_read.first_mut() {
            read.kept = read.kept.filter(|&len| usize::from(len) <= free);
        }
    }

    /// Ends the read of a value in parts, because the table was replaced.
    pub(super) fn end_long_read(&mut self) {
        let Some(read) = self.long_read.first_mut() else { return };
        let LongRead { handle, changes, unfollowed, .. } = *read;
        let begun = if handle == 0 { None } else { Some(changes) };
        let begun = unfollowed.map(|values| values.changes).or(begun);
        let unfollowed = begun.map(|changes| Unfollowed { handle: SEVERAL, changes });
        *read = LongRead { unfollowed, ..LongRead::NONE };
    }

    fn keep_value(&mut self, extent: &Extent, value: &[u8]) -> Option<u16> {
        let queued = self.queued;
        let free = self.queue_room(extent).get_mut(queued..)?;
        let start = free.len().checked_sub(value.len())?;
        free.get_mut(start..)?.copy_from_slice(value);
        u16::try_from(value.len()).ok()
    }

    fn kept_value(&mut self, extent: &Extent, len: u16) -> &[u8] {
        let room = self.queue_room(extent);
        let start = room.len().saturating_sub(len.into());
        room.get(start..).unwrap_or_default()
    }
}
