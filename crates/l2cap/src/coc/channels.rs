use core::fmt;

use bindrune_wire::{Pool, time::Instant};

use super::{Channel, ChannelConfig, ChannelDrops, CloseReason, LinkId, Pending, State};
use crate::{
    Cid, ConnectionResult, Header, Psm,
    capability::{Slots, slots as slots_of},
};

/// Pools that packets return to.
#[derive(Debug)]
pub struct Pools<'p> {
    /// Pool of packets with received data.
    pub rx: &'p mut Pool,
    /// Pool of packets to send.
    pub tx: &'p mut Pool,
}

/// Reason why a channel cannot be requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum OpenError {
    /// The PSM is not 0x01 to 0xFF.
    BadPsm,
    /// The window is 0, MTU or MPS is below 23, or an RX packet cannot hold the smallest K-frame.
    BadConfig,
    /// Every channel is in use.
    NoChannel,
    /// Fewer RX packets are free than the window needs.
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
/// The index of its slot names a channel. The local CID is 0x0040 + index modulo 64, so with at most 64 slots a
/// frame finds its slot without a search. A CID is always looked up together with its link.
///
/// - Getters: [`Self::get`], [`Self::find`], [`Self::incoming`], [`Self::reserved`], [`Self::readable`].
/// - Inputs: [`Self::handle_frame`], [`Self::link_lost`], [`Self::forget`]; the rest comes through
///   [`crate::Signalling`].
/// - Application: [`Self::open`], [`Self::accept`], [`Self::refuse`], [`Self::claim`], [`Self::close`],
///   [`Self::release`], [`Self::evict`]; to read, [`Self::recv_into`], [`Self::next_chunk`], [`Self::give_back`]; to
///   send, [`Self::write_frame`], [`Self::seal`], [`Self::put_out`].
/// - Outputs: [`Self::next_out`], [`Self::take_out`]; [`crate::Signalling`] writes the pending signalling commands.
pub struct Channels {
    pub(super) slots: Slots,
    /// Number of links that may be up at once.
    pub(super) links: usize,
    /// Total number of RX packets that windows may reserve.
    pub(super) budget: usize,
    /// Octets of a K-frame that fit in an RX packet.
    pub(super) frame: u16,
    /// One bit for each link whose channels may have a command pending.
    is_pending: [u32; 8],
    /// Number of frames that were for no open channel.
    pub(super) stray: u32,
    drops: ChannelDrops,
}

impl Channels {
    /// Creates the channels in `slots`, for at most `links` links at once. Their windows may reserve `budget` RX
    /// packets of `packet_size` octets in total.
    pub fn new(
        slots: &'static mut [Channel],
        links: usize,
        budget: usize,
        packet_size: usize,
    ) -> Self {
        let frame = u16::try_from(packet_size.saturating_sub(Header::LEN)).unwrap_or(u16::MAX);
        let drops = ChannelDrops::default();
        let slots = slots_of(slots);
        Self { slots, links, budget, frame, is_pending: [0; 8], stray: 0, drops }
    }

    /// Frees every slot.
    pub fn reset(&mut self, pools: &mut Pools<'_>) {
        for channel in self.slots.iter_mut() {
            channel.held = false;
            channel.free(pools);
            channel.drops = ChannelDrops::default();
        }
        (self.is_pending, self.stray, self.drops) = ([0; 8], 0, ChannelDrops::default());
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

    /// Returns whether there are no slots.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Returns all slots.
    pub fn iter(&self) -> impl Iterator<Item = &Channel> {
        self.slots.iter()
    }

    /// Returns the slot of the channel with the local CID `local` on `link`.
    #[must_use]
    pub fn find(&self, link: LinkId, local: Cid) -> Option<usize> {
        let mut index = usize::from(local.0.checked_sub(Cid::DYNAMIC.0)?);
        loop {
            let channel = self.get(index)?;
            if channel.link == link && channel.local == local && channel.is_live() {
                return Some(index);
            }
            index = index.checked_add(Cid::DYNAMIC_COUNT)?;
        }
    }

    /// Returns the channel on `psm` that has waited longest for the application: requested, or accepted and not
    /// claimed. If it has ended since, it still has an SDU to read.
    #[must_use]
    pub fn incoming(&self, psm: Psm) -> Option<usize> {
        self.oldest(|c| c.psm == psm && (c.is_offered() || matches!(c.state, State::Requested)))
    }

    /// Returns the request on `psm` that has waited longest for a decision and is not held by the application.
    #[must_use]
    pub fn requested(&self, psm: Psm) -> Option<usize> {
        self.oldest(|c| c.psm == psm && c.state == State::Requested && !c.held)
    }

    /// Returns the channel that was requested first, of those that `wanted` accepts.
    pub(super) fn oldest(&self, wanted: impl Fn(&Channel) -> bool) -> Option<usize> {
        let mut oldest: Option<(usize, &Channel)> = None;
        for (index, channel) in self.slots.iter().enumerate() {
            if wanted(channel) && oldest.is_none_or(|(_, known)| channel.since < known.since) {
                oldest = Some((index, channel));
            }
        }
        oldest.map(|(index, _)| index)
    }

    /// Marks a request as held by the application, which then decides: [`Self::accept`], [`Self::refuse`] or
    /// [`Self::release`].
    pub fn hold(&mut self, index: usize) {
        self.with(index, |channel| channel.held |= channel.state == State::Requested);
    }

    /// Returns the number of frames that were discarded because they were for no open channel.
    #[must_use]
    pub const fn stray_frames(&self) -> u32 {
        self.stray
    }

    /// Returns how much data was discarded when channels ended.
    #[must_use]
    pub const fn drops(&self) -> ChannelDrops {
        self.drops
    }

    /// Checks whether a channel can have these receive parameters if no other channel is open.
    ///
    /// # Errors
    ///
    /// [`OpenError::BadConfig`] if MTU, MPS or window are out of range; [`OpenError::NoChannel`] or
    /// [`OpenError::NoPackets`] if there will never be enough of that.
    pub fn check(&self, config: ChannelConfig) -> Result<(), OpenError> {
        config.resolve(self.frame).ok_or(OpenError::BadConfig)?;
        if self.is_empty() {
            return Err(OpenError::NoChannel);
        }
        if usize::from(config.window) > self.budget {
            return Err(OpenError::NoPackets);
        }
        Ok(())
    }

    /// Requests a channel from the peer of `link`. The application holds the channel from now on.
    ///
    /// # Errors
    ///
    /// [`OpenError::BadPsm`] or [`OpenError::BadConfig`] for a wrong argument; [`OpenError::NoChannel`] or
    /// [`OpenError::NoPackets`] if a resource runs out.
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

    /// Accepts a requested channel; false if it is no longer requested. The channel has no owner until
    /// [`Self::claim`].
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

    /// Claims an accepted channel for the application; false if it is gone or already claimed.
    pub fn claim(&mut self, index: usize) -> bool {
        self.with(index, |channel| {
            let waiting = channel.is_offered();
            channel.held |= waiting;
            waiting
        })
    }

    /// Closes a channel in order. The application still holds it and may read the received data.
    ///
    /// A K-frame in the out-slot is still sent: the peer gets the request to close once [`Self::take_out`] took the
    /// frame, or 30 s after [`crate::Signalling::start_timers`].
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

    /// Releases a channel: closes it if needed and discards its received data. The slot becomes free once the peer
    /// knows that the channel is closed.
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

    /// Ends each channel of a lost link, and calls `ended` with its slot.
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

    /// Returns whether a channel of `link` may have a signalling command pending.
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

    /// Returns the first live channel of `link` that `accept` accepts: for what is done for each PDU.
    pub(crate) fn position_by(
        &self,
        link: LinkId,
        accept: impl Fn(&Channel) -> bool,
    ) -> Option<usize> {
        self.slots.iter().position(|c| c.link == link && c.is_live() && accept(c))
    }

    /// Returns the first live channel of `link` that is wanted. The question is data, not a closure, so that this is
    /// compiled once.
    #[cold]
    #[inline(never)]
    pub(crate) fn position(&self, link: LinkId, wanted: Wanted) -> Option<usize> {
        self.position_by(link, |c| c.is(wanted))
    }

    pub(super) fn slot_mut(&mut self, index: usize) -> Option<&mut Channel> {
        self.slots.get_mut(index)
    }

    /// Changes one channel, and records whether it has a command pending afterwards.
    pub(crate) fn with<R: Default>(
        &mut self,
        index: usize,
        change: impl FnOnce(&mut Channel) -> R,
    ) -> R {
        let Some(channel) = self.slots.get_mut(index) else { return R::default() };
        let result = change(channel);
        self.changed(index);
        result
    }

    /// The end of every change. It does not depend on the change, so it is compiled once.
    fn changed(&mut self, index: usize) {
        let Some(channel) = self.slots.get_mut(index) else { return };
        if channel.drops.is_any() {
            self.drops.add(core::mem::take(&mut channel.drops));
        }
        if channel.has_pending_signal() {
            let link = channel.link;
            self.set_pending(link, true);
        }
    }
}

/// What to look for among the live channels of a link.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    /// Any channel.
    Any,
    /// One whose request needs a deadline: [`Channel::is_undated`].
    Undated,
    /// One whose deadline has passed.
    Expired(Instant),
    /// One that awaits the response with this identifier: [`Channel::awaits`].
    Awaiting(u8),
    /// One that must answer the request with this identifier: [`Channel::is_answering`].
    Answering(u8),
    /// One to which the peer's CID belongs: [`Channel::keeps`].
    Keeping(Cid),
}

impl Channel {
    fn is(&self, wanted: Wanted) -> bool {
        match wanted {
            Wanted::Any => true,
            Wanted::Undated => self.is_undated(),
            Wanted::Expired(now) => self.deadline.is_some_and(|deadline| deadline <= now),
            Wanted::Awaiting(identifier) => self.awaits(identifier),
            Wanted::Answering(identifier) => self.is_answering(identifier),
            Wanted::Keeping(remote) => self.keeps(remote),
        }
    }
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let live = self.slots.iter().filter(|c| c.is_live()).count();
        write!(f, "Channels({live} of {} live)", self.slots.len())
    }
}

fn pending_bit(link: LinkId) -> (usize, u32) {
    (usize::from(link.0 >> 5), 1 << (link.0 & 31))
}
