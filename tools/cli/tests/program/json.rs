//! `docs/json.md` is the contract of the JSON output: commands print the keys that it lists, and no others.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    air::air,
    run::{Run, Running, bindrune},
};

/// A time in the form of all records but those of packets.
const STAMP: &str = "2026-01-01T00:00:00.000Z";

type Keys = BTreeMap<String, bool>;

/// Returns the keys of each record of the page, and whether they are always there.
fn page() -> BTreeMap<String, Keys> {
    let page = include_str!("../../../../docs/json.md");
    let mut records: BTreeMap<String, Keys> = BTreeMap::new();
    let mut record = String::new();
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            record = title.trim_matches('`').to_owned();
        } else if let Some(row) = line.strip_prefix("| `") {
            let (key, rest) = row.split_once('`').expect("a key");
            let always = !rest.trim_start_matches([' ', '|']).starts_with("optional");
            records.entry(record.clone()).or_default().insert(key.to_owned(), always);
        }
    }
    records
}

/// Checks records of one kind against the page.
#[track_caller]
pub(crate) fn conform(kind: &str, records: &[serde_json::Value]) {
    let pages = page();
    let keys = pages.get(kind).unwrap_or_else(|| panic!("{kind} is not on the page"));
    assert!(!records.is_empty(), "no {kind}");
    for record in records {
        let object = record.as_object().expect("an object");
        let there: BTreeSet<_> = object.keys().cloned().collect();
        for (key, always) in keys {
            assert!(there.contains(key) || !always, "{kind} lacks {key}: {record}");
        }
        let known = |key: &String| keys.contains_key(key) || key == "time";
        let unknown: Vec<_> = there.iter().filter(|key| !known(key)).collect();
        assert!(unknown.is_empty(), "{kind} has {unknown:?}: {record}");
        let time = record["time"].as_str().expect("a time");
        let form = if kind == "trace" { "2026-01-01T00:00:00.000000Z" } else { STAMP };
        assert!(time.len() == form.len() && time.ends_with('Z'), "{time}");
    }
}

#[test]
fn commands_print_what_the_page_lists() {
    let bonds = format!("--bond-file {}", Run::bond_file("json").display());
    let of = |words: &str| bindrune(&format!("{words} --json {bonds}")).success().records();
    conform("info", &of("info"));
    conform("scan", &of("scan --seconds 1"));
    let tree = of("gatt tree Vault");
    conform("gatt tree", &tree);
    conform("gatt value", &of("gatt read Thermometer 2a6e"));
    conform("gatt value", &of("gatt subscribe Thermometer 2a6e --count 1"));
    conform("transfer", &of("l2cap echo C4:5E:12:00:00:04/random 0x80 --bytes 1000"));
    let capture = Run::folder("json-trace").join("hci.btsnoop");
    conform("bench", &of("bench C4:5E:12:00:00:04/random --seconds 0.2"));
    conform("doctor", &bindrune("doctor /dev/none --json").fails_with(3).records()[..1]);
    conform("hci", &of(&format!("--capture {} hci 4:9", capture.display())));
    conform("trace", &of(&format!("trace {}", capture.display())));
    conform("demo", &of("demo"));
    let paired = of("pair Vault --io display-yes-no --yes");
    conform("question", &paired[..1]);
    conform("pair", &paired[1..]);
    conform("bonds", &of("bonds"));
    conform("bonds remove", &of("bonds clear"));

    // Rows name their parents, so that a script can build the tree.
    let (mut services, mut characteristics) = (BTreeSet::new(), BTreeSet::new());
    for node in &tree {
        let (handle, parent) =
            (node["handle"].as_u64().expect("a handle"), node["parent"].as_u64());
        match node["type"].as_str().expect("a type") {
            "service" => assert!(parent.is_none() && services.insert(handle)),
            "characteristic" => {
                assert!(services.contains(&parent.expect("a service")));
                characteristics.insert(handle);
            }
            _ => assert!(characteristics.contains(&parent.expect("a characteristic"))),
        }
    }
    let refused = tree.iter().find(|node| !node["error"].is_null()).expect("a refusal");
    conform("error", &[stamped(&refused["error"])]);
    assert_eq!(refused["error"]["kind"], "att");
}

/// Returns an inner object as a record.
fn stamped(object: &serde_json::Value) -> serde_json::Value {
    let mut object = object.clone();
    object["time"] = STAMP.into();
    object
}

#[test]
fn a_failure_is_the_last_object() {
    for (words, kind, exit) in [
        ("gatt read Thermometer 2a19", "failed", 1),
        ("gatt tree Missing --timeout 1", "timed-out", 4),
        ("-t tcp-client:127.0.0.1:1 info", "no-controller", 3),
    ] {
        let records = bindrune(&format!("{words} --json")).fails_with(exit).records();
        let failure = &records.last().expect("a failure")["error"];
        conform("failure", &[stamped(failure)]);
        assert_eq!((&failure["kind"], &failure["exit"]), (&kind.into(), &exit.into()));
    }
}

/// Events of a link have one spelling of its peer, questions too.
#[test]
fn events_of_a_link_name_one_peer() {
    let (_air, ours, theirs) = air("--seed 30");
    let bonds = Run::bond_file("json-peer");
    let pair = format!(
        "-t {theirs} gatt read Lock 2a00 --io display-yes-no --mitm --yes --bond-file {}",
        bonds.display()
    );
    let mut peripheral = Running::start(&format!(
        "-t {ours} peripheral --name Lock --io display-yes-no --mitm --yes --json"
    ));
    let mut lines = vec![peripheral.until("advertising")];
    bindrune(&pair).success();
    bindrune(&format!("-t {theirs} l2cap echo Lock 0x80 --bytes 100")).success();
    peripheral.signal("INT");
    lines.extend(peripheral.rest().lines().map(str::to_owned));
    let records: Vec<serde_json::Value> =
        lines.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let (questions, events): (Vec<_>, Vec<_>) =
        records.into_iter().partition(|record| record["event"].is_null());
    conform("question", &questions);
    conform("peripheral", &events);
    let peers: BTreeSet<_> =
        questions.iter().chain(&events).filter_map(|r| r["peer"].as_str()).collect();
    assert_eq!(peers, BTreeSet::from(["BE:AC:01:00:00:02/public"]));
}
