//! Output of the program: records for users, or one JSON object per line for scripts.

use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;

use crate::{failure::Failure, paint::Paint};

/// A result of a command, with a text for users and JSON for scripts.
pub(crate) trait Record: Serialize {
    /// Returns the text for users, without the newline at the end. Empty if users see the result elsewhere.
    fn human(&self, paint: Paint) -> String;
}

/// The output of records. Diagnostics always go to stderr.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
    terminal: bool,
    error_terminal: bool,
    paint: Paint,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        let colour = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
            && std::env::var_os("TERM").is_none_or(|v| v != "dumb");
        let terminal = io::stdout().is_terminal() && !json;
        let error_terminal = io::stderr().is_terminal();
        Self { json, terminal, error_terminal, paint: Paint::new(terminal && colour) }
    }

    /// Returns whether scripts read the output.
    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// Returns whether stdout is a terminal, on which a table can be redrawn.
    pub(crate) const fn is_live(self) -> bool {
        self.terminal
    }

    /// Returns whether stderr is a terminal, on which progress can be shown.
    pub(crate) const fn shows_progress(self) -> bool {
        self.error_terminal && !self.json
    }

    pub(crate) const fn paint(self) -> Paint {
        self.paint
    }

    /// Prints a record.
    pub(crate) fn record(self, record: &impl Record) -> Result<(), Failure> {
        if self.json {
            return self.json_line(record);
        }
        let text = record.human(self.paint);
        if text.is_empty() { Ok(()) } else { self.line(&text) }
    }

    /// Prints a record as JSON, in every mode.
    pub(crate) fn json_line(self, record: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(record).map_err(io::Error::from)?;
        self.line(&text)
    }

    /// Prints lines for users, and nothing for scripts.
    pub(crate) fn text(self, text: &str) -> Result<(), Failure> {
        if self.json { Ok(()) } else { self.line(text) }
    }

    /// Prints a message that is not a result, on stderr.
    pub(crate) fn note(self, text: &str) {
        // If stderr is closed, there is no reader.
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// Prints a question on stderr; the answer follows on the same line.
    pub(crate) fn prompt(self, text: &str) {
        let mut stderr = io::stderr().lock();
        let _ = write!(stderr, "{text}").and_then(|()| stderr.flush());
    }

    fn line(self, text: &str) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{text}")?;
        Ok(stdout.flush()?)
    }
}

/// Prints why the program ends early.
pub(crate) fn failure(failure: &Failure) {
    let Failure::Reported { what, advice, .. } = failure else { return };
    let mut text = format!("error: {what}\n");
    for line in advice.iter().flat_map(|a| a.lines()) {
        text.push_str("  ");
        text.push_str(line);
        text.push('\n');
    }
    let _ = io::stderr().write_all(text.as_bytes());
}
