//! Many futures wait at once, of one task and of many: none fails, and each is served in its turn. With and without
//! `std`.
#![cfg(all(
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
    cell::RefCell,
    future::{Future, poll_fn},
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll, Waker},
};
use std::{sync::Arc, task::Wake};

use bindrune::{
    Advertisement, Characteristic, Config, Connect, Connection, ControllerCrypto, Host, Opcode,
    Platform, Resources, Service, Uuid,
};
use bindrune_controller::{ControllerConfig, World};
use embassy_time::Duration;

static VALUE: Characteristic = Characteristic::new(Uuid::new_16(0xff01)).read().value(&[7]);
static SERVICES: &[Service] = &[Service::primary(Uuid::new_16(0xff00), &[&VALUE])];

type Boxed<'f> = Pin<Box<dyn Future<Output = ()> + 'f>>;

/// A future that is polled when it was woken itself.
struct Task<'f> {
    future: Boxed<'f>,
    woken: Arc<Woken>,
    polls: usize,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<'f> Task<'f> {
    fn new(future: impl Future<Output = ()> + 'f) -> Self {
        Self { future: Box::pin(future), woken: Arc::new(Woken(AtomicBool::new(true))), polls: 0 }
    }

    /// Returns whether it is done.
    fn turn(&mut self) -> bool {
        if !self.woken.0.swap(false, Ordering::Relaxed) {
            return false;
        }
        self.polls += 1;
        let waker = Waker::from(self.woken.clone());
        self.future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready()
    }
}

/// Two hosts in a world whose time goes on whether a task is awake or not.
struct Couple {
    world: World,
    hosts: [&'static Host; 2],
    drivers: Vec<Task<'static>>,
}

fn host() -> &'static Host {
    let resources = Box::leak(Box::new(Resources::<1>::new()));
    Box::leak(Box::new(Host::new(resources, Config::new("many").services(SERVICES)).unwrap()))
}

impl Couple {
    fn new() -> Self {
        let world = World::new(1);
        let hosts = [host(), host()];
        let drivers = hosts.map(|host| {
            let (rx, tx) = world.add(ControllerConfig::new()).split();
            let platform = Platform::new().clock(world.clock());
            let platform = platform.crypto(ControllerCrypto::random_only());
            Task::new(async move {
                host.run_with(rx, tx, platform).await;
            })
        });
        Self { world, hosts, drivers: drivers.into() }
    }

    /// Runs the tasks to their ends, and returns how often they were polled.
    fn run(&mut self, mut tasks: Vec<Task<'_>>) -> usize {
        let (mut polls, limit) = (0, self.world.now() + Duration::from_secs(60));
        while !tasks.is_empty() {
            assert!(self.world.now() < limit, "{} are not done", tasks.len());
            for driver in &mut self.drivers {
                assert!(!driver.turn(), "a driver has ended");
            }
            tasks.retain_mut(|task| {
                let done = task.turn();
                polls += if done { task.polls } else { 0 };
                !done
            });
            self.world.drive(self.world.now() + Duration::from_micros(500));
        }
        polls
    }

    /// The link from the second host to the first.
    fn link(&mut self) -> (Connection<'static>, Connection<'static>) {
        let (ends, [peripheral, central]) = (RefCell::new((None, None)), self.hosts);
        let advertise = async {
            let link = peripheral.advertise(&Advertisement::connectable()).await.unwrap();
            ends.borrow_mut().0 = Some(link);
        };
        let connect = async {
            let address = peripheral.controller().await.unwrap().address;
            let link = central.connect_with(&Connect::to(address), &[]).await.unwrap();
            ends.borrow_mut().1 = Some(link);
        };
        self.run(vec![Task::new(advertise), Task::new(connect)]);
        let (there, here) = ends.into_inner();
        (there.unwrap(), here.unwrap())
    }
}

/// Polls all until all are done: first in order, and from then on the youngest first.
async fn join_all(mut futures: Vec<Boxed<'_>>) {
    let mut begun = false;
    poll_fn(|cx| {
        if begun {
            futures.reverse();
        }
        futures.retain_mut(|future| future.as_mut().poll(cx).is_pending());
        if begun {
            futures.reverse();
        }
        begun = true;
        if futures.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn in_order(count: usize) -> Vec<usize> {
    (0..count).collect()
}

async fn read(link: &Connection<'_>, number: usize, order: &RefCell<Vec<usize>>) {
    let (handle, mut buffer) = (link_handle(), [0; 4]);
    assert_eq!(link.read(handle, &mut buffer).await, Ok(1));
    assert_eq!(buffer[0], 7);
    order.borrow_mut().push(number);
}

/// The handle of the value: every host here has the same table.
fn link_handle() -> u16 {
    host().gatt().handle(&VALUE).unwrap()
}

#[test]
fn a_hundred_reads_of_one_task_all_work_in_their_order() {
    let mut couple = Couple::new();
    let (_there, here) = couple.link();
    let order = RefCell::default();
    let reads = (0..100).map(|n| Box::pin(read(&here, n, &order)) as Boxed<'_>).collect();
    couple.run(vec![Task::new(join_all(reads))]);
    assert_eq!(order.into_inner(), in_order(100));
}

#[test]
fn reads_of_forty_tasks_all_work_in_their_order() {
    let mut couple = Couple::new();
    let (_there, here) = couple.link();
    let order = RefCell::default();
    let reads: Vec<_> = (0..40).map(|n| Task::new(read(&here, n, &order))).collect();
    let polls = couple.run(reads);
    assert_eq!(order.into_inner(), in_order(40));
    // Each is woken when another is done. Without `std`, those that found no place poll in turns.
    assert!(cfg!(not(feature = "std")) || polls < 40 * 40 * 2, "{polls} polls");
}

#[test]
fn commands_of_forty_tasks_all_work_in_their_order_though_some_are_dropped() {
    let mut couple = Couple::new();
    let host = couple.hosts[0];
    couple.run(vec![Task::new(async {
        let _info = host.controller().await.unwrap();
    })]);
    let order = RefCell::new(Vec::new());
    let command = async |n| {
        let mut returned = [0; 9];
        assert_eq!(host.raw_command(Opcode::LE_RAND, &[], &mut returned).await, Ok(9));
        order.borrow_mut().push(n);
    };
    let mut tasks: Vec<_> = (0..40).map(|n| Task::new(command(n))).collect();
    tasks.iter_mut().for_each(|task| assert!(!task.turn()));
    // The future whose command was sent, the next one, and some from the middle and the end.
    for number in [39, 38, 20, 19, 5, 1, 0] {
        drop(tasks.remove(number));
    }
    couple.run(tasks);
    let left = in_order(40).into_iter().filter(|n| ![39, 38, 20, 19, 5, 1, 0].contains(n));
    assert_eq!(order.into_inner(), left.collect::<Vec<_>>());
}

#[test]
fn while_there_is_a_place_for_each_task_none_is_woken_for_another() {
    let mut couple = Couple::new();
    let (_there, here) = couple.link();
    let mut tasks: Vec<_> = (0..12)
        .map(|_| {
            Task::new(async {
                let _reason = here.disconnected().await;
            })
        })
        .collect();
    for _ in 0..100 {
        couple.drivers.iter_mut().for_each(|driver| assert!(!driver.turn()));
        tasks.iter_mut().for_each(|task| assert!(!task.turn()));
        couple.world.drive(couple.world.now() + Duration::from_millis(10));
    }
    assert!(tasks.iter().all(|task| task.polls == 1));
}
