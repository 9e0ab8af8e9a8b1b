//! A value that is too long is refused with the current limit.

use bindrune::{
    Advertisement, Characteristic, Config, ConfigError, Error, Host, Resources, Service, Uuid,
};
use bindrune_pair::Scene;

use crate::table::find;

const SERVICE: Uuid = Uuid::new_16(0xff00);
static NOTE: Characteristic = Characteristic::new(Uuid::new_16(0xff01))
    .read()
    .write()
    .write_without_response()
    .notify()
    .indicate()
    .value(b"")
    .max_len(512);
static SMALL: Characteristic = Characteristic::new(Uuid::new_16(0xff02)).read().value(b"four");
static SERVICES: &[Service] = &[Service::primary(SERVICE, &[&NOTE, &SMALL])];

const LAMP: Config = Config::new("lamp").services(SERVICES).prepare_bytes(600);

#[test]
fn a_value_too_long_for_the_mtu_is_refused_with_the_limit() {
    for (mtu, push, handles) in [(23, 20, 11), (100, 97, 49), (247, 244, 123)] {
        let scene = Scene::new(81);
        let (lamp, phone) =
            (scene.device(LAMP.mtu(mtu)), scene.device(Config::new("phone").mtu(mtu)));
        scene.run(&[&lamp, &phone], async {
            let (there, here) = scene.connect(&lamp, &phone).await;
            here.exchange_mtu().await.unwrap();
            let note = find(&here, SERVICE, &NOTE).await;
            let too_long = Err(Error::TooLong { max: push });
            let one_more = vec![1; push + 1];
            assert_eq!(here.write_without_response(&note, &one_more).await, too_long);
            assert_eq!(here.write_without_response(&note, &one_more[1..]).await, Ok(()));
            assert_eq!(there.notify(&NOTE, &one_more).await, too_long);
            assert_eq!(there.indicate(&NOTE, &one_more).await, too_long);
            let many = vec![note.handle(); handles + 1];
            let too_many = Err(Error::TooManyHandles { max: handles });
            assert_eq!(here.read_multiple(&many, &mut [0; 8]).await, too_many);
            assert!(here.read_multiple(&many[1..], &mut [0; 600]).await.is_ok());
            let few = here.read_multiple(&many[..1], &mut [0; 8]).await;
            assert_eq!(few, Err(Error::InvalidParameters));
        });
    }
}

#[test]
fn a_value_too_long_for_an_attribute_is_refused_with_the_limit() {
    let scene = Scene::new(82);
    let (lamp, phone) = (scene.device(LAMP), scene.device(Config::new("phone")));
    scene.run(&[&lamp, &phone], async {
        let (_there, here) = scene.connect(&lamp, &phone).await;
        let note = find(&here, SERVICE, &NOTE).await;
        let too_long = Err(Error::TooLong { max: 512 });
        assert_eq!(here.write(&note, &[0; 513]).await, too_long);
        let reliable = here.write_reliably(&[(note.handle(), &[0; 513])]).await;
        assert_eq!(reliable, too_long);
        let gatt = lamp.host().gatt();
        assert_eq!(gatt.write(&NOTE, &[0; 513]), too_long);
        assert_eq!(gatt.write(&SMALL, b"five!"), Err(Error::TooLong { max: 4 }));
    });
}

#[test]
fn a_buffer_that_is_too_small_gets_the_length() {
    let scene = Scene::new(83);
    let (lamp, phone) = (scene.device(LAMP), scene.device(Config::new("phone")));
    scene.run(&[&lamp, &phone], async {
        let (_there, here) = scene.connect(&lamp, &phone).await;
        let note = find(&here, SERVICE, &NOTE).await;
        for needed in [4, 40, 246, 247, 300, 512] {
            lamp.host().gatt().write(&NOTE, &vec![7; needed]).unwrap();
            let small = Err(Error::BufferTooSmall { needed });
            let mut buffer = [0; 3];
            assert_eq!(here.read(&note, &mut buffer).await, small);
            assert_eq!(buffer, [7; 3]);
            assert_eq!(here.read(&note, &mut vec![0; needed]).await, Ok(needed));
            assert_eq!(lamp.host().gatt().read(&NOTE, &mut buffer), small);
        }
        let handles = [note.handle(); 2];
        lamp.host().gatt().write(&NOTE, b"four").unwrap();
        let several = here.read_multiple(&handles, &mut [0; 3]).await;
        assert_eq!(several, Err(Error::BufferTooSmall { needed: 8 }));
    });
}

#[test]
fn data_too_long_for_an_advertisement_is_refused_with_the_limit() {
    let scene = Scene::new(84);
    let lamp = scene.device(LAMP.advertising_bytes(200));
    scene.run(&[&lamp], async {
        lamp.host().controller().await.unwrap();
        let data = [0x03, 0xff, 0xff, 0xff];
        let data: Vec<u8> = data.iter().copied().cycle().take(32).collect();
        let too_long = Err(Error::TooLong { max: 31 });
        let connectable = Advertisement::connectable().exactly(&data);
        assert_eq!(lamp.host().advertise(&connectable).await.map(drop), too_long);
        let beacon = Advertisement::non_connectable().exactly(&data);
        assert_eq!(lamp.host().broadcast(&beacon).map(drop), too_long);
    });
}

#[test]
fn a_name_that_is_too_long_gets_the_limit() {
    let name = core::str::from_utf8(&[b'n'; 65]).unwrap();
    let resources = Box::leak(Box::new(Resources::<1>::new()));
    let error = Host::new(resources, Config::new(name)).unwrap_err();
    assert_eq!(error, ConfigError::Name { have: 65, max: 64 });
}
