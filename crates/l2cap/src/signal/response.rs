use super::{
    Context, Signal, Signalling, UpdateOutcome,
    machine::Update,
    pdu::{Command, ConnectionRequest, ConnectionResponse, Credits, Disconnection, Reject},
    request::in_range,
};
use crate::{Channel, Cid, CloseReason, ConnectionResult, Pools, State, Violation, coc::Wanted};

impl Signalling {
    /// Handles a Command Reject, which ends exactly the request with its identifier. [Vol 3] Part
    /// A, 4.1
    pub(super) fn rejected(
        &mut self,
        identifier: u8,
        reject: Reject,
        context: &mut Context<'_>,
    ) -> Signal {
        if self.update_sent(identifier) {
            self.update = Update::Idle;
            return Signal::ParametersAnswered(UpdateOutcome::NotSupported);
        }
        let Some(index) = context.channels.position(self.link, Wanted::Awaiting(identifier)) else {
            return self.unmatched();
        };
        context.channels.with(index, |channel| match channel.close_reason() {
            Some(reason) => {
                channel.finish(reason, &mut context.pools);
                Signal::Closed(index)
            }
            None => {
                let reason = match reject {
                    Reject::InvalidCid(..) => {
                        CloseReason::Refused(ConnectionResult::INVALID_SOURCE_CID)
                    }
                    Reject::NotUnderstood | Reject::MtuExceeded(_) | Reject::Other(_) => {
                        CloseReason::NotSupported
                    }
                };
                channel.finish(reason, &mut context.pools);
                Signal::Refused(index, reason)
            }
        })
    }

    /// [Vol 3] Part A, 4.21
    pub(super) fn parameter_response(&mut self, identifier: u8, result: u16) -> Signal {
        if !self.update_sent(identifier) {
            return self.unmatched();
        }
        self.update = Update::Idle;
        Signal::ParametersAnswered(match result {
            0 => UpdateOutcome::Accepted,
            _ => UpdateOutcome::Rejected,
        })
    }

    /// [Vol 3] Part A, 4.23
    pub(super) fn connection_response(
        &mut self,
        identifier: u8,
        response: &ConnectionResponse,
        context: &mut Context<'_>,
    ) -> Signal {
        let index = context.channels.position(self.link, Wanted::Awaiting(identifier));
        let waits = |index: &usize| {
            context.channels.get(*index).is_some_and(|c| c.state == State::Connecting)
        };
        let Some(index) = index.filter(waits) else { return self.unmatched() };
        let remote = Cid(response.dcid.get());
        let taken = context.channels.position(self.link, Wanted::Keeping(remote)).is_some();
        context
            .channels
            .with(index, |channel| channel.answered(index, response, taken, &mut context.pools))
    }

    /// [Vol 3] Part A, 4.7
    pub(super) fn disconnection_response(
        &mut self,
        identifier: u8,
        response: Disconnection,
        context: &mut Context<'_>,
    ) -> Signal {
        let (remote, local) = (Cid(response.dcid.get()), Cid(response.scid.get()));
        let waits =
            |c: &Channel| c.close_reason().is_some() && c.awaits(identifier) && c.remote == remote;
        let index = context.channels.find(self.link, local);
        let index = index.filter(|index| context.channels.get(*index).is_some_and(waits));
        let Some(index) = index else { return self.unmatched() };
        context.channels.with(index, |channel| {
            let reason = channel.close_reason().unwrap_or(CloseReason::Local);
            channel.finish(reason, &mut context.pools);
        });
        Signal::Closed(index)
    }

    fn update_sent(&self, with: u8) -> bool {
        matches!(self.update, Update::Sent { identifier, .. } if identifier == with)
    }

    fn unmatched(&mut self) -> Signal {
        self.discarded.count();
        Signal::None
    }
}

impl Channel {
    /// Returns the request for the channel.
    pub(super) fn connection_request(&self) -> Command {
        Command::ConnectionRequest(ConnectionRequest {
            psm: self.psm.0.into(),
            scid: self.local.0.into(),
            mtu: self.rx.mtu.into(),
            mps: self.rx.mps.into(),
            credits: self.rx.window.into(),
        })
    }

    /// Returns the request to close the channel.
    pub(super) const fn disconnection_request(&self) -> Command {
        Command::DisconnectionRequest(Disconnection::new(self.remote, self.local))
    }

    /// Returns the credits to grant, if there are any.
    pub(super) fn credit_indication(&self) -> Option<Command> {
        let credits = Some(self.credits_due()).filter(|&credits| credits > 0)?;
        Some(Command::Credits(Credits { cid: self.local.0.into(), credits: credits.into() }))
    }

    /// Handles the peer's response to our request; `taken` is true if its CID belongs to another
    /// channel.
    fn answered(
        &mut self,
        index: usize,
        response: &ConnectionResponse,
        taken: bool,
        pools: &mut Pools<'_>,
    ) -> Signal {
        let result = ConnectionResult(response.result.get());
        if result != ConnectionResult::SUCCESS {
            let reason = CloseReason::Refused(result);
            self.finish(reason, pools);
            return Signal::Refused(index, reason);
        }
        let bad = CloseReason::Violation(Violation::BadResponse);
        let remote = Cid(response.dcid.get());
        if taken || !remote.is_dynamic() {
            self.finish(bad, pools);
            return Signal::Refused(index, bad);
        }
        self.remote = remote;
        if !in_range(response.mtu.get(), response.mps.get()) {
            self.disconnect(bad, pools);
            return Signal::Refused(index, bad);
        }
        if !self.held {
            self.disconnect(CloseReason::Local, pools);
            return Signal::None;
        }
        self.state = State::Open;
        (self.identifier, self.deadline) = (0, None);
        self.tx.accept(response.mtu.get(), response.mps.get(), response.credits.get());
        Signal::Opened(index)
    }
}
