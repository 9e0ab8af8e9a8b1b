//! Inquiry, remote names, pages.

use anyhow::Result;
use bindrune_interop::{Air, Classic, ClassicPeers, Scratch};
use serde_json::{Value, json};

const SERVICES: [&str; 3] = ["1101", "12345678", "6f0e1001-5a4d-4c8b-9a5e-b1d2c3a4e5f6"];

fn found(peers: &ClassicPeers, limited: bool) -> Result<Value> {
    let address = peers.called.address();
    let answer = peers
        .caller
        .call("inquire", json!({ "seconds": 2.56, "limited": limited, "address": address }))?;
    let devices = answer["devices"].as_array().cloned().unwrap_or_default();
    Ok(devices.into_iter().find(|one| one["address"] == address).unwrap_or_default())
}

#[test]
fn an_inquiry_finds_name_class_and_services() -> Result<()> {
    let peers = ClassicPeers::start("classic_inquiry")?;
    let called = &peers.called;
    called.call(
        "discoverable",
        json!({ "name": "Küche", "class_of_device": 0x24_0404, "services": SERVICES }),
    )?;
    let device = found(&peers, false)?;
    assert_eq!(device["name"], "Küche");
    assert_eq!(device["class_of_device"], 0x24_0404);
    assert_eq!(device["services"], json!(SERVICES));
    assert!(device["rssi"].as_i64().is_some_and(|rssi| (-127..=20).contains(&rssi)));

    let address = json!({ "address": called.address() });
    assert_eq!(peers.caller.call("remote_name", address.clone())?["name"], "Küche");
    peers.connect()?;
    assert_eq!(peers.caller.call("remote_name", address)?["name"], "Küche");
    peers.disconnect()?;
    peers.end()
}

#[test]
fn only_a_discoverable_device_is_found() -> Result<()> {
    let peers = ClassicPeers::start("classic_discoverable")?;
    assert_eq!(found(&peers, true)?, Value::Null);
    peers.called.call("discoverable", json!({ "limited": true }))?;
    assert_eq!(found(&peers, true)?["name"], "called");
    peers.called.call("discoverable", json!({ "enabled": false }))?;
    assert_eq!(found(&peers, false)?, Value::Null);
    peers.connect()?;
    peers.disconnect()?;
    peers.end()
}

#[test]
fn a_page_is_refused_or_not_answered() -> Result<()> {
    let peers = ClassicPeers::start("classic_page")?;
    let connect = json!({ "address": peers.called.address() });
    peers.called.call("accept", json!({ "enabled": false }))?;
    let error = peers.caller.call("connect", connect.clone()).unwrap_err().to_string();
    assert!(error.contains("CONNECTION_REJECTED_DUE_TO_LIMITED_RESOURCES"), "{error}");

    peers.called.call("accept", json!({}))?;
    peers.called.call("discoverable", json!({ "connectable": false }))?;
    let error = peers.caller.call("connect", connect).unwrap_err().to_string();
    assert!(error.contains("PAGE_TIMEOUT"), "{error}");
    peers.end()
}

#[test]
fn roles_are_switched() -> Result<()> {
    let peers = ClassicPeers::start("classic_roles")?;
    peers.connect()?;
    let switched = peers.called.call("switch_role", json!({ "role": "central" }))?;
    assert_eq!(switched["role"], "central");
    peers.disconnect()?;
    peers.end()
}

#[test]
fn a_device_has_links_to_two_others() -> Result<()> {
    let air = Air::start(&Scratch::new("classic_two")?)?;
    let called = Classic::start(&air, "called")?;
    let callers = [Classic::start(&air, "first")?, Classic::start(&air, "second")?];
    called.call("discoverable", json!({}))?;
    for caller in &callers {
        caller.call("connect", json!({ "address": called.address() }))?;
        assert_eq!(called.call("wait_connected", json!({}))?["peer"], caller.address());
    }
    let records = called.call("records", json!({}))?;
    for caller in &callers {
        assert_eq!(caller.call("services", json!({}))?["records"], records["records"]);
    }
    for caller in &callers {
        caller.call("disconnect", json!({}))?;
    }
    Ok(())
}
