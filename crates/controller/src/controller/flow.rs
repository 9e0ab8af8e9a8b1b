//! Flow control from the controller to the host. [Vol 4] Part E, 4.2

use std::collections::{BTreeMap, VecDeque};

use bindrune_hci::Status;

/// The host's buffers.
#[derive(Debug, Default)]
pub(crate) struct HostFlow {
    /// Whether the host returns buffers.
    on: bool,
    /// Length and number of the host's ACL buffers, if it reported them.
    pub(crate) buffers: Option<(u16, u16)>,
    /// Number of packets at the host, for each link.
    outstanding: BTreeMap<u16, u16>,
    withheld: VecDeque<(u16, Withheld)>,
}

/// Data that is withheld from the host.
#[derive(Debug)]
pub(crate) enum Withheld {
    /// An ACL packet.
    Acl(Vec<u8>),
    /// The end of the link, which comes after its packets.
    Closed(Status),
}

impl HostFlow {
    pub(crate) const fn is_on(&self) -> bool {
        self.on
    }

    pub(crate) fn set(&mut self, on: bool) {
        self.on = on;
        self.outstanding.clear();
    }

    /// Queues an ACL packet for the host.
    pub(crate) fn push(&mut self, handle: u16, packet: Vec<u8>) {
        self.withheld.push_back((handle, Withheld::Acl(packet)));
    }

    /// Returns the next ACL packet that the host has room for, or the end of a link.
    pub(crate) fn take(&mut self) -> Option<(u16, Withheld)> {
        let is_packet = matches!(self.withheld.front(), Some((_, Withheld::Acl(_))));
        if self.on && is_packet {
            let held: u32 = self.outstanding.values().copied().map(u32::from).sum();
            if held >= self.buffers.map_or(u32::MAX, |(_, count)| u32::from(count)) {
                return None;
            }
        }
        let (handle, next) = self.withheld.pop_front()?;
        if self.on && is_packet {
            let count = self.outstanding.entry(handle).or_default();
            *count = count.saturating_add(1);
        }
        Some((handle, next))
    }

    /// Records the end of a link. False if no packet of it waits, so that the end can be reported
    /// at once.
    pub(crate) fn close(&mut self, handle: u16, reason: Status) -> bool {
        let waits = self.withheld.iter().any(|&(of, _)| of == handle);
        if waits {
            self.withheld.push_back((handle, Withheld::Closed(reason)));
        }
        waits
    }

    /// Returns whether the end of this link is still withheld from the host.
    pub(crate) fn is_closing(&self, handle: u16) -> bool {
        let closing =
            |(of, what): &(u16, Withheld)| *of == handle && matches!(what, Withheld::Closed(_));
        self.withheld.iter().any(closing)
    }

    /// Records that the host has completed packets of a link. Returns how many more it claims than
    /// it had.
    pub(crate) fn completed(&mut self, handle: u16, count: u16) -> u16 {
        let held = self.outstanding.entry(handle).or_default();
        let excess = count.saturating_sub(*held);
        *held = held.saturating_sub(count);
        excess
    }

    /// Records that the end of a link was reported to the host: the packets that it holds count as
    /// completed.
    pub(crate) fn closed(&mut self, handle: u16) {
        self.outstanding.remove(&handle);
    }

    /// Returns the number of waiting packets.
    pub(crate) fn waiting(&self) -> usize {
        self.withheld.len()
    }
}
