//! The line editor of the terminal: history, and completion of operations.

use std::{io, path::PathBuf};

use rustyline::{
    Context, Editor, ExternalPrinter as _, Helper,
    completion::{Completer, Pair},
    config::Config,
    error::ReadlineError,
    highlight::Highlighter,
    hint::Hinter,
    history::DefaultHistory,
    validate::Validator,
};

use super::{Entry, Prompt};
use crate::{bonds, output::above};

/// Entries of the history, in memory and in its file.
const MOST_ENTRIES: usize = 1000;

/// Completes the word at a place of a line: returns where the word begins, and what it could be.
pub(crate) type Complete = Box<dyn Fn(&str, usize) -> (usize, Vec<String>) + Send>;

/// Settings of an editor.
pub(crate) struct Settings {
    /// Where the history is kept; `None` to keep none.
    pub(crate) history: Option<PathBuf>,
    pub(crate) complete: Complete,
}

impl Settings {
    /// Starts the editor, on the thread that reads.
    pub(super) fn start(self) -> impl FnMut(&Prompt) -> Entry {
        let mut terminal = Terminal::open(self);
        move |prompt| match &mut terminal {
            Ok(terminal) => terminal.read(prompt),
            Err(error) => {
                log::warn!("the line editor cannot use the terminal: {error}");
                Entry::End
            }
        }
    }
}

struct Terminal {
    editor: Editor<Assistant, DefaultHistory>,
    history: Option<PathBuf>,
}

impl Terminal {
    fn open(settings: Settings) -> Result<Self, ReadlineError> {
        let Settings { mut history, complete } = settings;
        let config = Config::builder().max_history_size(MOST_ENTRIES)?.history_ignore_space(true);
        let config = config.bracketed_paste(false).build();
        let mut editor = Editor::with_config(config)?;
        editor.set_helper(Some(Assistant { complete, is_question: false }));
        if let Some(path) = &history
            && bonds::make_folder_of(path).is_err()
        {
            log::warn!("there is no folder for the history, so it is not kept");
            history = None;
        }
        if let Some(path) = &history
            && let Err(error) = editor.load_history(path)
            && !matches!(&error, ReadlineError::Io(e) if e.kind() == io::ErrorKind::NotFound)
        {
            log::warn!("the history {} cannot be read: {error}", path.display());
        }
        // A terminal that cannot be edited has no place above the line.
        if let Ok(mut printer) = editor.create_external_printer() {
            above::start(move |line| {
                if let Err(error) = printer.print(line) {
                    eprintln!("the terminal cannot be written: {error}");
                }
            });
        }
        Ok(Self { editor, history })
    }

    fn read(&mut self, prompt: &Prompt) -> Entry {
        if let Some(assistant) = self.editor.helper_mut() {
            assistant.is_question = prompt.is_question;
        }
        above::edits(true);
        let line = self.editor.readline(&prompt.text);
        above::edits(false);
        match line {
            Ok(line) => {
                if !prompt.is_question {
                    self.remember(&line);
                }
                Entry::Line(line)
            }
            Err(ReadlineError::Interrupted | ReadlineError::Signal(_)) => Entry::Cancelled,
            Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
                Entry::Unreadable("the line is not text in UTF-8".into())
            }
            Err(_) => Entry::End,
        }
    }

    /// Adds a line to the history, unless it begins with a space.
    fn remember(&mut self, line: &str) {
        let added = self.editor.add_history_entry(line);
        if let (Ok(true), Some(path)) = (added, &self.history)
            && let Err(error) = self.editor.append_history(path)
        {
            log::warn!("the history {} cannot be written: {error}", path.display());
            self.history = None;
        }
    }
}

/// Helps to edit a line.
struct Assistant {
    complete: Complete,
    is_question: bool,
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        place: usize,
        _: &Context<'_>,
    ) -> Result<(usize, Vec<Pair>), ReadlineError> {
        if self.is_question {
            return Ok((place, Vec::new()));
        }
        let (start, words) = (self.complete)(line, place);
        let pair = |word: String| Pair { display: word.clone(), replacement: word };
        Ok((start, words.into_iter().map(pair).collect()))
    }
}

impl Hinter for Assistant {
    type Hint = String;
}

impl Highlighter for Assistant {}
impl Validator for Assistant {}
impl Helper for Assistant {}

/// The mode of the terminal, restored at the end of the program: the editor may then wait for the rest of a line.
pub(crate) struct Mode {
    #[cfg(unix)]
    saved: Option<nix::sys::termios::Termios>,
}

impl Mode {
    #[cfg(unix)]
    pub(crate) fn save() -> Self {
        Self { saved: nix::sys::termios::tcgetattr(io::stdin()).ok() }
    }

    #[cfg(not(unix))]
    pub(crate) fn save() -> Self {
        Self {}
    }
}

impl Drop for Mode {
    fn drop(&mut self) {
        above::edits(false);
        #[cfg(unix)]
        if let Some(saved) = &self.saved
            && nix::sys::termios::tcgetattr(io::stdin()).is_ok_and(|now| now != *saved)
        {
            use nix::sys::termios::{SetArg, tcsetattr};
            // If the terminal is gone, nothing is left to restore.
            let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, saved);
            eprintln!();
        }
    }
}
