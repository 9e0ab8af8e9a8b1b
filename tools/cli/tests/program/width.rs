//! Output on terminals of different widths, and on those that show ASCII only.

use std::process::{Command, Stdio};

use rexpect::session::spawn_command;

use crate::run::{Run, bindrune, command};

/// Runs the program on a terminal of this width to its end, and returns what the terminal received.
pub(crate) fn on_terminal(words: &str, columns: u16, set: &[(&str, &str)]) -> String {
    let program = command(words);
    let words: Vec<_> = program.get_args().map(|word| word.to_string_lossy()).collect();
    let mut shell = Command::new("sh");
    let line = format!("stty columns {columns} rows 24 -opost; exec \"$0\" \"$@\"");
    shell.args(["-c", &line]).arg(program.get_program());
    shell.args(words.iter().map(|word| word.as_ref())).stdin(Stdio::inherit());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.env("TERM", "xterm").env_remove("NO_COLOR");
    for (name, value) in set {
        shell.env(name, value);
    }
    let mut session = spawn_command(shell, Some(30_000)).expect("a terminal");
    // The terminal's bytes come as one letter each.
    let bytes = session.exp_eof().expect("an end").chars().map(|byte| byte as u8).collect();
    String::from_utf8(bytes).expect("text")
}

/// Returns the text without its colors.
pub(crate) fn bare(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (_, rest) = part.split_once(|c: char| c.is_ascii_alphabetic()).unwrap_or(("", ""));
        text + rest
    })
}

/// A live scan fits each width, so that no line wraps and each redraw covers the last one.
#[test]
fn a_live_scan_fits_the_terminal() {
    for columns in [40, 80, 200] {
        let text = on_terminal("scan --seconds 2", columns, &[]);
        let frames: Vec<_> = text.split("\x1b[J").collect();
        assert!(frames.len() > 2, "{columns}: {text:?}");
        for (frame, next) in frames.iter().zip(frames.iter().skip(1)) {
            // Each redraw begins as many lines above as the last one has.
            let (frame, up) = frame.rsplit_once("\x1b[").expect("a cursor that goes up");
            let lines = bare(frame);
            let lines: Vec<_> = lines.split_terminator('\n').collect();
            assert_eq!(up, format!("{}A", lines.len()), "{columns}: {frame:?} {next:?}");
        }
        for line in bare(&text).lines() {
            let width = line.chars().count();
            assert!(width < usize::from(columns), "{columns}: {width} {line:?}");
        }
        let last = bare(frames.last().expect("a frame"));
        assert!(last.contains("Thermometer") && last.contains("C4:5E:12:00:00:01"), "{last}");
        assert_eq!(last.contains("SERVICES"), columns > 40, "{last}");
    }
}

/// Lines of a conversation are cut to the terminal; a pipe gets them whole.
#[test]
fn a_conversation_fits_the_terminal() {
    let capture = Run::folder("width").join("read.btsnoop");
    bindrune(&format!("--capture {} gatt read Thermometer 2a6e", capture.display())).success();
    let trace = format!("trace {}", capture.display());
    let whole = bindrune(&trace).success().stdout;
    let packets = whole.lines().count() - 1;
    assert!(whole.lines().any(|line| line.len() > 120) && !whole.contains("..."), "{whole}");
    for columns in [40, 80, 200] {
        let text = bare(&on_terminal(&trace, columns, &[]));
        for (line, whole) in text.lines().zip(whole.lines()).take(packets) {
            assert!(line.chars().count() < usize::from(columns), "{columns}: {line:?}");
            let kept = line.strip_suffix("...").unwrap_or(line);
            assert!(whole.starts_with(kept), "{columns}: {line:?} of {whole:?}");
        }
        let end: Vec<_> = text.lines().skip(packets).collect();
        assert!(end.iter().all(|line| line.len() < usize::from(columns)), "{columns}: {end:?}");
        assert!(end.join(" ").contains("0 requests without an answer"), "{columns}: {end:?}");
        let is_long = |line: &str| line.chars().count() >= usize::from(columns);
        let cut = whole.lines().take(packets).any(is_long);
        assert_eq!(text.contains("..."), cut, "{columns}: {text}");
        assert!(cut || columns == 200, "{columns}");
    }
    // A dumb terminal gets whole lines: what it does with long ones is its own.
    assert_eq!(on_terminal(&trace, 40, &[("TERM", "dumb")]), whole);
}

/// Rows are in the order that was asked for.
#[test]
fn a_live_scan_is_sorted_and_filtered() {
    let names = |options: &str| -> Vec<String> {
        let text = on_terminal(&format!("scan --seconds 2 {options}"), 100, &[]);
        let last = bare(text.rsplit("\x1b[J").next().expect("a frame"));
        let rows = last.lines().skip(1).take_while(|line| line.contains("C4:5E"));
        rows.map(|row| row.trim().split("  ").next().expect("a name").to_owned()).collect()
    };
    assert_eq!(names("--sort name"), ["HR belt", "L2CAP sink", "Thermometer", "UART", "Vault"]);
    assert_eq!(names("--uuid 180d --sort age"), ["HR belt"]);
    assert_eq!(names("--rssi 0"), [""; 0]);
}

/// The picture of a measurement fits each width, and has only ASCII if the terminal has.
#[test]
fn a_picture_over_time_fits_the_terminal() {
    let bench = "bench C4:5E:12:00:00:04/random --seconds 0.2";
    for (columns, set) in [(40, &[][..]), (80, &[("TERM", "dumb")]), (200, &[("LANG", "C")])] {
        let text = on_terminal(bench, columns, set);
        assert_eq!(text.is_ascii(), columns > 40, "{text}");
        let text = bare(&text);
        assert_eq!(text.matches("kbit/s").count(), 5, "{text}");
        for line in text.lines() {
            let width = line.chars().count();
            assert!(width < usize::from(columns), "{columns}: {width} {line:?}");
        }
        // Letters beyond those that the program draws would be question marks.
        assert!(!text.contains('?'), "{text}");
    }
}

/// `LANG=C`, `TERM=dumb`: ASCII, no redraws. `NO_COLOR`: no colors.
#[test]
fn plain_terminals_get_plain_text() {
    let capture = Run::folder("plain").join("info.btsnoop");
    bindrune(&format!("--capture {} info", capture.display())).success();
    let trace = format!("trace {}", capture.display());
    let commands =
        ["gatt tree Thermometer", "scan --seconds 1", "info", "gatt read Thermometer 2a6e", &trace];
    for (set, ascii) in [
        (&[("LANG", "C")][..], true),
        (&[("TERM", "dumb")], true),
        (&[("NO_COLOR", "1"), ("TERM", "dumb"), ("LANG", "C")], true),
        (&[("NO_COLOR", "1")], false),
    ] {
        for command in commands {
            let text = on_terminal(command, 80, set);
            let ascii = ascii || command == "info" || command == trace;
            assert_eq!(text.is_ascii(), ascii, "{set:?} {command}: {text}");
            let dumb = set.contains(&("TERM", "dumb"));
            assert!(!dumb || !text.contains('\x1b'), "{set:?} {command}: {text:?}");
            let colors = text.matches("\x1b[").count() > text.matches("\x1b[J").count() * 2;
            assert_eq!(colors, set == [("LANG", "C")], "{set:?} {command}: {text:?}");
        }
    }
    let tree = on_terminal("gatt tree Thermometer", 80, &[("LANG", "C")]);
    assert!(bare(&tree).contains("`- ") && bare(&tree).contains("|- "), "{tree}");
    // A pipe gets no colors, and the letters of the locale.
    let piped = bindrune("gatt tree Thermometer").success().stdout;
    assert!(piped.contains("└─") && !piped.contains('\x1b'), "{piped}");
}
