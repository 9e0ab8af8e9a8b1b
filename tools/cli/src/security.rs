//! Pairing options of the command line, and reports of pairing.

use std::io::{self, IsTerminal as _};

use bindrune::{IoCapability, Level, Method, Paired, PairingConfig};
use clap::ValueEnum;
use serde::Serialize;

use crate::{cli, failure::Failure, output::Record, paint::Paint};

/// What this side can display and enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Io {
    NoInputNoOutput,
    DisplayOnly,
    DisplayYesNo,
    KeyboardOnly,
    KeyboardDisplay,
}

impl Io {
    const fn capability(self) -> IoCapability {
        match self {
            Self::NoInputNoOutput => IoCapability::NoInputNoOutput,
            Self::DisplayOnly => IoCapability::DisplayOnly,
            Self::DisplayYesNo => IoCapability::DisplayYesNo,
            Self::KeyboardOnly => IoCapability::KeyboardOnly,
            Self::KeyboardDisplay => IoCapability::KeyboardDisplay,
        }
    }

    /// Returns the default without `--io`: a terminal with a user, or the answers on the command line.
    fn guess(options: &cli::Pairing) -> Self {
        if io::stdin().is_terminal() || options.passkey.is_some() && options.yes {
            Self::KeyboardDisplay
        } else if options.passkey.is_some() {
            // Otherwise a device with a display would show a number to compare, and a passkey cannot answer that.
            Self::KeyboardOnly
        } else if options.yes {
            Self::DisplayYesNo
        } else {
            Self::NoInputNoOutput
        }
    }
}

/// Returns the pairing configuration of the command line. A command that pairs is the consent itself.
pub(crate) fn config(options: &cli::Pairing, io: Option<Io>) -> Result<PairingConfig, Failure> {
    let io = options.io.or(io).unwrap_or_else(|| Io::guess(options));
    if options.mitm && io == Io::NoInputNoOutput {
        return Err(Failure::usage(
            "--mitm needs a display or a keyboard, and this side has neither",
        )
        .advise(
            "Give it one: --io display-yes-no, for example, with a person at the terminal, or with \
                 --yes or --passkey.",
        ));
    }
    // --io requests a method that uses it; --mitm requires one.
    let asks = options.io.is_some_and(|io| io != Io::NoInputNoOutput);
    Ok(PairingConfig {
        io: io.capability(),
        mitm: options.mitm || asks,
        require: if options.mitm { Level::Authenticated } else { Level::Encrypted },
        legacy: options.legacy,
        min_key_size: options.min_key_size,
        consent: false,
        keypress: true,
        ..PairingConfig::DEFAULT
    })
}

/// A completed pairing.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    method: &'static str,
    level: &'static str,
    key_size: u8,
    bonded: bool,
    identity: Option<String>,
    secure_connections: bool,
}

impl Report {
    pub(crate) fn new(paired: &Paired) -> Self {
        Self {
            method: method_name(paired.method),
            level: level_name(paired.level),
            key_size: paired.key_size,
            bonded: paired.bonded,
            identity: paired.identity.map(|i| format!("{i:?}")),
            secure_connections: paired.secure_connections,
        }
    }

    /// Describes it in words.
    pub(crate) fn text(&self) -> String {
        let kind =
            if self.secure_connections { "LE Secure Connections" } else { "LE legacy pairing" };
        let guarded = match self.level {
            "authenticated" | "secure-connections" => "authenticated",
            _ => "not authenticated",
        };
        let kept = if self.bonded { "bonded" } else { "not bonded" };
        format!(
            "{kind}, {}, {guarded}, {}-bit key; {kept}",
            self.method.replace('-', " "),
            u16::from(self.key_size).saturating_mul(8)
        )
    }
}

impl Record for Report {
    fn human(&self, paint: Paint) -> String {
        format!(" {} {}", paint.green("paired:"), self.text())
    }
}

pub(crate) const fn method_name(method: Method) -> &'static str {
    match method {
        Method::JustWorks => "just-works",
        Method::NumericComparison => "numeric-comparison",
        Method::Passkey { .. } => "passkey",
        Method::OutOfBand => "out-of-band",
    }
}

/// Names the levels of LE security mode 1. [Vol 3] Part C, 10.2.1
pub(crate) const fn level_name(level: Level) -> &'static str {
    match level {
        Level::Open => "open",
        Level::Encrypted => "encrypted",
        Level::Authenticated => "authenticated",
        Level::SecureConnections => "secure-connections",
    }
}

/// Formats six digits for users.
pub(crate) fn digits(number: u32) -> String {
    let text = six(number);
    let (high, low) = text.split_at_checked(3).unwrap_or((&text, ""));
    format!("{high} {low}")
}

/// Formats six digits for scripts.
pub(crate) fn six(number: u32) -> String {
    format!("{number:06}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(mitm: bool) -> cli::Pairing {
        cli::Pairing { mitm, ..cli::Pairing::DEFAULT }
    }

    #[test]
    fn numbers_have_six_digits() {
        assert_eq!((digits(482_913), six(7)), ("482 913".to_owned(), "000007".to_owned()));
    }

    #[test]
    fn protection_needs_a_display_or_a_keyboard() {
        assert!(config(&options(true), Some(Io::NoInputNoOutput)).is_err());
        let config = config(&options(true), Some(Io::DisplayYesNo)).unwrap();
        assert_eq!((config.mitm, config.require), (true, Level::Authenticated));
        // With --io it is requested, without --io it is not.
        for (io, asks) in
            [(None, false), (Some(Io::DisplayYesNo), true), (Some(Io::NoInputNoOutput), false)]
        {
            let options = cli::Pairing { io, ..options(false) };
            let config = super::config(&options, Some(Io::DisplayYesNo)).unwrap();
            assert_eq!((config.mitm, config.require), (asks, Level::Encrypted), "{io:?}");
        }
    }

    #[test]
    fn a_report_reads_as_on_the_page() {
        let report = Report {
            method: "numeric-comparison",
            level: "secure-connections",
            key_size: 16,
            bonded: true,
            identity: None,
            secure_connections: true,
        };
        assert_eq!(
            report.human(Paint::new(false)),
            " paired: LE Secure Connections, numeric comparison, authenticated, 128-bit key; bonded"
        );
    }
}
