//! What the signalling channel of a link does with one channel.

use bindrune_wire::{NoRoom, Writer};
use embassy_time::{Duration, Instant};

use crate::Cid;
use crate::classic::channel::{Admission, ERTX_MAX, RTX, State};
use crate::classic::negotiation::Answer;
use crate::classic::pdu::{
    Command, ConfigurationResult, ConnectionResponse, ConnectionResult, ConnectionStatus,
    Disconnection, Options, PEER_MTU,
};
use crate::classic::{Channel, CloseReason};

/// The command that a channel must send next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Admission,
    Answer,
    Connect,
    Configure,
    Disconnect,
}

impl Channel {
    /// Returns the command that is due. [`Due::Configure`] waits for the peer's features in other modes than Basic.
    pub(super) fn due(&self, features_known: bool) -> Option<Due> {
        if self.is_admission_due {
            return Some(Due::Admission);
        }
        if self.is_answer_due {
            return Some(Due::Answer);
        }
        if self.identifier != 0 {
            return None;
        }
        match self.state {
            State::Connecting => Some(Due::Connect),
            State::Configuring | State::Open => {
                let known = features_known || !self.negotiation.needs_features();
                (known && self.negotiation.is_request_due()).then_some(Due::Configure)
            }
            State::Disconnecting(_) => Some(Due::Disconnect),
            State::Free | State::Requested | State::Draining | State::Closed(_) => None,
        }
    }

    /// Returns whether the peer's features must be asked for.
    pub(super) fn needs_features(&self) -> bool {
        matches!(self.state, State::Connecting | State::Configuring)
            && self.negotiation.is_request_due()
            && self.negotiation.needs_features()
    }

    /// Writes the command that is due; `identifier` is for a request of ours.
    pub(super) fn write(
        &mut self,
        now: Instant,
        due: Due,
        identifier: u8,
        w: &mut Writer<'_>,
    ) -> Result<(), NoRoom> {
        match due {
            Due::Admission => self.write_admission(w),
            Due::Answer => self.write_answer(now, w),
            Due::Connect => {
                let request = Command::ConnectionRequest { psm: self.psm.0, scid: self.local };
                request.write(identifier, w)?;
                self.await_response(now, identifier);
                self.limit = Some(now.saturating_add(ERTX_MAX));
                Ok(())
            }
            Due::Configure => {
                let options = &mut [0; PEER_MTU as usize];
                let options = written(&self.negotiation.request(), options);
                Command::ConfigurationRequest { dcid: self.remote, flags: 0, options }
                    .write(identifier, w)?;
                self.negotiation.request_sent();
                self.await_response(now, identifier);
                Ok(())
            }
            Due::Disconnect => {
                let cids = Disconnection::new(self.remote, self.local);
                Command::DisconnectionRequest(cids).write(identifier, w)?;
                self.await_response(now, identifier);
                Ok(())
            }
        }
    }

    fn await_response(&mut self, now: Instant, identifier: u8) {
        self.identifier = identifier;
        self.response_due = Some(now.saturating_add(RTX));
    }

    fn write_admission(&mut self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        let response = |dcid: Cid, result, status| {
            Command::ConnectionResponse(ConnectionResponse {
                dcid,
                scid: self.remote,
                result,
                status,
            })
        };
        let none = ConnectionStatus::NONE;
        let command = match self.admission {
            Admission::Undecided => response(self.local, ConnectionResult::PENDING, none),
            Admission::Pending(status) => response(self.local, ConnectionResult::PENDING, status),
            Admission::Accepted => response(self.local, ConnectionResult::SUCCESS, none),
            Admission::Refused(result) => response(Cid::NULL, result, none),
        };
        command.write(self.requested_by, w)?;
        self.is_admission_due = false;
        if matches!(self.admission, Admission::Refused(_)) {
            self.reset();
        }
        Ok(())
    }

    fn write_answer(&mut self, now: Instant, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        self.is_answer_due = false;
        let Some((identifier, answer)) = self.configured else { return Ok(()) };
        let (Answer::Result(result) | Answer::Last(result)) = answer else { return Ok(()) };
        let buffer = &mut [0; PEER_MTU as usize];
        let options = match self.negotiation.response_options(result) {
            Ok(options) => written(&options, buffer),
            Err(rejected) => rejected.octets(),
        };
        Command::ConfigurationResponse { scid: self.remote, flags: 0, result, options }
            .write(identifier, w)?;
        if matches!(answer, Answer::Last(_)) {
            self.disconnect(now, CloseReason::Disagreement);
        }
        Ok(())
    }

    /// Records that the peer's Configuration Request was handled.
    pub(super) fn peer_configured(&mut self) {
        let accepted = matches!(self.configured, Some((_, Answer::Result(result))) if result == ConfigurationResult::SUCCESS);
        if !accepted {
            return;
        }
        if self.state == State::Open {
            self.transfer.reconfigure(&self.negotiation.agreement());
            self.events.reconfigured = true;
        }
        self.open_if_configured();
    }

    /// Handles the peer's request to close the channel.
    pub(super) fn closed_by_peer(&mut self) {
        match self.state {
            State::Disconnecting(reason) => self.finish(reason),
            State::Draining => self.finish(CloseReason::Local),
            State::Free
            | State::Connecting
            | State::Requested
            | State::Configuring
            | State::Open
            | State::Closed(_) => self.finish(CloseReason::Peer),
        }
    }

    /// Takes the end of a PDU of the peer.
    pub(super) fn received(&mut self, now: Instant) {
        match self.transfer.end(now) {
            Ok(readable) => {
                self.events.readable |= readable && self.state == State::Open;
                self.progressed(now);
            }
            Err(_) => self.disconnect(now, CloseReason::Violation),
        }
    }

    /// Acts on data that left, or was acknowledged.
    pub(super) fn progressed(&mut self, now: Instant) {
        let fits = |room: u16| usize::from(room) >= self.blocked_len;
        if self.is_blocked && self.state == State::Open && self.transfer.room().is_some_and(fits) {
            self.is_blocked = false;
            self.events.writable = true;
        }
        if self.state == State::Draining && self.transfer.is_drained() {
            self.disconnect(now, CloseReason::Local);
        }
    }

    /// Returns whether data is pending.
    pub(super) fn has_data(&self) -> bool {
        self.is_receiving() && self.transfer.is_pending()
    }

    /// Closes the channel in any state; pending data leaves within `draining`.
    pub(in crate::classic) fn close(&mut self, now: Instant, draining: Duration) {
        match self.state {
            State::Free | State::Draining | State::Disconnecting(_) | State::Closed(_) => {}
            State::Connecting if self.identifier == 0 => self.finish(CloseReason::Local),
            State::Connecting => self.is_abandoned = true,
            State::Requested => self.refuse(ConnectionResult::NO_RESOURCES),
            State::Open if !self.transfer.is_drained() => {
                self.state = State::Draining;
                self.limit = Some(now.saturating_add(draining));
            }
            State::Configuring | State::Open => self.disconnect(now, CloseReason::Local),
        }
    }

    /// Refuses the peer's request.
    pub(in crate::classic) const fn refuse(&mut self, result: ConnectionResult) {
        self.events.requested = false;
        self.admission = Admission::Refused(result);
        self.is_admission_due = true;
    }
}

/// Writes options to the buffer, and returns the octets.
fn written<'b>(options: &Options, buffer: &'b mut [u8]) -> &'b [u8] {
    let mut w = Writer::new(buffer);
    let _all_fit = options.write(&mut w);
    let len = w.len();
    buffer.get(..len).unwrap_or_default()
}
