//! Scanning: one request, and its reports. [Vol 4] Part E, 7.8.10, 7.8.11, 7.8.64, 7.8.65

mod command;
mod merge;
mod reassembly;
mod report;
mod request;
mod ring;
mod seen;

use bindrune_hci::{
    Opcode, OwnAddressType, Status,
    event::{AdvertisingReport, ExtendedAdvertisingReport},
};
use bindrune_wire::{Writer, time::Instant};

use crate::{ControllerInfo, accept_list::ListState, command::RETRY};
use merge::Merger;
use reassembly::Reassembly;
use report::Meta;
pub use report::{Report, ReportFlags};
pub use request::{Scan, ScanEnd};
use ring::Ring;

/// The scanner.
#[derive(Debug)]
pub(crate) struct Scanner {
    /// The request stays until it is released, also after it has failed.
    request: Option<Scan>,
    /// Reason why the request ended.
    failed: Option<ScanEnd>,
    /// Whether the initiator searches for a peer: the scanner then takes every report, whatever the request is.
    seek: bool,
    seek_failed: Option<Status>,
    step: Step,
    changed: bool,
    /// The scan that is on.
    on: Option<Scan>,
    sent: Option<Step>,
    /// The type of our address in the controller's parameters.
    own: Option<OwnAddressType>,
    retry_at: Option<Instant>,
    /// The end of the request's time, once it is on.
    until: Option<Instant>,
    pending_event: Option<ScanEnd>,
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
    /// Three quarters of `memory` hold reports; the rest holds a report that arrives in parts.
    pub(crate) fn new(memory: &'static mut [u8]) -> Self {
        let part = memory.len().checked_div(4).unwrap_or_default().min(reassembly::DATA_MAX);
        let (reassembly, ring) = memory.split_at_mut_checked(part).unwrap_or_default();
        Self {
            request: None,
            failed: None,
            seek: false,
            seek_failed: None,
            step: Step::Parameters,
            changed: false,
            on: None,
            sent: None,
            own: None,
            retry_at: None,
            until: None,
            pending_event: None,
            ring: Ring::new(ring),
            reassembly: Reassembly::new(reassembly),
            merger: Merger::EMPTY,
        }
    }

    /// Drops the request and all reports.
    pub(crate) fn reset(&mut self) {
        self.restart();
        self.release();
        self.changed = false;
        (self.seek, self.seek_failed) = (false, None);
        self.ring.reset();
    }

    /// Starts again after a reset of the controller: the request is sent again.
    pub(crate) fn restart(&mut self) {
        self.step = Step::Parameters;
        (self.changed, self.on, self.sent, self.retry_at) = (false, None, None, None);
        self.reassembly.clear();
        self.merger.clear();
    }

    pub(crate) const fn is_on(&self) -> bool {
        self.on.is_some()
    }

    /// Returns whether the active or requested scan asks for scan responses.
    pub(crate) fn is_active(&self) -> bool {
        self.on.or(self.active()).is_some_and(|scan| scan.active)
    }

    /// Returns the request, if it has not failed.
    pub(crate) fn active(&self) -> Option<Scan> {
        self.request.filter(|_| self.failed.is_none())
    }

    /// Returns whether the request is active or ended; `None` without one.
    pub(crate) fn outcome(&self) -> Option<Result<(), ScanEnd>> {
        // A report that waits for its scan response is delivered first.
        let merging =
            |end: &ScanEnd| *end == ScanEnd::Timeout && self.merger.poll_timeout().is_some();
        self.request.map(|_| self.failed.filter(|end| !merging(end)).map_or(Ok(()), Err))
    }

    pub(crate) fn uses_list(&self) -> bool {
        self.on.is_some_and(|scan| scan.accept_list_only)
    }

    pub(crate) fn request(&mut self, scan: Scan) {
        self.release();
        self.ring.clear();
        self.reassembly.clear();
        self.merger.clear();
        self.request = Some(scan);
    }

    pub(crate) const fn release(&mut self) {
        self.request = None;
        self.failed = None;
        self.pending_event = None;
        self.until = None;
        self.stale();
    }

    /// Ends the request if it is pending.
    pub(crate) fn withdraw(&mut self) {
        if self.active().is_some() {
            self.failed = Some(ScanEnd::Withdrawn);
            self.stale();
        }
    }

    const fn stale(&mut self) {
        self.step = Step::Parameters;
        self.changed = self.sent.is_some();
    }

    /// Scans for every connectable device, in addition to the request.
    pub(crate) fn seek(&mut self, on: bool) {
        if self.seek != on {
            self.seek = on;
            self.seek_failed = None;
            self.stale();
        }
    }

    pub(crate) const fn poll_seek_failed(&mut self) -> Option<Status> {
        self.seek_failed.take()
    }

    /// Returns the scan that the controller should run.
    fn aim(&self) -> Option<Scan> {
        if !self.seek {
            return self.active();
        }
        let request = self.active().unwrap_or(Scan::passive());
        Some(Scan { filter_duplicates: false, accept_list_only: false, ..request })
    }

    /// Writes the missing command. Scanning by the accept list follows its state; starts nothing while `pause` is
    /// set.
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
        let aim = self.aim()?;
        match list {
            ListState::Failed(status) if aim.accept_list_only => {
                self.fail(status);
                None
            }
            ListState::Held if aim.accept_list_only => None,
            ListState::Current | ListState::Held | ListState::Failed(_) => {
                (!pause).then_some(self.step)
            }
        }
    }

    /// Fails the request, because scanning is impossible.
    pub(crate) fn fail_all(&mut self, status: Status) {
        if self.aim().is_some() {
            self.fail(status);
        }
    }

    const fn end(&mut self, end: ScanEnd) {
        (self.failed, self.pending_event, self.until) = (Some(end), Some(end), None);
    }

    fn fail(&mut self, status: Status) {
        if self.seek {
            self.seek_failed = Some(status);
            self.seek = false;
        }
        if self.active().is_some() {
            self.end(ScanEnd::Failed(status));
        }
        self.stale();
    }

    /// Takes the answer to the command of [`Self::poll_command`].
    pub(crate) fn answered(&mut self, now: Instant, status: Status) {
        let Some(step) = self.sent.take() else { return };
        let changed = core::mem::take(&mut self.changed);
        match (step, status.ok()) {
            (Step::Off, Ok(())) => self.on = None,
            (Step::Off, Err(_)) => self.retry_at = Some(now + RETRY),
            (Step::Parameters, Ok(())) if !changed => self.step = Step::On,
            (Step::On, Ok(())) => {
                // If the request changed, the active scan is unknown: it is turned off, as if it used everything.
                let everything = Scan { accept_list_only: true, ..Scan::active() };
                self.on = self.aim().filter(|_| !changed).or(Some(everything));
                self.retry_at = None;
                let timeout = self.active().filter(|_| !changed && self.until.is_none());
                if let Some(timeout) = timeout.and_then(|request| request.timeout) {
                    self.until = now.checked_add(timeout);
                }
            }
            (Step::Parameters | Step::On, Err(status)) if !changed => self.fail(status),
            (Step::Parameters, Ok(())) | (Step::Parameters | Step::On, Err(_)) => {}
        }
    }

    pub(crate) const fn poll_ended(&mut self) -> Option<ScanEnd> {
        self.pending_event.take()
    }

    /// Handles a report of legacy scanning.
    pub(crate) fn legacy_report(&mut self, now: Instant, report: &AdvertisingReport<'_>) {
        self.take(now, &Meta::legacy(report), report.data);
    }

    /// Handles a report of extended scanning: a whole one, or a part.
    pub(crate) fn extended_report(&mut self, now: Instant, report: &ExtendedAdvertisingReport<'_>) {
        let Some(request) = self.reported() else { return };
        let (meta, data) = (Meta::extended(report), report.data);
        if meta.is_legacy() {
            return self.take(now, &meta, data);
        }
        let Self { reassembly, ring, merger, .. } = self;
        reassembly.part(meta, report.data_status, data, |meta, data| {
            if !(request.filter_duplicates && merger.is_duplicate(&meta, data, &[])) {
                ring.push(&meta, data, &[]);
            }
        });
    }

    /// Returns the request that the reports belong to. While the scanner searches for a peer, reports do not show
    /// which advertisers are in the accept list.
    fn reported(&self) -> Option<Scan> {
        self.active().filter(|request| !(self.seek && request.accept_list_only))
    }

    /// Handles a whole report.
    fn take(&mut self, now: Instant, meta: &Meta, data: &[u8]) {
        let Some(request) = self.reported() else { return };
        let Self { ring, merger, .. } = self;
        if request.active && request.merge {
            merger.take(now, meta, data, request.filter_duplicates, |meta, first, second| {
                ring.push(meta, first, second);
            });
        } else if !(request.filter_duplicates && merger.is_duplicate(meta, data, &[])) {
            ring.push(meta, data, &[]);
        }
    }

    /// Returns whether there is nothing to scan for, or the scanner only waits for the accept list or a retry.
    #[cfg(any(test, feature = "std"))]
    pub(crate) fn waits(&self, list: ListState) -> bool {
        let listed = |aim: Scan| aim.accept_list_only && list != ListState::Current;
        self.retry_at.is_some() || self.aim().is_none_or(listed)
    }

    /// Takes the oldest report and copies its data to `buffer`.
    pub(crate) fn next_report<'b>(&mut self, buffer: &'b mut [u8]) -> Option<Report<'b>> {
        self.ring.pop(buffer)
    }

    pub(crate) const fn has_report(&self) -> bool {
        !self.ring.is_empty()
    }

    /// Returns how many reports were overwritten before they were taken, since the request.
    pub(crate) const fn lost(&self) -> u32 {
        self.ring.lost()
    }

    pub(crate) const fn lost_in_all(&self) -> u32 {
        self.ring.lost_in_all()
    }

    pub(crate) fn poll_timeout(&self) -> Option<(Instant, Deadline)> {
        let merge = self.merger.poll_timeout().map(|at| (at, Deadline::Merge));
        let retry = self.retry_at.map(|at| (at, Deadline::Retry));
        let end = self.until.map(|at| (at, Deadline::End));
        merge.into_iter().chain(retry).chain(end).min_by_key(|&(at, _)| at)
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_at = None;
        }
        let filter = self.active().is_some_and(|request| request.filter_duplicates);
        if self.until.is_some_and(|at| at <= now) {
            self.end(ScanEnd::Timeout);
            self.stale();
        }
        let Self { ring, merger, .. } = self;
        merger.handle_timeout(now, filter, |meta, first, second| ring.push(meta, first, second));
    }
}

/// Deadlines of a scanner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deadline {
    Merge,
    Retry,
    /// The time limit of the request passed.
    End,
}

#[cfg(test)]
mod tests;
