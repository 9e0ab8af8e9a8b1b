//! Who accepts channels, and which wait to be taken.

use core::task::Poll;

use bindrune_l2cap::{ChannelConfig, LinkId, Listener, Psm};
use bindrune_wire::Level;

use super::{ChannelRef, LinkRef, Stack};
use crate::Error;

impl Stack {
    /// Begins to listen; gives the place of the listener.
    pub(crate) fn listen(
        &mut self,
        psm: Psm,
        config: ChannelConfig,
        level: Level,
    ) -> Result<u8, Error> {
        if !psm.is_valid() {
            return Err(Error::InvalidParameters);
        }
        if self.listeners.iter().any(|l| l.psm == psm) {
            return Err(Error::Busy);
        }
        let free = self.listeners.iter().position(|l| l.psm == Psm(0)).ok_or(Error::NoListener)?;
        let place = self.listeners.get_mut(free).ok_or(Error::NoListener)?;
        *place = Listener { level, ..Listener::new(psm, config) };
        u8::try_from(free).map_err(|_| Error::NoListener)
    }

    /// Stops listening; channels that nobody took are closed.
    pub(crate) fn stop_listening(&mut self, place: u8) {
        let Some(listener) = self.listeners.get_mut(usize::from(place)) else { return };
        let psm = core::mem::replace(listener, Listener::FREE).psm;
        while let Some(index) = self.channels.incoming(psm) {
            let Some(channel) = self.claim(index) else { break };
            self.share_channel(channel);
            self.release_channel(channel);
        }
    }

    /// The channel that has waited longest at a listener, and its link, of which the caller becomes a user.
    pub(crate) fn poll_accept(&mut self, psm: Psm) -> Poll<Result<(LinkRef, ChannelRef), Error>> {
        let Some(index) = self.channels.incoming(psm) else { return Poll::Pending };
        let Some(channel) = self.claim(index) else { return Poll::Pending };
        self.share_link(channel.link);
        Poll::Ready(Ok((channel.link, channel)))
    }

    fn claim(&mut self, index: usize) -> Option<ChannelRef> {
        let LinkId(link) = self.channels.get(index)?.link();
        let generation = self.links.get(usize::from(link))?.generation;
        if !self.channels.claim(index) {
            return None;
        }
        self.channel_taken(index, LinkRef { index: link, generation })
    }
}
