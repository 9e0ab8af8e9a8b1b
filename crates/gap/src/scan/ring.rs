use core::fmt;

use bindrune_wire::zerocopy::{FromBytes, IntoBytes};

use super::report::{Meta, Report, ReportFlags};

/// Reports in a slice, as many as fit. A new one overwrites the oldest.
///
/// A record is the length of its data in two octets, its [`Meta`], and its data; it may wrap around the end of the
/// slice.
pub(super) struct Ring {
    octets: &'static mut [u8],
    /// Offset of the oldest record.
    start: usize,
    /// Octets in use from there.
    len: usize,
    lost: u32,
    /// Number of reports that were lost before the ring was last cleared.
    lost_before: u32,
}

const HEADER: usize = size_of::<u16>() + size_of::<Meta>();

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ring({} of {} octets, {} lost)", self.len, self.octets.len(), self.lost)
    }
}

impl Ring {
    pub(super) const fn new(octets: &'static mut [u8]) -> Self {
        Self { octets, start: 0, len: 0, lost: 0, lost_before: 0 }
    }

    pub(super) const fn clear(&mut self) {
        self.lost_before = self.lost_in_all();
        (self.start, self.len, self.lost) = (0, 0, 0);
    }

    /// Clears the ring and all counts.
    pub(super) const fn reset(&mut self) {
        self.clear();
        self.lost_before = 0;
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns how many reports were overwritten, or did not fit at all.
    pub(super) const fn lost(&self) -> u32 {
        self.lost
    }

    /// Like [`Self::lost`], since the ring was created.
    pub(super) const fn lost_in_all(&self) -> u32 {
        self.lost_before.saturating_add(self.lost)
    }

    /// Adds a report with its data in two parts. Data that is too long for the whole ring is cut.
    pub(super) fn push(&mut self, meta: &Meta, first: &[u8], second: &[u8]) {
        let Some(room) = self.octets.len().checked_sub(HEADER) else {
            self.lost = self.lost.saturating_add(1);
            return;
        };
        let room = room.min(u16::MAX.into());
        let mut meta = *meta;
        let first_len = first.len().min(room);
        let second_len = second.len().min(room.saturating_sub(first_len));
        if first_len < first.len() || second_len < second.len() {
            meta.set(ReportFlags::TRUNCATED);
        }
        let len = first_len.saturating_add(second_len);
        while self.octets.len().saturating_sub(self.len) < len.saturating_add(HEADER) {
            self.drop_oldest();
            self.lost = self.lost.saturating_add(1);
        }
        self.append(&u16::try_from(len).unwrap_or(u16::MAX).to_le_bytes());
        self.append(meta.as_bytes());
        self.append(first.get(..first_len).unwrap_or_default());
        self.append(second.get(..second_len).unwrap_or_default());
    }

    /// Takes the oldest report and copies its data to `buffer`; cuts the data if the buffer is shorter.
    pub(super) fn pop<'b>(&mut self, buffer: &'b mut [u8]) -> Option<Report<'b>> {
        let (len, mut meta) = self.oldest()?;
        let keep = len.min(buffer.len());
        if keep < len {
            meta.set(ReportFlags::TRUNCATED);
        }
        let data = buffer.get_mut(..keep)?;
        self.copy(HEADER, data);
        self.drop_oldest();
        Some(meta.report(data))
    }

    /// Returns the length of the oldest report's data, and the report without it.
    fn oldest(&self) -> Option<(usize, Meta)> {
        if self.is_empty() {
            return None;
        }
        let mut header = [0; HEADER];
        self.copy(0, &mut header);
        let (len, meta) = header.split_first_chunk::<2>()?;
        let meta = Meta::read_from_bytes(meta).ok()?;
        Some((u16::from_le_bytes(*len).into(), meta))
    }

    fn drop_oldest(&mut self) {
        let Some((len, _)) = self.oldest() else { return self.clear() };
        let record = len.saturating_add(HEADER);
        self.start = self.wrapped(record);
        self.len = self.len.saturating_sub(record);
    }

    /// Copies octets of the oldest record, starting at its octet `from`.
    fn copy(&self, from: usize, to: &mut [u8]) {
        let (tail, head) = self.octets.split_at_checked(self.wrapped(from)).unwrap_or_default();
        for (to, from) in to.iter_mut().zip(head.iter().chain(tail)) {
            *to = *from;
        }
    }

    /// Writes octets after those in use; the caller has made room.
    fn append(&mut self, octets: &[u8]) {
        let at = self.wrapped(self.len);
        let (tail, head) = self.octets.split_at_mut_checked(at).unwrap_or_default();
        for (to, from) in head.iter_mut().chain(tail).zip(octets) {
            *to = *from;
        }
        self.len = self.len.saturating_add(octets.len());
    }

    /// Returns the position `offset` octets after the start.
    fn wrapped(&self, offset: usize) -> usize {
        self.start.saturating_add(offset).checked_rem(self.octets.len()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::{boxed::Box, collections::VecDeque, vec, vec::Vec};

    use bindrune_hci::{AdvertisingEventType, DeviceAddress, event::AdvertisingReport};
    use proptest::prelude::*;

    use super::*;

    fn meta(rssi: i8) -> Meta {
        Meta::legacy(&AdvertisingReport {
            event_type: AdvertisingEventType::CONNECTABLE,
            address: DeviceAddress::NONE,
            data: &[],
            rssi,
        })
    }

    fn ring(octets: usize) -> Ring {
        Ring::new(Box::leak(vec![0; octets].into_boxed_slice()))
    }

    #[test]
    fn a_report_that_is_too_long_is_cut_and_flagged() {
        let mut ring = ring(HEADER + 4);
        ring.push(&meta(1), &[1, 2, 3], &[4, 5, 6]);
        let mut buffer = [0; 8];
        let report = ring.pop(&mut buffer).unwrap();
        assert_eq!(report.data, [1, 2, 3, 4]);
        assert!(report.flags.contains(ReportFlags::TRUNCATED));
        ring.push(&meta(1), &[1, 2, 3], &[]);
        let report = ring.pop(&mut buffer[..2]).unwrap();
        assert!(report.data == [1, 2] && report.flags.contains(ReportFlags::TRUNCATED));
        assert!(ring.pop(&mut buffer).is_none() && ring.lost() == 0);
    }

    #[test]
    fn no_memory_loses_everything() {
        let mut ring = ring(3);
        ring.push(&meta(1), &[1], &[]);
        assert!(ring.is_empty() && ring.lost() == 1);
        ring.clear();
        assert_eq!((ring.lost(), ring.lost_in_all()), (0, 1));
        ring.reset();
        assert_eq!(ring.lost_in_all(), 0);
    }

    proptest! {
        #[test]
        fn the_ring_keeps_the_newest_reports(
            size in HEADER + 40..300_usize,
            steps in proptest::collection::vec(
                proptest::option::weighted(0.7, proptest::collection::vec(any::<u8>(), 0..40)), 0..80)
        ) {
            let mut ring = ring(size);
            let mut model: VecDeque<Vec<u8>> = VecDeque::new();
            let mut lost = 0;
            for step in steps {
                if let Some(data) = step {
                    let (first, second) = data.split_at(data.len() / 2);
                    ring.push(&meta(data.len() as i8), first, second);
                    model.push_back(data);
                    while model.iter().map(|d| d.len() + HEADER).sum::<usize>() > size {
                        model.pop_front();
                        lost += 1;
                    }
                } else {
                    let mut buffer = [0; 40];
                    let report = ring.pop(&mut buffer);
                    let expected = model.pop_front();
                    prop_assert_eq!(report.map(|r| (r.rssi, r.data.to_vec())),
                        expected.map(|d| (Some(d.len() as i8), d)));
                }
                prop_assert_eq!(ring.lost(), lost);
                prop_assert_eq!(ring.is_empty(), model.is_empty());
            }
        }
    }
}
