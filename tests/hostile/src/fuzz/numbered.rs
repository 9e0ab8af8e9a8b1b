//! Numbered values: the application gets the values of a peer in the order in which they were sent, and
//! once.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use super::reach::reached;

thread_local! {
    /// Streams of this life: the next number to send, and the last one received.
    static STREAMS: RefCell<BTreeMap<u16, Stream>> = const { RefCell::new(BTreeMap::new()) };
    static LOOSE: Cell<bool> = const { Cell::new(false) };
}

#[derive(Clone, Copy, Debug, Default)]
struct Stream {
    next: u16,
    received: Option<u16>,
}

/// Start of a numbered value.
const MARK: [u8; 2] = [0xb1, 0x4d];

/// Drops all streams for a new life.
pub(crate) fn forget() {
    STREAMS.take();
    LOOSE.set(false);
}

/// Allows missing values from now on.
pub(crate) fn loosen() {
    LOOSE.set(true);
}

/// Returns whether values may be missing.
pub(crate) fn is_loose() -> bool {
    LOOSE.get()
}

/// Creates a stream.
pub(crate) fn stream() -> u16 {
    STREAMS.with_borrow_mut(|streams| {
        let number = streams.len() as u16;
        streams.insert(number, Stream::default());
        number
    })
}

/// Returns the next value of a stream.
pub(crate) fn value(stream: u16) -> [u8; 6] {
    STREAMS.with_borrow_mut(|streams| {
        let of = streams.entry(stream).or_default();
        let number = of.next;
        of.next += 1;
        let ([a, b], [c, d]) = (stream.to_le_bytes(), number.to_le_bytes());
        [MARK[0], MARK[1], a, b, c, d]
    })
}

/// Takes back the last value of a stream: it was not sent.
pub(crate) fn take_back(stream: u16) {
    STREAMS.with_borrow_mut(|streams| streams.entry(stream).or_default().next -= 1);
}

/// Checks that each value of a stream has arrived.
///
/// # Panics
///
/// If one is missing.
pub(crate) fn all_arrived(stream: u16) {
    let of = STREAMS.with_borrow(|streams| streams.get(&stream).copied().unwrap_or_default());
    let arrived = of.received.map_or(0, |last| last + 1);
    assert!(
        arrived == of.next || LOOSE.get(),
        "{arrived} of {} values of stream {stream} arrived",
        of.next
    );
}

/// Checks a value that the application received; `whole` if no value of its stream may be missing before
/// it.
///
/// # Panics
///
/// If the value arrives twice, or before an earlier one.
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
