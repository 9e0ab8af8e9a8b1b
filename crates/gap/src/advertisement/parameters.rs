//! How to advertise: what others can do, when, and on which channels.

use bindrune_hci::{FilterPolicy, Phy};
use bindrune_wire::Address;
use embassy_time::Duration;

/// How to advertise, without the contents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameters {
    pub(crate) kind: AdvertisementKind,
    /// Shortest and longest time between two advertising events, in units of 0.625 ms.
    pub(crate) interval: (u32, u32),
    pub(crate) timeout: Option<Duration>,
    pub(crate) channels: Channels,
    pub(crate) filter: FilterPolicy,
    pub(crate) extended: Option<ExtendedPdus>,
    pub(crate) when_full: WhenFull,
    pub(crate) established: bool,
}

/// What other devices can do with an advertisement. [Vol 6] Part B, 4.4.2
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AdvertisementKind {
    /// They can connect (and, with legacy PDUs, request the scan response).
    Connectable,
    /// They can request the scan response.
    Scannable,
    /// They can only listen.
    NonConnectable,
    /// One peer can connect; legacy PDUs carry no data.
    Directed {
        /// The peer.
        peer: Address,
        /// Whether to advertise as often as possible, for at most 1.28 s. Legacy PDUs only.
        high_duty: bool,
    },
}

/// What a request for a link does while every link slot of the host is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum WhenFull {
    /// The request waits until a link ends, and is off meanwhile. Its time limit continues.
    Wait,
    /// The request fails at once; also later, if other links take the last slot.
    Fail,
}

/// Discoverable mode of a device. [Vol 3] Part C, 9.2
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Discoverable {
    /// Not at all.
    No,
    /// Limited: for a short time, at most [`LIMITED_TIMEOUT`](crate::LIMITED_TIMEOUT).
    Limited,
    /// General.
    General,
}

bitflags::bitflags! {
    /// Primary advertising channels. [Vol 4] Part E, 7.8.5
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Channels: u8 {
        /// Channel 37, 2402 MHz.
        const C37 = 1;
        /// Channel 38, 2426 MHz.
        const C38 = 1 << 1;
        /// Channel 39, 2480 MHz.
        const C39 = 1 << 2;
    }
}

/// Choices that only extended advertising PDUs have. [Vol 4] Part E, 7.8.53
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtendedPdus {
    /// PHY of the primary channels: 1M or Coded.
    pub primary: Phy,
    /// PHY of the data: 1M, 2M or Coded.
    pub secondary: Phy,
    /// Advertising SID, 0 to 15, which distinguishes the sets of one device.
    pub sid: u8,
    /// Maximum transmit power in dBm; `None` leaves the choice to the controller.
    pub tx_power: Option<i8>,
    /// Whether to omit our address. Only for advertising that is neither connectable nor scannable.
    pub anonymous: bool,
    /// Whether the PDUs carry the transmit power.
    pub include_tx_power: bool,
}
