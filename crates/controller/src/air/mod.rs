//! The air: all controllers, the links between them, and time.

mod medium;

use core::fmt;
use std::collections::BTreeMap;

use embassy_time::Instant;

use crate::{
    ControllerConfig, Violations,
    classic::{ClassicLink, ClassicLinkId},
    controller::Controller,
    link::{Link, LinkId},
};

use medium::{Controllers, Radio, Timers};
pub(crate) use medium::{Medium, Timer};

/// Identifies a controller on its air. It must not be used on another air.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ControllerId(pub(crate) usize);

impl ControllerId {
    /// Returns the controller's number on its air: 0 for the first.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0
    }

    /// Returns the number in default addresses: 1 for the first.
    pub(crate) const fn number(self) -> usize {
        self.0.wrapping_add(1)
    }
}

impl fmt::Debug for ControllerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Virtual controllers and the air between them, without I/O and without a clock.
///
/// - Set-up: [`Self::new`], [`Self::add`], [`Self::set_loss`], [`Self::set_reachable`].
/// - Inputs: [`Self::receive`] takes octets from a host, [`Self::handle_timeout`] lets time pass,
///   [`Self::power_cycle`].
/// - Outputs: [`Self::transmit`] returns the next packet for a host, [`Self::poll_timeout`] returns when to call
///   again.
/// - Getters: [`Self::violations`], [`Self::lost_reports`], [`Self::has_output`], [`Self::ids`].
///
/// The same seed and the same calls produce the same octets.
#[derive(Debug)]
pub struct Air {
    pub(crate) medium: Medium,
    pub(crate) links: BTreeMap<LinkId, Link>,
    pub(crate) classic: BTreeMap<ClassicLinkId, ClassicLink>,
    pub(crate) next_link: u32,
}

impl Air {
    /// Creates an empty air whose randomness depends only on `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            medium: Medium {
                now: Instant::from_ticks(0),
                radio: Radio::new(seed),
                timers: Timers::default(),
                controllers: Controllers::default(),
            },
            links: BTreeMap::new(),
            classic: BTreeMap::new(),
            next_link: 0,
        }
    }

    /// Adds a controller, just powered on, within reach of all others.
    pub fn add(&mut self, config: ControllerConfig) -> ControllerId {
        let id = ControllerId(self.medium.controllers.len());
        self.medium.controllers.push(Controller::new(id, config));
        id
    }

    /// Returns all controllers, in the order in which they were added.
    pub fn ids(&self) -> impl Iterator<Item = ControllerId> + use<> {
        self.medium.controllers.ids()
    }

    /// Loses this share of all packets on the air, in percent; 100 or more loses all.
    ///
    /// Lost advertising is not received; a packet that is lost on a link is sent again.
    pub const fn set_loss(&mut self, percent: u8) {
        self.medium.radio.loss = percent;
    }

    /// Puts two controllers within or out of reach of each other.
    ///
    /// If they stay out of reach, a link between them ends by its supervision timeout.
    pub fn set_reachable(&mut self, a: ControllerId, b: ControllerId, reachable: bool) {
        self.medium.radio.set_reachable(a, b, reachable);
    }

    /// Cuts a controller's power for a moment: it loses all state, and its peers receive nothing more.
    pub fn power_cycle(&mut self, id: ControllerId) {
        self.cut_links(id);
        self.medium.controllers[id].power_off();
    }

    /// Takes H4 octets from the host of a controller, in chunks of any size.
    pub fn receive(&mut self, id: ControllerId, now: Instant, octets: &[u8]) {
        self.handle_timeout(now);
        self.handle_octets(id, octets);
    }

    /// Returns the next H4 packet for the host of a controller.
    pub fn transmit(&mut self, id: ControllerId) -> Option<Vec<u8>> {
        self.medium.controllers[id].transmit()
    }

    /// Returns whether the host of a controller has something to read.
    #[must_use]
    pub fn has_output(&self, id: ControllerId) -> bool {
        self.medium.controllers[id].has_output()
    }

    /// Returns when [`Self::handle_timeout`] must be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.medium.timers.earliest()
    }

    /// Lets time pass until `now`; every event happens at its own time. Time never goes back.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, timer)) = self.medium.timers.take_due(now) {
            self.medium.now = at.max(self.medium.now);
            self.turn(timer);
        }
        self.medium.now = now.max(self.medium.now);
    }

    /// Returns the violations of HCI rules by the host of a controller.
    #[must_use]
    pub fn violations(&self, id: ControllerId) -> Violations {
        self.medium.controllers[id].violations
    }

    /// Returns the number of advertising reports that were dropped because the host of a controller did not read.
    #[must_use]
    pub fn lost_reports(&self, id: ControllerId) -> u64 {
        self.medium.controllers[id].lost_reports()
    }

    /// Returns a short summary of the activities.
    pub(crate) fn summary(&self) -> String {
        let mut text = format!("{} links", self.links.len().saturating_add(self.classic.len()));
        for id in self.ids() {
            let c = &self.medium.controllers[id];
            let scanning = if c.scanner.running.is_some() { ", scans" } else { "" };
            let initiating = if c.initiator.is_some() { ", connects" } else { "" };
            let advertising = if c.is_advertising() { ", advertises" } else { "" };
            let unread = if c.has_output() { ", has unread packets" } else { "" };
            let links = c.links.len().saturating_add(c.classic.links.len());
            text.push_str(&format!("; {id:?}: {links} links"));
            text.extend([scanning, initiating, advertising, unread]);
        }
        text
    }

    fn turn(&mut self, timer: Timer) {
        match timer {
            Timer::Command(id, number) => self.command_due(id, number),
            Timer::Key(id, number) => self.medium.key_due(id, number),
            Timer::Advertise(id, key, number) => self.advertising_event(id, key, number),
            Timer::AdvertiseEnd(id, key, number) => self.advertising_ends(id, key, number),
            Timer::ScanEnd(id, number) => self.medium.scan_ends(id, number),
            Timer::Classic(timer) => self.classic_turn(timer),
            Timer::Link(id) => {
                if let Some(link) = self.links.get_mut(&id) {
                    link.step(&mut self.medium);
                    if link.is_gone() {
                        self.links.remove(&id);
                    }
                }
            }
        }
    }

    /// Handles HCI_Reset: the controller's links become silent, and their peers detect it by themselves.
    pub(crate) fn reset(&mut self, id: ControllerId) {
        self.cut_links(id);
        self.medium.controllers[id].reset();
    }

    fn cut_links(&mut self, id: ControllerId) {
        self.cut_classic(id);
        let links = self.medium.controllers[id].links.clone();
        for (link, end) in links.into_values() {
            if let Some(link) = self.links.get_mut(&link) {
                link.cut(end);
            }
        }
        self.links.retain(|_, link| !link.is_gone());
    }
}
