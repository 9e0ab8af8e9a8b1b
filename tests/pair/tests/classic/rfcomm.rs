//! RFCOMM connections.

use bindrune::{
    Address, Break, ClassicChannelConfig, ClassicConfig, ClassicPsm, ClassicResources, Config,
    Error, Level, ModemStatus, Port, Rfcomm, RfcommEnd, RfcommListener, RfcommSessionEnd,
    ServiceRecord, Uuid,
};
use bindrune_controller::{ClassicConfig as AirConfig, ControllerConfig};
use bindrune_pair::{Device, Scene, new_host};
use embassy_futures::join::{join, join3, join4};

use crate::{address, two};

const SERIAL_PORT: [Uuid; 1] = [Uuid::new_16(0x1101)];

const MIB: usize = 1 << 20;

/// Random numbers, the same in each run.
struct Random(usize);

impl Random {
    /// Returns a number from 1 to `most`.
    fn up_to(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        1 + (self.0 >> 8 & 0xffff) % most
    }
}

/// Returns the byte of a stream at a position.
fn byte(seed: usize, at: usize) -> u8 {
    let mixed = (at ^ seed << 24).wrapping_mul(0x9e37_79b9);
    mixed.to_le_bytes()[2]
}

async fn send(port: &Rfcomm<'_>, seed: usize, len: usize) {
    let mut random = Random(seed);
    let mut at = 0;
    while at < len {
        let piece = random.up_to(3000).min(len - at);
        let bytes: Vec<u8> = (at..at + piece).map(|at| byte(seed, at)).collect();
        port.write_all(&bytes).await.unwrap();
        at += piece;
    }
    port.flush().await.unwrap();
}

async fn check(port: &Rfcomm<'_>, seed: usize, len: usize) {
    let mut random = Random(seed + 99);
    let mut buffer = [0; 3000];
    let mut at = 0;
    while at < len {
        let most = random.up_to(buffer.len());
        let read = port.read(&mut buffer[..most]).await.unwrap();
        assert!(read > 0, "the end after {at} bytes");
        for (offset, value) in buffer[..read].iter().enumerate() {
            assert_eq!(*value, byte(seed, at + offset), "at {}", at + offset);
        }
        at += read;
    }
}

/// Connects the phone to a listener of the lamp.
async fn connect<'d>(
    listener: &mut RfcommListener<'d>,
    lamp: Address,
    phone: &'d Device,
) -> (Rfcomm<'d>, Rfcomm<'d>) {
    let channel = listener.channel();
    let (accepted, opened) =
        join(listener.accept(), phone.host().classic().rfcomm_connect(lamp, channel)).await;
    (accepted.unwrap(), opened.unwrap())
}

fn listen(device: &Device) -> RfcommListener<'_> {
    device.host().classic().rfcomm_listen(None, Level::Encrypted).unwrap()
}

#[test]
fn bytes_arrive_in_both_directions() {
    let scene = Scene::new(20);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let at = address(lamp.host().classic()).await;
        let mut listener = listen(&lamp);
        let (there, here) = connect(&mut listener, at, &phone).await;
        assert_eq!((there.peer(), here.peer()), (address(phone.host().classic()).await, at));
        assert_eq!((there.channel(), here.channel()), (1, 1));
        here.write_all(b"AT\r").await.unwrap();
        let mut buffer = [0; 16];
        assert_eq!(there.read(&mut buffer).await, Ok(3));
        assert_eq!(&buffer[..3], b"AT\r");
        there.write_all(b"OK\r\n").await.unwrap();
        assert_eq!(here.read(&mut buffer).await, Ok(4));
        assert_eq!(&buffer[..4], b"OK\r\n");
        here.close().await.unwrap();
        assert_eq!(there.read(&mut buffer).await, Ok(0), "the peer has closed it");
        let closed = Err(Error::Rfcomm(RfcommEnd::Peer));
        assert_eq!(there.write(b"late").await.map(|_| ()), closed);
    });
}

#[test]
fn a_mebibyte_arrives_in_each_direction_at_any_loss() {
    for scene in Scene::lossy(21) {
        let (lamp, phone) = two(&scene);
        scene.run(&[&lamp, &phone], async {
            let at = address(lamp.host().classic()).await;
            let mut listener = listen(&lamp);
            let (there, here) = connect(&mut listener, at, &phone).await;
            let start = scene.now();
            join4(
                send(&here, 1, MIB),
                check(&there, 1, MIB),
                send(&there, 2, MIB),
                check(&here, 2, MIB),
            )
            .await;
            println!("1 MiB each way in {} ms", (scene.now() - start).as_millis());
        });
    }
}

#[test]
fn connections_of_one_link_are_independent() {
    let scene = Scene::with_loss(22, 1);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (at, back) =
            (address(lamp.host().classic()).await, address(phone.host().classic()).await);
        let (mut first, mut second, mut third) = (listen(&lamp), listen(&lamp), listen(&phone));
        assert_eq!((first.channel(), second.channel(), third.channel()), (1, 2, 1));
        let (a, b) = connect(&mut first, at, &phone).await;
        let (c, d) = connect(&mut second, at, &phone).await;
        let (e, f) = connect(&mut third, back, &lamp).await;
        assert_eq!(
            phone.host().classic().rfcomm_connect(at, 1).await.err(),
            Some(Error::Busy),
            "one connection to each server"
        );
        join3(
            join(send(&a, 3, 50_000), check(&b, 3, 50_000)),
            join(send(&d, 4, 50_000), check(&c, 4, 50_000)),
            join(send(&e, 5, 50_000), check(&f, 5, 50_000)),
        )
        .await;
        drop(a);
        assert_eq!(b.read(&mut [0; 4]).await, Ok(0));
        join(send(&c, 6, 5000), check(&d, 6, 5000)).await;
    });
}

#[test]
fn a_server_channel_without_a_listener_is_refused() {
    let scene = Scene::new(23);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let at = address(lamp.host().classic()).await;
        let phone = phone.host().classic();
        lamp.host().classic().set_connectable(true).unwrap();
        let refused = phone.rfcomm_connect(at, 7).await.err();
        assert!(matches!(refused, Some(Error::ClassicClosed(_))), "{refused:?}");
        let _listener = listen(&lamp);
        let refused = phone.rfcomm_connect(at, 7).await.err();
        assert_eq!(refused, Some(Error::Rfcomm(RfcommEnd::Refused)));
        assert_eq!(phone.rfcomm_connect(at, 31).await.err(), Some(Error::InvalidParameters));
    });
}

#[test]
fn a_listener_that_is_dropped_refuses_what_waits() {
    let scene = Scene::new(24);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let at = address(lamp.host().classic()).await;
        let listener = listen(&lamp);
        let stop = async {
            scene.sleep(5000).await;
            drop(listener);
        };
        let (refused, ()) = join(phone.host().classic().rfcomm_connect(at, 1), stop).await;
        assert_eq!(refused.err(), Some(Error::Rfcomm(RfcommEnd::Refused)));
        let bad = lamp.host().classic().rfcomm_listen(Some(0), Level::Encrypted).err();
        assert_eq!(bad, Some(Error::InvalidParameters));
        let _again = lamp.host().classic().rfcomm_listen(Some(1), Level::Encrypted).unwrap();
        let taken = lamp.host().classic().rfcomm_listen(Some(1), Level::Encrypted).err();
        assert_eq!(taken, Some(Error::Busy));
    });
}

#[test]
fn what_was_written_leaves_before_the_end() {
    for from_phone in [false, true] {
        let scene = Scene::with_loss(25, 1);
        let (lamp, phone) = two(&scene);
        scene.run(&[&lamp, &phone], async {
            let at = address(lamp.host().classic()).await;
            let mut listener = listen(&lamp);
            for _ in 0..3 {
                let (there, here) = connect(&mut listener, at, &phone).await;
                let (one, other) = if from_phone { (here, there) } else { (there, here) };
                let write = async {
                    let bytes: Vec<u8> = (0..5000).map(|at| byte(8, at)).collect();
                    one.write_all(&bytes).await.unwrap();
                    drop(one);
                };
                let read = async {
                    check(&other, 8, 5000).await;
                    assert_eq!(other.read(&mut [0; 4]).await, Ok(0));
                    drop(other);
                };
                join(write, read).await;
            }
        });
    }
}

#[test]
fn a_lost_link_ends_connections() {
    let scene = Scene::new(26);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let at = address(lamp.host().classic()).await;
        let mut listener = listen(&lamp);
        let (there, here) = connect(&mut listener, at, &phone).await;
        here.write_all(b"last").await.unwrap();
        scene.sleep(1000).await;
        scene.world().set_loss(100);
        let mut buffer = [0; 8];
        let end = Err(Error::Rfcomm(RfcommEnd::Session(RfcommSessionEnd::ChannelLost)));
        assert_eq!(here.read(&mut buffer).await, end);
        assert_eq!(there.read(&mut buffer).await, Ok(4), "it arrived before");
        assert_eq!(there.read(&mut buffer).await, end);
        assert_eq!(there.write(b"x").await, end);
        assert_eq!(there.flush().await, end.map(|_: usize| ()));
        scene.world().set_loss(0);
        drop((there, here));
        let (there, here) = connect(&mut listener, at, &phone).await;
        join(send(&here, 9, 3000), check(&there, 9, 3000)).await;
    });
}

#[test]
fn a_peer_waits_for_a_reader() {
    let scene = Scene::new(27);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let at = address(lamp.host().classic()).await;
        let mut listener = listen(&lamp);
        let (there, here) = connect(&mut listener, at, &phone).await;
        let mut taken = 0;
        while let Some(len) = scene.within(10_000, here.write(&[byte(0, 0); 64])).await {
            taken += len.unwrap();
        }
        assert!((1024..=4096).contains(&taken), "the rings of both ends took {taken} bytes");
        // Nothing ends while it waits.
        scene.sleep(120_000).await;
        let mut left = taken;
        let mut buffer = [0; 512];
        while left > 0 {
            left -= there.read(&mut buffer).await.unwrap();
        }
        join(send(&here, 10, 20_000), check(&there, 10, 20_000)).await;
    });
}

#[test]
fn modem_status_and_breaks_arrive() {
    let scene = Scene::new(28);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let at = address(lamp.host().classic()).await;
        let mut listener = listen(&lamp);
        let (there, here) = connect(&mut listener, at, &phone).await;
        let first = there.peer_modem_changed(ModemStatus::empty()).await;
        assert_eq!(first, Ok(ModemStatus::READY));
        let ring = ModemStatus::READY | ModemStatus::IC;
        here.set_modem(ring).unwrap();
        assert_eq!(there.peer_modem_changed(ModemStatus::READY).await, Ok(ring));
        assert_eq!((here.modem(), there.peer_modem()), (ring, ring));
        here.send_break(Break::new(3)).unwrap();
        assert_eq!(there.next_break().await, Ok(Break::new(3)));
        drop(here);
        assert_eq!(there.next_break().await, Err(Error::Rfcomm(RfcommEnd::Peer)));
    });
}

#[test]
fn a_service_record_leads_to_its_channel() {
    let scene = Scene::new(29);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (lamp, phone) = (lamp.host().classic(), phone.host().classic());
        let at = address(lamp).await;
        let mut listener = lamp.rfcomm_listen(Some(12), Level::Encrypted).unwrap();
        let service = ServiceRecord::new(&SERIAL_PORT, Port::Rfcomm(listener.channel()));
        let _advertised = lamp.advertise(&service.name("Serial")).unwrap();
        let mut records = [0; 1024];
        let mut found = phone.services(at, &SERIAL_PORT, &mut records).await.unwrap();
        let Port::Rfcomm(channel) = found.next().unwrap().port() else { panic!("no RFCOMM") };
        assert_eq!(channel, 12);
        let (there, here) = join(listener.accept(), phone.rfcomm_connect(at, channel)).await;
        let (there, here) = (there.unwrap(), here.unwrap());
        join(send(&here, 11, 2000), check(&there, 11, 2000)).await;
    });
}

#[test]
fn both_ends_connect_at_once() {
    for secured in [true, false] {
        let scene = Scene::new(30);
        let (lamp, phone) = two(&scene);
        scene.run(&[&lamp, &phone], async {
            let (a, b) = (lamp.host().classic(), phone.host().classic());
            let (at, back) = (address(a).await, address(b).await);
            let (mut one, mut other) = (listen(&lamp), listen(&phone));
            let link = b.connect(at).await.unwrap();
            if secured {
                link.secure(Level::Encrypted).await.unwrap();
            }
            let (c, d, e, f) = join4(
                one.accept(),
                b.rfcomm_connect(at, 1),
                other.accept(),
                a.rfcomm_connect(back, 1),
            )
            .await;
            let (c, d, e, f) = (c.unwrap(), d.unwrap(), e.unwrap(), f.unwrap());
            join(send(&c, 12, 2000), check(&d, 12, 2000)).await;
            join(send(&e, 13, 2000), check(&f, 13, 2000)).await;
        });
    }
}

#[test]
fn a_listener_refuses_a_link_that_is_not_secure_enough() {
    let scene = Scene::new(34);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let at = address(lamp.host().classic()).await;
        let classic = lamp.host().classic();
        let _secure = classic.rfcomm_listen(Some(5), Level::Authenticated).unwrap();
        let mut usual = classic.rfcomm_listen(Some(6), Level::Encrypted).unwrap();
        let refused = phone.host().classic().rfcomm_connect(at, 5).await.err();
        assert_eq!(refused, Some(Error::Rfcomm(RfcommEnd::Refused)));
        let (there, here) = connect(&mut usual, at, &phone).await;
        join(send(&here, 17, 2000), check(&there, 17, 2000)).await;
    });
}

#[test]
fn dropped_reads_and_writes_lose_nothing() {
    let scene = Scene::with_loss(35, 1);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let at = address(lamp.host().classic()).await;
        let mut listener = listen(&lamp);
        let (there, here) = connect(&mut listener, at, &phone).await;
        let len = 40_000;
        let write = async {
            let mut at = 0;
            while at < len {
                let bytes: Vec<u8> = (at..len.min(at + 700)).map(|at| byte(18, at)).collect();
                if let Some(written) = scene.within(1, here.write(&bytes)).await {
                    at += written.unwrap();
                }
            }
        };
        let read = async {
            let (mut at, mut buffer) = (0, [0; 100]);
            while at < len {
                let Some(read) = scene.within(1, there.read(&mut buffer)).await else { continue };
                for value in &buffer[..read.unwrap()] {
                    assert_eq!(*value, byte(18, at));
                    at += 1;
                }
            }
        };
        join(write, read).await;
    });
}

#[test]
fn dropped_attempts_leave_nothing_behind() {
    let scene = Scene::new(31);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let at = address(lamp.host().classic()).await;
        let mut listener = listen(&lamp);
        for milliseconds in [1, 5, 20, 50, 100, 200, 400, 800, 1600] {
            let phone = phone.host().classic();
            let attempt = scene.within(milliseconds, phone.rfcomm_connect(at, 1)).await;
            drop(attempt);
            let _accepted = scene.within(milliseconds, listener.accept()).await;
        }
        scene.sleep(5000).await;
        while let Some(port) = scene.within(1000, listener.accept()).await {
            drop(port);
        }
        let (there, here) = connect(&mut listener, at, &phone).await;
        join(send(&here, 14, 3000), check(&there, 14, 3000)).await;
    });
}

#[test]
fn a_packet_timeout_loses_nothing() {
    let scene = Scene::with_loss(32, 10);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let at = address(lamp.host().classic()).await;
        let mut listener = listen(&lamp);
        let (there, here) = connect(&mut listener, at, &phone).await;
        let timeout = bindrune::Duration::from_millis(5);
        phone.host().classic().set_packet_timeout(at, Some(timeout)).await.unwrap();
        join(send(&here, 15, 100_000), check(&there, 15, 100_000)).await;
    });
}

#[test]
fn a_channel_of_the_application_goes_beside_it() {
    let scene = Scene::new(33);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let at = address(lamp.host().classic()).await;
        let (psm, config) = (ClassicPsm(0x1001), ClassicChannelConfig::BASIC);
        let mut listener = listen(&lamp);
        let mut channels = lamp.host().classic().listen(psm, config).unwrap();
        let (there, here) = connect(&mut listener, at, &phone).await;
        let (accepted, opened) =
            join(channels.accept(), phone.host().classic().open_channel(at, psm, config)).await;
        let (accepted, opened) = (accepted.unwrap(), opened.unwrap());
        let datagrams = async {
            for number in 0..200u8 {
                opened.send(&[number; 300]).await.unwrap();
            }
        };
        let receive = async {
            let mut buffer = [0; 672];
            for number in 0..200u8 {
                assert_eq!(accepted.recv(&mut buffer).await, Ok(300));
                assert_eq!(buffer[0], number);
            }
        };
        join4(datagrams, receive, send(&here, 16, 60_000), check(&there, 16, 60_000)).await;
    });
}

/// Creates a device whose memory has `STREAMS` connections of 64 bytes in each direction, and no more.
fn small<const STREAMS: usize>(scene: &Scene, config: Config) -> Device {
    type Small<const STREAMS: usize> = ClassicResources<1, 2, 674, 674, 1, 1, 64, STREAMS, 64>;
    let memory = Box::leak(Box::new(Small::<STREAMS>::new()));
    let host = new_host(config).with_classic(memory, ClassicConfig::new());
    let controller = ControllerConfig::new().classic(AirConfig::new());
    scene.device_of_on(controller, host, config)
}

#[test]
fn the_smallest_memory_loses_nothing() {
    for scene in Scene::lossy(36) {
        let [lamp, phone] =
            ["small lamp", "small phone"].map(|name| small::<1>(&scene, Config::new(name)));
        scene.run(&[&lamp, &phone], async {
            let at = address(lamp.host().classic()).await;
            let mut listener = listen(&lamp);
            let (there, here) = connect(&mut listener, at, &phone).await;
            join4(
                send(&here, 19, 30_000),
                check(&there, 19, 30_000),
                send(&there, 20, 30_000),
                check(&here, 20, 30_000),
            )
            .await;
            let full = phone.host().classic().rfcomm_connect(at, 2).await.err();
            assert_eq!(full, Some(Error::NoStream));
        });
    }
}

#[test]
fn a_host_without_memory_for_connections_has_none() {
    let scene = Scene::new(37);
    let lamp = small::<0>(&scene, Config::new("none"));
    let (phone, _) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (lamp, phone) = (lamp.host().classic(), phone.host().classic());
        let at = address(phone).await;
        address(lamp).await;
        let none = lamp.rfcomm_listen(None, Level::Encrypted).err();
        assert_eq!(none, Some(Error::NoStream));
        phone.set_connectable(true).unwrap();
        assert_eq!(lamp.rfcomm_connect(at, 1).await.err(), Some(Error::NoStream));
    });
}
