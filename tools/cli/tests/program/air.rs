//! Several runs of the program on one air, served by `bindrune controller`, over TCP.

use std::{net::TcpListener, thread, time::Duration};

use crate::run::{Run, Running, bindrune, command};

/// An air with two controllers, and their addresses.
pub(crate) fn air(options: &str) -> (Running, String, String) {
    let (air, [a, b]) = air_of(options);
    (air, a, b)
}

/// An air with this number of controllers, and their addresses.
pub(crate) fn air_of<const N: usize>(options: &str) -> (Running, [String; N]) {
    // All are bound at once, so that they differ.
    let listeners = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
    let ports = listeners.map(|l| l.local_addr().expect("an address").port());
    let listen = ports.map(|port| format!("tcp:{port}")).join(" ");
    let mut air = Running::start(&format!("controller --json {options} --listen {listen}"));
    for _ in ports {
        air.until("listening");
    }
    (air, ports.map(|port| format!("tcp-client:127.0.0.1:{port}")))
}

#[test]
fn a_peripheral_serves_a_central() {
    let (_air, ours, theirs) = air("--loss 5");
    let mut peripheral = Running::start(&format!("-t {ours} peripheral --name Bench --json"));
    peripheral.until("advertising");
    let tree = bindrune(&format!("-t {theirs} gatt tree Bench --json")).success().records();
    for uuid in ["180a", "2a29", "180f", "2a19", "6e400001-b5a3-f393-e0a9-e50e24dcca9e"] {
        assert!(tree.iter().any(|r| r["uuid"] == uuid), "{uuid}: {tree:?}");
    }
    for event in ["connected", "disconnected"] {
        peripheral.until(event);
    }
    let text = "long ".repeat(80);
    let write =
        command(&format!("-t {theirs} gatt write Bench 6e400002-b5a3-f393-e0a9-e50e24dcca9e"))
            .arg(format!("text:{text}"))
            .output();
    assert_eq!(write.expect("a run").status.code(), Some(0));
    assert!(peripheral.until("written").contains(&text));
    let echo = bindrune(&format!("-t {theirs} l2cap echo Bench 0x80 --bytes 20000")).success();
    assert!(echo.stdout.contains("20000 bytes"));
    assert!(peripheral.until("channel-closed").contains("20000"));
}

#[test]
fn a_file_keeps_its_checksum() {
    let (_air, ours, theirs) = air("--seed 3");
    let folder = Run::folder("air");
    let (sent, received) = (folder.join("sent"), folder.join("received"));
    let _ = std::fs::remove_file(&received);
    let content: Vec<u8> = (0..100_000u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(&sent, &content).expect("a file");
    let mut receiver = Running::start(&format!(
        "-t {ours} l2cap receive 0x85 -o {} --json --name Files",
        received.display()
    ));
    let send = format!("-t {theirs} l2cap send Files 0x85 {} --json", sent.display());
    let here = bindrune(&send).success().records().pop().expect("a summary");
    receiver.until("\"event\"");
    let there: serde_json::Value = serde_json::from_str(&receiver.rest()).expect("a summary");
    assert_eq!((&here["sha256"], &here["bytes"]), (&there["sha256"], &there["bytes"]));
    assert_eq!(std::fs::read(&received).expect("the file"), content);
}

/// A controller that stops ends commands that have an end, with exit code 3; commands that run until Ctrl-C wait for
/// it.
#[test]
fn a_controller_that_stops_answering_is_reported_and_waited_for() {
    let (air, ours, theirs) = air("");
    let folder = Run::folder("frozen");
    let notes = |name: &str| std::fs::read_to_string(folder.join(name)).expect("diagnostics");
    let until_noted = |text: &str| {
        for _ in 0..600 {
            if notes("peripheral").contains(text) {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("{text:?} was never said: {}", notes("peripheral"));
    };
    let words = format!("-t {ours} peripheral --name Bench --json");
    let mut peripheral = Running::noting(&words, &folder.join("peripheral"));
    peripheral.until("advertising");
    let scan = Running::noting(&format!("-t {theirs} scan --seconds 90"), &folder.join("scan"));
    thread::sleep(Duration::from_secs(2));
    air.signal("STOP");
    assert_eq!(scan.leave(), Some(3));
    let said = notes("scan");
    assert!(said.contains("stopped answering") && said.contains("Does it have power"), "{said}");
    until_noted("it did not answer the command 0x1001 within 2 s");
    air.signal("CONT");
    until_noted("is back");
    bindrune(&format!("-t {theirs} gatt read Bench 2a00")).success();
}

/// The peer's radio answers, but its program has stopped.
#[cfg(unix)]
#[test]
fn a_transfer_to_a_stopped_program_times_out() {
    let (_air, ours, theirs) = air("--seed 4");
    let folder = Run::folder("stopped");
    let (sent, received) = (folder.join("sent"), folder.join("received"));
    let _ = std::fs::remove_file(&received);
    std::fs::write(&sent, vec![7; 20_000_000]).expect("a file");
    let mut receiver = Running::start(&format!(
        "-t {ours} l2cap receive 0x85 -o {} --json --name Files",
        received.display()
    ));
    let send = format!("-t {theirs} l2cap send Files 0x85 {} --timeout 8", sent.display());
    let sender = thread::spawn(move || bindrune(&send));
    receiver.until("\"event\"");
    receiver.signal("STOP");
    let sender = sender.join().expect("a run").fails_with(4);
    assert!(sender.stderr.contains("the device did nothing for 8 s"), "{}", sender.stderr);
    sender.says("bytes have arrived. A transfer cannot be continued");
    receiver.signal("CONT");
}

/// Like the previous test, from the other end.
#[cfg(unix)]
#[test]
fn a_receiver_says_how_much_came_when_the_sender_stops() {
    let (_air, ours, theirs) = air("--seed 5");
    let folder = Run::folder("stopped-sender");
    let (sent, received) = (folder.join("sent"), folder.join("received"));
    let part = folder.join("received.part");
    let _ = std::fs::remove_file(&received);
    let _ = std::fs::remove_file(&part);
    std::fs::write(&sent, vec![7; 20_000_000]).expect("a file");
    let receive =
        format!("-t {ours} l2cap receive 0x85 -o {} --name Files --timeout 3", received.display());
    let receiver = thread::spawn(move || bindrune(&receive));
    let sender = Running::start(&format!("-t {theirs} l2cap send Files 0x85 {}", sent.display()));
    while std::fs::metadata(&part).map_or(0, |m| m.len()) < 10_000 {
        assert!(!receiver.is_finished(), "the receiver ended early");
        thread::sleep(Duration::from_millis(20));
    }
    sender.signal("STOP");
    receiver.join().expect("a run").fails_with(4).says("bytes stored");
    sender.signal("CONT");
}
