//! Commands and events, and what they change. [Vol 4] Part E

mod answer;
mod command;
mod event;
mod table;

use std::collections::VecDeque;

use crate::question::{Question, Unanswered};

/// Commands that wait for an answer; a controller accepts far fewer.
const MAX_PENDING: usize = 32;

/// What the capture says about the controller.
#[derive(Debug, Default)]
pub(crate) struct Controller {
    pending: VecDeque<Question>,
    /// Whether the capture has any command: only then is an answer without a command wrong.
    has_commands: bool,
    /// Whether the capture has a reset: only then are all links known.
    pub(crate) was_reset: bool,
    /// ACL buffers for LE, if the controller reported them: length and number.
    pub(crate) le: Option<(u16, u16)>,
    /// ACL buffers for BR/EDR, or for both.
    pub(crate) classic: Option<(u16, u16)>,
}

impl Controller {
    fn ask(&mut self, question: Question, unanswered: &mut Unanswered) {
        self.has_commands = true;
        if self.pending.len() >= MAX_PENDING
            && let Some(oldest) = self.pending.pop_front()
        {
            unanswered.add(oldest);
        }
        self.pending.push_back(question);
    }

    fn answer(&mut self, opcode: u16) -> Option<Question> {
        let at = self.pending.iter().position(|question| question.code == opcode)?;
        self.pending.remove(at)
    }

    /// Moves the commands that have no answer.
    pub(crate) fn end(&mut self, unanswered: &mut Unanswered) {
        self.pending.drain(..).for_each(|question| unanswered.add(question));
    }
}
