//! The peers against each other: tests the harness, and that a host can do what later tests
//! require.

#![allow(clippy::indexing_slicing, reason = "JSON answers of the peers are indexed by key")]

use anyhow::Result;
use bindrune_interop::{Air, Pattern, Peers, Peripheral, Pty, Scratch, numbered_sha256, sha256};
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::{Read, Write};

const MAIN_SERVICE: &str = "6f0e0100-5a4d-4c8b-9a5e-b1d2c3a4e5f6";
const VALUE_4: &str = "6f0e0101-5a4d-4c8b-9a5e-b1d2c3a4e5f6";
const LONG_VALUE: &str = "6f0e0102-5a4d-4c8b-9a5e-b1d2c3a4e5f6";
const SINK: &str = "6f0e0103-5a4d-4c8b-9a5e-b1d2c3a4e5f6";
const NOTIFY: &str = "6f0e0104-5a4d-4c8b-9a5e-b1d2c3a4e5f6";
const INDICATE: &str = "6f0e0105-5a4d-4c8b-9a5e-b1d2c3a4e5f6";
const REFUSED: &str = "6f0e0106-5a4d-4c8b-9a5e-b1d2c3a4e5f6";

fn connected(test: &str, mtu: u16) -> Result<Peers> {
    let peers = Peers::start(test, "thermometer")?;
    peers.connect(Some(mtu))?;
    Ok(peers)
}

#[test]
fn scanning_sees_name_services_and_manufacturer_data() -> Result<()> {
    let world = Peers::start("scanning", "thermometer")?;
    for extended in [false, true] {
        world.peripheral.call(
            "advertise",
            json!({
                "services": ["180f", MAIN_SERVICE],
                "manufacturer": { "company": 0x1234, "data": "0102" },
                "extended": extended,
            }),
        )?;
        let address = world.peripheral.address();
        let answer = world.central.call("scan", json!({ "seconds": 10, "address": address }))?;
        let device = answer["devices"]
            .as_array()
            .and_then(|devices| devices.iter().find(|device| device["address"] == address))
            .unwrap_or(&Value::Null);
        assert_eq!(device["name"], "thermometer");
        assert_eq!(device["services"], json!(["180f", MAIN_SERVICE]));
        assert_eq!(device["manufacturer"], json!([{ "company": 0x1234, "data": "0102" }]));
        assert_eq!(device["connectable"], true);
        assert_eq!(device["legacy"], !extended);
        world.peripheral.call("stop_advertising", json!({}))?;
    }
    world.end()
}

#[test]
fn a_database_is_discovered_read_and_written() -> Result<()> {
    let world = connected("database", 23)?;
    let Peers { central, peripheral, .. } = &world;

    assert_eq!(central.call("discover", json!({}))?["services"], peripheral.database()?);
    let found = central.call("discover_by_uuid", json!({ "uuid": MAIN_SERVICE }))?;
    assert_eq!(found["services"].as_array().map(Vec::len), Some(1));

    assert_eq!(central.call("read", json!({ "attribute": VALUE_4 }))?["value"], "01020304");
    central.call("write", json!({ "attribute": VALUE_4, "value": "deadbeef" }))?;
    assert_eq!(peripheral.call("value", json!({ "name": "value_4" }))?["value"], "deadbeef");

    let long = central.call("read", json!({ "attribute": LONG_VALUE }))?;
    assert_eq!(long["value"], peripheral.call("value", json!({ "name": "long" }))?["value"]);
    let value = "5a".repeat(512);
    central.call("write", json!({ "attribute": LONG_VALUE, "value": value }))?;
    assert_eq!(peripheral.call("value", json!({ "name": "long" }))?["value"], value);

    assert!(central.call("read", json!({ "attribute": REFUSED })).is_err());
    assert!(central.call("write", json!({ "attribute": VALUE_4, "value": "0102030405" })).is_err());

    central.call("disconnect", json!({}))?;
    assert_eq!(peripheral.call("wait_disconnected", json!({}))?["reason"], 0x13);
    world.end()
}

#[test]
fn a_thousand_updates_and_commands_arrive_in_order() -> Result<()> {
    const COUNT: u32 = 1000;
    const LENGTH: usize = 244;
    let world = connected("updates", 517)?;
    let Peers { central, peripheral, .. } = &world;
    let due = numbered_sha256(COUNT, LENGTH);
    let volume = json!({ "count": COUNT, "length": LENGTH });

    central.call("discover", json!({}))?;
    for (source, uuid) in [("notify", NOTIFY), ("indicate", INDICATE)] {
        central.call("subscribe", json!({ "characteristic": uuid }))?;
        peripheral.call("wait_subscribed", json!({ "source": source }))?;
        peripheral.call(source, volume.clone())?;
        let seen = central.call("updates", json!({ "characteristic": uuid, "count": COUNT }))?;
        assert_eq!((&seen["in_order"], &seen["sha256"]), (&json!(COUNT), &json!(due)));
        central.call("unsubscribe", json!({ "characteristic": uuid }))?;
    }

    let commands = json!({ "attribute": SINK, "count": COUNT, "length": LENGTH });
    assert_eq!(central.call("write_commands", commands)?["sha256"], due);
    let seen = peripheral.call("sink", json!({ "count": COUNT }))?;
    assert_eq!((&seen["in_order"], &seen["sha256"]), (&json!(COUNT), &json!(due)));
    world.end()
}

#[test]
fn channels_carry_octets_both_ways() -> Result<()> {
    let world = connected("channels", 517)?;
    let Peers { central, peripheral, .. } = &world;
    for (psm, mps, length, count) in
        [(0x80, 247, 1017, 100), (0x84, 23, 512, 20), (0x88, 64, 1, 50)]
    {
        let due = sha256(&Pattern::new(1).take(length * count));
        let with = |psm: u16, mode: &str| {
            let mtu = length.max(23);
            json!({ "psm": psm, "mtu": mtu, "mps": mps, "mode": mode, "count": count, "length": length })
        };
        let to = json!({ "mtu": length.max(23), "mps": mps });
        let open = |psm: u16| {
            let mut arguments = to.clone();
            arguments["psm"] = json!(psm);
            central.call("open", arguments)
        };

        peripheral.call("listen", with(psm, "sink"))?;
        let channel = open(psm)?["channel"].clone();
        let served = peripheral.call("wait_channel", json!({ "psm": psm }))?["channel"].clone();
        let send = json!({ "channel": channel, "count": count, "length": length });
        assert_eq!(central.call("send", send)?["sha256"], due);
        let seen = peripheral.call("received", json!({ "channel": served, "count": count }))?;
        assert_eq!(seen["sha256"], due);
        central.call("close", json!({ "channel": channel }))?;
        peripheral.call("wait_closed", json!({ "channel": served }))?;

        peripheral.call("listen", with(psm + 1, "source"))?;
        let channel = open(psm + 1)?["channel"].clone();
        let seen = central.call("received", json!({ "channel": channel, "count": count }))?;
        assert_eq!(seen["sha256"], due);

        peripheral.call("listen", with(psm + 2, "echo"))?;
        let channel = open(psm + 2)?["channel"].clone();
        let send = json!({ "channel": channel, "count": count, "length": length });
        let sending = central.begin("send", send)?;
        let seen = central.call("received", json!({ "channel": channel, "count": count }))?;
        assert_eq!(sending.wait()?["sha256"], due);
        assert_eq!(seen["sha256"], due);
    }
    world.end()
}

#[test]
fn a_killed_controller_comes_back_on_its_ports() -> Result<()> {
    let mut air = Air::start(&Scratch::new("restart")?)?;
    air.check()?;
    air.kill();
    air.check()?;
    air.restart()?;
    let peripheral = Peripheral::start(&air, "again")?;
    peripheral.call("advertise", json!({})).map(drop)
}

#[test]
fn a_pseudo_terminal_carries_hci() -> Result<()> {
    let air = Air::start(&Scratch::new("terminal")?)?;
    let terminal = Pty::start(&air)?;
    let mut port = OpenOptions::new().read(true).write(true).open(terminal.path())?;
    port.write_all(&[1, 0x03, 0x0c, 0])?;
    let mut answer = [0; 7];
    port.read_exact(&mut answer)?;
    // Command Complete of Reset, one more command allowed, success.
    assert_eq!(answer, [4, 0x0e, 4, 1, 0x03, 0x0c, 0]);
    Ok(())
}
