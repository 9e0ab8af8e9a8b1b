//! Pairing, bonds, and questions to the user.

use std::{
    io::Write as _,
    process::{Output, Stdio},
};

use crate::{
    air::air,
    run::{Run, Running, bindrune, command},
};

/// Runs the program with this standard input.
fn with_input(words: &str, input: &str) -> Output {
    let mut command = command(words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("stdin");
    // A command without questions may end before the input is written.
    let _unread = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("an end")
}

/// Returns the number after a word of the diagnostics, as six digits.
fn shown(text: &str) -> String {
    // The question and what the other device shows may share a line, in either order.
    let digits: String = text.rsplit(" shows ").next().unwrap_or("").chars().take(8).collect();
    digits.chars().filter(char::is_ascii_digit).collect()
}

#[test]
fn a_bond_is_made_used_listed_and_removed() {
    let file = Run::bond_file("pair");
    let bonds = format!("--bond-file {}", file.display());
    let protected = "6f0e0003-5a4d-4c8b-9a5e-b1d2c3a4e5f6";
    let read = format!("gatt read Vault {protected} {bonds} --json");
    bindrune(&read).fails_with(1).says("bindrune pair");
    assert!(!file.exists(), "a file without a bond");

    let paired = bindrune(&format!("pair Vault --io display-yes-no --mitm --yes {bonds} --json"));
    let records = paired.success().records();
    let question = records.first().expect("a question");
    assert_eq!(question["question"], "compare");
    assert_eq!(question["number"].as_str().map(str::len), Some(6));
    let paired = records.last().expect("an outcome");
    assert_eq!(paired["method"], "numeric-comparison");
    assert_eq!((&paired["key_size"], &paired["bonded"]), (&16.into(), &true.into()));
    assert_eq!(
        (&paired["level"], &paired["identity"]),
        (&"secure-connections".into(), &"C4:5E:12:00:00:05/random".into())
    );

    assert_eq!(bindrune(&read).success().records()[0]["value"], "61757468656e74696361746564");
    let list = bindrune(&format!("bonds {bonds} --json")).success();
    let [bond] = list.records().try_into().expect("one bond");
    for key in ["identity", "level", "created"] {
        assert!(bond[key].is_string(), "{key}: {bond}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    bindrune(&format!("bonds remove Vault {bonds}")).fails_with(1).says("by address");
    bindrune(&format!("bonds remove C4:5E:12:00:00:05 {bonds}")).success();
    assert_eq!(bindrune(&format!("bonds list {bonds} --json")).success().records().len(), 0);
    bindrune(&read).fails_with(1).says("bindrune pair");
}

#[test]
fn a_device_that_lost_its_bond_is_not_trusted() {
    let file = Run::bond_file("lost");
    let bonds = format!("--bond-file {}", file.display());
    bindrune(&format!("pair Vault {bonds}")).success();
    std::fs::remove_dir_all(format!("{}.d", file.display())).expect("the bonds of the devices");
    let read = format!("gatt read Vault 6f0e0002-5a4d-4c8b-9a5e-b1d2c3a4e5f6 {bonds}");
    bindrune(&read).fails_with(1).says("poses as it");
    assert_eq!(bindrune(&format!("bonds clear {bonds} --json")).success().records().len(), 1);
    bindrune(&format!("pair Vault {bonds}")).success();
    bindrune(&read).success();
}

#[test]
fn a_person_at_a_pipe_is_asked() {
    let bonds = format!("--bond-file {}", Run::bond_file("person").display());
    let yes = with_input(&format!("pair Thermometer --io display-yes-no {bonds}"), "y\n");
    assert_eq!(yes.status.code(), Some(0), "{yes:?}");
    let (printed, asked) =
        (String::from_utf8_lossy(&yes.stdout), String::from_utf8_lossy(&yes.stderr));
    assert!(printed.contains("numeric comparison, authenticated"), "{printed}");
    assert!(asked.contains("Does \"Thermometer\" show "), "{asked}");
    assert_eq!(shown(&asked).len(), 6, "{asked}");

    let no = with_input(&format!("pair Vault --io display-yes-no {bonds}"), "no\n");
    assert_eq!(no.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&no.stderr).contains("You said no"), "{no:?}");
    bindrune(&format!("pair Vault --io display-yes-no {bonds}"))
        .fails_with(1)
        .says("the input has ended");
    let wrong = bindrune(&format!("pair UART --io keyboard-only --passkey 1000000 {bonds}"));
    wrong.fails_with(2);
    bindrune(&format!("pair UART --mitm --io no-input-no-output {bonds}")).fails_with(2);
    let wrong = with_input(&format!("pair UART --io keyboard-only {bonds}"), "000001\n");
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("The passkey was wrong"), "{wrong:?}");
}

#[test]
fn a_channel_that_needs_pairing_says_so() {
    let bonds = format!("--bond-file {}", Run::bond_file("channel").display());
    let echo = format!("l2cap echo Vault 0x81 --bytes 2000 {bonds}");
    let file = Run::folder("channel").join("sent");
    std::fs::write(&file, b"secret").expect("a file");
    let send = format!("l2cap send Vault 0x81 {} {bonds}", file.display());
    for refused in [&echo, &send] {
        let run = bindrune(refused).fails_with(1);
        assert!(
            run.stderr.contains("opening PSM 0x81: the peer refused the channel"),
            "{}",
            run.stderr
        );
        run.says("only to paired devices: run `bindrune pair DEVICE`");
    }
    bindrune(&format!("pair Vault {bonds}")).success();
    assert!(bindrune(&echo).success().stdout.contains("2000 bytes"));
    bindrune(&send).success();
}

#[test]
fn a_passkey_is_shown_and_entered() {
    let bonds = format!("--bond-file {}", Run::bond_file("passkey").display());
    let records = bindrune(&format!("pair UART --io display-only --mitm {bonds} --json")).success();
    let records = records.records();
    assert_eq!(
        (&records[0]["question"], &records[1]["method"]),
        (&"display".into(), &"passkey".into())
    );

    let mut command =
        command(&format!("pair Thermometer --io keyboard-only --mitm {bonds} --json"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut line = String::new();
    let mut stderr = std::io::BufReader::new(child.stderr.take().expect("stderr"));
    while !line.contains("shows") {
        assert!(std::io::BufRead::read_line(&mut stderr, &mut line).expect("a line") > 0);
    }
    let passkey = shown(&line);
    writeln!(child.stdin.take().expect("stdin"), "{passkey}").expect("input");
    let end = child.wait_with_output().expect("an end");
    assert_eq!(end.status.code(), Some(0), "{line} {end:?}");
}

#[test]
fn the_phone_pairs_with_what_we_serve() {
    let bonds = format!("--bond-file {}", Run::bond_file("phone").display());
    for paired in [true, false] {
        let mut peripheral = Running::start(&format!(
            "peripheral --io display-yes-no --mitm --bond --yes {bonds} --address C4:5E:12:00:01:00 --json"
        ));
        let event = peripheral.until(if paired { "\"paired\"" } else { "\"encrypted\"" });
        assert!(
            event.contains("secure-connections") && event.contains("\"bonded\":true"),
            "{event}"
        );
        peripheral.until("channel-closed");
        assert_eq!(peripheral.interrupt(), Some(0));
    }
}

#[test]
fn two_programs_pair_over_the_air() {
    // Both use their displays and keyboards, even if neither requires it.
    ["", "--mitm "].into_iter().for_each(two_programs_pair);
}

fn two_programs_pair(mitm: &str) {
    let (_air, ours, theirs) = air("--seed 9");
    let file = |name| format!("--bond-file {}", Run::bond_file(name).display());
    let (here, there) = (file("pair-here"), file("pair-there"));
    let serve =
        format!("-t {ours} peripheral --name Lock --bond --io display-yes-no --yes --json {here}");
    let mut peripheral = Running::start(&serve);
    peripheral.until("advertising");
    let pair = format!("-t {theirs} pair Lock --io display-yes-no {mitm}--yes --json {there}");
    let ours = bindrune(&pair).success().records();
    let question = peripheral.until("compare");
    let number = ours[0]["number"].as_str().expect("a number");
    assert!(question.contains(number), "{question} {number}");
    // It may leave before the other side has stored the bond, and then gets no error.
    peripheral.until("disconnected");
    let read = "gatt read Lock 6f0e0003-5a4d-4c8b-9a5e-b1d2c3a4e5f6 --json";
    bindrune(&format!("-t {theirs} {read} {there}")).success();
    assert!(peripheral.until("\"encrypted\"").contains("\"bonded\":true"));
}

/// The block of the book about pairing, command by command, on the simulator: the same lines, except for the numbers.
#[test]
fn the_page_shows_what_happens() {
    let page = include_str!("../../../../docs/book/src/pairing.md");
    let block = page.split("```console").nth(1).and_then(|rest| rest.split("```").next());
    let commands: Vec<_> = block.expect("a block").trim().split("$ bindrune ").skip(1).collect();
    assert_eq!(commands.len(), 3);
    let bonds = format!("--bond-file {}", Run::bond_file("page").display());
    let masked = |text: &str| text.replace(|letter: char| letter.is_ascii_digit(), "0");
    for command in commands {
        let (words, lines) = command.split_once('\n').expect("a command");
        let words = words.split('#').next().expect("words").trim();
        let run = with_input(&format!("{words} {bonds}"), "y\n");
        let said = [run.stderr, run.stdout].map(|text| String::from_utf8(text).expect("text"));
        assert_eq!(run.status.code(), Some(0), "{words}: {said:?}");
        let said = masked(&said.concat());
        assert!(!lines.trim().is_empty(), "{words} prints {said}");
        for line in lines.lines() {
            let line = line.strip_suffix(" y").unwrap_or(line).trim();
            assert!(said.contains(&masked(line)), "{words} prints {said}, not {line}");
        }
    }
}
