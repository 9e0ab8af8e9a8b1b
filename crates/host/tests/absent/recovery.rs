#![cfg(not(feature = "recovery"))]
//! Without recovery: a fault of the controller ends all links and `run` at once, and the next `run` works.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    task::{Poll, Waker},
};

use bindrune::{
    Advertisement, Config, Connection, Event, Host, InitError, Opcode, Platform, Resources,
    RunError, Status,
};
use bindrune_controller::{ControllerConfig, PortReader, PortWriter, World};
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use embassy_time::{Duration, Instant};
use embedded_io_async::{ErrorType, Read};

use crate::peer::Peer;

/// An event of Number Of Completed Packets. [Vol 4] Part E, 7.7.19
const COMPLETED_PACKETS: [u8; 2] = [0x04, 0x13];

/// Faults on the line from the controller.
#[derive(Default)]
struct Line {
    /// Octets that the controller has not sent.
    noise: RefCell<Vec<u8>>,
    /// Packets of the controller are lost.
    cut: Cell<bool>,
    /// The controller completes no packets of data.
    full: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Line {
    fn disturb(&self, noise: &[u8]) {
        self.noise.borrow_mut().extend(noise);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// The end of the line.
struct Reader<'t>(&'t mut PortReader, &'t Line);

impl ErrorType for Reader<'_> {
    type Error = <PortReader as ErrorType>::Error;
}

impl Read for Reader<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        let line = self.1;
        let noise = poll_fn(|cx| {
            *line.waker.borrow_mut() = Some(cx.waker().clone());
            let noise = line.noise.take();
            if noise.is_empty() { Poll::Pending } else { Poll::Ready(noise) }
        });
        let mut room = [0; 264];
        let read = async {
            loop {
                let read = self.0.read(&mut room).await;
                let is_lost = line.full.get() && room.starts_with(&COMPLETED_PACKETS);
                if !(line.cut.get() || is_lost) {
                    return read;
                }
            }
        };
        match select(noise, read).await {
            Either::First(noise) => {
                buffer[..noise.len()].copy_from_slice(&noise);
                Ok(noise.len())
            }
            Either::Second(read) => {
                let n = read?;
                buffer[..n].copy_from_slice(&room[..n]);
                Ok(n)
            }
        }
    }
}

/// State of a test.
struct Scene {
    world: World,
    host: Host,
    line: Line,
    rx: PortReader,
    tx: PortWriter,
    peer: Peer,
}

type Stopped = RunError<<PortReader as ErrorType>::Error>;

impl Scene {
    fn new() -> Self {
        let world = World::new(1);
        let resources = Box::leak(Box::new(Resources::<1>::new()));
        let host = Host::new(resources, Config::new("absent")).unwrap();
        let (rx, tx) = world.add(ControllerConfig::new()).split();
        let (peer_rx, peer_tx) = world.add(ControllerConfig::new()).split();
        let peer = Peer::new(peer_rx, peer_tx);
        Self { world, host, line: Line::default(), rx, tx, peer }
    }

    /// Runs the host until it stops. `test` gets a link.
    fn run(&mut self, test: impl AsyncFnOnce(&Host, &Line, Connection<'_>)) -> (Stopped, Instant) {
        let Self { world, host, line, rx, tx, peer } = self;
        let platform = Platform::new().clock(world.clock());
        let run = async {
            let stopped = host.run_with(Reader(rx, line), &mut *tx, platform).await;
            (stopped, world.now())
        };
        let connect = async {
            let address = host.controller().await.unwrap().address;
            peer.connect(address.octets()).await;
        };
        let advertisement = Advertisement::connectable();
        let (stopped, ()) = world.block_on(join(run, async {
            let (link, ()) = join(host.advertise(&advertisement), connect).await;
            test(host, line, link.unwrap()).await;
        }));
        stopped
    }
}

async fn end_of(link: &mut Connection<'_>) -> Status {
    loop {
        if let Event::Disconnected(reason) = link.next().await {
            return reason;
        }
    }
}

/// These octets from the controller end `run`, and with it a link. The next `run` has a link again.
fn fault(noise: &[u8]) -> InitError {
    let mut scene = Scene::new();
    let mut stop = || {
        let begun = scene.world.now();
        let (stopped, at) = scene.run(async |_, line, mut link| {
            line.disturb(noise);
            assert_eq!(end_of(&mut link).await, Status::HARDWARE_FAILURE);
        });
        assert!(at.duration_since(begun) < Duration::from_secs(1), "{begun:?} {at:?}");
        let RunError::Controller(error) = stopped else { panic!("{stopped:?}") };
        error
    };
    let first = stop();
    assert_eq!(stop(), first);
    first
}

#[test]
fn faults_that_the_controller_reports_end_run() {
    assert_eq!(fault(&[0x04, 0x10, 0x01, 0x2a]), InitError::HardwareError(0x2a));
    assert_eq!(fault(&[0x04, 0x1a, 0x01, 0x01]), InitError::BufferOverflow);
}

#[test]
fn lost_framing_ends_run() {
    assert_eq!(fault(&[0x00]), InitError::Framing);
    // A packet that stops halfway, after its 500 ms.
    assert_eq!(fault(&[0x04, 0x10]), InitError::Framing);
}

#[test]
fn a_command_without_an_answer_ends_run_after_2_s() {
    let mut scene = Scene::new();
    let mut begun = Instant::MIN;
    let clock = scene.world.clock();
    let (stopped, at) = scene.run(async |_, line, mut link| {
        line.cut.set(true);
        begun = bindrune::Clock::now(&clock);
        link.disconnect().await.unwrap();
        assert_eq!(end_of(&mut link).await, Status::HARDWARE_FAILURE);
    });
    assert_eq!(stopped, RunError::Controller(InitError::NoAnswer(Opcode::DISCONNECT)));
    assert_eq!(at.duration_since(begun).as_millis() / 100, 20, "{at:?}");
}

#[test]
fn a_controller_that_answers_no_reset_ends_run_after_2_s() {
    let Scene { world, host, line, mut rx, mut tx, .. } = Scene::new();
    line.cut.set(true);
    for _ in 0..3 {
        let begun = world.now();
        let platform = Platform::new().clock(world.clock());
        let run = host.run_with(Reader(&mut rx, &line), &mut tx, platform);
        let stopped = world.block_on(run);
        assert_eq!(stopped, RunError::Controller(InitError::NoAnswer(Opcode::RESET)));
        assert_eq!(world.now().duration_since(begun), Duration::from_secs(2));
    }
}

/// Nothing else happens meanwhile.
#[test]
fn a_link_whose_packets_never_complete_ends() {
    let Scene { world, host, line, mut rx, mut tx, mut peer } = Scene::new();
    let clock = world.clock();
    let platform = Platform::new().clock(world.clock());
    let run = host.run_with(Reader(&mut rx, &line), &mut tx, platform);
    let test = async {
        let address = host.controller().await.unwrap().address;
        let advertisement = Advertisement::connectable();
        let connect = peer.connect(address.octets());
        let (link, ()) = join(host.advertise(&advertisement), connect).await;
        clock.sleep(Duration::from_secs(10)).await;
        line.full.set(true);
        // Exchange MTU Request, which the host answers.
        peer.ask(4, &[0x02, 23, 0]).await;
        let begun = bindrune::Clock::now(&clock);
        let mut link = link.unwrap();
        let reason = select(end_of(&mut link), clock.sleep(Duration::from_secs(60))).await;
        assert!(matches!(reason, Either::First(Status::CONNECTION_TIMEOUT)), "{reason:?}");
        let after = bindrune::Clock::now(&clock).duration_since(begun);
        assert!(after >= Duration::from_secs(30), "{after:?}");
    };
    world.block_on(select(run, test));
}

/// A controller may send events that the host has not enabled.
#[cfg(all(feature = "statistics", not(feature = "tuning")))]
#[test]
fn an_event_that_only_an_absent_capability_uses_is_not_unknown() {
    let mut scene = Scene::new();
    scene.run(async |host, line, mut link| {
        let before = host.stats();
        // LE Data Length Change of no link, then a vendor event.
        line.disturb(&[0x04, 0x3e, 0x0b, 0x07, 0xff, 0x0e, 27, 0, 72, 1, 27, 0, 72, 1]);
        line.disturb(&[0x04, 0xff, 0x01, 0x00]);
        line.disturb(&[0x04, 0x10, 0x01, 0x2a]);
        assert_eq!(end_of(&mut link).await, Status::HARDWARE_FAILURE);
        let after = host.stats();
        assert_eq!(after.events - before.events, 3);
        assert_eq!(after.unknown_events - before.unknown_events, 1);
    });
}
