//! RFCOMM connections, for the application's calls. [RFCOMM 1.2]

use core::task::Poll;

use bindrune_l2cap::{LinkId, classic::Psm};
use bindrune_rfcomm::{
    Break, Dlc, EndReason, ModemStatus, OpenError, Role, SessionEnd, State as DlcState,
};

use super::Rfcomm;
use crate::{
    Error,
    stack::{
        Stack,
        classic::{
            channel::{Of, error_of},
            link::LinkRef,
        },
    },
};

/// Identifies one connection until its slot is used for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StreamRef {
    index: u8,
    generation: u32,
    /// The group of its waiting futures.
    pub(crate) group: u8,
    pub(crate) link: LinkRef,
}

impl Rfcomm {
    /// Returns the slot of a reference if it is still the same connection.
    pub(super) fn stream(&self, stream: StreamRef) -> Result<(usize, &Dlc), Error> {
        let index = usize::from(stream.index);
        let dlc = self.dlcs.get(index);
        let dlc = dlc.filter(|dlc| dlc.generation() == stream.generation && dlc.is_held());
        let gone = Error::Rfcomm(EndReason::Session(SessionEnd::ChannelLost));
        Ok((index, dlc.ok_or(gone)?))
    }
}

impl Stack {
    /// Makes the caller a user of a connection, and of its link.
    pub(super) fn hold_stream(&mut self, index: usize) -> Option<StreamRef> {
        let group = self.stream_group(index)?;
        let state = self.classic.get()?;
        let dlc = state.rfcomm.dlcs.get(index)?;
        let (generation, link) = (dlc.generation(), dlc.session().0);
        let link = state.up(link)?.reference(link);
        self.share_classic_link(link);
        Some(StreamRef { index: u8::try_from(index).ok()?, generation, group, link })
    }

    /// Requests a connection, once the link has a session. The caller becomes a user of it, and of its link.
    /// [RFCOMM 1.2] 5.2 and 5.4
    ///
    /// `attempt` is `None` at first, and belongs to the caller.
    pub(crate) fn poll_rfcomm_open(
        &mut self,
        link: LinkRef,
        channel: u8,
        attempt: &mut Option<u32>,
    ) -> Poll<Result<StreamRef, Error>> {
        let now = self.now;
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        state.link(link)?;
        let Rfcomm { ports, dlcs, .. } = &mut state.rfcomm;
        if dlcs.is_empty() {
            return Poll::Ready(Err(Error::NoStream));
        }
        let port = ports.get_mut(usize::from(link.index)).ok_or(Error::NoStream)?;
        if let Some(session) = port.session.as_mut().filter(|session| session.can_open()) {
            let opened = session.open(now, dlcs, channel);
            return self.rfcomm_requested_open(link, opened);
        }
        if port.is_beyond(*attempt.get_or_insert(port.limit())) {
            return Poll::Ready(Err(Error::ClassicClosed(port.failure)));
        }
        if port.channel.is_none() {
            self.open_rfcomm_channel(link)?;
        }
        Poll::Pending
    }

    fn rfcomm_requested_open(
        &mut self,
        link: LinkRef,
        opened: Result<usize, OpenError>,
    ) -> Poll<Result<StreamRef, Error>> {
        let closing = self.is_rfcomm_closing();
        match opened {
            Ok(index) => {
                let stream = self.hold_stream(index).ok_or(Error::NoStream)?;
                self.settle_rfcomm(link.index);
                Poll::Ready(Ok(stream))
            }
            Err(OpenError::BadChannel) => Poll::Ready(Err(Error::InvalidParameters)),
            Err(OpenError::InUse | OpenError::NoSlot) if closing => Poll::Pending,
            Err(OpenError::Ended) => Poll::Pending,
            Err(OpenError::InUse) => Poll::Ready(Err(Error::Busy)),
            Err(OpenError::NoSlot) => Poll::Ready(Err(Error::NoStream)),
        }
    }

    /// Opens the channel of a session. [RFCOMM 1.2] 5.2
    fn open_rfcomm_channel(&mut self, link: LinkRef) -> Result<(), Error> {
        let now = self.now;
        let state = self.classic.get().ok_or(Error::Unsupported)?;
        let config = state.rfcomm_config();
        let opened = state.channels.connect(now, LinkId(link.index), Psm::RFCOMM, config);
        let slot = opened.map_err(error_of)?;
        let channel = state.use_channel(slot, link, Of::Rfcomm).ok_or(Error::NoClassicChannel)?;
        if let Some(port) = state.rfcomm.port(link.index) {
            port.channel = Some((channel.index, Role::Initiator));
        }
        self.classic_pending(link.index);
        self.deadlines_changed();
        Ok(())
    }

    /// Ready when the connection is open. [TS 07.10] 5.4
    pub(crate) fn poll_rfcomm_opened(&mut self, stream: StreamRef) -> Poll<Result<(), Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        let (_, dlc) = state.rfcomm.stream(stream)?;
        match (dlc.is_open(), dlc.end_reason()) {
            (true, _) => Poll::Ready(Ok(())),
            // The peer has closed it already, after it sent something.
            (false, Some(EndReason::Peer)) if dlc.readable() > 0 => Poll::Ready(Ok(())),
            (false, Some(reason)) => Poll::Ready(Err(Error::Rfcomm(reason))),
            (false, None) => Poll::Pending,
        }
    }

    /// Moves received bytes to `buffer`. Returns 0 after the peer has closed the connection. [RFCOMM 1.2] 6.5
    pub(crate) fn poll_rfcomm_read(
        &mut self,
        stream: StreamRef,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        let (index, dlc) = state.rfcomm.stream(stream)?;
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        if dlc.readable() == 0 {
            return match dlc.end_reason() {
                None => Poll::Pending,
                Some(EndReason::Peer | EndReason::Session(SessionEnd::Peer)) => Poll::Ready(Ok(0)),
                Some(reason) => Poll::Ready(Err(Error::Rfcomm(reason))),
            };
        }
        let len = state.rfcomm.dlcs.recv(index, buffer);
        // The peer may have waited for the room.
        self.settle_rfcomm(stream.link.index);
        Poll::Ready(Ok(len))
    }

    /// Takes bytes to send, as many as there is room for. [RFCOMM 1.2] 6.5
    pub(crate) fn poll_rfcomm_write(
        &mut self,
        stream: StreamRef,
        bytes: &[u8],
    ) -> Poll<Result<usize, Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        let (index, dlc) = state.rfcomm.stream(stream)?;
        if let Some(reason) = dlc.end_reason() {
            return Poll::Ready(Err(Error::Rfcomm(reason)));
        }
        let len = state.rfcomm.dlcs.send(index, bytes);
        if len == 0 && !bytes.is_empty() {
            return Poll::Pending;
        }
        self.settle_rfcomm(stream.link.index);
        Poll::Ready(Ok(len))
    }

    /// Ready when everything that was written has left. `until` is `None` at first, and belongs to the caller.
    pub(crate) fn poll_rfcomm_flush(
        &mut self,
        stream: StreamRef,
        until: &mut Option<u32>,
    ) -> Poll<Result<(), Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        let (_, dlc) = state.rfcomm.stream(stream)?;
        if let Some(reason) = dlc.end_reason() {
            return Poll::Ready(Err(Error::Rfcomm(reason)));
        }
        if dlc.unsent() > 0 {
            return Poll::Pending;
        }
        let Some(port) = state.rfcomm.port(stream.link.index) else { return Poll::Pending };
        let Some((channel, _)) = port.channel else { return Poll::Pending };
        let later = port.given.wrapping_sub(*until.get_or_insert(port.given));
        let unsent = state.channels.get(channel.into()).map_or(0, |c| c.transfer().unsent());
        let left = usize::try_from(later).unwrap_or(usize::MAX) >= unsent;
        if left { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Closes a connection once everything was sent. [TS 07.10] 5.4
    pub(crate) fn rfcomm_close(&mut self, stream: StreamRef) {
        let now = self.now;
        let Some(state) = self.classic.get() else { return };
        let Ok((index, _)) = state.rfcomm.stream(stream) else { return };
        state.rfcomm.dlcs.close(now, index);
        self.settle_rfcomm(stream.link.index);
    }

    /// Ready when a connection that this end closes is closed. [RFCOMM 1.2] 5.3
    pub(crate) fn poll_rfcomm_closed(&mut self, stream: StreamRef) -> Poll<Result<(), Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        let DlcState::Closed(reason) = state.rfcomm.stream(stream)?.1.state() else {
            return Poll::Pending;
        };
        Poll::Ready(match reason {
            EndReason::Local | EndReason::Peer => Ok(()),
            EndReason::Timeout => Err(Error::Timeout),
            EndReason::Refused | EndReason::Session(_) | EndReason::Violation(_) => {
                Err(Error::Rfcomm(reason))
            }
        })
    }

    /// Gives a connection back. It closes once everything was sent. [TS 07.10] 5.4
    pub(crate) fn release_rfcomm(&mut self, stream: StreamRef) {
        let now = self.now;
        let Some(state) = self.classic.get() else { return };
        if let Ok((index, _)) = state.rfcomm.stream(stream) {
            state.rfcomm.dlcs.release(now, index);
            self.settle_rfcomm(stream.link.index);
            self.classic_mark(super::Event::Session);
        }
        self.release_classic_link(stream.link);
    }

    /// Returns the server channel of a connection. [RFCOMM 1.2] 5.4
    pub(crate) fn rfcomm_channel(&self, stream: StreamRef) -> u8 {
        let dlc = self.classic.state().and_then(|state| state.rfcomm.stream(stream).ok());
        dlc.map_or(0, |(_, dlc)| dlc.channel())
    }

    /// Returns our modem status, and that of the peer. [TS 07.10] 5.4.6.3.7
    pub(crate) fn rfcomm_modem(&self, stream: StreamRef) -> (ModemStatus, ModemStatus) {
        let dlc = self.classic.state().and_then(|state| state.rfcomm.stream(stream).ok());
        dlc.map_or((ModemStatus::empty(), ModemStatus::empty()), |(_, dlc)| {
            (dlc.modem(), dlc.peer_modem())
        })
    }

    /// Changes our modem status. [TS 07.10] 5.4.6.3.7
    pub(crate) fn rfcomm_set_modem(
        &mut self,
        stream: StreamRef,
        status: ModemStatus,
    ) -> Result<(), Error> {
        let state = self.classic.get().ok_or(Error::Unsupported)?;
        let (index, dlc) = state.rfcomm.stream(stream)?;
        if let Some(reason) = dlc.end_reason() {
            return Err(Error::Rfcomm(reason));
        }
        state.rfcomm.dlcs.set_modem(index, status);
        self.settle_rfcomm(stream.link.index);
        Ok(())
    }

    /// Ready when the peer's modem status is another one. [TS 07.10] 5.4.6.3.7
    pub(crate) fn poll_rfcomm_modem(
        &mut self,
        stream: StreamRef,
        known: ModemStatus,
    ) -> Poll<Result<ModemStatus, Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        let (_, dlc) = state.rfcomm.stream(stream)?;
        match dlc.end_reason() {
            _ if dlc.peer_modem() != known => Poll::Ready(Ok(dlc.peer_modem())),
            Some(reason) => Poll::Ready(Err(Error::Rfcomm(reason))),
            None => Poll::Pending,
        }
    }

    /// Sends a break. [TS 07.10] 5.4.6.3.7
    pub(crate) fn rfcomm_break(&mut self, stream: StreamRef, signal: Break) -> Result<(), Error> {
        let state = self.classic.get().ok_or(Error::Unsupported)?;
        let (index, dlc) = state.rfcomm.stream(stream)?;
        if let Some(reason) = dlc.end_reason() {
            return Err(Error::Rfcomm(reason));
        }
        state.rfcomm.dlcs.send_break(index, signal);
        self.settle_rfcomm(stream.link.index);
        Ok(())
    }

    /// Ready when the peer has sent a break. [TS 07.10] 5.4.6.3.7
    pub(crate) fn poll_rfcomm_break(&mut self, stream: StreamRef) -> Poll<Result<Break, Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        let (index, dlc) = state.rfcomm.stream(stream)?;
        let end = dlc.end_reason();
        match (state.rfcomm.dlcs.take_break(index), end) {
            (Some(signal), _) => Poll::Ready(Ok(signal)),
            (None, Some(reason)) => Poll::Ready(Err(Error::Rfcomm(reason))),
            (None, None) => Poll::Pending,
        }
    }
}
