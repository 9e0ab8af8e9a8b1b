//! Inquiry, names and services.

use bindrune::{ClassicDiscoverable, Inquiry, Port, ServiceRecord, Uuid};
use bindrune_pair::Scene;

use crate::{address, two};

const ECHO: [Uuid; 1] = [Uuid::new_128(0x2a5e_7b1c_6c1f_4f0e_9a36_0b5d_7f3c_1e52)];

#[test]
fn a_device_is_found_with_its_name_and_its_services() {
    let scene = Scene::new(1);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (lamp, phone) = (lamp.host().classic(), phone.host().classic());
        let at = address(lamp).await;
        let service = ServiceRecord::new(&ECHO, Port::L2cap(0x1001)).name("Echo");
        let _advertised = lamp.advertise(&service).unwrap();
        lamp.set_discoverable(ClassicDiscoverable::General).unwrap();
        lamp.set_connectable(true).unwrap();

        let mut discovery = phone.discover(Inquiry::GENERAL).await.unwrap();
        let mut buffer = [0; 240];
        let device = discovery.next(&mut buffer).await.unwrap().unwrap();
        assert_eq!(device.address, at);
        assert_eq!(device.data.name(), Some((&b"lamp"[..], true)));
        assert!(device.data.services().any(|uuid| uuid == ECHO[0]));
        drop(discovery);

        let mut name = [0; 248];
        assert_eq!(phone.name(at, &mut name).await, Ok("lamp"));

        let mut records = [0; 1024];
        let mut found = phone.services(at, &ECHO, &mut records).await.unwrap();
        let record = found.next().unwrap();
        assert_eq!(record.name().map(|name| name.to_string()), Some("Echo".into()));
        assert_eq!(record.port(), Port::L2cap(0x1001));
        assert!(found.next().is_none());
    });
}
