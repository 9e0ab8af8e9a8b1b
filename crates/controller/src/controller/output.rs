//! Output to the host: H4 packets in order, until they are taken.

use std::collections::VecDeque;

/// Packets for the host.
#[derive(Debug, Default)]
pub(crate) struct Output {
    packets: VecDeque<Vec<u8>>,
    taken: u64,
    acl: usize,
    reports: usize,
    lost_reports: u64,
}

impl Output {
    pub(crate) fn push(&mut self, packet: Vec<u8>) {
        if is_report(&packet) {
            if self.reports >= MAX_REPORTS {
                self.lost_reports = self.lost_reports.saturating_add(1);
                return;
            }
            self.reports = self.reports.saturating_add(1);
        }
        if is_acl(&packet) {
            self.acl = self.acl.saturating_add(1);
        }
        self.packets.push_back(packet);
    }

    /// Inserts a packet before all packets that came after `place`.
    pub(crate) fn insert(&mut self, place: Place, packet: Vec<u8>) {
        let at = usize::try_from(place.0.saturating_sub(self.taken)).unwrap_or(usize::MAX);
        self.packets.insert(at.min(self.packets.len()), packet);
    }

    /// Returns the position of the next packet.
    pub(crate) fn place(&self) -> Place {
        let waiting = u64::try_from(self.packets.len()).unwrap_or(u64::MAX);
        Place(self.taken.saturating_add(waiting))
    }

    /// Returns whether the packet at this position was taken.
    pub(crate) const fn is_taken(&self, place: Place) -> bool {
        self.taken > place.0
    }

    pub(crate) fn take(&mut self) -> Option<Vec<u8>> {
        let packet = self.packets.pop_front()?;
        self.taken = self.taken.saturating_add(1);
        if is_acl(&packet) {
            self.acl = self.acl.saturating_sub(1);
        }
        if is_report(&packet) {
            self.reports = self.reports.saturating_sub(1);
        }
        Some(packet)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Returns the number of waiting ACL packets.
    pub(crate) const fn acl(&self) -> usize {
        self.acl
    }

    pub(crate) const fn lost_reports(&self) -> u64 {
        self.lost_reports
    }

    /// Discards the packets that were not taken; positions continue to count.
    pub(crate) fn clear(&mut self) {
        while self.take().is_some() {}
    }
}

/// Position of a packet in the stream to the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(u64);

impl Place {
    /// A position that no packet will ever have.
    pub(crate) const NEVER: Self = Self(u64::MAX);
}

const fn is_acl(packet: &[u8]) -> bool {
    matches!(packet, [0x02, ..])
}

/// Returns whether the packet is an advertising report or an inquiry result, which a controller drops if the host does
/// not read.
const fn is_report(packet: &[u8]) -> bool {
    matches!(packet, [0x04, 0x3e, _, 0x02 | 0x0b | 0x0d, ..] | [0x04, 0x02 | 0x22 | 0x2f, ..])
}

/// Maximum number of advertising reports that wait for a host that does not read.
const MAX_REPORTS: usize = 64;
