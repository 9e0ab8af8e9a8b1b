use bindrune_hci::Status;

use crate::{
    accept_list::ListState,
    capability::{CENTRAL, PRIVACY, ResolvingList},
};

/// Conditions that hold advertising and initiating back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gate<'a> {
    list: ListState,
    /// The peers whose private addresses the controller resolves and generates.
    pub(crate) resolving: &'a ResolvingList,
    hold: bool,
    /// There is no room for another link.
    pub(crate) full: bool,
}

impl<'a> Gate<'a> {
    pub(crate) const fn new(
        list: ListState,
        resolving: &'a ResolvingList,
        hold: bool,
        full: bool,
    ) -> Self {
        Self { list, resolving, hold, full }
    }

    /// Returns the state of the accept list, for users of the list. Without a list they fail.
    pub(crate) const fn list(&self) -> ListState {
        if CENTRAL { self.list } else { ListState::Failed(Status::UNSUPPORTED_FEATURE) }
    }

    /// Returns whether nothing may be on the air.
    pub(crate) const fn holds(&self) -> bool {
        PRIVACY && self.hold
    }
}
