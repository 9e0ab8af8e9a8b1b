use core::fmt;

use bindrune_wire::Pool;

use super::{Channel, ChannelConfig, ChannelDrops, CloseReason, LinkId, Pending, State};
use crate::{
    Cid, ConnectionResult, Header, Psm,
    capability::{Slots, slots as slots_of},
};

/// Where packets go back to: those of received data, and those to be sent.
#[derive(Debug)]
pub struct Pools<'p> {
    /// Packets of received data.
    pub rx: &'p mut Pool,
    /// Packets to be sent.
    pub tx: &'p mut Pool,
}

/// Why a channel could not be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum OpenError {
    /// The PSM is not 0x01 to 0xFF.
    BadPsm,
    /// The window is 0, MTU or MPS is below 23, or an RX packet cannot hold the smallest K-frame.
    BadConfig,
    /// Every channel is in use.
    NoChannel,
    /// The RX packets that are left are fewer than the window.
    NoPackets,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadPsm => "the PSM is not 0x01 to 0xff",
            Self::BadConfig => "the window is 0, or MTU or MPS is below 23",
            Self::NoChannel => "every channel is in use",
            Self::NoPackets => "too few RX packets are left for the window",
        })
    }
}

impl core::error::Error for OpenError {}

/// The credit-based channels of all links.
///
/// A channel is named by the index of its slot. The local CID is 0x0040 + index modulo 64, so a frame finds its slot
/// without a search where there are at most 64 slots. A CID is looked up together with its link, never across links.
///
/// - Getters: [`Self::get`], [`Self::find`], [`Self::incoming`], [`Self::reserved`], [`Self::readable`].
/// - Inputs: [`Self::handle_frame`], [`Self::link_lost`], [`Self::forget`]; the rest comes through
///   [`crate::Signalling`].
/// - Application: [`Self::open`], [`Self::accept`], [`Self::refuse`], [`Self::claim`], [`Self::close`],
///   [`Self::release`], [`Self::evict`]; to read, [`Self::recv_into`], [`Self::next_chunk`], [`Self::give_back`]; to
///   send, [`Self::write_frame`], [`Self::seal`], [`Self::put_out`].
/// - Outputs: [`Self::next_out`], [`Self::take_out`]; what a channel owes on the signalling channel is written by
///   [`crate::Signalling`].
pub struct Channels {
    pub(super) slots: Slots,
    /// Links that may be up at once.
    pub(super) links: usize,
    /// RX packets that windows may reserve in all.
    pub(super) budget: usize,
    /// Octets of a K-frame that an RX packet holds.
    pub(super) frame: u16,
    /// One bit for each link whose channels may owe something.
    is_pending: [u64; 4],
    /// Frames to no open channel.
    pub(super) stray: u32,
    drops: ChannelDrops,
}

impl Channels {
    /// Channels in `slots` for at most `links` links at once, which may reserve `budget` RX packets of `packet_size`
    /// octets in all.
    pub fn new(
        slots: &'static mut [Channel],
        links: usize,
        budget: usize,
        packet_size: usize,
    ) -> Self {
        let frame = u16::try_from(packet_size.saturating_sub(Header::LEN)).unwrap_or(u16::MAX);
        let drops = ChannelDrops::default();
        let slots = slots_of(slots);
        Self { slots, links, budget, frame, is_pending: [0; 4], stray: 0, drops }
    }

    /// Frees every slot.
    pub fn reset(&mut self, pools: &mut Pools<'_>) {
        for channel in self.slots.iter_mut() {
            channel.held = false;
            channel.free(pools);
            channel.drops = ChannelDrops::default();
        }
        (self.is_pending, self.stray, self.drops) = ([0; 4], 0, ChannelDrops::default());
    }

    /// Returns the channel in slot `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Channel> {
        self.slots.get(index)
    }

    /// Returns the number of slots, free or not.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.slots.len()
    }

    /// True without any slot.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Returns all slots.
    pub fn iter(&self) -> impl Iterator<Item = &Channel> {
        self.slots.iter()
    }

    /// Returns the slot whose channel has `local` as our end on `link`.
    #[must_use]
    pub fn find(&self, link: LinkId, local: Cid) -> Option<usize> {
        let first = usize::from(local.0.checked_sub(Cid::DYNAMIC.0)?);
        let is = |c: &Channel| c.link == link && c.local == local && c.is_live();
        if is(self.get(first)?) {
            return Some(first);
        }
        let mut others = (first..self.slots.len()).step_by(Cid::DYNAMIC_COUNT).skip(1);
        others.find(|&index| self.get(index).is_some_and(is))
    }

    /// Returns the channel that has waited longest on `psm` for the application: requested, or accepted and not
    /// claimed. It may have ended since; then it has an SDU to read.
    #[must_use]
    pub fn incoming(&self, psm: Psm) -> Option<usize> {
        let waits =
            |c: &Channel| c.psm == psm && (c.is_offered() || matches!(c.state, State::Requested));
        let waiting = self.slots.iter().enumerate().filter(|(_, c)| waits(c));
        waiting.min_by_key(|(_, c)| c.since).map(|(index, _)| index)
    }

    /// Returns the request that has waited longest on `psm` for a decision, and that the application does not have.
    #[must_use]
    pub fn requested(&self, psm: Psm) -> Option<usize> {
        let waits = |c: &Channel| c.psm == psm && c.state == State::Requested && !c.held;
        let waiting = self.slots.iter().enumerate().filter(|(_, c)| waits(c));
        waiting.min_by_key(|(_, c)| c.since).map(|(index, _)| index)
    }

    /// The application takes a request to decide about it: [`Self::accept`], [`Self::refuse`] or [`Self::release`].
    pub fn hold(&mut self, index: usize) {
        self.with(index, |channel| channel.held |= channel.state == State::Requested);
    }

    /// Frames that were discarded, since they were for no open channel.
    #[must_use]
    pub const fn stray_frames(&self) -> u32 {
        self.stray
    }

    /// What the end of channels discarded.
    #[must_use]
    pub const fn drops(&self) -> ChannelDrops {
        self.drops
    }

    /// Asks the peer of `link` for a channel; the application holds it from now on.
    ///
    /// # Errors
    ///
    /// [`OpenError::BadPsm`], [`OpenError::BadConfig`], or what is short: [`OpenError::NoChannel`],
    /// [`OpenError::NoPackets`].
    pub fn open(
        &mut self,
        link: LinkId,
        psm: Psm,
        config: ChannelConfig,
    ) -> Result<usize, OpenError> {
        if !psm.is_valid() {
            return Err(OpenError::BadPsm);
        }
        let index = self.allot(link, psm, config)?;
        self.with(index, |channel| {
            channel.state = State::Connecting;
            channel.pending = Pending::ConnectionRequest;
            channel.held = true;
        });
        Ok(index)
    }

    /// Accepts a requested channel; false if it is no longer requested. It is nobody's until [`Self::claim`].
    pub fn accept(&mut self, index: usize) -> bool {
        self.with(index, |channel| {
            let requested = channel.state == State::Requested;
            if requested {
                channel.state = State::Open;
                channel.pending = Pending::ConnectionResponse;
                channel.deadline = None;
                channel.rx.grant(channel.rx.window);
            }
            requested
        })
    }

    /// Refuses a requested channel; false if it is no longer requested.
    pub fn refuse(&mut self, index: usize, result: ConnectionResult) -> bool {
        self.with(index, |channel| {
            let requested = channel.state == State::Requested;
            if requested {
                channel.refuse(result);
            }
            requested
        })
    }

    /// The application takes a channel that was accepted; false if it is gone or has been taken.
    pub fn claim(&mut self, index: usize) -> bool {
        self.with(index, |channel| {
            let waiting = channel.is_offered();
            channel.held |= waiting;
            waiting
        })
    }

    /// Closes a channel in order; the application still holds it, and may read what was received.
    ///
    /// A K-frame in the out-slot is still sent: the peer is told once [`Self::take_out`] took it, or 30 s after
    /// [`crate::Signalling::start_timers`].
    pub fn close(&mut self, index: usize, pools: &mut Pools<'_>) {
        self.with(index, |channel| match channel.state {
            State::Open => channel.disconnect(CloseReason::Local, pools),
            State::Connecting if channel.pending == Pending::ConnectionRequest => {
                channel.finish(CloseReason::Local, pools);
            }
            State::Requested => channel.refuse(ConnectionResult::NO_RESOURCES),
            State::Free
            | State::Connecting
            | State::Refusing
            | State::Disconnecting(_)
            | State::Closed(_) => {}
        });
    }

    /// The application lets go of a channel: it is closed if need be, its received data is discarded, and its slot
    /// becomes free once the peer knows.
    pub fn release(&mut self, index: usize, pools: &mut Pools<'_>) {
        self.with(index, |channel| {
            channel.held = false;
            channel.discard_received(pools);
            if let State::Closed(_) = channel.state {
                channel.free(pools);
            }
        });
        self.close(index, pools);
    }

    /// The link is gone: each of its channels ends, and `ended` is told which.
    pub fn link_lost(&mut self, link: LinkId, pools: &mut Pools<'_>, mut ended: impl FnMut(usize)) {
        for (index, channel) in self.slots.iter_mut().enumerate() {
            if channel.link == link && channel.is_live() {
                channel.finish(CloseReason::LinkLost, pools);
                self.drops.add(core::mem::take(&mut channel.drops));
                ended(index);
            }
        }
        self.set_pending(link, false);
    }

    /// Returns whether a channel of `link` may owe something on the signalling channel.
    pub(crate) fn is_pending(&self, link: LinkId) -> bool {
        let (word, bit) = pending_bit(link);
        self.is_pending.get(word).is_some_and(|word| word & bit != 0)
    }

    pub(crate) fn set_pending(&mut self, link: LinkId, is_pending: bool) {
        let (word, bit) = pending_bit(link);
        if let Some(word) = self.is_pending.get_mut(word) {
            *word = if is_pending { *word | bit } else { *word & !bit };
        }
    }

    /// The first live channel of `link` that `wanted` wants.
    pub(crate) fn position(
        &self,
        link: LinkId,
        wanted: impl Fn(&Channel) -> bool,
    ) -> Option<usize> {
        self.slots.iter().position(|c| c.link == link && c.is_live() && wanted(c))
    }

    pub(super) fn slot_mut(&mut self, index: usize) -> Option<&mut Channel> {
        self.slots.get_mut(index)
    }

    /// Changes one channel, and notes what it owes then.
    pub(crate) fn with<R: Default>(
        &mut self,
        index: usize,
        change: impl FnOnce(&mut Channel) -> R,
    ) -> R {
        let Some(channel) = self.slots.get_mut(index) else { return R::default() };
        let result = change(channel);
        if channel.drops.is_any() {
            self.drops.add(core::mem::take(&mut channel.drops));
        }
        let (link, pending) = (channel.link, channel.has_pending_signal());
        if pending {
            self.set_pending(link, true);
        }
        result
    }
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let live = self.slots.iter().filter(|c| c.is_live()).count();
        write!(f, "Channels({live} of {} live)", self.slots.len())
    }
}

fn pending_bit(link: LinkId) -> (usize, u64) {
    (usize::from(link.0 >> 6), 1 << (link.0 & 63))
}
