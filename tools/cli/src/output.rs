//! Output of the program: records for users, or one JSON object per line for scripts.

pub(crate) mod above;
mod plain;

use std::{
    io::{self, IsTerminal as _, Write as _},
    time::SystemTime,
};

use serde::Serialize;

use crate::{failure::Failure, paint::Paint};

/// A result of a command, with a text for users and JSON for scripts.
pub(crate) trait Record: Serialize {
    /// Whether JSON begins with the time of the output. A record with a time of its own says no.
    const STAMPED: bool = true;

    /// Returns the text for users, without the newline at the end. Empty if users see the result elsewhere.
    fn human(&self, paint: Paint) -> String;
}

/// A record as one line of JSON.
#[derive(Serialize)]
struct Line<'r, R> {
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(flatten)]
    record: &'r R,
}

/// The output of records. Diagnostics always go to stderr.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
    live: bool,
    progress: bool,
    plain: bool,
    paint: Paint,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let dumb = set("TERM").is_some_and(|term| term == "dumb");
        let terminal = io::stdout().is_terminal() && !json && !dumb;
        Self {
            json,
            live: terminal,
            progress: io::stderr().is_terminal() && !json && !dumb,
            plain: dumb || !plain::is_unicode(set),
            paint: Paint::new(terminal && set("NO_COLOR").is_none()),
        }
    }

    /// Returns whether scripts read the output.
    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// Returns whether stdout is a terminal, on which a table can be redrawn.
    pub(crate) const fn is_live(self) -> bool {
        self.live
    }

    /// Returns an output without tables that are redrawn.
    pub(crate) const fn still(self) -> Self {
        Self { live: false, ..self }
    }

    /// Returns whether stderr is a terminal, on which progress can be shown.
    pub(crate) const fn shows_progress(self) -> bool {
        self.progress
    }

    /// Returns whether users can see ASCII only.
    pub(crate) const fn is_plain(self) -> bool {
        self.plain
    }

    pub(crate) const fn paint(self) -> Paint {
        self.paint
    }

    /// Prints a record.
    pub(crate) fn record<R: Record>(self, record: &R) -> Result<(), Failure> {
        if self.json {
            return line(&json(record, R::STAMPED)?);
        }
        let text = record.human(self.paint);
        if text.is_empty() { Ok(()) } else { line(&self.for_users(&text)) }
    }

    /// Prints a record on stderr, because stdout carries data.
    pub(crate) fn aside<R: Record>(self, record: &R) -> Result<(), Failure> {
        let text =
            if self.json { json(record, R::STAMPED)? } else { record.human(self.paint.off()) };
        self.note(&text);
        Ok(())
    }

    /// Prints lines for users, and nothing for scripts.
    pub(crate) fn text(self, text: &str) -> Result<(), Failure> {
        if self.json { Ok(()) } else { line(&self.for_users(text)) }
    }

    /// Prints a message that is not a result, on stderr.
    pub(crate) fn note(self, text: &str) {
        diagnostic(&self.for_users(text));
    }

    /// Prints a question on stderr; the answer follows on the same line.
    pub(crate) fn prompt(self, text: &str) {
        let mut stderr = io::stderr().lock();
        let text = self.for_users(text);
        let _ = write!(stderr, "{text}").and_then(|()| stderr.flush());
    }

    /// Returns a text in the letters that users can see.
    pub(crate) fn for_users(self, text: &str) -> String {
        if self.plain { plain::ascii(text) } else { text.to_owned() }
    }

    /// Prints why the program ends early, as the last object for scripts.
    pub(crate) fn failure_for_scripts(self, failure: &Failure) {
        if self.json
            && let Ok(text) = json(&failure.report(), true)
        {
            // The reader of stdout may be gone; stderr has the same.
            let _ = line(&text);
        }
    }

    /// Prints why the program ends early: in words on stderr, and for scripts also as the last object.
    pub(crate) fn failure(self, failure: &Failure) {
        let Failure::Reported { what, advice, .. } = failure else { return };
        self.failure_for_scripts(failure);
        let mut text = format!("error: {what}");
        for line in advice.iter().flat_map(|a| a.lines()) {
            text.push_str("\n  ");
            text.push_str(line);
        }
        self.note(&text);
    }
}

fn json(record: &impl Serialize, stamped: bool) -> Result<String, Failure> {
    let time = stamped.then(now);
    Ok(serde_json::to_string(&Line { time, record }).map_err(io::Error::from)?)
}

/// Returns the time for scripts.
#[expect(
    clippy::disallowed_methods,
    reason = "the program stamps its output; no machine reads this clock"
)]
fn now() -> String {
    humantime::format_rfc3339_millis(SystemTime::now()).to_string()
}

/// Prints a line on stderr.
pub(crate) fn diagnostic(text: &str) {
    if !above::print(text) {
        // If stderr is closed, there is no reader.
        let _ = writeln!(io::stderr(), "{text}");
    }
}

fn line(text: &str) -> Result<(), Failure> {
    if above::print(text) {
        return Ok(());
    }
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")?;
    Ok(stdout.flush()?)
}
