//! Lines of the shell.

use clap::CommandFactory as _;

use super::*;
use crate::{
    cli::Channel,
    failure::Exit,
    parse::{Attribute, Value},
};

fn operation(line: &str) -> Operation {
    match parse(line) {
        Ok(Parsed::Operation(operation)) => operation,
        other => panic!("{line}: {other:?}"),
    }
}

fn wrong(line: &str) -> (String, String) {
    match parse(line) {
        Err(Failure::Reported { exit: Exit::Usage, what, advice }) => {
            (what, advice.unwrap_or_default())
        }
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn the_operations_hold_together() {
    ShellLine::command().debug_assert();
}

#[test]
fn words_options_and_comments_are_understood() {
    let battery =
        |attribute| matches!(attribute, Attribute::Uuid(uuid) if uuid.as_u16() == Some(0x2a19));
    for line in [
        "read 2a19",
        "read 'Battery Level' # comment",
        "  read \"battery level\"  ",
        "read Battery\\ Level",
    ] {
        let Operation::Read(read) = operation(line) else { panic!("{line}") };
        assert!(battery(read.attribute), "{line}");
    }
    let Operation::Write(write) = operation("write 2a19 '01 02' --no-response") else { panic!() };
    assert_eq!((write.value, write.no_response), (Value(vec![1, 2]), true));
    assert!(matches!(
        operation("channel open 0x80"),
        Operation::Channel(Channel::Open { psm: 0x80 })
    ));
    let Operation::Parameters(parameters) = operation("parameters --interval 30") else { panic!() };
    assert_eq!((parameters.interval, parameters.latency), (Some(24), None));
    assert!(matches!(operation("exit"), Operation::Quit));
    assert!(matches!(operation("connect"), Operation::Connect { device: None }));
    for line in ["", "   ", "# comment", "\t# read 2a19"] {
        assert!(matches!(parse(line), Ok(Parsed::Nothing)), "{line}");
    }
}

#[test]
fn a_wrong_line_says_what_is_wrong_and_what_is_right() {
    let (what, advice) = wrong("xread 2a19");
    assert!(what.contains("xread") && advice.contains("read"), "{what}: {advice}");
    let (what, advice) = wrong("zzz");
    assert!(what.contains("zzz") && advice.contains("`help`"), "{what}: {advice}");
    let (what, _) = wrong("read nonsense");
    assert!(what.contains("nonsense") && what.contains("not a handle"), "{what}");
    let (what, advice) = wrong("read 'a b");
    assert!(what.contains("quotation mark") && advice.contains("quotes"), "{what}: {advice}");
    wrong("read");
    wrong("read 2a19 2a19");
    wrong("channel send");
    wrong("channel send 00 --file x");
    wrong("subscribe 2a19 --timeout 3");
    wrong("parameters --interval 1");
    // What the line contains cannot drive the terminal.
    let (what, advice) = wrong("\x1b[2J");
    assert!(!what.contains('\x1b') && !advice.contains('\x1b'), "{what:?}");
}

#[test]
fn help_lists_every_operation() {
    let Ok(Parsed::Help(text)) = parse("help") else { panic!() };
    for operation in ShellLine::command().get_subcommands() {
        assert!(text.contains(operation.get_name()), "{}: {text}", operation.get_name());
    }
    let Ok(Parsed::Help(text)) = parse("help subscribe") else { panic!() };
    assert!(text.contains("--count") && text.contains("--timeout"), "{text}");
}

fn completed(line: &str) -> Vec<String> {
    let attributes = ["\"Battery Level\"", "Temperature", "6e400002-b5a3-f393-e0a9-e50e24dcca9e"];
    complete(line, line.len(), &attributes.map(str::to_owned)).1
}

#[test]
fn every_word_is_completed() {
    assert_eq!(completed("sub"), ["subscribe"]);
    assert_eq!(completed("channel "), ["open", "send", "receive", "close", "help"]);
    assert_eq!(completed("read b"), ["\"Battery Level\""]);
    assert_eq!(completed("read \"Battery L"), ["\"Battery Level\""]);
    assert_eq!(completed("write TEMP"), ["Temperature"]);
    assert_eq!(completed("unsubscribe ").len(), 3);
    assert_eq!(completed("read Temperature "), [""; 0]);
    assert_eq!(completed("phy "), ["1m", "2m", "coded"]);
    assert_eq!(completed("pair --io display-"), ["display-only", "display-yes-no"]);
    assert_eq!(completed("write Temperature --no"), ["--no-response"]);
    assert_eq!(completed("zzz "), [""; 0]);
    assert!(completed("help su").contains(&"subscribe".to_owned()));
    // The place can be before the end, or none at all.
    assert_eq!(complete("su Temperature", 2, &[]), (0, vec!["subscribe".to_owned()]));
    assert_eq!(complete("\u{e9}", 1, &[]).0, 0);
}
