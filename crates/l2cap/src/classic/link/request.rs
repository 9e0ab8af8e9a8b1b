use bindrune_wire::time::Instant;

use super::Link;
use super::answers::Answer;
use crate::Cid;
use crate::classic::channel::State;
use crate::classic::channels::Channels;
use crate::classic::negotiation::Answer as Configured;
use crate::classic::pdu::{Command, ConnectionResult, Disconnection, Reject};
use crate::classic::{Channel, CloseReason, Psm};

impl Link {
    pub(super) fn command(
        &mut self,
        now: Instant,
        identifier: u8,
        command: Command<'_>,
        channels: &mut Channels,
    ) {
        match command {
            Command::ConnectionRequest { psm, scid } => {
                self.connection_request(now, identifier, Psm(psm), scid, channels);
            }
            Command::ConfigurationRequest { dcid, flags, options } => {
                self.configuration_request(identifier, dcid, (flags, options), channels);
            }
            Command::DisconnectionRequest(request) => {
                self.disconnection_request(identifier, request, channels);
            }
            Command::EchoRequest(data) => {
                if !self.answers.push_echo(identifier, data) {
                    self.drops.excess.count();
                }
            }
            Command::InformationRequest(kind) => {
                self.answer(identifier, Answer::Information(kind));
            }
            Command::Reject(_)
            | Command::ConnectionResponse(_)
            | Command::ConfigurationResponse { .. }
            | Command::DisconnectionResponse(_)
            | Command::EchoResponse(_)
            | Command::InformationResponse { .. } => {
                if !self.response(now, identifier, command, channels) {
                    self.drops.unmatched.count();
                }
            }
        }
    }

    /// [Vol 3] Part A, 4.2
    fn connection_request(
        &mut self,
        now: Instant,
        identifier: u8,
        psm: Psm,
        scid: Cid,
        channels: &mut Channels,
    ) {
        let repeated =
            |c: &Channel| c.requested_by == identifier && c.remote == scid && c.psm == psm;
        if let Some(index) = channels.position(self.id, repeated) {
            channels.with(index, |channel| channel.is_admission_due = true);
            return;
        }
        let known = channels.position(self.id, |c| c.remote == scid).is_some();
        let refusal = if !psm.is_valid() {
            Some(ConnectionResult::PSM_NOT_SUPPORTED)
        } else if !scid.is_classic_dynamic() {
            Some(ConnectionResult::INVALID_SOURCE_CID)
        } else if known {
            Some(ConnectionResult::SOURCE_CID_ALLOCATED)
        } else if channels.admit(now, self.id, psm, identifier, scid).is_none() {
            Some(ConnectionResult::NO_RESOURCES)
        } else {
            None
        };
        if let Some(result) = refusal {
            self.answer(identifier, Answer::Refusal(scid, result));
        }
    }

    /// [Vol 3] Part A, 4.4
    fn configuration_request(
        &mut self,
        identifier: u8,
        dcid: Cid,
        (flags, options): (u16, &[u8]),
        channels: &mut Channels,
    ) {
        let configurable = |c: &Channel| {
            c.local == dcid && matches!(c.state, State::Configuring | State::Open | State::Draining)
        };
        let Some(index) = channels.position(self.id, configurable) else {
            return self.reject(identifier, Reject::InvalidCid(dcid.0, 0));
        };
        let Some(channel) = channels.slot(index) else { return };
        if channel.configured.is_some_and(|(last, _)| last == identifier) {
            channel.is_answer_due = true;
            return;
        }
        if channel.is_answer_due {
            return self.drops.excess.count();
        }
        let answer = channel.negotiation.handle_request(flags, options);
        let scid = channel.remote;
        match answer {
            Configured::Continue => self.answer(identifier, Answer::Continue(scid)),
            Configured::Malformed => {
                self.drops.malformed.count();
                self.reject(identifier, Reject::NotUnderstood);
            }
            Configured::Result(_) | Configured::Last(_) => {
                channel.configured = Some((identifier, answer));
                channel.is_answer_due = true;
                channel.peer_configured();
            }
        }
    }

    /// An unknown destination CID is rejected; a wrong source CID is ignored. [Vol 3] Part A, 4.6
    fn disconnection_request(
        &mut self,
        identifier: u8,
        request: Disconnection,
        channels: &mut Channels,
    ) {
        let (local, remote) = (Cid(request.dcid.get()), Cid(request.scid.get()));
        let known = |c: &Channel| c.local == local && c.state != State::Connecting;
        let Some(index) = channels.position(self.id, known) else {
            if self.last_closed == Some((identifier, request)) {
                self.answer(identifier, Answer::Disconnection(request));
            } else {
                self.reject(identifier, Reject::InvalidCid(local.0, remote.0));
            }
            return;
        };
        let Some(channel) = channels.slot(index) else { return };
        if channel.remote != remote {
            return self.drops.unmatched.count();
        }
        if !self.answers.push(identifier, Answer::Disconnection(request)) {
            return self.drops.excess.count();
        }
        self.last_closed = Some((identifier, request));
        channel.closed_by_peer();
    }

    /// Refuses a request about which the application did not decide in time.
    pub(super) fn expire(&mut self, index: usize, channels: &mut Channels) {
        let Some(channel) = channels.slot(index) else { return };
        let (identifier, scid) = (channel.requested_by, channel.remote);
        channel.finish(CloseReason::Undecided);
        self.answer(identifier, Answer::Refusal(scid, ConnectionResult::NO_RESOURCES));
    }
}
