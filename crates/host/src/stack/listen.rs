//! Listeners for channels, and the channels that wait to be accepted.

use core::task::Poll;

use bindrune_l2cap::{ChannelConfig, CloseReason, ConnectionResult, LinkId, Listener, Psm};
use bindrune_wire::Level;

use super::{ChannelRef, LinkRef, Stack, channel::open_error};
use crate::Error;

impl Stack {
    /// Begins to listen. Returns the place of the listener.
    pub(crate) fn listen(
        &mut self,
        psm: Psm,
        config: ChannelConfig,
        level: Level,
        decides: bool,
    ) -> Result<u8, Error> {
        if !psm.is_valid() {
            return Err(Error::InvalidParameters);
        }
        self.channels.check(config).map_err(open_error)?;
        if self.listeners.iter().any(|l| l.psm == psm) {
            return Err(Error::Busy);
        }
        let free = self.listeners.iter().position(|l| l.psm == Psm(0)).ok_or(Error::NoListener)?;
        let place = self.listeners.get_mut(free).ok_or(Error::NoListener)?;
        *place = Listener { level, decides, ..Listener::new(psm, config) };
        u8::try_from(free).map_err(|_| Error::NoListener)
    }

    /// Stops listening. Closes channels that were not accepted.
    pub(crate) fn stop_listening(&mut self, place: u8) {
        let Some(listener) = self.listeners.get_mut(usize::from(place)) else { return };
        let psm = core::mem::replace(listener, Listener::FREE).psm;
        while let Some(index) = self.channels.incoming(psm) {
            let Some(channel) = self.claim(index) else { break };
            self.share_channel(channel);
            self.release_channel(channel);
        }
    }

    /// Returns the channel that has waited longest at a listener. The caller becomes a user of its link.
    pub(crate) fn poll_accept(&mut self, psm: Psm) -> Poll<Result<(LinkRef, ChannelRef), Error>> {
        let Some(index) = self.channels.incoming(psm) else { return Poll::Pending };
        let Some(channel) = self.claim(index) else { return Poll::Pending };
        self.share_link(channel.link);
        Poll::Ready(Ok((channel.link, channel)))
    }

    /// Returns whether the application decides about a channel that a peer requests.
    pub(super) fn decides(&self, index: usize) -> bool {
        let psm = self.channels.get(index).map(bindrune_l2cap::Channel::psm);
        self.listeners.iter().any(|listener| listener.decides && Some(listener.psm) == psm)
    }

    /// Returns the request that has waited longest for a decision. The caller becomes a user of its channel and link.
    pub(crate) fn poll_requested(&mut self, psm: Psm) -> Poll<ChannelRef> {
        let Some(index) = self.channels.requested(psm) else { return Poll::Pending };
        let Some(link) = self.link_of_channel(index) else { return Poll::Pending };
        self.channels.hold(index);
        let Some(channel) = self.channel_taken(index, link) else { return Poll::Pending };
        self.share_channel(channel);
        self.share_link(link);
        Poll::Ready(channel)
    }

    /// Opens a channel that a peer requested.
    pub(crate) fn accept_request(&mut self, channel: ChannelRef) -> Result<(), Error> {
        let live = self.channel(channel).is_ok();
        if live && self.channels.accept(channel.index.into()) {
            self.mark_pending(channel.link.index);
            return Ok(());
        }
        // The link has not ended, so the request has expired.
        Err(self
            .link(channel.link)
            .map_or(Error::Closed(CloseReason::LinkLost), |_| Error::Timeout))
    }

    /// Refuses a channel that a peer requested.
    pub(crate) fn refuse_request(&mut self, channel: ChannelRef, result: ConnectionResult) {
        if self.channel(channel).is_ok() && self.channels.refuse(channel.index.into(), result) {
            self.mark_pending(channel.link.index);
        }
    }

    /// Stops listening for requests. Refuses those that the application has not taken.
    pub(crate) fn stop_deciding(&mut self, place: u8, psm: Psm) {
        while let Some(index) = self.channels.requested(psm) {
            if !self.channels.refuse(index, ConnectionResult::PSM_NOT_SUPPORTED) {
                break;
            }
            if let Some(link) = self.link_of_channel(index) {
                self.mark_pending(link.index);
            }
        }
        self.stop_listening(place);
    }

    fn link_of_channel(&self, index: usize) -> Option<LinkRef> {
        let LinkId(link) = self.channels.get(index)?.link();
        let generation = self.links.get(usize::from(link))?.generation;
        Some(LinkRef { index: link, generation })
    }

    fn claim(&mut self, index: usize) -> Option<ChannelRef> {
        let link = self.link_of_channel(index)?;
        if !self.channels.claim(index) {
            return None;
        }
        self.channel_taken(index, link)
    }
}
