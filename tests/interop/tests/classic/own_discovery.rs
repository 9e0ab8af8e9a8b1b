//! Inquiry and names, between our host and Bumble.

use anyhow::{Context, Result, ensure};
use bindrune::{ClassOfDevice, ClassicDiscoverable, Inquiry, Port, ServiceRecord, Uuid};
use bindrune_interop::{block_on, soon};
use serde_json::{Value, json};

use crate::own_world::{NAME, World, settings};

const SERVICES: [&str; 3] = ["1101", "12345678", "6f0e1001-5a4d-4c8b-9a5e-b1d2c3a4e5f6"];

const UUIDS: [Uuid; 3] = [
    Uuid::new_16(0x1101),
    Uuid::new_32(0x1234_5678),
    Uuid::new_128(0x6f0e_1001_5a4d_4c8b_9a5e_b1d2_c3a4_e5f6),
];

#[test]
fn our_inquiry_finds_bumble() -> Result<()> {
    block_on(async {
        let world = World::start("own_inquiry", settings())?;
        let shown = json!({ "name": "Küche", "class_of_device": 0x24_0404, "services": SERVICES });
        world.ask("discoverable", shown).await?;
        let at = world.bumble.public_address()?;

        let mut discovery = soon(world.own().discover(Inquiry::GENERAL)).await??;
        let mut buffer = [0; 240];
        let device = soon(discovery.next(&mut buffer)).await??.context("nothing was found")?;
        assert_eq!((device.address, device.class), (at, ClassOfDevice::new(0x24_0404)));
        assert_eq!(device.data.name(), Some(("Küche".as_bytes(), true)));
        assert_eq!(device.data.services().collect::<Vec<_>>(), UUIDS);
        ensure!(device.rssi.is_some_and(|rssi| (-127..=20).contains(&rssi)), "{device:?}");
        drop(discovery);

        let mut name = [0; 248];
        assert_eq!(soon(world.own().name(at, &mut name)).await??, "Küche");
        let link = world.call().await?;
        assert_eq!(soon(world.own().name(at, &mut name)).await??, "Küche");
        world.disconnect(link).await?;
        world.end().await
    })
}

#[test]
fn our_inquiry_ends_without_a_device_that_hides() -> Result<()> {
    block_on(async {
        let world = World::start("own_hidden", settings())?;
        world.ask("discoverable", json!({ "enabled": false })).await?;
        let short =
            Inquiry { length: embassy_time::Duration::from_millis(1280), ..Inquiry::GENERAL };
        let mut discovery = soon(world.own().discover(short)).await??;
        let mut buffer = [0; 240];
        assert!(soon(discovery.next(&mut buffer)).await??.is_none());
        drop(discovery);
        world.end().await
    })
}

async fn seen(world: &World, limited: bool) -> Result<Value> {
    let address = world.address().await?;
    let inquiry = json!({ "seconds": 2.56, "limited": limited, "address": address });
    let found = world.ask("inquire", inquiry).await?;
    let devices = found["devices"].as_array().cloned().unwrap_or_default();
    Ok(devices.into_iter().find(|one| one["address"] == address).unwrap_or_default())
}

#[test]
fn bumble_finds_our_host() -> Result<()> {
    block_on(async {
        let class = ClassOfDevice::new(0x00_1f00);
        let world = World::start("own_found", settings().class(class))?;
        let own = world.own();
        let _offered = own.advertise(&ServiceRecord::new(&UUIDS, Port::L2cap(0x1001)))?;
        assert_eq!(seen(&world, false).await?, Value::Null);

        own.set_discoverable(ClassicDiscoverable::General)?;
        own.set_connectable(true)?;
        let device = seen(&world, false).await?;
        assert_eq!((&device["name"], &device["class_of_device"]), (&json!(NAME), &json!(0x1f00)));
        assert_eq!(device["services"], json!(SERVICES));
        assert_eq!(seen(&world, true).await?, Value::Null);

        let address = json!({ "address": world.address().await? });
        assert_eq!(world.ask("remote_name", address.clone()).await?["name"], NAME);
        let link = world.called().await?;
        assert_eq!(world.ask("remote_name", address).await?["name"], NAME);
        world.disconnect(link).await?;
        world.end().await
    })
}
