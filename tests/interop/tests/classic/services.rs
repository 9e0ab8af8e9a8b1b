//! SDP: each search finds what the server has.

use anyhow::Result;
use bindrune_interop::ClassicPeers;
use serde_json::{Value, json};

/// The peers' long record.
const LONG: u32 = 0x1_0004;

#[test]
fn all_attributes_of_all_records_are_found() -> Result<()> {
    let peers = ClassicPeers::start("classic_records")?;
    let record = json!({ "0000": "0a00020000", "0001": "35031911ff", "0100": "2504736f6d65" });
    peers.called.call("add_record", json!({ "attributes": record }))?;
    peers.connect()?;
    let due = peers.called.call("records", json!({}))?["records"].clone();
    // The added record has no L2CAP in its protocols.
    let with_l2cap = due.as_array().map(|all| json!(all[..4].to_vec()));

    // The short MTU needs a continuation for each 39 bytes.
    for mtu in [0, 48, 672, 65_535] {
        let found = peers.caller.call("services", json!({ "mtu": mtu }))?;
        assert_eq!(Some(&found["records"]), with_l2cap.as_ref());
        let long = json!({ "handle": LONG, "mtu": mtu });
        assert_eq!(peers.caller.call("attributes", long)?["record"], due[3]);
    }
    let found = peers.caller.call("services", json!({ "uuids": ["11ff"] }))?;
    assert_eq!(found["records"], json!([record]));
    peers.disconnect()?;
    peers.end()
}

#[test]
fn a_search_selects_records_and_attributes() -> Result<()> {
    let peers = ClassicPeers::start("classic_search")?;
    peers.connect()?;
    let call = |verb: &str, arguments: Value| peers.caller.call(verb, arguments);
    for (uuid, handles) in [
        ("1101", json!([0x1_0001, 0x1_0003, 0x1_0004])),
        ("12345678", json!([0x1_0003])),
        ("6f0e1001-5a4d-4c8b-9a5e-b1d2c3a4e5f6", json!([0x1_0002, 0x1_0003])),
        ("00001101-0000-1000-8000-00805f9b34fb", json!([0x1_0001, 0x1_0003, 0x1_0004])),
        ("1002", json!([0x1_0001, 0x1_0002, 0x1_0003, 0x1_0004])),
        ("1234", json!([])),
    ] {
        assert_eq!(call("search", json!({ "uuids": [uuid] }))?["handles"], handles, "{uuid}");
    }

    let some = json!({ "uuids": ["1101"], "attributes": [0x0004, [0x0100, 0x0101]] });
    let found = call("services", some)?["records"].clone();
    let keys = |record: &Value| record.as_object().map(|all| all.keys().cloned().collect());
    assert_eq!(keys(&found[0]), Some(vec!["0004".to_owned(), "0100".into(), "0101".into()]));

    let error = call("attributes", json!({ "handle": 0x1234 })).unwrap_err().to_string();
    assert!(error.contains('2'), "{error}");
    peers.disconnect()?;
    peers.end()
}
