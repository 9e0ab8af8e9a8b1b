//! Lines of the user, or of a script.

pub(crate) mod editor;
mod standard;

use std::{rc::Rc, sync::mpsc::Sender, thread};

use tokio::sync::{Mutex, mpsc};

use crate::output::Output;

/// An input that several tasks read in turn.
pub(crate) type Shared = Rc<Mutex<Lines>>;

/// What comes before a line on the terminal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prompt {
    pub(crate) text: String,
    /// Whether the line answers a question. Otherwise it is an operation, with history and completion.
    pub(crate) is_question: bool,
}

/// A line, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Line(String),
    /// A line that cannot be used, and why.
    Unreadable(String),
    /// The user pressed Ctrl-C in the line.
    Cancelled,
    End,
}

/// Lines of standard input. A thread that may block forever reads each line only on request.
pub(crate) struct Lines {
    out: Output,
    want: Sender<Prompt>,
    come: mpsc::UnboundedReceiver<Entry>,
    wanted: bool,
    prompts: bool,
}

impl Lines {
    /// Standard input, with prompts on stderr.
    pub(crate) fn standard(out: Output) -> Self {
        Self::of(out, true, || {
            let mut next = standard::lines(|| std::io::stdin().lock());
            move |_: &Prompt| next()
        })
    }

    /// The terminal, with a line editor.
    pub(crate) fn edited(out: Output, editor: editor::Settings) -> Self {
        Self::of(out, false, move || editor.start())
    }

    fn of<R: FnMut(&Prompt) -> Entry>(
        out: Output,
        prompts: bool,
        start: impl FnOnce() -> R + Send + 'static,
    ) -> Self {
        let (want, wanted) = std::sync::mpsc::channel::<Prompt>();
        let (give, come) = mpsc::unbounded_channel();
        thread::spawn(move || {
            let mut read = start();
            while let Ok(prompt) = wanted.recv() {
                if give.send(read(&prompt)).is_err() {
                    return;
                }
            }
        });
        Self { out, want, come, wanted: false, prompts }
    }

    pub(crate) fn shared(self) -> Shared {
        Rc::new(Mutex::new(self))
    }

    /// Returns the next line. Input that was typed for an obsolete prompt does not count.
    pub(crate) async fn next(&mut self, prompt: Prompt) -> Entry {
        if self.wanted && self.come.try_recv().is_ok() {
            self.wanted = false;
        }
        let mut line = OpenLine::new(self.out, if self.prompts { &prompt.text } else { "" });
        if !self.wanted && self.want.send(prompt).is_err() {
            return Entry::End;
        }
        self.wanted = true;
        let entry = self.come.recv().await.unwrap_or(Entry::End);
        self.wanted = false;
        line.is_open &= entry == Entry::End;
        entry
    }
}

/// A line that begins with a prompt. The next output on the terminal, unless it is an answer, starts a new line.
struct OpenLine {
    out: Output,
    is_open: bool,
}

impl OpenLine {
    fn new(out: Output, prompt: &str) -> Self {
        if !prompt.is_empty() {
            out.prompt(prompt);
        }
        Self { out, is_open: !prompt.is_empty() }
    }
}

impl Drop for OpenLine {
    fn drop(&mut self) {
        if self.is_open {
            self.out.note("");
        }
    }
}
