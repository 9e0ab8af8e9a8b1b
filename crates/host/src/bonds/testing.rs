//! What a store may hold after its power was cut.

use std::{collections::BTreeMap, vec, vec::Vec};

use bindrune_wire::Address;

use crate::RecordId;

pub(super) type Records = BTreeMap<RecordId, Vec<u8>>;

/// What each record may be found as; one that is not listed may not be there.
#[derive(Debug, Default)]
pub(super) struct Allowed(BTreeMap<RecordId, Vec<Option<Vec<u8>>>>);

impl Allowed {
    /// How many different records there are.
    pub(super) const IDS: u64 = 6;

    pub(super) fn id(number: u64) -> RecordId {
        match number {
            0 => RecordId::Local,
            n => RecordId::Peer(Address::public([n as u8; 6])),
        }
    }

    /// A change was under way, and may have come about.
    pub(super) fn maybe(&mut self, id: RecordId, record: Option<Vec<u8>>) {
        self.0.entry(id).or_insert_with(|| vec![None]).push(record);
    }

    /// A change is done.
    pub(super) fn sure(&mut self, id: RecordId, record: Option<Vec<u8>>) {
        self.0.insert(id, vec![record]);
    }

    /// This is what there is from now on.
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
