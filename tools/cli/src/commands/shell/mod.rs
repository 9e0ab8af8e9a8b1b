//! `shell`: one connection, many operations.

mod channel;
mod link;
mod operate;
mod words;

use std::{
    io::{self, IsTerminal as _},
    pin::pin,
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bindrune::Host;
use tokio::sync::mpsc;

use crate::{
    bonds::{self, Keep, Place},
    cli::{self, Globals, Operation},
    failure::{Exit, Failure},
    lines::{
        Entry, Lines, Prompt, Shared,
        editor::{Mode, Settings},
    },
    output::Output,
    paint::printable,
    parse::Device,
    security,
    session::{self, Setup},
    stop,
};

use link::Link;
use words::Parsed;

/// The spellings of the values of the connected device, which the line editor completes.
type Attributes = Arc<Mutex<Vec<String>>>;

pub(super) async fn run(
    globals: &Globals,
    out: Output,
    options: cli::Shell,
) -> Result<(), Failure> {
    let config = Setup::central().config.pairing(security::config(&cli::Pairing::DEFAULT, None)?);
    let setup = Setup { config, keep: Keep::All, has_operations: true, ..Setup::central() };
    let place = Place::of(globals)?;
    let _mode = Mode::save();
    session::run(globals, setup, async |host| {
        let mut shell = Shell::new(host, out, place, &options);
        let end = shell.run(options).await;
        shell.leave().await;
        end
    })
    .await
}

/// A session.
struct Shell {
    host: &'static Host,
    out: Output,
    place: Place,
    lines: Shared,
    /// Whether a user is at the terminal.
    is_attended: bool,
    patience: Duration,
    keeps_going: bool,
    attributes: Attributes,
    /// The device of the last connection.
    last: Option<Device>,
    link: Option<Link>,
    /// Failures of what runs beside the operations.
    troubles: mpsc::UnboundedReceiver<Failure>,
    trouble: mpsc::UnboundedSender<Failure>,
}

/// What follows an operation.
enum Next {
    Line,
    End,
}

impl Shell {
    fn new(host: &'static Host, out: Output, place: Place, options: &cli::Shell) -> Self {
        let is_attended = io::stdin().is_terminal();
        let attributes = Attributes::default();
        let edits = is_attended && io::stdout().is_terminal() && !out.is_json();
        let lines =
            if edits { Lines::edited(out, editor(&attributes)) } else { Lines::standard(out) };
        let (trouble, troubles) = mpsc::unbounded_channel();
        Self {
            host,
            out: out.still(),
            place,
            lines: lines.shared(),
            is_attended,
            patience: Duration::from_secs_f64(options.timeout),
            keeps_going: is_attended || options.keep_going,
            attributes,
            last: None,
            link: None,
            troubles,
            trouble,
        }
    }

    /// Runs operations until the end of the input.
    async fn run(&mut self, options: cli::Shell) -> Result<(), Failure> {
        let mut first = None;
        if let Some(device) = options.device {
            let connect = Operation::Connect { device: Some(device) };
            if let Err(failure) = self.interruptible(connect).await {
                self.failed(failure, &mut first)?;
            }
        }
        let mut number = 0u64;
        while first.is_none() || self.keeps_going {
            let entry = self.next().await?;
            number = number.saturating_add(1);
            let done = match entry {
                Entry::End => break,
                Entry::Cancelled => continue,
                Entry::Unreadable(why) => Err(Failure::usage(why)),
                Entry::Line(line) => self.line(&line).await,
            };
            match done {
                Ok(Next::Line) => {}
                Ok(Next::End) => break,
                Err(failure) if self.is_attended => self.failed(failure, &mut first)?,
                Err(failure) => self.failed(failure.at(&format!("line {number}")), &mut first)?,
            }
        }
        match first {
            Some(exit) if !self.is_attended => Err(Failure::Shown(exit)),
            _ => Ok(()),
        }
    }

    /// Shows a failure, and keeps the first one's exit code.
    fn failed(&self, failure: Failure, first: &mut Option<Exit>) -> Result<(), Failure> {
        let failure = failure.in_shell();
        let Failure::Reported { exit, .. } = failure else { return Err(failure) };
        self.out.failure(&failure);
        first.get_or_insert(exit);
        Ok(())
    }

    /// Waits for the next line.
    async fn next(&mut self) -> Result<Entry, Failure> {
        let lines = Rc::clone(&self.lines);
        let mut lines = lines.lock().await;
        let prompt = Prompt { text: self.prompt(), is_question: false };
        let mut line = pin!(lines.next(prompt));
        loop {
            tokio::select! {
                entry = &mut line => return Ok(entry),
                Some(failure) = self.troubles.recv() => return Err(failure),
                () = stop::interrupted() => {
                    if !self.is_attended {
                        return Err(Failure::failed("interrupted"));
                    }
                    self.out.note("Ctrl-D or `quit` ends the shell.");
                }
            }
        }
    }

    /// Returns what comes before a line; nothing if no user is there.
    fn prompt(&self) -> String {
        let connected = self.link.as_ref().filter(|link| link.is_up());
        let name = match connected.map(Link::device) {
            Some(Device::Name(name)) => printable(name),
            Some(device) => device.to_string(),
            None => "bindrune".to_owned(),
        };
        if self.is_attended { format!("{name}> ") } else { String::new() }
    }

    async fn line(&mut self, line: &str) -> Result<Next, Failure> {
        match words::parse(line)? {
            Parsed::Nothing => Ok(Next::Line),
            Parsed::Help(text) => self.out.text(&text).map(|()| Next::Line),
            Parsed::Operation(Operation::Quit) => Ok(Next::End),
            Parsed::Operation(operation) => {
                self.interruptible(operation).await.map(|()| Next::Line)
            }
        }
    }

    /// Runs an operation; Ctrl-C ends it.
    async fn interruptible(&mut self, operation: Operation) -> Result<(), Failure> {
        tokio::select! {
            done = self.operate(operation) => done,
            () = stop::interrupted() => Err(Failure::failed("interrupted")
                .advise("The device may have received the request. The shell is ready for the next operation.")),
        }
    }
}

fn editor(attributes: &Attributes) -> Settings {
    let attributes = Arc::clone(attributes);
    let complete = move |line: &str, place| {
        let attributes = attributes.lock().unwrap_or_else(PoisonError::into_inner);
        words::complete(line, place, &attributes)
    };
    let history = bonds::data_directory().ok().map(|folder| folder.join("history"));
    Settings { history, complete: Box::new(complete) }
}
