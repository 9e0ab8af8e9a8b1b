//! Output of the program: records for users, or one JSON object per line for scripts.

pub(crate) mod above;
mod lane;
mod plain;

use std::{
    io::{self, IsTerminal as _, Write as _},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use serde::Serialize;

use self::lane::{Full, Lane};
use crate::{
    failure::Failure,
    paint::{Paint, printable},
};

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
            return self.line(json(record, R::STAMPED)?);
        }
        let text = record.human(self.paint);
        if text.is_empty() { Ok(()) } else { self.line(self.for_users(&text)) }
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
        if self.json { Ok(()) } else { self.line(self.for_users(text)) }
    }

    /// Prints a message that is not a result, on stderr.
    pub(crate) fn note(self, text: &str) {
        diagnostic(&self.for_users(text));
    }

    /// Prints a question on stderr; the answer follows on the same line.
    pub(crate) fn prompt(self, text: &str) {
        aside(self.for_users(text));
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
            let _ = self.line(text);
        }
    }

    /// Prints a line on stdout.
    fn line(self, mut text: String) -> Result<(), Failure> {
        if above::print(&text) {
            return Ok(());
        }
        text.push('\n');
        let Some(lanes) = LANES.get() else {
            let mut stdout = io::stdout().lock();
            stdout.write_all(text.as_bytes())?;
            return Ok(stdout.flush()?);
        };
        let full = if DROPS.load(Ordering::Relaxed) { Full::Drops } else { Full::Waits };
        let notice = |dropped| {
            let record = Dropped { dropped };
            let text = if self.json { json(&record, true).ok() } else { None };
            text.unwrap_or_else(|| record.human(self.paint)) + "\n"
        };
        Ok(lanes.stdout.put(text, full, notice)?)
    }

    /// Waits until the reader has taken everything; after a signal, only a moment.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let Some(lanes) = LANES.get() else { return Ok(()) };
        let lost = lanes.stdout.finish();
        // If stderr is closed, or its reader stalls, no reader misses it.
        let _ = lanes.stderr.finish();
        match lost? {
            0 => Ok(()),
            lost => Err(Failure::failed(format!("the output is incomplete: {} lost", lines(lost)))
                .advise("Its reader does not read, or too slowly. The controller was shut down in the regular way.")),
        }
    }

    /// Prints why the program ends early: in words on stderr, and for scripts also as the last object.
    pub(crate) fn failure(self, failure: &Failure) {
        let Failure::Reported { what, advice, .. } = failure else { return };
        self.failure_for_scripts(failure);
        // Names of files and devices may have any characters.
        let mut text = format!("error: {}", printable(what));
        for line in advice.iter().flat_map(|a| a.lines()) {
            text.push_str("\n  ");
            text.push_str(&printable(line));
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
        aside(format!("{text}\n"));
    }
}

/// Prints a text on stderr. If stderr is closed, there is no reader.
fn aside(text: String) {
    let _ = match LANES.get() {
        Some(lanes) => lanes.stderr.put(text, Full::Drops, |n| format!("{}\n", dropped(n))),
        None => io::stderr().write_all(text.as_bytes()),
    };
}

/// Both outputs, while a host runs.
struct Lanes {
    stdout: Arc<Lane>,
    stderr: Arc<Lane>,
}

static LANES: OnceLock<Lanes> = OnceLock::new();

/// Whether lines of stdout are dropped if its reader stalls.
static DROPS: AtomicBool = AtomicBool::new(false);

/// From now on, a reader that stalls does not stop the host. If it has left too much, lines of an endless command are
/// dropped and counted; other commands wait for it.
pub(crate) fn detach(endless: bool) {
    LANES.get_or_init(|| Lanes {
        stdout: Lane::start(lane::MOST, io::stdout()),
        stderr: Lane::start(lane::MOST, io::stderr()),
    });
    DROPS.store(endless, Ordering::Relaxed);
}

/// Lines that were dropped.
#[derive(Serialize)]
struct Dropped {
    dropped: u64,
}

impl Record for Dropped {
    fn human(&self, _: Paint) -> String {
        dropped(self.dropped)
    }
}

fn dropped(count: u64) -> String {
    format!(" {} dropped: the reader of the output is too slow", lines(count))
}

fn lines(count: u64) -> String {
    if count == 1 { "1 line was".into() } else { format!("{count} lines were") }
}
