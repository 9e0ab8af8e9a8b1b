//! Settings and line status of the emulated serial port, for the application's calls. [TS 07.10] 5.4.6.3

use core::task::Poll;

use bindrune_rfcomm::{LineStatus, PortSettings};

use super::StreamRef;
use crate::{Error, stack::Stack, waiters::ChannelKey};

/// What the application sends to the peer about the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PortCommand {
    /// New settings, or a request for the peer's current ones.
    Settings(Option<PortSettings>),
    Line(LineStatus),
}

impl Stack {
    /// Sends a command about the port once earlier ones are answered and their callers have the results. Ready with the
    /// settings when the peer has answered. [TS 07.10] 5.4.6.3.9 and 5.4.6.3.10
    ///
    /// `begun` is false at first, and belongs to the caller. If it is true, the caller ends its turn with
    /// [`Self::end_rfcomm_port`].
    pub(crate) fn poll_rfcomm_port(
        &mut self,
        stream: StreamRef,
        command: PortCommand,
        begun: &mut bool,
    ) -> Poll<Result<PortSettings, Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        let (index, dlc) = state.rfcomm.stream(stream)?;
        if let Some(reason) = dlc.end_reason() {
            return Poll::Ready(Err(Error::Rfcomm(reason)));
        }
        let waits = if *begun { dlc.awaits_port() } else { dlc.is_port_taken() };
        if waits {
            return Poll::Pending;
        }
        if *begun {
            let timed_out = dlc.port_timed_out();
            return Poll::Ready(if timed_out {
                Err(Error::Timeout)
            } else {
                Ok(dlc.port_settings())
            });
        }
        let dlcs = &mut state.rfcomm.dlcs;
        *begun = match command {
            PortCommand::Settings(settings) => dlcs.set_port(index, settings),
            PortCommand::Line(status) => dlcs.report_line(index, status),
        };
        self.settle_rfcomm(stream.link.index);
        Poll::Pending
    }

    /// Ends the turn of a caller: the next one may begin.
    pub(crate) fn end_rfcomm_port(&mut self, stream: StreamRef) {
        let Some(state) = self.classic.get() else { return };
        if let Ok((index, _)) = state.rfcomm.stream(stream) {
            state.rfcomm.dlcs.end_command(index);
            self.mark_dlc(index, ChannelKey::State);
        }
    }

    /// Returns the settings of the port. [TS 07.10] 5.4.6.3.9
    pub(crate) fn rfcomm_settings(&self, stream: StreamRef) -> PortSettings {
        let dlc = self.classic.state().and_then(|state| state.rfcomm.stream(stream).ok());
        dlc.map_or(PortSettings::default(), |(_, dlc)| dlc.port_settings())
    }

    /// Ready when the settings of the port are others. [TS 07.10] 5.4.6.3.9
    pub(crate) fn poll_rfcomm_settings(
        &mut self,
        stream: StreamRef,
        known: PortSettings,
    ) -> Poll<Result<PortSettings, Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        let (_, dlc) = state.rfcomm.stream(stream)?;
        match dlc.end_reason() {
            _ if dlc.port_settings() != known => Poll::Ready(Ok(dlc.port_settings())),
            Some(reason) => Poll::Ready(Err(Error::Rfcomm(reason))),
            None => Poll::Pending,
        }
    }

    /// Ready when the peer has reported its line status. [TS 07.10] 5.4.6.3.10
    pub(crate) fn poll_rfcomm_line(
        &mut self,
        stream: StreamRef,
    ) -> Poll<Result<LineStatus, Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        let (index, dlc) = state.rfcomm.stream(stream)?;
        let end = dlc.end_reason();
        match (state.rfcomm.dlcs.take_line(index), end) {
            (Some(status), _) => Poll::Ready(Ok(status)),
            (None, Some(reason)) => Poll::Ready(Err(Error::Rfcomm(reason))),
            (None, None) => Poll::Pending,
        }
    }
}
