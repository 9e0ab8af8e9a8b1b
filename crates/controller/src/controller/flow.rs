//! Flow control from the controller to the host. [Vol 4] Part E, 4.2

use std::collections::{BTreeMap, VecDeque};

/// What the host can take.
#[derive(Debug, Default)]
pub(crate) struct HostFlow {
    /// The host gives buffers back.
    on: bool,
    /// Octets and number of the host's ACL buffers, where it told them.
    pub(crate) buffers: Option<(u16, u16)>,
    /// Packets at the host, for each link.
    outstanding: BTreeMap<u16, u16>,
    withheld: VecDeque<(u16, Vec<u8>)>,
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
        self.withheld.push_back((handle, packet));
    }

    /// The next ACL packet that the host has room for.
    pub(crate) fn take(&mut self) -> Option<Vec<u8>> {
        if self.on {
            let held: u32 = self.outstanding.values().copied().map(u32::from).sum();
            if held >= self.buffers.map_or(u32::MAX, |(_, count)| u32::from(count)) {
                return None;
            }
        }
        let (handle, packet) = self.withheld.pop_front()?;
        if self.on {
            let count = self.outstanding.entry(handle).or_default();
            *count = count.saturating_add(1);
        }
        Some(packet)
    }

    /// The host has done with packets of a link. Gives how many more it claims than it had.
    pub(crate) fn completed(&mut self, handle: u16, count: u16) -> u16 {
        let held = self.outstanding.entry(handle).or_default();
        let excess = count.saturating_sub(*held);
        *held = held.saturating_sub(count);
        excess
    }

    /// The link is gone, and with it what the host holds of it.
    pub(crate) fn closed(&mut self, handle: u16) {
        self.outstanding.remove(&handle);
        self.withheld.retain(|&(of, _)| of != handle);
    }

    /// Packets that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.withheld.len()
    }
}
