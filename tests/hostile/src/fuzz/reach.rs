//! What lives come to: a body that reaches nothing finds nothing.

use std::{cell::RefCell, collections::BTreeMap};

thread_local! {
    static REACHED: RefCell<BTreeMap<&'static str, u64>> = const { RefCell::new(BTreeMap::new()) };
}

/// Counts one more.
pub(crate) fn reached(what: &'static str) {
    count(what, 1);
}

/// Counts so many more.
pub(crate) fn count(what: &'static str, times: u64) {
    REACHED.with_borrow_mut(|all| *all.entry(what).or_default() += times);
}

/// What the lives of this thread came to, and how often, since this was last asked.
#[must_use]
pub fn take_reached() -> BTreeMap<&'static str, u64> {
    REACHED.take()
}
