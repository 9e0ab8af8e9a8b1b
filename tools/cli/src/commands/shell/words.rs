//! The words of a line.

use clap::{CommandFactory as _, Parser as _, error::ErrorKind};

use crate::{
    cli::{Operation, ShellLine},
    failure::Failure,
    usage,
};

/// A line that was understood.
#[derive(Debug)]
pub(super) enum Parsed {
    /// Nothing, or a comment.
    Nothing,
    Operation(Operation),
    /// The answer to a request for help.
    Help(String),
}

/// Parses a line: words, which quotes keep together, and a comment after #.
pub(super) fn parse(line: &str) -> Result<Parsed, Failure> {
    let Some(words) = shlex::split(line) else {
        return Err(Failure::usage("a quotation mark has no end, or a backslash nothing after it")
            .advise("Words with spaces are in quotes: read \"Battery Level\"."));
    };
    if words.is_empty() {
        return Ok(Parsed::Nothing);
    }
    match ShellLine::try_parse_from(&words) {
        Ok(line) => Ok(Parsed::Operation(line.operation)),
        Err(error) if is_help(error.kind()) => {
            Ok(Parsed::Help(error.to_string().trim_end().to_owned()))
        }
        Err(error) => Err(refused(&error)),
    }
}

const fn is_help(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand)
}

/// Returns the failure of a line that is wrong.
fn refused(error: &clap::Error) -> Failure {
    let failure = usage::failure(error);
    let is_enough = |advice: &String| {
        error.kind() != ErrorKind::InvalidSubcommand || advice.lines().count() > 1
    };
    match &failure {
        Failure::Reported { advice: Some(advice), .. } if is_enough(advice) => failure,
        Failure::Reported { .. } | Failure::BrokenPipe | Failure::Shown(_) => {
            failure.advise("`help` lists the operations.")
        }
    }
}

/// Completes the word at a place of a line: returns where the word begins, and what it could be. `attributes` are the
/// spellings of the device's values.
pub(super) fn complete(line: &str, place: usize, attributes: &[String]) -> (usize, Vec<String>) {
    let before = line.get(..place).unwrap_or_default();
    let start = word_start(before);
    let word = before.get(start..).unwrap_or_default();
    let earlier = shlex::split(before.get(..start).unwrap_or_default()).unwrap_or_default();
    let mut command = ShellLine::command();
    command.build();
    let mut depth = 0usize;
    for earlier in &earlier {
        let Some(inner) = command.find_subcommand(earlier) else { break };
        (command, depth) = (inner.clone(), depth.saturating_add(1));
    }
    let arguments = earlier.get(depth..).unwrap_or_default();
    let mut candidates = candidates(&command, arguments, word, attributes);
    let meant = word.trim_start_matches(['"', '\'']).to_lowercase();
    candidates
        .retain(|candidate| candidate.trim_start_matches('"').to_lowercase().starts_with(&meant));
    candidates.dedup();
    (start, candidates)
}

/// Returns all words that may follow the arguments of a command.
fn candidates(
    command: &clap::Command,
    arguments: &[String],
    word: &str,
    attributes: &[String],
) -> Vec<String> {
    let option = |name: &str| {
        command
            .get_arguments()
            .find(|a| a.get_long().is_some_and(|long| name == format!("--{long}")))
    };
    let values = |argument: &clap::Arg| {
        let values = argument.get_possible_values().into_iter();
        values.map(|value| value.get_name().to_owned()).collect::<Vec<_>>()
    };
    if let Some(option) = arguments.last().and_then(|last| option(last))
        && option.get_action().takes_values()
    {
        return values(option);
    }
    if word.starts_with('-') {
        let visible = command.get_arguments().filter(|argument| !argument.is_hide_set());
        return visible.filter_map(|a| a.get_long()).map(|long| format!("--{long}")).collect();
    }
    if command.has_subcommands() && !arguments.is_empty() {
        return Vec::new();
    }
    if command.has_subcommands() {
        return command.get_subcommands().map(|inner| inner.get_name().to_owned()).collect();
    }
    let count = arguments.iter().filter(|argument| !argument.starts_with('-')).count();
    let Some(positional) = command.get_positionals().nth(count) else { return Vec::new() };
    let names = positional.get_value_names().unwrap_or_default();
    if names.iter().any(|name| name.as_str() == "UUID-OR-HANDLE") {
        return attributes.to_vec();
    }
    values(positional)
}

/// Returns where the last word of a text begins; a quotation mark without an end begins one too.
fn word_start(text: &str) -> usize {
    let (mut start, mut quote, mut escaped) = (0, None, false);
    for (at, letter) in text.char_indices() {
        match (letter, quote) {
            _ if escaped => escaped = false,
            ('\\', None | Some('"')) => escaped = true,
            ('"' | '\'', None) => quote = Some(letter),
            (letter, Some(mark)) if letter == mark => quote = None,
            (' ' | '\t', None) => start = at.saturating_add(1),
            _ => {}
        }
    }
    start
}

/// Spells a word as a line contains it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_:.".contains(letter);
    if word.chars().all(plain) { word.to_owned() } else { format!("\"{word}\"") }
}

#[cfg(test)]
mod tests;
