//! Flow control from the controller to the host. [Vol 4] Part E, 4.2

use std::collections::{BTreeMap, VecDeque};

use bindrune_hci::Status;

/// What the host can take.
#[derive(Debug, Default)]
pub(crate) struct HostFlow {
    /// The host gives buffers back.
    on: bool,
    /// Octets and number of the host's ACL buffers, where it told them.
    pub(crate) buffers: Option<(u16, u16)>,
    /// Packets at the host, for each link.
    outstanding: BTreeMap<u16, u16>,
    withheld: VecDeque<(u16, Withheld)>,
}

/// What the host is not told yet.
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

    /// The next ACL packet that the host has room for, or the end of a link.
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

    /// The link is gone. False if nothing of it waits, so that the host can be told at once.
    pub(crate) fn close(&mut self, handle: u16, reason: Status) -> bool {
        let waits = self.withheld.iter().any(|&(of, _)| of == handle);
        if waits {
            self.withheld.push_back((handle, Withheld::Closed(reason)));
        }
        waits
    }

    /// Returns whether the host is still to be told that this link is gone.
    pub(crate) fn is_closing(&self, handle: u16) -> bool {
        let closing =
            |(of, what): &(u16, Withheld)| *of == handle && matches!(what, Withheld::Closed(_));
        self.withheld.iter().any(closing)
    }

    /// The host has done with packets of a link. Gives how many more it claims than it had.
    pub(crate) fn completed(&mut self, handle: u16, count: u16) -> u16 {
        let held = self.outstanding.entry(handle).or_default();
        let excess = count.saturating_sub(*held);
        *held = held.saturating_sub(count);
        excess
    }

    /// The host is told that the link is gone: what it holds of it counts as given back.
    pub(crate) fn closed(&mut self, handle: u16) {
        self.outstanding.remove(&handle);
    }

    /// Packets that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.withheld.len()
    }
}
