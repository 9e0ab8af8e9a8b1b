//! What waits without end elsewhere: pipes that are full or empty, and addresses that do not answer. Ctrl-C and time
//! limits end it.
#![expect(clippy::disallowed_methods, reason = "the tests measure how long the program takes")]

use std::{
    fs::{self, OpenOptions},
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    air::air,
    run::{Run, Running, bindrune, command},
};

fn named_pipe(path: &Path) {
    let _ = fs::remove_file(path);
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
}

/// Interrupts a transfer that waits for the other end of a pipe, and returns its diagnostics.
fn interrupted(words: &str, notes: &Path, until: impl Fn() -> bool) -> String {
    let transfer = Running::noting(words, notes);
    while !until() {
        thread::sleep(Duration::from_millis(50));
    }
    thread::sleep(Duration::from_millis(500));
    let began = Instant::now();
    assert_eq!(transfer.interrupt(), Some(1));
    assert!(began.elapsed() < Duration::from_secs(2), "{words}");
    fs::read_to_string(notes).expect("diagnostics")
}

/// A sender whose pipe has no writer, or a writer that writes nothing more, ends at Ctrl-C.
#[test]
fn a_pipe_without_data_can_be_interrupted() {
    let folder = Run::folder("pipe-in");
    let (pipe, notes, capture) =
        (folder.join("pipe"), folder.join("notes"), folder.join("capture"));
    named_pipe(&pipe);
    let words = format!(
        "l2cap send C4:5E:12:00:00:04/random 0x80 {} --capture {}",
        pipe.display(),
        capture.display()
    );
    let opened = || fs::metadata(&capture).is_ok_and(|there| there.len() > 2000);
    let _ = fs::remove_file(&capture);
    assert!(interrupted(&words, &notes, opened).contains("interrupted"));
    let _ = fs::remove_file(&capture);
    let writer = thread::spawn({
        let pipe = pipe.clone();
        move || OpenOptions::new().write(true).open(pipe).expect("a reader")
    });
    assert!(interrupted(&words, &notes, opened).contains("interrupted"));
    drop(writer.join());
    // Data from a pipe arrives whole.
    let writer = thread::spawn(move || fs::write(pipe, vec![7; 50_000]));
    assert!(bindrune(&words).success().stdout.contains("50000 bytes"));
    writer.join().expect("a writer").expect("a reader");
}

/// A receiver whose pipe has no reader, or one that does not read, ends at Ctrl-C.
#[test]
fn a_pipe_without_a_reader_can_be_interrupted() {
    let folder = Run::folder("pipe-out");
    let (pipe, notes) = (folder.join("pipe"), folder.join("notes"));
    named_pipe(&pipe);
    let words = format!("l2cap receive 0x80 -o {} --json", pipe.display());
    let _ = fs::remove_file(&notes);
    let waits =
        || fs::read_to_string(&notes).is_ok_and(|text| text.contains("waiting for a sender"));
    assert!(interrupted(&words, &notes, waits).contains("interrupted"));
    let mut receiver = command("l2cap receive 0x80 -o -");
    let mut receiver =
        receiver.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    thread::sleep(Duration::from_secs(3));
    assert!(receiver.try_wait().expect("a state").is_none(), "the pipe took everything");
    let id = receiver.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill").success());
    let output = receiver.wait_with_output().expect("an exit code");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("The output is incomplete"), "{said}");
}

/// Output that no program reads does not keep the program from ending.
#[test]
fn a_reader_that_does_not_read_can_be_left() {
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    let full = writer.try_clone().expect("a pipe");
    thread::spawn(move || while writer.write_all(&[b' '; 4096]).is_ok() {});
    thread::sleep(Duration::from_millis(300));
    let mut scan = command("scan").stdout(full).stderr(Stdio::piped()).spawn().expect("a program");
    thread::sleep(Duration::from_secs(1));
    let id = scan.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill").success());
    let began = Instant::now();
    while scan.try_wait().expect("a state").is_none() {
        if began.elapsed() > Duration::from_secs(10) {
            let _ = scan.kill();
        }
        thread::sleep(Duration::from_millis(50));
    }
    let output = scan.wait_with_output().expect("an exit code");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("Its reader does not read"));
    drop(reader);
}

/// The reader of a peripheral stalls: centrals are served meanwhile, and the events come when it reads again.
#[cfg(target_os = "linux")]
#[test]
fn a_reader_that_stalls_does_not_stop_the_host() {
    let (_air, ours, theirs) = air("--seed 28");
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    // What a pipe of Linux holds.
    writer.write_all(&[b' '; 65_536]).expect("an empty pipe");
    let mut peripheral = command(&format!("-t {ours} peripheral --name Bench --json"));
    peripheral.stdout(writer).stderr(Stdio::null());
    let mut running = peripheral.spawn().expect("the program starts");
    drop(peripheral);
    for _ in 0..2 {
        bindrune(&format!("-t {theirs} gatt read Bench 2a00")).success();
    }
    let id = running.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill").success());
    let lines = BufReader::new(reader).lines().map(|line| line.expect("text"));
    let events: Vec<_> = lines.map(|line| line.trim_start().to_owned()).collect();
    let count = |name: &str| {
        let event = format!("\"event\":\"{name}\"");
        events.iter().filter(|line| line.contains(&event)).count()
    };
    assert_eq!((count("advertising"), count("connected")), (1, 2), "{events:?}");
    assert_eq!(running.wait().expect("an exit code").code(), Some(0));
}

/// A TCP port that takes no more connections: the time limit ends the attempt, and Ctrl-C does before.
#[cfg(target_os = "linux")]
#[test]
fn a_port_without_an_answer_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    rustix::net::listen(&listener, 0).expect("a listener");
    let address = listener.local_addr().expect("an address");
    let _held: Vec<_> = (0..4)
        .map(|_| std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200)))
        .collect();
    let words = format!("-t tcp-client:{address} info");
    let began = Instant::now();
    bindrune(&words).fails_with(3).says("There is no answer");
    assert!(began.elapsed() < Duration::from_secs(12));
    let info = Running::start(&words);
    thread::sleep(Duration::from_millis(500));
    let began = Instant::now();
    assert_eq!(info.interrupt(), Some(1));
    assert!(began.elapsed() < Duration::from_secs(2));
}

/// A script that cannot be read is not taken for an empty one.
#[test]
fn a_script_that_cannot_be_read_is_a_failure() {
    for words in ["shell", "shell --keep-going"] {
        let mut shell = command(words);
        shell.stdin(fs::File::open(env!("CARGO_TARGET_TMPDIR")).expect("a folder"));
        Run::of(shell, words).fails_with(2).says("line 1: cannot read standard input");
    }
}

/// A folder is refused before a device is looked for; a pipe or a folder holds no bonds.
#[test]
fn what_is_no_file_is_refused() {
    let folder = Run::folder("no-file");
    let name = folder.display();
    bindrune(&format!("l2cap send Absent 0x80 {name}")).fails_with(1).says("it is a folder");
    let pipe = folder.join("pipe");
    named_pipe(&pipe);
    for path in [&pipe, &folder] {
        let bonds = format!("--bond-file {}", path.display());
        bindrune(&format!("bonds {bonds}")).fails_with(1).says("bonds need a file");
        bindrune(&format!("pair Thermometer --yes {bonds}"))
            .fails_with(1)
            .says("bonds need a file");
        bindrune(&format!("bonds clear {bonds}")).fails_with(1).says("bonds need a file");
    }
}

/// A variable that is empty counts as one that is not set, and one that is wrong is named. So is what is not text.
#[test]
fn variables_are_named() {
    use std::os::unix::ffi::OsStrExt as _;
    let other = std::ffi::OsStr::from_bytes(b"a\xffb");
    let run = |words: &str, variable: &std::ffi::OsStr| {
        let mut command = command(words);
        Run::of(
            {
                command.env("BINDRUNE_TRANSPORT", variable);
                command
            },
            words,
        )
    };
    run("info", "".as_ref()).success();
    run("info --json", "".as_ref()).success();
    for variable in ["bogus".as_ref(), other] {
        let run = run("info --json", variable).fails_with(2);
        let advice = run.records()[0]["error"]["advice"].as_str().expect("advice").to_owned();
        assert!(advice.contains("BINDRUNE_TRANSPORT"), "{advice}");
        run.says("BINDRUNE_TRANSPORT");
    }
    let mut empty = command("bonds");
    empty.env("BINDRUNE_BOND_FILE", "");
    Run::of(empty, "bonds").success();
    let mut name = command("peripheral --name");
    name.arg(other);
    Run::of(name, "peripheral").fails_with(2).says("a\\xFFb");
}

/// Names of files cannot drive the terminal, and the message says what to do about a file.
#[test]
fn files_that_cannot_be_used_are_explained() {
    let name = "e\u{1b}[31mx\ny";
    let mut trace = command("trace");
    trace.arg(name);
    let trace = Run::of(trace, "trace").fails_with(1);
    assert!(
        trace.stderr.contains("[31mx") && !trace.stderr.contains('\u{1b}'),
        "{:?}",
        trace.stderr
    );
    let folder = Run::folder("explained");
    let (text, absent) = (folder.join("text"), folder.join("absent/file"));
    fs::write(&text, b"\xff\xff").expect("a file");
    for (words, advice) in [
        (format!("trace {}", absent.display()), "Is the path right"),
        (format!("--capture {} info", absent.display()), "Is the path right"),
        (format!("l2cap send Absent 0x80 {}", absent.display()), "Is the path right"),
        (format!("l2cap receive 0x80 -o {}/x", text.display()), "A folder is where"),
        (format!("peripheral --database {}", text.display()), "not text in UTF-8"),
        (format!("bonds --bond-file {}/bonds", text.display()), "A folder is where"),
        ("--capture /dev/full info".to_owned(), "is full"),
    ] {
        bindrune(&words).fails_with(1).says(advice);
    }
}

/// A file of bonds that was cut says that bonds are lost.
#[test]
fn lost_bonds_are_reported() {
    let path = Run::bond_file("lost-bonds");
    let bonds = format!("--bond-file {}", path.display());
    bindrune(&format!("pair Thermometer --yes {bonds}")).success();
    let octets = fs::read(&path).expect("bonds");
    fs::write(&path, &octets[..octets.len() - 20]).expect("a file");
    let _ = fs::remove_file(path.with_file_name("bonds~"));
    let run = bindrune(&format!("bonds {bonds}")).success();
    assert!(run.stdout.contains("no bonds"), "{}", run.stdout);
    run.says("damaged bonds, which are lost");
    bindrune(&format!("gatt read Thermometer 2a00 {bonds}")).success().says("damaged bonds");
}

/// A wrong command line is an object too, and nothing is lost if help cannot be printed.
#[test]
fn wrong_command_lines_are_objects() {
    for words in ["scan --json --seconds x", "--json nosuch", "-t bogus info --json"] {
        let run = bindrune(words).fails_with(2);
        let last = &run.records()[0];
        assert_eq!((&last["error"]["kind"], &last["error"]["exit"]), (&"usage".into(), &2.into()));
        assert!(run.stderr.contains("error: "), "{}", run.stderr);
    }
    assert_eq!(bindrune("scan --seconds x").fails_with(2).stdout, "");
    bindrune("controller --listen tcp:0 --capture x").fails_with(2).says("no HCI traffic");
    bindrune("scan --seconds 0").fails_with(2).says("from 0.001 to 86400");
    for words in ["help", "--version", "scan --help"] {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("a device");
        let mut help = command(words);
        let output = help.stdout(full).stderr(Stdio::piped()).output().expect("an exit code");
        assert_eq!(output.status.code(), Some(1), "{words}");
    }
}
