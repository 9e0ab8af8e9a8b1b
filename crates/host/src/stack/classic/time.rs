//! The time of what applications begin: only `run` has a clock.

use core::task::Poll;

use bindrune_wire::time::Instant;

use super::{Phase, wait::Event as Awaited};
use crate::{Error, stack::Stack, waiters::Due};

impl Stack {
    /// Requests that `run` reads the clock. Returns how often it did that before.
    pub(crate) fn ask_classic_time(&mut self) -> u32 {
        self.ready.run(Due::COMMAND);
        let Some(state) = self.classic.get() else { return 0 };
        state.wants_time = true;
        state.dated
    }

    /// Ready once `run` has read the clock, or BR/EDR is lost.
    pub(crate) fn poll_classic_time(&self, before: u32) -> Poll<Result<(), Error>> {
        let state = self.classic.state().filter(|state| state.phase == Phase::Ready);
        let waits = state.is_some_and(|state| state.dated == before);
        if waits { Poll::Pending } else { Poll::Ready(Ok(())) }
    }

    /// Begins what needs the time: requests of futures, the limits of links, and the closing of channels that were
    /// dropped.
    pub(super) fn classic_dated(&mut self, now: Instant) {
        let Some(state) = self.classic.get() else { return };
        if state.unlimited != 0 {
            self.limit_classic_links(now);
        }
        let Some(state) = self.classic.get() else { return };
        let mut released = core::mem::take(&mut state.released);
        if core::mem::take(&mut state.wants_time) {
            state.dated = state.dated.wrapping_add(1);
            self.classic_mark(Awaited::Setting);
        }
        while released != 0 {
            let slot = usize::try_from(released.trailing_zeros()).unwrap_or_default();
            released &= released.wrapping_sub(1);
            let Some(state) = self.classic.get() else { return };
            state.channels.release(now, slot);
            if let Some(link) = state.user(slot).map(|user| user.link.index) {
                self.classic_signals(link);
            }
        }
    }
}
