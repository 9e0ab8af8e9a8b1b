//! Prepared writes, queued in the peer's share of the arena. [Vol 3] Part F, 3.4.6

use bindrune_att::{ErrorCode, MAX_VALUE};
use bindrune_wire::Reader;

use super::{
    AskKind, Failure, Peer, Server,
    request::{Step, is_app_held},
    write::Effect,
};
use crate::{capability::CAPTURE, table::Properties};

/// Octets that one prepared write of a value of maximum length takes in a peer's share.
pub const LONG_WRITE: usize = HEADER.saturating_add(MAX_VALUE);

/// Octets in front of each part: handle, offset, length.
const HEADER: usize = 6;

/// Maximum number of parts in a queue, however much room there is: the check of a queue compares each part with those
/// before it. Parts that continue each other count as one.
const MAX_PARTS: usize = 64;

impl Server {
    /// Queues one part. Offset and length are checked when the queue is executed.
    pub(super) fn prepare(
        &self,
        peer: &mut Peer,
        handle: u16,
        offset: u16,
        value: &[u8],
    ) -> Result<Step, Failure> {
        let failure = |code| Failure::new(handle, code);
        let entry = self.entry(handle)?;
        peer.security.may_write(&entry, Properties::WRITE).map_err(failure)?;
        let queued = peer.queued;
        let room = peer.queue_room(self.table.extent());
        peer.queued = enqueue(room, queued, Part { handle, offset, value })
            .ok_or(failure(ErrorCode::PREPARE_QUEUE_FULL))?;
        peer.yield_kept_value(self.table.extent());
        Ok(Step::Done)
    }

    /// Checks the whole queue, and then executes it. An error empties it.
    pub(super) fn start_execute(&mut self, peer: &mut Peer) -> Result<Step, Failure> {
        let step = self.check_queue(peer).and_then(|()| self.execute(peer, 0));
        if step.is_err() {
            peer.queued = 0;
        }
        step
    }

    /// Continues once the application has accepted the `index`th part. The values that the host holds and the table may
    /// have changed since the check.
    pub(super) fn resume_execute(
        &mut self,
        peer: &mut Peer,
        index: usize,
    ) -> Result<Step, Failure> {
        self.check_queue(peer)?;
        self.execute(peer, index.saturating_add(1))
    }

    /// Asks the application about its parts from the `from`th on, and finally writes those that the host holds.
    fn execute(&mut self, peer: &mut Peer, from: usize) -> Result<Step, Failure> {
        let parts = Parts::new(peer.queue(self.table.extent()));
        for (index, part) in parts.enumerate().skip(from) {
            let entry = self.entry(part.handle)?;
            if is_app_held(&entry) {
                let kind = AskKind::Write { offset: part.offset, response: true };
                return Ok(Step::Ask { kind, entry, index });
            }
        }
        self.commit(peer)
    }

    pub(super) fn prepared_value<'a>(&self, peer: &'a Peer, index: usize) -> &'a [u8] {
        let mut parts = Parts::new(peer.queue(self.table.extent()));
        parts.nth(index).map_or(&[], |part| part.value)
    }

    /// Checks whether every part may still be written: the security of the link may be lower than when the part was
    /// prepared.
    fn check_queue(&self, peer: &Peer) -> Result<(), Failure> {
        let parts = Parts::new(peer.queue(self.table.extent()));
        for (index, part) in parts.clone().enumerate() {
            let entry = self.entry(part.handle)?;
            let failure = |code| Failure::new(part.handle, code);
            peer.security.may_write(&entry, Properties::WRITE).map_err(failure)?;
            let mut len = self.current_len(&entry);
            let same = parts.clone().take(index.saturating_add(1));
            for part in same.filter(|other| other.handle == part.handle) {
                len = self
                    .check_write(peer, &entry, len, part.offset.into(), part.value)
                    .map_err(failure)?;
            }
        }
        Ok(())
    }

    fn commit(&mut self, peer: &mut Peer) -> Result<Step, Failure> {
        let mut at = 0usize;
        while let Some(part) =
            Parts::new(peer.queue(self.table.extent()).get(at..).unwrap_or_default()).next()
        {
            at = at.saturating_add(HEADER).saturating_add(part.value.len());
            let (handle, entry) = (part.handle, self.entry(part.handle)?);
            if !is_app_held(&entry) {
                let effect = self.store(&entry, part.offset.into(), part.value);
                // The combined result of several parts is captured once.
                let rest = peer.queue(self.table.extent()).get(at..).unwrap_or_default();
                let ends = !CAPTURE || Parts::new(rest).all(|next| next.handle != handle);
                if ends || !matches!(effect, Effect::Captured) {
                    self.take_effect(peer, &entry, effect);
                }
            }
        }
        peer.queued = 0;
        Ok(Step::Done)
    }
}

/// One queued part: the sum of successive requests for one handle, as long as each continues or overlaps the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part<'q> {
    handle: u16,
    offset: u16,
    value: &'q [u8],
}

/// The parts of a queue, in the order in which they were prepared.
#[derive(Clone)]
struct Parts<'q> {
    rest: Reader<'q>,
}

impl<'q> Parts<'q> {
    const fn new(queue: &'q [u8]) -> Self {
        Self { rest: Reader::new(queue) }
    }
}

impl<'q> Iterator for Parts<'q> {
    type Item = Part<'q>;

    fn next(&mut self) -> Option<Part<'q>> {
        let (handle, offset) = (self.rest.u16().ok()?, self.rest.u16().ok()?);
        let len = self.rest.u16().ok()?;
        Some(Part { handle, offset, value: self.rest.bytes(len.into()).ok()? })
    }
}

/// Adds a part to a queue of `queued` octets in `room`, and returns the new length of the queue; `None`, and nothing
/// changes, if the room is too small.
fn enqueue(room: &mut [u8], queued: usize, part: Part<'_>) -> Option<usize> {
    let (count, last) = last_of(room.get(..queued)?, part.handle)?;
    let room_for_one = count < MAX_PARTS;
    let Some((at, last)) = last else {
        return room_for_one.then(|| append(room, queued, part)).flatten();
    };
    let within = part.offset.checked_sub(last.offset).map(usize::from);
    let Some(within) = within.filter(|&within| within <= last.value.len()) else {
        return room_for_one.then(|| append(room, queued, part)).flatten();
    };
    let (old_len, start) = (last.value.len(), at.checked_add(HEADER)?);
    let new_len = old_len.max(within.checked_add(part.value.len())?);
    let grown = queued.checked_add(new_len.checked_sub(old_len)?)?;
    let len_field = u16::try_from(new_len).ok()?.to_le_bytes();
    if grown > room.len() {
        return None;
    }
    let (old_end, new_end) = (start.checked_add(old_len)?, start.checked_add(new_len)?);
    room.copy_within(old_end..queued, new_end);
    room.get_mut(start..new_end)?
        .get_mut(within..)?
        .get_mut(..part.value.len())?
        .copy_from_slice(part.value);
    room.get_mut(at..start)?.last_chunk_mut().map(|field| *field = len_field)?;
    Some(grown)
}

fn append(room: &mut [u8], queued: usize, part: Part<'_>) -> Option<usize> {
    let mut w = bindrune_wire::Writer::new(room.get_mut(queued..)?);
    w.u16(part.handle).ok()?;
    w.u16(part.offset).ok()?;
    w.u16(u16::try_from(part.value.len()).ok()?).ok()?;
    w.bytes(part.value).ok()?;
    queued.checked_add(w.len())
}

/// Returns the number of parts in a queue, and the last part of a handle with its position.
fn last_of(queue: &[u8], handle: u16) -> Option<(usize, Option<(usize, Part<'_>)>)> {
    let (mut count, mut at, mut last) = (0usize, 0usize, None);
    for part in Parts::new(queue) {
        if part.handle == handle {
            last = Some((at, part));
        }
        count = count.saturating_add(1);
        at = at.checked_add(HEADER)?.checked_add(part.value.len())?;
    }
    Some((count, last))
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    fn queue(room: &mut [u8], parts: &[(u16, u16, &[u8])]) -> Option<usize> {
        let mut queued = 0;
        for &(handle, offset, value) in parts {
            queued = enqueue(room, queued, Part { handle, offset, value })?;
        }
        Some(queued)
    }

    #[test]
    fn parts_that_continue_or_overlap_become_one() {
        let mut room = [0; 64];
        let parts: [(u16, u16, &[u8]); 5] =
            [(3, 0, b"abc"), (7, 4, b"XY"), (3, 3, b"def"), (3, 1, b"BC"), (3, 9, b"far")];
        let queued = queue(&mut room, &parts).unwrap();
        let all: Vec<_> = Parts::new(&room[..queued]).collect();
        let expected: [(u16, u16, &[u8]); 3] = [(3, 0, b"aBCdef"), (7, 4, b"XY"), (3, 9, b"far")];
        let expected = expected.map(|(handle, offset, value)| Part { handle, offset, value });
        assert_eq!(all, expected);
    }

    #[test]
    fn the_number_of_parts_is_bounded_whatever_the_room() {
        let mut room = [0; 1000];
        let (mut queued, mut parts) = (0, 0u16);
        while let Some(more) =
            enqueue(&mut room, queued, Part { handle: 3, offset: parts * 2 + 1, value: b"" })
        {
            (queued, parts) = (more, parts + 1);
        }
        assert_eq!(usize::from(parts), MAX_PARTS);
        let part = |offset, value| Part { handle: 3, offset, value };
        assert_eq!(enqueue(&mut room, queued, Part { handle: 4, offset: 0, value: b"" }), None);
        // A part that continues another one takes no entry.
        assert_eq!(enqueue(&mut room, queued, part(parts * 2 - 1, b"ab")), Some(queued + 2));
    }

    #[test]
    fn a_full_queue_stays_as_it_was() {
        let mut room = [0; 10];
        assert_eq!(queue(&mut room, &[(3, 0, b"ab")]), Some(8));
        let before = room;
        assert_eq!(enqueue(&mut room, 8, Part { handle: 3, offset: 2, value: b"cde" }), None);
        assert_eq!(enqueue(&mut room, 8, Part { handle: 4, offset: 0, value: b"" }), None);
        assert_eq!(room[..8], before[..8]);
        assert_eq!(enqueue(&mut room, 8, Part { handle: 3, offset: 2, value: b"cd" }), Some(10));
    }
}
