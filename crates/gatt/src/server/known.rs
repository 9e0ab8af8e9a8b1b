//! Positions of recently used attributes, so that frequent accesses need no walk of the table.

use core::cell::Cell;

use crate::{
    cccd::Cccd,
    server::{Peer, Server},
    table::{Attribute, Characteristic, Entry},
};

/// Number of characteristics whose position is kept.
const KNOWN: usize = 4;

/// Position of a characteristic in the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    of: &'static Characteristic,
    /// Handle of its value.
    pub(super) handle: u16,
    /// Index of its Client Characteristic Configuration, if it has one.
    cccd: Option<u16>,
}

impl Known {
    /// Returns the peer's subscription.
    pub(super) fn subscription(&self, peer: &Peer) -> Cccd {
        self.cccd.map_or(Cccd::empty(), |index| peer.cccd(index.into()))
    }
}

/// The known positions. They are invalid once the table is replaced.
#[derive(Debug)]
pub(super) struct Places {
    characteristics: [Cell<Option<Known>>; KNOWN],
    /// Index at which the next position is stored.
    next: Cell<u8>,
    /// The attribute of the last lookup.
    entry: Cell<Option<Entry>>,
}

impl Places {
    pub(super) const fn none() -> Self {
        Self {
            characteristics: [const { Cell::new(None) }; KNOWN],
            next: Cell::new(0),
            entry: Cell::new(None),
        }
    }
}

impl Server {
    /// Returns the position of a characteristic; `None` if it is not in the table.
    pub(super) fn place(&self, c: &Characteristic) -> Option<Known> {
        let known = |cell: &Cell<Option<Known>>| cell.get().filter(|k| core::ptr::eq(k.of, c));
        if let Some(known) = self.places.characteristics.iter().find_map(known) {
            return Some(known);
        }
        let value = self.table.value_entry(c)?;
        let Attribute::Value(of) = value.attribute else { return None };
        let cccd = self.table.cccd_entry(c).and_then(|entry| u16::try_from(entry.at.cccds).ok());
        let known = Known { of, handle: value.handle, cccd };
        let next = usize::from(self.places.next.get());
        if let Some(cell) = self.places.characteristics.get(next) {
            cell.set(Some(known));
        }
        self.places.next.set(u8::try_from(next.wrapping_add(1) % KNOWN).unwrap_or(0));
        Some(known)
    }

    /// Returns the attribute of a handle.
    pub(super) fn attribute(&self, handle: u16) -> Option<Entry> {
        let known = self.places.entry.get();
        if known.is_some_and(|entry| entry.handle == handle) {
            return known;
        }
        let entry = self.table.entry(handle)?;
        self.places.entry.set(Some(entry));
        Some(entry)
    }
}
