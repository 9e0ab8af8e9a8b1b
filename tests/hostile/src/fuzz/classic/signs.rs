//! What data shows: whether it arrives in order, and whether it was sent without encryption.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
};

use bindrune::ClassicMode as Mode;

use super::super::{numbered, reach::reached};

thread_local! {
    /// Peers whose bond the application removed, and that did not pair again.
    static REMOVED: RefCell<BTreeSet<u8>> = const { RefCell::new(BTreeSet::new()) };
    /// Whether bytes of a serial connection may be missing.
    static LOOSE: Cell<bool> = const { Cell::new(false) };
}

/// Start of a datagram that a peer sends on a link that has lost its encryption.
const PLAIN: [u8; 4] = [0xee, 0x9d, 0xee, 0x9d];

/// Forgets everything for a new life.
pub(crate) fn forget() {
    REMOVED.take();
    LOOSE.set(false);
}

pub(crate) fn removed(peer: u8) {
    REMOVED.with_borrow_mut(|removed| removed.insert(peer));
}

pub(crate) fn paired(peer: u8) {
    REMOVED.with_borrow_mut(|removed| removed.remove(&peer));
}

pub(crate) fn is_removed(peer: u8) -> bool {
    REMOVED.with_borrow(|removed| removed.contains(&peer))
}

/// Returns a datagram; `plain` if the link has lost its encryption.
pub(crate) fn datagram(stream: u16, len: usize, plain: bool) -> Vec<u8> {
    let mut datagram = if plain { PLAIN.to_vec() } else { numbered::value(stream).to_vec() };
    datagram.resize(datagram.len().max(len), 0x55);
    datagram
}

/// Checks a datagram that the application received.
pub(crate) fn received(datagram: &[u8], secret: bool, whole: bool) {
    assert!(!(secret && datagram.starts_with(&PLAIN)), "data over a link that lost its encryption");
    reached("a datagram of BR/EDR");
    numbered::received(datagram, whole);
}

/// Returns the name of an event in a mode.
pub(crate) fn in_mode(mode: Mode, names: [&'static str; 3]) -> &'static str {
    match mode {
        Mode::ENHANCED_RETRANSMISSION => names[1],
        Mode::STREAMING => names[2],
        _ => names[0],
    }
}

/// A stream of bytes, each one more than the one before.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count(u8);

impl Count {
    /// Returns the next bytes.
    pub(crate) fn next(&mut self, len: usize) -> Vec<u8> {
        let next = |_| {
            self.0 = self.0.wrapping_add(1);
            self.0
        };
        (0..len).map(next).collect()
    }

    /// Checks bytes that arrived.
    pub(crate) fn arrived(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_add(1);
            assert!(*byte == self.0 || LOOSE.get(), "byte {byte:#x} instead of {:#x}", self.0);
        }
        reached("bytes of RFCOMM");
    }
}

pub(crate) fn is_loose() -> bool {
    LOOSE.get()
}

/// Allows bytes that are not in order from now on.
pub(crate) fn loosen() {
    LOOSE.set(true);
}
