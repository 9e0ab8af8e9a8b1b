//! Runs the connection events of a link. [Vol 6] Part B, 4.5

mod host;
mod side;

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::{
    Link,
    radio::{self, IFS},
};
use host::Host;
use side::{Message, Pdu, Side};

/// Connection events that are not counted, and those that are. The second number is even, because a round trip takes
/// two.
const WARMING: u64 = 64;
const COUNTED: u64 = 1024;
/// Fewest events that are counted, and exchanges after which counting may end.
const FEWEST: u64 = 16;
const ENOUGH: u32 = 40_000;

/// Returns the bits of the application per second.
pub(crate) fn rate(link: &Link) -> f64 {
    let mut run = Run::new(link);
    for event in 0..WARMING {
        run.event(event);
    }
    let (before, exchanges) = (run.host.delivered(), run.exchanges);
    let mut counted = 0;
    while counted < COUNTED {
        run.event(WARMING.saturating_add(counted));
        counted = counted.saturating_add(1);
        let enough = run.exchanges.saturating_sub(exchanges) > ENOUGH;
        if enough && counted >= FEWEST && counted.is_multiple_of(2) {
            break;
        }
    }
    let pdus = run.host.delivered().saturating_sub(before);
    let seconds = counted.saturating_mul(run.interval) as f64 / 1e9;
    pdus as f64 * f64::from(link.payload) * 8.0 / seconds
}

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Which {
    Sender,
    Receiver,
}

/// Something that a host learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Learned {
    Message(Message),
    Completed,
}

struct Run<'l> {
    link: &'l Link,
    interval: u64,
    central: Which,
    peripheral: Which,
    sender: Side,
    receiver: Side,
    host: Host,
    /// What the hosts will learn: time, order, end.
    due: BinaryHeap<Reverse<(u64, u64, Which, Learned)>>,
    order: u64,
    /// The peripheral's PDU that is not yet acknowledged.
    flight: Option<Pdu>,
    exchanges: u32,
}

impl<'l> Run<'l> {
    fn new(link: &'l Link) -> Self {
        let (central, peripheral) = if link.by_central {
            (Which::Sender, Which::Receiver)
        } else {
            (Which::Receiver, Which::Sender)
        };
        let mut run = Self {
            link,
            interval: u64::from(link.interval.max(1)).saturating_mul(1_250_000),
            central,
            peripheral,
            sender: Side::new(link.sender),
            receiver: Side::new(link.receiver),
            host: Host::new(link),
            due: BinaryHeap::new(),
            order: 0,
            flight: None,
            exchanges: 0,
        };
        run.fill(Which::Sender, 0);
        run
    }

    const fn side(&mut self, which: Which) -> &mut Side {
        match which {
            Which::Sender => &mut self.sender,
            Which::Receiver => &mut self.receiver,
        }
    }

    /// Runs one connection event: exchanges, while one side has announced more data and another exchange fits.
    fn event(&mut self, number: u64) {
        // The first event is an interval after the hosts have begun.
        let anchor = number.saturating_add(1).saturating_mul(self.interval);
        let end = anchor.saturating_add(self.interval);
        let (mut decided, mut begins) = (anchor, anchor);
        loop {
            self.exchanges = self.exchanges.saturating_add(1);
            let (over, central_more, peripheral_more) = self.exchange(decided, begins, end);
            if !central_more && !peripheral_more {
                return;
            }
            self.settle(over);
            let (central, length) = (self.central, self.link.data_length);
            let there = if self.side(central).has_data(over) { length } else { 0 };
            let back = if peripheral_more { length } else { 0 };
            let next = [ifs(), self.air(there), ifs(), self.air(back), ifs()];
            if next.into_iter().fold(over, u64::saturating_add) > end {
                return;
            }
            (decided, begins) = (over, over.saturating_add(ifs()));
        }
    }

    /// Runs one exchange. Returns when it is over, and whether the central and the peripheral have announced more data.
    fn exchange(&mut self, decided: u64, begins: u64, end: u64) -> (u64, bool, bool) {
        let (central, peripheral) = (self.central, self.peripheral);
        self.settle(decided);
        let there = self.side(central).pick(decided, |_| true);
        let central_more = self.side(central).has_data(decided);
        let sent = begins.saturating_add(self.air_of(there));
        self.settle(sent);
        if let Some(acknowledged) = self.flight.take() {
            self.acknowledge(peripheral, acknowledged, sent);
        }
        self.arrive(peripheral, there, sent);
        let answers = sent.saturating_add(ifs());
        let (two_mbit, encrypted) = (self.link.two_mbit, self.link.encrypted);
        let fits = |bytes| {
            let time = nanoseconds(radio::packet(two_mbit, encrypted, bytes));
            answers.saturating_add(time).saturating_add(ifs()) <= end
        };
        let back = self.side(peripheral).pick(sent, fits);
        let peripheral_more = self.side(peripheral).has_data(sent);
        let over = answers.saturating_add(self.air_of(back));
        self.settle(over);
        if let Some(acknowledged) = there {
            self.acknowledge(central, acknowledged, over);
        }
        self.arrive(central, back, over);
        self.flight = back;
        (over, central_more, peripheral_more)
    }

    fn air(&self, bytes: u16) -> u64 {
        nanoseconds(radio::packet(self.link.two_mbit, self.link.encrypted, bytes))
    }

    fn air_of(&self, pdu: Option<Pdu>) -> u64 {
        self.air(pdu.map_or(0, |pdu| pdu.bytes))
    }

    fn arrive(&mut self, which: Which, pdu: Option<Pdu>, at: u64) {
        let Some(pdu) = pdu else { return };
        let read = self.side(which).receive(at, pdu.bytes);
        if let Some(message) = pdu.whole {
            self.learn(read, which, Learned::Message(message));
        }
    }

    fn acknowledge(&mut self, which: Which, pdu: Pdu, at: u64) {
        if pdu.returns {
            let read = self.side(which).complete(at);
            self.learn(read, which, Learned::Completed);
        }
    }

    fn learn(&mut self, at: u64, which: Which, what: Learned) {
        self.order = self.order.wrapping_add(1);
        self.due.push(Reverse((at, self.order, which, what)));
    }

    /// Lets the hosts act on all that they learn before this time.
    fn settle(&mut self, before: u64) {
        while self.due.peek().is_some_and(|Reverse((at, ..))| *at < before) {
            let Some(Reverse((at, _, which, what))) = self.due.pop() else { return };
            match what {
                Learned::Message(message) => self.host.handle(message),
                Learned::Completed => self.side(which).release(),
            }
            self.fill(which, at);
        }
    }

    fn fill(&mut self, which: Which, now: u64) {
        let length = self.link.data_length;
        let Self { host, sender, receiver, .. } = self;
        match which {
            Which::Sender => sender.fill(now, length, || host.next_data()),
            Which::Receiver => receiver.fill(now, length, || host.next_answer()),
        }
    }
}

const fn ifs() -> u64 {
    nanoseconds(IFS)
}

const fn nanoseconds(microseconds: u32) -> u64 {
    (microseconds as u64).saturating_mul(1000)
}
