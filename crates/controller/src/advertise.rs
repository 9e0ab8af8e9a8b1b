//! Advertising sets, and the effects of an advertising event. [Vol 6] Part B, 4.4.2

use bindrune_hci::{FilterPolicy, OwnAddressType, Phy, Role, Status};
use bindrune_wire::Address;
use embassy_time::{Duration, Instant};

use crate::{
    Air, ControllerId,
    air::{Medium, Timer},
    controller::Controller,
};

/// Key of an advertising set of a controller; the key of the legacy set is beyond the numbers of extended
/// sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SetKey(u16);

impl SetKey {
    pub(crate) const LEGACY: Self = Self(0x100);

    pub(crate) const fn extended(set: u8) -> Self {
        Self(set as u16)
    }

    /// Returns the set's number in extended commands.
    pub(crate) fn number(self) -> Option<u8> {
        u8::try_from(self.0).ok()
    }
}

/// Properties of advertising on the air.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) connectable: bool,
    pub(crate) scannable: bool,
    pub(crate) high_duty: bool,
    /// Whether it uses legacy PDUs, which every scanner receives.
    pub(crate) legacy: bool,
    pub(crate) anonymous: bool,
    pub(crate) include_tx_power: bool,
    /// The only device that it is for.
    pub(crate) directed: Option<Address>,
}

/// An advertising set.
#[derive(Clone, Debug)]
pub(crate) struct AdvertisingSet {
    pub(crate) offer: Offer,
    pub(crate) interval: Duration,
    pub(crate) own: OwnAddressType,
    pub(crate) filter: FilterPolicy,
    /// The peer in the parameters, for which private addresses are generated.
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
    /// Whether the last fragment of the host is missing.
    pub(crate) incomplete: bool,
    /// Number of changes, like the advertising DID.
    pub(crate) version: u16,
}

/// A set that is enabled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Running {
    pub(crate) number: u32,
    /// Maximum number of events; 0 for no limit.
    pub(crate) max_events: u8,
    pub(crate) events: u8,
}

/// One advertising event, as other controllers receive it.
#[derive(Debug)]
pub(crate) struct AdvertisingPdu {
    pub(crate) from: ControllerId,
    pub(crate) key: SetKey,
    /// `None` if the advertising is anonymous.
    pub(crate) address: Option<Address>,
    /// Target of directed advertising, as on the air.
    pub(crate) target: Option<Address>,
    pub(crate) set: AdvertisingSet,
}

impl AdvertisingPdu {
    /// Returns the random address of the set.
    pub(crate) fn random(&self, advertiser: &Controller) -> Option<[u8; 6]> {
        self.set.random.or(advertiser.random_address)
    }
}

impl Controller {
    /// Starts a set whose parameters are set.
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

    /// Returns whether at least one set is enabled.
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
    /// Runs one advertising event of a set; `number` identifies the enabling.
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

    /// Ends a set after the time that the host set.
    pub(crate) fn advertising_ends(&mut self, id: ControllerId, key: SetKey, number: u32) {
        if self.medium.controllers[id].running_set(key, number).is_some() {
            self.stop_set(id, key, Status::ADVERTISING_TIMEOUT, None);
        }
    }

    /// Stops a set, because of a connection or for another reason, and reports that to the host.
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

/// Time from the command to the first advertising event.
const START: Duration = Duration::from_micros(1250);

/// Maximum of the random part of the time between advertising events, in microseconds. [Vol 6] Part B,
/// 4.4.2.2.1
const ADVERTISING_DELAY: u64 = 10_000;

/// High duty cycle directed advertising: longest interval, and longest duration. [Vol 6] Part B, 4.4.2.4.3
const HIGH_DUTY_INTERVAL: Duration = Duration::from_micros(3750);
const HIGH_DUTY_LIMIT: Duration = Duration::from_millis(1280);
