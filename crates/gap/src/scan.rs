//! Scanning: one wish, and the reports that it brings. [Vol 4] Part E, 7.8.10, 7.8.11, 7.8.64, 7.8.65

mod command;
mod merge;
mod reassembly;
mod report;
mod ring;
mod seen;

use bindrune_hci::{
    Opcode, OwnAddressType, PhyMask, Status,
    event::{AdvertisingReport, ExtendedAdvertisingReport},
};
use bindrune_wire::Writer;
use embassy_time::{Duration, Instant};

use crate::{ControllerInfo, accept_list::ListState, command::RETRY};
use merge::Merger;
use reassembly::Reassembly;
use report::Meta;
pub use report::{Report, ReportFlags};
use ring::Ring;

/// What to scan for, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Ask scannable advertisers for their scan response.
    pub active: bool,
    /// Time from the start of one window to the next: 2.5 ms to 10.24 s.
    pub interval: Duration,
    /// Time of scanning in each interval; at most the interval.
    pub window: Duration,
    /// Leave out what was reported already: the same data of the same advertiser. The host remembers 128 reports; with
    /// more advertisers than that, some are reported again.
    pub filter_duplicates: bool,
    /// With active scanning: report legacy advertising together with its scan response, as one.
    pub merge: bool,
    /// Only peers of the accept list.
    pub accept_list_only: bool,
    /// LE 1M and LE Coded; others, and Coded where extended commands are not in use, are left out.
    pub phys: PhyMask,
}

impl Scan {
    /// Passive, all the time, every report.
    #[must_use]
    pub const fn passive() -> Self {
        Self {
            active: false,
            interval: Duration::from_millis(60),
            window: Duration::from_millis(60),
            filter_duplicates: false,
            merge: false,
            accept_list_only: false,
            phys: PhyMask::LE_1M,
        }
    }

    /// Active, all the time; each advertiser once, together with its scan response.
    #[must_use]
    pub const fn active() -> Self {
        Self { active: true, filter_duplicates: true, merge: true, ..Self::passive() }
    }
}

/// The scanner.
#[derive(Debug)]
pub(crate) struct Scanner {
    wish: Option<Scan>,
    /// Somebody looks for a peer: everything is reported to it, whatever the wish.
    seek: bool,
    seek_failed: Option<Status>,
    step: Step,
    changed: bool,
    /// What is on.
    on: Option<Scan>,
    sent: Option<Step>,
    /// The kind of our address in the parameters that the controller has.
    own: Option<OwnAddressType>,
    retry_at: Option<Instant>,
    ended: Option<Status>,
    ring: Ring,
    reassembly: Reassembly,
    merger: Merger,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Off,
    Parameters,
    On,
}

impl Scanner {
    /// Three quarters of `memory` hold reports, the rest the one that comes in parts.
    pub(crate) fn new(memory: &'static mut [u8]) -> Self {
        let part = memory.len().checked_div(4).unwrap_or_default().min(reassembly::DATA_MAX);
        let (reassembly, ring) = memory.split_at_mut_checked(part).unwrap_or_default();
        Self {
            wish: None,
            seek: false,
            seek_failed: None,
            step: Step::Parameters,
            changed: false,
            on: None,
            sent: None,
            own: None,
            retry_at: None,
            ended: None,
            ring: Ring::new(ring),
            reassembly: Reassembly::new(reassembly),
            merger: Merger::EMPTY,
        }
    }

    /// Forgets the wish and all reports.
    pub(crate) fn reset(&mut self) {
        self.restart();
        self.wish = None;
        (self.seek, self.seek_failed) = (false, None);
        self.ended = None;
        self.ring.reset();
    }

    /// The controller was reset: the wish is to be told again.
    pub(crate) fn restart(&mut self) {
        self.step = Step::Parameters;
        (self.changed, self.on, self.sent, self.retry_at) = (false, None, None, None);
        self.reassembly.clear();
        self.merger.clear();
    }

    pub(crate) const fn is_on(&self) -> bool {
        self.on.is_some()
    }

    /// True where what is on, or wished, asks for scan responses.
    pub(crate) fn is_active(&self) -> bool {
        self.on.or(self.wish).is_some_and(|scan| scan.active)
    }

    #[cfg(test)]
    pub(crate) const fn is_wished(&self) -> bool {
        self.wish.is_some()
    }

    pub(crate) fn uses_list(&self) -> bool {
        self.on.is_some_and(|scan| scan.accept_list_only)
    }

    pub(crate) fn wish(&mut self, scan: Scan) {
        self.withdraw();
        self.ring.clear();
        self.reassembly.clear();
        self.merger.clear();
        self.wish = Some(scan);
    }

    pub(crate) const fn withdraw(&mut self) {
        self.wish = None;
        self.ended = None;
        self.step = Step::Parameters;
        self.changed = self.sent.is_some();
    }

    /// Scans for all that is connectable, beside what is wished.
    pub(crate) fn seek(&mut self, on: bool) {
        if self.seek != on {
            self.seek = on;
            self.seek_failed = None;
            self.step = Step::Parameters;
            self.changed = self.sent.is_some();
        }
    }

    pub(crate) const fn poll_seek_failed(&mut self) -> Option<Status> {
        self.seek_failed.take()
    }

    /// What the controller is to do.
    fn aim(&self) -> Option<Scan> {
        if !self.seek {
            return self.wish;
        }
        let wish = self.wish.unwrap_or(Scan::passive());
        Some(Scan { filter_duplicates: false, accept_list_only: false, ..wish })
    }

    /// Writes the command that is missing. Scanning by the accept list follows its state; none goes on while `pause`.
    pub(crate) fn poll_command(
        &mut self,
        info: &ControllerInfo,
        list: ListState,
        pause: bool,
        w: &mut Writer<'_>,
    ) -> Option<Opcode> {
        let own = info.own_address_type();
        if self.own != Some(own) {
            self.step = Step::Parameters;
        }
        let step = self.next(list, pause)?;
        let scan = self.aim().or(self.on)?;
        let opcode = match step {
            Step::Off => command::disable(info, w)?,
            Step::Parameters => {
                self.own = Some(own);
                command::parameters(&scan, info, w)?
            }
            Step::On => command::enable(&scan, info, w)?,
        };
        self.sent = Some(step);
        Some(opcode)
    }

    fn next(&mut self, list: ListState, pause: bool) -> Option<Step> {
        if let Some(on) = self.on {
            let fits = self.aim().is_some() && self.step == Step::On;
            let off = !fits || pause || (on.accept_list_only && list != ListState::Current);
            return (off && self.retry_at.is_none()).then_some(Step::Off);
        }
        let wish = self.aim()?;
        match list {
            ListState::Failed(status) if wish.accept_list_only => {
                self.fail(status);
                None
            }
            ListState::Held if wish.accept_list_only => None,
            ListState::Current | ListState::Held | ListState::Failed(_) => {
                (!pause).then_some(self.step)
            }
        }
    }

    const fn fail(&mut self, status: Status) {
        if self.seek {
            self.seek_failed = Some(status);
            self.seek = false;
        }
        let wished = self.wish.is_some();
        self.withdraw();
        if wished {
            self.ended = Some(status);
        }
    }

    /// The answer to the command of [`Self::poll_command`].
    pub(crate) fn answered(&mut self, now: Instant, status: Status) {
        let Some(step) = self.sent.take() else { return };
        let changed = core::mem::take(&mut self.changed);
        match (step, status.ok()) {
            (Step::Off, Ok(())) => self.on = None,
            (Step::Off, Err(_)) => self.retry_at = now.checked_add(RETRY),
            (Step::Parameters, Ok(())) if !changed => self.step = Step::On,
            (Step::On, Ok(())) => {
                // Where the wish changed, what is on is unknown: it is turned off, as if it used everything.
                let everything = Scan { accept_list_only: true, ..Scan::active() };
                self.on = self.aim().filter(|_| !changed).or(Some(everything));
                self.retry_at = None;
            }
            (Step::Parameters | Step::On, Err(status)) if !changed => self.fail(status),
            (Step::Parameters, Ok(())) | (Step::Parameters | Step::On, Err(_)) => {}
        }
    }

    pub(crate) const fn poll_ended(&mut self) -> Option<Status> {
        self.ended.take()
    }

    /// A report of legacy scanning.
    pub(crate) fn legacy_report(&mut self, now: Instant, report: &AdvertisingReport<'_>) {
        self.take(now, &Meta::legacy(report), report.data);
    }

    /// A report of extended scanning: whole, or a part.
    pub(crate) fn extended_report(&mut self, now: Instant, report: &ExtendedAdvertisingReport<'_>) {
        let Some(wish) = self.reported() else { return };
        let (meta, data) = (Meta::extended(report), report.data);
        if meta.is_legacy() {
            return self.take(now, &meta, data);
        }
        let Self { reassembly, ring, merger, .. } = self;
        reassembly.part(meta, report.data_status, data, |meta, data| {
            if !(wish.filter_duplicates && merger.is_duplicate(&meta, data, &[])) {
                ring.push(&meta, data, &[]);
            }
        });
    }

    /// The wish whose reports these are. While all is reported, nothing shows what is in the accept list.
    fn reported(&self) -> Option<Scan> {
        self.wish.filter(|wish| !(self.seek && wish.accept_list_only))
    }

    /// A whole report.
    fn take(&mut self, now: Instant, meta: &Meta, data: &[u8]) {
        let Some(wish) = self.reported() else { return };
        let Self { ring, merger, .. } = self;
        if wish.active && wish.merge {
            merger.take(now, meta, data, wish.filter_duplicates, |meta, first, second| {
                ring.push(meta, first, second);
            });
        } else if !(wish.filter_duplicates && merger.is_duplicate(meta, data, &[])) {
            ring.push(meta, data, &[]);
        }
    }

    /// Takes the oldest report, its data copied to `buffer`.
    pub(crate) fn next_report<'b>(&mut self, buffer: &'b mut [u8]) -> Option<Report<'b>> {
        self.ring.pop(buffer)
    }

    pub(crate) const fn has_report(&self) -> bool {
        !self.ring.is_empty()
    }

    /// How many reports were overwritten before they were taken, since the wish.
    pub(crate) const fn lost(&self) -> u32 {
        self.ring.lost()
    }

    pub(crate) const fn lost_in_all(&self) -> u32 {
        self.ring.lost_in_all()
    }

    pub(crate) fn poll_timeout(&self) -> Option<(Instant, Deadline)> {
        let merge = self.merger.poll_timeout().map(|at| (at, Deadline::Merge));
        let retry = self.retry_at.map(|at| (at, Deadline::Retry));
        merge.into_iter().chain(retry).min_by_key(|&(at, _)| at)
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_at = None;
        }
        let filter = self.wish.is_some_and(|wish| wish.filter_duplicates);
        let Self { ring, merger, .. } = self;
        merger.handle_timeout(now, filter, |meta, first, second| ring.push(meta, first, second));
    }
}

/// What a scanner waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deadline {
    Merge,
    Retry,
}

#[cfg(test)]
mod tests;
