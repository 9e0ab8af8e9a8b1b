use bindrune_wire::time::Instant;
use embassy_time::Duration;

use super::{
    Context, Role, Signal, Signalling,
    machine::refusal,
    pdu::{
        Command, ConnectionRequest, ConnectionResponse, Credits, Disconnection, Parameters, Reject,
    },
};
use crate::{
    Channel, Cid, CloseReason, ConnectionResult, Psm, State,
    capability::{CENTRAL, CHANNELS},
    coc::{MAX_MPS, MIN_MTU, Wanted},
};

/// Time limit for the application to decide about a channel; then the request is refused. A peer waits at least 30 s,
/// as this host does.
const DECISION: Duration = Duration::from_secs(20);

/// Result of a refused parameter request. [Vol 3] Part A, 4.21
const PARAMETERS_REJECTED: u16 = 0x0001;

impl Signalling {
    pub(super) fn handle_command(
        &mut self,
        now: Instant,
        identifier: u8,
        command: Command,
        context: &mut Context<'_>,
    ) -> Signal {
        match command {
            Command::ParameterRequest(request) => self.parameter_request(identifier, request),
            Command::ConnectionRequest(request) => {
                self.connection_request(now, identifier, &request, context)
            }
            Command::DisconnectionRequest(request) => {
                self.disconnection_request(identifier, request, context)
            }
            Command::Credits(credits) => self.credits(credits, context),
            Command::Reject(reject) => self.rejected(identifier, reject, context),
            Command::ParameterResponse(result) => self.parameter_response(identifier, result),
            Command::ConnectionResponse(response) => {
                self.connection_response(identifier, &response, context)
            }
            Command::DisconnectionResponse(response) => {
                self.disconnection_response(identifier, response, context)
            }
        }
    }

    /// Only a central accepts the request, and only if all numbers are in range. [Vol 3] Part A, 4.20
    fn parameter_request(&mut self, identifier: u8, request: Parameters) -> Signal {
        if !CENTRAL || self.role == Role::Peripheral {
            self.reject(identifier, Reject::NotUnderstood);
            return Signal::None;
        }
        if !request.is_valid() {
            self.answer(identifier, Command::ParameterResponse(PARAMETERS_REJECTED));
            return Signal::None;
        }
        if self.asked.is_some() {
            self.discarded.count();
            return Signal::None;
        }
        self.asked = Some(identifier);
        Signal::ParametersRequested(request)
    }

    /// [Vol 3] Part A, 4.22
    fn connection_request(
        &mut self,
        now: Instant,
        identifier: u8,
        request: &ConnectionRequest,
        context: &mut Context<'_>,
    ) -> Signal {
        if context.channels.position(self.link, Wanted::Answering(identifier)).is_some() {
            self.discarded.count();
            return Signal::None;
        }
        match self.admit(request, context) {
            Ok(index) => {
                context.channels.with(index, |c| c.requested(now, identifier, request));
                Signal::Requested(index)
            }
            Err(result) => {
                self.answer(identifier, refusal(result));
                Signal::None
            }
        }
    }

    /// Takes a slot for a requested channel.
    fn admit(
        &self,
        request: &ConnectionRequest,
        context: &mut Context<'_>,
    ) -> Result<usize, ConnectionResult> {
        if !CHANNELS {
            return Err(ConnectionResult::PSM_NOT_SUPPORTED);
        }
        let psm = Psm(request.psm.get());
        let mut listeners = context.listeners.iter();
        let listener = listeners
            .find(|listener| psm.is_valid() && listener.psm == psm)
            .ok_or(ConnectionResult::PSM_NOT_SUPPORTED)?;
        let remote = Cid(request.scid.get());
        if !remote.is_dynamic() {
            return Err(ConnectionResult::INVALID_SOURCE_CID);
        }
        if context.channels.position(self.link, Wanted::Keeping(remote)).is_some() {
            return Err(ConnectionResult::SOURCE_CID_ALLOCATED);
        }
        if !in_range(request.mtu.get(), request.mps.get()) {
            return Err(ConnectionResult::UNACCEPTABLE_PARAMETERS);
        }
        listener.admits(context.security)?;
        let (listeners, pools) = (context.listeners, &mut context.pools);
        let slot = context.channels.admit(self.link, psm, listeners, listener.config, pools);
        slot.map_err(|_| ConnectionResult::NO_RESOURCES)
    }

    /// An unknown destination CID is rejected; a wrong source CID is ignored. [Vol 3] Part A, 4.6
    fn disconnection_request(
        &mut self,
        identifier: u8,
        request: Disconnection,
        context: &mut Context<'_>,
    ) -> Signal {
        let (local, remote) = (request.dcid.get(), request.scid.get());
        let index = context.channels.find(self.link, Cid(local));
        let channel = index.and_then(|index| Some((index, context.channels.get(index)?)));
        let known =
            channel.filter(|(_, c)| matches!(c.state, State::Open | State::Disconnecting(_)));
        let Some((index, channel)) = known else {
            self.reject(identifier, Reject::InvalidCid(local, remote));
            return Signal::None;
        };
        if channel.remote != Cid(remote) {
            self.discarded.count();
            return Signal::None;
        }
        if !self.can_answer() {
            return Signal::None;
        }
        self.answer(identifier, Command::DisconnectionResponse(request));
        context.channels.with(index, |channel| channel.closed_by_peer(&mut context.pools));
        Signal::Closed(index)
    }

    /// The CID is the peer's. [Vol 3] Part A, 4.24
    fn credits(&mut self, grant: Credits, context: &mut Context<'_>) -> Signal {
        let remote = Cid(grant.cid.get());
        let open = |c: &Channel| c.remote == remote && c.is_open();
        let index = context.channels.position_by(self.link, open);
        let Some(index) = index.filter(|_| grant.credits.get() > 0) else {
            self.discarded.count();
            return Signal::None;
        };
        context.channels.with(index, |channel| {
            if channel.tx.credit(grant.credits.get()) {
                return Signal::Credits(index);
            }
            let violation = crate::Violation::CreditOverflow;
            channel.disconnect(CloseReason::Violation(violation), &mut context.pools);
            Signal::Violation(index, violation)
        })
    }
}

impl Channel {
    /// Returns the response that opens the channel.
    pub(super) fn connection_response(&self) -> Command {
        Command::ConnectionResponse(ConnectionResponse {
            dcid: self.local.0.into(),
            mtu: self.rx.mtu.into(),
            mps: self.rx.mps.into(),
            credits: self.rx.window.into(),
            result: ConnectionResult::SUCCESS.0.into(),
        })
    }

    fn requested(&mut self, now: Instant, identifier: u8, request: &ConnectionRequest) {
        self.state = State::Requested;
        self.remote = Cid(request.scid.get());
        self.identifier = identifier;
        self.since = Some(now);
        self.deadline = Some(now + DECISION);
        self.tx.accept(request.mtu.get(), request.mps.get(), request.credits.get());
    }
}

/// Returns whether a peer's MTU and MPS are in range. [Vol 3] Part A, 4.22
pub(super) fn in_range(mtu: u16, mps: u16) -> bool {
    mtu >= MIN_MTU && (MIN_MTU..=MAX_MPS).contains(&mps)
}
