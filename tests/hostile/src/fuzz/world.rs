//! A host, its controller, its application and its time.

use core::{
    pin::pin,
    task::{Context, Poll, Waker},
};
use std::{
    cell::{Cell, RefCell, RefMut},
    rc::Rc,
};

use bindrune::{Crypto, FreePackets, Host, InitError, Level, Platform, RunError};
use bindrune_hci::clock::Clock;
use bindrune_pair::KnownCrypto;
use embassy_time::Duration;

use super::{
    LINKS,
    app::{App, Task, Until, take},
    classic,
    config::{ASKED, CAPTURED, LEVEL, Setup},
    controller::{Controller, SLOTS},
    line::{Broken, HostEnd, Line},
    numbered, pairing,
    step::Step,
};
use crate::{Store, TestClock};

/// The whole state.
pub(crate) struct World<'h> {
    pub(crate) host: &'h Host,
    pub(crate) app: Rc<App<'h>>,
    pub(crate) tasks: Vec<Task<'h>>,
    pub(crate) line: Rc<RefCell<Line>>,
    pub(crate) store: Store,
    pub(crate) whole: FreePackets,
    clock: TestClock,
    ended: Rc<Cell<Option<RunError<Broken>>>>,
    /// Number of polls for the next steps, if they get fewer than they need.
    turns: Option<(u8, u8)>,
    /// Whether the controller has followed the specification so far.
    pub(crate) honest: bool,
}

/// Number of polls at one time that counts as an endless loop.
const MAX_POLLS: u32 = 50_000;
/// Maximum number of tasks.
const MAX_TASKS: usize = 60;
/// Number of deadlines allowed in any time; more are allowed for each second.
const MOST_DEADLINES: u64 = 200;
const MOST_A_SECOND: u64 = 50;

impl<'h> World<'h> {
    pub(crate) fn new(host: &'h Host, setup: Setup) -> Self {
        pairing::forget();
        numbered::forget();
        classic::forget();
        let mut world = Self {
            host,
            app: Rc::default(),
            tasks: Vec::new(),
            line: Rc::new(RefCell::new(Line::new(Controller::new(setup)))),
            store: Store::memory(&[]),
            whole: host.free_packets(),
            clock: TestClock::new(),
            ended: Rc::default(),
            turns: None,
            honest: true,
        };
        world.controller().cccd = host.gatt().handle(&LEVEL).unwrap() + 1;
        world.controller().asked = host.gatt().handle(&ASKED).unwrap();
        world.controller().captured = host.gatt().handle(&CAPTURED).unwrap();
        world.run();
        world.habits(setup.habits);
        if setup.classic {
            world.classic_habits(setup.habits);
        }
        world.settle();
        world
    }

    /// Calls `run` if it is not running.
    pub(crate) fn run(&mut self) {
        if self.runs() {
            return;
        }
        if self.line.borrow().unnoticed {
            // The host continues a half-written packet until it knows that the transport is a new one.
            let run = pin!(self.drive());
            let ended = run.poll(&mut Context::from_waker(Waker::noop()));
            assert_eq!(ended, Poll::Ready(RunError::Transport(Broken)));
        }
        self.line.borrow_mut().set_broken(false);
        let mut controller = self.controller();
        (controller.silent, controller.used) = (false, false);
        drop(controller);
        let (ended, run) = (self.ended.clone(), self.drive());
        self.spawn("run", Until::Transport, async move { ended.set(Some(run.await)) });
    }

    /// Returns a call of `run` on the line.
    pub(crate) fn drive(&self) -> impl Future<Output = RunError<Broken>> + use<'h> {
        let (end, clock, store) =
            (HostEnd(self.line.clone()), self.clock.clone(), self.store.clone());
        let (rx, host) = (end.clone(), self.host);
        let platform = Platform::new().clock(clock).crypto(own_crypto()).store(store);
        async move { host.run_with(rx, end, platform).await }
    }

    pub(crate) fn runs(&self) -> bool {
        self.tasks.iter().any(|task| task.until() == Until::Transport)
    }

    /// Starts a task.
    pub(crate) fn spawn(
        &mut self,
        name: &'static str,
        until: Until,
        future: impl Future<Output = ()> + 'h,
    ) {
        self.spawn_until(name, Rc::new(Cell::new(until)), future);
    }

    /// Starts a task whose limit changes.
    pub(crate) fn spawn_until(
        &mut self,
        name: &'static str,
        until: Rc<Cell<Until>>,
        future: impl Future<Output = ()> + 'h,
    ) {
        if self.tasks.len() >= MAX_TASKS {
            let oldest = self.tasks.iter().position(|task| task.until() != Until::Transport);
            if let Some(oldest) = oldest {
                drop(self.tasks.remove(oldest));
            }
        }
        self.tasks.push(Task::new(name, until, future));
    }

    pub(crate) fn controller(&self) -> RefMut<'_, Controller> {
        RefMut::map(self.line.borrow_mut(), |line| &mut line.controller)
    }

    /// Runs one step and its consequences.
    pub(crate) fn step(&mut self, step: &Step) {
        if !self.is_spared(step) {
            self.act(step);
        }
        self.line.borrow_mut().flush();
        match &mut self.turns {
            Some((0, _)) => self.turns = None,
            Some((steps, polls)) => {
                *steps -= 1;
                let polls = u32::from(*polls);
                self.poll(polls);
                return;
            }
            None => {}
        }
        self.settle();
        self.check();
        self.host.check_invariants();
    }

    /// Returns the slot of a link that is up, if there is one.
    fn slot(&self, number: u8) -> usize {
        let controller = self.controller();
        let up = (0..SLOTS).filter(|slot| controller.links[*slot].is_some());
        let place = usize::from(number).checked_rem(up.clone().count()).unwrap_or_default();
        up.clone().nth(place).unwrap_or_default()
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all other steps occur in every life")]
    fn is_spared(&self, step: &Step) -> bool {
        let spared = self.controller().setup.spared;
        match step {
            Step::Event(..) | Step::Garbage(_) => spared.lies,
            Step::Release(how) => spared.lies && *how >= 0xf0,
            Step::Fault(what, _) => spared.faults || spared.lies && matches!(what % 16, 4 | 5),
            Step::Acl(..) | Step::Smp(..) => spared.strange,
            Step::Drop(_) | Step::DropHandle(_) => spared.drops,
            Step::Ends(..) => spared.ends,
            _ => false,
        }
    }

    #[rustfmt::skip]
    fn act(&mut self, step: &Step) {
        let slot = self.slot(step.link());
        match *step {
            Step::Central(peer, how) => self.controller().central(peer, how),
            Step::Peripheral(peer, how) => self.controller().peripheral(peer, how),
            Step::Ends(_, reason) => self.controller().end_link(slot, reason),
            Step::Report(peer, how) => self.controller().report(peer, how),
            Step::Att(_, octets) => self.controller().att(slot, &octets),
            Step::AttAnswer(_, octets) => {
                self.controller().answer_att(slot, octets[0], &octets[1..]);
            }
            Step::Signal(_, octets) => self.controller().signal(slot, &octets),
            Step::Frame(_, octets) => self.controller().channel_frame(slot, &octets),
            Step::Credits(_, count) => self.controller().credits(slot, count),
            Step::Pair(_) => self.controller().pair(slot),
            Step::Encrypt(_) => self.controller().encrypt(slot),
            Step::Manners(_, manners) => self.controller().set_manners(slot, manners),
            Step::Smp(_, octets) => self.controller().smp(slot, &octets),
            Step::Event(code, octets) => {
                let lies = self.controller().any_event(code, &octets);
                self.honest &= !lies;
            }
            Step::Acl(link, flags, octets) => self.controller().any_acl(link, flags, &octets),
            Step::Garbage(octets) => {
                self.honest = false;
                numbered::loosen();
                self.controller().garbage(&octets);
            }
            Step::Fault(what, octets) => self.fault(what, &octets),
            Step::Heal => self.heal(),
            Step::Release(how) if how >= 0xf0 => {
                // A packet is lost.
                if self.controller().lose() {
                    numbered::loosen();
                    self.honest = false;
                }
            }
            Step::Release(how) => self.controller().release(how & 1 == 0),
            Step::Call(what, octets) => self.call(what, &octets),
            Step::LinkCall(link, what, octets) => self.link_call(link, what, &octets),
            Step::ChannelCall(channel, what, octets) => self.channel_call(channel, what, &octets),
            Step::Answer(request, how) => {
                let held = take(&self.app.requests, request);
                held.into_iter().for_each(|held| super::app::answer(held, how));
            }
            Step::Drop(task) => self.drop_task(task),
            Step::DropHandle(handle) => self.drop_handle(handle),
            Step::Time(scale, time) => self.time(scale, time),
            Step::Classic(step) => self.classic_step(step),
            Step::Turns(n) => self.turns = Some((n & 7, 1 + (n >> 3 & 7))),
        }
    }

    fn drop_task(&mut self, number: u8) {
        let others = self.tasks.iter().filter(|task| task.until() != Until::Transport).count();
        let Some(place) = usize::from(number).checked_rem(others) else { return };
        let mut of = self.tasks.iter().enumerate();
        let of = of.by_ref().filter(|(_, task)| task.until() != Until::Transport).nth(place);
        if let Some((place, _)) = of {
            drop(self.tasks.remove(place));
        }
    }

    fn drop_handle(&self, handle: u8) {
        let number = handle >> 3;
        match handle & 7 {
            0 | 1 => drop(take(&self.app.links, number)),
            2 | 3 => drop(take(&self.app.channels, number)),
            4 | 5 => drop(take(&self.app.requests, number)),
            6 => drop(take(&self.app.subscriptions, number)),
            _ => drop(take(&self.app.fixed, number)),
        }
    }

    fn time(&mut self, scale: u8, time: u8) {
        let time = u64::from(time);
        match scale & 15 {
            0..4 => {
                if let Some(next) = self.clock.earliest() {
                    self.pass(next.saturating_duration_since(self.clock.now()));
                }
            }
            4..9 => self.pass(Duration::from_millis(time)),
            9..12 => self.pass(Duration::from_millis(time * 10)),
            12..14 => self.pass(Duration::from_millis(time * 100)),
            14 => self.pass(Duration::from_secs(time & 0x3f)),
            _ => self.pass(Duration::from_secs(time)),
        }
    }

    /// Lets time pass, from deadline to deadline.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.turns = None;
        self.settle();
        let end = self.clock.now() + time;
        let most = MOST_DEADLINES + MOST_A_SECOND * time.as_secs();
        for deadlines in 0.. {
            assert!(deadlines < most, "{deadlines} deadlines in {} s", time.as_secs());
            let next = self.clock.earliest().filter(|&at| at <= end);
            self.clock.advance(next.unwrap_or(end));
            self.controller().now = self.clock.now();
            if self.controller().setup.classic {
                self.controller().classic_time();
                self.line.borrow_mut().flush();
            }
            self.settle();
            if next.is_none() {
                return;
            }
        }
    }

    /// Runs the tasks until none is awake.
    pub(crate) fn settle(&mut self) {
        if !self.poll(MAX_POLLS) {
            let awake = self.tasks.iter().filter(|task| task.is_awake());
            let names: Vec<_> = awake.map(|task| task.name).collect();
            panic!("tasks wake themselves or each other endlessly: {names:?}");
        }
        let unserved = self.app.unserved.take();
        if !unserved.is_empty() {
            for link in unserved {
                self.spawn("serve", Until::LinkEnds, self.app.clone().serve(link));
            }
            self.settle();
        }
        if let Some(ended) = self.ended.take() {
            self.ended(ended);
        }
    }

    /// Polls `polls` times; returns whether no task is awake then.
    fn poll(&mut self, mut polls: u32) -> bool {
        loop {
            let mut idle = true;
            self.tasks.retain_mut(|task| {
                if polls == 0 {
                    return true;
                }
                let (woken, ended) = task.turn();
                polls -= u32::from(woken);
                idle &= !woken;
                !ended
            });
            if idle || polls == 0 {
                return idle;
            }
        }
    }

    /// Handles the return of `run`.
    fn ended(&self, why: RunError<Broken>) {
        match why {
            RunError::Transport(Broken) => {}
            RunError::Controller(_) if !self.honest => {}
            RunError::Controller(InitError::NoAnswer(_)) if self.was_silent() => {}
            RunError::Closed
            | RunError::Controller(_)
            | RunError::AlreadyRunning
            | RunError::ShutDown => {
                panic!("run has ended: {why}");
            }
        }
    }

    /// Returns whether the controller left commands without an answer before it was used in this `run`.
    fn was_silent(&self) -> bool {
        let controller = self.controller();
        controller.silent && !controller.used
    }

    /// Checks the invariants after a step.
    fn check(&self) {
        let classic = if self.controller().setup.classic { classic::LINKS } else { 0 };
        assert!(self.host.links() <= LINKS + classic);
        let line = self.line.borrow();
        let behind = !line.is_read() || !line.controller.held.is_empty();
        drop(line);
        self.removed_bonds_stay_away();
        if behind || !self.honest {
            return;
        }
        for link in self.app.links.borrow().iter() {
            let (Ok(peer), Ok(security)) = (link.peer(), link.security()) else { continue };
            let most = self.achieved(peer);
            let level = security.level;
            assert!(level <= most, "{peer} is at {level:?}, but achieved only {most:?}");
        }
    }

    /// Returns the maximum level of the link with a peer.
    fn achieved(&self, peer: bindrune::Address) -> Level {
        let controller = self.controller();
        let links = (0..SLOTS).filter_map(|slot| controller.links[slot].as_ref());
        let of = links.filter(|link| link.peer.address() == peer);
        let levels = of.map(|link| match link.key {
            Some(key) if link.encrypted => pairing::level(&key).unwrap_or_default(),
            Some(_) | None => Level::Open,
        });
        levels.max().unwrap_or(Level::SecureConnections)
    }
}

/// Returns the host's cryptography: one key pair, with cached products.
fn own_crypto() -> impl Crypto {
    KnownCrypto::new([0x33; 32])
}
