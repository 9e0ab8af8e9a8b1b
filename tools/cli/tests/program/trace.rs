//! `trace`: captures of this program, and files that are none.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::Stdio,
};

use crate::run::{Run, bindrune, command};

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

/// The block of the book, on the simulator: the same packets, with other times and another temperature.
#[test]
fn the_page_shows_a_conversation() {
    let page = include_str!("../../../../docs/book/src/trace.md");
    let block = page.split("```console\n").nth(1).and_then(|rest| rest.split("```").next());
    let mut commands = block.expect("a block").split("$ bindrune ").skip(1);
    let (capture, trace) = (commands.next().expect("a capture"), commands.next().expect("a trace"));
    let (trace, lines) = trace.split_once('\n').expect("lines");
    let path = file("page.btsnoop").display().to_string();
    let with_path = |words: &str| words.trim().replace("read.btsnoop", &path);
    bindrune(&with_path(capture.lines().next().expect("a command"))).success();
    let shown = bindrune(&with_path(trace)).success().stdout;
    // Without the time at the begin, the value, and the time of the answer at the end.
    let masked = |line: &str| {
        let (_, packet) = line.trim().split_once(' ').expect("a packet");
        let packet = if packet.ends_with("s)") {
            packet.rsplit_once(" (").expect("a time").0
        } else {
            packet
        };
        packet.split_once(" bytes ").map_or(packet, |(packet, _)| packet).to_owned()
    };
    let [page, shown] = [lines, &shown].map(|text| text.lines().map(masked).collect::<Vec<_>>());
    assert!(page.len() > 10);
    assert_eq!(page, shown);
}

/// Keys of pairing and of encryption are in the capture, but not in what is shown.
#[test]
fn keys_are_hidden() {
    let bonds = Run::bond_file("trace-keys");
    let pair = format!("pair Vault --io display-yes-no --yes --bond-file {}", bonds.display());
    let path = captured("keys.btsnoop", &pair);
    let records = bindrune(&format!("trace --json {}", path.display())).success().records();
    for name in ["LE Encrypt", "LE Enable Encryption", "Identity Information"] {
        let record = records.iter().find(|record| record["fields"]["name"] == name);
        let record = record.unwrap_or_else(|| panic!("no {name}"));
        let key = ["key", "long_term_key"].into_iter().find(|key| !record["fields"][key].is_null());
        assert_eq!(key.map(|key| &record["fields"][key]), Some(&"hidden".into()), "{record}");
    }
    let peers: Vec<_> = records.iter().filter_map(|record| record["peer"].as_str()).collect();
    assert!(!peers.is_empty() && peers.iter().all(|peer| *peer == "C4:5E:12:00:00:05/random"));
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
