//! Dropping `run`, or any future of an application, at any await leaks nothing.

use core::cell::Cell;

use bindrune::{Advertisement, ChannelConfig, Connect, ConnectionParameters, Error, Event, Psm};
use bindrune_pair::{Device, Scene, Task};
use embassy_futures::join::{join, join3};
use embassy_time::Duration;

use crate::table::{BATTERY, COMMAND, LAB, LAMP, LEVEL, PHONE, STREAM, pattern};

const PSM: Psm = Psm(0x80);

/// A link ends soon after its peer becomes silent.
const PARAMETERS: ConnectionParameters =
    ConnectionParameters { interval_min: 8, interval_max: 8, latency: 0, timeout: 20 };

/// Serves one central until the link ends: answers, notifies, and echoes a channel.
async fn serve(lamp: &Device) -> Result<(), Error> {
    lamp.host().controller().await?;
    let mut listener = lamp.host().listen(PSM, ChannelConfig::default())?;
    let advertisement = Advertisement::connectable().name("lamp").service(BATTERY);
    let link = lamp.host().advertise(&advertisement).await?;
    let mut events = link.clone();
    let events = async {
        loop {
            match events.next().await {
                Event::Subscribed(_) => {
                    for round in 0..5 {
                        link.notify(&STREAM, &[round]).await?;
                    }
                }
                Event::Read(request) => request.reply(b"value"),
                Event::Write(request) => request.accept(),
                Event::Disconnected(_) => return Ok(()),
                _ => {}
            }
        }
    };
    let echo = async {
        let (_link, mut channel) = listener.accept().await?;
        let mut buffer = [0; 1024];
        loop {
            let len = channel.recv(&mut buffer).await?;
            channel.send(&buffer[..len]).await?;
        }
    };
    // An error reports the end of the channel; the end of the link ends both.
    match embassy_futures::select::select(events, async {
        let _ended: Result<(), Error> = echo.await;
        link.disconnected().await
    })
    .await
    {
        embassy_futures::select::Either::First(result) => result,
        embassy_futures::select::Either::Second(_) => Ok(()),
    }
}

/// Uses a lamp: discovers, reads, writes, subscribes, transfers data, disconnects.
async fn visit(phone: &Device, lamp: bindrune::Address) -> Result<(), Error> {
    phone.host().controller().await?;
    let connect = Connect::to(lamp).parameters(PARAMETERS).timeout(Duration::from_secs(10));
    let link = phone.host().connect_with(&connect, &[]).await?;
    let level = link.service(BATTERY).await?.characteristic(LEVEL.uuid()).await?;
    let lab = link.service(LAB).await?;
    let (command, stream) =
        (lab.characteristic(COMMAND.uuid()).await?, lab.characteristic(STREAM.uuid()).await?);
    let mut buffer = [0; 1024];
    assert_eq!(link.read(&level, &mut buffer).await?, 1);
    assert_eq!(link.read(&command, &mut buffer).await?, 5);
    link.write(&command, &pattern(1, 300)).await?;
    let mut values = link.subscribe(&stream).await?;
    for round in 0..5 {
        assert_eq!(values.next(&mut buffer).await?, 1);
        assert_eq!(buffer[0], round);
    }
    let channel = link.open_channel(PSM, ChannelConfig::default()).await?;
    let (mut tx, mut rx) = channel.split();
    let sdu = pattern(2, 900);
    let send = async {
        for _ in 0..4 {
            tx.send(&sdu).await?;
        }
        Ok(())
    };
    let receive = async {
        for _ in 0..4 {
            assert_eq!(rx.recv(&mut buffer).await?, 900);
        }
        Ok(())
    };
    let (sent, received) = join(send, receive).await;
    sent.and(received)?;
    tx.close().await?;
    link.rssi().await?;
    link.disconnect().await
}

/// The future that is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    LampRuns,
    PhoneRuns,
    Serves,
    Visits,
}

/// Runs the whole scenario; `victim` is dropped after its poll number `at`, and started again. Returns how often it
/// was polled before.
fn scenario(victim: Victim, at: usize, chunk: usize) -> usize {
    let scene = Scene::new(131);
    let (lamp, phone) = (scene.device(LAMP).chopped(chunk), scene.device(PHONE).chopped(chunk));
    let polls = Cell::new(0);
    let limit = |who| if who == victim { at } else { usize::MAX };
    let drive = async |device: &Device, who| {
        count(&polls, who == victim, device.drive(), limit(who)).await;
        device.drive().await
    };
    let app = async {
        let address = bindrune::Address::public([0xbe, 0xac, 1, 0, 0, 1]);
        let done = Cell::new(false);
        let serving = async {
            count(&polls, victim == Victim::Serves, serve(&lamp), limit(Victim::Serves)).await;
            while !done.get() {
                let _ended = scene.within(20_000, serve(&lamp)).await;
            }
        };
        let visiting = async {
            let first = visit(&phone, address);
            count(&polls, victim == Victim::Visits, first, limit(Victim::Visits)).await;
            while let Err(_error) = visit(&phone, address).await {
                scene.sleep(10).await;
            }
            done.set(true);
        };
        join(serving, visiting).await;
    };
    let drivers = vec![
        Task::new(drive(&lamp, Victim::LampRuns)),
        Task::new(drive(&phone, Victim::PhoneRuns)),
    ];
    scene.run_driven(drivers, &[&lamp, &phone], app);
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
fn at_every_poll(victim: Victim) {
    let mut at = 1;
    while scenario(victim, at, usize::MAX) == at {
        at += 1;
    }
    assert!(at > 30, "only {at} polls");
}

/// Drops the victim in the middle of packets: each poll sends or receives `CHUNK` octets of one.
fn at_many_chunks(victim: Victim) {
    const CHUNK: usize = 11;
    let mut at = 1;
    while scenario(victim, at, CHUNK) == at {
        at += 19;
    }
    assert!(at > 1000, "only {at} polls");
}

#[test]
fn run_of_the_peripheral() {
    at_every_poll(Victim::LampRuns);
}

#[test]
fn run_of_the_central() {
    at_every_poll(Victim::PhoneRuns);
}

#[test]
fn run_of_the_peripheral_within_packets() {
    at_many_chunks(Victim::LampRuns);
}

#[test]
fn run_of_the_central_within_packets() {
    at_many_chunks(Victim::PhoneRuns);
}

#[test]
fn the_application_of_the_peripheral() {
    at_every_poll(Victim::Serves);
}

#[test]
fn the_application_of_the_central() {
    at_every_poll(Victim::Visits);
}

#[test]
fn run_ends_when_its_port_is_unplugged_and_goes_on_with_another() {
    let scene = Scene::new(132);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    let drive = async |device: &Device| -> () {
        loop {
            device.drive().await;
            device.replug(scene.world().plug(device.id()));
        }
    };
    let drivers = vec![Task::new(drive(&lamp)), Task::new(drive(&phone))];
    scene.run_driven(drivers, &[&lamp, &phone], async {
        let address = scene.address(&lamp).await;
        let done = Cell::new(false);
        let serving = async {
            while !done.get() {
                let _ended = scene.within(20_000, serve(&lamp)).await;
            }
        };
        let visiting = async {
            for _ in 0..10 {
                while visit(&phone, address).await.is_err() {
                    scene.sleep(10).await;
                }
            }
            done.set(true);
        };
        let pulling = async {
            for device in [&lamp, &phone].into_iter().cycle().take(10) {
                scene.sleep(97).await;
                scene.world().unplug(device.id());
            }
        };
        join3(serving, visiting, pulling).await;
    });
}
