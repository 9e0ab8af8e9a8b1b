//! Inquiry, names and links of BR/EDR, for the application's calls. [Vol 3] Part C, 6 and 7

use core::task::Poll;

use bindrune_classic::{Connect, ConnectError, ControllerInfo, Found, Inquiry, InquiryEnd};
use bindrune_hci::{BdAddress, Status, cmd::baseband::EventMask};
use bindrune_wire::{Address, AddressKind};
use embassy_time::Duration;

use super::{Classic, Phase, State, link::LinkRef, wait::Event as Awaited};
use crate::{
    Error,
    stack::{Phase as HostPhase, Stack},
    waiters::Due,
};

/// The inquiry of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inquiring {
    No,
    Yes,
    Ended(InquiryEnd),
}

impl Classic {
    /// Returns to the initial state.
    pub(in crate::stack) fn reset(&mut self) {
        let Some(state) = self.get() else { return };
        state.gap.reset(state.config.gap);
        state.security.reset();
        state.listeners.fill(super::listen::Listener::FREE);
        state.registry.clear();
        state.rfcomm.reset();
        state.bonds.reset();
        state.questions.fill(super::security::Ask::NONE);
        state.oob = super::oob::Oob::NONE;
        (state.connecting, state.naming, state.inquiring) = (None, None, Inquiring::No);
        (state.connectable, state.phase) = (false, Phase::SettingUp);
    }
}

impl State {
    /// Ends a link. [Vol 4] Part E, 7.1.6
    pub(super) fn leave(&mut self, index: u8, reason: Status) {
        if let Some(link) = self.up(index) {
            link.is_leaving = true;
        }
        let _ends = self.gap.disconnect(index, reason);
    }

    fn requests(&mut self) -> Result<(), Error> {
        match self.phase {
            Phase::Ready => Ok(()),
            Phase::SettingUp => Err(Error::NoAnswer),
            Phase::Unusable => Err(Error::Unsupported),
        }
    }
}

/// Returns the address of a peer of BR/EDR, which is public. [Vol 3] Part C, 3.2.1
fn device(address: Address) -> Result<BdAddress, Error> {
    match address.kind() {
        AddressKind::Public => Ok(address.into()),
        AddressKind::Random => Err(Error::InvalidParameters),
    }
}

impl Stack {
    /// Begins a `run`: the controller may be a different one.
    pub(in crate::stack) fn classic_restart(&mut self) {
        if let Some(state) = self.classic.get() {
            state.gap.forget();
            state.is_broken = false;
        }
    }

    /// Begins the set-up of BR/EDR, after that of LE.
    pub(in crate::stack) fn classic_begin(&mut self) {
        let Some(commands) = self.gap.controller().map(|info| info.commands) else { return };
        let name = self.named.map_or(self.config.name, |name| name(&self.server));
        let Some(state) = self.classic.get() else { return };
        if state.is_broken {
            state.phase = Phase::Unusable;
            return self.ready.classic.all();
        }
        state.phase = Phase::SettingUp;
        state.gap.set_name(name);
        state.gap.restart(commands, EventMask::from_bits_retain(bindrune_gap::EVENTS.bits()));
        self.ready.run(Due::COMMAND);
    }

    /// Ends every link, because the controller is lost or `run` ends.
    pub(in crate::stack) fn classic_end_all(&mut self, reason: Status) {
        let slots = self.classic.state().map_or(0, State::link_slots);
        for index in 0..slots {
            self.end_classic_link(index, reason);
        }
        let Some(state) = self.classic.get() else { return };
        state.gap.stop();
        state.security.reset();
        state.oob.lose();
        state.bonds.restart();
        state.phase = Phase::SettingUp;
        state.acl = None;
        state.sending = 0;
        self.ready.classic.all();
    }

    /// Ends every link in order, for a shutdown.
    pub(in crate::stack) fn classic_leave_all(&mut self) {
        let slots = self.classic.state().map_or(0, State::link_slots);
        for index in 0..slots {
            self.drain_classic_link(index);
        }
    }

    /// Ends a link. [Vol 4] Part E, 7.1.6
    pub(super) fn classic_leave(&mut self, index: u8, reason: Status) {
        if let Some(state) = self.classic.get() {
            state.leave(index, reason);
        }
        self.ready.run(Due::COMMAND);
    }

    /// Ready when BR/EDR can be used.
    pub(crate) fn poll_classic(&mut self) -> Poll<Result<ControllerInfo, Error>> {
        if matches!(self.phase, HostPhase::Failed(_)) {
            return Poll::Ready(Err(Error::Unsupported));
        }
        let silent = self.is_silent();
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        match (state.phase, state.gap.controller()) {
            (Phase::Ready, Some(info)) => Poll::Ready(Ok(*info)),
            (Phase::Unusable, _) => Poll::Ready(Err(Error::Unsupported)),
            (Phase::Ready | Phase::SettingUp, _) if silent => Poll::Ready(Err(Error::NoAnswer)),
            (Phase::Ready | Phase::SettingUp, _) => Poll::Pending,
        }
    }

    /// Begins an inquiry. [Vol 3] Part C, 6.1 and 6.2
    pub(crate) fn inquire(&mut self, inquiry: Inquiry) -> Result<(), Error> {
        if self.poll_requests_taken().is_pending() {
            return Err(Error::ShutDown);
        }
        let now = self.now;
        let state = self.classic.get().ok_or(Error::Unsupported)?;
        state.requests()?;
        if state.inquiring != Inquiring::No {
            return Err(Error::Busy);
        }
        state.inquiring = Inquiring::Yes;
        state.gap.inquire(now, inquiry);
        self.ready.run(Due::COMMAND);
        self.deadlines_changed();
        Ok(())
    }

    /// Passes the next device that answered to `take`; `None` when the inquiry has ended. [Vol 4] Part E, 7.7.2, 7.7.33
    /// and 7.7.38
    pub(crate) fn poll_found<T>(
        &mut self,
        take: impl FnOnce(&Found<'_>) -> T,
    ) -> Poll<Result<Option<T>, Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        if let Some(found) = state.gap.next_result() {
            return Poll::Ready(Ok(Some(take(&found))));
        }
        match state.inquiring {
            Inquiring::Yes => Poll::Pending,
            Inquiring::Ended(InquiryEnd::Failed(status)) => {
                Poll::Ready(Err(Error::Controller(status)))
            }
            Inquiring::No | Inquiring::Ended(_) => Poll::Ready(Ok(None)),
        }
    }

    /// Returns how many devices were lost because they were not read in time.
    pub(crate) fn lost_found(&self) -> u32 {
        self.classic.state().map_or(0, |state| state.gap.lost_results())
    }

    /// Ends the inquiry. [Vol 4] Part E, 7.1.2
    pub(crate) fn stop_inquiry(&mut self) {
        if let Some(state) = self.classic.get() {
            state.gap.stop_inquiry();
            state.inquiring = Inquiring::No;
        }
        self.ready.run(Due::COMMAND);
        self.deadlines_changed();
    }

    /// Begins to read a name, once earlier requests are over. [Vol 3] Part C, 6.3
    pub(crate) fn poll_read_name(&mut self, address: Address) -> Poll<Result<(), Error>> {
        let now = self.now;
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        state.requests()?;
        let device = device(address)?;
        if state.naming.is_some() {
            return Poll::Pending;
        }
        state.naming = Some((address, None));
        state.gap.read_name(now, device);
        self.ready.run(Due::COMMAND);
        self.deadlines_changed();
        Poll::Ready(Ok(()))
    }

    /// Copies the name, once it was read. Returns its length. [Vol 4] Part E, 7.7.7
    pub(crate) fn poll_name(&mut self, buffer: &mut [u8]) -> Poll<Result<usize, Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        let Some((_, ended)) = state.naming else { return Poll::Ready(Err(Error::ControllerLost)) };
        match ended {
            None => Poll::Pending,
            Some(Err(Status::PAGE_TIMEOUT)) => Poll::Ready(Err(Error::Timeout)),
            Some(Err(status)) => Poll::Ready(Err(Error::Controller(status))),
            Some(Ok(())) => {
                let name = state.gap.name().get();
                let needed = name.len();
                let Some(place) = buffer.get_mut(..needed) else {
                    return Poll::Ready(Err(Error::BufferTooSmall { needed }));
                };
                place.copy_from_slice(name);
                Poll::Ready(Ok(needed))
            }
        }
    }

    /// Ends the request for a name. [Vol 4] Part E, 7.1.20
    pub(crate) fn stop_reading_name(&mut self) {
        if let Some(state) = self.classic.get() {
            state.naming = None;
            state.gap.stop_reading_name();
        }
        self.classic_mark(Awaited::Name);
        self.ready.run(Due::COMMAND);
        self.deadlines_changed();
    }

    /// Returns the link to a peer if it is up, or begins to connect once earlier attempts are over. The caller becomes
    /// a user of the link. [Vol 3] Part C, 7.1
    pub(crate) fn poll_page(&mut self, address: Address) -> Poll<Result<Option<LinkRef>, Error>> {
        let now = self.now;
        if self.poll_requests_taken().is_pending() {
            return Poll::Ready(Err(Error::ShutDown));
        }
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        state.requests()?;
        let device = device(address)?;
        if let Some(link) = state.find_peer(address) {
            if state.up(link.index).is_some_and(|slot| slot.is_leaving) {
                return Poll::Pending;
            }
            self.share_classic_link(link);
            return Poll::Ready(Ok(Some(link)));
        }
        if state.connecting.is_some() {
            return Poll::Pending;
        }
        if state.vacant().is_none() {
            return Poll::Ready(Err(Error::NoClassicLink));
        }
        state.connecting = Some((address, None));
        state.gap.connect(now, Connect::to(device));
        self.ready.run(Due::COMMAND);
        self.deadlines_changed();
        Poll::Ready(Ok(None))
    }

    /// Returns the link that was requested, once it is up. The caller becomes a user of it. [Vol 4] Part E, 7.7.3
    pub(crate) fn poll_paged(&mut self) -> Poll<Result<LinkRef, Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        let Some((peer, ended)) = state.connecting else {
            return Poll::Ready(Err(Error::ControllerLost));
        };
        if let Some(link) = state.find_peer(peer) {
            self.share_classic_link(link);
            return Poll::Ready(Ok(link));
        }
        Poll::Ready(Err(match ended {
            None if state.phase == Phase::Ready => return Poll::Pending,
            None => Error::ControllerLost,
            Some(Ok(_)) => Error::Disconnected(Status::UNKNOWN_CONNECTION),
            Some(Err(ConnectError::Timeout | ConnectError::Failed(Status::PAGE_TIMEOUT))) => {
                Error::Timeout
            }
            Some(Err(ConnectError::Full)) => Error::NoClassicLink,
            Some(Err(ConnectError::Failed(status))) => Error::Controller(status),
        }))
    }

    /// Ends the request for a link. The link stays if it has a user. [Vol 4] Part E, 7.1.7
    pub(crate) fn stop_paging(&mut self) {
        if let Some(state) = self.classic.get() {
            state.connecting = None;
            state.gap.stop_connecting();
        }
        self.classic_mark(Awaited::Link);
        self.ready.run(Due::COMMAND);
        self.deadlines_changed();
    }

    /// Ends a link for the application. [Vol 4] Part E, 7.1.6
    pub(crate) fn classic_disconnect(&mut self, link: LinkRef) -> Result<(), Error> {
        let state = self.classic.get().ok_or(Error::Unsupported)?;
        state.link(link)?;
        self.drain_classic_link(link.index);
        Ok(())
    }

    /// Ready when a link has ended, with the reason. [Vol 4] Part E, 7.7.5
    pub(crate) fn poll_classic_ended(&mut self, link: LinkRef) -> Poll<Result<Status, Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        match state.link(link) {
            Ok(_) => Poll::Pending,
            Err(Error::Disconnected(reason)) => Poll::Ready(Ok(reason)),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Sets after what time the controller drops data that the peer did not acknowledge. [Vol 4] Part E, 7.3.30
    pub(crate) fn set_packet_timeout(
        &mut self,
        address: Address,
        timeout: Option<Duration>,
    ) -> Result<LinkRef, Error> {
        let state = self.classic.get().ok_or(Error::Unsupported)?;
        device(address)?;
        let gone = Error::Disconnected(Status::UNKNOWN_CONNECTION);
        let link = state.find_peer(address).ok_or(gone)?;
        let timeout = timeout.filter(|timeout| *timeout > Duration::from_ticks(0));
        if !state.gap.set_flush_timeout(link.index, timeout) {
            return Err(Error::InvalidParameters);
        }
        if let Some(slot) = state.up(link.index) {
            slot.flush = Some(timeout.is_some());
            slot.flush_result = None;
        }
        self.ready.run(Due::COMMAND);
        self.deadlines_changed();
        Ok(link)
    }

    /// Handles the answer of the controller to it. [Vol 4] Part E, 7.3.30
    pub(super) fn classic_flush_timeout(&mut self, index: u8, result: Result<(), Status>) {
        if let Some(slot) = self.classic.get().and_then(|state| state.up(index)) {
            if let (Ok(()), Some(flushable)) = (result, slot.flush) {
                slot.l2cap.set_flushable(flushable);
            }
            slot.flush_result = Some(result);
        }
        self.classic_mark(Awaited::Setting);
    }

    /// Ready when the controller has answered to it. [Vol 4] Part E, 7.3.30
    pub(crate) fn poll_packet_timeout(&mut self, link: LinkRef) -> Poll<Result<(), Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        match state.link(link)?.flush_result {
            None => Poll::Pending,
            Some(result) => Poll::Ready(result.map_err(Error::Controller)),
        }
    }
}
