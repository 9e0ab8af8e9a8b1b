//! The firmware of `examples/cortex-m` on an emulated Cortex-M4: against Bumble, against itself, and its applications
//! on this machine.

#![allow(clippy::indexing_slicing, reason = "JSON answers of the peers are indexed by key")]

use anyhow::{Context, Result, ensure};
use bindrune_cortex_m_app::{central, peripheral};
use bindrune_interop::{
    Air, Central, Firmware, Node, Pattern, Report, Scratch, block_on, check_capture, numbered,
    numbered_sha256, sha256,
};
use serde_json::{Value, json};
use std::time::Duration;

/// Maximum depth of the stack, in bytes.
const STACK: u32 = 28 * 1024;
/// Time limit of a visit of the central, with P-256 in software, on an emulated processor on a loaded machine.
const VISIT: Duration = Duration::from_secs(300);
/// Duration of the idle test.
const IDLE: Duration = Duration::from_secs(10);

const BATTERY_LEVEL: &str = "2a19";
const UART_RX: &str = "6e400002-b5a3-f393-e0a9-e50e24dcca9e";
const UART_TX: &str = "6e400003-b5a3-f393-e0a9-e50e24dcca9e";
/// Writes to the UART service, and the bytes of each.
const WRITES: u32 = 50;
const LENGTH: usize = 100;
const ECHO: u16 = 0x81;
const SDU: usize = 512;
const SDUS: usize = 128;

#[test]
fn a_peripheral_on_a_microcontroller_serves_bumble() -> Result<()> {
    let air = Air::start(&Scratch::new("qemu_peripheral")?)?;
    let mut firmware = Firmware::start(&air, "peripheral")?;
    let phone = Central::start(&air, "phone")?;

    connect(&phone)?;
    let paired = phone.call("pair", json!({ "timeout": 120 }))?;
    ensure!(paired["bonded"] == true && paired["secure_connections"] == true, "{paired}");
    phone.call("discover", json!({}))?;
    use_values(&phone)?;
    use_channel(&phone)?;
    firmware.wait_for("65536 bytes echoed", VISIT)?;
    idle(&phone, &mut firmware)?;

    // The flash memory, and so the bond, survives a restart.
    phone.call("disconnect", json!({}))?;
    firmware.wait_for("disconnected", VISIT)?;
    firmware.restart()?;
    firmware.wait_for("started", VISIT)?;
    connect(&phone)?;
    let security = phone.call("encrypt", json!({}))?;
    ensure!(security["encrypted"] == true, "{security}");
    firmware.wait_for("encrypted, bonded: true", VISIT)?;

    check_stack(&firmware.report()?)?;
    phone.call("disconnect", json!({}))?;
    firmware.wait_for("disconnected", VISIT)?;
    let capture = phone.capture().to_path_buf();
    drop(phone);
    check_capture(&capture).map(drop)
}

#[test]
fn two_microcontrollers_use_each_other() -> Result<()> {
    let air = Air::start(&Scratch::new("qemu_both")?)?;
    let mut peripheral = Firmware::start(&air, "peripheral")?;
    let mut central = Firmware::start(&air, "central")?;
    for (number, known) in [(1, false), (2, true)] {
        let visit = central.wait_for(&format!("visit {number}"), VISIT)?;
        ensure!(visit.contains(&format!("known: {known}, bonded: true")), "{visit}");
        ensure!(visit.contains("greeted: true, sdus: 128"), "{visit}");
    }
    check_stack(&central.report()?)?;
    check_stack(&peripheral.report()?)
}

#[test]
fn the_applications_run_on_a_desktop_as_well() -> Result<()> {
    let air = Air::start(&Scratch::new("qemu_desktop")?)?;
    let server = Node::start(&air, peripheral::CONFIG, "desktop")?;
    let visitor = Node::start(&air, central::CONFIG, "visitor")?;
    block_on(async {
        let visits = async {
            for known in [false, true] {
                let visit = central::visit(visitor.host()).await?;
                ensure!(visit.known == known && visit.bonded, "{visit:?}");
                ensure!(visit.greeted && visit.sdus == central::SDUS, "{visit:?}");
            }
            Ok(())
        };
        tokio::select! {
            Err(end) = peripheral::run(server.host()) => Err(end.into()),
            result = visits => result,
        }
    })
}

/// Finds the firmware by its name, and connects.
fn connect(phone: &Central) -> Result<()> {
    let seen = phone.call("scan", json!({ "name": peripheral::NAME, "seconds": 20 }))?;
    let devices = seen["devices"].as_array().context("no devices")?;
    let device = devices.iter().find(|device| device["name"] == peripheral::NAME);
    let device = device.context("the firmware is not on the air")?;
    let (address, kind) = (&device["address"], &device["address_type"]);
    let arguments = json!({ "address": address, "address_type": kind, "mtu": 247 });
    let connected = phone.call("connect", arguments)?;
    ensure!(connected["mtu"] == 247, "{connected}");
    Ok(())
}

/// Reads the battery and gets its notification; writes to the UART and gets everything back.
fn use_values(phone: &Central) -> Result<()> {
    let level = phone.call("read", json!({ "attribute": BATTERY_LEVEL }))?;
    let level = u8::from_str_radix(level["value"].as_str().context("no value")?, 16)?;
    ensure!(level <= 100, "a battery at {level} %");
    phone.call("subscribe", json!({ "characteristic": BATTERY_LEVEL }))?;
    let updates = phone.call("updates", json!({ "characteristic": BATTERY_LEVEL, "count": 2 }))?;
    ensure!(updates["count"].as_u64() >= Some(2), "{updates}");
    phone.call("unsubscribe", json!({ "characteristic": BATTERY_LEVEL }))?;

    phone.call("subscribe", json!({ "characteristic": UART_TX }))?;
    for number in 0..WRITES {
        let value: String = numbered(number, LENGTH).iter().map(|o| format!("{o:02x}")).collect();
        phone.call("write", json!({ "attribute": UART_RX, "value": value }))?;
    }
    let echoes = phone.call("updates", json!({ "characteristic": UART_TX, "count": WRITES }))?;
    let due: Value = numbered_sha256(WRITES, LENGTH).into();
    ensure!(echoes["in_order"] == WRITES && echoes["sha256"] == due, "{echoes}");
    Ok(())
}

/// Sends 64 KiB through the channel and gets the same back.
fn use_channel(phone: &Central) -> Result<()> {
    let opened = phone.call("open", json!({ "psm": ECHO, "mtu": SDU }))?;
    let channel = &opened["channel"];
    let volume = json!({ "channel": channel, "count": SDUS, "length": SDU });
    let sent = phone.call("send", volume)?;
    let back = phone.call("received", json!({ "channel": channel, "count": SDUS }))?;
    let due: Value = sha256(&Pattern::new(1).take(SDU * SDUS)).into();
    ensure!(sent["sha256"] == due && back["sha256"] == due, "{sent} there, {back} back");
    phone.call("close", json!({ "channel": channel })).map(drop)
}

/// Measures an idle connected firmware: it wakes for the measurements of its battery, and for our command.
fn idle(phone: &Central, firmware: &mut Firmware) -> Result<()> {
    // The host asks its controller about a link that is silent for its supervision timeout and 2 s: here after the idle
    // test.
    let parameters = json!({ "interval_min": 30, "interval_max": 30, "supervision": 20_000 });
    phone.call("update_parameters", parameters)?;
    std::thread::sleep(Duration::from_secs(3));
    let before = firmware.report()?;
    std::thread::sleep(IDLE);
    let after = firmware.report()?;
    println!("idle for {IDLE:?}: {before:?}, then {after:?}");
    let grown = |name| after.since(&before, name);
    ensure!(grown("received")? == 0 && grown("transmitted")? == 0, "traffic: {after:?}");
    let (alarms, polls, sleeps) = (grown("alarms")?, grown("polls")?, grown("sleeps")?);
    ensure!((1..=3).contains(&alarms), "{alarms} alarms where the battery is measured twice");
    // Our command is one more.
    let wakes = alarms.saturating_add(1);
    ensure!(polls <= wakes, "{polls} rounds of the executor after {alarms} alarms");
    ensure!(sleeps <= wakes, "{sleeps} times asleep after {alarms} alarms");
    Ok(())
}

fn check_stack(report: &Report) -> Result<()> {
    let peak = report.count("stack")?;
    println!("peak of the stack: {peak} bytes");
    ensure!(peak <= STACK, "a stack of {peak} bytes; the budget is {STACK}");
    Ok(())
}
