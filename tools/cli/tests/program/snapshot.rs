//! What people and programs read, word for word: help, human output at three widths and on plain terminals, JSON.
//!
//! `UPDATE_EXPECT=1 cargo test -p bindrune-cli --test program snapshot` accepts what the program prints now.

use std::{
    collections::BTreeSet,
    iter::zip,
    thread::{self, ScopedJoinHandle},
};

use expect_test::{ExpectFile, expect_file};
use regex::Regex;

use crate::{
    run::{Run, bindrune},
    width::{bare, on_terminal},
};

/// The virtual device of BR/EDR.
const BOX: &str = "C4:5E:12:00:00:06";
const WIDTHS: [u16; 3] = [40, 80, 200];
/// Settings for which a terminal gets plain text.
const PLAIN: [(&str, &str); 3] = [("LANG", "C"), ("TERM", "dumb"), ("NO_COLOR", "1")];

/// Returns the text with the figures replaced that differ from run to run.
fn masked(text: &str) -> String {
    let masks = [
        (r#""time":"[^"]*""#, r#""time":"TIME""#),
        (r" -\d\d( [▁-█#= ]{6})", " -NN BAR    "),
        (r" -\d\d\b", " -NN"),
        (r":-\d\d,", ":-NN,"),
        (r"\d{4}-\d\d-\d\d", "DATE"),
        (r"\d+ reports", "N reports"),
        (r"\d+(\.\d)? s\b", "N s"),
        (r"/[^ ]*/tmp/", "TMP/"),
        (r#""created":"[^"]*""#, r#""created":"TIME""#),
        // A measured temperature.
        (r"\b[0-9a-f]{4} +\d\d\.\d\d .+C\b", "TEMPERATURE"),
        (r#""[0-9a-f]{4}","text":"[\d.]+ °C""#, r#""TEMPERATURE""#),
        // Lines of a table end with the spaces of their last column.
        (r"(?m)[ \r]+$", ""),
    ];
    masks.iter().fold(text.to_owned(), |text, (pattern, name)| {
        Regex::new(pattern).expect("a pattern").replace_all(&text, *name).into_owned()
    })
}

/// Compares the output of a command, on terminals and as JSON, with the file.
fn check(command: &str, expected: &ExpectFile) {
    let mut all = String::new();
    let mut last = String::new();
    let mut add = |title: &str, text: &str| {
        let text = masked(text).trim_end().to_owned();
        let is_same = text == last;
        all += &format!("== {title}\n{}\n", if is_same { "the same" } else { &text });
        last = text;
    };
    // A live table has been drawn again and again.
    let last_frame = |text: &str| bare(text.rsplit("\x1b[J").next().unwrap_or_default());
    let is_table = command.starts_with("scan") || command.starts_with("classic scan");
    // All at the same time: they mostly wait for virtual devices.
    let json = format!("{command} --json");
    let (widths, plain, json) = thread::scope(|scope| {
        let widths = WIDTHS.map(|columns| scope.spawn(move || on_terminal(command, columns, &[])));
        let plain = PLAIN.map(|setting| scope.spawn(move || on_terminal(command, 80, &[setting])));
        let json = scope.spawn(|| bindrune(&json).success().stdout);
        let text = |run: ScopedJoinHandle<'_, String>| run.join().expect("the program ran");
        (widths.map(text), plain.map(text), text(json))
    });
    for (columns, text) in zip(WIDTHS, widths) {
        let text = last_frame(&text);
        let longest = text.lines().map(|line| line.chars().count()).max().unwrap_or_default();
        let fits = is_table || command.ends_with("info") || command.contains("services");
        assert!(!fits || longest < usize::from(columns), "{columns}: {text}");
        add(&format!("{columns} columns"), &text);
    }
    for ((name, value), text) in zip(PLAIN, plain) {
        let text = if name == "LANG" { last_frame(&text) } else { text };
        let text = text.rsplit("\x1b[J").next().unwrap_or_default();
        assert!(!text.contains('\x1b'), "{name}: {text:?}");
        let mut lines: Vec<_> = text.lines().collect();
        if name == "TERM" && is_table {
            // Without a live table, devices come in the order of their reports.
            lines.sort_unstable();
        }
        add(&format!("{name}={value}"), &lines.join("\n"));
    }
    // A device may be reported several times before its name is known.
    let records: BTreeSet<_> = masked(&json).lines().map(str::to_owned).collect();
    add("--json", &records.into_iter().collect::<Vec<_>>().join("\n"));
    expected.assert_eq(&all);
}

#[test]
fn information() {
    check("info", &expect_file!["snapshots/info.txt"]);
    check("classic info", &expect_file!["snapshots/classic-info.txt"]);
}

#[test]
fn devices() {
    check("scan --seconds 3 --sort name", &expect_file!["snapshots/scan.txt"]);
    check("classic scan --seconds 6", &expect_file!["snapshots/classic-scan.txt"]);
}

#[test]
fn attributes_and_services() {
    check("gatt tree Thermometer", &expect_file!["snapshots/gatt-tree.txt"]);
    check("gatt read Thermometer 2a00", &expect_file!["snapshots/gatt-read.txt"]);
    check(&format!("classic services {BOX}"), &expect_file!["snapshots/classic-services.txt"]);
}

#[test]
fn bonds() {
    let file = Run::bond_file("snapshot");
    let bonds = format!("--bond-file {}", file.display());
    check(&format!("bonds list {bonds}"), &expect_file!["snapshots/bonds-none.txt"]);
    bindrune(&format!("pair Thermometer --yes --io display-yes-no {bonds}")).success();
    check(&format!("bonds list {bonds}"), &expect_file!["snapshots/bonds.txt"]);
}

#[test]
fn failures() {
    let mut all = String::new();
    for words in [
        "gatt read Thermometer nonsense",
        "gatt read Thermometer 2a19",
        "gatt tree Missing --timeout 1",
        "l2cap echo C4:5E:12:00:00:04 0x99",
        "-t serial:/dev/does-not-exist info",
        "-t tcp-client:127.0.0.1:1 info",
    ] {
        let human = bindrune(words);
        let json = bindrune(&format!("{words} --json"));
        let code = human.code.expect("an exit code");
        assert_eq!(json.code, Some(code));
        all += &format!("== {words}: exit code {code}\n{}\n{}", human.stderr, masked(&json.stdout));
    }
    expect_file!["snapshots/failures.txt"].assert_eq(&all);
}

/// The help of every command, in the order of the help.
#[test]
fn help() {
    let mut all = String::new();
    let mut commands = vec![String::new()];
    while let Some(command) = commands.pop() {
        let text = bindrune(&format!("{command} --help")).success().stdout;
        all += &format!("== bindrune{command} --help\n{}\n\n", masked(&text).trim_end());
        let listed = text.split_once("\nCommands:\n").map_or("", |(_, rest)| rest);
        let listed = listed.split("\n\n").next().unwrap_or_default();
        let names = listed.lines().filter(|line| !line.starts_with("   "));
        let names = names.filter_map(|line| line.split_whitespace().next());
        let names: Vec<_> = names.filter(|&name| name != "help").collect();
        commands.extend(names.iter().rev().map(|name| format!("{command} {name}")));
    }
    expect_file!["snapshots/help.txt"].assert_eq(&all);
    let narrow = WIDTHS.map(|columns| {
        let text = on_terminal("scan --help", columns, &[]);
        format!("== {columns} columns\n{}\n", masked(&bare(&text)).trim_end())
    });
    expect_file!["snapshots/help-widths.txt"].assert_eq(&narrow.concat());
}
