//! What other devices see of this one, and which of them may connect, for the application's calls.

use bindrune_classic::{Discoverable, Incoming};
use bindrune_hci::ClassOfDevice;

use crate::{Error, stack::Stack, waiters::Due};

impl Stack {
    /// Makes this device connectable while something of it can be used. [Vol 3] Part C, 4.2
    pub(super) fn classic_visibility(&mut self) {
        let Some(state) = self.classic.get() else { return };
        let connectable = state.connectable || state.listens();
        if connectable != state.gap.is_connectable() {
            state.gap.set_connectable(connectable);
        }
        self.ready.run(Due::COMMAND);
    }

    /// Makes this device discoverable, or not. [Vol 3] Part C, 4.1
    pub(crate) fn classic_discoverable(&mut self, discoverable: Discoverable) -> Result<(), Error> {
        let now = self.now;
        let state = self.classic.get().ok_or(Error::Unsupported)?;
        state.gap.set_discoverable(now, discoverable);
        self.ready.run(Due::COMMAND);
        self.deadlines_changed();
        Ok(())
    }

    /// Makes this device connectable also while nothing listens. [Vol 3] Part C, 4.2.2
    pub(crate) fn classic_connectable(&mut self, connectable: bool) -> Result<(), Error> {
        let state = self.classic.get().ok_or(Error::Unsupported)?;
        state.connectable = connectable;
        self.classic_visibility();
        Ok(())
    }

    /// Selects the links of peers that are accepted. [Vol 4] Part E, 7.7.4
    pub(crate) fn set_classic_incoming(&mut self, incoming: Incoming) -> Result<(), Error> {
        let state = self.classic.get().ok_or(Error::Unsupported)?;
        state.gap.set_incoming(incoming);
        Ok(())
    }

    /// Sets the class of this device. [Vol 3] Part C, 3.2.4
    pub(crate) fn set_classic_class(&mut self, class: ClassOfDevice) -> Result<(), Error> {
        let state = self.classic.get().ok_or(Error::Unsupported)?;
        state.gap.set_class(class);
        self.ready.run(Due::COMMAND);
        Ok(())
    }
}
