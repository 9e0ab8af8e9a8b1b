use bindrune_wire::time::Instant;

use super::{EchoState, Link, Peer, after};
use crate::Cid;
use crate::classic::channel::{ERTX, State};
use crate::classic::channels::Channels;
use crate::classic::negotiation::{Failure, Outcome};
use crate::classic::pdu::{
    Command, ConfigurationResult, ConnectionResponse, ConnectionResult, Disconnection, Features,
    InformationKind, InformationResult, Reject,
};
use crate::classic::{Channel, CloseReason, EchoOutcome};

impl Link {
    /// Handles a response; false if it matches no request.
    pub(super) fn response(
        &mut self,
        now: Instant,
        identifier: u8,
        command: Command<'_>,
        channels: &mut Channels,
    ) -> bool {
        match command {
            Command::Reject(reject) => self.rejected(now, identifier, reject, channels),
            Command::ConnectionResponse(response) => {
                self.connection_response(now, identifier, response, channels)
            }
            Command::ConfigurationResponse { scid, flags, result, options } => {
                let response = (result, flags, options);
                self.configuration_response(now, identifier, scid, response, channels)
            }
            Command::DisconnectionResponse(response) => {
                self.disconnection_response(identifier, response, channels)
            }
            Command::EchoResponse(data) => {
                let same = data == self.echo.data();
                let outcome = if same { EchoOutcome::Answered } else { EchoOutcome::Different };
                self.echoed(identifier, outcome)
            }
            Command::InformationResponse { kind, result, data } => {
                self.information(identifier, kind, result, data)
            }
            Command::ConnectionRequest { .. }
            | Command::ConfigurationRequest { .. }
            | Command::DisconnectionRequest(_)
            | Command::EchoRequest(_)
            | Command::InformationRequest(_) => false,
        }
    }

    fn echoed(&mut self, identifier: u8, outcome: EchoOutcome) -> bool {
        let awaited = self.echo.awaits(identifier);
        if awaited {
            self.echo.state = EchoState::Ended(outcome);
        }
        awaited
    }

    fn awaits_features(&self, with: u8) -> bool {
        matches!(self.features, Peer::Asked { identifier, .. } if identifier == with)
    }

    /// A peer that does not answer the question has no extended features. [Vol 3] Part A, 4.11
    fn information(
        &mut self,
        identifier: u8,
        kind: InformationKind,
        result: InformationResult,
        data: &[u8],
    ) -> bool {
        if !self.awaits_features(identifier) || kind != InformationKind::EXTENDED_FEATURES {
            return false;
        }
        let mask = data.first_chunk().filter(|_| result == InformationResult::SUCCESS);
        let mask = mask.map(|mask| u32::from_le_bytes(*mask)).unwrap_or_default();
        self.features = Peer::Known(Features(mask));
        true
    }

    /// Ends exactly the request with the identifier. [Vol 3] Part A, 4.1
    fn rejected(
        &mut self,
        now: Instant,
        identifier: u8,
        reject: Reject,
        channels: &mut Channels,
    ) -> bool {
        if self.awaits_features(identifier) {
            self.features = Peer::Known(Features(0));
            return true;
        }
        if self.echoed(identifier, EchoOutcome::Rejected) {
            return true;
        }
        let Some(channel) = awaiting(self, identifier, channels) else { return false };
        match channel.state {
            State::Disconnecting(reason) => channel.finish(reason),
            State::Configuring | State::Open | State::Draining
                if !matches!(reject, Reject::InvalidCid(..)) =>
            {
                channel.disconnect(now, CloseReason::NotSupported);
            }
            State::Configuring | State::Open | State::Draining => channel.finish(CloseReason::Peer),
            State::Connecting | State::Requested | State::Free | State::Closed(_) => {
                channel.finish(CloseReason::NotSupported);
            }
        }
        true
    }

    /// [Vol 3] Part A, 4.3
    fn connection_response(
        &mut self,
        now: Instant,
        identifier: u8,
        response: ConnectionResponse,
        channels: &mut Channels,
    ) -> bool {
        let taken = channels.position(self.id, |c| c.remote == response.dcid).is_some();
        let Some(channel) = awaiting(self, identifier, channels) else { return false };
        if channel.state != State::Connecting || channel.local != response.scid {
            return false;
        }
        match response.result {
            ConnectionResult::PENDING => {
                channel.response_due = Some(after(now, ERTX));
                true
            }
            ConnectionResult::SUCCESS => {
                if taken || !response.dcid.is_classic_dynamic() {
                    channel.finish(CloseReason::BadResponse);
                    return true;
                }
                channel.remote = response.dcid;
                channel.configure(now);
                if channel.is_abandoned {
                    channel.disconnect(now, CloseReason::Local);
                }
                true
            }
            result => {
                channel.finish(CloseReason::Refused(result));
                true
            }
        }
    }

    /// [Vol 3] Part A, 4.5
    fn configuration_response(
        &mut self,
        now: Instant,
        identifier: u8,
        scid: Cid,
        (result, flags, options): (ConfigurationResult, u16, &[u8]),
        channels: &mut Channels,
    ) -> bool {
        let Some(channel) = awaiting(self, identifier, channels) else { return false };
        let configuring = matches!(channel.state, State::Configuring | State::Open);
        if channel.local != scid || !configuring || !channel.negotiation.is_request_sent() {
            return false;
        }
        match channel.negotiation.handle_response(result, flags, options) {
            Outcome::Pending => {
                channel.response_due = Some(after(now, ERTX));
            }
            Outcome::Again => (channel.identifier, channel.response_due) = (0, None),
            Outcome::Done => {
                (channel.identifier, channel.response_due) = (0, None);
                if channel.state == State::Open {
                    channel.limit = None;
                    channel.reconfigured();
                }
                channel.open_if_configured();
            }
            Outcome::Failed(failure) => channel.disconnect(now, reason(failure)),
        }
        true
    }

    /// [Vol 3] Part A, 4.7
    fn disconnection_response(
        &mut self,
        identifier: u8,
        response: Disconnection,
        channels: &mut Channels,
    ) -> bool {
        let cids = (Cid(response.scid.get()), Cid(response.dcid.get()));
        let Some(channel) = awaiting(self, identifier, channels) else { return false };
        let State::Disconnecting(reason) = channel.state else { return false };
        let same = channel.cids() == cids;
        if same {
            channel.finish(reason);
        }
        same
    }
}

/// Returns the channel whose request has the identifier.
fn awaiting<'c>(
    link: &Link,
    identifier: u8,
    channels: &'c mut Channels,
) -> Option<&'c mut Channel> {
    let index = channels.position(link.id, |c| c.identifier == identifier)?;
    channels.slot(index)
}

pub(super) const fn reason(failure: Failure) -> CloseReason {
    match failure {
        Failure::Mode => CloseReason::ModeRefused,
        Failure::Disagreement => CloseReason::Disagreement,
        Failure::Malformed => CloseReason::BadResponse,
    }
}
