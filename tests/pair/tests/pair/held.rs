//! Applications that keep the requests of ended links: whatever they keep, the next peer is served.

use core::convert::Infallible;

use bindrune::{
    ChannelConfig, Config, Connection, Error, ErrorCode, Event, Host, Psm, ReadRequest, Resources,
    WriteRequest,
};
use bindrune_pair::{Device, Scene};
use embassy_futures::{
    join::join,
    select::{Either, Either3, select, select3},
};

use crate::table::{ALERT, COMMAND, LAB, LAMP, LONG, SERVICES, STREAM, find, pattern};

const HOLDER: Config = Config::new("holder").services(SERVICES).prepare_bytes(600);
const PSM: Psm = Psm(0x81);
/// Time limit for any operation on a link, in milliseconds.
const SOON: u64 = 2000;

/// Requests that an application keeps.
#[derive(Default)]
struct Kept<'h> {
    writes: Vec<WriteRequest<'h>>,
    reads: Vec<ReadRequest<'h>>,
}

impl<'h> Kept<'h> {
    fn count(&self) -> usize {
        self.writes.len() + self.reads.len()
    }

    /// Keeps all requests of a link until it ends. Returns how many write commands were lost.
    async fn keep(&mut self, link: &mut Connection<'h>) -> u32 {
        let mut lost = 0;
        loop {
            match link.next().await {
                Event::Write(request) => self.writes.push(request),
                Event::Read(request) => self.reads.push(request),
                Event::LostWrites(count) => lost += count,
                Event::Disconnected(_) => return lost,
                _ => {}
            }
        }
    }
}

/// Runs a link on which the peer writes `len` octets twice and reads once, and whose application keeps all
/// requests.
async fn short_lived<'d>(
    scene: &Scene,
    lamp: &'d Device,
    phone: &'d Device,
    len: usize,
    kept: &mut Kept<'d>,
) {
    let (mut there, here) = scene.connect(lamp, phone).await;
    let (before, read) = (kept.writes.len(), kept.count() % 2 == 1);
    let ask = async {
        let command = scene.within(SOON, find(&here, LAB, &COMMAND)).await.unwrap();
        here.write_without_response(&command, &pattern(before, len)).await.unwrap();
        let refused = if read {
            let mut buffer = [0; 512];
            scene.within(1000, here.read(&command, &mut buffer)).await.and_then(Result::err)
        } else {
            let value = pattern(before + 1, len);
            let write = here.write(&command, &value);
            scene.within(1000, write).await.and_then(Result::err)
        };
        here.disconnect().await.unwrap();
        refused
    };
    let (refused, lost) = join(ask, kept.keep(&mut there)).await;
    let taken = kept.writes.len() - before;
    let requests = usize::from(!read);
    let refusals = usize::from(refused.is_some());
    assert!(refused.is_none_or(|e| e == Error::Att(ErrorCode::INSUFFICIENT_RESOURCES)));
    assert_eq!(taken + refusals + lost as usize, 1 + requests, "{lost} lost");
    assert!(len > 20 || taken == 1 + requests, "a short value costs no packet");
}

/// Answers what a peer asks.
async fn serve(link: &mut Connection<'_>) {
    loop {
        match link.next().await {
            Event::Write(request) => request.accept(),
            Event::Read(request) => request.reply(b"here"),
            Event::Disconnected(reason) => panic!("disconnected: {reason}"),
            _ => {}
        }
    }
}

/// Accepts every pairing.
async fn agree(device: &Device) -> Infallible {
    let mut requests = device.host().pairing_requests().unwrap();
    loop {
        requests.next().await.accept();
    }
}

/// Checks that everything works on a link, for both sides.
async fn lives(scene: &Scene, lamp: &Device, phone: &Device) {
    let (mut there, here) = scene.connect(lamp, phone).await;
    let (mut buffer, here) = ([0; 512], &here);
    let command = scene.within(SOON, find(here, LAB, &COMMAND)).await.unwrap();
    let long = find(here, LAB, &LONG).await;
    here.write_without_response(&command, b"on").await.unwrap();
    let write = async {
        loop {
            match there.next().await {
                Event::Write(request) => return assert_eq!(request.value(), b"on"),
                Event::LostWrites(_) => panic!("lost"),
                _ => {}
            }
        }
    };
    scene.within(SOON, write).await.unwrap();
    let alert = scene.within(SOON, find(&there, LAB, &ALERT)).await.unwrap();
    let mut alerts = scene.within(SOON, there.subscribe(&alert)).await.unwrap().unwrap();
    let ask = async {
        for round in 0..5 {
            let read = scene.within(SOON, here.read(&command, &mut buffer)).await;
            assert_eq!(read, Some(Ok(4)));
            let write = scene.within(SOON, here.write(&command, &pattern(round, 20))).await;
            assert_eq!(write, Some(Ok(())));
            let value = pattern(round, 400);
            assert_eq!(scene.within(SOON, here.write(&long, &value)).await, Some(Ok(())));
            assert_eq!(scene.within(SOON, here.read(&long, &mut buffer)).await, Some(Ok(400)));
            assert_eq!(buffer[..400], value);
            let alert = async {
                for alert in 0..3 {
                    here.indicate(&ALERT, &[alert]).await.unwrap();
                }
            };
            let read = async {
                let mut octet = [0];
                for alert in 0..3 {
                    assert_eq!(alerts.next(&mut octet).await, Ok(1));
                    assert_eq!(octet, [alert]);
                }
            };
            scene.within(SOON, join(alert, read)).await.unwrap();
        }
        let pairing = select3(here.pair(), agree(lamp), agree(phone));
        let Either3::First(paired) = scene.within(SOON, pairing).await.unwrap();
        paired.unwrap();
        let mut listener = lamp.host().listen(PSM, ChannelConfig::default()).unwrap();
        let open = join(here.open_channel(PSM, ChannelConfig::default()), listener.accept());
        let (near, far) = scene.within(SOON, open).await.unwrap();
        let (mut near, mut far) = (near.unwrap(), far.unwrap().1);
        let sdu = pattern(1, 500);
        let (sent, received) =
            scene.within(SOON, join(near.send(&sdu), far.recv(&mut buffer))).await.unwrap();
        assert_eq!((sent, received), (Ok(()), Ok(500)));
        assert_eq!(buffer[..500], sdu);
    };
    let (Either::First(()) | Either::Second(())) = select(serve(&mut there), ask).await;
    here.disconnect().await.unwrap();
    there.disconnected().await;
}

/// Keeps more than `least` requests of ended links, with values of `len` octets, if the host allows it.
fn keeps(least: usize, len: usize) {
    let scene = Scene::new(171);
    let memory = Box::leak(Box::new(Resources::<1, 1, 20, 6, 264, 8192>::new()));
    let lamp = scene.device_of(Host::new(memory, HOLDER).unwrap(), HOLDER);
    let phone = scene.device(LAMP);
    scene.run(&[&lamp, &phone], async {
        let mut kept = Kept::default();
        for _ in 0..=least.div_ceil(2) {
            short_lived(&scene, &lamp, &phone, len, &mut kept).await;
        }
        lives(&scene, &lamp, &phone).await;
        assert!(len > 20 || kept.count() > least);
        for (round, write) in kept.writes.iter().enumerate() {
            assert!((0..=2 * least + 4).any(|seed| write.value() == pattern(seed, len)), "{round}");
        }
        drop(kept);
        // Then the application gets a long value again.
        let (mut there, here) = scene.connect(&lamp, &phone).await;
        let command = find(&here, LAB, &COMMAND).await;
        let write = async {
            for round in 0..3 {
                here.write(&command, &pattern(round, 200)).await.unwrap();
            }
        };
        let (Either::First(()) | Either::Second(())) = select(serve(&mut there), write).await;
    });
}

#[test]
fn kept_short_requests_of_ended_links_cost_the_next_link_nothing() {
    for least in 0..30 {
        keeps(least, 1);
        keeps(least, 20);
    }
}

#[test]
fn kept_long_requests_of_ended_links_leave_the_next_link_its_packets() {
    for least in 0..30 {
        keeps(least, 21);
        keeps(least, 200);
    }
}

#[test]
fn the_next_peer_is_answered_without_a_spare_packet() {
    let scene = Scene::new(172);
    let memory = Box::leak(Box::new(Resources::<1, 0, 3, 2, 264, 4096>::new()));
    let lamp = scene.device_of(Host::new(memory, HOLDER).unwrap(), HOLDER);
    let phone = scene.device(LAMP);
    scene.run(&[&lamp, &phone], async {
        for len in [1, 200] {
            let mut kept = Vec::new();
            for round in 0..8 {
                let (mut there, here) = scene.connect(&lamp, &phone).await;
                let command = scene.within(SOON, find(&here, LAB, &COMMAND)).await.unwrap();
                let ask = async {
                    let value = pattern(round, len);
                    let write = here.write(&command, &value);
                    let answer = scene.within(1000, write).await;
                    here.disconnect().await.unwrap();
                    answer
                };
                let take = async {
                    loop {
                        match there.next().await {
                            Event::Write(request) => kept.push(request),
                            Event::Disconnected(_) => return,
                            _ => {}
                        }
                    }
                };
                let (answer, ()) = join(ask, take).await;
                let full = Error::Att(ErrorCode::INSUFFICIENT_RESOURCES);
                assert_eq!(answer, (len > 20 && round > 0).then_some(Err(full)), "{round}");
            }
            assert_eq!(kept.len(), if len > 20 { 1 } else { 8 });
        }
    });
}

#[test]
fn links_at_a_time_keep_their_share() {
    let scene = Scene::new(173);
    let memory = Box::leak(Box::new(Resources::<3, 0, 24, 8, 264, 4096>::new()));
    let lamp = scene.device_of(Host::new(memory, HOLDER).unwrap(), HOLDER);
    let (a, b) = (scene.device(LAMP), scene.device(LAMP));
    scene.run(&[&lamp, &a, &b], async {
        let (mut there, here) = scene.connect(&lamp, &a).await;
        let command = find(&here, LAB, &COMMAND).await;
        let mut kept = Kept::default();
        let living = async {
            // This link stays up while other links come and go.
            for round in 0..40 {
                let value = pattern(round, 20);
                let write = here.write(&command, &value);
                assert_eq!(scene.within(SOON, write).await, Some(Ok(())));
                here.write_without_response(&command, &[1; 20]).await.unwrap();
                scene.sleep(300).await;
            }
        };
        let others = async {
            for _ in 0..12 {
                short_lived(&scene, &lamp, &b, 200, &mut kept).await;
            }
        };
        let both = join(living, others);
        let (Either::First(()) | Either::Second(((), ()))) = select(serve(&mut there), both).await;
        let lost = lamp.host().stats().dropped_pushes;
        let (mut far, near) = scene.connect(&lamp, &b).await;
        let command = scene.within(SOON, find(&near, LAB, &COMMAND)).await.unwrap();
        let ask = async {
            let stream = scene.within(SOON, find(&far, LAB, &STREAM)).await.unwrap();
            let mut values = scene.within(SOON, far.subscribe(&stream)).await.unwrap().unwrap();
            for round in 0..9 {
                near.notify(&STREAM, &pattern(round, 100)).await.unwrap();
                let mut buffer = [0; 244];
                let value = scene.within(SOON, values.next(&mut buffer)).await;
                assert_eq!(value, Some(Ok(100)));
            }
        };
        ask.await;
        let write = async {
            for round in 0..9 {
                near.write_without_response(&command, &pattern(round, 20)).await.unwrap();
                let write = scene.within(SOON, near.write(&command, &[1])).await;
                assert_eq!(write, Some(Ok(())));
            }
        };
        let (Either::First(()) | Either::Second(())) = select(serve(&mut far), write).await;
        assert_eq!(lamp.host().stats().dropped_pushes, lost);
        drop(kept);
    });
}

#[test]
fn an_application_that_keeps_the_maximum_still_reads_from_its_peer() {
    let scene = Scene::new(174);
    let memory = Box::leak(Box::new(Resources::<1, 0, 6, 4, 264, 4096>::new()));
    let lamp = scene.device_of(Host::new(memory, HOLDER).unwrap(), HOLDER);
    let phone = scene.device(LAMP);
    scene.run(&[&lamp, &phone], async {
        let (mut there, here) = scene.connect(&lamp, &phone).await;
        let command = find(&here, LAB, &COMMAND).await;
        for round in 0..3 {
            here.write_without_response(&command, &pattern(round, 200)).await.unwrap();
        }
        let mut kept = Vec::new();
        while kept.len() < 3 {
            if let Event::Write(request) = there.next().await {
                kept.push(request);
            }
        }
        let walk = async {
            let mut services = there.services();
            let mut count = 0;
            while let Some(service) = services.next().await.unwrap() {
                let mut characteristics = service.characteristics();
                while characteristics.next().await.unwrap().is_some() {
                    count += 1;
                }
            }
            count
        };
        let count = scene.within(SOON, walk).await;
        let long = find(&there, LAB, &LONG).await;
        let mut buffer = [0; 8];
        let handles = [long.handle(); 2];
        let both = there.read_multiple(&handles, &mut buffer);
        assert_eq!(scene.within(SOON, both).await, Some(Ok(6)));
        assert_eq!(buffer[..6], [1, 2, 3, 1, 2, 3]);
        drop(kept);
        let mut services = there.services();
        let mut freely = 0;
        while let Some(service) = services.next().await.unwrap() {
            let mut characteristics = service.characteristics();
            while characteristics.next().await.unwrap().is_some() {
                freely += 1;
            }
        }
        assert_eq!(count, Some(freely));
        drop(here);
    });
}
