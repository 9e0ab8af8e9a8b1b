//! Requests, and the answers that end them.

use bindrune_hci::h4::Direction;

use crate::{
    entry::{Entry, Layer},
    words,
};

/// Requests without an answer that are kept for the end; more are only counted.
const MAX_UNANSWERED: usize = 1000;

/// One value for each end of a link.
#[derive(Clone, Debug, Default)]
pub(crate) struct Both<T> {
    host: T,
    peer: T,
}

impl<T> Both<T> {
    /// Returns the value of the end that sends in this direction.
    pub(crate) const fn of(&mut self, sender: Direction) -> &mut T {
        match sender {
            Direction::ToController => &mut self.host,
            Direction::ToHost => &mut self.peer,
        }
    }

    pub(crate) const fn get(&self, sender: Direction) -> &T {
        match sender {
            Direction::ToController => &self.host,
            Direction::ToHost => &self.peer,
        }
    }

    /// Returns the value of the end that receives what is sent in this direction.
    pub(crate) const fn to(&mut self, sender: Direction) -> &mut T {
        self.of(other(sender))
    }

    pub(crate) fn into_both(self) -> [T; 2] {
        [self.host, self.peer]
    }
}

/// Returns the other direction.
pub(crate) const fn other(direction: Direction) -> Direction {
    match direction {
        Direction::ToController => Direction::ToHost,
        Direction::ToHost => Direction::ToController,
    }
}

/// A request that waits for its answer.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// Opcode, code or identifier of the request.
    pub(crate) code: u16,
    asked: Entry,
}

impl Question {
    /// Remembers the request of this entry, without its fields.
    pub(crate) fn of(entry: &Entry, code: u16) -> Self {
        let mut asked = Entry::new(entry.time, entry.direction);
        asked.enter(entry.layer, entry.summary.clone());
        (asked.handle, asked.peer) = (entry.handle, entry.peer.clone());
        Self { code, asked }
    }

    /// Returns the request in words.
    pub(crate) fn summary(&self) -> &str {
        &self.asked.summary
    }

    /// Notes the time from the request to this answer.
    pub(crate) fn answered_by(&self, entry: &mut Entry) {
        if let Some(time) =
            entry.time.zip(self.asked.time).and_then(|(now, then)| now.checked_sub(then))
        {
            entry.put("after_us", time);
            entry.summary.push_str(&format!(" ({})", words::time(time)));
        }
    }

    fn into_unanswered(self) -> Entry {
        let Self { mut asked, .. } = self;
        asked.summary = format!("no answer to {}", asked.summary);
        asked.put("unanswered", true);
        asked
    }
}

/// Requests that ended without an answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unanswered {
    entries: Vec<Entry>,
    more: usize,
}

impl Unanswered {
    pub(crate) fn add(&mut self, question: Question) {
        if self.entries.len() < MAX_UNANSWERED {
            self.entries.push(question.into_unanswered());
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    /// Returns the requests in the order of their time.
    pub(crate) fn into_entries(mut self) -> Vec<Entry> {
        self.entries.sort_by_key(|entry| entry.time);
        if self.more > 0 {
            let mut entry = Entry::new(None, Direction::ToController);
            entry.enter(
                Layer::Capture,
                format!(
                    "{} without an answer, not listed",
                    words::plural(self.more, "more request")
                ),
            );
            self.entries.push(entry);
        }
        self.entries
    }
}
