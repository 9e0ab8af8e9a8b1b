//! Listeners of server channels, and connections that peers request. [RFCOMM 1.2] 5.4

use core::task::Poll;

use bindrune_classic::security::Requirement;
use bindrune_rfcomm::{Dlc, State as DlcState};
use bindrune_wire::Level;

use super::{Rfcomm, State, StreamRef};
use crate::{
    Error,
    stack::{Stack, classic::wait::Event},
    waiters::Due,
};

impl Rfcomm {
    /// Returns the level that a request needs.
    fn level_of(&self, dlc: &Dlc) -> Option<Level> {
        self.levels.get(usize::from(dlc.channel())).copied().flatten()
    }
}

impl State {
    /// Returns the link of a requested connection, and the level that it needs if the link does not have it.
    fn rfcomm_request(&self, index: usize) -> Option<(u8, Option<Level>)> {
        let dlc = self.rfcomm.dlcs.get(index).filter(|d| d.state() == DlcState::Requested)?;
        let link = dlc.session().0;
        let level = self.rfcomm.level_of(dlc)?;
        Some((link, Some(level).filter(|level| self.security.security(link).level < *level)))
    }

    /// Returns the request for a server channel that is served next: the oldest one, or else one whose link is secure.
    fn acceptable(&self, channel: u8) -> Option<usize> {
        let dlcs = &self.rfcomm.dlcs;
        let secure = |index: &usize| {
            let of = dlcs.get(*index).is_some_and(|dlc| dlc.channel() == channel);
            of && self.rfcomm_request(*index).is_some_and(|(_, level)| level.is_none())
        };
        dlcs.requested(channel).filter(secure).or_else(|| (0..dlcs.len()).find(secure))
    }
}

impl Stack {
    /// Begins to listen on a server channel, or on a free one. Returns it. [RFCOMM 1.2] 5.4
    pub(crate) fn rfcomm_listen(&mut self, channel: Option<u8>, level: Level) -> Result<u8, Error> {
        let state = self.classic.get().ok_or(Error::Unsupported)?;
        let Rfcomm { dlcs, levels, .. } = &mut state.rfcomm;
        if dlcs.is_empty() {
            return Err(Error::NoStream);
        }
        let free = (1..31u8).find(|channel| !dlcs.is_listening(*channel));
        let channel = channel.or(free).ok_or(Error::NoListener)?;
        if dlcs.is_listening(channel) {
            return Err(Error::Busy);
        }
        if !dlcs.listen(channel, true) {
            return Err(Error::InvalidParameters);
        }
        if let Some(place) = levels.get_mut(usize::from(channel)) {
            *place = Some(level);
        }
        self.classic_visibility();
        Ok(channel)
    }

    /// Stops listening. Refuses connections that were not accepted. [TS 07.10] 5.4
    pub(crate) fn rfcomm_stop_listening(&mut self, channel: u8) {
        let Some(state) = self.classic.get() else { return };
        let Rfcomm { dlcs, levels, .. } = &mut state.rfcomm;
        dlcs.listen(channel, false);
        if let Some(place) = levels.get_mut(usize::from(channel)) {
            *place = None;
        }
        while let Some(state) = self.classic.get()
            && let Some(index) = state.rfcomm.dlcs.requested(channel)
        {
            self.refuse_rfcomm(index);
        }
        self.classic_visibility();
    }

    fn refuse_rfcomm(&mut self, index: usize) {
        let Some(state) = self.classic.get() else { return };
        let link = state.rfcomm.dlcs.get(index).map(|dlc| dlc.session().0);
        state.rfcomm.dlcs.refuse(index);
        if let Some(link) = link {
            self.settle_rfcomm(link);
        }
    }

    /// Accepts the next connection of a listener. The caller becomes a user of it, and of its link. [TS 07.10] 5.4
    pub(crate) fn poll_rfcomm_accept(&mut self, channel: u8) -> Poll<Result<StreamRef, Error>> {
        let now = self.now;
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        let Some(index) = state.acceptable(channel) else { return Poll::Pending };
        if !state.rfcomm.dlcs.accept(now, index) {
            return Poll::Pending;
        }
        let stream = self.hold_stream(index).ok_or(Error::NoStream)?;
        self.settle_rfcomm(stream.link.index);
        Poll::Ready(Ok(stream))
    }

    /// Handles the peer's request for a connection: the security of the link comes first. [Vol 3] Part C, 5.2.2.8
    pub(super) fn rfcomm_dlc_requested(&mut self, index: usize) {
        let now = self.now;
        let Some(state) = self.classic.get() else { return };
        match state.rfcomm_request(index) {
            None => {
                state.rfcomm.dlcs.refuse(index);
            }
            Some((_, None)) => self.classic_mark(Event::Accept),
            Some((link, Some(level))) => {
                let begun = state.security.require(now, link, Requirement::level(level));
                if begun.is_err() {
                    state.rfcomm.dlcs.refuse(index);
                }
                self.ready.run(Due::COMMAND);
            }
        }
        self.deadlines_changed();
    }

    /// Handles the outcome of security for connections that wait for it. [Vol 3] Part C, 5.2.2.8
    pub(in crate::stack::classic) fn settle_rfcomm_requests(&mut self, link: u8, failed: bool) {
        let Some(state) = self.classic.get() else { return };
        for index in 0..state.rfcomm.dlcs.len() {
            let Some(state) = self.classic.get() else { return };
            match state.rfcomm_request(index) {
                Some((of, None)) if of == link => self.classic_mark(Event::Accept),
                Some((of, Some(_))) if of == link && failed => self.refuse_rfcomm(index),
                Some(_) | None => {}
            }
        }
    }
}
