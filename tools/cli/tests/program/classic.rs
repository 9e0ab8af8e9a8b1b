//! BR/EDR: on the built-in virtual controller, and between two runs on one air.

use std::{io::Write as _, process::Stdio, thread, time::Duration};

use crate::{
    air::air,
    run::{Run, Running, bindrune, command},
};

/// Address of the virtual device.
const BOX: &str = "C4:5E:12:00:00:06";

/// Runs the program with the name of the virtual device in place of `BOX`.
fn with_name(words: &str) -> (Option<i32>, String) {
    let (before, after) = words.split_once("BOX").expect("a place for the name");
    let mut command = command(before);
    let output = command.arg("Serial box").args(after.split_whitespace()).output().expect("a run");
    (output.status.code(), String::from_utf8(output.stdout).expect("text"))
}

#[test]
fn info_describes_the_controller() {
    let records = bindrune("classic info --json").success().records();
    let [info] = records.as_slice() else { panic!("one record: {records:?}") };
    for key in ["hci_version", "address", "features", "acl_length", "acl_count"] {
        assert!(!info[key].is_null(), "{key}: {info}");
    }
    assert_eq!(info["secure_connections"], true);
    assert!(bindrune("classic info").success().stdout.contains("Secure Simple Pairing"));
}

#[test]
fn a_scan_finds_the_device() {
    let records = bindrune("classic scan --json --seconds 4").success().records();
    let device = records.iter().find(|r| r["address"] == BOX);
    let device = device.unwrap_or_else(|| panic!("no device: {records:?}"));
    assert_eq!((&device["name"], &device["class"]), (&"Serial box".into(), &"020300".into()));
    assert_eq!(device["kind"], "network access point");
    assert!(device["rssi"].is_number(), "{device}");
    let services = device["services"].as_array().expect("services");
    assert!(services.iter().any(|s| s["name"] == "Generic File Transfer"), "{device}");
    let limited = bindrune("classic scan --limited --seconds 2").success();
    assert!(limited.stdout.contains("0 devices"), "{}", limited.stdout);
}

#[test]
fn echoes_are_timed() {
    let words = format!("classic ping {BOX} --count 3 --size 44 --interval 0.05 --json");
    let records = bindrune(&words).success().records();
    let [echoes @ .., summary] = records.as_slice() else { panic!("no record") };
    assert_eq!(echoes.len(), 3);
    for echo in echoes {
        assert_eq!((&echo["bytes"], &echo["equal"]), (&44.into(), &true.into()), "{echo}");
        assert!(echo["milliseconds"].as_f64().is_some_and(|ms| ms > 0.0), "{echo}");
    }
    assert_eq!((&summary["sent"], &summary["answered"]), (&3.into(), &3.into()));
    let (code, text) = with_name("classic ping BOX --count 1");
    assert!(code == Some(0) && text.contains("1 of 1 answered"), "{text}");
}

#[test]
fn services_are_listed() {
    let records = bindrune(&format!("classic services {BOX} --json")).success().records();
    let echo = records.iter().find(|r| r["name"] == "Echo").expect("the echo");
    assert_eq!((&echo["psm"], &echo["provider"]), (&0x1001.into(), &"bindrune".into()));
    assert_eq!(echo["classes"][1]["name"], "Generic Networking");
    assert_eq!(echo["profiles"][0]["version"], "1.0");
    let one = format!("classic services {BOX} --uuid 1202 --json");
    let [sink] = bindrune(&one).success().records().try_into().expect("one service");
    assert_eq!((&sink["name"], &sink["psm"]), (&"Sink".into(), &0x1003.into()));
    let (code, text) = with_name("classic services BOX");
    assert!(code == Some(0) && text.contains("L2CAP PSM 0x1003"), "{text}");
    let none = bindrune(&format!("classic services {BOX} --uuid 110a")).success();
    assert!(none.stdout.contains("has no service"), "{}", none.stdout);
}

#[test]
fn bytes_go_there_and_back_in_each_mode() {
    for (psm, options) in [
        ("0x1001", ""),
        ("0x1001", "--mode basic --mtu 672"),
        ("0x1001", "--mode enhanced --mtu 60000"),
        ("0x1005", "--mode streaming --packet-timeout 1000"),
    ] {
        let words = format!("classic l2cap echo {BOX} {psm} --bytes 30000 {options} --json");
        let echo = bindrune(&words).success().records();
        assert_eq!((&echo[0]["bytes"], &echo[0]["lost_sent"]), (&30_000.into(), &0.into()));
        for key in ["seconds", "kilobits_per_second", "sha256", "mtu", "peer_mtu"] {
            assert!(!echo[0][key].is_null(), "{key}");
        }
    }
}

#[test]
fn files_are_sent_and_received() {
    let folder = Run::folder("classic-files");
    let (sent, received) = (folder.join("sent"), folder.join("received"));
    let _ = std::fs::remove_file(&received);
    std::fs::write(&sent, vec![7; 30_000]).expect("a file");
    let words = format!("classic l2cap send BOX 0x1003 {} --json", sent.display());
    let (code, text) = with_name(&words);
    assert!(code == Some(0) && text.contains("\"bytes\":30000"), "{text}");
    let receive = format!("classic l2cap receive 0x1007 -o {} --json", received.display());
    let summary = bindrune(&receive).success().records().pop().expect("a summary");
    assert_eq!(summary["bytes"], std::fs::metadata(&received).expect("the file").len());
    assert_eq!((&summary["bytes"], &summary["lost_received"]), (&131_072.into(), &0.into()));
}

#[test]
fn what_devices_send_is_echoed() {
    let mut listener = Running::start("classic l2cap listen 0x1007 --json");
    listener.until("listening");
    assert!(listener.until("\"channel\"").contains(BOX));
    assert!(listener.until("channel-closed").contains("16384"));
    assert_eq!(listener.interrupt(), Some(0));
}

#[test]
fn a_serial_port_is_used() {
    for (channel, format) in [("1", "--json"), ("1 --baud 115200", "--json"), ("", "")] {
        let mut command = command(&format!("classic rfcomm connect {BOX} {channel} {format}"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut input = child.stdin.take().expect("stdin");
        input.write_all(b"hello over RFCOMM").expect("a program that reads");
        drop(input);
        let output = child.wait_with_output().expect("an end");
        let text = String::from_utf8(output.stdout).expect("text");
        assert_eq!(output.status.code(), Some(0), "{text}");
        if format.is_empty() {
            assert_eq!(text, "hello over RFCOMM");
        } else {
            let values = text.lines().map(|line| {
                let event: serde_json::Value = serde_json::from_str(line).expect("JSON");
                event["value"].as_str().expect("a value").to_owned()
            });
            assert_eq!(values.collect::<String>(), "68656c6c6f206f766572205246434f4d4d");
        }
    }
    bindrune(&format!("classic rfcomm connect {BOX} 9")).fails_with(1).says("server channel");
    // More than both ends and the way between them hold, so that each direction needs the other one.
    let path = Run::folder("rfcomm").join("input");
    let sent: Vec<u8> = (0..100_000u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(&path, &sent).expect("a file");
    let mut connect = command(&format!("classic rfcomm connect {BOX} 1"));
    let output =
        connect.stdin(std::fs::File::open(&path).expect("a file")).output().expect("an end");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout == sent, "{} bytes came back", output.stdout.len());
    let mut listener = Running::start("classic rfcomm listen 4 --json");
    listener.until("listening");
    assert!(listener.until("\"connected\"").contains(BOX));
    assert!(listener.until("\"closed\"").contains("16384"));
    assert_eq!(listener.interrupt(), Some(0));
}

#[test]
fn a_bond_is_made_used_listed_and_removed() {
    let file = Run::bond_file("classic-pair");
    let bonds = format!("--bond-file {}", file.display());
    let words = format!("classic pair {BOX} --io display-yes-no --mitm --yes {bonds} --json");
    let records = bindrune(&words).success().records();
    assert_eq!(records.first().expect("a question")["question"], "compare");
    let paired = records.last().expect("an outcome");
    assert_eq!(paired["method"], "numeric-comparison");
    assert_eq!((&paired["key_size"], &paired["bonded"]), (&16.into(), &true.into()));
    assert_eq!(paired["level"], "secure-connections");
    assert_eq!(paired["identity"], format!("{BOX}/public"));

    let echo = format!("classic l2cap echo {BOX} 0x1001 --bytes 1000 {bonds}");
    bindrune(&echo).success();
    let list = bindrune(&format!("bonds {bonds} --json")).success();
    let [bond] = list.records().try_into().expect("one bond");
    assert_eq!(
        (&bond["transport"], &bond["level"]),
        (&"classic".into(), &"secure-connections".into())
    );
    assert_eq!(bond["key"], "authenticated-p256");
    assert!(bond["created"].is_string() && bond["identity"].is_string(), "{bond}");
    assert!(bindrune(&format!("bonds {bonds}")).success().stdout.contains("BR/EDR"));
    // A host of LE alone leaves it there.
    let read = format!("gatt read C4:5E:12:00:00:01/random 2a00 {bonds}");
    assert_eq!(bindrune(&read).success().stderr, "");
    bindrune(&echo).success();

    // The device has lost its bond: it is not trusted until it pairs again.
    std::fs::remove_dir_all(format!("{}.d", file.display())).expect("the bonds of the device");
    bindrune(&echo).fails_with(1).says("poses as it");
    bindrune(&format!("bonds remove {BOX} {bonds}")).success();
    assert_eq!(bindrune(&format!("bonds list {bonds} --json")).success().records().len(), 0);
    bindrune(&echo).success();
}

#[test]
fn a_wrong_passkey_is_refused() {
    let file = Run::bond_file("classic-passkey");
    let words = format!("classic pair {BOX} --passkey 000001 --bond-file {}", file.display());
    bindrune(&words).fails_with(1).says("The passkey was wrong");
}

#[test]
fn exit_codes_name_the_kind_of_failure() {
    bindrune("classic").fails_with(2);
    bindrune("classic l2cap echo x 0x80").fails_with(2).says("not a PSM of BR/EDR");
    bindrune("classic services C4:5E:12:00:00:06/random").fails_with(2).says("address of LE");
    bindrune("classic services Missing --timeout 2").fails_with(4).says("was not found");
    bindrune("classic services C4:5E:12:00:00:07").fails_with(4).says("Is the device on");
    bindrune(&format!("classic l2cap echo {BOX} 0x1009"))
        .fails_with(1)
        .says("Does the device listen");
    let mode = format!("classic l2cap echo {BOX} 0x1001 --mode streaming");
    bindrune(&mode).fails_with(1).says("try --mode basic");
}

#[test]
fn a_controller_without_it_is_named() {
    let (_air, ours, _) = air("");
    bindrune(&format!("-t {ours} classic scan --seconds 1")).fails_with(1).says("has no BR/EDR");
}

#[test]
fn a_file_keeps_its_checksum_between_two_hosts() {
    let (_air, ours, theirs) = air("--classic --seed 6");
    let folder = Run::folder("classic-air");
    let (sent, received) = (folder.join("sent"), folder.join("received"));
    let _ = std::fs::remove_file(&received);
    let content: Vec<u8> = (0..100_000u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(&sent, &content).expect("a file");
    let mut receiver = Running::start(&format!(
        "-t {ours} classic l2cap receive 0x1011 -o {} --json --name Files",
        received.display()
    ));
    thread::sleep(Duration::from_secs(1));
    let services = format!("-t {theirs} classic services Files --json");
    assert_eq!(bindrune(&services).success().records()[0]["psm"], 0x1011);
    let send = format!("-t {theirs} classic l2cap send Files 0x1011 {} --json", sent.display());
    let here = bindrune(&send).success().records().pop().expect("a summary");
    receiver.until("\"event\"");
    let there: serde_json::Value = serde_json::from_str(&receiver.rest()).expect("a summary");
    assert_eq!((&here["sha256"], &here["bytes"]), (&there["sha256"], &there["bytes"]));
    assert_eq!(std::fs::read(&received).expect("the file"), content);
}
