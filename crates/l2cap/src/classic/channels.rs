use bindrune_wire::time::Instant;
use embassy_time::Duration;

use super::channel::{Admission, ERTX, Events, Hold, State};
use super::negotiation::Negotiation;
use super::{
    Channel, ChannelConfig, ChannelError, CloseReason, ConnectionResult, ConnectionStatus, Psm,
    Signal,
};
use crate::{Cid, LinkId};

/// Time for pending data to leave after the application closed a channel.
const DRAINING: Duration = Duration::from_secs(10);

/// Time limit for the application to decide about a request without [`Channels::pend`].
pub(super) const DECISION: Duration = Duration::from_secs(20);

/// The channels of all BR/EDR links.
#[derive(Debug)]
pub struct Channels {
    slots: &'static mut [Channel],
}

impl Channels {
    /// Creates channels over their slots.
    #[must_use]
    pub const fn new(slots: &'static mut [Channel]) -> Self {
        Self { slots }
    }

    /// Returns a channel.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Channel> {
        self.slots.get(index).filter(|channel| channel.state != State::Free)
    }

    /// Returns every channel of a link with its index.
    pub fn of_link(&self, link: LinkId) -> impl Iterator<Item = (usize, &Channel)> {
        let of_link = move |c: &&Channel| c.link == link && c.state != State::Free;
        self.slots.iter().enumerate().filter(move |(_, c)| of_link(c))
    }

    /// Returns the longest SDU that a slot can receive, in octets.
    #[must_use]
    pub fn longest_mtu(&self) -> u16 {
        self.slots.iter().map(|channel| channel.transfer.longest_received()).max().unwrap_or(0)
    }

    /// Returns whether an open channel in Basic or Streaming mode has no room for an SDU of its MTU: it would be
    /// dropped.
    #[must_use]
    pub fn is_crowded(&self) -> bool {
        self.slots.iter().any(Channel::is_crowded)
    }

    /// Returns the number of free slots.
    #[must_use]
    pub fn free(&self) -> usize {
        self.slots.iter().filter(|channel| channel.state == State::Free).count()
    }

    /// Requests a channel from the peer, and returns its slot. It then reports [`Signal::Opened`] or
    /// [`Signal::Closed`]; after that, or at any time, the application must call [`Self::release`].
    ///
    /// # Errors
    ///
    /// [`ChannelError::Invalid`] if a number is out of range, [`ChannelError::NoSlot`] if every slot that can receive
    /// SDUs of the MTU is in use.
    pub fn connect(
        &mut self,
        now: Instant,
        link: LinkId,
        psm: Psm,
        config: ChannelConfig,
    ) -> Result<usize, ChannelError> {
        if !psm.is_valid() || !config.is_valid() {
            return Err(ChannelError::Invalid);
        }
        let fits = |c: &Channel| c.transfer.longest_received() >= config.mtu;
        if !self.slots.iter().any(fits) {
            return Err(ChannelError::Invalid);
        }
        let local = self.next_cid(link).ok_or(ChannelError::NoSlot)?;
        let free = |c: &Channel| c.state == State::Free && fits(c);
        let index = self.slots.iter().position(free).ok_or(ChannelError::NoSlot)?;
        self.with(index, |channel| {
            channel.begin(State::Connecting, link, psm, local);
            channel.negotiation = Negotiation::new(config);
            channel.hold = Hold::Held;
            channel.limit = Some(now + super::channel::ERTX_MAX);
        });
        Ok(index)
    }

    /// Accepts the channel that the peer requested. The application must call [`Self::release`] after its end.
    ///
    /// # Errors
    ///
    /// [`ChannelError::State`] if no request waits, [`ChannelError::Invalid`] if a number is out of range or the MTU
    /// does not fit in the received ring; then the request still waits.
    pub fn accept(
        &mut self,
        now: Instant,
        index: usize,
        config: ChannelConfig,
    ) -> Result<(), ChannelError> {
        let channel = self.requested(index)?;
        if !config.is_valid() || channel.transfer.longest_received() < config.mtu {
            return Err(ChannelError::Invalid);
        }
        channel.hold = Hold::Held;
        channel.events.requested = false;
        channel.negotiation = Negotiation::new(config);
        channel.configure(now);
        channel.admission = Admission::Accepted;
        channel.is_admission_due = true;
        Ok(())
    }

    /// Refuses the channel that the peer requested. Its slot is free once the response has left.
    ///
    /// # Errors
    ///
    /// [`ChannelError::State`] if no request waits, or `result` is no refusal.
    pub fn refuse(&mut self, index: usize, result: ConnectionResult) -> Result<(), ChannelError> {
        let channel = self.requested(index)?;
        if matches!(result, ConnectionResult::SUCCESS | ConnectionResult::PENDING) {
            return Err(ChannelError::State);
        }
        channel.refuse(result);
        Ok(())
    }

    /// Reports to the peer that the decision about its request takes time: at most 60 s from now on.
    ///
    /// # Errors
    ///
    /// [`ChannelError::State`] if no request waits.
    pub fn pend(
        &mut self,
        now: Instant,
        index: usize,
        status: ConnectionStatus,
    ) -> Result<(), ChannelError> {
        let channel = self.requested(index)?;
        channel.events.requested = false;
        channel.admission = Admission::Pending(status);
        channel.is_admission_due = true;
        channel.limit = Some(now + ERTX);
        Ok(())
    }

    /// Closes a channel. What was given to send leaves first, for at most 10 s. If the channel is not open yet, it is
    /// abandoned.
    pub fn disconnect(&mut self, now: Instant, index: usize) {
        self.with(index, |channel| channel.close(now, DRAINING));
    }

    /// Gives the slot back: the application does not use the channel any more. Closes it if it is not closed, as
    /// [`Self::disconnect`] does; it reports no signal any more.
    pub fn release(&mut self, now: Instant, index: usize) {
        self.with_used(index, |channel| {
            channel.close(now, DRAINING);
            channel.hold = Hold::Released;
            channel.events = Events::default();
            if matches!(channel.state, State::Closed(_)) {
                channel.reset();
            }
        });
    }

    /// Requests another MTU for what we receive on an open channel.
    ///
    /// # Errors
    ///
    /// [`ChannelError::State`] if the channel is not open or the last request has no response,
    /// [`ChannelError::Invalid`] if the MTU is less than 48 or does not fit in the received ring.
    pub fn reconfigure(&mut self, index: usize, mtu: u16) -> Result<(), ChannelError> {
        let open = |c: &&mut Channel| c.is_open() && c.negotiation.is_complete();
        let channel = self.slots.get_mut(index).filter(open).ok_or(ChannelError::State)?;
        if mtu < super::config::MIN_MTU || channel.transfer.longest_received() < mtu {
            return Err(ChannelError::Invalid);
        }
        channel.negotiation.change_mtu(mtu);
        Ok(())
    }

    /// Returns the next event of a link's channels, and forgets it. Call it after each input until there is none.
    pub fn poll_signal(&mut self, link: LinkId) -> Option<Signal> {
        let mut slots = self.slots.iter_mut().enumerate().filter(|(_, c)| c.link == link);
        slots.find_map(|(index, channel)| channel.take_event(index))
    }

    /// Ends every channel of a link.
    pub fn end_link(&mut self, link: LinkId) {
        for channel in self.slots_of(link) {
            match channel.admission {
                Admission::Refused(_) => channel.reset(),
                Admission::Undecided | Admission::Pending(_) | Admission::Accepted => {
                    channel.finish(CloseReason::LinkLost);
                }
            }
        }
    }

    fn requested(&mut self, index: usize) -> Result<&mut Channel, ChannelError> {
        let requested = |c: &&mut Channel| {
            c.state == State::Requested
                && matches!(c.admission, Admission::Undecided | Admission::Pending(_))
        };
        self.slots.get_mut(index).filter(requested).ok_or(ChannelError::State)
    }

    /// Returns the position of a link's channel that is neither free nor closed.
    pub(super) fn position(
        &self,
        link: LinkId,
        accept: impl Fn(&Channel) -> bool,
    ) -> Option<usize> {
        self.slots.iter().position(|c| c.link == link && c.is_alive() && accept(c))
    }

    /// Returns the same, but looks behind the slot `after` first.
    pub(super) fn position_after(
        &self,
        after: usize,
        link: LinkId,
        accept: impl Fn(&Channel) -> bool,
    ) -> Option<usize> {
        let of_link = |(_, c): &(usize, &Channel)| c.link == link && c.is_alive() && accept(c);
        let slots = || self.slots.iter().enumerate();
        let behind = slots().skip(after.saturating_add(1)).find(of_link);
        behind.or_else(|| slots().find(of_link)).map(|(index, _)| index)
    }

    /// Calls `f` with a slot in use.
    pub(super) fn with<R>(&mut self, index: usize, f: impl FnOnce(&mut Channel) -> R) -> Option<R> {
        self.slots.get_mut(index).map(f)
    }

    fn with_used(&mut self, index: usize, f: impl FnOnce(&mut Channel)) {
        if let Some(channel) = self.slot(index) {
            f(channel);
        }
    }

    pub(super) fn slot(&mut self, index: usize) -> Option<&mut Channel> {
        self.slots.get_mut(index).filter(|c| c.state != State::Free)
    }

    pub(super) fn slots_of(&mut self, link: LinkId) -> impl Iterator<Item = &mut Channel> {
        self.slots.iter_mut().filter(move |c| c.link == link && c.is_alive())
    }

    /// Takes a free slot for a channel that the peer requests.
    pub(super) fn admit(
        &mut self,
        now: Instant,
        link: LinkId,
        psm: Psm,
        identifier: u8,
        remote: Cid,
    ) -> Option<usize> {
        let local = self.next_cid(link)?;
        let index = self.slots.iter().position(|c| c.state == State::Free)?;
        self.with(index, |channel| {
            channel.begin(State::Requested, link, psm, local);
            channel.remote = remote;
            channel.requested_by = identifier;
            channel.limit = Some(now + DECISION);
            channel.events.requested = true;
        });
        Some(index)
    }

    /// Returns the lowest CID that no channel of the link uses.
    fn next_cid(&self, link: LinkId) -> Option<Cid> {
        (Cid::DYNAMIC.0..=u16::MAX)
            .take(self.slots.len().saturating_add(1))
            .map(Cid)
            .find(|cid| self.position(link, |c| c.local == *cid).is_none())
    }
}
