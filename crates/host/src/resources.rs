//! All the memory that a host will ever use.

use bindrune_gap::AdvertisingSet;
use bindrune_l2cap::Channel;
use bindrune_wire::Slot;

use crate::{
    capability::COMMANDS,
    config::MAX_ADVERTISING_SETS,
    core::Core,
    lock::Lock,
    stack::{Link, PairingSlot},
    waiters::{ChannelWaiters, Group, HostWaiters, LinkWaiters},
};

/// Octets of the longest HCI event with its H4 indicator. [Vol 4] Part E, 5.4.4
const EVENT_OCTETS: usize = 258;
/// Octets of the longest HCI command: its H4 indicator, its opcode, its length and 255 octets of parameters.
/// [Vol 4] Part E, 5.4.1
pub(crate) const COMMAND_OCTETS: usize = 259;
/// Octets of both buffers of the driver by default: on a microcontroller those of the longest event or command, or of ACL data of
/// 259 octets.
const DRIVER_OCTETS: usize = if cfg!(feature = "std") { 4096 } else { 264 };
/// Octets of the application's longest HCI command.
const APP_COMMAND_OCTETS: usize = if COMMANDS { COMMAND_OCTETS } else { 0 };

/// Where [`crate::Host::new`] makes a part of the state, which stays there. Before that all octets are zero, so that
/// [`Resources`] in a `static` takes no flash.
#[derive(Debug)]
#[repr(u8)]
pub(crate) enum Place<T> {
    Empty = 0,
    Made(T),
}

impl<T> Place<T> {
    #[inline(always)]
    #[expect(clippy::unreachable, reason = "the value was put there in the line before")]
    pub(crate) fn put(&mut self, value: T) -> &mut T {
        *self = Self::Made(value);
        match self {
            Self::Made(value) => value,
            Self::Empty => unreachable!("it was put there"),
        }
    }
}

/// Every octet that a [`crate::Host`] will ever use, in sizes that the user chooses.
///
/// | parameter | is | at least |
/// |---|---|---|
/// | `LINKS` | links at once | 1 |
/// | `CHANNELS` | credit-based channels at once, on all links | |
/// | `RX` | receive packets | `3 * LINKS + CHANNELS` |
/// | `TX` | transmit packets | `2 * LINKS` |
/// | `SIZE` | octets of a packet | the ATT MTU and 13; 74 with LE Secure Connections |
/// | `ARENA` | octets for values, advertising data, reports and prepared writes | what [`crate::Config::arena`] says |
/// | `INPUT` | octets that one read of the transport gives at most | 258 |
/// | `OUTPUT` | octets that one write gives to the transport at most | 259 |
/// | `PAIRINGS` | pairings at once, on all links | 1 |
///
/// `INPUT` and `OUTPUT` are 4,096 with `std`, and 264 without. Whatever is in the output leaves before a command that becomes urgent.
///
/// `PAIRINGS` is `LINKS` with `std`, and 1 without. While all are in use, a peer that asks to pair is refused with Busy, and may ask
/// again; a pairing of the application waits up to 30 s for its turn. Bonds encrypt links without one.
///
/// ```
/// use bindrune::Resources;
/// const FOR_TWO_LINKS: Resources<2, 4, 24, 8> = Resources::new();
/// # let _ = FOR_TWO_LINKS;
/// ```
#[derive(Debug)]
pub struct Resources<
    const LINKS: usize = 1,
    const CHANNELS: usize = 0,
    const RX: usize = 6,
    const TX: usize = 4,
    const SIZE: usize = 264,
    const ARENA: usize = 1536,
    const INPUT: usize = DRIVER_OCTETS,
    const OUTPUT: usize = DRIVER_OCTETS,
    #[cfg(feature = "std")] const PAIRINGS: usize = LINKS,
    #[cfg(not(feature = "std"))] const PAIRINGS: usize = 1,
> {
    pub(crate) core: Place<Lock<Core>>,
    pub(crate) links: [Link; LINKS],
    pub(crate) link_waiters: [LinkWaiters; LINKS],
    pub(crate) link_ready: [Group; LINKS],
    pub(crate) channels: [Channel; CHANNELS],
    pub(crate) channel_users: [u8; CHANNELS],
    pub(crate) channel_waiters: [ChannelWaiters; CHANNELS],
    pub(crate) channel_ready: [Group; CHANNELS],
    pub(crate) host_waiters: HostWaiters,
    pub(crate) rx_slots: [Slot; RX],
    pub(crate) rx: [[u8; SIZE]; RX],
    pub(crate) tx_slots: [Slot; TX],
    pub(crate) tx: [[u8; SIZE]; TX],
    pub(crate) arena: [u8; ARENA],
    pub(crate) pairings: [PairingSlot; PAIRINGS],
    pub(crate) advertising_sets: Place<[AdvertisingSet; MAX_ADVERTISING_SETS]>,
    pub(crate) input: [u8; INPUT],
    pub(crate) output: [u8; OUTPUT],
    pub(crate) app_command: [u8; APP_COMMAND_OCTETS],
}

impl<
    const LINKS: usize,
    const CHANNELS: usize,
    const RX: usize,
    const TX: usize,
    const SIZE: usize,
    const ARENA: usize,
    const INPUT: usize,
    const OUTPUT: usize,
    const PAIRINGS: usize,
> Resources<LINKS, CHANNELS, RX, TX, SIZE, ARENA, INPUT, OUTPUT, PAIRINGS>
{
    /// Resources for one host, to be put in a `static` or leaked from a box. Sizes that cannot work do not compile.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a const fn for statics; the value is large")]
    pub const fn new() -> Self {
        const {
            assert!(LINKS >= 1 && LINKS <= 64, "LINKS is 1 to 64");
            assert!(CHANNELS <= 64, "CHANNELS is at most 64");
            assert!(RX >= 3 * LINKS + CHANNELS, "RX is at least 3 * LINKS + CHANNELS");
            assert!(TX >= 2 * LINKS, "TX is at least 2 * LINKS");
            assert!(SIZE >= 36, "SIZE holds the least ATT MTU of 23 and 13 octets");
            assert!(INPUT >= EVENT_OCTETS, "INPUT holds the longest event of 258 octets");
            assert!(OUTPUT >= COMMAND_OCTETS, "OUTPUT holds the longest command of 259 octets");
            assert!(PAIRINGS >= 1 && PAIRINGS <= 64, "PAIRINGS is 1 to 64");
        }
        Self {
            core: Place::Empty,
            links: [const { Link::FREE }; LINKS],
            link_waiters: [const { LinkWaiters::EMPTY }; LINKS],
            link_ready: [Group::EMPTY; LINKS],
            channels: [const { Channel::FREE }; CHANNELS],
            channel_users: [0; CHANNELS],
            channel_waiters: [const { ChannelWaiters::EMPTY }; CHANNELS],
            channel_ready: [Group::EMPTY; CHANNELS],
            host_waiters: HostWaiters::EMPTY,
            rx_slots: [const { Slot::EMPTY }; RX],
            rx: [[0; SIZE]; RX],
            tx_slots: [const { Slot::EMPTY }; TX],
            tx: [[0; SIZE]; TX],
            arena: [0; ARENA],
            pairings: [const { PairingSlot::FREE }; PAIRINGS],
            advertising_sets: Place::Empty,
            input: [0; INPUT],
            output: [0; OUTPUT],
            app_command: [0; APP_COMMAND_OCTETS],
        }
    }
}
