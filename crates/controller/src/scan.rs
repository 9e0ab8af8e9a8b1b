//! Scanners: when they listen, and what they report. [Vol 6] Part B, 4.4.3

use std::collections::BTreeSet;

use bindrune_hci::{FilterPolicy, OwnAddressType, Phy, ScanFilterPolicy};
use bindrune_wire::Address;
use embassy_time::{Duration, Instant};

use crate::{
    ControllerId,
    advertise::Heard,
    air::{Medium, Timer},
    controller::{Controller, Report},
};

/// A controller's scanner.
#[derive(Clone, Debug)]
pub(crate) struct Scanner {
    pub(crate) parameters: ScanParameters,
    pub(crate) running: Option<Scanning>,
}

/// What the host told it.
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
    /// What was reported and shall not be again, where duplicates are filtered.
    pub(crate) seen: Option<BTreeSet<Seen>>,
    pub(crate) forgets_each_period: bool,
    /// How long it scans, and how long from one beginning to the next; zero for ever.
    pub(crate) duration: Duration,
    pub(crate) period: Duration,
    /// Between two periods.
    pub(crate) paused: bool,
}

/// What makes a report a duplicate.
pub(crate) type Seen = (Option<Address>, u16, u8, u16);

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

/// True when one who listens for `window` in each `interval` does so now.
pub(crate) fn listens(now: Instant, since: Instant, interval: Duration, window: Duration) -> bool {
    let passed = now.saturating_duration_since(since).as_micros();
    passed.checked_rem(interval.as_micros()).is_none_or(|phase| phase < window.as_micros())
}

impl Controller {
    /// The address in this controller's scan requests.
    fn scanner_address(&self) -> Option<Address> {
        self.own_address(self.scanner.parameters.own, self.random_address)
    }

    fn scans_for(&self, heard: &Heard, now: Instant) -> bool {
        let ScanParameters { interval, window, filter, .. } = self.scanner.parameters;
        let Some(scanning) = &self.scanner.running else { return false };
        let listed = match filter {
            ScanFilterPolicy::BY_LIST | ScanFilterPolicy::BY_LIST_OR_RESOLVABLE => {
                self.accepts(heard.address)
            }
            _ => true,
        };
        let ours = heard.set.offer.directed.is_none_or(|to| Some(to) == self.scanner_address());
        let hears = heard.set.offer.legacy || scanning.extended;
        listed
            && ours
            && hears
            && !scanning.paused
            && heard.set.primary_phy == Phy::LE_1M
            && listens(now, scanning.since, interval, window)
    }

    /// Reports what was heard, unless it is a duplicate.
    fn report_once(&mut self, report: &Report<'_>) {
        let Some(scanning) = &mut self.scanner.running else { return };
        let kind = report.event_type.bits();
        let version = if scanning.extended { report.version } else { 0 };
        let key = (report.address, kind, report.sid, version);
        if scanning.seen.as_mut().is_none_or(|seen| seen.insert(key)) {
            let extended = scanning.extended;
            self.report(report, extended);
        }
    }

    fn asks_for_response(&self, heard: &Heard) -> bool {
        self.scanner.parameters.active && heard.set.offer.scannable
    }

    /// True when the advertiser answers a scan request from this address. [Vol 6] Part B, 4.3.2
    fn answers_scan(&self, heard: &Heard, scanner: Address) -> bool {
        let by_list = [FilterPolicy::SCAN_BY_LIST, FilterPolicy::BY_LIST];
        !by_list.contains(&heard.set.filter) || self.accepts(Some(scanner))
    }
}

impl Medium {
    /// An advertising event reaches a controller, which may be scanning.
    pub(crate) fn scanner_hears(&mut self, id: ControllerId, heard: &Heard) {
        if !self.controllers[id].scans_for(heard, self.now) {
            return;
        }
        let rssi = self.radio.rssi(heard.from, id);
        self.controllers[id].report_once(&Report::advertisement(heard, rssi));
        let scanner = self.controllers[id].scanner_address();
        let Some(scanner) = scanner.filter(|_| self.controllers[id].asks_for_response(heard))
        else {
            return;
        };
        let answered = self.controllers[heard.from].answers_scan(heard, scanner);
        if answered && !self.radio.loses(id, heard.from) {
            if let Some(set) = heard.key.number().filter(|_| heard.set.notify_scan_requests) {
                self.controllers[heard.from].scan_requested(set, scanner);
            }
            if !self.radio.loses(heard.from, id) {
                self.controllers[id].report_once(&Report::scan_response(heard, rssi));
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

    /// The duration of an extended scan is over, or its next period begins. [Vol 4] Part E, 7.8.65
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

/// The set's number as far as a report shows it.
pub(crate) const fn sid(heard: &Heard) -> u8 {
    if heard.set.offer.legacy { NO_SID } else { heard.set.sid }
}

/// Reports of legacy PDUs have no advertising SID.
const NO_SID: u8 = 0xff;
