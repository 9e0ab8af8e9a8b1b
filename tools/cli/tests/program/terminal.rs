//! Questions to a user at a terminal.

use std::process::{Command, Stdio};

use rexpect::{process::wait::WaitStatus, session::PtySession};

use crate::{
    air::air,
    run::{Run, Running, command},
};

/// A run of the program on its own terminal.
pub(crate) struct Terminal {
    session: PtySession,
}

impl Terminal {
    /// Longest time between two lines, in milliseconds.
    const PATIENCE: u64 = 30_000;

    fn start(words: &str) -> Self {
        let mut command = command(words);
        command.env("TERM", "dumb");
        Self::of(command)
    }

    pub(crate) fn of(mut command: Command) -> Self {
        command.stdin(Stdio::inherit()).env("NO_COLOR", "1");
        let session = rexpect::session::spawn_command(command, Some(Self::PATIENCE));
        Self { session: session.expect("a terminal") }
    }

    /// Waits for this text, and returns the output before it.
    #[track_caller]
    pub(crate) fn sees(&mut self, text: &str) -> String {
        self.session.exp_string(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
    }

    /// Types keys without the end of the line.
    #[track_caller]
    pub(crate) fn presses(&mut self, keys: &str) {
        self.session.send(keys).and_then(|_| self.session.flush()).expect("keys are pressed");
    }

    /// Presses a key together with Ctrl.
    #[track_caller]
    pub(crate) fn control(&mut self, key: char) {
        self.session.send_control(key).expect("a key is pressed");
    }

    #[track_caller]
    pub(crate) fn types(&mut self, line: &str) {
        self.session.send_line(line).expect("a line is typed");
    }

    /// Sends Ctrl-C.
    fn interrupts(&mut self) {
        self.session.send_control('c').expect("a key is pressed");
    }

    /// Returns all output until its end, and its exit code.
    pub(crate) fn ends(mut self) -> (String, i32) {
        let rest = self.session.exp_eof().expect("an end");
        let end = self.session.process().wait().expect("an end");
        let WaitStatus::Exited(_, code) = end else { panic!("{end:?}") };
        (rest, code)
    }

    #[track_caller]
    fn ends_with(self, code: i32, text: &str) {
        let (rest, ended) = self.ends();
        assert!(ended == code && rest.contains(text), "{ended}: {rest}");
    }
}

fn bond_file(name: &str) -> String {
    format!("--bond-file {}", Run::bond_file(name).display())
}

/// Returns six digits from a question or a virtual device's display.
#[track_caller]
fn digits(shown: &str) -> String {
    let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
    assert_eq!(digits.len(), 6, "{shown:?}");
    digits
}

#[test]
fn numbers_are_compared() {
    let bonds = bond_file("terminal-compare");
    let mut pair = Terminal::start(&format!("pair Thermometer {bonds}"));
    pair.sees("Does \"Thermometer\" show ");
    digits(&pair.sees(" ? [y/N] "));
    pair.types("perhaps");
    pair.sees("Please answer y for yes, or n for no.");
    pair.sees(" ? [y/N] ");
    pair.types("y");
    pair.ends_with(
        0,
        "paired: LE Secure Connections, numeric comparison, authenticated, 128-bit key; bonded",
    );

    for no in ["n", ""] {
        let mut pair = Terminal::start(&format!("pair Vault {bonds}"));
        pair.sees(" ? [y/N] ");
        pair.types(no);
        pair.sees("You said no. If the numbers differ, another device may be in between.");
        pair.ends_with(1, "error: pairing: the pairing failed: this device ended the pairing");
    }
}

#[test]
fn a_passkey_is_typed() {
    let bonds = bond_file("terminal-passkey");
    let mut pair = Terminal::start(&format!("pair Thermometer --io keyboard-only {bonds}"));
    pair.sees("(Thermometer shows ");
    let passkey = digits(&pair.sees(")"));
    for wrong in ["secret", "1234567", "-1", "12"] {
        pair.types(wrong);
        pair.sees("That is not a passkey: it has six digits. Enter it again");
        pair.sees("Passkey that \"Thermometer\" shows: ");
    }
    pair.types(&passkey);
    pair.ends_with(0, "paired: LE Secure Connections, passkey, authenticated");

    let mut pair = Terminal::start(&format!("pair Vault --io keyboard-only {bonds}"));
    pair.sees("Passkey that \"Vault\" shows: ");
    pair.types("");
    pair.sees("You entered no passkey, so there is no pairing.");
    pair.ends_with(1, "error: pairing: the pairing failed: this device ended the pairing");
}

#[test]
fn a_peripheral_asks_its_person() {
    let bonds = bond_file("terminal-peripheral");
    let serve = format!("peripheral --bond --mitm {bonds} --address C4:5E:12:00:01:02 --io");
    let mut peripheral = Terminal::start(&format!("{serve} keyboard-only"));
    peripheral.sees("(Phone shows ");
    let passkey = digits(&peripheral.sees(")"));
    peripheral.types("12 34 56 78");
    peripheral.sees("That is not a passkey");
    peripheral.types(&passkey);
    peripheral.sees("paired: LE Secure Connections, passkey, authenticated");
    peripheral.interrupts();
    peripheral.ends_with(0, "");

    let bonds = bond_file("terminal-peripheral-no");
    let serve = format!("peripheral --bond --mitm {bonds} --address C4:5E:12:00:01:03 --io");
    let mut peripheral = Terminal::start(&format!("{serve} display-yes-no"));
    peripheral.sees(" show ");
    digits(&peripheral.sees(" ? [y/N] "));
    peripheral.types("n");
    peripheral.sees("You said no.");
    peripheral.sees("pairing failed:");
    peripheral.interrupts();
    peripheral.ends_with(0, "");
}

#[test]
fn ctrl_c_at_a_question_ends_the_pairing() {
    let (_air, ours, theirs) = air("--seed 11");
    let (here, there) = (bond_file("terminal-ctrl-c-here"), bond_file("terminal-ctrl-c-there"));
    let serve = format!("-t {ours} peripheral --name Lock --bond --yes --json {here}");
    let mut peripheral = Running::start(&format!("{serve} --io display-yes-no"));
    peripheral.until("advertising");
    let mut pair = Terminal::start(&format!("-t {theirs} pair Lock --mitm {there}"));
    pair.sees(" ? [y/N] ");
    pair.interrupts();
    let (rest, code) = pair.ends();
    // Output after the question begins a new line.
    assert!(code == 1 && rest.contains("\r\nerror: interrupted\r\n"), "{code}: {rest:?}");
    assert!(rest.contains("Links were closed"), "{rest}");
    let failed = peripheral.until("pairing-failed");
    assert!(failed.contains("the peer ended the pairing"), "{failed}");
    peripheral.until("disconnected");
    let bonds = crate::run::bindrune(&format!("bonds --json {there}")).success().records();
    assert!(bonds.is_empty(), "{bonds:?}");
    assert_eq!(peripheral.interrupt(), Some(0));
}
