//! Frames of sessions: from and to their L2CAP channels. Changes of connections wake the tasks that wait.
//! [RFCOMM 1.2] 5.1

use bindrune_rfcomm::{Changes, State as DlcState};
use bindrune_wire::{Interest, Writer, time::Instant};

use super::{Port, Rfcomm, State};
use crate::{
    stack::{
        Stack,
        classic::{channel::Of, wait::Event},
    },
    waiters::ChannelKey,
};

/// Frames with data that a channel has at once. The rest stays with its connection, so that small writes share a frame,
/// and connections take turns.
const AHEAD: usize = 2;

impl State {
    /// Writes the next frame of a session to its channel, if there is room. Returns how urgent it was. [RFCOMM 1.2] 4.1
    /// and 5.1
    fn send_rfcomm_frame(&mut self, now: Instant, link: u8) -> Option<Interest> {
        let Self { channels, rfcomm: Rfcomm { ports, dlcs, .. }, response, .. } = self;
        let Port { channel: Some((channel, _)), session: Some(session), given, .. } =
            ports.get_mut(usize::from(link))?
        else {
            return None;
        };
        let channel = usize::from(*channel);
        let interest = session.interest(dlcs);
        let transfer = channels.get(channel)?.transfer();
        let longest = usize::from(transfer.longest()).min(response.len());
        let may = match interest {
            Interest::None => false,
            Interest::Data => transfer.unsent() < AHEAD,
            Interest::Urgent => true,
        };
        if !may || transfer.can_send(longest).is_err() {
            return None;
        }
        let mut w = Writer::new(response.get_mut(..longest)?);
        if !session.poll_transmit(now, dlcs, &mut w) {
            return None;
        }
        let sent = channels.send(channel, w.written());
        *given = given.wrapping_add(1);
        sent.ok().map(|()| interest)
    }

    /// Passes the next received frame to its session; false if there is none. [TS 07.10] 5.4
    fn take_rfcomm_frame(&mut self, now: Instant, channel: usize, link: u8) -> bool {
        let Self { channels, rfcomm: Rfcomm { ports, dlcs, .. }, .. } = self;
        let Some(frame) = channels.received(channel) else { return false };
        let port = ports.get_mut(usize::from(link));
        if let Some(session) = port.and_then(|port| port.session.as_mut()) {
            session.handle_frame(now, frame, dlcs);
        }
        channels.consume(channel)
    }
}

impl Stack {
    /// Handles the frames that arrived on a channel, if it is one of RFCOMM.
    pub(in crate::stack::classic) fn rfcomm_readable(&mut self, channel: usize) {
        let now = self.now;
        loop {
            let Some(state) = self.classic.get() else { return };
            let user = state.user(channel).filter(|user| user.of == Of::Rfcomm);
            let Some(link) = user.map(|user| user.link.index) else { return };
            if !state.take_rfcomm_frame(now, channel, link) {
                return;
            }
            self.settle_rfcomm(link);
        }
    }

    /// Fills the channel of a session.
    pub(super) fn send_rfcomm(&mut self, link: u8) {
        let now = self.now;
        let mut freed = false;
        while let Some(interest) =
            self.classic.get().and_then(|state| state.send_rfcomm_frame(now, link))
        {
            freed |= interest == Interest::Urgent;
        }
        if freed {
            self.classic_mark(Event::Session);
        }
    }

    /// Continues to send after data of a link has left.
    pub(in crate::stack::classic) fn rfcomm_progress(&mut self, link: u8) {
        let Some(state) = self.classic.get() else { return };
        if state.rfcomm.port(link).is_none_or(|port| port.session.is_none()) {
            return;
        }
        self.settle_rfcomm(link);
        let Some(state) = self.classic.get() else { return };
        for index in 0..state.rfcomm.dlcs.len() {
            self.mark_dlc(index, ChannelKey::Flush);
        }
    }

    /// Handles what changed for connections.
    pub(super) fn rfcomm_changes(&mut self) {
        while let Some((index, changes)) =
            self.classic.get().and_then(|state| state.rfcomm.dlcs.poll_change())
        {
            self.rfcomm_change(index, changes);
        }
    }

    fn rfcomm_change(&mut self, index: usize, changes: Changes) {
        if changes.contains(Changes::REQUESTED) {
            self.rfcomm_dlc_requested(index);
        }
        if changes.intersects(Changes::ENDED) {
            if let Some(group) = self.stream_group(index) {
                self.ready.classic.whole_channel(group);
            }
            self.classic_mark(Event::Session);
            return;
        }
        let port = Changes::LINE | Changes::PORT | Changes::REPORTED;
        let state = Changes::OPENED | Changes::MODEM | port;
        let keys = [
            (state, ChannelKey::State),
            (Changes::READABLE, ChannelKey::Receive),
            (Changes::WRITABLE, ChannelKey::Send),
            (Changes::WRITABLE, ChannelKey::Flush),
        ];
        for (of, key) in keys {
            if changes.intersects(of) {
                self.mark_dlc(index, key);
            }
        }
    }

    pub(super) fn mark_dlc(&mut self, index: usize, key: ChannelKey) {
        if let Some(group) = self.stream_group(index) {
            self.mark_stream(group, key);
        }
    }

    /// Returns the group of futures that wait for a connection: behind those of the channels.
    pub(super) fn stream_group(&self, index: usize) -> Option<u8> {
        let channels = self.classic.state()?.users.len();
        u8::try_from(channels.checked_add(index)?).ok()
    }

    /// Returns whether a connection is about to end, so that its slot becomes free.
    pub(super) fn is_rfcomm_closing(&self) -> bool {
        let closing = |state| matches!(state, DlcState::Closing(_) | DlcState::Refusing);
        let dlcs = self.classic.state().map(|state| &state.rfcomm.dlcs);
        dlcs.is_some_and(|dlcs| dlcs.iter().any(|dlc| !dlc.is_held() && closing(dlc.state())))
    }
}
