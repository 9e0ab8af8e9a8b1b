//! Connection events: their times, and the alternation of PDUs in them. [Vol 6] Part B, 4.5

use bindrune_hci::Status;
use embassy_time::{Duration, Instant};

use super::{
    End, Link, Parameters, Side,
    air_time::{self, IFS, LinkPhy},
};
use crate::air::{Medium, Timer};

/// Position of a link in time.
#[derive(Debug)]
pub(crate) struct Schedule {
    created: Instant,
    /// Start of the current connection event, or of the first one.
    anchor: Instant,
    /// Number of connection events since the start of the link.
    counter: u16,
    step: Step,
    /// Number of connection events that the peripheral has skipped in a row.
    skipped: u16,
    /// Whether the peripheral had no room for the central's PDU.
    refused: bool,
    /// MD of the central's PDU: whether it had more to send at its start.
    central_more: bool,
    /// MD of the peripheral's PDU.
    peripheral_more: bool,
    /// New parameters, and the event at which they take effect.
    update: Option<(u16, Parameters)>,
    /// New PHYs of the central and of the peripheral, and the event at which they take effect.
    phy_update: Option<(u16, LinkPhy, LinkPhy)>,
}

/// Meaning of the link's timer.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A connection event begins.
    Anchor,
    /// The central's PDU has been sent.
    Central,
    /// The peripheral's PDU has been sent.
    Peripheral,
}

impl Schedule {
    pub(super) const fn new(created: Instant, first: Instant) -> Self {
        Self {
            created,
            anchor: first,
            counter: 0,
            step: Step::Anchor,
            skipped: 0,
            refused: false,
            central_more: false,
            peripheral_more: false,
            update: None,
            phy_update: None,
        }
    }

    pub(super) const fn is_updating(&self) -> bool {
        self.update.is_some()
    }

    pub(super) const fn is_changing_phy(&self) -> bool {
        self.phy_update.is_some()
    }

    pub(super) const fn plan_update(&mut self, parameters: Parameters) {
        self.update = Some((self.counter.wrapping_add(INSTANT), parameters));
    }

    pub(super) const fn plan_phy(&mut self, central: LinkPhy, peripheral: LinkPhy) {
        self.phy_update = Some((self.counter.wrapping_add(INSTANT), central, peripheral));
    }
}

impl Link {
    /// Handles the link's timer.
    pub(crate) fn step(&mut self, m: &mut Medium) {
        match self.schedule.step {
            Step::Anchor => self.begin_event(m),
            Step::Central => self.central_sent(m),
            Step::Peripheral => self.peripheral_sent(m),
        }
    }

    pub(super) fn set_timer(&self, m: &mut Medium, at: Instant) {
        m.timers.set(at, Timer::Link(self.id));
    }

    fn begin_event(&mut self, m: &mut Medium) {
        self.schedule.anchor = m.now;
        self.reach_instants(m);
        self.supervise(m);
        if self.is_gone() {
            return;
        }
        if self.skips_event() || !self.central.open {
            self.end_event(m);
        } else {
            self.central_sends(m, m.now);
        }
    }

    fn reach_instants(&mut self, m: &mut Medium) {
        let counter = self.schedule.counter;
        if let Some((_, parameters)) = self.schedule.update.take_if(|(at, _)| *at == counter) {
            self.apply_parameters(parameters, m);
        }
        let phys = self.schedule.phy_update.take_if(|(at, ..)| *at == counter);
        if let Some((_, central, peripheral)) = phys {
            self.apply_phys(central, peripheral, m);
        }
    }

    /// Ends the link at an end that has been without packets for too long. [Vol 6] Part B, 4.5.2
    fn supervise(&mut self, m: &mut Medium) {
        for end in [End::Central, End::Peripheral] {
            let (pdu, interval) = (self.side(end).pdu, self.parameters.interval());
            let (since, limit, reason) = match pdu {
                Some(at) => (at, self.parameters.timeout(), Status::CONNECTION_TIMEOUT),
                None => {
                    let six = interval.as_micros().saturating_mul(6);
                    let wait = self.schedule.created.saturating_add(Duration::from_micros(six));
                    (wait, interval, Status::FAILED_TO_ESTABLISH)
                }
            };
            if self.encryption.gives_up(m.now) {
                self.close(end, Status::LL_RESPONSE_TIMEOUT, m);
            }
            let pending = &self.side(end).pending;
            if m.now >= since.saturating_add(limit) || pending.gives_up(m.now) {
                self.close(end, pending.end_reason(reason), m);
            }
        }
    }

    /// Returns whether the peripheral uses its latency to skip this event.
    fn skips_event(&mut self) -> bool {
        let may = self.schedule.skipped < self.parameters.latency
            && self.peripheral.pdu.is_some()
            && self.schedule.update.is_none()
            && self.schedule.phy_update.is_none();
        let skips = may && !self.peripheral.transmitter.is_busy();
        self.schedule.skipped = if skips { self.schedule.skipped.saturating_add(1) } else { 0 };
        skips
    }

    fn central_sends(&mut self, m: &mut Medium, at: Instant) {
        let limit = self.central.lengths.payload(self.central.phy);
        let octets = self.central.transmitter.pick(limit, |_| true);
        let time = air_time::pdu(self.central.phy, octets, self.encryption.is_on());
        self.schedule.central_more = self.central.transmitter.has_more();
        self.schedule.step = Step::Central;
        self.set_timer(m, at.saturating_add(time));
    }

    fn central_sent(&mut self, m: &mut Medium) {
        let lost = m.radio.loses(self.central.controller, self.peripheral.controller);
        if lost || !self.peripheral.open {
            return self.end_event(m);
        }
        self.schedule.refused = !self.arrive(End::Peripheral, m);
        if !self.peripheral.open || !self.central.open {
            return self.end_event(m);
        }
        let peripheral = &mut self.peripheral;
        let (phy, encrypted) = (peripheral.phy, self.encryption.is_on());
        let begin = m.now.saturating_add(IFS);
        let latest = self.schedule.anchor.saturating_add(self.parameters.interval());
        let ends = |octets| begin.saturating_add(air_time::pdu(phy, octets, encrypted));
        let fits = |octets| ends(octets).saturating_add(IFS) <= latest;
        let octets = peripheral.transmitter.pick(peripheral.lengths.payload(phy), fits);
        self.schedule.peripheral_more = peripheral.transmitter.has_more();
        self.schedule.step = Step::Peripheral;
        self.set_timer(m, ends(octets));
    }

    fn peripheral_sent(&mut self, m: &mut Medium) {
        let lost = m.radio.loses(self.peripheral.controller, self.central.controller);
        if lost || !self.central.open {
            return self.end_event(m);
        }
        let taken = self.arrive(End::Central, m) && !self.schedule.refused;
        let both_open = self.central.open && self.peripheral.open;
        if taken && both_open && self.goes_on(m.now) {
            self.central_sends(m, m.now.saturating_add(IFS));
        } else {
            self.end_event(m);
        }
    }

    /// Returns whether the connection event continues: one of the two announced more data, and a further exchange
    /// ends T_IFS before the next connection event. A peripheral that announced no more data is expected to answer
    /// with an empty PDU. [Vol 6] Part B, 4.5.1, 4.5.6
    fn goes_on(&self, now: Instant) -> bool {
        let (central, peripheral) = (&self.central, &self.peripheral);
        if !self.schedule.central_more && !self.schedule.peripheral_more {
            return false;
        }
        let longest = |side: &Side, busy| {
            let payload = if busy { side.lengths.payload(side.phy) } else { 0 };
            air_time::pdu(side.phy, payload, self.encryption.is_on())
        };
        let there = longest(central, central.transmitter.is_busy());
        let back = longest(peripheral, self.schedule.peripheral_more);
        let end = [IFS, there, IFS, back, IFS].into_iter().fold(now, Instant::saturating_add);
        end <= self.schedule.anchor.saturating_add(self.parameters.interval())
    }

    fn end_event(&mut self, m: &mut Medium) {
        if self.is_gone() {
            return;
        }
        self.schedule.step = Step::Anchor;
        self.schedule.counter = self.schedule.counter.wrapping_add(1);
        let next = self.schedule.anchor.saturating_add(self.parameters.interval());
        self.set_timer(m, next.max(m.now));
    }
}

/// Number of connection events from an update PDU to its instant. [Vol 6] Part B, 5.5
const INSTANT: u16 = 6;
