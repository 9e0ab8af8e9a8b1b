use embassy_time::{Duration, Instant};

use super::report::{Meta, ReportFlags};
use crate::{AdData, adv_data::LEGACY_DATA_MAX};

/// Holds legacy advertising back until its scan response is there, and leaves out what was reported before.
#[derive(Debug)]
pub(super) struct Merger {
    pending: [Option<Pending>; PENDING],
    seen: [u32; SEEN],
    /// Where the next entry of `seen` goes.
    next_seen: usize,
}

/// Advertising whose scan response is awaited.
#[derive(Clone, Copy, Debug)]
struct Pending {
    meta: Meta,
    data: [u8; LEGACY_DATA_MAX],
    len: usize,
    until: Instant,
}

/// Advertisers whose scan response is awaited at a time.
const PENDING: usize = 4;
/// Reports that are remembered to leave out duplicates.
const SEEN: usize = 32;
/// How long a scan response is awaited: three advertising events at a usual interval.
const WAIT: Duration = Duration::from_millis(300);

impl Pending {
    fn data(&self) -> &[u8] {
        self.data.get(..self.len).unwrap_or_default()
    }
}

impl Merger {
    pub(super) const EMPTY: Self = Self { pending: [None; PENDING], seen: [0; SEEN], next_seen: 0 };

    pub(super) const fn clear(&mut self) {
        *self = Self::EMPTY;
    }

    /// Takes a legacy report, and delivers what is ready: report, advertising data, scan response.
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
            let until = now.checked_add(WAIT).unwrap_or(now);
            let until = before.map_or(until, |before| before.until);
            let mut pending = Pending { meta: *meta, data: [0; 31], len: data.len(), until };
            pending.data.iter_mut().zip(data).for_each(|(to, from)| *to = *from);
            self.hold(pending, filter, &mut deliver);
        } else {
            self.release(meta, data, &[], filter, &mut deliver);
        }
    }

    /// Keeps a report; where there is no room, the oldest goes without its scan response.
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

    /// True where the same was seen lately; else it is remembered.
    pub(super) fn is_duplicate(&mut self, meta: &Meta, first: &[u8], second: &[u8]) -> bool {
        let id = [&[meta.address.kind.0, meta.flags, meta.sid], &meta.address.octets[..]];
        let octets = id.into_iter().chain([first, second]).flatten();
        // FNV-1a; 0 stands for nothing.
        let hash = octets
            .fold(0x811c_9dc5_u32, |hash, &o| (hash ^ u32::from(o)).wrapping_mul(0x0100_0193))
            .max(1);
        if self.seen.contains(&hash) {
            return true;
        }
        if let Some(entry) = self.seen.get_mut(self.next_seen) {
            *entry = hash;
        }
        self.next_seen = self.next_seen.wrapping_add(1).checked_rem(SEEN).unwrap_or_default();
        false
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.pending.iter().flatten().map(|p| p.until).min()
    }

    /// Delivers what has waited long enough, without its scan response.
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
