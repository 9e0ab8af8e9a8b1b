//! Command lines that are wrong, and those that ask for help.

use std::{
    ffi::OsString,
    io::{self, Write as _},
    process::ExitCode,
};

use clap::error::{ContextKind, ErrorKind};

use crate::{cli, failure::Failure, output::Output, paint::printable};

/// Prints help, or what is wrong with the command line, and returns the exit code.
pub(crate) fn end(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return match error.print().and_then(|()| io::stdout().flush()).map_err(Failure::from) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                Output::new(false).failure(&failure);
                failure.exit_code()
            }
        };
    }
    // If stderr is closed, there is no reader.
    let _ = error.print();
    let mut failure = failure(error);
    if let Some(cause) = cause(error) {
        let _ = writeln!(io::stderr(), "{cause}");
        failure = failure.advise_also(&cause);
    }
    if wants_json(std::env::args_os()) {
        Output::new(true).failure_for_scripts(&failure);
    }
    failure.exit_code()
}

/// Says where a wrong value comes from, if the error alone does not.
fn cause(error: &clap::Error) -> Option<String> {
    let variable = std::env::var_os(cli::TRANSPORT);
    if error.kind() == ErrorKind::InvalidUtf8 {
        if variable.is_some_and(|value| value.to_str().is_none()) {
            return Some(format!("{} is not text in UTF-8: change or unset it.", cli::TRANSPORT));
        }
        let wrong: Vec<_> = std::env::args_os().filter(|given| given.to_str().is_none()).collect();
        return Some(format!("Only names of files may have bytes that are not UTF-8: {wrong:?}"));
    }
    let value = error.get(ContextKind::InvalidValue)?.to_string();
    let option = error.get(ContextKind::InvalidArg)?.to_string();
    (option.starts_with("--transport") && variable? == *value).then(|| {
        format!(
            "The value is that of the variable {}: change or unset it, or give -t.",
            cli::TRANSPORT
        )
    })
}

/// Returns whether scripts read the output of a command line that is wrong.
fn wants_json(arguments: impl Iterator<Item = OsString>) -> bool {
    arguments.take_while(|argument| argument != "--").any(|argument| argument == "--json")
}

/// Describes what is wrong with a line.
pub(crate) fn failure(error: &clap::Error) -> Failure {
    let text = error.to_string();
    let mut lines = text.lines().map(printable).filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    let failure = Failure::usage(first.strip_prefix("error: ").unwrap_or(&first));
    let rest: Vec<String> = lines
        .filter(|line| !line.starts_with("For more information"))
        .map(|line| line.trim().to_owned())
        .collect();
    if rest.is_empty() { failure } else { failure.advise(rest.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_end_at_two_dashes() {
        let wants = |words: &str| wants_json(words.split(' ').map(OsString::from));
        assert!(wants("bindrune --json scan") && wants("bindrune scan --nosuch --json"));
        assert!(!wants("bindrune scan") && !wants("bindrune gatt read -- --json"));
    }
}
