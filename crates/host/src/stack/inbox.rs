//! Data and events of one link that wait for `Connection::next`, in the order of arrival.
//!
//! Each arrival has a number. A write command stays in its receive packet, with its number in front. The numbers of the
//! pending request and of the flags of [`PendingEvents`] are stored here. Changes that the server made on its own (a
//! value written, a subscription changed) and dropped commands are [`Record`]s. [`Inbox::next`] returns the oldest of
//! all.

use bindrune_gatt::Cccd;
use bindrune_wire::{Packet, Pool, Queue, first_behind};

use super::link::PendingEvents;
use crate::capability::{CLIENT, SECURITY, SERVER, TUNING};

/// The number of kinds of [`PendingEvents`] that can happen: the first ones. Tests have all.
const KINDS: usize = if TUNING || cfg!(test) {
    10
} else if CLIENT {
    8
} else if SECURITY {
    7
} else {
    2
};
/// The maximum number of records that wait. Further changes wait in the server, which keeps each change but not their
/// order.
const RECORDS: usize = if SERVER || cfg!(test) { 8 } else { 1 };
/// Octets of an arrival number, in front of a queued command.
const NUMBER: usize = 4;

/// Everything of a link that `Connection::next` has not returned yet.
#[derive(Debug)]
pub(crate) struct Inbox {
    /// Number of the latest arrival.
    latest: u32,
    pending: PendingEvents,
    /// Number of each pending kind, in the order of the bits.
    arrived: [u32; KINDS],
    records: [Record; RECORDS],
    recorded: u8,
    /// Number of the request that the application must answer.
    request: u32,
    commands: Queue,
}

/// A change that has no packet.
#[derive(Clone, Copy, Debug)]
struct Record {
    at: u32,
    what: Happened,
}

/// Kind of a recorded change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happened {
    /// This number of write commands was dropped.
    Lost(u16),
    /// The peer wrote the host-held value with this handle.
    Written(u16),
    /// The peer changed its subscription to the value with this handle.
    Subscribed(u16, Cccd),
}

/// The oldest arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    Request,
    Command,
    Record(Happened),
    PendingEvents(PendingEvents),
}

impl Inbox {
    /// All bytes are zero.
    pub(crate) const EMPTY: Self = Self {
        latest: 0,
        pending: PendingEvents::empty(),
        arrived: [0; KINDS],
        records: [Record { at: 0, what: Happened::Lost(0) }; RECORDS],
        recorded: 0,
        request: 0,
        commands: Queue::EMPTY,
    };

    /// Records an event of a kind. It replaces an earlier one that still waits.
    pub(crate) fn insert(&mut self, kind: PendingEvents) {
        let at = self.number();
        if let Some(arrived) = self.arrived.get_mut(place(kind)) {
            *arrived = at;
            self.pending |= kind;
        }
    }

    /// Records a request that the application must answer.
    pub(crate) const fn request_arrived(&mut self) {
        self.request = self.number();
    }

    /// Queues a write command. Its receive packet still has its L2CAP header in front.
    pub(crate) fn push_command(&mut self, mut packet: Packet, pool: &mut Pool) {
        let at = self.number();
        if let Some(front) = packet.push(NUMBER) {
            front.copy_from_slice(&at.to_le_bytes());
        }
        pool.push(&mut self.commands, packet);
    }

    /// Takes the oldest write command.
    pub(crate) fn pop_command(&mut self, pool: &mut Pool) -> Option<Packet> {
        let mut packet = pool.pop(&mut self.commands)?;
        let _has_number = packet.pull(NUMBER);
        Some(packet)
    }

    /// Returns whether another change can be recorded. One record is reserved for dropped commands.
    pub(crate) const fn has_room(&self) -> bool {
        (self.recorded as usize) < RECORDS - 1
    }

    /// Records a change. The caller must check [`Self::has_room`] first.
    pub(crate) fn record(&mut self, what: Happened) {
        let latest = self.latest;
        if self.last().is_some_and(|last| last.at == latest && last.what == what) {
            return;
        }
        let record = Record { at: self.number(), what };
        if let Some(place) = self.records.get_mut(usize::from(self.recorded)) {
            *place = record;
            self.recorded = self.recorded.saturating_add(1);
        }
    }

    /// Records that `count` write commands were dropped.
    pub(crate) fn lose(&mut self, count: u16) {
        let (latest, full) = (self.latest, usize::from(self.recorded) >= RECORDS);
        let records = self.records.iter_mut().take(self.recorded.into());
        let last = records.rev().find(|r| matches!(r.what, Happened::Lost(_)));
        if let Some(Record { at, what: Happened::Lost(lost) }) = last
            && (full || *at == latest)
        {
            *lost = lost.saturating_add(count);
        } else {
            self.record(Happened::Lost(count));
        }
    }

    /// Takes the oldest record or pending event. For data in a packet, returns only its kind. `request`: a request
    /// waits.
    pub(crate) fn next(&mut self, request: bool, pool: &Pool) -> Option<First> {
        let latest = self.latest;
        let mut oldest = None;
        let mut look = |at: u32, what: First| {
            let age = latest.wrapping_sub(at);
            if oldest.is_none_or(|(oldest, _)| age >= oldest) {
                oldest = Some((age, what));
            }
        };
        if request {
            look(self.request, First::Request);
        }
        let command = pool.front(&self.commands).and_then(|packet| packet.bytes().first_chunk());
        if let Some(number) = command {
            look(u32::from_le_bytes(*number), First::Command);
        }
        if let (Some(record), true) = (self.records.first(), self.recorded > 0) {
            look(record.at, First::Record(record.what));
        }
        for (&at, place) in self.arrived.iter().zip(0..) {
            let kind = PendingEvents::from_bits_retain(1u16.wrapping_shl(place));
            if self.pending.contains(kind) {
                look(at, First::PendingEvents(kind));
            }
        }
        let (_, first) = oldest?;
        match first {
            First::Record(_) => {
                first_behind(&mut self.records);
                self.recorded = self.recorded.saturating_sub(1);
            }
            First::PendingEvents(kind) => self.pending.remove(kind),
            First::Request | First::Command => {}
        }
        Some(first)
    }

    /// Handles a replaced table: writes to the old table count as lost. Returns the commands' packets to the pool, and
    /// their number to the caller.
    pub(crate) fn table_replaced(&mut self, pool: &mut Pool) -> usize {
        let mut kept: u8 = 0;
        for at in 0..usize::from(self.recorded) {
            let Some(record) = self.records.get(at).copied() else { break };
            if let (Happened::Lost(_), Some(place)) =
                (record.what, self.records.get_mut(usize::from(kept)))
            {
                *place = record;
                kept = kept.saturating_add(1);
            }
        }
        self.recorded = kept;
        let count = self.commands.len();
        pool.clear(&mut self.commands);
        if count > 0 {
            self.lose(u16::try_from(count).unwrap_or(u16::MAX));
        }
        count
    }

    /// Drops everything. Returns the number of commands whose packets went back to the pool.
    pub(crate) fn clear(&mut self, pool: &mut Pool) -> usize {
        let count = self.commands.len();
        pool.clear(&mut self.commands);
        *self = Self::EMPTY;
        count
    }

    fn last(&self) -> Option<&Record> {
        self.records.get(usize::from(self.recorded.checked_sub(1)?))
    }

    const fn number(&mut self) -> u32 {
        self.latest = self.latest.wrapping_add(1);
        self.latest
    }
}

/// Returns the index of a kind's number.
const fn place(kind: PendingEvents) -> usize {
    kind.bits().trailing_zeros() as usize
}

#[cfg(test)]
mod tests {
    use std::{boxed::Box, vec, vec::Vec};

    use bindrune_wire::Slot;

    use super::*;

    const L2CAP_HEADER: usize = 4;

    fn pool() -> Pool {
        let slots = (0..8).map(|_| Slot::EMPTY).collect::<Vec<_>>();
        let memory = vec![0; 8 * 16].into_boxed_slice();
        Pool::new(Box::leak(slots.into_boxed_slice()), Box::leak(memory), 16)
    }

    fn command(inbox: &mut Inbox, pool: &mut Pool, octets: &[u8]) {
        let mut packet = pool.take(L2CAP_HEADER).unwrap();
        assert!(packet.extend(octets));
        inbox.push_command(packet, pool);
    }

    fn drain(inbox: &mut Inbox, pool: &mut Pool) -> Vec<First> {
        let mut all = Vec::new();
        while let Some(first) = inbox.next(false, pool) {
            if first == First::Command {
                let packet = inbox.pop_command(pool).unwrap();
                assert_eq!(packet.bytes(), [7]);
                pool.give(packet);
            }
            all.push(first);
        }
        all
    }

    #[test]
    fn kinds_keep_the_order_in_which_they_arrived() {
        for start in [0, u32::MAX - 2] {
            let (mut inbox, mut pool) = (Inbox { latest: start, ..Inbox::EMPTY }, pool());
            inbox.insert(PendingEvents::SECURITY_REQUESTED);
            command(&mut inbox, &mut pool, &[7]);
            inbox.record(Happened::Subscribed(3, Cccd::NOTIFY));
            inbox.insert(PendingEvents::MTU);
            command(&mut inbox, &mut pool, &[7]);
            inbox.record(Happened::Written(9));
            inbox.request_arrived();
            assert_eq!(
                inbox.next(true, &pool),
                Some(First::PendingEvents(PendingEvents::SECURITY_REQUESTED))
            );
            assert_eq!(
                drain(&mut inbox, &mut pool),
                [
                    First::Command,
                    First::Record(Happened::Subscribed(3, Cccd::NOTIFY)),
                    First::PendingEvents(PendingEvents::MTU),
                    First::Command,
                    First::Record(Happened::Written(9)),
                ]
            );
            assert_eq!(inbox.next(true, &pool), Some(First::Request));
            assert_eq!(pool.free(), 8);
        }
    }

    #[test]
    fn a_later_event_replaces_the_earlier_one_and_takes_its_own_place() {
        let (mut inbox, mut pool) = (Inbox::EMPTY, pool());
        inbox.insert(PendingEvents::ENCRYPTED);
        command(&mut inbox, &mut pool, &[7]);
        inbox.insert(PendingEvents::ENCRYPTED);
        let all = drain(&mut inbox, &mut pool);
        assert_eq!(all, [First::Command, First::PendingEvents(PendingEvents::ENCRYPTED)]);
    }

    #[test]
    fn losses_keep_their_order_and_are_never_forgotten() {
        let (mut inbox, mut pool) = (Inbox::EMPTY, pool());
        command(&mut inbox, &mut pool, &[7]);
        inbox.lose(1);
        inbox.lose(1);
        command(&mut inbox, &mut pool, &[7]);
        for _ in 0..20 {
            inbox.insert(PendingEvents::PHY);
            inbox.lose(1);
        }
        while inbox.has_room() {
            inbox.record(Happened::Written(1));
        }
        let all = drain(&mut inbox, &mut pool);
        let lost = |first: &First| match first {
            First::Record(Happened::Lost(count)) => u32::from(*count),
            First::Request | First::Command | First::Record(_) | First::PendingEvents(_) => 0,
        };
        assert_eq!(&all[..3], [First::Command, First::Record(Happened::Lost(2)), First::Command,]);
        assert_eq!(all.iter().map(lost).sum::<u32>(), 22);
    }

    #[test]
    fn the_same_change_twice_in_a_row_is_one() {
        let (mut inbox, mut pool) = (Inbox::EMPTY, pool());
        for _ in 0..3 {
            inbox.record(Happened::Written(1));
        }
        command(&mut inbox, &mut pool, &[7]);
        inbox.record(Happened::Written(1));
        let all = drain(&mut inbox, &mut pool);
        let written = First::Record(Happened::Written(1));
        assert_eq!(all, [written, First::Command, written]);
    }

    #[test]
    fn a_replaced_table_keeps_the_count_of_lost_writes() {
        let (mut inbox, mut pool) = (Inbox::EMPTY, pool());
        inbox.lose(3);
        inbox.record(Happened::Written(1));
        command(&mut inbox, &mut pool, &[7]);
        assert_eq!(inbox.table_replaced(&mut pool), 1);
        let lost = |count| First::Record(Happened::Lost(count));
        assert_eq!(drain(&mut inbox, &mut pool), [lost(3), lost(1)]);
        assert_eq!(pool.free(), 8);
    }
}
