//! ACL data between the host and its BR/EDR links. [Vol 4] Part E, 4.1, 5.4.2

use bindrune_hci::Status;

use super::link::Boundary;
use crate::{Air, ControllerId, controller::Controller};

impl Air {
    /// Handles an ACL packet for a BR/EDR link; false if the handle is none of a BR/EDR link.
    pub(crate) fn handle_classic_acl(
        &mut self,
        id: ControllerId,
        header: u16,
        octets: &[u8],
    ) -> bool {
        let handle = header & 0x0fff;
        let controller = &mut self.medium.controllers[id];
        let Some(&(link, party)) = controller.classic.links.get(&handle) else { return false };
        if !controller.has_classic_room(octets.len()) {
            return true;
        }
        let boundary = match header >> 12 {
            0b0000 => Some(Boundary::Start { flushable: false }),
            0b0001 => Some(Boundary::Continues),
            0b0010 => Some(Boundary::Start { flushable: true }),
            _ => {
                controller.count_acl_flags();
                None
            }
        };
        controller.classic.held = controller.classic.held.saturating_add(1);
        let sent = match (boundary, self.classic.get_mut(&link)) {
            (Some(boundary), Some(link)) if !octets.is_empty() => {
                link.send(party, octets.to_vec(), boundary, &mut self.medium)
            }
            _ => false,
        };
        if !sent {
            self.medium.controllers[id].classic_completed(handle, 1);
        }
        true
    }
}

impl Controller {
    /// Returns buffers of BR/EDR to the host.
    pub(crate) fn classic_completed(&mut self, handle: u16, count: usize) {
        self.classic.held = self.classic.held.saturating_sub(count);
        self.completed_packets(handle, u16::try_from(count).unwrap_or(u16::MAX));
    }

    /// Handles the end of a BR/EDR link; `held` buffers had packets of it.
    pub(crate) fn classic_closed(&mut self, handle: u16, held: usize, reason: Status) {
        self.classic.held = self.classic.held.saturating_sub(held);
        self.classic.links.remove(&handle);
        self.link_closed(handle, 0, reason);
    }

    /// Returns a free connection handle for a BR/EDR link.
    pub(crate) fn free_classic_handle(&self) -> Option<u16> {
        let most = self.config.classic.as_ref().map_or(0, |config| config.links);
        if self.classic.links.len() >= usize::from(most) {
            return None;
        }
        self.unused_handle()
    }

    /// Returns the features of the host, page 1. [Vol 2] Part C, 3.3
    pub(super) fn host_features(&self) -> u64 {
        let settings = &self.classic.settings;
        u64::from(settings.simple_pairing)
            | u64::from(settings.le_host & 1) << 1
            | u64::from(settings.secure_connections) << 3
    }

    /// Returns a page of the LMP features; none if BR/EDR is off. [Vol 2] Part C, 3.3
    pub(crate) fn lmp_features(&self, page: u8) -> u64 {
        let Some(config) = &self.config.classic else { return 0 };
        let bit = |on: bool, bits: u64| if on { bits } else { 0 };
        match page {
            0 => {
                ALWAYS
                    | bit(config.role_switch, 1 << 5)
                    | bit(config.enhanced_data_rate, ENHANCED_DATA_RATE)
                    | bit(config.simple_pairing, 1 << 51)
            }
            1 => self.host_features(),
            2 => bit(config.secure_connections, 1 << 8),
            _ => 0,
        }
    }
}

/// Packets of 3 and 5 slots, encryption, sniff, interlaced scans, inquiry with RSSI, LE, extended inquiry, LE and
/// BR/EDR at once, non-flushable packets, supervision timeout event, extended features.
const ALWAYS: u64 = 1
    | 1 << 1
    | 1 << 2
    | 1 << 7
    | 1 << 28
    | 1 << 29
    | 1 << 30
    | 1 << 38
    | 1 << 48
    | 1 << 49
    | 1 << 54
    | 1 << 56
    | 1 << 63;
/// 2 and 3 Mb/s, with packets of 3 and 5 slots.
const ENHANCED_DATA_RATE: u64 = 1 << 25 | 1 << 26 | 1 << 39 | 1 << 40;
