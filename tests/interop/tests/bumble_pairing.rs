//! The peers pair with each other: proves what the pairing tests of our own host ask of them.

#![allow(clippy::indexing_slicing, reason = "JSON answers of the peers are indexed by key")]

use anyhow::Result;
use bindrune_interop::{Air, Central, Peer, Peripheral, Scratch, check_capture};
use serde_json::{Value, json};

const ENCRYPTED: &str = "6f0e0002-5a4d-4c8b-9a5e-b1d2c3a4e5f6";
const AUTHENTICATED: &str = "6f0e0003-5a4d-4c8b-9a5e-b1d2c3a4e5f6";

struct World {
    central: Central,
    peripheral: Peripheral,
    air: Air,
}

impl World {
    fn new(name: &str) -> Result<Self> {
        let air = Air::start(&Scratch::new(name)?)?;
        let peripheral = Peripheral::start(&air, "lock")?;
        let central = Central::start(&air, "phone")?;
        Ok(Self { central, peripheral, air })
    }

    fn connect(&self) -> Result<()> {
        self.peripheral.call("advertise", json!({}))?;
        self.central.call("connect", json!({ "address": self.peripheral.address() }))?;
        self.peripheral.call("wait_connected", json!({})).map(drop)
    }

    fn disconnect(&self) -> Result<()> {
        self.central.call("disconnect", json!({}))?;
        self.peripheral.call("wait_disconnected", json!({})).map(drop)
    }

    /// Pairs; `person` answers the questions of both.
    fn pair(&self, person: impl FnOnce(&Self) -> Result<()>) -> Result<(Value, Value)> {
        let pairing = self.central.begin("pair", json!({}))?;
        let paired = self.peripheral.begin("wait_paired", json!({}))?;
        person(self)?;
        Ok((pairing.wait()?, paired.wait()?))
    }

    fn both(&self, verb: &str, arguments: &Value) -> Result<()> {
        self.central.call(verb, arguments.clone())?;
        self.peripheral.call(verb, arguments.clone()).map(drop)
    }

    /// Encrypts a new link with the stored key, and reads what needs it.
    fn again(&self, authenticated: bool) -> Result<()> {
        self.connect()?;
        self.central.call("discover", json!({}))?;
        let read = |what: &str| self.central.call("read", json!({ "attribute": what }));
        assert!(format!("{:?}", read(ENCRYPTED)).contains("INSUFFICIENT_ENCRYPTION"));
        assert!(read(AUTHENTICATED).is_err());
        assert_eq!(self.central.call("encrypt", json!({}))?["authenticated"], authenticated);
        let seen = self.peripheral.call("wait_encrypted", json!({}))?;
        assert_eq!(seen["authenticated"], authenticated);
        assert_eq!(read(ENCRYPTED)?["value"], "11111111");
        assert_eq!(read(AUTHENTICATED).is_ok(), authenticated);
        self.disconnect()
    }

    fn end(self) -> Result<()> {
        let Self { central, peripheral, air } = self;
        let captures = [central.capture().to_path_buf(), peripheral.capture().to_path_buf()];
        drop((central, peripheral));
        for capture in &captures {
            check_capture(capture)?;
        }
        drop(air);
        Ok(())
    }
}

fn question(peer: &Peer) -> Result<Value> {
    peer.call("wait_question", json!({ "timeout": 10 }))
}

fn answer(peer: &Peer, answer: &Value) -> Result<()> {
    peer.call("answer", answer.clone()).map(drop)
}

/// What one shows, the other types.
fn type_passkey(shows: &Peer, types: &Peer) -> Result<()> {
    let shown = question(shows)?;
    assert_eq!(shown["question"], "display");
    assert_eq!(question(types)?["question"], "input");
    answer(types, &json!({ "passkey": shown["passkey"] }))
}

#[test]
fn each_method_of_secure_connections_makes_a_bond_that_survives_a_restart() -> Result<()> {
    let mut world = World::new("bumble_pairing_secure")?;

    world.connect()?;
    let (ours, theirs) = world.pair(|_| Ok(()))?;
    for paired in [&ours, &theirs] {
        assert_eq!((&paired["method"], &paired["bonded"]), (&json!("just-works"), &json!(true)));
        assert_eq!(paired["keys"], json!(["ltk", "irk"]));
    }
    assert_eq!(ours["identity"], world.peripheral.address());
    assert_eq!(theirs["identity"], world.central.address());
    world.disconnect()?;
    world.again(false)?;
    world.both("forget", &json!({}))?;

    let yes_no = json!({ "io": "display-yes-no", "mitm": true });
    world.both("pairing", &yes_no)?;
    world.connect()?;
    let (paired, _) = world.pair(|world| {
        let shown = (question(&world.central)?, question(&world.peripheral)?);
        assert_eq!(shown.0["number"], shown.1["number"]);
        assert_eq!(shown.0["question"], "compare");
        answer(&world.central, &json!({ "accept": true }))?;
        answer(&world.peripheral, &json!({ "accept": true }))
    })?;
    let method = (&paired["method"], &paired["authenticated"]);
    assert_eq!(method, (&json!("numeric-comparison"), &json!(true)));
    world.disconnect()?;
    world.again(true)?;
    world.both("forget", &json!({}))?;

    world.central.call("pairing", json!({ "io": "keyboard-only", "mitm": true }))?;
    world.connect()?;
    let (paired, _) = world.pair(|world| type_passkey(&world.peripheral, &world.central))?;
    let method = (&paired["method"], &paired["authenticated"]);
    assert_eq!(method, (&json!("passkey"), &json!(true)));
    world.disconnect()?;

    world.peripheral.restart(&world.air)?;
    world.central.restart(&world.air)?;
    world.again(true)?;
    world.end()
}

#[test]
fn each_legacy_method_makes_a_bond() -> Result<()> {
    let world = World::new("bumble_pairing_legacy")?;
    let wishes = |io: &str, key: Option<&str>| json!({ "io": io, "mitm": true, "secure_connections": false, "temporary_key": key });
    let tk = "000102030405060708090a0b0c0d0e0f";
    for (central, peripheral, key, method) in [
        ("no-input-no-output", "no-input-no-output", None, "just-works"),
        ("display-only", "keyboard-only", None, "passkey"),
        ("keyboard-only", "display-only", None, "passkey"),
        ("no-input-no-output", "no-input-no-output", Some(tk), "out-of-band"),
    ] {
        world.central.call("pairing", wishes(central, key))?;
        world.peripheral.call("pairing", wishes(peripheral, key))?;
        world.connect()?;
        let (paired, _) = world.pair(|world| match (method, central) {
            ("passkey", "display-only") => type_passkey(&world.central, &world.peripheral),
            ("passkey", _) => type_passkey(&world.peripheral, &world.central),
            _ => Ok(()),
        })?;
        assert_eq!(
            (&paired["method"], &paired["secure_connections"]),
            (&json!(method), &json!(false))
        );
        world.disconnect()?;
        world.again(method != "just-works")?;
        world.both("forget", &json!({}))?;
    }
    world.end()
}

#[test]
fn oob_data_pairs_and_other_data_does_not() -> Result<()> {
    let world = World::new("bumble_pairing_oob")?;
    let theirs = world.peripheral.call("oob", json!({}))?;
    let ours = world.central.call("oob", json!({}))?;
    world.central.call("pairing", json!({ "oob": theirs }))?;
    world.peripheral.call("pairing", json!({ "oob": ours }))?;
    world.connect()?;
    let (paired, _) = world.pair(|_| Ok(()))?;
    let method = (&paired["method"], &paired["authenticated"]);
    assert_eq!(method, (&json!("out-of-band"), &json!(true)));
    world.disconnect()?;

    world.both("forget", &json!({}))?;
    world.central.call("oob", json!({}))?;
    world.connect()?;
    let error = world.central.call("pair", json!({})).unwrap_err().to_string();
    assert!(error.contains("CONFIRM_VALUE_FAILED"), "{error}");
    let error = world.peripheral.call("wait_paired", json!({})).unwrap_err().to_string();
    assert!(error.contains("CONFIRM_VALUE_FAILED"), "{error}");
    world.disconnect()?;
    world.end()
}

#[test]
fn a_security_request_is_answered_and_a_refusal_is_told() -> Result<()> {
    let world = World::new("bumble_pairing_refused")?;
    world
        .peripheral
        .call("pairing", json!({ "io": "display-yes-no", "mitm": true, "ask": ["accept"] }))?;
    world.connect()?;
    world.peripheral.call("request_security", json!({}))?;
    // Bonding, MITM, Secure Connections. [Vol 3] Part H, 3.5.1
    let asked = world.central.call("wait_security_request", json!({}))?;
    assert_eq!(asked["authentication"], 0x0d);
    for (accept, outcome) in [(false, "PAIRING_NOT_SUPPORTED"), (true, "")] {
        let pairing = world.central.begin("pair", json!({}))?;
        assert_eq!(question(&world.peripheral)?["question"], "accept");
        answer(&world.peripheral, &json!({ "accept": accept }))?;
        let paired = pairing.wait();
        assert_eq!(paired.is_ok(), accept);
        assert!(accept || format!("{paired:?}").contains(outcome));
    }
    world.disconnect()?;

    // The peripheral has lost its key. This controller says 0x05 where 0x06 is due.
    world.peripheral.call("forget", json!({}))?;
    world.connect()?;
    let error = world.central.call("encrypt", json!({})).unwrap_err().to_string();
    assert!(error.contains("0x05"), "{error}");
    world.end()
}

#[test]
fn private_addresses_rotate_and_are_resolved() -> Result<()> {
    let world = World::new("bumble_pairing_private")?;
    let private = |peer: &Peer| -> Result<Value> {
        Ok(peer.call("private_address", json!({}))?["address"].clone())
    };
    let first = (private(&world.central)?, private(&world.peripheral)?);
    world.peripheral.call("advertise", json!({}))?;
    world.central.call("connect", json!({ "address": first.1 }))?;
    let seen = world.peripheral.call("wait_connected", json!({}))?;
    assert_eq!(seen["peer"], first.0);
    let (paired, _) = world.pair(|_| Ok(()))?;
    assert_eq!(paired["identity"], world.peripheral.address());
    world.disconnect()?;

    let second = (private(&world.central)?, private(&world.peripheral)?);
    assert!(first.0 != second.0 && first.1 != second.1);
    world.connect()?;
    assert_eq!(world.central.call("encrypt", json!({}))?["identity"], world.peripheral.address());
    let seen = world.peripheral.call("wait_encrypted", json!({}))?;
    assert_eq!(seen["identity"], world.central.address());
    world.disconnect()?;
    world.end()
}
