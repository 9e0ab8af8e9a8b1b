//! The end of each life: all faults are removed, all waits must end, and nothing may be left.

use std::{cell::Cell, rc::Rc};

use embassy_time::Duration;

use super::{
    LINKS,
    app::{Task, Until},
    controller::{SLOTS, handle},
    reach::{count, reached},
    world::World,
};

/// Time limit for waits that do not depend on a peer, once the controller works: several transactions that time out one
/// after another.
const SOON: u64 = 400;

/// The longest pause before a failed set-up is tried again, and the time that it takes.
const PAUSE: u64 = 70;

impl World<'_> {
    /// Removes all faults, and checks the remaining state.
    pub(crate) fn end(mut self) {
        self.heal();
        self.pass(Duration::from_secs(12));
        // Packets that the host sent before the faults were removed are answered now.
        self.heal();
        self.pass(Duration::from_secs(3));
        if !self.honest {
            self.waits_end();
            self.controller().event(0x10, &[0]);
            self.line.borrow_mut().flush();
            self.pass(Duration::from_secs(10));
        }
        self.is_set_up();
        self.classic_has_room();
        self.requests_are_on_the_air();
        self.shows_its_mode();
        self.tasks.retain(|task| task.until() != Until::Dropped);
        self.pass(Duration::from_secs(1));
        self.await_leave();
        self.nothing_is_on_the_air();
        self.waits_end();
        self.links_end();
        self.nothing_is_left();
        self.classic_is_usable();
        self.is_usable();
        let stats = self.host.stats();
        count("a recovery", stats.recoveries.into());
        count("lost framing", stats.sync_lost.into());
        count("a dropped push", stats.dropped_pushes.into());
        count("a bond in the store", self.store.records().len() as u64);
        count("an honest life", self.honest.into());
        reached("a life");
    }

    fn names(&self, which: impl Fn(&Task<'_>) -> bool) -> Vec<&'static str> {
        self.tasks.iter().filter(|task| which(task)).map(|task| task.name).collect()
    }

    /// Waits for a controller that accepted no more commands: it is reset 2 s after the next command is pending, or
    /// after the pause at that time.
    fn await_leave(&mut self) {
        for _ in 0..=PAUSE / 5 {
            if !self.controller().judge.has_no_leave() {
                return;
            }
            self.pass(Duration::from_secs(5));
        }
    }

    fn is_set_up(&mut self) {
        assert!(self.runs(), "run has ended");
        let host = self.host;
        for _ in 0..=PAUSE / 5 {
            let found = Rc::new(Cell::new(false));
            let is = found.clone();
            self.spawn(
                "set-up",
                Until::Soon,
                async move { is.set(host.controller().await.is_ok()) },
            );
            self.settle();
            if found.get() {
                return;
            }
            self.pass(Duration::from_secs(5));
        }
        panic!("the host was not set up on a working controller");
    }

    /// Checks that all requests of the application are on the air.
    fn requests_are_on_the_air(&mut self) {
        let mut missing = self.missing();
        for _ in 0..14 {
            if missing.is_empty() {
                return;
            }
            self.pass(Duration::from_secs(5));
            missing = self.missing();
        }
        panic!("requested, and not on the air: {missing:?}");
    }

    fn missing(&self) -> Vec<&'static str> {
        let controller = self.controller();
        let room = self.host.links() < LINKS;
        let on = controller.advertising.iter().any(Option::is_some);
        let mut missing = Vec::new();
        if self.app.advertisers.get() > 0 && room && !on {
            missing.push("advertising");
        }
        let seeks = controller.initiating || controller.scanning;
        if self.app.connectors.get() > 0 && room && !seeks {
            missing.push("connecting");
        }
        // A host that does not know whether the controller can do both at once connects first.
        let knows = self.honest && controller.judge.knows_states();
        let waits = controller.initiating && !knows;
        let scans = controller.scanning || waits;
        if !self.names(|task| task.name == "scan").is_empty() && !scans {
            missing.push("scanning");
        }
        missing
    }

    fn nothing_is_on_the_air(&self) {
        let controller = self.controller();
        let timed = self.names(|task| task.until() == Until::Soon);
        let advertises = controller.advertising.iter().any(Option::is_some);
        let quiet = !advertises || timed.contains(&"advertise") || timed.contains(&"broadcast");
        assert!(quiet, "advertising is on without a request");
        assert!(!controller.scanning, "scanning is on without a request");
        assert!(!controller.initiating, "the host connects without a request");
    }

    /// Checks that waits that do not depend on a peer end.
    pub(crate) fn waits_end(&mut self) {
        let soon = |task: &Task<'_>| task.until() == Until::Soon;
        for _ in 0..SOON / 5 {
            if self.names(soon).is_empty() {
                return;
            }
            self.pass(Duration::from_secs(5));
        }
        panic!("these wait endlessly: {:?}", self.names(soon));
    }

    /// Ends all links, and checks that the waits for them end.
    fn links_end(&mut self) {
        for slot in 0..SLOTS {
            let mut controller = self.controller();
            controller.end_link(slot, 0x08);
            if controller.judge.is_up(slot) {
                let [low, high] = handle(slot).to_le_bytes();
                controller.event(0x05, &[0, low, high, 0x08]);
            }
        }
        self.classic_links_end();
        self.line.borrow_mut().flush();
        self.pass(Duration::from_secs(10));
        assert_eq!(self.host.links(), 0, "links are left");
        let waits = self.names(|task| task.until() == Until::LinkEnds);
        assert!(waits.is_empty(), "these wait for links that have ended: {waits:?}");
    }

    fn nothing_is_left(&mut self) {
        self.app.clear();
        self.settle();
        let waits = self.names(|task| task.until() != Until::Transport);
        assert!(waits.is_empty(), "tasks are left: {waits:?}");
        assert_eq!(self.host.channels(), 0, "channels are left");
        assert_eq!(self.host.free_packets(), self.whole, "packets are left");
    }

    /// Checks that a central can connect and read, and that the link ends.
    fn is_usable(&mut self) {
        self.may_link();
        self.call(0, &[13; 13]);
        self.pass(Duration::from_secs(2));
        self.await_leave();
        self.controller().central(0, 0);
        self.line.borrow_mut().flush();
        self.settle();
        assert_eq!(self.host.links(), 1, "no link comes up");
        let slot = (0..SLOTS).find(|slot| self.controller().judge.is_up(*slot)).unwrap();
        let before = self.controller().judge.unanswered(slot);
        self.controller().say(slot, 4, &[0x0a, 3, 0]);
        self.line.borrow_mut().flush();
        self.settle();
        let after = self.controller().judge.unanswered(slot);
        assert!(after <= before, "a valid request is not answered");
        self.tasks.retain(|task| task.until() == Until::Transport);
        self.app.clear();
        self.pass(Duration::from_secs(1));
        assert_eq!(self.host.links(), 0, "the last handle does not end the link");
        assert_eq!(self.host.free_packets(), self.whole, "packets are left");
    }
}
