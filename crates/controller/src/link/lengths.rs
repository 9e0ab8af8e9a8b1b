//! Data length: the maximum payload of a data PDU. [Vol 6] Part B, 4.5.10

use super::{LinkPhy, air_time};

/// Maximum length and time of a PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) octets: u16,
    /// Time in microseconds.
    pub(crate) time: u16,
}

impl Limits {
    /// The limits that every device supports.
    pub(crate) const MIN: Self = Self { octets: 27, time: 328 };

    /// Returns the limits of a controller that can send and receive `octets`, on 1M.
    pub(crate) const fn of(octets: u16) -> Self {
        Self { octets, time: octets.saturating_add(14).saturating_mul(8) }
    }

    pub(crate) fn min(self, other: Self) -> Self {
        Self { octets: self.octets.min(other.octets), time: self.time.min(other.time) }
    }

    /// Returns whether HCI allows a host to request these limits. [Vol 4] Part E, 7.8.33
    pub(crate) fn is_valid(self) -> bool {
        (27..=251).contains(&self.octets) && (328..=17040).contains(&self.time)
    }
}

/// One end's lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lengths {
    /// Limits for sending that the host requested.
    pub(crate) local_tx: Limits,
    /// Limits for receiving of the controller.
    pub(crate) local_rx: Limits,
    /// Limits of the peer for sending and receiving.
    pub(crate) remote_tx: Limits,
    pub(crate) remote_rx: Limits,
    /// Effective limits that were reported to the host.
    pub(crate) reported: Effective,
}

/// Effective limits in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Effective {
    pub(crate) tx: Limits,
    pub(crate) rx: Limits,
}

impl Lengths {
    /// Creates the lengths at the start of a link: `suggested` are the limits for sending that the
    /// host suggested.
    pub(crate) fn new(suggested: Limits, supported: Limits) -> Self {
        let start = Effective { tx: Limits::MIN, rx: Limits::MIN };
        Self {
            local_tx: suggested.min(supported),
            local_rx: supported,
            remote_tx: Limits::MIN,
            remote_rx: Limits::MIN,
            reported: start,
        }
    }

    /// Returns whether this end supports more than the minimum, so that it must report its limits.
    pub(crate) fn wants_more(&self) -> bool {
        self.local_tx.octets > Limits::MIN.octets
    }

    pub(crate) fn effective(&self) -> Effective {
        Effective { tx: self.local_tx.min(self.remote_rx), rx: self.local_rx.min(self.remote_tx) }
    }

    /// Returns the longest payload that may be sent on this PHY.
    pub(crate) fn payload(&self, phy: LinkPhy) -> usize {
        let tx = self.effective().tx;
        usize::from(tx.octets.min(air_time::octets_in(phy, tx.time)).max(27))
    }
}
