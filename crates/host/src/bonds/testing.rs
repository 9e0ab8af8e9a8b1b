//! Permitted contents of a store after a power cut.

use std::{collections::BTreeMap, vec, vec::Vec};

use bindrune_wire::Address;

use crate::RecordId;

pub(super) type Records = BTreeMap<RecordId, Vec<u8>>;

/// Permitted versions of each record; a record that is not listed must not exist.
#[derive(Debug, Default)]
pub(super) struct Allowed(BTreeMap<RecordId, Vec<Option<Vec<u8>>>>);

impl Allowed {
    /// Number of different records.
    pub(super) const IDS: u64 = 6;

    pub(super) fn id(number: u64) -> RecordId {
        match number {
            0 => RecordId::Local,
            n => RecordId::Peer(Address::public([n as u8; 6])),
        }
    }

    /// A change was in progress, and may have taken effect.
    pub(super) fn maybe(&mut self, id: RecordId, record: Option<Vec<u8>>) {
        self.0.entry(id).or_insert_with(|| vec![None]).push(record);
    }

    /// A change is complete.
    pub(super) fn sure(&mut self, id: RecordId, record: Option<Vec<u8>>) {
        self.0.insert(id, vec![record]);
    }

    /// The present contents are permitted from now on.
    pub(super) fn settle(&mut self, found: &Records) {
        for id in (0..Self::IDS).map(Self::id) {
            let found = found.get(&id).cloned();
            let allowed = self.0.entry(id).or_insert_with(|| vec![None]);
            assert!(allowed.contains(&found), "{id:?} is {found:?} and may be {allowed:?}");
            *allowed = vec![found];
        }
    }
}

/// SplitMix64.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}
