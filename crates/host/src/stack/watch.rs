//! Reports changes of the controller's state to its watchers.

use super::{ControllerEvent, ControllerLoss, Phase, Stack};

/// Number of losses of the controller, and the reason of the last one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Losses {
    count: u32,
    last: Option<ControllerLoss>,
}

impl Losses {
    pub(super) const NONE: Self = Self { count: 0, last: None };

    pub(super) const fn note(&mut self, loss: ControllerLoss) {
        self.count = self.count.wrapping_add(1);
        self.last = Some(loss);
    }
}

/// The state that was last reported to one watcher.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported {
    losses: u32,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unknown,
    Ready,
    Silent,
}

impl Stack {
    /// Begins to watch the controller. Its present state is reported first.
    pub(crate) const fn watch(&self) -> Reported {
        Reported { losses: self.recovery.losses.count, state: State::Unknown }
    }

    /// Returns the next change since the last call. Several losses may be reported as one.
    pub(crate) fn poll_watch(&self, reported: &mut Reported) -> Option<ControllerEvent> {
        if let Some(loss) =
            self.recovery.losses.last.filter(|_| reported.losses != self.recovery.losses.count)
        {
            *reported = Reported { losses: self.recovery.losses.count, state: State::Unknown };
            return Some(ControllerEvent::Lost(loss));
        }
        let (state, event) = match self.phase {
            Phase::Ready => (State::Ready, ControllerEvent::Ready),
            _ if self.is_silent() => (State::Silent, ControllerEvent::Silent),
            Phase::Down => (State::Unknown, ControllerEvent::Silent),
            Phase::ResetPending { .. }
            | Phase::Resetting { .. }
            | Phase::Setup
            | Phase::Failed(_) => {
                return None;
            }
        };
        let is_new = reported.state != state;
        reported.state = state;
        (is_new && state != State::Unknown).then_some(event)
    }
}
