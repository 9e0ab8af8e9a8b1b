//! Several links at once, in both roles.

use bindrune::{
    Advertisement, ChannelConfig, CloseReason, Connect, Connection, ConnectionParameters, Error,
    Psm,
};
use bindrune_controller::ControllerConfig;
use bindrune_pair::Scene;
use embassy_futures::{
    join::{join, join3, join4},
    select::{Either3, select3},
};
use embassy_time::Duration;

use crate::table::{BATTERY, LAB, LAMP, LEVEL, LONG, PHONE, STREAM, find, pattern, subscribed};

const PSM: Psm = Psm(0x82);

/// Actions of each central: reads, writes, takes notifications, and transfers data over a channel.
async fn use_lamp(link: &Connection<'_>, number: usize) {
    let mut buffer = [0; 512];
    let (level, long) = (find(link, BATTERY, &LEVEL).await, find(link, LAB, &LONG).await);
    let stream = find(link, LAB, &STREAM).await;
    let mut values = link.subscribe(&stream).await.unwrap();
    let mut channel = link.open_channel(PSM, ChannelConfig::default()).await.unwrap();
    for round in 0..20 {
        assert_eq!(link.read(&level, &mut buffer).await, Ok(1));
        link.write(&long, &pattern(number, 300)).await.unwrap();
        let len = values.next(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..len], pattern(round, 100));
        channel.send(&pattern(number, 500)).await.unwrap();
        let len = channel.recv(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..len], pattern(number, 500));
    }
    assert_eq!(values.lost(), 0);
    channel.close().await.unwrap();
}

/// Serves one central, as the peripheral.
async fn serve(mut link: Connection<'_>) {
    subscribed(&mut link, &STREAM).await;
    for round in 0..20 {
        link.notify(&STREAM, &pattern(round, 100)).await.unwrap();
    }
    link.disconnected().await;
}

/// Echoes one channel's SDUs.
async fn echo(listener: &mut bindrune::Listener<'_>, count: usize) {
    let mut channels = Vec::new();
    for _ in 0..count {
        channels.push(listener.accept().await.unwrap().1);
    }
    for _ in 0..20 {
        for channel in &mut channels {
            let mut buffer = [0; 512];
            let len = channel.recv(&mut buffer).await.unwrap();
            channel.send(&buffer[..len]).await.unwrap();
        }
    }
    for channel in &mut channels {
        assert_eq!(channel.recv(&mut [0; 8]).await, Err(Error::Closed(CloseReason::Peer)));
    }
}

#[test]
fn three_centrals_on_one_peripheral() {
    for scene in Scene::lossy(111) {
        let lamp = scene.device(LAMP);
        let [a, b, c] = core::array::from_fn(|_| scene.device(PHONE));
        scene.run(&[&lamp, &a, &b, &c], async {
            let peer = scene.address(&lamp).await;
            let mut listener = lamp.host().listen(PSM, ChannelConfig::default()).unwrap();
            let advertisement = Advertisement::connectable();
            let peripheral = async {
                let mut links = Vec::new();
                for _ in 0..3 {
                    links.push(lamp.host().advertise(&advertisement).await.unwrap());
                }
                assert_eq!(lamp.host().links(), 3);
                let [x, y, z] = links.try_into().unwrap();
                join4(serve(x), serve(y), serve(z), echo(&mut listener, 3)).await;
            };
            let central = async |device: &bindrune_pair::Device, number| {
                let link = device.host().connect(&peer).await.unwrap();
                use_lamp(&link, number).await;
                link.disconnect().await.unwrap();
            };
            join4(peripheral, central(&a, 1), central(&b, 2), central(&c, 3)).await;
        });
    }
}

#[test]
fn three_peripherals_on_one_central() {
    for scene in Scene::lossy(112) {
        let phone = scene.device(PHONE);
        let [a, b, c] = core::array::from_fn(|_| scene.device(LAMP));
        scene.run(&[&phone, &a, &b, &c], async {
            let one = async |lamp: &bindrune_pair::Device, number| {
                let peer = scene.address(lamp).await;
                let advertisement = Advertisement::connectable();
                let mut listener = lamp.host().listen(PSM, ChannelConfig::default()).unwrap();
                let advertise = lamp.host().advertise(&advertisement);
                let (there, here) = join(advertise, phone.host().connect(&peer)).await;
                let here = here.unwrap();
                let using = async {
                    use_lamp(&here, number).await;
                    here.disconnect().await.unwrap();
                };
                join3(serve(there.unwrap()), echo(&mut listener, 1), using).await;
            };
            join3(one(&a, 1), one(&b, 2), one(&c, 3)).await;
        });
    }
}

#[test]
fn both_roles_at_once_and_advertising_goes_on() {
    for scene in Scene::lossy(113) {
        let (lamp, middle, phone) = (scene.device(LAMP), scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &middle, &phone], async {
            let (_a, up) = scene.connect(&lamp, &middle).await;
            let (_b, down) = scene.connect(&middle, &phone).await;
            let host = middle.host();
            assert_eq!(host.links(), 2);
            let advertisement = Advertisement::non_connectable();
            let on = host.broadcast(&advertisement).unwrap();
            let scan = async {
                let mut buffer = [0; 64];
                let mut scanner = host.scan(&bindrune::Scan::passive()).unwrap();
                assert!(scene.within(200, scanner.next(&mut buffer)).await.is_none());
            };
            let read = async |link: &Connection<'_>| {
                let level = find(link, BATTERY, &LEVEL).await;
                for _ in 0..20 {
                    assert_eq!(link.read(&level, &mut [0; 4]).await, Ok(1));
                }
            };
            join3(read(&up), read(&down), scan).await;
            drop(on);
        });
    }
}

/// Two tasks notify two phones, and one phone is out of reach: the other one is not delayed.
#[test]
fn a_link_out_of_reach_delays_no_other() {
    for (buffers, least) in [(4u8, 80), (8, 150)] {
        let scene = Scene::new(120);
        let controller = ControllerConfig::new().acl_buffers(251, buffers);
        let lamp = scene.device_on(controller, LAMP);
        let [a, b] = [(); 2].map(|()| scene.device(PHONE));
        scene.run(&[&lamp, &a, &b], async {
            let parameters = ConnectionParameters {
                interval_min: 24,
                interval_max: 24,
                latency: 0,
                timeout: 600,
            };
            let connect = Connect::to(scene.address(&lamp).await).parameters(parameters);
            let (mut to_a, at_a) = scene.connect_with(&lamp, &a, &connect).await;
            let (mut to_b, at_b) = scene.connect_with(&lamp, &b, &connect).await;
            let stream = find(&at_a, LAB, &STREAM).await;
            let _values = at_a.subscribe(&stream).await.unwrap();
            let stream = find(&at_b, LAB, &STREAM).await;
            let mut values = at_b.subscribe(&stream).await.unwrap();
            subscribed(&mut to_a, &STREAM).await;
            subscribed(&mut to_b, &STREAM).await;
            scene.sleep(1000).await;
            scene.world().set_reachable(lamp.id(), a.id(), false);
            let begun = scene.now();
            let notify = async |link: &Connection<'_>| {
                while link.notify(&STREAM, &[1; 100]).await.is_ok() {}
            };
            let receive = async {
                let (mut count, mut longest, mut last) = (0u32, 0, begun);
                while scene.now() - begun < Duration::from_secs(5) {
                    values.next(&mut [0; 200]).await.unwrap();
                    let now = scene.now();
                    (longest, last) = (longest.max((now - last).as_millis()), now);
                    count += 1;
                }
                (count, longest)
            };
            let (count, longest) = match select3(notify(&to_a), notify(&to_b), receive).await {
                Either3::Third(received) => received,
                Either3::First(()) | Either3::Second(()) => panic!("a link ended"),
            };
            assert!(longest <= 100 && count >= least, "{buffers}: {count} values, {longest} ms");
            scene.world().set_reachable(lamp.id(), a.id(), true);
        });
    }
}
