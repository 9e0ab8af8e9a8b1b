//! Failures of commands: what happened, what it means, what to do next.

use std::{fmt, io, process::ExitCode};

use bindrune::{
    ClassicCloseReason, ClassicConnectionResult, ClassicFailure, ConnectionResult, Error,
    ErrorCode, PairingFailure, RfcommEnd, Status,
};

use serde::Serialize;

use crate::classic::words;

/// Exit codes, which scripts rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// The peer or the operation failed.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// There is no controller.
    NoController = 3,
    /// The time limit passed.
    TimedOut = 4,
}

impl Exit {
    /// Names it for scripts.
    const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::NoController => "no-controller",
            Self::TimedOut => "timed-out",
        }
    }
}

/// A failure for scripts.
#[derive(Serialize)]
struct FailureReport {
    error: Reported,
}

#[derive(Serialize)]
struct Reported {
    kind: &'static str,
    exit: Option<u8>,
    message: String,
    advice: Option<String>,
}

/// An error of one part of a result, for scripts: the kind, and the code of the specification if it has one.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Fault {
    pub(crate) kind: &'static str,
    pub(crate) code: Option<u8>,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(kind: &'static str, code: Option<u8>, message: impl fmt::Display) -> Self {
        Self { kind, code, message: message.to_string() }
    }

    /// Describes an error of the host.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest has no code")]
    pub(crate) fn of(error: Error) -> Self {
        let (kind, code) = match error {
            Error::Att(code) => ("att", Some(code.0)),
            Error::Disconnected(status) => ("disconnected", Some(status.0)),
            Error::Controller(status) => ("controller", Some(status.0)),
            Error::Encryption(status) => ("security", Some(status.0)),
            Error::NotBonded | Error::OtherAddress { .. } | Error::BondLost => ("security", None),
            Error::ClassicSecurity(_) => ("security", None),
            Error::Timeout | Error::TransactionTimeout => ("timed-out", None),
            _ => ("failed", None),
        };
        Self::new(kind, code, words(error).unwrap_or_else(|| error.to_string()))
    }
}

/// The reason why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A failure that the user must see.
    Reported {
        /// The exit code.
        exit: Exit,
        /// What happened, in one line.
        what: String,
        /// What it means and what to do next, if known.
        advice: Option<String>,
    },
    /// The reader of the output is gone: a quiet end without a failure.
    BrokenPipe,
    /// The user has seen it already.
    Shown(Exit),
}

impl Failure {
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self::Reported { exit, what: what.into(), advice: None }
    }

    /// The operation failed, or the peer did.
    pub(crate) fn failed(what: impl Into<String>) -> Self {
        Self::new(Exit::Failed, what)
    }

    /// The command line is wrong.
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what)
    }

    /// The time limit passed.
    pub(crate) fn timed_out(what: impl Into<String>) -> Self {
        Self::new(Exit::TimedOut, what)
    }

    /// There is no controller.
    pub(crate) fn no_controller(what: impl Into<String>) -> Self {
        Self::new(Exit::NoController, what)
    }

    /// Adds what it means and what to do next.
    pub(crate) fn advise(self, text: impl Into<String>) -> Self {
        match self {
            Self::Reported { exit, what, .. } => {
                Self::Reported { exit, what, advice: Some(text.into()) }
            }
            Self::BrokenPipe | Self::Shown(_) => self,
        }
    }

    /// Adds where it happened.
    pub(crate) fn at(self, place: &str) -> Self {
        match self {
            Self::Reported { exit, what, advice } => {
                Self::Reported { exit, what: format!("{place}: {what}"), advice }
            }
            Self::BrokenPipe | Self::Shown(_) => self,
        }
    }

    /// Adds one more sentence to the advice.
    pub(crate) fn advise_also(self, text: &str) -> Self {
        match self {
            Self::Reported { exit, what, advice } => {
                let advice = advice.map_or_else(|| text.into(), |first| format!("{first}\n{text}"));
                Self::Reported { exit, what, advice: Some(advice) }
            }
            Self::BrokenPipe | Self::Shown(_) => self,
        }
    }

    /// Names operations of the shell in the advice, instead of commands of the program.
    pub(crate) fn in_shell(self) -> Self {
        match self {
            Self::Reported { exit, what, advice } => {
                let own = |advice: String| {
                    let advice = advice.replace("`bindrune ", "`").replace("`gatt ", "`");
                    advice.replace("`pair DEVICE`", "`pair`")
                };
                Self::Reported { exit, what, advice: advice.map(own) }
            }
            Self::BrokenPipe | Self::Shown(_) => self,
        }
    }

    /// Returns the failure for scripts.
    pub(crate) fn report(&self) -> impl Serialize {
        let (exit, message, advice) = match self {
            Self::Reported { exit, what, advice } => {
                (Some(*exit), what.clone(), advice.clone().map(|text| text.replace('\n', " ")))
            }
            Self::BrokenPipe => (None, "the output is closed".into(), None),
            Self::Shown(exit) => (Some(*exit), String::new(), None),
        };
        let kind = exit.map_or("closed-output", Exit::name);
        FailureReport { error: Reported { kind, exit: exit.map(|e| e as u8), message, advice } }
    }

    /// A file could not be opened, read or written.
    pub(crate) fn file(doing: &str, path: &std::path::Path, error: &io::Error) -> Self {
        Self::failed(format!("cannot {doing} {}: {error}", path.display())).about_file(error.kind())
    }

    /// Advises what to do about a file that the system does not open, read or write.
    pub(crate) fn about_file(self, kind: io::ErrorKind) -> Self {
        match file_advice(kind) {
            Some(advice) => self.advise(advice),
            None => self,
        }
    }

    /// Returns the program's exit code.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Reported { exit, .. } | Self::Shown(exit) => ExitCode::from(*exit as u8),
            Self::BrokenPipe => ExitCode::SUCCESS,
        }
    }
}

/// Adds the current step to an error of the host.
pub(crate) trait Doing<T> {
    fn doing(self, what: impl fmt::Display) -> Result<T, Failure>;
}

impl<T> Doing<T> for Result<T, Error> {
    fn doing(self, what: impl fmt::Display) -> Result<T, Failure> {
        self.map_err(|error| of_host(error, &what))
    }
}

/// Returns a failure of the host during `what`.
fn of_host(error: Error, what: &impl fmt::Display) -> Failure {
    let why = words(error).unwrap_or_else(|| error.to_string());
    let failure = Failure::new(exit_of(error), format!("{what}: {why}"));
    match advice_of(error) {
        Some(advice) => failure.advise(advice),
        None => failure,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "every other error is a failed operation")]
const fn exit_of(error: Error) -> Exit {
    match error {
        Error::Timeout
        | Error::TransactionTimeout
        | Error::Pairing(PairingFailure::Timeout)
        | Error::ClassicSecurity(ClassicFailure::Timeout)
        | Error::Rfcomm(RfcommEnd::Timeout)
        | Error::ClassicClosed(ClassicCloseReason::Timeout) => Exit::TimedOut,
        Error::NoAnswer | Error::ControllerLost | Error::Disconnected(Status::HARDWARE_FAILURE) => {
            Exit::NoController
        }
        _ => Exit::Failed,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "few errors call for advice")]
const fn advice_of(error: Error) -> Option<&'static str> {
    Some(match error {
        Error::Timeout => "Is the device on, in range, and not connected to another one?",
        Error::NotFound => "`gatt tree` shows the attributes of the device.",
        Error::Att(
            ErrorCode::INSUFFICIENT_AUTHENTICATION
            | ErrorCode::INSUFFICIENT_ENCRYPTION
            | ErrorCode::ENCRYPTION_KEY_SIZE_TOO_SHORT,
        )
        | Error::Refused(
            ConnectionResult::INSUFFICIENT_AUTHENTICATION
            | ConnectionResult::INSUFFICIENT_ENCRYPTION
            | ConnectionResult::INSUFFICIENT_KEY_SIZE,
        ) => {
            "The device allows this only to paired devices: run `bindrune pair DEVICE`, with --mitm if that is\n\
             not enough. Then run the same command again. If the device keeps no bonds, add --pair to this command instead."
        }
        Error::Att(ErrorCode::INSUFFICIENT_AUTHORIZATION)
        | Error::Refused(ConnectionResult::INSUFFICIENT_AUTHORIZATION) => {
            "The user of the device must allow this; pairing alone is not enough."
        }
        Error::Refused(ConnectionResult::NO_RESOURCES) => {
            "The device has no room for another channel now; try again later."
        }
        Error::NotBonded | Error::OtherAddress { .. } => "`bindrune pair DEVICE` pairs with it.",
        Error::BondLost => {
            "Was the pairing removed there, or the device reset? Then run `bindrune bonds remove DEVICE` and\n\
             `bindrune pair DEVICE`. If not, this may be another device that poses as it: do not pair."
        }
        Error::Encryption(_) => {
            "The keys of the two sides may differ: run `bindrune bonds remove DEVICE`, then `bindrune pair DEVICE`."
        }
        Error::Att(_) => {
            "The device answered, so the link works, but it does not allow this access."
        }
        Error::ClassicClosed(reason) => return classic_advice(reason),
        Error::Rfcomm(RfcommEnd::Refused) => {
            "Is the server channel right? `bindrune classic services DEVICE` shows the services and their channels."
        }
        Error::ClassicSecurity(ClassicFailure::KeyMissing) => {
            "Was the pairing removed there, or the device reset? Then run `bindrune classic pair DEVICE`. If not, this may be\n\
             another device that poses as it: do not pair."
        }
        Error::ClassicSecurity(ClassicFailure::BadKey) => {
            "Emulated controllers, such as rootcanal, make keys of zeros: with one, add --zero-keys at both ends. A real controller\n\
             that makes such keys is faulty, or in a debug mode: use another one."
        }
        Error::ClassicSecurity(_) => {
            "Channels of BR/EDR need an encrypted link: run `bindrune classic pair DEVICE`, then the same command again."
        }
        Error::Refused(_) => "Is the PSM right, and does the device listen on it?",
        Error::ControllerLost | Error::Disconnected(Status::HARDWARE_FAILURE) => {
            "The controller was reset: run the command again."
        }
        Error::Unsupported => "`info` shows what the controller can do.",
        _ => return None,
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "few errors have a known cause")]
const fn file_advice(kind: io::ErrorKind) -> Option<&'static str> {
    Some(match kind {
        io::ErrorKind::NotFound => "Is the path right, and is its folder there?",
        io::ErrorKind::PermissionDenied => {
            "You have no permission for it: name another file, or change its permissions."
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "Its disk can only be read: name a file on another one."
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "Its disk, or your share of it, is full: make room, or name a file on another one."
        }
        io::ErrorKind::InvalidFilename => {
            "The name is too long, or has a character that is not possible: name another file."
        }
        io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory => {
            "A folder is where a file must be, or the other way around: name another file."
        }
        io::ErrorKind::InvalidData => "It is not text in UTF-8: is it the right file?",
        _ => return None,
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "few reasons call for advice")]
const fn classic_advice(reason: ClassicCloseReason) -> Option<&'static str> {
    Some(match reason {
        ClassicCloseReason::Refused(ClassicConnectionResult::SECURITY_BLOCK) => {
            "The device allows this only to paired devices: run `bindrune classic pair DEVICE`, with --mitm if that is not enough."
        }
        ClassicCloseReason::Refused(ClassicConnectionResult::NO_RESOURCES) => {
            "The device has no room for another channel now; try again later."
        }
        ClassicCloseReason::Refused(_) => {
            "Does the device listen on the PSM? `bindrune classic services DEVICE` shows its services."
        }
        ClassicCloseReason::ModeRefused | ClassicCloseReason::Disagreement => {
            "The device does not have this mode or these parameters: try --mode basic, or no --mode and no --mtu."
        }
        ClassicCloseReason::LinkLost => "Is the device in range, and does its program still run?",
        _ => return None,
    })
}

impl From<io::Error> for Failure {
    /// Failed to write the output.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::BrokenPipe;
        }
        Self::failed(format!("cannot write the output: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_host_have_their_exit_code() {
        let exit = |error| match of_host(error, &"connecting") {
            Failure::Reported { exit, .. } => exit,
            Failure::BrokenPipe | Failure::Shown(_) => panic!("no report"),
        };
        assert_eq!(exit(Error::Timeout), Exit::TimedOut);
        assert_eq!(exit(Error::NoAnswer), Exit::NoController);
        assert_eq!(exit(Error::Disconnected(Status::HARDWARE_FAILURE)), Exit::NoController);
        assert_eq!(exit(Error::NotFound), Exit::Failed);
    }

    #[test]
    fn lack_of_security_advises_to_pair() {
        for error in [
            Error::Att(ErrorCode::INSUFFICIENT_AUTHENTICATION),
            Error::Att(ErrorCode::INSUFFICIENT_ENCRYPTION),
            Error::Att(ErrorCode::ENCRYPTION_KEY_SIZE_TOO_SHORT),
            Error::Refused(ConnectionResult::INSUFFICIENT_AUTHENTICATION),
            Error::Refused(ConnectionResult::INSUFFICIENT_ENCRYPTION),
            Error::Refused(ConnectionResult::INSUFFICIENT_KEY_SIZE),
        ] {
            let Failure::Reported { exit, what, advice } = of_host(error, &"opening PSM 0x81")
            else {
                panic!("no report")
            };
            assert_eq!(exit, Exit::Failed);
            assert!(what.starts_with("opening PSM 0x81: the peer refused"), "{what}");
            assert!(advice.unwrap().contains("`bindrune pair DEVICE`"), "{error:?}");
        }
        for error in [
            Error::Att(ErrorCode::INSUFFICIENT_AUTHORIZATION),
            Error::Refused(ConnectionResult::INSUFFICIENT_AUTHORIZATION),
        ] {
            assert!(advice_of(error).unwrap().contains("The user of the device"), "{error:?}");
        }
        let not_listening = advice_of(Error::Refused(ConnectionResult::PSM_NOT_SUPPORTED));
        assert!(not_listening.unwrap().contains("Is the PSM right"));
    }

    #[test]
    fn a_broken_pipe_is_no_failure() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(matches!(failure, Failure::BrokenPipe));
    }
}
