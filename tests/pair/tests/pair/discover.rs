//! Full discovery against the server's own table.

use bindrune::{Connection, Host, Service, Uuid};
use bindrune_pair::Scene;

use crate::table::{BATTERY, LAMP, LEVEL, PHONE, SERVICES};

/// A characteristic: its UUID, its properties, the handle of its value, the UUIDs of its descriptors.
type Found = (Uuid, u8, u16, Vec<Uuid>);

/// What a server says about itself.
fn offered(host: &Host, services: &'static [Service], primary: bool) -> Vec<(Uuid, Vec<Found>)> {
    let of = |service: &'static Service| {
        let found = service.characteristics().iter().map(|c| {
            let mut descriptors = Vec::new();
            if c.properties()
                .intersects(bindrune::Properties::NOTIFY | bindrune::Properties::INDICATE)
            {
                descriptors.push(Uuid::new_16(0x2902));
            }
            if !c.extended_properties().is_empty() {
                let more = [0x2900, 0x2901, 0x2906, 0x2904];
                descriptors.extend(more.map(Uuid::new_16));
            }
            (c.uuid(), c.properties().bits(), host.gatt().handle(c).unwrap(), descriptors)
        });
        (service.uuid(), found.collect())
    };
    services.iter().filter(|s| s.is_primary() == primary).map(of).collect()
}

/// What a client finds, the services that are always there aside.
async fn found(link: &Connection<'_>, primary: bool) -> Vec<(Uuid, Vec<Found>)> {
    let mut all = Vec::new();
    let mut services = if primary { link.services() } else { link.secondary_services() };
    while let Some(service) = services.next().await.unwrap() {
        let mut list = Vec::new();
        let mut characteristics = service.characteristics();
        while let Some(c) = characteristics.next().await.unwrap() {
            let mut uuids = Vec::new();
            let mut descriptors = c.descriptors();
            while let Some(descriptor) = descriptors.next().await.unwrap() {
                uuids.push(descriptor.uuid());
            }
            list.push((c.uuid(), c.properties().bits(), c.handle(), uuids));
        }
        all.push((service.uuid(), list));
    }
    all.retain(|(uuid, _)| !matches!(uuid.as_u16(), Some(0x1800 | 0x1801)));
    all
}

#[test]
fn discovery_equals_the_table() {
    for scene in Scene::lossy(31) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (_there, here) = scene.connect(&lamp, &phone).await;
            for primary in [true, false] {
                assert_eq!(found(&here, primary).await, offered(lamp.host(), SERVICES, primary));
            }
        });
    }
}

#[test]
fn includes_and_services_by_uuid_are_found() {
    for scene in Scene::lossy(32) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (_there, here) = scene.connect(&lamp, &phone).await;
            let lab = here.service(crate::table::LAB).await.unwrap();
            let mut includes = lab.includes();
            let inner = includes.next().await.unwrap().unwrap();
            assert_eq!(inner.uuid(), Some(Uuid::new_16(0xfff1)));
            assert!(includes.next().await.unwrap().is_none());
            let missing = here.service(Uuid::new_16(0xabcd)).await;
            assert_eq!(missing.err(), Some(bindrune::Error::NotFound));
            let mut values = here.values_by_uuid(1, u16::MAX, LEVEL.uuid());
            let mut buffer = [0; 20];
            let level = lamp.host().gatt().handle(&LEVEL).unwrap();
            assert_eq!(values.next(&mut buffer).await, Ok(Some((level, 1))));
            assert_eq!((buffer[0], values.next(&mut buffer).await), (100, Ok(None)));
            let mut name = here.values_by_uuid(1, u16::MAX, Uuid::new_16(0x2a00));
            let (_, len) = name.next(&mut buffer).await.unwrap().unwrap();
            assert_eq!(&buffer[..len], b"lamp");
        });
    }
}

#[test]
fn both_sides_discover_each_other_at_once() {
    for scene in Scene::lossy(33) {
        let (lamp, other) = (scene.device(LAMP), scene.device(LAMP));
        scene.run(&[&lamp, &other], async {
            let (there, here) = scene.connect(&lamp, &other).await;
            let both = embassy_futures::join::join(found(&there, true), found(&here, true)).await;
            assert_eq!(both.0, both.1);
            assert_eq!(here.service(BATTERY).await.unwrap().uuid(), BATTERY);
        });
    }
}
