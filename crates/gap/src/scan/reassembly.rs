use core::fmt;

use bindrune_hci::event::DataStatus;

use super::report::{Meta, ReportFlags};

/// The longest data of an advertiser. [Vol 6] Part B, 2.3.4.9
pub(super) const DATA_MAX: usize = 1650;

/// Reassembles one extended report; one advertiser at a time.
pub(super) struct Reassembly {
    octets: &'static mut [u8],
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    meta: Meta,
    len: usize,
}

impl fmt::Debug for Reassembly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reassembly({:?})", self.open)
    }
}

impl Reassembly {
    pub(super) const fn new(octets: &'static mut [u8]) -> Self {
        Self { octets, open: None }
    }

    pub(super) const fn clear(&mut self) {
        self.open = None;
    }

    /// Takes one part, and delivers a report that is complete or will never be complete. [Vol 4] Part E, 7.7.65.13
    ///
    /// A part of another advertiser ends the open report, which is delivered as truncated. A report that is longer
    /// than the memory is truncated too.
    pub(super) fn part(
        &mut self,
        meta: Meta,
        status: DataStatus,
        data: &[u8],
        mut deliver: impl FnMut(Meta, &[u8]),
    ) {
        let same = self.open.is_some_and(|open| open.meta.is_same_chain(&meta));
        if status == DataStatus::COMPLETE && !same {
            return deliver(meta, data);
        }
        if !same {
            self.finish(true, &mut deliver);
            self.open = Some(Open { meta, len: 0 });
        }
        self.append(data);
        if status != DataStatus::MORE {
            self.finish(status != DataStatus::COMPLETE, &mut deliver);
        }
    }

    fn append(&mut self, data: &[u8]) {
        let Some(open) = &mut self.open else { return };
        let room = self.octets.get_mut(open.len..).unwrap_or_default();
        let keep = data.len().min(room.len());
        if keep < data.len() {
            open.meta.set(ReportFlags::TRUNCATED);
        }
        for (to, from) in room.iter_mut().zip(data) {
            *to = *from;
        }
        open.len = open.len.saturating_add(keep);
    }

    fn finish(&mut self, truncated: bool, deliver: &mut impl FnMut(Meta, &[u8])) {
        let Some(mut open) = self.open.take() else { return };
        if truncated {
            open.meta.set(ReportFlags::TRUNCATED);
        }
        deliver(open.meta, self.octets.get(..open.len).unwrap_or_default());
    }
}

impl Meta {
    /// Returns whether two reports can be parts of one: same advertiser, set and kind.
    fn is_same_chain(&self, other: &Self) -> bool {
        let kind = |meta: &Self| meta.flags & !ReportFlags::TRUNCATED.bits();
        (self.address, self.sid, kind(self)) == (other.address, other.sid, kind(other))
    }
}

#[cfg(test)]
mod tests {
    use std::{boxed::Box, vec, vec::Vec};

    use bindrune_hci::event::{ExtendedAdvertisingReport, ExtendedEventType};
    use bindrune_hci::{AddressType, DeviceAddress, Phy};

    use super::*;

    fn meta(advertiser: u8) -> Meta {
        let address = DeviceAddress { kind: AddressType::RANDOM, octets: [advertiser; 6] };
        Meta::extended(&ExtendedAdvertisingReport {
            event_type: ExtendedEventType::CONNECTABLE,
            data_status: DataStatus::MORE,
            address,
            primary_phy: Phy::LE_1M,
            secondary_phy: Phy::LE_2M,
            sid: 3,
            tx_power: 127,
            rssi: -60,
            periodic_interval: 0,
            direct_address: DeviceAddress::NONE,
            data: &[],
        })
    }

    struct Rig {
        reassembly: Reassembly,
        seen: Vec<(u8, Vec<u8>, bool)>,
    }

    impl Rig {
        fn new(octets: usize) -> Self {
            let memory = Box::leak(vec![0; octets].into_boxed_slice());
            Self { reassembly: Reassembly::new(memory), seen: vec![] }
        }

        fn part(&mut self, advertiser: u8, status: DataStatus, data: &[u8]) {
            let Self { reassembly, seen } = self;
            reassembly.part(meta(advertiser), status, data, |meta, data| {
                let cut = meta.has(ReportFlags::TRUNCATED);
                seen.push((meta.address.octets[0], data.to_vec(), cut));
            });
        }
    }

    #[test]
    fn parts_become_one_report() {
        let mut rig = Rig::new(10);
        rig.part(1, DataStatus::MORE, &[1, 2, 3]);
        rig.part(2, DataStatus::COMPLETE, &[9]);
        rig.part(1, DataStatus::MORE, &[4]);
        rig.part(1, DataStatus::COMPLETE, &[5]);
        rig.part(1, DataStatus::MORE, &[6]);
        rig.part(1, DataStatus::TRUNCATED, &[]);
        assert_eq!(
            rig.seen,
            [(2, vec![9], false), (1, vec![1, 2, 3, 4, 5], false), (1, vec![6], true)]
        );
    }

    /// Row H19.
    #[test]
    fn parts_without_end_are_cut_and_flagged() {
        let mut rig = Rig::new(10);
        for n in 0..100 {
            rig.part(n, DataStatus::MORE, &[n; 7]);
        }
        assert_eq!(rig.seen.len(), 99);
        assert!(rig.seen.iter().all(|(n, data, cut)| *cut && data == &[*n; 7]));
        rig.seen.clear();
        for _ in 0..100 {
            rig.part(99, DataStatus::MORE, &[99; 7]);
        }
        rig.part(99, DataStatus::COMPLETE, &[99; 7]);
        assert_eq!(rig.seen, [(99, vec![99; 10], true)]);
    }
}
