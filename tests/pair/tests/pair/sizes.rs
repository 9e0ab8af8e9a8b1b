//! The least sizes that a host accepts: everything works with them, and what can never work is refused.

use core::{cell::Cell, fmt::Debug};

use bindrune::{
    ChannelConfig, Cid, Config, Connection, ConnectionParameters, Error, Event, Host,
    PairingConfig, Psm, Question, Resources,
};
use bindrune_controller::ControllerConfig;
use bindrune_pair::Scene;
use embassy_futures::{
    join::{join, join4},
    select::select,
};

use crate::table::{ALERT, COMMAND, LAB, LOG, LONG, SERVICES, STREAM, find, pattern};

const PSM: Psm = Psm(0x81);
const OWN: Cid = Cid(0x3e);

const BASE: Config = Config::new("least").services(SERVICES).prepare_bytes(518).scan_bytes(0);
const LEAST: Config = BASE.mtu(23);
const LEGACY: Config = Config::new("legacy")
    .services(SERVICES)
    .prepare_bytes(518)
    .mtu(23)
    .pairing(PairingConfig { secure_connections: false, legacy: true, ..PairingConfig::DEFAULT });
const LONG_PDUS: Config = BASE.mtu(247);

/// A host with sizes that are just accepted.
struct Least {
    name: &'static str,
    config: Config,
    make: fn() -> Host,
    /// Receive packets beyond those of the link: for values of the peer, and for windows.
    values: bool,
    window: u16,
}

macro_rules! least {
    ($config:ident, $links:literal, $channels:literal, $rx:literal, $tx:literal, $size:literal, $values:literal, $window:literal) => {
        Least {
            name: stringify!($config $links, $channels, $rx, $tx, $size),
            config: $config,
            make: || {
                type Memory = Resources<
                    $links, $channels, $rx, $tx, $size, { $config.arena($links) }, 258, 259, 1,
                >;
                Host::new(Box::leak(Box::new(Memory::new())), $config).unwrap()
            },
            values: $values,
            window: $window,
        }
    };
}

const HOSTS: &[Least] = &[
    least!(LEAST, 1, 0, 3, 2, 74, false, 0),
    least!(LEAST, 1, 0, 4, 2, 74, true, 0),
    least!(LEAST, 1, 0, 5, 3, 74, true, 0),
    least!(LEAST, 1, 1, 4, 2, 74, false, 1),
    least!(LEAST, 1, 1, 5, 2, 74, true, 1),
    least!(LEAST, 1, 1, 7, 2, 74, true, 2),
    least!(LEGACY, 1, 1, 4, 2, 36, false, 1),
    least!(LEGACY, 1, 2, 8, 2, 36, true, 3),
    least!(LONG_PDUS, 1, 1, 5, 2, 260, true, 1),
    least!(LEAST, 2, 0, 8, 4, 74, true, 0),
    least!(LEAST, 2, 2, 8, 4, 74, false, 2),
    least!(LEAST, 4, 0, 16, 8, 74, true, 0),
    least!(LEAST, 4, 4, 20, 8, 74, true, 4),
];

/// Controllers with much and with little.
fn controllers() -> [ControllerConfig; 4] {
    let old = ControllerConfig::new().data_length(27).extended_advertising(false).phy_2m(false);
    [
        ControllerConfig::new(),
        old.clone().acl_buffers(27, 1).receive_buffers(1),
        old.acl_buffers(27, 1).host_flow_control(false),
        ControllerConfig::new().acl_buffers(251, 1).shared_buffers(true),
    ]
}

/// Where the tests of one pair of hosts happen.
struct Place<'s> {
    scene: &'s Scene,
    name: String,
}

impl Place<'_> {
    async fn soon<T, E: Debug>(&self, what: &str, of: impl Future<Output = Result<T, E>>) -> T {
        let Some(result) = self.scene.within(20_000, of).await else {
            panic!("{}: {what} hangs", self.name)
        };
        result.unwrap_or_else(|error| panic!("{}: {what}: {error:?}", self.name))
    }
}

/// Answers everything that the peer asks, and counts its write commands.
async fn serve(mut link: Connection<'_>, writes: &Cell<u32>) {
    loop {
        match link.next().await {
            Event::Read(request) => request.reply(&pattern(1, 20)),
            Event::Write(request) => {
                writes.set(writes.get() + 1);
                request.accept();
            }
            Event::LostWrites(count) => panic!("{count} writes were lost"),
            Event::Disconnected(_) => return,
            _ => {}
        }
    }
}

/// Agrees to every pairing.
async fn agree(host: &Host) {
    let mut requests = host.pairing_requests().unwrap();
    loop {
        let mut request = requests.next().await;
        match request.question() {
            Question::Confirm | Question::Compare(_) => request.accept(),
            _ => request.reject(),
        }
    }
}

/// Reads and writes values of every kind.
async fn values(at: &Place<'_>, link: &Connection<'_>, commands: Option<&Cell<u32>>) {
    let long = at.soon("find", async { Ok::<_, Error>(find(link, LAB, &LONG).await) }).await;
    let command = find(link, LAB, &COMMAND).await;
    let append = find(link, LAB, &LOG).await;
    let mut buffer = [0; 512];
    for len in [18, 100, 512] {
        let value = pattern(len, len);
        at.soon("write", link.write(&long, &value)).await;
        assert_eq!(at.soon("read", link.read(&long, &mut buffer)).await, len, "{}", at.name);
        assert_eq!(buffer[..len], value, "{}", at.name);
    }
    at.soon("append", link.write(&append, &[1; 18])).await;
    at.soon("write to the application", link.write(&command, &[1])).await;
    at.soon("read from the application", link.read(&command, &mut buffer)).await;
    let Some(commands) = commands else { return };
    let before = commands.get();
    for round in 0..20 {
        at.soon("command", link.write_without_response(&command, &[round; 20])).await;
    }
    let arrive = async {
        while commands.get() < before + 20 {
            at.scene.sleep(10).await;
        }
        Ok::<_, Error>(())
    };
    at.soon("arrival of commands", arrive).await;
}

/// Notifies and indicates.
async fn push(at: &Place<'_>, from: &Connection<'_>, to: &Connection<'_>, possible: bool) {
    let (stream, alert) = (find(to, LAB, &STREAM).await, find(to, LAB, &ALERT).await);
    if !possible {
        assert_eq!(to.subscribe(&stream).await.err(), Some(Error::NoPackets), "{}", at.name);
        return;
    }
    let mut values = at.soon("subscribe", to.subscribe(&stream)).await;
    let mut alerts = at.soon("subscribe", to.subscribe(&alert)).await;
    let (mut value, mut indicated) = ([0; 20], [0; 1]);
    for round in 0..10 {
        at.soon("notify", from.notify(&STREAM, &[round; 20])).await;
        at.soon("value", values.next(&mut value)).await;
        let sent = [round];
        let (indicate, read) = (from.indicate(&ALERT, &sent), alerts.next(&mut indicated));
        join(at.soon("indicate", indicate), at.soon("indication", read)).await;
        assert_eq!((value, indicated), ([round; 20], [round]), "{}", at.name);
    }
    at.soon("unsubscribe", values.unsubscribe()).await;
    at.soon("unsubscribe", alerts.unsubscribe()).await;
}

/// Opens a channel with the widest window, sends both ways, and closes it.
async fn channel(at: &Place<'_>, listens: &Host, opens: &Connection<'_>, window: u16) {
    let config = ChannelConfig { mtu: Some(23), mps: 32, window };
    let mut listener = listens.listen(PSM, config).unwrap();
    let (near, far) = join(
        at.soon("open", opens.open_channel(PSM, config)),
        at.soon("accept", listener.accept()),
    )
    .await;
    let (mut near, (_, mut far)) = (near, far);
    let mut buffer = [0; 23];
    for round in 0..10 {
        at.soon("send", near.send(&pattern(round, 23))).await;
        at.soon("receive", far.recv(&mut buffer)).await;
        assert_eq!(buffer[..], pattern(round, 23));
        at.soon("send", far.send(&buffer)).await;
        at.soon("receive", near.recv(&mut buffer)).await;
    }
    at.soon("close", near.close()).await;
}

/// Sends both ways on a fixed channel.
async fn fixed(at: &Place<'_>, [here, there]: [&Connection<'_>; 2]) {
    let (mut a, mut b) = (here.fixed_channel(OWN).unwrap(), there.fixed_channel(OWN).unwrap());
    let mut buffer = [0; 23];
    for _ in 0..10 {
        at.soon("send a PDU", a.send(&[1; 20])).await;
        at.soon("receive a PDU", b.recv(&mut buffer)).await;
        at.soon("send a PDU", b.send(&[2; 20])).await;
        at.soon("receive a PDU", a.recv(&mut buffer)).await;
    }
}

/// Does everything on a link between two equal hosts, first one after the other, then at once.
async fn everything(at: &Place<'_>, size: &Least, hosts: [&Host; 2], ends: [&Connection<'_>; 2]) {
    let [here, there] = ends;
    let counts = [Cell::new(0), Cell::new(0)];
    let [by_peer, by_us] = counts.each_ref().map(|count| size.values.then_some(count));
    let app = async {
        values(at, here, by_us).await;
        push(at, there, here, size.values).await;
        join4(
            values(at, here, by_us),
            values(at, there, by_peer),
            push(at, there, here, size.values),
            push(at, here, there, size.values),
        )
        .await;
        if size.values {
            fixed(at, ends).await;
        }
        if size.window > 0 {
            channel(at, hosts[1], here, size.window).await;
            channel(at, hosts[0], there, size.window).await;
        }
        at.soon("pair", here.pair()).await;
        values(at, there, by_peer).await;
        let slower =
            ConnectionParameters { interval_min: 40, interval_max: 40, latency: 0, timeout: 500 };
        at.soon("update", there.update_parameters(slower)).await;
    };
    let serving = join(serve(here.clone(), &counts[0]), serve(there.clone(), &counts[1]));
    select(app, serving).await;
}

#[test]
fn everything_works_with_the_least_sizes() {
    for (number, controller) in controllers().into_iter().enumerate() {
        for size in HOSTS {
            let scene = Scene::new(180);
            let device = || scene.device_of_on(controller.clone(), (size.make)(), size.config);
            let (lamp, phone) = (device(), device());
            let at = Place { scene: &scene, name: format!("controller {number}, {}", size.name) };
            scene.run(&[&lamp, &phone], async {
                let (there, here) = scene.connect(&lamp, &phone).await;
                let hosts = [phone.host(), lamp.host()];
                let app = everything(&at, size, hosts, [&here, &there]);
                select(app, join(agree(lamp.host()), agree(phone.host()))).await;
                assert!(here.is_connected(), "{}: the link has ended", at.name);
            });
        }
    }
}

#[test]
fn a_window_that_no_channel_can_have_is_refused_at_once() {
    for size in HOSTS {
        let scene = Scene::new(181);
        let device = || scene.device_of((size.make)(), size.config);
        let (lamp, phone) = (device(), device());
        scene.run(&[&lamp, &phone], async {
            let (_there, here) = scene.connect(&lamp, &phone).await;
            let config = ChannelConfig { mtu: None, mps: 32, window: size.window + 1 };
            let error = if size.window == 0 { Error::NoChannel } else { Error::NoPackets };
            assert_eq!(lamp.host().listen(PSM, config).err(), Some(error), "{}", size.name);
            assert_eq!(here.open_channel(PSM, config).await.err(), Some(error), "{}", size.name);
        });
    }
}
