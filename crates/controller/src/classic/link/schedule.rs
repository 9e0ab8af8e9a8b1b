//! Slots: the central sends, then the peripheral answers. [Vol 2] Part B, 8.6

use embassy_time::Instant;

use super::{ClassicLink, Party, slots};
use crate::air::Medium;

/// What the next step of the link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The central begins an exchange.
    Begin,
    /// The central's packet ends.
    CentralSent,
    /// The peripheral's packet ends.
    PeripheralSent,
}

impl ClassicLink {
    /// Does what is due now.
    pub(in crate::classic) fn step(&mut self, m: &mut Medium) {
        if self.is_gone() || self.due.is_none_or(|due| due > m.now) {
            return;
        }
        self.due = None;
        match self.step {
            Step::Begin => self.begin(m),
            Step::CentralSent => self.central_sent(m),
            Step::PeripheralSent => self.peripheral_sent(m),
        }
    }

    /// Lets the link notice that the host of `party` has something to send.
    pub(super) fn wake(&mut self, party: Party, m: &mut Medium) {
        if party == self.central
            && self.step == Step::Begin
            && self.side(party).transmitter.is_busy()
        {
            let pair = slots(2).as_ticks();
            let into = m.now.as_ticks().checked_rem(pair).unwrap_or(0);
            let wait = if into == 0 { 0 } else { pair.saturating_sub(into) };
            let next = Instant::from_ticks(m.now.as_ticks().saturating_add(wait));
            self.set_timer(self.awake(next), m);
        }
    }

    fn begin(&mut self, m: &mut Medium) {
        self.begin_sniff(m.now);
        self.supervise(m);
        self.pairing_times_out(m);
        self.flush_old(m);
        if self.is_gone() {
            return;
        }
        let count = self.pick(self.central, m);
        self.go(Step::CentralSent, count, m);
    }

    /// Puts the next packet of `party` in flight; returns its slots.
    fn pick(&mut self, party: Party, m: &Medium) -> u8 {
        let enhanced = [self.pager.controller, self.paged.controller].into_iter().all(|id| {
            m.controllers[id]
                .config
                .classic
                .as_ref()
                .is_some_and(|config| config.enhanced_data_rate)
        });
        let side = self.side_mut(party);
        if side.open { side.transmitter.pick(side.packet_types, enhanced) } else { 1 }
    }

    fn go(&mut self, step: Step, count: u8, m: &mut Medium) {
        self.step = step;
        self.set_timer(m.now.saturating_add(slots(u32::from(count))), m);
    }

    /// Returns whether a packet of `from` arrives.
    fn reaches(&self, from: Party, m: &mut Medium) -> bool {
        let (from, to) = (self.side(from), self.side(from.other()));
        from.open && to.open && !m.radio.loses(from.controller, to.controller)
    }

    fn central_sent(&mut self, m: &mut Medium) {
        let (central, peripheral) = (self.central, self.central.other());
        if !self.reaches(central, m) {
            let busy = self.side(central).transmitter.is_busy();
            return self.end(busy, 1, m);
        }
        if self.arrive(peripheral, m) {
            self.moved(m);
        }
        let count = self.pick(peripheral, m);
        self.go(Step::PeripheralSent, count, m);
    }

    fn peripheral_sent(&mut self, m: &mut Medium) {
        let central = self.central;
        if self.reaches(central.other(), m) && self.arrive(central, m) {
            self.moved(m);
        }
        let busy = self.lively > 0 || self.side(central).transmitter.is_busy();
        self.end(busy, 0, m);
    }

    /// Ends an exchange, `rest` slots before the next one may begin.
    fn end(&mut self, busy: bool, rest: u32, m: &mut Medium) {
        if self.is_gone() {
            return;
        }
        self.switch_if_due(m);
        self.step = Step::Begin;
        self.lively = self.lively.saturating_sub(1);
        let wait = if busy { 0 } else { POLL_INTERVAL };
        let next = m.now.saturating_add(slots(rest.saturating_add(wait)));
        self.set_timer(self.awake(next), m);
        self.wake(self.central, m);
    }

    /// Records that data moved.
    fn moved(&mut self, m: &Medium) {
        self.lively = LIVELY;
        self.prolong_sniff(m.now);
    }
}

/// Slots between two polls of a link without data, 25 ms; even. [Vol 2] Part B, 8.6
const POLL_INTERVAL: u32 = 40;

/// Number of polls without a pause after data.
const LIVELY: u8 = 16;
