//! Events that the lives reach: a body that reaches nothing finds nothing.

use std::{cell::RefCell, collections::BTreeMap};

thread_local! {
    static REACHED: RefCell<BTreeMap<&'static str, u64>> = const { RefCell::new(BTreeMap::new()) };
}

/// Counts an event.
pub(crate) fn reached(what: &'static str) {
    count(what, 1);
}

/// Counts an event `times` times.
pub(crate) fn count(what: &'static str, times: u64) {
    REACHED.with_borrow_mut(|all| *all.entry(what).or_default() += times);
}

/// Returns the events that the lives of this thread reached, with their numbers, since the last
/// call.
#[must_use]
pub fn take_reached() -> BTreeMap<&'static str, u64> {
    REACHED.take()
}
