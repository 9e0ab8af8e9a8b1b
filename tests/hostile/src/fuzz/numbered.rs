//! Numbered values: what a peer sends one after the other, the application gets in that order, and once.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use super::reach::reached;

thread_local! {
    /// Streams of this life: the number that is sent next, and the one that was received last.
    static STREAMS: RefCell<BTreeMap<u16, Stream>> = const { RefCell::new(BTreeMap::new()) };
    static LOOSE: Cell<bool> = const { Cell::new(false) };
}

#[derive(Clone, Copy, Debug, Default)]
struct Stream {
    next: u16,
    received: Option<u16>,
}

/// How a numbered value begins.
const MARK: [u8; 2] = [0xb1, 0x4d];

/// Forgets all streams: a new life begins.
pub(crate) fn forget() {
    STREAMS.take();
    LOOSE.set(false);
}

/// From now on values may be missing.
pub(crate) fn loosen() {
    LOOSE.set(true);
}

/// A new stream.
pub(crate) fn stream() -> u16 {
    STREAMS.with_borrow_mut(|streams| {
        let number = streams.len() as u16;
        streams.insert(number, Stream::default());
        number
    })
}

/// The next value of a stream.
pub(crate) fn value(stream: u16) -> [u8; 6] {
    STREAMS.with_borrow_mut(|streams| {
        let of = streams.entry(stream).or_default();
        let number = of.next;
        of.next += 1;
        let ([a, b], [c, d]) = (stream.to_le_bytes(), number.to_le_bytes());
        [MARK[0], MARK[1], a, b, c, d]
    })
}

/// A value that the application got; `whole` where none of its stream may be missing before it.
///
/// # Panics
///
/// Where it comes again, or before one that was sent ahead of it.
pub(crate) fn received(value: &[u8], whole: bool) {
    let [0xb1, 0x4d, a, b, c, d, ..] = *value else { return };
    let (stream, number) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
    STREAMS.with_borrow_mut(|streams| {
        let Some(of) = streams.get_mut(&stream).filter(|of| number < of.next) else { return };
        let expected = of.received.map_or(0, |last| last + 1);
        assert!(number >= expected, "value {number} of stream {stream} comes after {expected}");
        assert!(
            number == expected || !whole || LOOSE.get(),
            "value {expected} of stream {stream} is lost"
        );
        of.received = Some(number);
        reached(if whole { "a numbered SDU" } else { "a numbered write" });
    });
}
