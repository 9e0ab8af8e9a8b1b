//! Tasks that fail, pause or are dropped while they wait for a packet: the others of the link still get theirs.

use core::{cell::Cell, pin::Pin};

use bindrune::{
    Channel, ChannelConfig, Cid, Config, Connect, Connection, ConnectionParameters, Error, Event,
    Host, Listener, Psm, Resources,
};
use bindrune_controller::ControllerConfig;
use bindrune_pair::{Scene, Task};
use embassy_futures::{
    join::{join, join_array},
    select::{Either, select},
};

use crate::table::{
    ALERT, BATTERY, COMMAND, LAB, LAMP, LEVEL, LONG, SERVICES, STREAM, find, pattern, subscribed,
};

/// Configuration of the host with little memory.
const SMALL_LAMP: Config = Config::new("turns").services(SERVICES).prepare_bytes(600);

const PSM: Psm = Psm(0x81);
const OWN: Cid = Cid(0x3e);
/// Time limit of each operation in milliseconds: much longer than it takes while the others send.
const PATIENCE: u64 = 10_000;
/// Lengths of values: some do not fit the MTU.
const LONGEST: usize = 400;

type Endless<'f> = Pin<Box<dyn Future<Output = ()> + 'f>>;

fn host<const TX: usize>() -> Host {
    let memory = Box::leak(Box::new(Resources::<1, 2, 20, TX, 264, 4096>::new()));
    Host::new(memory, SMALL_LAMP).unwrap()
}

/// One of the tasks: its operations have random lengths, some are dropped, and it pauses after some.
struct Worker<'s> {
    scene: &'s Scene,
    host: &'s Host,
    name: String,
    random: Cell<u64>,
    /// It pauses after one operation of this many.
    pauses: usize,
}

impl Worker<'_> {
    fn below(&self, limit: usize) -> usize {
        let next = self.random.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.random.set(next);
        (next >> 33) as usize % limit
    }

    fn bytes(&self, limit: usize) -> Vec<u8> {
        pattern(1, self.below(limit))
    }

    /// Does one operation, which must end. Drops it after some polls if `drops`.
    async fn step<T>(
        &self,
        operation: impl Future<Output = Result<T, Error>>,
        drops: bool,
    ) -> Option<Result<T, Error>> {
        let limit = match self.below(4) {
            0 if drops => 1 + self.below(4),
            _ => usize::MAX,
        };
        let result = self.scene.within(PATIENCE, Task::limited(operation, limit)).await;
        let Some(result) = result else { panic!("{} waits without end", self.name) };
        self.host.check_invariants();
        if self.below(self.pauses) == 0 {
            self.scene.sleep(self.below(300) as u64).await;
        }
        result
    }

    fn endless<'f, T: 'f>(
        &'f self,
        mut once: impl AsyncFnMut() -> Result<T, Error> + 'f,
    ) -> Endless<'f> {
        Box::pin(async move {
            loop {
                self.step(once(), true).await;
            }
        })
    }

    /// Opens a channel, sends on it until a dropped send ends it, and begins again.
    async fn send_on_channels(&self, link: &Connection<'_>) {
        loop {
            let opened = link.open_channel(PSM, ChannelConfig::DEFAULT);
            let Some(Ok(mut channel)) = self.step(opened, false).await else { continue };
            while self.send_on(&mut channel).await {}
        }
    }

    /// Returns whether the channel is still open.
    async fn send_on(&self, channel: &mut Channel<'_>) -> bool {
        let bytes = self.bytes(600);
        let result = if self.below(3) == 0 {
            self.step(self.reserve(channel, &bytes), true).await
        } else {
            self.step(channel.send(&bytes), self.below(4) == 0).await
        };
        matches!(result, None | Some(Ok(()) | Err(Error::TooLong { .. })))
    }

    /// Borrows a packet for a time, and sends it or not.
    async fn reserve(&self, channel: &mut Channel<'_>, bytes: &[u8]) -> Result<(), Error> {
        let mut packet = channel.reserve(bytes.len()).await?;
        self.scene.sleep(self.below(2) as u64 * 50).await;
        if self.below(2) == 0 {
            return Ok(());
        }
        packet.copy_from_slice(bytes);
        packet.send().await
    }
}

/// Answers everything.
async fn answer(mut link: Connection<'_>) -> Result<(), Error> {
    loop {
        match link.next().await {
            Event::Read(request) => request.reply(&pattern(1, 20)),
            Event::Write(request) => request.accept(),
            Event::Disconnected(_) => return Ok(()),
            _ => {}
        }
    }
}

/// Reads everything that arrives on channels, one after the other.
async fn drain(listener: &mut Listener<'_>) {
    let mut channel: Option<Channel<'_>> = None;
    loop {
        let receive = async {
            match &mut channel {
                Some(channel) => while channel.recv(&mut [0; 600]).await.is_ok() {},
                None => core::future::pending().await,
            }
        };
        match select(listener.accept(), receive).await {
            Either::First(accepted) => channel = Some(accepted.unwrap().1),
            Either::Second(()) => channel = None,
        }
    }
}

fn endless<'f, T: 'f>(mut once: impl AsyncFnMut() -> T + 'f) -> Endless<'f> {
    Box::pin(async move {
        loop {
            once().await;
        }
    })
}

/// Runs those of the tasks that are in `which`, and their peer, for a time.
fn run(seed: u64, controller: ControllerConfig, lamp: Host, which: u8, of: &str) {
    let scene = Scene::new(190 + seed);
    let lamp = scene.device_of_on(controller.clone(), lamp, SMALL_LAMP);
    let phone = scene.device_on(controller, LAMP);
    scene.run(&[&lamp, &phone], async {
        let parameters =
            ConnectionParameters { interval_min: 6, interval_max: 6, latency: 0, timeout: 500 };
        let connect = Connect::to(scene.address(&lamp).await).parameters(parameters);
        let (mut there, here) = scene.connect_with(&lamp, &phone, &connect).await;
        let mut values = here.subscribe(&find(&here, LAB, &STREAM).await).await.unwrap();
        let mut alerts = here.subscribe(&find(&here, LAB, &ALERT).await).await.unwrap();
        subscribed(&mut there, &ALERT).await;
        let level = find(&there, BATTERY, &LEVEL).await;
        let (long, command) = (find(&there, LAB, &LONG).await, find(&there, LAB, &COMMAND).await);
        there.write(&long, &pattern(1, 512)).await.unwrap();
        let mut listener = phone.host().listen(PSM, ChannelConfig::DEFAULT).unwrap();
        let (mut sender, mut receiver) =
            (there.fixed_channel(OWN).unwrap(), here.fixed_channel(OWN).unwrap());
        let there = &there;
        let workers: [Worker<'_>; 7] = core::array::from_fn(|at| Worker {
            scene: &scene,
            host: lamp.host(),
            name: format!("{of}, seed {seed}, {which:#x}: task {at}"),
            random: Cell::new(seed * 16 + at as u64),
            pauses: [8, 2, 1][seed as usize % 3],
        });
        let [a, b, c, d, e, f, g] = &workers;
        let tasks: [Endless<'_>; 7] = [
            a.endless(async || match a.below(2) {
                0 => there.notify(&STREAM, &a.bytes(LONGEST)).await,
                _ => there.write_without_response(&command, &a.bytes(LONGEST)).await,
            }),
            b.endless(async || there.read(&level, &mut [0; 10]).await),
            c.endless(async || there.read(&long, &mut [0; 600]).await),
            d.endless(async || there.service(LAB).await),
            e.endless(async || there.indicate(&ALERT, &e.bytes(LONGEST)).await),
            f.endless(async || sender.send(&f.bytes(LONGEST)).await),
            Box::pin(g.send_on_channels(there)),
        ];
        let tasks = (0..).zip(tasks).map(|(at, task)| match which >> at & 1 {
            1 => Task::new(task),
            _ => Task::new(Box::pin(core::future::pending()) as Endless<'_>),
        });
        let tasks: [_; 7] = tasks.collect::<Vec<_>>().try_into().ok().unwrap();
        let peer: [Endless<'_>; 5] = [
            endless(async || values.next(&mut [0; 600]).await),
            endless(async || alerts.next(&mut [0; 600]).await),
            endless(async || receiver.recv(&mut [0; 600]).await),
            endless(async || answer(here.clone()).await),
            Box::pin(drain(&mut listener)),
        ];
        let all = join(join_array(tasks), join_array(peer));
        assert!(scene.within(20_000, all).await.is_none());
    });
}

#[test]
fn every_task_gets_a_packet_although_others_fail_pause_or_are_dropped() {
    let hosts: [(usize, fn() -> Host); 3] = [(2, host::<2>), (4, host::<4>), (8, host::<8>)];
    for seed in 0..6 {
        let which = if seed % 2 == 0 { 0x7f } else { [0x2d, 0x71, 0x5a][seed as usize / 2] };
        for (octets, buffers) in [(27, 1), (27, 3), (251, 1), (251, 8)] {
            for (packets, lamp) in hosts {
                let controller = ControllerConfig::new().acl_buffers(octets, buffers);
                let of = format!("{buffers} x {octets}, {packets} packets");
                run(seed, controller, lamp(), which, &of);
            }
        }
    }
}

#[test]
fn a_task_that_cannot_use_its_packet_passes_it_on() {
    let scene = Scene::new(191);
    let controller = ControllerConfig::new().acl_buffers(27, 1);
    let lamp = scene.device_of_on(controller, host::<2>(), SMALL_LAMP);
    let phone = scene.device(LAMP);
    scene.run(&[&lamp, &phone], async {
        let (there, here) = scene.connect(&lamp, &phone).await;
        let command = find(&there, LAB, &COMMAND).await;
        let (mut sender, _receiver) =
            (there.fixed_channel(OWN).unwrap(), here.fixed_channel(OWN).unwrap());
        sender.send(&[1; 200]).await.unwrap();
        scene.sleep(50).await;
        let second = Task::new(sender.send(&[2; 200]));
        let too_long = Task::new(there.write_without_response(&command, &[0; 500]));
        let both = scene.within(10_000, join(second, too_long)).await;
        assert_eq!(both, Some((Some(Ok(())), Some(Err(Error::TooLong { max: 244 })))));
    });
}
