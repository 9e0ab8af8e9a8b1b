//! Results of tasks of the bench.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

/// The result of a task, once it has ended.
#[derive(Debug)]
pub struct Outcome<T> {
    value: Rc<RefCell<Option<T>>>,
    cancelled: Rc<Cell<bool>>,
}

impl<T> Outcome<T> {
    pub(crate) fn new() -> Self {
        Self { value: Rc::new(RefCell::new(None)), cancelled: Rc::new(Cell::new(false)) }
    }

    pub(crate) fn share(&self) -> Self {
        Self { value: self.value.clone(), cancelled: self.cancelled.clone() }
    }

    pub(crate) fn set(&self, value: T) {
        *self.value.borrow_mut() = Some(value);
    }

    pub(crate) fn flag(&self) -> Rc<Cell<bool>> {
        self.cancelled.clone()
    }

    /// Returns whether the task has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.value.borrow().is_some()
    }

    /// Returns the result.
    ///
    /// # Panics
    ///
    /// If the task has not ended, or the result was already taken.
    #[must_use]
    #[track_caller]
    pub fn take(&self) -> T {
        self.value.borrow_mut().take().unwrap_or_else(|| panic!("the task has not ended"))
    }

    /// Drops the task before its next turn.
    pub fn cancel(&self) {
        self.cancelled.set(true);
    }
}
