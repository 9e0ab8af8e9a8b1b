//! `trace`: captures of this program, and files that are none.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::Stdio,
};

use crate::run::{bindrune, command};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Captures a command on the built-in controller.
fn captured(name: &str, words: &str) -> PathBuf {
    let path = file(name);
    bindrune(&format!("--capture {} {words}", path.display())).success();
    path
}

#[test]
fn json_has_the_keys_of_the_contract_and_the_fields_of_each_layer() {
    let path = captured("json.btsnoop", "gatt read Thermometer 2a6e");
    let records = bindrune(&format!("trace --json {}", path.display())).success().records();
    assert!(records.len() > 100, "{}", records.len());
    for record in &records {
        for key in ["time", "direction", "layer", "summary", "fields"] {
            assert!(!record[key].is_null(), "{key}: {record}");
        }
        assert_eq!(record["violations"], serde_json::json!([]), "{record}");
    }
    let read =
        records.iter().rfind(|record| record["fields"]["name"] == "Read Response").expect("a read");
    assert_eq!(read["fields"]["attribute_name"], "Temperature");
    assert_eq!(read["fields"]["code"], 11);
    assert!(read["fields"]["after_us"].is_number(), "{read}");
}

#[test]
fn filters_select_packets_and_verbose_shows_their_fields() {
    let path = captured("filters.btsnoop", "gatt read Thermometer 2a6e");
    let smp = bindrune(&format!("trace {} --layer smp", path.display())).success();
    assert_eq!(smp.stdout.lines().count(), 1, "{}", smp.stdout);
    let other = bindrune(&format!("trace {} --peer 00:00:00:00:00:09", path.display())).success();
    assert_eq!(other.stdout.lines().count(), 1, "{}", other.stdout);
    let peer =
        bindrune(&format!("trace -v {} --peer C4:5E:12:00:00:01 --layer att", path.display()))
            .success();
    assert!(
        peer.stdout.contains("\n                 attribute_name: Temperature\n"),
        "{}",
        peer.stdout
    );
}

#[test]
fn a_cut_file_is_decoded_up_to_its_end() {
    let path = captured("whole.btsnoop", "info");
    let octets = fs::read(&path).expect("a capture");
    let cut = file("cut.btsnoop");
    fs::write(&cut, &octets[..octets.len() - 1]).expect("a file");
    let trace = bindrune(&format!("trace {}", cut.display())).fails_with(1);
    assert!(trace.stdout.contains("Command Complete: Reset, success"), "{}", trace.stdout);
    trace.says("the capture ends inside record");
    let none = file("none.btsnoop");
    fs::write(&none, "hello").expect("a file");
    bindrune(&format!("trace {}", none.display())).fails_with(1).says("not a capture of HCI");
    bindrune("trace /nowhere/x").fails_with(1).says("cannot open /nowhere/x");
    bindrune("trace").fails_with(2);
}

#[test]
fn h4_from_stdin_is_decoded_and_a_closed_output_ends_quietly() {
    let mut child = command("trace -")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut stdin = child.stdin.take().expect("stdin");
    stdin.write_all(&[1, 3, 0x0c, 0, 4, 0x0e, 4, 1, 3, 0x0c, 0]).expect("bytes");
    let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    let first = lines.next().expect("a line").expect("text");
    assert_eq!(first, "           - > hci    Reset");
    drop(lines);
    for _ in 0..10_000 {
        if stdin.write_all(&[1, 3, 0x0c, 0]).is_err() {
            break;
        }
    }
    drop(stdin);
    assert!(child.wait().expect("an end").success());
}
