//! Sniff mode: exchanges begin at anchor points, and go on while data moves. [Vol 2] Part B, 8.7

use bindrune_hci::Status;
use embassy_time::Instant;

use super::{ClassicLink, Party, manager::Message, slots};
use crate::{air::Medium, classic::events::MODE_CHANGE};

/// What one end requests of the other, in slots and pairs of slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::classic) struct Request {
    pub(in crate::classic) interval: u16,
    pub(in crate::classic) attempt: u16,
    pub(in crate::classic) timeout: u16,
}

/// A link in sniff mode.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sniff {
    request: Request,
    anchor: Instant,
    /// Until when the peripheral listens after the last anchor point.
    listens_until: Instant,
}

impl Sniff {
    /// Returns when the next exchange may begin, `at` at the earliest.
    fn next(&self, at: Instant) -> Instant {
        if at < self.listens_until {
            return at;
        }
        let interval = slots(u32::from(self.request.interval)).as_ticks().max(1);
        let passed = at.as_ticks().saturating_sub(self.anchor.as_ticks()).div_ceil(interval);
        let after = passed.saturating_mul(interval);
        Instant::from_ticks(self.anchor.as_ticks().saturating_add(after))
    }

    fn listen(&mut self, now: Instant, pairs: u16) {
        let until = now.saturating_add(slots(u32::from(pairs).saturating_mul(2)));
        self.listens_until = self.listens_until.max(until);
    }
}

impl ClassicLink {
    /// Requests sniff mode, or the end of it with `None`.
    pub(in crate::classic) fn request_mode(
        &mut self,
        party: Party,
        request: Option<Request>,
        m: &mut Medium,
    ) -> Result<(), Status> {
        if request.is_some() == self.sniff.is_some() {
            return Err(Status::COMMAND_DISALLOWED);
        }
        if request.is_some() && self.side(party).policy & SNIFF_ALLOWED == 0 {
            return Err(Status::COMMAND_DISALLOWED);
        }
        self.push(party, Message::Mode(request), m);
        Ok(())
    }

    /// Handles a request that arrived at `party`, whose policy may forbid sniff mode; it cannot forbid the end of it.
    /// [Vol 2] Part C, 4.5.3
    pub(super) fn mode_requested(
        &mut self,
        party: Party,
        request: Option<Request>,
        m: &mut Medium,
    ) {
        if request.is_some() && self.side(party).policy & SNIFF_ALLOWED == 0 {
            return self.push(party, Message::ModeRefused, m);
        }
        let anchor = m.now;
        self.sniff = request.map(|request| Sniff { request, anchor, listens_until: m.now });
        for party in [Party::Pager, Party::Paged] {
            self.report_mode(party, Status::SUCCESS, m);
        }
    }

    pub(super) fn report_mode(&self, party: Party, status: Status, m: &mut Medium) {
        let handle = self.side(party).handle.to_le_bytes();
        let (mode, interval) = self.sniff.map_or((0, 0), |sniff| (SNIFF, sniff.request.interval));
        let parts: [&[u8]; 4] = [&[status.0], &handle, &[mode], &interval.to_le_bytes()];
        self.emit(party, MODE_CHANGE, &parts, m);
    }

    /// Returns when the next exchange may begin, `at` at the earliest.
    pub(super) fn awake(&self, at: Instant) -> Instant {
        self.sniff.map_or(at, |sniff| sniff.next(at))
    }

    /// Records that an exchange begins: at an anchor point, the peripheral listens for a while.
    pub(super) fn begin_sniff(&mut self, now: Instant) {
        if let Some(sniff) = self.sniff.as_mut().filter(|sniff| now >= sniff.listens_until) {
            sniff.listen(now, sniff.request.attempt);
        }
    }

    /// Records that data moved: the peripheral listens on.
    pub(super) fn prolong_sniff(&mut self, now: Instant) {
        if let Some(sniff) = &mut self.sniff {
            sniff.listen(now, sniff.request.timeout);
        }
    }
}

/// Mode of Mode Change. [Vol 4] Part E, 7.7.20
const SNIFF: u8 = 2;

/// Link policy: sniff mode is allowed. [Vol 4] Part E, 7.2.10
const SNIFF_ALLOWED: u16 = 4;
