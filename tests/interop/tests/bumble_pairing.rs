//! The peers pair with each other: tests what the pairing tests of our host need from them.

#![allow(clippy::indexing_slicing, reason = "JSON answers of the peers are indexed by key")]

use anyhow::Result;
use bindrune_interop::{Peer, Peers};
use serde_json::{Value, json};

const ENCRYPTED: &str = "6f0e0002-5a4d-4c8b-9a5e-b1d2c3a4e5f6";
const AUTHENTICATED: &str = "6f0e0003-5a4d-4c8b-9a5e-b1d2c3a4e5f6";

fn start(test: &str) -> Result<Peers> {
    Peers::start(test, "lock")
}

/// Pairs; `persons` answer the questions of both.
fn pair(peers: &Peers, persons: impl FnOnce() -> Result<()>) -> Result<(Value, Value)> {
    let pairing = peers.central.begin("pair", json!({}))?;
    let paired = peers.peripheral.begin("wait_paired", json!({}))?;
    persons()?;
    Ok((pairing.wait()?, paired.wait()?))
}

/// Encrypts a new link with the stored key, and reads a protected value.
fn again(peers: &Peers, authenticated: bool) -> Result<()> {
    let Peers { central, peripheral, .. } = peers;
    peers.connect(None)?;
    central.call("discover", json!({}))?;
    let read = |what: &str| central.call("read", json!({ "attribute": what }));
    assert!(format!("{:?}", read(ENCRYPTED)).contains("INSUFFICIENT_ENCRYPTION"));
    assert!(read(AUTHENTICATED).is_err());
    assert_eq!(central.call("encrypt", json!({}))?["authenticated"], authenticated);
    let seen = peripheral.call("wait_encrypted", json!({}))?;
    assert_eq!(seen["authenticated"], authenticated);
    assert_eq!(read(ENCRYPTED)?["value"], "11111111");
    assert_eq!(read(AUTHENTICATED).is_ok(), authenticated);
    peers.disconnect()
}

fn question(peer: &Peer) -> Result<Value> {
    peer.call("wait_question", json!({ "timeout": 10 }))
}

fn answer(peer: &Peer, answer: &Value) -> Result<()> {
    peer.call("answer", answer.clone()).map(drop)
}

/// Passes the passkey that one peer displays to the other.
fn type_passkey(shows: &Peer, types: &Peer) -> Result<()> {
    let shown = question(shows)?;
    assert_eq!(shown["question"], "display");
    assert_eq!(question(types)?["question"], "input");
    answer(types, &json!({ "passkey": shown["passkey"] }))
}

#[test]
fn each_method_of_secure_connections_makes_a_bond_that_survives_a_restart() -> Result<()> {
    let mut peers = start("bumble_pairing_secure")?;

    peers.connect(None)?;
    let (ours, theirs) = pair(&peers, || Ok(()))?;
    for paired in [&ours, &theirs] {
        assert_eq!((&paired["method"], &paired["bonded"]), (&json!("just-works"), &json!(true)));
        assert_eq!(paired["keys"], json!(["ltk", "irk"]));
    }
    assert_eq!(ours["identity"], peers.peripheral.address());
    assert_eq!(theirs["identity"], peers.central.address());
    peers.disconnect()?;
    again(&peers, false)?;
    peers.both("forget", &json!({}))?;

    let yes_no = json!({ "io": "display-yes-no", "mitm": true });
    peers.both("pairing", &yes_no)?;
    peers.connect(None)?;
    let (paired, _) = pair(&peers, || {
        let shown = (question(&peers.central)?, question(&peers.peripheral)?);
        assert_eq!(shown.0["number"], shown.1["number"]);
        assert_eq!(shown.0["question"], "compare");
        answer(&peers.central, &json!({ "accept": true }))?;
        answer(&peers.peripheral, &json!({ "accept": true }))
    })?;
    let method = (&paired["method"], &paired["authenticated"]);
    assert_eq!(method, (&json!("numeric-comparison"), &json!(true)));
    peers.disconnect()?;
    again(&peers, true)?;
    peers.both("forget", &json!({}))?;

    peers.central.call("pairing", json!({ "io": "keyboard-only", "mitm": true }))?;
    peers.connect(None)?;
    let (paired, _) = pair(&peers, || type_passkey(&peers.peripheral, &peers.central))?;
    let method = (&paired["method"], &paired["authenticated"]);
    assert_eq!(method, (&json!("passkey"), &json!(true)));
    peers.disconnect()?;

    peers.peripheral.restart(&peers.air)?;
    peers.central.restart(&peers.air)?;
    again(&peers, true)?;
    peers.end()
}

#[test]
fn each_legacy_method_makes_a_bond() -> Result<()> {
    let peers = start("bumble_pairing_legacy")?;
    let terms = |io: &str, key: Option<&str>| json!({ "io": io, "mitm": true, "secure_connections": false, "temporary_key": key });
    let tk = "000102030405060708090a0b0c0d0e0f";
    for (central, peripheral, key, method) in [
        ("no-input-no-output", "no-input-no-output", None, "just-works"),
        ("display-only", "keyboard-only", None, "passkey"),
        ("keyboard-only", "display-only", None, "passkey"),
        ("no-input-no-output", "no-input-no-output", Some(tk), "out-of-band"),
    ] {
        peers.central.call("pairing", terms(central, key))?;
        peers.peripheral.call("pairing", terms(peripheral, key))?;
        peers.connect(None)?;
        let (paired, _) = pair(&peers, || match (method, central) {
            ("passkey", "display-only") => type_passkey(&peers.central, &peers.peripheral),
            ("passkey", _) => type_passkey(&peers.peripheral, &peers.central),
            _ => Ok(()),
        })?;
        assert_eq!(
            (&paired["method"], &paired["secure_connections"]),
            (&json!(method), &json!(false))
        );
        peers.disconnect()?;
        again(&peers, method != "just-works")?;
        peers.both("forget", &json!({}))?;
    }
    peers.end()
}

#[test]
fn oob_data_pairs_and_other_data_does_not() -> Result<()> {
    let peers = start("bumble_pairing_oob")?;
    let theirs = peers.peripheral.call("oob", json!({}))?;
    let ours = peers.central.call("oob", json!({}))?;
    peers.central.call("pairing", json!({ "oob": theirs }))?;
    peers.peripheral.call("pairing", json!({ "oob": ours }))?;
    peers.connect(None)?;
    let (paired, _) = pair(&peers, || Ok(()))?;
    let method = (&paired["method"], &paired["authenticated"]);
    assert_eq!(method, (&json!("out-of-band"), &json!(true)));
    peers.disconnect()?;

    peers.both("forget", &json!({}))?;
    peers.central.call("oob", json!({}))?;
    peers.connect(None)?;
    let error = peers.central.call("pair", json!({})).unwrap_err().to_string();
    assert!(error.contains("CONFIRM_VALUE_FAILED"), "{error}");
    let error = peers.peripheral.call("wait_paired", json!({})).unwrap_err().to_string();
    assert!(error.contains("CONFIRM_VALUE_FAILED"), "{error}");
    peers.disconnect()?;
    peers.end()
}

#[test]
fn a_security_request_is_answered_and_a_refusal_is_reported() -> Result<()> {
    let peers = start("bumble_pairing_refused")?;
    peers
        .peripheral
        .call("pairing", json!({ "io": "display-yes-no", "mitm": true, "ask": ["accept"] }))?;
    peers.connect(None)?;
    peers.peripheral.call("request_security", json!({}))?;
    // Bonding, MITM, Secure Connections. [Vol 3] Part H, 3.5.1
    let asked = peers.central.call("wait_security_request", json!({}))?;
    assert_eq!(asked["authentication"], 0x0d);
    for (accept, outcome) in [(false, "PAIRING_NOT_SUPPORTED"), (true, "")] {
        let pairing = peers.central.begin("pair", json!({}))?;
        assert_eq!(question(&peers.peripheral)?["question"], "accept");
        answer(&peers.peripheral, &json!({ "accept": accept }))?;
        let paired = pairing.wait();
        assert_eq!(paired.is_ok(), accept);
        assert!(accept || format!("{paired:?}").contains(outcome));
    }
    peers.disconnect()?;

    // The peripheral has lost its key. This controller reports 0x05 instead of 0x06.
    peers.peripheral.call("forget", json!({}))?;
    peers.connect(None)?;
    let error = peers.central.call("encrypt", json!({})).unwrap_err().to_string();
    assert!(error.contains("0x05"), "{error}");
    peers.end()
}

#[test]
fn private_addresses_rotate_and_are_resolved() -> Result<()> {
    let peers = start("bumble_pairing_private")?;
    let private = |peer: &Peer| -> Result<Value> {
        Ok(peer.call("private_address", json!({}))?["address"].clone())
    };
    let first = (private(&peers.central)?, private(&peers.peripheral)?);
    peers.peripheral.call("advertise", json!({}))?;
    peers.central.call("connect", json!({ "address": first.1 }))?;
    let seen = peers.peripheral.call("wait_connected", json!({}))?;
    assert_eq!(seen["peer"], first.0);
    let (paired, _) = pair(&peers, || Ok(()))?;
    assert_eq!(paired["identity"], peers.peripheral.address());
    peers.disconnect()?;

    let second = (private(&peers.central)?, private(&peers.peripheral)?);
    assert!(first.0 != second.0 && first.1 != second.1);
    peers.connect(None)?;
    assert_eq!(peers.central.call("encrypt", json!({}))?["identity"], peers.peripheral.address());
    let seen = peers.peripheral.call("wait_encrypted", json!({}))?;
    assert_eq!(seen["identity"], peers.central.address());
    peers.disconnect()?;
    peers.end()
}
