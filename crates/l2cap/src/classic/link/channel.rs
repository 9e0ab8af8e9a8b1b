//! What the signalling channel of a link does with one channel.

use bindrune_wire::{Interest, NoRoom, Writer, time::Instant};
use embassy_time::Duration;

use crate::Cid;
use crate::classic::channel::{Admission, ERTX_MAX, Hold, RTX, State};
use crate::classic::mode::Outcome;
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
                self.limit = Some(now + ERTX_MAX);
                Ok(())
            }
            Due::Configure => {
                let options = &mut [0; PEER_MTU as usize];
                let options = written(&self.negotiation.request(), options);
                Command::ConfigurationRequest { dcid: self.remote, flags: 0, options }
                    .write(identifier, w)?;
                self.negotiation.request_sent();
                self.await_response(now, identifier);
                if self.state == State::Open {
                    self.limit = Some(now + ERTX_MAX);
                }
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
        self.response_due = Some(now + RTX);
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
            self.reconfigured();
        }
        self.open_if_configured();
    }

    /// Takes the new parameters of an open channel.
    pub(super) fn reconfigured(&mut self) {
        let agreement = self.negotiation.agreement();
        self.transfer.reconfigure(agreement.rx_mtu, agreement.tx_mtu);
        self.events.reconfigured = self.hold == Hold::Held;
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
            Outcome::Nothing | Outcome::Discarded => {}
            Outcome::Changed { readable, .. } => {
                self.events.readable |= readable && self.state == State::Open;
                self.progressed(now);
            }
            Outcome::Violation(violation) => {
                self.disconnect(now, CloseReason::Violation(violation));
            }
        }
    }

    /// Acts on data that left, or was acknowledged.
    pub(super) fn progressed(&mut self, now: Instant) {
        if self.state == State::Open
            && let Some(len) = self.blocked
            && self.transfer.can_send(len).is_ok()
        {
            self.blocked = None;
            self.events.writable = true;
        }
        if self.state == State::Draining && self.transfer.is_flushed() {
            self.disconnect(now, CloseReason::Local);
        }
    }

    /// Returns whether data, or an acknowledgement, is pending.
    pub(super) fn interest(&self) -> Interest {
        if self.is_receiving() { self.transfer.interest() } else { Interest::None }
    }

    /// Closes the channel in any state; pending data leaves within `draining`.
    pub(in crate::classic) fn close(&mut self, now: Instant, draining: Duration) {
        match self.state {
            State::Free | State::Draining | State::Disconnecting(_) | State::Closed(_) => {}
            State::Connecting if self.identifier == 0 => self.finish(CloseReason::Local),
            State::Connecting => self.is_abandoned = true,
            State::Requested => self.refuse(ConnectionResult::NO_RESOURCES),
            State::Open if !self.transfer.is_flushed() => {
                self.state = State::Draining;
                self.limit = Some(now + draining);
            }
            State::Configuring | State::Open => self.disconnect(now, CloseReason::Local),
        }
    }

    /// Refuses the peer's request.
    pub(in crate::classic) const fn refuse(&mut self, result: ConnectionResult) {
        self.events.requested = false;
        self.limit = None;
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
