//! Asks the user during pairing: at the terminal, through a pipe, or from the command line.

use std::cell::Cell;

use bindrune::{Address, Host, Keypress, PairingRequest, Question};
use serde::Serialize;

use crate::{
    cli,
    failure::{Doing as _, Failure},
    lines::{Entry, Lines, Prompt, Shared},
    output::{Output, Record},
    paint::{Paint, printable},
    security::{digits, six},
    sim::screen,
};

/// Names a device: in questions, and for scripts.
type Named = Box<dyn Fn(Address) -> String>;

/// Answers the questions of pairings.
pub(crate) struct Person {
    out: Output,
    yes: bool,
    passkey: Option<u32>,
    pin: Option<String>,
    named: Named,
    spelled: Named,
    refused: Cell<bool>,
    asked: Cell<Option<&'static str>>,
    lines: Option<Shared>,
}

/// A question, for scripts; for users only if it needs no answer.
#[derive(Debug, Serialize)]
struct Asked {
    question: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    peer: Option<String>,
    #[serde(skip)]
    name: String,
}

impl Record for Asked {
    fn human(&self, paint: Paint) -> String {
        match &self.number {
            Some(number) if self.question == "display" => {
                format!(" Enter {} on {}", paint.bold(number), self.name)
            }
            _ => String::new(),
        }
    }
}

/// Digits of the passkey that the other device's user has entered.
#[derive(Debug, Serialize)]
struct Typed {
    digits: u8,
    completed: bool,
    #[serde(skip)]
    name: String,
}

impl Record for Typed {
    fn human(&self, _: Paint) -> String {
        let Self { digits, completed, name } = self;
        match (completed, digits) {
            (true, _) => format!(" The passkey is entered on {name}"),
            (false, 1) => format!(" 1 digit is entered on {name}"),
            (false, _) => format!(" {digits} digits are entered on {name}"),
        }
    }
}

impl Person {
    pub(crate) fn new(
        out: Output,
        options: &cli::Pairing,
        named: impl Fn(Address) -> String + 'static,
    ) -> Self {
        let (yes, passkey) = (options.yes, options.passkey);
        Self {
            out,
            yes,
            passkey,
            pin: None,
            named: Box::new(named),
            spelled: Box::new(|peer| format!("{peer:?}")),
            refused: Cell::new(false),
            asked: Cell::new(None),
            lines: None,
        }
    }

    /// Spells peers for scripts in this way.
    pub(crate) fn spelled(mut self, spelled: impl Fn(Address) -> String + 'static) -> Self {
        self.spelled = Box::new(spelled);
        self
    }

    /// Reads the answers from this input.
    pub(crate) fn reading(mut self, lines: Shared) -> Self {
        self.lines = Some(lines);
        self
    }

    /// Answers the question for a PIN with this.
    pub(crate) fn pin(mut self, pin: Option<String>) -> Self {
        self.pin = pin;
        self
    }

    /// Returns the last question.
    pub(crate) const fn asked(&self) -> Option<&'static str> {
        self.asked.get()
    }

    /// Returns whether a question was refused and the user saw the reason.
    pub(crate) const fn refused(&self) -> bool {
        self.refused.get()
    }

    fn refuse(&self, request: &mut PairingRequest<'_>, why: &str) {
        self.refused.set(true);
        self.out.note(&format!(" {why}"));
        request.reject();
    }

    /// Answers all questions while it is polled.
    pub(crate) async fn attend(&self, host: &'static Host) -> Result<(), Failure> {
        let mut requests = host.pairing_requests().doing("taking pairing questions")?;
        let lines = self.lines.clone().unwrap_or_else(|| Lines::standard(self.out).shared());
        let mut lines = lines.lock().await;
        loop {
            let mut request = requests.next().await;
            self.answer(&mut request, &mut lines).await?;
        }
    }

    async fn answer(
        &self,
        request: &mut PairingRequest<'_>,
        lines: &mut Lines,
    ) -> Result<(), Failure> {
        let address = request.peer();
        let peer = address.map_or_else(|| "the device".into(), |peer| (self.named)(peer));
        let ask = |question, number| self.ask(question, number, address, &peer);
        match request.question() {
            Question::Confirm if request.replaces().is_some_and(|bond| Some(bond) != address) => {
                ask("replace", None)?;
                self.replace(request, lines, &peer).await;
            }
            Question::Confirm => {
                ask("confirm", None)?;
                self.yes_or_no(request, lines, &format!("Pair with {peer} ?")).await;
            }
            Question::Compare(number) => {
                ask("compare", Some(number))?;
                let question = format!("Does {peer} show {} ?", digits(number));
                self.yes_or_no(request, lines, &question).await;
            }
            Question::Display(number) => {
                ask("display", Some(number))?;
                screen::show(number);
                self.watch(request, &peer).await?;
            }
            Question::Input => {
                ask("input", None)?;
                self.type_passkey(request, lines, &peer).await;
            }
            Question::Pin { sixteen } => {
                ask("pin", None)?;
                self.type_pin(request, lines, &peer, sixteen).await;
            }
            Question::Oob { .. } => {
                self.refuse(request, "This program does not support out-of-band data.");
            }
        }
        Ok(())
    }

    fn ask(
        &self,
        question: &'static str,
        number: Option<u32>,
        peer: Option<Address>,
        name: &str,
    ) -> Result<(), Failure> {
        self.asked.set(Some(question));
        let number = number.map(if self.out.is_json() { six } else { digits });
        let peer = peer.map(|peer| (self.spelled)(peer));
        self.out.record(&Asked { question, number, peer, name: name.to_owned() })
    }

    /// Shows how many digits the other device's user has entered, if the device reports it, until the pairing ends.
    async fn watch(&self, request: &PairingRequest<'_>, peer: &str) -> Result<(), Failure> {
        while let Some(entry) = request.keypress_received().await {
            let (digits, completed) = (entry.digits, entry.completed);
            self.out.record(&Typed { digits, completed, name: peer.to_owned() })?;
        }
        Ok(())
    }

    /// Asks about a device that claims the identity of another bond.
    async fn replace(&self, request: &mut PairingRequest<'_>, lines: &mut Lines, peer: &str) {
        let bond = request.replaces().map_or_else(String::new, |bond| (self.named)(bond));
        if self.yes {
            let why = format!(
                "{peer} claims to be {bond}, but does not have the keys of that bond: --yes keeps the bond."
            );
            return self.refuse(request, &why);
        }
        let text = format!("{peer} claims to be {bond}. Was that device reset, and is this it ?");
        self.yes_or_no(request, lines, &text).await;
    }

    async fn yes_or_no(&self, request: &mut PairingRequest<'_>, lines: &mut Lines, text: &str) {
        if self.yes {
            self.out.note(&format!(" {text} yes (--yes)"));
            return request.accept();
        }
        loop {
            let Some(line) = self.line(request, lines, &format!(" {text} [y/N] ")).await else {
                return;
            };
            match line.trim().to_lowercase().as_str() {
                "y" | "yes" => return request.accept(),
                "" | "n" | "no" => break,
                _ => self.out.note(" Please answer y for yes, or n for no."),
            }
        }
        self.refuse(request, SAID_NO);
    }

    async fn type_passkey(&self, request: &mut PairingRequest<'_>, lines: &mut Lines, peer: &str) {
        if let Some(passkey) = self.passkey {
            request.keypress(Keypress::COMPLETED);
            return request.passkey(passkey);
        }
        request.keypress(Keypress::STARTED);
        loop {
            let text = format!(" Passkey that {peer} shows: ");
            let Some(line) = self.line(request, lines, &text).await else { return };
            match crate::parse::passkey(&line) {
                Ok(passkey) => {
                    request.keypress(Keypress::COMPLETED);
                    return request.passkey(passkey);
                }
                Err(_) if line.trim().is_empty() => break,
                Err(_) => self.out.note(WRONG_PASSKEY),
            }
        }
        self.refuse(request, "You entered no passkey, so there is no pairing.");
    }

    async fn type_pin(
        &self,
        request: &mut PairingRequest<'_>,
        lines: &mut Lines,
        peer: &str,
        sixteen: bool,
    ) {
        if let Some(pin) = &self.pin {
            return request.pin(pin.as_bytes());
        }
        let length = if sixteen { ", of 16 digits" } else { "" };
        let text = format!(" PIN that {peer} uses{length}: ");
        let Some(line) = self.line(request, lines, &text).await else { return };
        match line.trim() {
            "" => self.refuse(request, "You entered no PIN, so there is no pairing."),
            pin => request.pin(pin.as_bytes()),
        }
    }

    /// Reads a line. Returns `None` if the pairing ended, or was refused because the input has ended.
    async fn line(
        &self,
        request: &mut PairingRequest<'_>,
        lines: &mut Lines,
        prompt: &str,
    ) -> Option<String> {
        let prompt = Prompt { text: prompt.to_owned(), is_question: true };
        let entry = tokio::select! {
            entry = lines.next(prompt) => Some(entry),
            () = request.ended() => None,
        };
        match entry {
            Some(Entry::Line(line)) => return Some(line),
            Some(Entry::Cancelled) => self.refuse(request, CANCELLED),
            Some(Entry::Unreadable(why)) => {
                self.refuse(request, &format!("There is no answer: {why}."))
            }
            Some(Entry::End) => self.refuse(request, INPUT_ENDED),
            None => self.out.note(" The pairing has ended; the question needs no answer."),
        }
        None
    }
}

const CANCELLED: &str = "You pressed Ctrl-C, so there is no pairing.";

const SAID_NO: &str = "You said no. If the numbers differ, another device may be in between.";

const INPUT_ENDED: &str = "The question was not answered: the input has ended. Answer on the command line: --yes, --passkey N, or --pin N for an old device.";

const WRONG_PASSKEY: &str =
    " That is not a passkey: it has six digits. Enter it again, or an empty line to cancel.";

/// Returns the name of a device, safe to print.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", printable(name))
}
