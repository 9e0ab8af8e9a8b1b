//! Cost of packets for the executor and the operating system. In virtual time the counts are the same in each
//! run.

use core::{
    future::poll_fn,
    pin::pin,
    task::{Context, Waker},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Wake,
};

use bindrune::{
    Advertisement, ChannelConfig, Clock, Connection, ControllerCrypto, Event, Host, Platform, Psm,
};
use bindrune_controller::{ControllerConfig, VirtualClock, World};
use bindrune_pair::{Task, new_host};
use embassy_futures::{
    join::join,
    select::{Either, Either3, select, select3},
};
use embassy_time::{Duration, Instant};
use embedded_io_async::{ErrorType, Read, Write};

use crate::table::{COMMAND, LAB, LAMP, PHONE, STREAM, pattern};

/// Operations that are counted together.
const OPERATIONS: usize = 100;
const PSM: Psm = Psm(0x81);

/// Counts of one host, or its budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    /// Polls of `run`.
    polls: usize,
    /// Wakes of its task, whether or not it was awake.
    wakes: usize,
    /// Wakes of its task, whether it was awake or not.
    clock: usize,
    /// Deadlines that were set on the clock.
    deadlines: usize,
    /// Polls of a read; a read without data is a system call too.
    reads: usize,
    /// Writes to the transport.
    writes: usize,
}

/// The budget of a host: polls, wakes, clock, deadlines, reads, writes.
const fn budget(counts: [usize; 6]) -> Cost {
    let [polls, wakes, clock, deadlines, reads, writes] = counts;
    Cost { polls, wakes, clock, deadlines, reads, writes }
}

impl Cost {
    fn is_within(self, budget: Self) -> bool {
        self.polls <= budget.polls
            && self.wakes <= budget.wakes
            && self.clock <= budget.clock
            && self.deadlines <= budget.deadlines
            && self.reads <= budget.reads
            && self.writes <= budget.writes
    }
}

/// Fails if the lamp's or the phone's host exceeds its budget.
fn assert_within(what: &str, costs: [Cost; 2], budgets: [Cost; 2]) {
    let [lamp, phone] = costs;
    eprintln!("{what}\nlamp:  {lamp:?}\nphone: {phone:?}");
    assert!(
        costs.into_iter().zip(budgets).all(|(cost, budget)| cost.is_within(budget)),
        "{what}: more than {budgets:?}.\n\
         Find the cause of the additional polls, wakes, reads or writes, or accept them here with a reason."
    );
}

#[derive(Debug, Default)]
struct Counts {
    polls: AtomicUsize,
    wakes: AtomicUsize,
    clock: AtomicUsize,
    deadlines: AtomicUsize,
    reads: AtomicUsize,
    writes: AtomicUsize,
}

impl Counts {
    fn take(&self) -> Cost {
        let [polls, wakes, clock, deadlines, reads, writes] =
            [&self.polls, &self.wakes, &self.clock, &self.deadlines, &self.reads, &self.writes]
                .map(|count| count.swap(0, Ordering::Relaxed));
        Cost { polls, wakes, clock, deadlines, reads, writes }
    }
}

fn count(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::Relaxed);
}

struct CountedClock(VirtualClock, Arc<Counts>);

impl Clock for CountedClock {
    fn now(&self) -> Instant {
        count(&self.1.clock);
        self.0.now()
    }

    fn wake_at(&self, at: Instant, waker: &Waker) {
        count(&self.1.deadlines);
        self.0.wake_at(at, waker);
    }
}

/// One half of a transport.
struct CountedHalf<T>(T, Arc<Counts>);

impl<T: ErrorType> ErrorType for CountedHalf<T> {
    type Error = T::Error;
}

impl<T: Read> Read for CountedHalf<T> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, T::Error> {
        let Self(half, counts) = self;
        let mut read = pin!(half.read(buffer));
        poll_fn(|cx| {
            count(&counts.reads);
            read.as_mut().poll(cx)
        })
        .await
    }
}

impl<T: Write> Write for CountedHalf<T> {
    async fn write(&mut self, octets: &[u8]) -> Result<usize, T::Error> {
        count(&self.1.writes);
        self.0.write(octets).await
    }

    async fn flush(&mut self) -> Result<(), T::Error> {
        self.0.flush().await
    }
}

/// Counts how often a task is woken.
struct CountedWaker(Waker, Arc<Counts>);

impl Wake for CountedWaker {
    fn wake(self: Arc<Self>) {
        count(&self.1.wakes);
        self.0.wake_by_ref();
    }
}

/// Drives a host on a controller of its own.
async fn run(host: &Host, world: &World, counts: Arc<Counts>) {
    let (reader, writer) = world.add(ControllerConfig::new()).split();
    let clock = CountedClock(world.clock(), counts.clone());
    let platform = Platform::new().clock(clock).crypto(ControllerCrypto::random_only());
    let (reader, writer) =
        (CountedHalf(reader, counts.clone()), CountedHalf(writer, counts.clone()));
    let mut run = pin!(host.run_with(reader, writer, platform));
    let mut given: Option<(Waker, Waker)> = None;
    let end = poll_fn(|cx| {
        count(&counts.polls);
        // The waker stays the same as long as the task is the same: a host may keep it.
        let (_, waker) = match given.take().filter(|(outer, _)| outer.will_wake(cx.waker())) {
            Some(pair) => given.insert(pair),
            None => {
                let outer = cx.waker().clone();
                let counted = CountedWaker(outer.clone(), counts.clone());
                given.insert((outer, Waker::from(Arc::new(counted))))
            }
        };
        run.as_mut().poll(&mut Context::from_waker(waker))
    })
    .await;
    panic!("the host stopped: {end:?}");
}

/// A link between a lamp and a phone.
struct Link<'h> {
    host: &'h Host,
    lamp: Connection<'h>,
    phone: Connection<'h>,
    clock: VirtualClock,
    counts: [Arc<Counts>; 2],
}

impl Link<'_> {
    /// Starts counting, once the link's own procedures are finished.
    async fn begin(&self) {
        self.clock.sleep(Duration::from_secs(10)).await;
        for counts in &self.counts {
            counts.take();
        }
    }
}

/// Returns the costs of the lamp's and the phone's hosts in a test.
fn costs(test: impl AsyncFnOnce(Link<'_>)) -> [Cost; 2] {
    let world = World::new(1);
    let (lamp, phone) = (new_host(LAMP), new_host(PHONE));
    let counts = [Arc::<Counts>::default(), Arc::default()];
    let mut drivers = [(&lamp, &counts[0]), (&phone, &counts[1])]
        .map(|(host, counts)| Task::new(run(host, &world, counts.clone())));
    let [first, second] = &mut drivers;
    let app = async {
        let address = lamp.controller().await.unwrap().address;
        phone.controller().await.unwrap();
        let advertisement = Advertisement::connectable();
        let (there, here) = join(lamp.advertise(&advertisement), phone.connect(&address)).await;
        let (there, here) = (there.unwrap(), here.unwrap());
        let clock = world.clock();
        test(Link { host: &lamp, lamp: there, phone: here, clock, counts: counts.clone() }).await;
        counts.each_ref().map(|counts| counts.take())
    };
    match world.block_on(select3(Task::new(app), first, second)) {
        Either3::First(Some(costs)) => costs,
        _ => panic!("the application did not end"),
    }
}

/// Runs a future that ends beside one that does not.
async fn beside(ends: impl Future<Output = ()>, serves: impl Future<Output = ()>) {
    match select(Task::new(ends), Task::new(serves)).await {
        Either::First(_) => {}
        Either::Second(_) => panic!("the server has ended"),
    }
}

#[test]
fn notifications_cost_no_more_than_their_budget() {
    let costs = costs(async |link| {
        let service = link.phone.service(LAB).await.unwrap();
        let stream = service.characteristic(STREAM.uuid()).await.unwrap();
        let mut values = link.phone.subscribe(&stream).await.unwrap();
        link.begin().await;
        let value = pattern(1, 244);
        let send = async {
            for _ in 0..OPERATIONS {
                link.lamp.notify(&STREAM, &value).await.unwrap();
            }
        };
        let receive = async {
            for _ in 0..OPERATIONS {
                assert_eq!(values.next(&mut [0; 244]).await, Ok(244));
            }
        };
        join(Task::new(send), Task::new(receive)).await;
        assert_eq!(values.lost(), 0);
    });
    let lamp = budget([192, 199, 192, 0, 284, 93]);
    let phone = budget([114, 115, 114, 0, 207, 7]);
    assert_within("100 notifications", costs, [lamp, phone]);
}

#[test]
fn write_requests_cost_no_more_than_their_budget() {
    let costs = costs(async |link| {
        let service = link.phone.service(LAB).await.unwrap();
        let command = service.characteristic(COMMAND.uuid()).await.unwrap();
        link.begin().await;
        let value = pattern(1, 244);
        let send = async {
            for _ in 0..OPERATIONS {
                link.phone.write(&command, &value).await.unwrap();
            }
        };
        beside(send, serve(link.lamp.clone())).await;
    });
    let lamp = budget([201, 208, 201, 2, 295, 200]);
    let phone = budget([314, 315, 314, 1, 501, 100]);
    assert_within("100 write requests", costs, [lamp, phone]);
}

/// Accepts what is written.
async fn serve(mut link: Connection<'_>) {
    loop {
        if let Event::Write(request) = link.next().await {
            request.accept();
        }
    }
}

#[test]
fn sdus_cost_no_more_than_their_budget() {
    let costs = costs(async |link| {
        let config = ChannelConfig { mtu: Some(245), mps: 247, window: 8 };
        let mut listener = link.host.listen(PSM, config).unwrap();
        let (accepted, opened) =
            join(listener.accept(), link.phone.open_channel(PSM, config)).await;
        let ((_link, mut receiver), mut sender) = (accepted.unwrap(), opened.unwrap());
        link.begin().await;
        let sdu = pattern(1, 245);
        let send = async {
            for _ in 0..OPERATIONS {
                sender.send(&sdu).await.unwrap();
            }
        };
        let receive = async {
            for _ in 0..OPERATIONS {
                assert_eq!(receiver.recv(&mut [0; 245]).await, Ok(245));
            }
        };
        join(Task::new(send), Task::new(receive)).await;
    });
    let lamp = budget([130, 131, 130, 0, 224, 24]);
    let phone = budget([123, 130, 123, 0, 216, 48]);
    assert_within("100 SDUs", costs, [lamp, phone]);
}

/// The host asks the controller about the silent peer every 7 s, and the controller answers: eight times.
#[test]
fn an_idle_link_costs_no_more_than_its_budget() {
    let costs = costs(async |link| {
        link.begin().await;
        link.clock.sleep(Duration::from_secs(60)).await;
    });
    let lamp = budget([26, 27, 26, 16, 33, 8]);
    let phone = budget([25, 26, 25, 16, 33, 8]);
    assert_within("a minute of an idle link", costs, [lamp, phone]);
}
