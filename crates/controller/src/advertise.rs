//! Advertising sets, and what one advertising event brings about. [Vol 6] Part B, 4.4.2

use bindrune_hci::{FilterPolicy, OwnAddressType, Phy, Role, Status};
use bindrune_wire::Address;
use embassy_time::{Duration, Instant};

use crate::{
    Air, ControllerId,
    air::{Medium, Timer},
    controller::Controller,
};

/// Which advertising set of a controller; the legacy one is beyond the numbers of extended sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SetKey(u16);

impl SetKey {
    pub(crate) const LEGACY: Self = Self(0x100);

    pub(crate) const fn extended(set: u8) -> Self {
        Self(set as u16)
    }

    /// The set's number in extended commands.
    pub(crate) fn number(self) -> Option<u8> {
        u8::try_from(self.0).ok()
    }
}

/// What advertising offers, on the air.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) connectable: bool,
    pub(crate) scannable: bool,
    pub(crate) high_duty: bool,
    /// By legacy PDUs, which every scanner hears.
    pub(crate) legacy: bool,
    pub(crate) anonymous: bool,
    pub(crate) include_tx_power: bool,
    /// To this device only.
    pub(crate) directed: Option<Address>,
}

/// An advertising set.
#[derive(Clone, Debug)]
pub(crate) struct AdvertisingSet {
    pub(crate) offer: Offer,
    pub(crate) interval: Duration,
    pub(crate) own: OwnAddressType,
    pub(crate) filter: FilterPolicy,
    /// The peer of the parameters, for whom private addresses are made.
    pub(crate) peer: Option<Address>,
    /// The random address of an extended set.
    pub(crate) random: Option<[u8; 6]>,
    pub(crate) data: Data,
    pub(crate) response: Data,
    pub(crate) sid: u8,
    pub(crate) tx_power: i8,
    pub(crate) primary_phy: Phy,
    pub(crate) secondary_phy: Phy,
    pub(crate) notify_scan_requests: bool,
    pub(crate) running: Option<Running>,
}

/// Advertising or scan response data.
#[derive(Clone, Debug, Default)]
pub(crate) struct Data {
    pub(crate) octets: Vec<u8>,
    /// The host has not sent the last fragment.
    pub(crate) incomplete: bool,
    /// Counts changes, as the advertising DID does.
    pub(crate) version: u16,
}

/// A set that is enabled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Running {
    pub(crate) number: u32,
    /// 0 for any number.
    pub(crate) max_events: u8,
    pub(crate) events: u8,
}

/// One advertising event, as others hear it.
#[derive(Debug)]
pub(crate) struct AdvertisingPdu {
    pub(crate) from: ControllerId,
    pub(crate) key: SetKey,
    /// `None` where the advertising is anonymous.
    pub(crate) address: Option<Address>,
    /// Whom directed advertising is for, on air.
    pub(crate) target: Option<Address>,
    pub(crate) set: AdvertisingSet,
}

impl AdvertisingPdu {
    /// The random address that applies to the set.
    pub(crate) fn random(&self, advertiser: &Controller) -> Option<[u8; 6]> {
        self.set.random.or(advertiser.random_address)
    }
}

impl Controller {
    /// Starts a set that has its parameters.
    pub(crate) fn start_set(
        &mut self,
        key: SetKey,
        now: Instant,
        duration: Option<Duration>,
        max_events: u8,
    ) -> Option<[(Instant, Timer); 2]> {
        let (id, number) = (self.id, self.next_number());
        let set = self.sets.get_mut(&key)?;
        set.running = Some(Running { number, max_events, events: 0 });
        let high_duty = set.offer.high_duty.then_some(HIGH_DUTY_LIMIT);
        let end = duration.or(high_duty).map_or(Instant::MAX, |wait| now.saturating_add(wait));
        let first = now.saturating_add(START);
        Some([
            (first, Timer::Advertise(id, key, number)),
            (end, Timer::AdvertiseEnd(id, key, number)),
        ])
    }

    /// Returns whether one set at least is enabled.
    pub(crate) fn is_advertising(&self) -> bool {
        self.sets.values().any(|set| set.running.is_some())
    }

    fn running_set(&self, key: SetKey, number: u32) -> Option<&AdvertisingSet> {
        self.sets.get(&key).filter(|set| set.running.is_some_and(|r| r.number == number))
    }
}

impl Medium {
    pub(crate) fn start_set(
        &mut self,
        id: ControllerId,
        key: SetKey,
        duration: Option<Duration>,
        max_events: u8,
    ) {
        let now = self.now;
        let timers = self.controllers[id].start_set(key, now, duration, max_events);
        for (at, timer) in timers.into_iter().flatten().filter(|&(at, _)| at < Instant::MAX) {
            self.timers.set(at, timer);
        }
    }
}

impl Air {
    /// One advertising event of a set; `number` says of which enabling.
    pub(crate) fn advertising_event(&mut self, id: ControllerId, key: SetKey, number: u32) {
        let controller = &self.medium.controllers[id];
        let Some(set) = controller.running_set(key, number) else { return };
        let random = set.random.or(controller.random_address);
        let now = self.medium.now;
        let own = controller.address_for(set.own, random, set.peer, now);
        let address = own.map(|(address, _)| address).filter(|_| !set.offer.anonymous);
        let target = set.offer.directed.map(|peer| controller.target(set.own, peer, now));
        let pdu = AdvertisingPdu { from: id, key, address, target, set: set.clone() };
        for other in self.medium.controllers.ids() {
            if self.medium.radio.loses(id, other) {
                continue;
            }
            self.medium.scanner_receives(other, &pdu);
            if self.initiator_receives(other, &pdu) {
                return;
            }
        }
        self.next_event(id, key);
    }

    fn next_event(&mut self, id: ControllerId, key: SetKey) {
        let m = &mut self.medium;
        let Some(set) = m.controllers[id].sets.get_mut(&key) else { return };
        let Some(running) = &mut set.running else { return };
        running.events = running.events.saturating_add(1);
        let Running { number, max_events, events } = *running;
        if max_events > 0 && events >= max_events {
            return self.stop_set(id, key, Status::LIMIT_REACHED, None);
        }
        let delay = if set.offer.high_duty { 0 } else { m.radio.rng.below(ADVERTISING_DELAY) };
        let interval = if set.offer.high_duty { HIGH_DUTY_INTERVAL } else { set.interval };
        let at = m.now.saturating_add(interval).saturating_add(Duration::from_micros(delay));
        m.timers.set(at, Timer::Advertise(id, key, number));
    }

    /// The time that the host gave a set is over.
    pub(crate) fn advertising_ends(&mut self, id: ControllerId, key: SetKey, number: u32) {
        if self.medium.controllers[id].running_set(key, number).is_some() {
            self.stop_set(id, key, Status::ADVERTISING_TIMEOUT, None);
        }
    }

    /// A set stops by itself, for a connection or another reason, and the host is told.
    pub(crate) fn stop_set(
        &mut self,
        id: ControllerId,
        key: SetKey,
        status: Status,
        link: Option<u16>,
    ) {
        let controller = &mut self.medium.controllers[id];
        let Some(set) = controller.sets.get_mut(&key) else { return };
        let events = set.running.take().map_or(0, |running| running.events);
        match key.number() {
            Some(number) => controller.set_terminated(number, status, link, events),
            None if link.is_none() => controller.connection_failed(status, Role::PERIPHERAL),
            None => {}
        }
    }
}

/// From the command to the first advertising event.
const START: Duration = Duration::from_micros(1250);

/// The random part of the time between advertising events, in microseconds. [Vol 6] Part B, 4.4.2.2.1
const ADVERTISING_DELAY: u64 = 10_000;

/// High duty cycle directed advertising: at least this often, and at most this long. [Vol 6] Part B, 4.4.2.4.3
const HIGH_DUTY_INTERVAL: Duration = Duration::from_micros(3750);
const HIGH_DUTY_LIMIT: Duration = Duration::from_millis(1280);
