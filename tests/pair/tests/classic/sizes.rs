//! The least sizes for BR/EDR that a host accepts: everything works with them, one after the other and at once.

use core::fmt::Debug;

use bindrune::{
    ClassicChannel, ClassicChannelConfig, ClassicConfig, ClassicDiscoverable, ClassicPsm,
    ClassicResources, Config, Error, Host, Inquiry, Level, Port, Question, Rfcomm, ServiceRecord,
    Uuid,
};
use bindrune_controller::{ClassicConfig as Air, ControllerConfig};
use bindrune_pair::{Device, Scene, new_host};
use embassy_futures::{
    join::{join, join3},
    select::select,
};
use embassy_time::Duration;

use crate::{address, random};

const PSM: ClassicPsm = ClassicPsm(0x1001);
const ECHO: [Uuid; 1] = [Uuid::new_16(0x1101)];
const CONFIG: Config = Config::new("least");

/// A host with sizes that are just accepted.
struct Least {
    name: &'static str,
    make: fn() -> Host,
    channels: usize,
    streams: usize,
    bonds: usize,
    services: usize,
}

macro_rules! least {
    ($links:literal, $channels:literal, $bonds:literal, $services:literal, $streams:literal) => {
        Least {
            name: stringify!($links, $channels, $bonds, $services, $streams),
            make: || {
                type Memory = ClassicResources<
                    $links,
                    $channels,
                    674,
                    674,
                    1,
                    $bonds,
                    $services,
                    $streams,
                    64,
                >;
                let memory = Box::leak(Box::new(Memory::new()));
                new_host(CONFIG).with_classic(memory, ClassicConfig::new())
            },
            channels: $channels,
            streams: $streams,
            bonds: $bonds,
            services: $services,
        }
    };
}

const HOSTS: &[Least] = &[
    least!(1, 1, 0, 0, 0),
    least!(1, 1, 1, 64, 0),
    least!(1, 1, 1, 64, 1),
    least!(1, 2, 0, 64, 1),
    least!(1, 3, 1, 128, 2),
    least!(2, 3, 1, 128, 2),
];

/// Controllers with much and with little.
fn controllers() -> [ControllerConfig; 3] {
    [
        ControllerConfig::new().classic(Air::new()),
        ControllerConfig::new().classic(Air::new().acl_buffers(27, 1)),
        ControllerConfig::new()
            .acl_buffers(27, 1)
            .shared_buffers(true)
            .classic(Air::new().acl_buffers(27, 1)),
    ]
}

/// Where the tests of one pair of hosts happen.
struct Place<'s> {
    scene: &'s Scene,
    name: String,
}

impl Place<'_> {
    async fn soon<T, E: Debug>(&self, what: &str, of: impl Future<Output = Result<T, E>>) -> T {
        let result = self.try_soon(what, of).await;
        result.unwrap_or_else(|error| panic!("{}: {what}: {error:?}", self.name))
    }

    async fn try_soon<T, E>(
        &self,
        what: &str,
        of: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        match self.scene.within(60_000, of).await {
            Some(result) => result,
            None => panic!("{}: {what} hangs", self.name),
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
            Question::Display(_)
            | Question::Input
            | Question::Oob { .. }
            | Question::Pin { .. } => {
                request.reject();
            }
        }
    }
}

/// Repeats what fails because an earlier channel is still closing.
async fn once_closed<T>(
    at: &Place<'_>,
    what: &str,
    mut of: impl AsyncFnMut() -> Result<T, Error>,
) -> T {
    let begun = at.scene.now();
    loop {
        match at.try_soon(what, of()).await {
            Ok(value) => return value,
            Err(error) => {
                let late = at.scene.now() - begun > Duration::from_secs(5);
                assert!(!late, "{}: {what}: {error:?}", at.name);
            }
        }
        at.scene.sleep(100).await;
    }
}

/// Sends datagrams in both directions.
async fn channel(at: &Place<'_>, to: &Device, from: &Device, config: ClassicChannelConfig) {
    let (there, here) = (to.host().classic(), from.host().classic());
    let peer = address(there).await;
    let mut listener = there.listen(PSM, config).unwrap();
    let (accepted, opened) = join(
        at.soon("accept", listener.accept()),
        once_closed(at, "open", async || here.open_channel(peer, PSM, config).await),
    )
    .await;
    let (a, b) = (&accepted, &opened);
    let send = async |end: &ClassicChannel<'_>| {
        for len in [0, 1, 100, 671, 672, 672, 672] {
            at.soon("send", end.send(&random(1, len))).await;
        }
        at.soon("flush", end.flush()).await;
    };
    let receive = async |end: &ClassicChannel<'_>| {
        let mut buffer = [0; 672];
        for len in [0, 1, 100, 671, 672, 672, 672] {
            let n = at.soon("receive", end.recv(&mut buffer)).await;
            assert_eq!((n, &buffer[..n]), (len, &random(1, len)[..]), "{}", at.name);
        }
    };
    assert_eq!(b.peer_mtu(), 672);
    assert_eq!(at.try_soon("too long", b.send(&[0; 673])).await, Err(Error::TooLong { max: 672 }));
    join(join(send(a), receive(b)), join(send(b), receive(a))).await;
    at.soon("close", opened.close()).await;
}

/// Sends bytes in both directions.
async fn serial(at: &Place<'_>, to: &Device, from: &Device) {
    let (there, here) = (to.host().classic(), from.host().classic());
    let peer = address(there).await;
    let mut listener = there.rfcomm_listen(None, Level::Encrypted).unwrap();
    let number = listener.channel();
    let (accepted, opened) = join(
        at.soon("accept", listener.accept()),
        once_closed(at, "connect", async || here.rfcomm_connect(peer, number).await),
    )
    .await;
    let (a, b) = (&accepted, &opened);
    let send = async |end: &Rfcomm<'_>| {
        at.soon("write", end.write_all(&random(2, 1000))).await;
        at.soon("flush", end.flush()).await;
    };
    let receive = async |end: &Rfcomm<'_>| {
        let mut all = Vec::new();
        while all.len() < 1000 {
            let mut buffer = [0; 50];
            let n = at.soon("read", end.read(&mut buffer)).await;
            assert!(n > 0, "{}: the end", at.name);
            all.extend_from_slice(&buffer[..n]);
        }
        assert_eq!(all, random(2, 1000), "{}", at.name);
    };
    join(join(send(a), receive(b)), join(send(b), receive(a))).await;
    at.soon("close", opened.close()).await;
}

/// Finds the device, its name and a service.
async fn discover(at: &Place<'_>, size: &Least, to: &Device, from: &Device) {
    let (there, here) = (to.host().classic(), from.host().classic());
    let peer = address(there).await;
    let record = ServiceRecord::new(&ECHO, Port::L2cap(0x1001)).name("Echo");
    let advertised = there.advertise(&record);
    if size.services == 0 {
        assert_eq!(advertised.err(), Some(Error::NoServiceRoom));
        return;
    }
    let _advertised = advertised.unwrap_or_else(|error| panic!("{}: {error:?}", at.name));
    there.set_discoverable(ClassicDiscoverable::General).unwrap();
    there.set_connectable(true).unwrap();
    let mut discovery = at.soon("discover", here.discover(Inquiry::GENERAL)).await;
    let mut buffer = [0; 240];
    let found = at.soon("found", discovery.next(&mut buffer)).await;
    assert_eq!(found.unwrap().address, peer);
    drop(discovery);
    at.soon("name", here.name(peer, &mut [0; 248])).await;
    let port = once_closed(at, "services", async || {
        let mut records = [0; 1024];
        Ok(here.services(peer, &ECHO, &mut records).await?.next().unwrap().port())
    });
    assert_eq!(port.await, Port::L2cap(0x1001), "{}", at.name);
    there.set_connectable(false).unwrap();
    there.set_discoverable(ClassicDiscoverable::No).unwrap();
}

/// Does everything in both directions, then several things at once if there are channels for them.
async fn everything(at: &Place<'_>, size: &Least, ends: [&Device; 2]) {
    let [lamp, phone] = ends;
    for (to, from) in [(lamp, phone), (phone, lamp)] {
        discover(at, size, to, from).await;
        let configs = [
            ClassicChannelConfig::BASIC,
            ClassicChannelConfig::ENHANCED.require_mode(),
            ClassicChannelConfig::ENHANCED.require_mode().check_sequence(false),
            ClassicChannelConfig::STREAMING,
        ];
        for config in configs {
            channel(at, to, from, config).await;
        }
        let listener = to.host().classic().rfcomm_listen(None, Level::Encrypted);
        if size.streams > 0 {
            drop(listener);
            serial(at, to, from).await;
        } else {
            assert_eq!(listener.err(), Some(Error::NoStream), "{}", at.name);
        }
        let bonds = from.host().classic().bonds().count();
        assert_eq!(bonds, size.bonds.min(1), "{}", at.name);
    }
    let classic = phone.host().classic();
    let link = at.soon("connect", classic.connect(address(lamp.host().classic()).await)).await;
    at.soon("pair", link.pair(Level::Encrypted)).await;
    at.soon("echo", link.echo(&[1; 44])).await;
    at.soon("disconnect", link.disconnect()).await;
    if size.channels >= 3 {
        join3(
            serial(at, lamp, phone),
            channel(at, phone, lamp, ClassicChannelConfig::ENHANCED),
            discover(at, size, lamp, phone),
        )
        .await;
    }
}

#[test]
fn everything_works_with_the_least_sizes() {
    for (number, controller) in controllers().into_iter().enumerate() {
        for size in HOSTS {
            let scene = Scene::new(60);
            let device = || scene.device_of_on(controller.clone(), (size.make)(), CONFIG);
            let ends = [device(), device()];
            let [lamp, phone] = &ends;
            let at = Place { scene: &scene, name: format!("controller {number}, {}", size.name) };
            scene.run(&[lamp, phone], async {
                let people = join(agree(lamp.host()), agree(phone.host()));
                select(everything(&at, size, [lamp, phone]), people).await;
            });
        }
    }
}
