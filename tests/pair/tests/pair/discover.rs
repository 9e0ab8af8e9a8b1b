//! Full discovery, compared with the server's own table.

use bindrune::{Connection, Host, RemoteCharacteristic, Service, Uuid};
use bindrune_pair::Scene;

use crate::table::{BATTERY, LAMP, LEVEL, PHONE, SERVICES};

/// A characteristic: its UUID, its properties, the handle of its value, the UUIDs of its descriptors.
type Found = (Uuid, u8, u16, Vec<Uuid>);

/// Returns the services of a server's table.
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

/// Returns the services that a client finds, without the built-in ones.
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
            let too_small = name.next(&mut buffer[..3]).await;
            assert_eq!(too_small, Err(bindrune::Error::BufferTooSmall { needed: 4 }));
            let (_, len) = name.next(&mut buffer).await.unwrap().unwrap();
            assert_eq!(&buffer[..len], b"lamp");
        });
    }
}

#[test]
fn characteristics_are_found_without_their_services() {
    for scene in Scene::lossy(34) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (_there, here) = scene.connect(&lamp, &phone).await;
            let gatt = lamp.host().gatt();
            let level = here.characteristic(LEVEL.uuid()).await.unwrap();
            assert_eq!(Some(level.handle()), gatt.handle(&LEVEL));
            let mut percent = [0];
            assert_eq!((here.read(&level, &mut percent).await, percent), (Ok(1), [100]));
            let missing = here.characteristic(Uuid::new_16(0xabcd)).await;
            assert_eq!(missing.err(), Some(bindrune::Error::NotFound));

            // These are the characteristics of all services, and so are their descriptors, which end with their
            // service.
            let (mut all, mut of_services) = (Vec::new(), Vec::new());
            let mut characteristics = here.characteristics();
            while let Some(c) = characteristics.next().await.unwrap() {
                all.push(with_descriptors(&c).await);
            }
            for mut services in [here.services(), here.secondary_services()] {
                while let Some(service) = services.next().await.unwrap() {
                    let mut characteristics = service.characteristics();
                    while let Some(c) = characteristics.next().await.unwrap() {
                        of_services.push(with_descriptors(&c).await);
                    }
                }
            }
            of_services.sort_by_key(|found| found.0);
            assert_eq!(all, of_services);

            // Any range of handles, including declarations and values.
            let mut range = here.descriptors(level.declaration(), level.handle() + 1);
            let mut types = Vec::new();
            while let Some(found) = range.next().await.unwrap() {
                types.push((found.handle(), found.uuid()));
            }
            let at = level.declaration();
            let [declaration, configuration] = [0x2803, 0x2902].map(Uuid::new_16);
            assert_eq!(types, [(at, declaration), (at + 1, LEVEL.uuid()), (at + 2, configuration)]);

            // A characteristic that was found this way can be subscribed to.
            let mut values = here.subscribe(&level).await.unwrap();
            assert_eq!(gatt.notify_all(&LEVEL, &[7]).await, Ok(1));
            assert_eq!((values.next(&mut percent).await, percent), (Ok(1), [7]));
        });
    }
}

/// Returns the handle of a characteristic, and its descriptors.
async fn with_descriptors(c: &RemoteCharacteristic<'_>) -> (u16, Vec<(u16, Uuid)>) {
    let (mut found, mut descriptors) = (Vec::new(), c.descriptors());
    while let Some(descriptor) = descriptors.next().await.unwrap() {
        found.push((descriptor.handle(), descriptor.uuid()));
    }
    (c.handle(), found)
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
