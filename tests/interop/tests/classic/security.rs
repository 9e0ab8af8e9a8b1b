//! Pairing by each method, and link keys.

use anyhow::Result;
use bindrune_interop::{ClassicPeers, Peer};
use serde_json::{Value, json};

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

fn compare(peers: &ClassicPeers, accepts: bool) -> Result<()> {
    let shown = (question(&peers.caller)?, question(&peers.called)?);
    assert_eq!(
        (&shown.0["question"], &shown.1["question"]),
        (&json!("compare"), &json!("compare"))
    );
    assert_eq!(shown.0["number"], shown.1["number"]);
    answer(&peers.caller, &json!({ "accept": true }))?;
    answer(&peers.called, &json!({ "accept": accepts }))
}

/// Pairs on a new link; `persons` answer the questions of both.
fn pair(
    peers: &ClassicPeers,
    persons: impl FnOnce() -> Result<()>,
) -> Result<(Result<Value>, Result<Value>)> {
    peers.connect()?;
    let pairing = peers.caller.begin("pair", json!({ "timeout": 20 }))?;
    let paired = peers.called.begin("wait_paired", json!({ "timeout": 20 }))?;
    persons()?;
    Ok((pairing.wait(), paired.wait()))
}

/// Encrypts a new link with the stored key, from either side.
fn again(peers: &ClassicPeers, authenticated: bool) -> Result<()> {
    let sides: [(&Peer, &Peer); 2] =
        [(&peers.caller, &peers.called), (&peers.called, &peers.caller)];
    for (ours, theirs) in sides {
        peers.connect()?;
        let secured = ours.call("encrypt", json!({}))?;
        assert_eq!(secured["authenticated"], authenticated);
        assert_eq!(secured["paired"], false);
        let seen = theirs.call("wait_encrypted", json!({}))?;
        assert_eq!(
            (&seen["authenticated"], &seen["key_size"]),
            (&json!(authenticated), &json!(16))
        );
        peers.disconnect()?;
    }
    Ok(())
}

fn terms(io: &str) -> Value {
    json!({ "io": io, "mitm": io != "no-input-no-output" })
}

#[test]
fn each_method_makes_a_key_that_encrypts_the_next_link() -> Result<()> {
    let peers = ClassicPeers::start("classic_pairing")?;
    let (none, both) = ("no-input-no-output", "display-yes-no");
    for (caller, called, method) in [
        (none, none, "just-works"),
        (both, both, "numeric-comparison"),
        ("keyboard-only", both, "passkey"),
        ("display-only", "keyboard-only", "passkey"),
    ] {
        peers.caller.call("pairing", terms(caller))?;
        peers.called.call("pairing", terms(called))?;
        let (ours, theirs) = pair(&peers, || match (method, caller) {
            ("numeric-comparison", _) => compare(&peers, true),
            ("passkey", "keyboard-only") => type_passkey(&peers.called, &peers.caller),
            ("passkey", _) => type_passkey(&peers.caller, &peers.called),
            _ => Ok(()),
        })?;
        let strong = method != "just-works";
        let key = if strong { "authenticated-p256" } else { "unauthenticated-p256" };
        for paired in [&ours?, &theirs?] {
            assert_eq!((&paired["method"], &paired["key_type"]), (&json!(method), &json!(key)));
            assert_eq!(
                (&paired["authenticated"], &paired["bonded"]),
                (&json!(strong), &json!(true))
            );
        }
        assert_eq!(peers.caller.call("security", json!({}))?["encryption"], "aes-ccm");
        peers.disconnect()?;
        again(&peers, strong)?;
        peers.both("forget", &json!({}))?;
    }
    peers.end()
}

#[test]
fn a_key_survives_a_restart_of_both() -> Result<()> {
    let mut peers = ClassicPeers::start("classic_restart")?;
    peers.both("pairing", &terms("display-yes-no"))?;
    let (ours, theirs) = pair(&peers, || compare(&peers, true))?;
    assert!(ours.is_ok() && theirs.is_ok());
    peers.disconnect()?;

    peers.called.restart(&peers.air)?;
    peers.caller.restart(&peers.air)?;
    peers.called.call("discoverable", json!({}))?;
    assert_eq!(
        peers.caller.call("bonds", json!({}))?["bonds"],
        json!([{ "address": peers.called.address(), "key_type": "authenticated-p256" }])
    );
    again(&peers, true)?;
    peers.end()
}

#[test]
fn older_keys_and_pins_make_bonds_too() -> Result<()> {
    let peers = ClassicPeers::start("classic_older")?;
    peers.both("pairing", &json!({ "secure_connections": false }))?;
    let (ours, theirs) = pair(&peers, || Ok(()))?;
    assert_eq!(ours?["key_type"], "unauthenticated-p192");
    assert_eq!(theirs?["key_type"], "unauthenticated-p192");
    assert_eq!(peers.caller.call("security", json!({}))?["encryption"], "e0");
    peers.disconnect()?;
    again(&peers, false)?;
    peers.both("forget", &json!({}))?;

    peers.both("pairing", &json!({ "simple_pairing": false, "ask": ["pin"] }))?;
    let (ours, theirs) = pair(&peers, || {
        for peer in [&peers.caller, &peers.called] {
            assert_eq!(question(peer)?["question"], "pin");
            answer(peer, &json!({ "pin": "4711" }))?;
        }
        Ok(())
    })?;
    assert_eq!(theirs?["method"], "pin");
    let ours = ours?;
    assert_eq!((&ours["method"], &ours["key_type"]), (&json!("pin"), &json!("combination")));
    peers.disconnect()?;
    again(&peers, false)?;
    peers.end()
}

#[test]
fn a_refusal_is_reported_and_a_pairing_without_bond_is_forgotten() -> Result<()> {
    let peers = ClassicPeers::start("classic_refused")?;
    peers.both("pairing", &terms("display-yes-no"))?;
    for (ours, theirs) in [pair(&peers, || compare(&peers, false))?] {
        for error in [ours.unwrap_err(), theirs.unwrap_err()] {
            assert!(error.to_string().contains("AUTHENTICATION_FAILURE"), "{error}");
        }
    }
    peers.disconnect()?;

    peers.both("pairing", &json!({ "bonding": false }))?;
    let (ours, theirs) = pair(&peers, || Ok(()))?;
    assert_eq!((&ours?["bonded"], &theirs?["bonded"]), (&json!(false), &json!(false)));
    peers.disconnect()?;
    for peer in [&peers.caller, &peers.called] {
        assert_eq!(peer.call("bonds", json!({}))?["bonds"], json!([]));
    }
    peers.end()
}

#[test]
fn out_of_band_data_pairs_in_either_direction() -> Result<()> {
    let peers = ClassicPeers::start("classic_oob")?;
    let without = json!({ "secure_connections": false });
    for (to_caller, to_called) in [(true, false), (false, true), (true, true)] {
        peers.both("pairing", &without)?;
        let of_caller = peers.caller.call("oob", json!({}))?;
        let of_called = peers.called.call("oob", json!({}))?;
        for (peer, has, other) in
            [(&peers.caller, to_caller, &of_called), (&peers.called, to_called, &of_caller)]
        {
            if has {
                let terms = json!({ "secure_connections": false, "oob": other["data"] });
                peer.call("pairing", terms)?;
            }
        }
        let (ours, theirs) = pair(&peers, || Ok(()))?;
        for paired in [ours?, theirs?] {
            assert_eq!(
                (&paired["method"], &paired["key_type"]),
                (&json!("out-of-band"), &json!("authenticated-p192"))
            );
        }
        for (peer, has, before) in
            [(&peers.caller, to_caller, &of_caller), (&peers.called, to_called, &of_called)]
        {
            let asked = |answer: &Value| answer["requests"].as_u64();
            let now = peer.call("oob", json!({}))?;
            assert_eq!(asked(&now), asked(before).map(|count| count + u64::from(has)));
        }
        peers.disconnect()?;
        peers.both("pairing", &without)?;
        again(&peers, true)?;
        peers.both("forget", &json!({}))?;
    }
    peers.end()
}
