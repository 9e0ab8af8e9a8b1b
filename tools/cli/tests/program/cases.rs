//! Cases that testers met: one test for each.

use std::{
    fs::{self, File},
    io::Write as _,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use crate::{
    air::{air, air_of},
    desk::Desk,
    run::{Run, Running, bindrune, command, hearing},
};

/// `scan | head -1`: ends when the output is closed.
#[test]
fn a_scan_ends_with_its_reader() {
    let mut scan = Running::start("scan");
    scan.until("Thermometer");
    assert_eq!(scan.leave(), Some(0));
    // A subscription without a value, too.
    let mut subscribe =
        Running::start("gatt subscribe UART 6e400003-b5a3-f393-e0a9-e50e24dcca9e -v");
    thread::sleep(Duration::from_secs(3));
    assert!(!subscribe.has_ended());
    assert_eq!(subscribe.leave(), Some(0));
}

/// Subscribe to a value that does not notify: the message says so.
#[test]
fn a_value_that_does_not_notify_is_named() {
    let run = bindrune("gatt subscribe Thermometer 2a00").fails_with(1);
    assert!(!run.stderr.contains("no such attribute"), "{}", run.stderr);
    run.says("neither notifies nor indicates");
}

/// A mistyped address: a usage error, and no search for a name.
#[test]
fn a_mistyped_address_is_no_name() {
    for address in
        ["C4:5E:12:00:00", "C4:5E:12:00:00:0", "C4-5E-12-00-00-01", "C4:5E:12:00:00/random"]
    {
        bindrune(&format!("gatt read {address} 2a00")).fails_with(2).says("not an address");
    }
    bindrune("gatt read name:C4:5E:12:00:00 2a00 --timeout 1").fails_with(4).says("was not found");
}

/// Two devices of one name: the message names both, and asks for the address.
#[test]
fn one_name_for_two_devices_is_refused() {
    let (_air, [a, b, c]) = air_of("--seed 21");
    let mut twins = [(a, "01"), (b, "02")].map(|(port, end)| {
        Running::start(&format!(
            "-t {port} peripheral --name Twin --address C4:5E:12:00:02:{end} --json"
        ))
    });
    twins.iter_mut().for_each(|twin| drop(twin.until("advertising")));
    let run = bindrune(&format!("-t {c} gatt read Twin 2a00")).fails_with(1);
    for end in ["01", "02"] {
        assert!(run.stderr.contains(&format!("C4:5E:12:00:02:{end}")), "{}", run.stderr);
    }
    run.says("Give the address");
    bindrune(&format!("-t {c} gatt read C4:5E:12:00:02:02 2a00")).success();
}

/// `l2cap receive` onto a file that exists: refused without `--force`.
#[test]
fn a_file_that_exists_is_not_replaced() {
    let file = Run::folder("exists").join("received");
    fs::write(&file, b"precious").expect("a file");
    for classic in ["", "classic "] {
        let receive = format!("{classic}l2cap receive 0x1009 -o {}", file.display());
        let receive = if classic.is_empty() { receive.replace("0x1009", "0x83") } else { receive };
        bindrune(&receive).fails_with(2).says("--force");
        assert_eq!(fs::read(&file).expect("the file"), b"precious");
    }
    bindrune(&format!("l2cap receive 0x83 -o {} --force", file.display())).success();
    assert!(fs::metadata(&file).expect("the file").len() > 10_000);
}

/// Ctrl-C in the middle of a transfer: the part is reported.
#[test]
fn a_part_of_a_file_is_reported() {
    let (_air, ours, theirs) = air("--seed 22");
    let folder = Run::folder("part");
    let (sent, received) = (folder.join("sent"), folder.join("received"));
    let part = folder.join("received.part");
    let _ = fs::remove_file(&received);
    let _ = fs::remove_file(&part);
    fs::write(&sent, vec![7; 20_000_000]).expect("a file");
    let words = format!("-t {ours} l2cap receive 0x85 -o {} --name Files", received.display());
    let receiver = Running::noting(&words, &folder.join("notes"));
    let _sender = Running::start(&format!("-t {theirs} l2cap send Files 0x85 {}", sent.display()));
    while fs::metadata(&part).map_or(0, |m| m.len()) < 10_000 {
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(receiver.interrupt(), Some(1));
    let notes = fs::read_to_string(folder.join("notes")).expect("diagnostics");
    let len = fs::metadata(&part).expect("the part").len();
    let said = format!("{} has the first {len} bytes, and", part.display());
    assert!(notes.contains(&said) && notes.contains("was not created"), "{len}: {notes}");
    assert!(!received.exists(), "a name without all of its data");

    let nothing = folder.join("nothing");
    let words = format!("-t {ours} l2cap receive 0x85 -o {} --name Files", nothing.display());
    let receiver = Running::noting(&words, &folder.join("notes"));
    thread::sleep(Duration::from_secs(1));
    assert_eq!(receiver.interrupt(), Some(1));
    assert!(!nothing.exists() && !folder.join("nothing.part").exists(), "an empty file");
}

/// `-` is standard input and output, and records go to stderr then.
#[test]
fn data_goes_through_pipes() {
    let mut send = command("l2cap send C4:5E:12:00:00:04/random 0x80 - --json");
    send.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = send.spawn().expect("the program starts");
    child.stdin.take().expect("stdin").write_all(&[7; 30_000]).expect("a program that reads");
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"bytes\":30000"), "{output:?}");

    let output = command("l2cap receive 0x83 -o - --json").output().expect("a run");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stdout.len(), 131_072);
    assert!(String::from_utf8_lossy(&output.stderr).contains("\"bytes\":131072"));
}

/// SIGHUP ends links and advertising, as SIGTERM does.
#[test]
fn a_terminal_that_closes_ends_links() {
    for signal in ["HUP", "TERM"] {
        let (_air, ours, theirs) = air("--seed 23");
        let mut peripheral =
            Running::of(hearing(&format!("-t {ours} peripheral --name Bench --json")));
        peripheral.until("advertising");
        let mut central =
            Running::of(hearing(&format!("-t {theirs} gatt subscribe Bench 2a19 --json")));
        central.until("2a19");
        central.signal(signal);
        let end = peripheral.until("disconnected");
        assert!(end.contains("\"code\":19"), "{signal}: {end}");
        assert_eq!(central.leave(), Some(0), "{signal}");
        peripheral.signal(signal);
        assert_eq!(peripheral.leave(), Some(0), "{signal}");
        // The controller is idle again: nothing advertises.
        let found = bindrune(&format!("-t {theirs} scan --seconds 1 --json")).success();
        assert_eq!(found.records().len(), 0, "{signal}: {}", found.stdout);
    }
}

/// The controller freezes while a link is up: no answer, exit code 3.
#[test]
fn a_frozen_controller_is_no_failure_of_the_peer() {
    let (air, ours, theirs) = air("--seed 24");
    let folder = Run::folder("frozen-link");
    let mut peripheral = Running::start(&format!("-t {ours} peripheral --name Bench --json"));
    peripheral.until("advertising");
    let words = format!("-t {theirs} gatt subscribe Bench 2a19 --count 1000 --json");
    let mut central = Running::noting(&words, &folder.join("notes"));
    central.until("2a19");
    air.signal("STOP");
    assert_eq!(central.leave(), Some(3));
    let notes = fs::read_to_string(folder.join("notes")).expect("diagnostics");
    assert!(notes.contains("was lost") && notes.contains("did not answer"), "{notes}");
    air.signal("CONT");
}

/// `serial:/etc/passwd` is not a serial port.
#[test]
fn a_file_is_no_serial_port() {
    bindrune("-t serial:/etc/passwd info").fails_with(3).says("/etc/passwd is not a serial port");
    bindrune("-t serial:/tmp info").fails_with(3).says("is not a serial port");
    bindrune("-t serial:/dev/null info").fails_with(3).says("/dev/null is not a serial port");
}

/// A name of 100 letters is too long, and the message has the limit.
#[test]
fn a_long_name_is_a_usage_error() {
    let name = "x".repeat(100);
    bindrune(&format!("peripheral --name {name}")).fails_with(2).says("at most 64 are possible");
}

/// A name that does not fit in the advertisement: other devices find the beginning that fits, and the message has it.
#[test]
fn a_shortened_name_is_reported_and_found() {
    let (_air, ours, theirs) = air("--seed 27");
    let notes = Run::folder("long-name").join("notes");
    let name = "The name of this device has more than sixty letters, as allowed";
    let beginning = &name[..29];
    for words in ["peripheral", "advertise --uuid 180f", "l2cap receive 0x80 -o -"] {
        let mut command = command(&format!("-t {ours} {words}"));
        command
            .args(["--name", name])
            .stdout(Stdio::null())
            .stderr(File::create(&notes).expect("a file"));
        let mut advertiser = command.spawn().expect("the program starts");
        let mut read = command_of(&theirs, beginning);
        let output = read.output().expect("a run");
        advertiser.kill().and_then(|()| advertiser.wait()).expect("an end");
        assert_eq!(output.status.code(), Some(0), "{words}: {output:?}");
        let said = fs::read_to_string(&notes).expect("diagnostics");
        assert!(said.contains(&format!("find it as {beginning:?}")), "{words}: {said}");
    }
}

/// Reads the name of a device that has spaces in its name.
fn command_of(port: &str, device: &str) -> Command {
    let mut command = command(&format!("-t {port} gatt read"));
    command.args([device, "2a00"]);
    command
}

/// A device that pairs without bonding: `--pair` reads in one command.
#[test]
fn pairing_and_reading_are_one_command() {
    let bonds = format!("--bond-file {}", Run::bond_file("one-command").display());
    let protected = "6f0e0003-5a4d-4c8b-9a5e-b1d2c3a4e5f6";
    bindrune(&format!("gatt read Vault {protected} {bonds}")).fails_with(1).says("add --pair");
    let read =
        format!("gatt read Vault {protected} --io display-yes-no --mitm --yes {bonds} --json");
    assert_eq!(
        bindrune(&read).success().records().pop().expect("a value")["value"],
        "61757468656e74696361746564"
    );
    let (_air, ours, theirs) = air("--seed 25");
    // This one keeps no bond.
    let mut peripheral = Running::start(&format!("-t {ours} peripheral --name Lock --json"));
    peripheral.until("advertising");
    let encrypted = "6f0e0002-5a4d-4c8b-9a5e-b1d2c3a4e5f6";
    for _ in 0..2 {
        bindrune(&format!("-t {theirs} gatt read Lock {encrypted} --pair {bonds}")).success();
        assert!(peripheral.until("\"paired\"").contains("\"bonded\":false"));
    }
    bindrune(&format!("-t {theirs} l2cap echo Lock 0x80 --bytes 500 --pair {bonds}")).success();
}

/// The peer is gone before its first packet (0x3E): the attempt is repeated.
#[test]
fn a_link_that_is_not_established_is_tried_again() {
    let desk = Desk::flaky();
    let [ours, theirs] = desk.ports();
    let mut peripheral = Running::start(&format!(
        "-t {ours} peripheral --name Bench --address C4:5E:12:00:02:03 --json"
    ));
    peripheral.until("advertising");
    let capture = Run::folder("not-established").join("central.btsnoop");
    let read = format!(
        "-t {theirs} gatt read C4:5E:12:00:02:03/random 2a00 --capture {}",
        capture.display()
    );
    bindrune(&read).success();
    let octets = fs::read(&capture).expect("a capture");
    let failed = |event: &[u8]| matches!(event, [0x05, 4, 0, _, _, 0x3e]);
    assert!(octets.windows(6).any(failed), "no link failed to be established");
}

/// `info` names the manufacturer, or says that the identifier is not assigned.
#[test]
fn a_manufacturer_is_a_name_or_not_assigned() {
    assert!(bindrune("info").success().stdout.contains("not assigned (0xffff)"));
    assert_eq!(bindrune("info --json").success().records()[0]["manufacturer_id"], 0xffff);
}

/// A raw command gets its answer, and a refusal is a failure.
#[test]
fn a_raw_command_is_answered() {
    let answer = bindrune("hci 0x04:0x0009 --json").success().records();
    assert_eq!((&answer[0]["status"], &answer[0]["opcode"]), (&0.into(), &0x1009.into()));
    assert_eq!(answer[0]["parameters"], "01000001acbe");
    bindrune("hci 0x3f:0x3ff").fails_with(1).says("unknown command");
}

/// Own data is advertised, and found as it was given.
#[test]
fn own_data_is_advertised() {
    let (_air, ours, theirs) = air("--seed 26");
    for (options, connectable) in [
        ("--name Beacon --uuid 180f --company 0x59:0102 --interval 100", true),
        ("--name Beacon --company 0x59:0102 --uuid 180f --non-connectable --extended", false),
    ] {
        let mut advertise = Running::start(&format!("-t {ours} advertise {options} --json"));
        advertise.until("advertising");
        let found =
            bindrune(&format!("-t {theirs} scan --seconds 2 --name Beacon --json")).success();
        let device = found.records().pop().expect("a device");
        assert_eq!(device["connectable"], connectable, "{device}");
        assert_eq!(device["manufacturer"]["data"], "0102", "{device}");
        assert_eq!(device["services"][0]["uuid"], "180f", "{device}");
        assert_eq!(advertise.interrupt(), Some(0));
    }
    bindrune("advertise --data 0201").fails_with(2).says("AD structures");
    bindrune("advertise --coded --non-connectable").fails_with(1).says("Coded PHY");
    let many = "04".repeat(3);
    bindrune(&format!("advertise --data 1f09{} --company 0x59:{many}", "41".repeat(30)))
        .fails_with(1)
        .says("--extended");
}

/// The log says more with each -v: links, commands, data.
#[test]
fn the_log_says_what_the_host_does() {
    let log = |v: &str| {
        bindrune(&format!("gatt read C4:5E:12:00:00:01/random 2a00 {v}")).success().stderr
    };
    let [quiet, links, commands, data] = ["", "-v", "-vv", "-vvv"].map(log);
    assert_eq!(quiet, "");
    assert!(links.contains("is up") && links.contains("the controller is ready"), "{links}");
    assert!(!links.contains("command"), "{links}");
    assert!(
        commands.contains("command RESET") && commands.contains("answer to RESET"),
        "{commands}"
    );
    assert!(commands.contains("packets of up to 251 bytes"), "{commands}");
    assert!(!commands.contains("bytes sent"), "{commands}");
    assert!(data.contains("bytes sent") && data.contains("bytes received"), "{data}");
}
