//! SDP between our host and Bumble: each finds exactly what the other has.

use anyhow::Result;
use bindrune::{
    Port, ServiceRecord, Uuid,
    sdp::{AttributeId, FIRST_HANDLE, Profile, Protocol, Record, Value as Element},
};
use bindrune_interop::{block_on, soon};
use serde_json::{Map, Value, json};

use crate::own_world::{World, settings};

const L2CAP: Uuid = Uuid::new_16(0x0100);
const SERIAL: Uuid = Uuid::new_16(0x1101);
const OWN: Uuid = Uuid::new_128(0x6f0e_1001_5a4d_4c8b_9a5e_b1d2_c3a4_e5f6);
const CLASSES: [Uuid; 3] = [OWN, Uuid::new_32(0x1234_5678), SERIAL];
/// A text of more than 255 bytes.
const LONG: &str = match str::from_utf8(&[b'a'; 700]) {
    Ok(text) => text,
    Err(_) => "",
};
const MORE: [(AttributeId, Element<'static>); 3] = [
    (AttributeId(0x0300), Element::Nil),
    (AttributeId(0x0301), Element::Bool(true)),
    (AttributeId(0x0400), Element::Text(LONG)),
];

/// Returns the length of the data element at the start of `octets`, with its header. [Vol 3] Part B, 3
fn length(octets: &[u8]) -> usize {
    match octets {
        [0, ..] => 1,
        [head, ..] if head & 7 < 5 => 1 + (1 << (head & 7)),
        [head, a, ..] if head & 7 == 5 => 2 + usize::from(*a),
        [head, a, b, ..] if head & 7 == 6 => 3 + usize::from(u16::from_be_bytes([*a, *b])),
        _ => octets.len(),
    }
}

/// A record in the form of Bumble's: the digits of each attribute's ID, and of its data element as it was on the air.
fn canonical(record: Record<'_>) -> Value {
    let (mut all, mut rest) = (Map::new(), record.octets());
    let digits = |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02x}")).collect();
    while !rest.is_empty() {
        let (id, value) = rest.split_at(length(rest));
        let (value, after) = value.split_at(length(value));
        let id: String = digits(&id[1..]);
        all.insert(id, Value::String(digits(value)));
        rest = after;
    }
    Value::Object(all)
}

#[test]
fn our_host_finds_all_records_of_bumble() -> Result<()> {
    block_on(async {
        let world = World::start("own_finds_records", settings())?;
        let due = world.ask("records", json!({})).await?["records"].clone();
        let at = world.bumble.public_address()?;
        let mut buffer = vec![0; 16_384];
        let found = soon(world.own().services(at, &[L2CAP], &mut buffer)).await??;
        assert_eq!(found.malformed(), 0);
        let ports = found.map(|record| record.port()).collect::<Vec<_>>();
        let expected = [Port::Rfcomm(3), Port::L2cap(0x1001), Port::L2cap(0x1003), Port::Rfcomm(4)];
        assert_eq!(ports, expected);
        let records = found.map(canonical).collect::<Vec<_>>();
        assert_eq!(Value::Array(records), due);

        let found = soon(world.own().services(at, &[OWN], &mut buffer)).await??;
        assert_eq!(found.map(canonical).collect::<Vec<_>>(), [due[1].clone(), due[2].clone()]);
        let mut found =
            soon(world.own().services(at, &[Uuid::new_16(0x1234)], &mut buffer)).await??;
        assert!(found.next().is_none());
        let mut short = [0; 100];
        assert!(soon(world.own().services(at, &[L2CAP], &mut short)).await?.is_err());
        world.ask("wait_connected", json!({})).await?;
        world.disconnect(soon(world.own().connect(at)).await??).await?;
        world.end().await
    })
}

#[test]
fn bumble_finds_all_records_of_our_host() -> Result<()> {
    block_on(async {
        let world = World::start("own_has_records", settings())?;
        let own = world.own();
        own.set_connectable(true)?;
        let (profiles, above) = ([Profile::new(SERIAL, 0x0102)], [Protocol::new(OWN, &[])]);
        let services = [
            ServiceRecord::new(&CLASSES, Port::L2cap(0x1001)).name("Größe").protocols(&above),
            ServiceRecord::new(&CLASSES[2..], Port::Rfcomm(3)).profiles(&profiles).service_id(OWN),
            ServiceRecord::new(&CLASSES[1..], Port::L2cap(0x1003)).attributes(&MORE),
        ];
        let mut due = Vec::new();
        let mut offered = Vec::new();
        for (handle, service) in (FIRST_HANDLE..).zip(&services) {
            offered.push(own.advertise(service)?);
            let mut buffer = vec![0; service.encoded_len()];
            service.encode(handle, &mut buffer)?;
            due.push(canonical(Record::parse(&buffer)?));
        }
        let link = world.called().await?;
        // The short MTU needs a continuation for each 39 bytes.
        for mtu in [0, 48, 672, 65_535] {
            let found = world.ask("services", json!({ "mtu": mtu })).await?;
            assert_eq!(found["records"], json!(due), "{mtu}");
            let long = json!({ "handle": FIRST_HANDLE + 2, "mtu": mtu });
            assert_eq!(world.ask("attributes", long).await?["record"], due[2]);
        }
        for (uuid, handles) in [
            ("1101", json!([FIRST_HANDLE, FIRST_HANDLE + 1, FIRST_HANDLE + 2])),
            ("12345678", json!([FIRST_HANDLE, FIRST_HANDLE + 2])),
            ("0003", json!([FIRST_HANDLE + 1])),
            ("1234", json!([])),
        ] {
            let found = world.ask("search", json!({ "uuids": [uuid] })).await?;
            assert_eq!(found["handles"], handles, "{uuid}");
        }
        drop(offered.pop());
        let found = world.ask("services", json!({})).await?;
        assert_eq!(found["records"], json!(due[..2]));
        let gone = json!({ "handle": FIRST_HANDLE + 2 });
        assert!(world.ask("attributes", gone).await.is_err());
        world.disconnect(link).await?;
        world.end().await
    })
}
