//! Links, devices and requests that end: at each await, by distance, by resets, by lack of room.

use core::{cell::Cell, future::pending};

use bindrune::{
    ClassicChannelConfig, ClassicCloseReason, ClassicConfig, ClassicDiscoverable, ClassicPsm,
    Config, Error, Inquiry, Port, RunError, ServiceRecord, Uuid,
};
use bindrune_controller::{ClassicConfig as Air, ControllerConfig, Unplugged};
use bindrune_pair::{Device, Scene, Task, new_host};
use embassy_futures::join::{join, join3};
use embassy_time::Duration;

use crate::{address, channels, dual, random, three, two};

const PSM: ClassicPsm = ClassicPsm(0x1009);
const ECHO: [Uuid; 1] = [Uuid::new_128(0x2a5e_7b1c_6c1f_4f0e_9a36_0b5d_7f3c_1e52)];
const CONFIG: ClassicChannelConfig = ClassicChannelConfig::ENHANCED;

/// Serves one channel: echoes what comes.
async fn serve(lamp: &Device) -> Result<(), Error> {
    let classic = lamp.host().classic();
    classic.ready().await?;
    let _service =
        classic.advertise(&ServiceRecord::new(&ECHO, Port::L2cap(PSM.0)).name("Echo"))?;
    let mut listener = classic.listen(PSM, CONFIG)?;
    let channel = listener.accept().await?;
    let mut buffer = [0; 4096];
    loop {
        let len = channel.recv(&mut buffer).await?;
        channel.send(&buffer[..len]).await?;
    }
}

/// Uses the service: searches it, connects, transfers, changes the MTU, closes.
async fn visit(phone: &Device, lamp: bindrune::Address) -> Result<(), Error> {
    let classic = phone.host().classic();
    classic.ready().await?;
    let mut records = [0; 512];
    let found = classic.services(lamp, &ECHO, &mut records).await?.count();
    if found == 0 {
        return Err(Error::NoListener);
    }
    let link = classic.connect(lamp).await?;
    let channel = link.open_channel(PSM, CONFIG).await?;
    let data = random(600, 600);
    let mut buffer = [0; 4096];
    for _ in 0..3 {
        channel.send(&data).await?;
        let len = channel.recv(&mut buffer).await?;
        assert_eq!(buffer[..len], data);
    }
    channel.flush().await?;
    channel.set_mtu(1000).await?;
    channel.close().await?;
    link.disconnect().await
}

/// The future that is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    PhoneRuns,
    Serves,
    Visits,
}

/// Runs the whole scenario; `victim` is dropped after its poll number `at`, and started again. Returns how often it
/// was polled before.
fn scenario(victim: Victim, at: usize, devices: &mut [Device; 2], scene: &Scene) -> usize {
    devices[0].restart(Config::new("lamp"));
    devices[1].restart(Config::new("phone"));
    let [lamp, phone] = &*devices;
    let polls = Cell::new(0);
    let limit = |who| if who == victim { at } else { usize::MAX };
    let drive = async |device: &Device, who: Option<Victim>| {
        count(&polls, who == Some(victim), device.drive(), who.map_or(usize::MAX, limit)).await;
        device.drive().await
    };
    let app = async {
        let lamp_at = address(lamp.host().classic()).await;
        let done = Cell::new(false);
        let serving = async {
            count(&polls, victim == Victim::Serves, serve(lamp), limit(Victim::Serves)).await;
            while !done.get() {
                let _ended = scene.within(25_000, serve(lamp)).await;
                scene.sleep(10).await;
            }
        };
        let visiting = async {
            let first = visit(phone, lamp_at);
            count(&polls, victim == Victim::Visits, first, limit(Victim::Visits)).await;
            let mut tries = 0;
            while let Err(error) = visit(phone, lamp_at).await {
                tries += 1;
                assert!(tries < 300, "{victim:?} {at}: {error}");
                scene.sleep(200).await;
            }
            done.set(true);
        };
        join(serving, visiting).await;
    };
    let drivers =
        vec![Task::new(drive(lamp, None)), Task::new(drive(phone, Some(Victim::PhoneRuns)))];
    scene.run_driven(drivers, &[lamp, phone], app);
    polls.get()
}

/// Runs `future` for at most `limit` polls, and counts them if they matter.
async fn count<T>(
    polls: &Cell<usize>,
    matters: bool,
    future: impl Future<Output = T>,
    limit: usize,
) {
    let mut task = Task::limited(future, limit);
    let _output = (&mut task).await;
    if matters {
        polls.set(task.polls());
    }
}

/// Drops the victim at each of its polls, one after another.
fn at_every_poll(victim: Victim, least: usize) {
    let mut at = 1;
    loop {
        let scene = Scene::new(600);
        let (lamp, phone) = two(&scene);
        if scenario(victim, at, &mut [lamp, phone], &scene) != at {
            break;
        }
        at += 1;
    }
    assert!(at > least, "only {at} polls");
}

#[test]
fn run_may_be_dropped_at_every_await() {
    at_every_poll(Victim::PhoneRuns, 30);
}

#[test]
fn the_client_may_be_dropped_at_every_await() {
    at_every_poll(Victim::Visits, 10);
}

#[test]
fn the_server_may_be_dropped_at_every_await() {
    at_every_poll(Victim::Serves, 3);
}

#[test]
fn a_lost_link_ends_its_channels_and_can_be_made_again() {
    let scene = Scene::new(610);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        for _ in 0..2 {
            let (there, here) = channels(&lamp, &phone, PSM, CONFIG).await;
            here.send(b"before").await.unwrap();
            assert_eq!(there.recv(&mut [0; 672]).await, Ok(6));
            scene.world().set_reachable(lamp.id(), phone.id(), false);
            here.send(b"lost").await.unwrap();
            let lost = Error::ClassicClosed(ClassicCloseReason::LinkLost);
            let mut buffers = ([0; 672], [0; 672]);
            let (a, b, flushed) =
                join3(there.recv(&mut buffers.0), here.recv(&mut buffers.1), here.flush()).await;
            assert_eq!((a, b), (Err(lost), Err(lost)));
            assert!(flushed.is_err(), "{flushed:?}");
            assert_eq!(here.send(b"late").await, Err(lost));
            scene.world().set_reachable(lamp.id(), phone.id(), true);
        }
    });
}

#[test]
fn requests_survive_the_loss_of_the_controller() {
    let scene = Scene::new(620);
    let (lamp, phone) = two(&scene);
    let drive = async |device: &Device| -> () {
        loop {
            device.drive().await;
            device.replug(scene.world().plug(device.id()));
        }
    };
    let drivers = vec![Task::new(drive(&lamp)), Task::new(drive(&phone))];
    scene.run_driven(drivers, &[&lamp, &phone], async {
        let (there, here) = (lamp.host().classic(), phone.host().classic());
        let at = address(there).await;
        let _service =
            there.advertise(&ServiceRecord::new(&ECHO, Port::L2cap(PSM.0)).name("Echo")).unwrap();
        there.set_discoverable(ClassicDiscoverable::General).unwrap();
        let mut listener = there.listen(PSM, CONFIG).unwrap();
        for round in 0..3 {
            let (accepted, opened) =
                join(listener.accept(), here.open_channel(at, PSM, CONFIG)).await;
            let (accepted, opened) = (accepted.unwrap(), opened.unwrap());
            opened.send(b"works").await.unwrap();
            assert_eq!(accepted.recv(&mut [0; 672]).await, Ok(5));
            // The controller of one of them is replaced.
            scene.world().unplug(if round == 1 { phone.id() } else { lamp.id() });
            let lost = Error::ClassicClosed(ClassicCloseReason::LinkLost);
            let mut buffers = ([0; 672], [0; 672]);
            let (a, b) = join(accepted.recv(&mut buffers.0), opened.recv(&mut buffers.1)).await;
            assert_eq!((a, b), (Err(lost), Err(lost)));
            address(there).await;
            address(here).await;
            let mut discovery = here.discover(Inquiry::GENERAL).await.unwrap();
            let mut buffer = [0; 240];
            let found = discovery.next(&mut buffer).await.unwrap().unwrap();
            assert_eq!(found.address, at);
            drop(discovery);
            let mut records = [0; 512];
            assert_eq!(here.services(at, &ECHO, &mut records).await.unwrap().count(), 1);
        }
    });
}

#[test]
fn time_limits_begin_when_a_request_is_made() {
    let scene = Scene::new(625);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (there, here) = (lamp.host().classic(), phone.host().classic());
        let at = address(there).await;
        address(here).await;
        there.set_connectable(true).unwrap();
        there.set_discoverable(ClassicDiscoverable::General).unwrap();
        let mut listener = there.listen(PSM, CONFIG).unwrap();
        // No input gives the host the time meanwhile.
        scene.sleep(100_000).await;
        let mut discovery = here.discover(Inquiry::GENERAL).await.unwrap();
        assert!(discovery.next(&mut [0; 240]).await.unwrap().is_some());
        drop(discovery);
        scene.sleep(100_000).await;
        assert_eq!(here.name(at, &mut [0; 248]).await, Ok("lamp"));
        scene.sleep(100_000).await;
        let link = here.connect(at).await.unwrap();
        scene.sleep(100_000).await;
        let open = link.open_channel(PSM, CONFIG);
        let (accepted, opened) = join(listener.accept(), open).await;
        let (accepted, opened) = (accepted.unwrap(), opened.unwrap());
        scene.sleep(100_000).await;
        for number in 0..60 {
            opened.send(&random(number, 600)).await.unwrap();
        }
        // The peer gets everything that was sent before.
        drop(opened);
        for number in 0..60 {
            let mut buffer = [0; 672];
            assert_eq!(accepted.recv(&mut buffer).await, Ok(600));
            assert_eq!(buffer[..600], random(number, 600));
        }
        let end = accepted.recv(&mut [0; 672]).await;
        assert_eq!(end, Err(Error::ClassicClosed(ClassicCloseReason::Peer)));
    });
}

/// Drives a device until `run` returns, once.
async fn drive_once(device: &Device, end: &Cell<Option<RunError<Unplugged>>>) {
    end.set(Some(device.drive().await));
    pending::<()>().await;
}

#[test]
fn a_link_of_an_idle_host_ends_after_what_was_sent() {
    let scene = Scene::new(629);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let at = address(lamp.host().classic()).await;
        let (there, here) = channels(&lamp, &phone, PSM, ClassicChannelConfig::BASIC).await;
        let link = phone.host().classic().connect(at).await.unwrap();
        scene.sleep(100_000).await;
        for _ in 0..4 {
            here.send(&[7; 600]).await.unwrap();
        }
        let ends = async {
            link.disconnect().await.unwrap();
        };
        let reads = async {
            let mut buffer = [0; 672];
            for _ in 0..4 {
                assert_eq!(there.recv(&mut buffer).await, Ok(600));
            }
        };
        join(ends, reads).await;
    });
}

#[test]
fn a_shutdown_ends_the_links() {
    let scene = Scene::new(630);
    let (lamp, phone) = two(&scene);
    let (end, goes_on) = (Cell::new(None), Cell::new(None));
    let drivers = vec![Task::new(drive_once(&lamp, &goes_on)), Task::new(drive_once(&phone, &end))];
    scene.run_driven(drivers, &[&lamp, &phone], async {
        let (there, here) = channels(&lamp, &phone, PSM, ClassicChannelConfig::BASIC).await;
        here.send(b"the last").await.unwrap();
        assert_eq!(phone.host().shutdown().await, Ok(()));
        assert_eq!(end.take(), Some(RunError::ShutDown));
        let mut buffer = [0; 672];
        assert_eq!(there.recv(&mut buffer).await, Ok(8));
        assert!(matches!(there.recv(&mut buffer).await, Err(Error::ClassicClosed(_))));
        assert!(matches!(here.send(b"x").await, Err(Error::ClassicClosed(_))));
    });
}

#[test]
fn without_br_edr_everything_is_unsupported() {
    let scene = Scene::new(640);
    let config = Config::new("LE only");
    let without = scene.device(config);
    let host = new_host(config);
    let le_controller = scene
        .device_of_on(ControllerConfig::new(), host, config)
        .with_classic(ClassicConfig::new());
    scene.run(&[&without, &le_controller], async {
        for device in [&without, &le_controller] {
            let classic = device.host().classic();
            let peer = bindrune::Address::public([1, 2, 3, 4, 5, 6]);
            assert_eq!(classic.ready().await.map(drop), Err(Error::Unsupported));
            assert_eq!(classic.connect(peer).await.map(drop), Err(Error::Unsupported));
            let opened = classic.open_channel(peer, PSM, CONFIG).await;
            assert_eq!(opened.map(drop), Err(Error::Unsupported));
            let mut records = [0; 100];
            let found = classic.services(peer, &ECHO, &mut records).await;
            assert_eq!(found.map(drop), Err(Error::Unsupported));
            let inquiry = classic.discover(Inquiry::GENERAL).await;
            assert_eq!(inquiry.map(drop), Err(Error::Unsupported));
            assert_eq!(classic.name(peer, &mut [0; 248]).await, Err(Error::Unsupported));
            device.host().controller().await.unwrap();
        }
    });
}

#[test]
fn paging_ends_after_the_page_timeout() {
    let scene = Scene::new(650);
    let phone =
        scene.dual(Config::new("phone"), ClassicConfig::new().page_timeout(Duration::from_secs(3)));
    let lamp = dual(&scene, "lamp");
    scene.run(&[&lamp, &phone], async {
        let classic = phone.host().classic();
        classic.ready().await.unwrap();
        // It is not connectable.
        let at = address(lamp.host().classic()).await;
        let start = scene.now();
        assert_eq!(classic.connect(at).await.map(drop), Err(Error::Timeout));
        let time = (scene.now() - start).as_millis();
        assert!((2900..3200).contains(&time), "{time}");
        let random = bindrune::Address::random([0xc0, 0, 0, 0, 0, 9]);
        assert_eq!(classic.connect(random).await.map(drop), Err(Error::InvalidParameters));
        lamp.host().classic().set_connectable(true).unwrap();
        classic.connect(at).await.unwrap().disconnect().await.unwrap();
    });
}

#[test]
fn full_slots_are_errors_and_free_again() {
    let scene = Scene::new(660);
    let others = three(&scene);
    let (hub, late) = (dual(&scene, "hub"), dual(&scene, "late"));
    let all: Vec<&Device> = others.iter().chain([&hub, &late]).collect();
    scene.run(&all, async {
        let classic = hub.host().classic();
        let mut links = Vec::new();
        for device in others.iter().chain([&late]) {
            device.host().classic().set_connectable(true).unwrap();
        }
        for device in &others {
            links.push(classic.connect(address(device.host().classic()).await).await.unwrap());
        }
        let at = address(late.host().classic()).await;
        assert_eq!(classic.connect(at).await.map(drop), Err(Error::NoClassicLink));
        // The slots of channels.
        let mut listener = others[0].host().classic().listen(PSM, CONFIG).unwrap();
        let mut open = Vec::new();
        for _ in 0..8 {
            let (there, here) = join(listener.accept(), links[0].open_channel(PSM, CONFIG)).await;
            open.push((there.unwrap(), here.unwrap()));
        }
        let full = links[0].open_channel(PSM, CONFIG).await.map(drop);
        assert_eq!(full, Err(Error::NoClassicChannel));
        let (there, here) = open.pop().unwrap();
        here.close().await.unwrap();
        assert!(matches!(there.recv(&mut [0; 672]).await, Err(Error::ClassicClosed(_))));
        // Here is a slot, but the peer holds the closed channel.
        let refused = links[0].open_channel(PSM, CONFIG).await.map(drop);
        assert!(
            matches!(refused, Err(Error::ClassicClosed(ClassicCloseReason::Refused(_)))),
            "{refused:?}"
        );
        drop(there);
        let again = join(listener.accept(), links[0].open_channel(PSM, CONFIG)).await;
        assert!(again.0.is_ok() && again.1.is_ok());
        drop((open, again));
        links.pop().unwrap().disconnect().await.unwrap();
        classic.connect(at).await.unwrap().disconnect().await.unwrap();
    });
}

#[test]
fn both_ends_connect_at_once() {
    for (seed, delay) in [(670, 0), (671, 1), (672, 300), (673, 700)] {
        let scene = Scene::new(seed);
        let (lamp, phone) = two(&scene);
        scene.run(&[&lamp, &phone], async {
            let (a, b) = (lamp.host().classic(), phone.host().classic());
            let (at, own) = (address(a).await, address(b).await);
            let config = ClassicChannelConfig::BASIC;
            let (mut x, mut y) = (a.listen(PSM, config).unwrap(), b.listen(PSM, config).unwrap());
            let late = async {
                scene.sleep(delay).await;
                a.open_channel(own, PSM, config).await
            };
            let opened = join(b.open_channel(at, PSM, config), late);
            let (opened, (p, q)) = join(opened, join(x.accept(), y.accept())).await;
            let (there, back) = (opened.0.unwrap(), opened.1.unwrap());
            there.send(b"there").await.unwrap();
            back.send(b"and back").await.unwrap();
            let (p, q) = (p.unwrap(), q.unwrap());
            assert_eq!(p.recv(&mut [0; 672]).await, Ok(5));
            assert_eq!(q.recv(&mut [0; 672]).await, Ok(8));
            assert_eq!((lamp.host().links(), phone.host().links()), (1, 1), "{delay}");
        });
    }
}

#[test]
fn a_controller_with_few_links_and_small_buffers() {
    let scene = Scene::new(680);
    let air = Air::new().links(1).acl_buffers(27, 1).enhanced_data_rate(false);
    let lamp = scene.dual_on(air, Config::new("lamp"), ClassicConfig::new());
    let phone = dual(&scene, "phone");
    scene.run(&[&lamp, &phone], async {
        let (there, here) =
            channels(&lamp, &phone, PSM, ClassicChannelConfig::BASIC.mtu(4096)).await;
        let data = random(680, 4096);
        let mut buffer = [0; 4096];
        for (from, to) in [(&here, &there), (&there, &here)] {
            from.send(&data).await.unwrap();
            assert_eq!(to.recv(&mut buffer).await, Ok(4096));
            assert!(buffer[..] == data[..]);
        }
    });
}
