//! Counts how often the host is woken and polled, and how often it arms the clock, on the executor and the clock that
//! ship with `std`.
#![cfg(all(
    feature = "std",
    feature = "central",
    feature = "channels",
    feature = "client",
    feature = "commands",
    feature = "security"
))]
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "what these tests are for"
)]

use core::{
    cell::Cell,
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll, Waker},
};
use std::{
    rc::Rc,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::Wake,
    thread,
    time::Duration,
};

use bindrune::{
    Advertisement, Cccd, Characteristic, Clock, Config, Connect, Connection, ControllerCrypto,
    Event, Host, Platform, Resources, Service, SystemClock, Uuid,
};
use bindrune_controller::{ControllerConfig, World};
use embassy_time::Instant;
use tokio::task::LocalSet;

static VALUE: Characteristic =
    Characteristic::new(Uuid::new_16(0xff01)).read().notify().value(&[7]);
static SERVICES: &[Service] = &[Service::primary(Uuid::new_16(0xff00), &[&VALUE])];

/// Counts of one host.
#[derive(Clone, Debug, Default)]
struct Counts {
    /// Polls of `run`.
    polls: Rc<Cell<usize>>,
    /// Deadlines armed on the clock.
    set: Rc<Cell<usize>>,
}

impl Counts {
    fn take(&self) -> (usize, usize) {
        (self.polls.take(), self.set.take())
    }
}

/// The system's clock.
struct Counted(Counts);

impl Clock for Counted {
    fn now(&self) -> Instant {
        SystemClock.now()
    }

    fn wake_at(&self, at: Instant, waker: &Waker) {
        self.0.set.set(self.0.set.get() + 1);
        SystemClock.wake_at(at, waker);
    }
}

/// Wakes a task, and compares equal to no other waker that does.
struct Unlike(Waker);

impl Wake for Unlike {
    fn wake(self: Arc<Self>) {
        self.0.wake_by_ref();
    }
}

/// Which wakers a future gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wakers {
    /// The executor's.
    Shipped,
    /// Another one for each poll, as on executors whose wakers do not compare equal.
    Unlike,
}

async fn counted<F: Future>(future: F, wakers: Wakers, counts: Counts) -> F::Output {
    let mut future = Box::pin(future);
    poll_fn(|cx| {
        counts.polls.set(counts.polls.get() + 1);
        match wakers {
            Wakers::Shipped => future.as_mut().poll(cx),
            Wakers::Unlike => {
                let waker = Waker::from(Arc::new(Unlike(cx.waker().clone())));
                future.as_mut().poll(&mut Context::from_waker(&waker))
            }
        }
    })
    .await
}

/// Sleeps without the clock of the host.
async fn sleep(time: Duration) {
    let (done, task) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(None::<Waker>)));
    let (rings, sleeper) = (done.clone(), task.clone());
    thread::spawn(move || {
        thread::sleep(time);
        rings.store(true, Ordering::Release);
        if let Some(waker) = sleeper.lock().unwrap().take() {
            waker.wake();
        }
    });
    poll_fn(|cx| {
        *task.lock().unwrap() = Some(cx.waker().clone());
        if done.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn host() -> &'static Host {
    let resources = Box::leak(Box::new(Resources::<1, 0, 12>::new()));
    Box::leak(Box::new(Host::new(resources, Config::new("idle").services(SERVICES)).unwrap()))
}

/// Two hosts, a link between them, and the counts of the central.
struct Couple {
    there: Connection<'static>,
    here: Connection<'static>,
    counts: Counts,
}

/// Runs a test beside two hosts in real time, on tokio.
fn with_link(wakers: Wakers, test: impl AsyncFnOnce(Couple)) {
    let world = World::new(1);
    let _time = world.spawn_real_time();
    let (peripheral, central, counts) = (host(), host(), Counts::default());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(LocalSet::new().run_until(async {
        for (host, counts) in [(peripheral, Counts::default()), (central, counts.clone())] {
            let (rx, tx) = world.add(ControllerConfig::new()).split();
            let platform = Platform::new().clock(Counted(counts.clone()));
            let platform = platform.crypto(ControllerCrypto::random_only());
            let run: Pin<Box<dyn Future<Output = ()>>> = Box::pin(async move {
                host.run_with(rx, tx, platform).await;
            });
            tokio::task::spawn_local(counted(run, wakers, counts));
        }
        let address = peripheral.controller().await.unwrap().address;
        let connect = Connect::to(address);
        let (there, here) = embassy_futures::join::join(
            peripheral.advertise(&Advertisement::connectable()),
            central.connect_with(&connect, &[]),
        )
        .await;
        // The procedures of a new link are over.
        sleep(Duration::from_secs(1)).await;
        test(Couple { there: there.unwrap(), here: here.unwrap(), counts }).await;
    }));
}

fn is_quiet_while_idle(wakers: Wakers) {
    with_link(wakers, async |couple| {
        couple.counts.take();
        sleep(Duration::from_secs(2)).await;
        let (polls, set) = couple.counts.take();
        assert!(polls <= 20 && set <= 10, "{polls} polls, {set} deadlines in 2 s");
    });
}

#[test]
fn a_link_that_is_up_wakes_no_task() {
    is_quiet_while_idle(Wakers::Shipped);
}

#[test]
fn a_link_that_is_up_wakes_no_task_whatever_the_wakers() {
    is_quiet_while_idle(Wakers::Unlike);
}

/// Notifications whose packets are counted.
const PACKETS: usize = 500;

fn costs_few_polls_for_a_packet(wakers: Wakers) {
    with_link(wakers, async |Couple { mut there, here, counts }| {
        let service = here.service(Uuid::new_16(0xff00)).await.unwrap();
        let value = service.characteristic(Uuid::new_16(0xff01)).await.unwrap();
        let mut values = here.subscribe(&value).await.unwrap();
        while !matches!(there.next().await, Event::Subscribed(change) if change.cccd == Cccd::NOTIFY)
        {
        }
        counts.take();
        let notify = async {
            loop {
                there.notify(&VALUE, &[8]).await.unwrap();
            }
        };
        // A machine that stalls may let more of them arrive at once than there are packets.
        let read = async {
            let mut seen = 0;
            while seen < PACKETS {
                values.next(&mut [0; 1]).await.unwrap();
                seen += 1 + usize::try_from(values.lost()).unwrap();
            }
        };
        embassy_futures::select::select(notify, read).await;
        let (polls, set) = counts.take();
        assert!(polls <= 4 * PACKETS && set <= PACKETS / 10, "{polls} polls, {set} deadlines");
    });
}

#[test]
fn a_packet_costs_few_polls() {
    costs_few_polls_for_a_packet(Wakers::Shipped);
}

#[test]
fn a_packet_costs_few_polls_whatever_the_wakers() {
    costs_few_polls_for_a_packet(Wakers::Unlike);
}
