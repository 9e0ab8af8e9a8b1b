use bindrune_wire::time::Instant;
use embassy_time::Duration;

use super::{
    report::{Meta, ReportFlags},
    seen::Seen,
};
use crate::{AdData, adv_data::LEGACY_DATA_MAX};

/// Holds legacy advertising back until its scan response arrives, and drops duplicates.
#[derive(Debug)]
pub(super) struct Merger {
    pending: [Option<Pending>; PENDING],
    seen: Seen,
}

/// Advertising that waits for its scan response.
#[derive(Clone, Copy, Debug)]
struct Pending {
    meta: Meta,
    data: [u8; LEGACY_DATA_MAX],
    len: usize,
    until: Instant,
}

/// Maximum number of advertisers that wait for their scan response.
const PENDING: usize = 4;
/// Time limit for a scan response: three advertising events at a usual interval.
const WAIT: Duration = Duration::from_millis(300);

impl Pending {
    fn data(&self) -> &[u8] {
        self.data.get(..self.len).unwrap_or_default()
    }
}

impl Merger {
    pub(super) const EMPTY: Self = Self { pending: [None; PENDING], seen: Seen::EMPTY };

    pub(super) const fn clear(&mut self) {
        *self = Self::EMPTY;
    }

    /// Takes a legacy report, and delivers complete ones: report, advertising data, scan response.
    pub(super) fn take(
        &mut self,
        now: Instant,
        meta: &Meta,
        data: &[u8],
        filter: bool,
        mut deliver: impl FnMut(&Meta, &[u8], &[u8]),
    ) {
        let slot =
            self.pending.iter().position(|p| p.is_some_and(|p| p.meta.address == meta.address));
        let before = slot.and_then(|at| self.pending.get_mut(at)?.take());
        if meta.is_scan_response() {
            let (meta, first) = match &before {
                Some(before) => (before.meta.merged_with(meta), before.data()),
                None => (*meta, &[][..]),
            };
            let first = first.get(..AdData::new(first).whole_len()).unwrap_or_default();
            self.release(&meta, first, data, filter, &mut deliver);
        } else if meta.has(ReportFlags::SCANNABLE) && data.len() <= LEGACY_DATA_MAX {
            let until = now + WAIT;
            let until = before.map_or(until, |before| before.until);
            let mut pending = Pending { meta: *meta, data: [0; 31], len: data.len(), until };
            pending.data.iter_mut().zip(data).for_each(|(to, from)| *to = *from);
            self.hold(pending, filter, &mut deliver);
        } else {
            self.release(meta, data, &[], filter, &mut deliver);
        }
    }

    /// Keeps a report; if there is no room, delivers the oldest one without its scan response.
    fn hold(
        &mut self,
        pending: Pending,
        filter: bool,
        deliver: &mut impl FnMut(&Meta, &[u8], &[u8]),
    ) {
        let oldest = self.pending.iter_mut().min_by_key(|p| p.map(|p| p.until));
        let evicted = oldest.and_then(|oldest| oldest.replace(pending));
        if let Some(evicted) = evicted {
            self.release(&evicted.meta, evicted.data(), &[], filter, deliver);
        }
    }

    fn release(
        &mut self,
        meta: &Meta,
        first: &[u8],
        second: &[u8],
        filter: bool,
        deliver: &mut impl FnMut(&Meta, &[u8], &[u8]),
    ) {
        if !(filter && self.is_duplicate(meta, first, second)) {
            deliver(meta, first, second);
        }
    }

    /// Returns whether the same report was delivered before; records it if not.
    pub(super) fn is_duplicate(&mut self, meta: &Meta, first: &[u8], second: &[u8]) -> bool {
        self.seen.is_duplicate(meta, first, second)
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.pending.iter().flatten().map(|p| p.until).min()
    }

    /// Delivers reports that have waited long enough, without their scan response.
    pub(super) fn handle_timeout(
        &mut self,
        now: Instant,
        filter: bool,
        mut deliver: impl FnMut(&Meta, &[u8], &[u8]),
    ) {
        for at in 0..PENDING {
            let due = self.pending.get_mut(at).and_then(|p| p.take_if(|p| p.until <= now));
            if let Some(due) = due {
                self.release(&due.meta, due.data(), &[], filter, &mut deliver);
            }
        }
    }
}

impl Meta {
    fn merged_with(mut self, response: &Self) -> Self {
        self.set(ReportFlags::SCAN_RESPONSE);
        self.set(ReportFlags::MERGED);
        self.refresh(response);
        self
    }
}
