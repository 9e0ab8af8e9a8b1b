//! The shell, with scripts on standard input.

use std::{fs::File, io::Write as _, process::Command, thread, time::Duration};

use serde_json::Value;

use crate::{
    air::air,
    json::conform,
    run::{Run, Running, command},
};

/// A run of the shell with a script, not started yet. Each test has its own bonds.
fn shell(test: &str, words: &str, script: &[u8]) -> (Command, String) {
    let path = Run::folder("shell").join(test);
    File::create(&path).and_then(|mut file| file.write_all(script)).expect("a script");
    let bonds = Run::bond_file(&format!("shell-{test}"));
    let words = format!("--bond-file {} {words}", bonds.display());
    let mut command = command(&words);
    command.stdin(File::open(&path).expect("the script"));
    (command, words)
}

/// Runs a script to its end.
fn script(test: &str, words: &str, script: &str) -> Run {
    let (command, words) = shell(test, words, script.as_bytes());
    Run::of(command, &words)
}

/// Returns the records that are events.
fn with_events(records: &[Value]) -> Vec<Value> {
    records.iter().filter(|record| !record["event"].is_null()).cloned().collect()
}

/// Returns the event of each record that is one.
fn events(records: &[Value]) -> Vec<&str> {
    records.iter().filter_map(|record| record["event"].as_str()).collect()
}

#[test]
fn one_connection_does_many_things() {
    let lines = "\
        # A comment, and a line without anything.\n\n\
        connect Thermometer\n\
        tree\n\
        read Temperature\n\
        subscribe 'temperature' --count 2 --timeout 10\n\
        mtu\nrssi\nphy\nphy 1m\nparameters\nparameters --interval 50 --timeout 4000\n\
        pair\nbonds\nbonds clear\ninfo\n\
        disconnect\nconnect\nread 2a00\nquit\nread nothing\n";
    let run = script("many", "shell --json", lines).success();
    let records = run.records();
    assert_eq!(
        events(&records),
        [
            "connected",
            "mtu",
            "rssi",
            "phy",
            "phy",
            "parameters",
            "parameters",
            "disconnected",
            "connected"
        ]
    );
    conform("shell", &with_events(&records));
    let values: Vec<_> = records.iter().filter(|r| r["uuid"] == "2a6e").collect();
    // The row of the tree, one that was read, and two that were notified.
    assert_eq!(values.len(), 4, "{records:?}");
    let phys: Vec<_> = records.iter().filter_map(|r| r["phy"].as_str()).collect();
    assert_eq!(phys, ["2M", "1M"]);
    let intervals: Vec<_> = records.iter().filter_map(|r| r["interval_ms"].as_f64()).collect();
    assert_eq!(intervals.last(), Some(&50.0));
    assert!(records.iter().any(|r| r["method"] == "just-works" && r["bonded"] == true));
    let removed = records.iter().find(|r| !r["removed"].is_null()).expect("removed bonds");
    assert_eq!(removed["removed"], serde_json::json!(["C4:5E:12:00:00:01/random"]));
    assert_eq!(records.last().expect("a value")["text"], "Thermometer");
}

#[test]
fn values_arrive_beside_other_operations() {
    let lines = "connect Thermometer\nsubscribe Temperature\nread 2a00\nwait 1.2\nunsubscribe Temperature\n\
        wait 1.2\nread 2a00\n";
    let records = script("beside", "shell --json", lines).success().records();
    let names = records.iter().enumerate().filter(|(_, r)| r["uuid"] == "2a00");
    let [first, last] = names.map(|(at, _)| at).collect::<Vec<_>>()[..] else {
        panic!("{records:?}")
    };
    assert_eq!(last, records.len() - 1);
    // It notifies twice a second, and not after the end of the subscription.
    let values = records[first..last].iter().filter(|r| r["uuid"] == "2a6e").count();
    assert!((1..=4).contains(&values), "{records:?}");
}

#[test]
fn a_channel_is_opened_used_and_closed() {
    let file = Run::folder("shell").join("sent");
    std::fs::write(&file, vec![9; 20_000]).expect("a file");
    let lines = format!(
        "channel open 0x80\nchannel send text:hello\nchannel receive\nchannel send 00ff\nchannel receive\n\
        channel send --file {}\nchannel close\nchannel open 0x80\n",
        file.display()
    );
    let records =
        script("channel", "shell C4:5E:12:00:00:04/random --json", &lines).success().records();
    assert_eq!(
        events(&records),
        [
            "connected",
            "channel",
            "channel-sent",
            "channel-received",
            "channel-sent",
            "channel-received",
            "channel-closed",
            "channel"
        ]
    );
    conform("shell", &with_events(&records));
    let received: Vec<_> =
        records.iter().filter(|r| r["event"] == "channel-received").map(|r| &r["value"]).collect();
    assert_eq!(received, ["68656c6c6f", "00ff"]);
    assert!(records.iter().any(|r| r["bytes"] == 20_000 && !r["sha256"].is_null()), "{records:?}");
}

#[test]
fn a_script_ends_at_the_first_failure_unless_it_keeps_going() {
    let lines = "connect Thermometer\nread 2a19\nread 2a00\n";
    let run = script("stops", "shell --json", lines).fails_with(1);
    let records = run.records();
    let failure = &records.last().expect("a failure")["error"];
    let message = failure["message"].as_str().expect("a message");
    assert!(message.starts_with("line 2: reading 2a19"), "{message}");
    // The advice names operations of the shell.
    assert!(failure["advice"].as_str().expect("advice").starts_with("`tree`"), "{failure}");

    let lines = "read 2a00\nconnect Missing\nxread\nconnect C4:5E:12:00:00:01/random\nread 2a19\nread 2a00\n";
    let run = script("goes-on", "shell --json --keep-going --timeout 1", lines).fails_with(1);
    let records = run.records();
    let exits: Vec<_> = records.iter().filter_map(|r| r["error"]["exit"].as_u64()).collect();
    assert_eq!(exits, [1, 4, 2, 1]);
    assert_eq!(records.last().expect("a value")["text"], "Thermometer");
    // The exit code is that of the first failure.
    script("first", "shell --keep-going", "xread\nread 2a00\n").fails_with(2).says("line 1: ");
    script("timeout", "shell --timeout 1 Missing", "").fails_with(4).says("was not found");
}

#[test]
fn hostile_input_is_refused_line_by_line() {
    let long = "x".repeat(1_000_000);
    let mut input = b"read \xff\xfe\n".to_vec();
    input.extend(format!("{long}\n").bytes());
    input.extend(b"read \"no end\n\0\nchannel\nchannel send 00\nread 2a00 extra\n\x1b[2J\nconnect Thermometer\nread 2a00\nread \"2a");
    let (command, words) = shell("hostile", "shell --json --keep-going", &input);
    let run = Run::of(command, &words).fails_with(2);
    let records = run.records();
    let failed = records.iter().filter_map(|r| r["error"]["message"].as_str()).collect::<Vec<_>>();
    for (line, what) in [
        (1, "not text in UTF-8"),
        (2, "longer than"),
        (3, "quotation mark"),
        (4, "unrecognized"),
        (6, "not connected"),
        (7, "extra"),
        (8, "unrecognized"),
        (11, "quotation mark"),
    ] {
        let place = format!("line {line}: ");
        let found = failed.iter().find(|f| f.starts_with(&place));
        assert!(found.is_some_and(|f| f.contains(what)), "{place}{what}: {failed:?}");
    }
    assert!(records.iter().any(|r| r["text"] == "Thermometer"), "{records:?}");
    assert!(!run.stderr.contains('\x1b'));
}

#[test]
fn a_lost_link_is_reported_and_the_shell_goes_on() {
    let (_air, ours, theirs) = air("--seed 40");
    let serve = format!("-t {ours} peripheral --name Bench --json");
    let mut peripheral = Running::start(&serve);
    peripheral.until("advertising");
    let lines = "connect Bench\nsubscribe 2a19\nwait 4\nread 2a00\nconnect Bench\nread 2a00\n";
    let (command, _) =
        shell("lost", &format!("-t {theirs} shell --json --keep-going"), lines.as_bytes());
    let mut shell = Running::of(command);
    shell.until("connected");
    shell.until("2a19");
    assert_eq!(peripheral.interrupt(), Some(0));
    shell.until("\"disconnected\"");
    let mut peripheral = Running::start(&serve);
    peripheral.until("advertising");
    assert!(shell.until("error").contains("the link has ended"));
    shell.until("connected");
    assert!(shell.until("2a00").contains("\"Bench\""));
}

#[test]
fn ctrl_c_ends_one_operation() {
    let lines = "connect Thermometer\nsubscribe 2a05 --count 1\nread 2a00\n";
    let (command, _) = shell("ctrl-c", "shell --json --keep-going", lines.as_bytes());
    let mut shell = Running::of(command);
    shell.until("connected");
    thread::sleep(Duration::from_millis(700));
    shell.signal("INT");
    assert!(shell.until("error").contains("line 2: interrupted"));
    assert!(shell.until("2a00").contains("Thermometer"));
}

#[test]
fn a_reader_that_leaves_ends_the_shell() {
    let lines = "connect Thermometer\nsubscribe Temperature\nwait 60\n";
    let (command, _) = shell("closed", "shell", lines.as_bytes());
    let mut shell = Running::of(command);
    shell.until("connected");
    assert_eq!(shell.leave(), Some(0));
}
