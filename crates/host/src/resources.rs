//! All the memory that a host will ever use.

use bindrune_gap::AdvertisingSet;
use bindrune_l2cap::Channel;
use bindrune_wire::Slot;

use crate::{
    Config, ConfigError,
    capability::COMMANDS,
    config::MAX_ADVERTISING_SETS,
    core::Core,
    lock::Lock,
    mask::Mask,
    stack::{Link, PairingSlot, RX_PER_LINK, TX_PER_LINK},
    text::Text,
    waiters::{ChannelWaiters, Group, HostWaiters, LinkWaiters},
};

/// Length of the longest HCI event with its H4 indicator, in octets. [Vol 4] Part E, 5.4.4
const EVENT_OCTETS: usize = 258;
/// Length of the longest HCI command in octets: its H4 indicator, opcode, length field and 255 octets of parameters.
/// [Vol 4] Part E, 5.4.1
pub(crate) const COMMAND_OCTETS: usize = 259;
/// Default size of both buffers of the driver: on a microcontroller the longest event or command, or ACL data of 259
/// octets.
const DRIVER_OCTETS: usize = if cfg!(feature = "std") { 4096 } else { 264 };
/// Length of the application's longest HCI command, in octets.
const APP_COMMAND_OCTETS: usize = if COMMANDS { COMMAND_OCTETS } else { 0 };

/// Memory in which [`crate::Host::new`] builds a part of the state in place. It is all zero before that, so
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

/// All the memory that a [`crate::Host`] will ever use, in sizes that the user chooses.
///
/// | parameter | meaning | at least |
/// |---|---|---|
/// | `LINKS` | links at once, at most 64; 32 without the feature `many-links` | 1 |
/// | `CHANNELS` | credit-based channels at once, on all links; at most as many as links | |
/// | `RX` | receive packets | `3 * LINKS + CHANNELS` |
/// | `TX` | transmit packets | `2 * LINKS` |
/// | `SIZE` | bytes of a packet | the ATT MTU and 13; 74 with LE Secure Connections |
/// | `ARENA` | bytes for values, advertising data, reports, bonds and prepared writes | [`crate::Config::arena`] |
/// | `INPUT` | most bytes of one read of the transport | 258 |
/// | `OUTPUT` | most bytes of one write to the transport | 259 |
/// | `PAIRINGS` | pairings at once, on all links | 1 |
///
/// `SIZE` is at most 65,535.
///
/// `INPUT` and `OUTPUT` are 4,096 with `std`, and 264 without. An urgent command is sent after the bytes that are
/// already in the output buffer.
///
/// `PAIRINGS` is `LINKS` with `std`, and 1 without. While all are in use, a peer that requests pairing is refused with
/// Busy and can try again; a pairing of the application waits up to 30 s for its turn. Encrypting a link with a bond
/// uses none.
///
/// Values that peers push (notifications, write commands) wait in receive packets beyond three for each link, so `RX`
/// should be `5 * LINKS + 4` or more for them.
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
    /// Creates the resources for one host: leaked from a box, or in a `static ConstStaticCell` of the crate
    /// `static_cell`, whose `take` returns the `&'static mut` that [`crate::Host::new`] needs. Sizes that cannot work
    /// do not compile: the compiler's message says what is there and what is needed. [`Self::assert_fits`] compares
    /// the sizes with a configuration.
    ///
    /// ```compile_fail,E0080
    /// // RX of Resources is 6; at least 8 is needed: 3 for each of LINKS, and 1 for each of CHANNELS
    /// static MEMORY: bindrune::Resources<2, 2, 6, 4> = bindrune::Resources::new();
    /// ```
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a const fn for statics; the value is large")]
    pub const fn new() -> Self {
        const {
            at_most("LINKS", LINKS, Mask::BITS as usize);
            at_least("LINKS", LINKS, 1, "");
            at_most("CHANNELS", CHANNELS, Mask::BITS as usize);
            let rx = LINKS.saturating_mul(RX_PER_LINK).saturating_add(CHANNELS);
            at_least("RX", RX, rx, ": 3 for each of LINKS, and 1 for each of CHANNELS");
            let tx = LINKS.saturating_mul(TX_PER_LINK);
            at_least("TX", TX, tx, ": 2 for each of LINKS");
            at_least("SIZE", SIZE, 36, ": the least ATT MTU and 13 bytes");
            at_most("SIZE", SIZE, u16::MAX as usize);
            at_least("INPUT", INPUT, EVENT_OCTETS, ", for the longest event");
            at_least("OUTPUT", OUTPUT, COMMAND_OCTETS, ", for the longest command");
            at_least("PAIRINGS", PAIRINGS, 1, "");
            at_most("PAIRINGS", PAIRINGS, 64);
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

    /// Does nothing if these sizes suffice for a configuration; otherwise panics with what is there and what is needed.
    /// In a constant, that is a compile error, before [`crate::Host::new`] could return it:
    ///
    /// ```
    /// use bindrune::{Config, Resources};
    ///
    /// type Memory = Resources<2, 0, 10, 4>;
    /// const CONFIG: Config = Config::new("Lamp");
    /// const _: () = Memory::assert_fits(&CONFIG);
    /// ```
    ///
    /// ```compile_fail,E0080
    /// # use bindrune::{Config, Resources};
    /// # type Memory = Resources<2, 0, 10, 4>;
    /// // Resources has 264 SIZE bytes in each packet for ATT and for pairing; 530 are needed, 266 more
    /// const LONG: Config = Config::new("Lamp").mtu(517);
    /// const _: () = Memory::assert_fits(&LONG);
    /// ```
    pub const fn assert_fits(config: &Config) {
        let (arena, mut fits) = (config.arena(LINKS), config.check());
        if fits.is_ok() {
            fits = config.check_packets(LINKS, RX, TX, SIZE);
        }
        if fits.is_ok() && ARENA < arena {
            fits = Err(ConfigError::Arena { have: ARENA, need: arena });
        }
        if let Err(error) = fits {
            fail(&error.text());
        }
    }
}

/// Says what is there and what is needed, at compile time.
const fn at_least(name: &str, have: usize, need: usize, why: &str) {
    if have < need {
        let text = Text::EMPTY.and(name).and(" of Resources is ").number(have);
        fail(&text.and("; at least ").number(need).and(" is needed").and(why));
    }
}

const fn at_most(name: &str, have: usize, most: usize) {
    if have > most {
        let text = Text::EMPTY.and(name).and(" of Resources is ").number(have);
        let text = text.and("; at most ").number(most).and(" is possible");
        fail(&text.and(if most == 32 { " without the feature `many-links`" } else { "" }));
    }
}

#[expect(clippy::panic, reason = "it is the compiler's message")]
const fn fail(text: &Text) {
    panic!("{}", text.as_str());
}
