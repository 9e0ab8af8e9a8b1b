//! Scanners: their windows and their reports. [Vol 6] Part B, 4.4.3

use std::collections::BTreeSet;

use bindrune_hci::{DeviceAddress, FilterPolicy, OwnAddressType, Phy, ScanFilterPolicy};
use bindrune_wire::Address;
use embassy_time::{Duration, Instant};

use crate::{
    ControllerId,
    advertise::AdvertisingPdu,
    air::{Medium, Timer},
    controller::{Controller, Report},
    privacy::{Peer, Target},
};

/// A controller's scanner.
#[derive(Clone, Debug)]
pub(crate) struct Scanner {
    pub(crate) parameters: ScanParameters,
    pub(crate) running: Option<Scanning>,
}

/// Parameters from the host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScanParameters {
    pub(crate) active: bool,
    pub(crate) interval: Duration,
    pub(crate) window: Duration,
    pub(crate) own: OwnAddressType,
    pub(crate) filter: ScanFilterPolicy,
}

/// A scanner that is enabled.
#[derive(Clone, Debug)]
pub(crate) struct Scanning {
    pub(crate) number: u32,
    pub(crate) since: Instant,
    pub(crate) extended: bool,
    /// Reports that must not be repeated, if duplicates are filtered.
    pub(crate) seen: Option<BTreeSet<Seen>>,
    pub(crate) forgets_each_period: bool,
    /// Duration of scanning, and time from one start to the next; zero for no limit.
    pub(crate) duration: Duration,
    pub(crate) period: Duration,
    /// Whether it pauses between two periods.
    pub(crate) paused: bool,
}

/// An advertiser as a scanner receives it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sighting {
    pub(crate) peer: Peer,
    /// Target of its advertising.
    pub(crate) target: Option<DeviceAddress>,
}

/// The values that make a report a duplicate.
pub(crate) type Seen = (u8, [u8; 6], u16, u8, u16);

impl Default for Scanner {
    fn default() -> Self {
        let ten = Duration::from_millis(10);
        let parameters = ScanParameters {
            active: false,
            interval: ten,
            window: ten,
            own: OwnAddressType::PUBLIC,
            filter: ScanFilterPolicy::ALL,
        };
        Self { parameters, running: None }
    }
}

/// Returns whether a scanner that listens for `window` in each `interval` listens now.
pub(crate) fn listens(now: Instant, since: Instant, interval: Duration, window: Duration) -> bool {
    let passed = now.saturating_duration_since(since).as_micros();
    passed.checked_rem(interval.as_micros()).is_none_or(|phase| phase < window.as_micros())
}

impl Controller {
    /// Returns the address in this controller's scan requests to `peer`.
    fn scanner_address(&self, peer: Option<Address>, now: Instant) -> Option<Address> {
        let own = self.scanner.parameters.own;
        self.address_for(own, self.random_address, peer, now).map(|(address, _)| address)
    }

    /// Returns the advertiser's identity, if the scanner listens and reports it.
    fn scans_for(&self, pdu: &AdvertisingPdu, now: Instant) -> Option<Sighting> {
        let ScanParameters { interval, window, filter, own, .. } = self.scanner.parameters;
        let scanning = self.scanner.running.as_ref()?;
        let peer = self.privacy.resolve(pdu.address)?;
        let listed = match filter {
            ScanFilterPolicy::BY_LIST | ScanFilterPolicy::BY_LIST_OR_RESOLVABLE => {
                self.accepts(peer.address)
            }
            _ => true,
        };
        let takes_unresolved = filter.0 >= ScanFilterPolicy::ALL_OR_RESOLVABLE.0;
        let target = match self.is_target(pdu.target, own, self.random_address) {
            Target::Anyone => None,
            Target::Us(target) => Some(target),
            Target::Unresolved(target) if takes_unresolved => Some(target),
            Target::Unresolved(_) | Target::Other => return None,
        };
        let receives = pdu.set.offer.legacy || scanning.extended;
        let all = listed
            && receives
            && !scanning.paused
            && pdu.set.primary_phy == Phy::LE_1M
            && listens(now, scanning.since, interval, window);
        all.then_some(Sighting { peer, target })
    }

    /// Reports an advertiser, unless it is a duplicate.
    fn report_once(&mut self, report: &Report<'_>) {
        let Some(scanning) = &mut self.scanner.running else { return };
        let kind = report.event_type.bits();
        let version = if scanning.extended { report.version } else { 0 };
        let (address, octets) = (report.address.kind.0, report.address.octets);
        let key = (address, octets, kind, report.sid, version);
        if scanning.seen.as_mut().is_none_or(|seen| seen.insert(key)) {
            let extended = scanning.extended;
            self.report(report, extended);
        }
    }

    fn asks_for_response(&self, pdu: &AdvertisingPdu) -> bool {
        self.scanner.parameters.active && pdu.set.offer.scannable
    }

    /// Returns whether the advertiser answers a scan request from this address. [Vol 6] Part B, 4.3.2
    fn answers_scan(&self, pdu: &AdvertisingPdu, scanner: Address) -> bool {
        let by_list = [FilterPolicy::SCAN_BY_LIST, FilterPolicy::BY_LIST];
        let scanner = self.privacy.resolve(Some(scanner));
        scanner.is_some_and(|scanner| {
            !by_list.contains(&pdu.set.filter) || self.accepts(scanner.address)
        })
    }
}

impl Medium {
    /// Handles an advertising event at a controller that may be scanning.
    pub(crate) fn scanner_receives(&mut self, id: ControllerId, pdu: &AdvertisingPdu) {
        let Some(sighting) = self.controllers[id].scans_for(pdu, self.now) else { return };
        let rssi = self.radio.rssi(pdu.from, id);
        self.controllers[id].privacy.note(sighting.peer);
        self.controllers[id].report_once(&Report::advertisement(pdu, sighting, rssi));
        let scanner = self.controllers[id].scanner_address(sighting.peer.address, self.now);
        let Some(scanner) = scanner.filter(|_| self.controllers[id].asks_for_response(pdu)) else {
            return;
        };
        let answered = self.controllers[pdu.from].answers_scan(pdu, scanner);
        if answered && !self.radio.loses(id, pdu.from) {
            if let Some(set) = pdu.key.number().filter(|_| pdu.set.notify_scan_requests) {
                let advertiser = &mut self.controllers[pdu.from];
                if let Some(scanner) = advertiser.privacy.resolve(Some(scanner)) {
                    advertiser.scan_requested(set, scanner.device());
                }
            }
            if !self.radio.loses(pdu.from, id) {
                self.controllers[id].report_once(&Report::scan_response(pdu, sighting, rssi));
            }
        }
    }

    /// Starts the enabled scanner's duration.
    pub(crate) fn time_scan(&mut self, id: ControllerId) {
        let now = self.now;
        if let Some(scanning) = &self.controllers[id].scanner.running
            && scanning.duration > Duration::MIN
        {
            let timer = Timer::ScanEnd(id, scanning.number);
            self.timers.set(now.saturating_add(scanning.duration), timer);
        }
    }

    /// Handles the end of an extended scan's duration, or the start of its next period. [Vol 4] Part
    /// E, 7.8.65
    pub(crate) fn scan_ends(&mut self, id: ControllerId, number: u32) {
        let now = self.now;
        let controller = &mut self.controllers[id];
        let Some(scanning) = controller.scanner.running.as_mut().filter(|s| s.number == number)
        else {
            return;
        };
        if scanning.period <= scanning.duration {
            controller.scanner.running = None;
            return controller.scan_timed_out();
        }
        scanning.paused = !scanning.paused;
        let pause = Duration::from_micros(
            scanning.period.as_micros().saturating_sub(scanning.duration.as_micros()),
        );
        let wait = if scanning.paused { pause } else { scanning.duration };
        if !scanning.paused {
            scanning.since = now;
            if scanning.forgets_each_period {
                scanning.seen.iter_mut().for_each(BTreeSet::clear);
            }
        }
        self.timers.set(now.saturating_add(wait), Timer::ScanEnd(id, number));
    }
}

/// Returns the set's number as reports show it.
pub(crate) const fn sid(pdu: &AdvertisingPdu) -> u8 {
    if pdu.set.offer.legacy { NO_SID } else { pdu.set.sid }
}

/// Reports of legacy PDUs have no advertising SID.
const NO_SID: u8 = 0xff;
