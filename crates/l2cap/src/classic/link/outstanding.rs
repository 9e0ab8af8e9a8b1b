//! PDUs whose fragments the controller holds, to find out which one it has flushed.

use crate::Cid;

/// PDUs that are distinguished. The fragments of more PDUs count as those of the last one.
const PDUS: usize = 16;

/// The PDUs in the order in which they were sent.
#[derive(Debug)]
pub(super) struct Outstanding {
    pdus: [Option<Pdu>; PDUS],
    /// The last flushable PDU that the controller completed. It also completes the packets that it flushes, and may
    /// report that before the flush. [Vol 4] Part E, 7.7.17 and 7.7.19
    completed: Option<(u8, Cid)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pdu {
    /// The slot of the channel, and its CID; `None` if the controller may not flush the PDU.
    flushable: Option<(u8, Cid)>,
    /// Fragments that the controller holds.
    fragments: u16,
    is_flushed: bool,
}

impl Outstanding {
    pub(super) const fn new() -> Self {
        Self { pdus: [None; PDUS], completed: None }
    }

    /// Records that a PDU begins.
    pub(super) fn begin(&mut self, flushable: Option<(u8, Cid)>) {
        if let Some(free) = self.pdus.iter_mut().find(|place| place.is_none()) {
            *free = Some(Pdu { flushable, fragments: 0, is_flushed: false });
        }
    }

    /// Records a fragment of the last PDU.
    pub(super) fn add(&mut self) {
        if let Some(last) = self.pdus.iter_mut().rev().flatten().next() {
            last.fragments = last.fragments.saturating_add(1);
        }
    }

    /// Records that the controller no longer holds the oldest `count` fragments. A PDU that has begun stays if
    /// `is_busy`.
    pub(super) fn completed(&mut self, mut count: u16, is_busy: bool) {
        while let Some(oldest) = self.pdus.first_mut().and_then(Option::as_mut) {
            let done = oldest.fragments.min(count);
            oldest.fragments = oldest.fragments.saturating_sub(done);
            count = count.saturating_sub(done);
            let is_last = self.pdus.get(1).is_none_or(Option::is_none);
            let stays = self.pdus.first().copied().flatten().is_none_or(|pdu| pdu.fragments > 0);
            if stays || is_last && is_busy {
                return;
            }
            if let Some(pdu) = self.pdus.first_mut().and_then(Option::take)
                && pdu.flushable.is_some()
            {
                self.completed = pdu.flushable.filter(|_| !pdu.is_flushed);
            }
            self.pdus.rotate_left(1);
        }
    }

    /// Records that the controller has flushed a PDU. Returns its channel: that of the oldest flushable one, or if
    /// there is none, that of the last one that was completed.
    pub(super) fn flushed(&mut self) -> Option<(usize, Cid)> {
        let candidate = |pdu: &&mut Pdu| pdu.flushable.is_some() && !pdu.is_flushed;
        let flushed = match self.pdus.iter_mut().flatten().find(candidate) {
            Some(pdu) => {
                pdu.is_flushed = true;
                pdu.flushable
            }
            None => self.completed.take(),
        };
        flushed.map(|(slot, cid)| (slot.into(), cid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Option<(u8, Cid)> = Some((0, Cid(0x40)));
    const B: Option<(u8, Cid)> = Some((1, Cid(0x41)));

    fn sent(pdus: &[(Option<(u8, Cid)>, u16)]) -> Outstanding {
        let mut outstanding = Outstanding::new();
        for (channel, fragments) in pdus {
            outstanding.begin(*channel);
            (0..*fragments).for_each(|_| outstanding.add());
        }
        outstanding
    }

    fn slot(outstanding: &mut Outstanding) -> Option<usize> {
        outstanding.flushed().map(|(slot, _)| slot)
    }

    #[test]
    fn the_oldest_flushable_pdu_is_flushed_first() {
        let mut outstanding = sent(&[(None, 1), (A, 2), (B, 1), (A, 1)]);
        assert_eq!([0; 4].map(|_| slot(&mut outstanding)), [Some(0), Some(1), Some(0), None]);
    }

    #[test]
    fn pdus_that_have_left_are_not_flushed() {
        let mut outstanding = sent(&[(A, 2), (B, 1), (A, 3)]);
        outstanding.completed(1, false);
        assert_eq!(slot(&mut outstanding), Some(0));
        outstanding.completed(1, false);
        outstanding.completed(1, false);
        assert_eq!(slot(&mut outstanding), Some(0));
        outstanding.completed(u16::MAX, false);
        assert_eq!(slot(&mut outstanding), None);
        outstanding.completed(1, false);
    }

    #[test]
    fn a_flushed_pdu_may_be_completed_before_its_flush_is_reported() {
        let mut outstanding = sent(&[(A, 2), (None, 1)]);
        outstanding.completed(3, false);
        assert_eq!([0; 2].map(|_| slot(&mut outstanding)), [Some(0), None]);
        // Each flush counts, whichever of the two PDUs it is.
        let mut outstanding = sent(&[(A, 1), (B, 1)]);
        outstanding.completed(1, false);
        let mut flushed = [0; 3].map(|_| slot(&mut outstanding));
        flushed.sort();
        assert_eq!(flushed, [None, Some(0), Some(1)]);
        // A PDU counts once.
        let mut outstanding = sent(&[(A, 1), (B, 1)]);
        assert_eq!(slot(&mut outstanding), Some(0));
        outstanding.completed(1, false);
        assert_eq!([0; 2].map(|_| slot(&mut outstanding)), [Some(1), None]);
        outstanding.completed(1, false);
        assert_eq!(slot(&mut outstanding), None);
    }

    #[test]
    fn a_flushed_pdu_counts_once_although_its_rest_follows() {
        let mut outstanding = sent(&[(A, 1)]);
        assert_eq!(slot(&mut outstanding), Some(0));
        outstanding.completed(1, true);
        outstanding.add();
        outstanding.begin(B);
        outstanding.add();
        assert_eq!(slot(&mut outstanding), Some(1));
    }

    #[test]
    fn more_pdus_than_places_are_bounded() {
        let mut outstanding = sent(&[(A, 1); PDUS]);
        outstanding.begin(B);
        outstanding.add();
        outstanding.completed(16, false);
        assert_eq!(slot(&mut outstanding), Some(0));
        outstanding.completed(1, false);
        assert_eq!(slot(&mut outstanding), None);
    }
}
