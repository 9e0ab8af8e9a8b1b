//! The shell at a terminal.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf, thread, time::Duration};

use crate::{
    run::{Run, command},
    terminal::Terminal,
};

/// Time for an operation to begin.
const BEGIN: Duration = Duration::from_millis(700);

/// Starts a shell with its own data directory.
fn shell(test: &str, term: &str, words: &str) -> (Terminal, PathBuf) {
    let data = Run::folder(&format!("prompt-{test}"));
    let mut command = command(&format!("shell {words}"));
    command.env("TERM", term).env("XDG_DATA_HOME", &data);
    (Terminal::of(command), data.join("bindrune").join("history"))
}

#[test]
fn lines_are_completed_and_values_arrive_above_them() {
    let (mut shell, history) = shell("edit", "xterm", "Thermometer");
    let _ = fs::remove_file(&history);
    shell.sees("connected");
    shell.sees("Thermometer> ");
    shell.presses("read Temp\t");
    shell.sees("Temperature");
    shell.types("");
    shell.sees(" 0014 Temperature  ");
    shell.types(" rssi");
    shell.sees("dBm");
    shell.types("subscribe Temperature");
    shell.sees("subscribed to 2a6e");
    shell.presses("read 2a0");
    // Values appear while the line is not complete, and the line stays.
    shell.sees(" 0014 Temperature  ");
    shell.sees(" 0014 Temperature  ");
    shell.types("0");
    shell.sees("\"Thermometer\"");
    shell.types("unsubscribe");
    shell.sees("ended subscriptions: 1");
    // Ctrl-C ends an operation, or the line.
    shell.types("subscribe 2a05 --count 1");
    thread::sleep(BEGIN);
    shell.control('c');
    shell.sees("interrupted");
    shell.sees("Thermometer> ");
    shell.presses("quit");
    shell.control('c');
    shell.sees("Thermometer> ");
    shell.types("mtu");
    shell.sees("MTU 247");
    shell.sees("Thermometer> ");
    // The line before, from the history.
    shell.presses("\x1b[A");
    shell.types("");
    shell.sees("MTU 247");
    shell.types("disconnect");
    shell.sees("disconnected");
    shell.sees("bindrune> ");
    shell.control('d');
    let (rest, code) = shell.ends();
    assert_eq!(code, 0, "{rest}");

    let lines = fs::read_to_string(&history).expect("a history");
    assert!(lines.contains("subscribe Temperature") && lines.contains("mtu"), "{lines}");
    assert!(!lines.contains("rssi") && !lines.contains("quit"), "{lines}");
    let mode = fs::metadata(&history).expect("a history").permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

#[test]
fn questions_of_a_pairing_are_asked_at_the_prompt() {
    let (mut shell, history) = shell("question", "xterm", "Thermometer");
    shell.sees("Thermometer> ");
    shell.types("pair --io display-yes-no");
    shell.sees("Does \"Thermometer\" show ");
    shell.sees(" ? [y/N] ");
    shell.types("perhaps");
    shell.sees("Please answer y for yes, or n for no.");
    shell.sees(" ? [y/N] ");
    shell.types("y");
    shell.sees("paired: LE Secure Connections, numeric comparison, authenticated");
    shell.sees("Thermometer> ");
    shell.types("bonds clear");
    shell.sees("removed C4:5E:12:00:00:01/random");
    shell.types("exit");
    let (rest, code) = shell.ends();
    assert_eq!(code, 0, "{rest}");
    // Answers are not operations.
    let lines = fs::read_to_string(&history).expect("a history");
    assert!(lines.contains("pair --io") && !lines.contains("perhaps"), "{lines}");
}

#[test]
fn a_terminal_that_cannot_be_edited_works_too() {
    let (mut shell, _) = shell("dumb", "dumb", "");
    shell.sees("bindrune> ");
    shell.types("read 2a00");
    shell.sees("error: not connected");
    shell.sees("bindrune> ");
    shell.types("connect C4:5E:12:00:00:01/random");
    shell.sees("C4:5E:12:00:00:01/random> ");
    shell.types("read 2a00");
    shell.sees("\"Thermometer\"");
    shell.types("quit");
    assert_eq!(shell.ends().1, 0);
}

#[test]
fn the_history_has_a_bound() {
    let (mut first, history) = shell("bound", "xterm", "");
    first.sees("bindrune> ");
    first.control('d');
    assert_eq!(first.ends().1, 0);
    let many: String = (0..3000).map(|n| format!("wait {n}\n")).collect();
    fs::create_dir_all(history.parent().expect("a folder")).expect("a folder");
    fs::write(&history, format!("#V2\n{many}")).expect("a history");
    let (mut shell, history) = shell("bound", "xterm", "");
    shell.sees("bindrune> ");
    shell.types("help");
    shell.sees("Ctrl-C interrupts");
    shell.types("quit");
    assert_eq!(shell.ends().1, 0);
    let lines = fs::read_to_string(&history).expect("a history");
    let count = lines.lines().count();
    assert!(count <= 1001 && lines.contains("help"), "{count}");
}
