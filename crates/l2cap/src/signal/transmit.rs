use bindrune_wire::{Writer, time::Instant};

use super::{
    Signalling,
    machine::{RTX, Update, refusal},
    pdu::{Command, Parameters},
};
use crate::{Channel, Channels, capability::HasUpdates, coc::Pending};

impl Signalling {
    /// Writes the payload of the first pending C-frame; false if none is pending or `w` is too small.
    pub fn poll_transmit(
        &mut self,
        now: Instant,
        channels: &mut Channels,
        w: &mut Writer<'_>,
    ) -> bool {
        if let Some((identifier, answer)) = self.answers.first() {
            let written = answer.write(identifier, w).is_ok();
            if written {
                self.answers.pop();
            }
            return written;
        }
        if let Update::Pending(parameters, built_in) = self.update {
            return self.transmit_update(now, (parameters, built_in), channels, w);
        }
        if !channels.is_pending(self.link) {
            return false;
        }
        match channels.position_by(self.link, Channel::has_pending_signal) {
            Some(index) => self.transmit_channel(now, index, channels, w),
            None => {
                channels.set_pending(self.link, false);
                false
            }
        }
    }

    fn transmit_update(
        &mut self,
        now: Instant,
        (parameters, built_in): (Parameters, HasUpdates),
        channels: &Channels,
        w: &mut Writer<'_>,
    ) -> bool {
        let identifier = self.next_identifier(channels);
        if Command::ParameterRequest(parameters).write(identifier, w).is_err() {
            return false;
        }
        self.identifier = identifier;
        self.update = Update::Sent { identifier, deadline: now + RTX, built_in };
        self.schedule(channels);
        true
    }

    fn transmit_channel(
        &mut self,
        now: Instant,
        index: usize,
        channels: &mut Channels,
        w: &mut Writer<'_>,
    ) -> bool {
        let next = self.next_identifier(channels);
        let due = now + RTX;
        let written = channels.with(index, |channel| channel.transmit(next, due, w));
        if written == Some(true) {
            self.identifier = next;
            self.schedule(channels);
        }
        written.is_some()
    }

    /// Returns the next identifier that no open request of ours uses. [Vol 3] Part A, 4
    fn next_identifier(&self, channels: &Channels) -> u8 {
        let pending = |identifier: u8| {
            matches!(self.update, Update::Sent { identifier: sent, .. } if sent == identifier)
                || channels.position_by(self.link, |c| c.awaits(identifier)).is_some()
        };
        let after = |identifier: u8| identifier.checked_add(1).unwrap_or(1);
        let mut identifier = after(self.identifier);
        while pending(identifier) && identifier != self.identifier {
            identifier = after(identifier);
        }
        identifier
    }
}

impl Channel {
    /// Writes the channel's first pending command; `Some(true)` if it used `next` as the identifier of our request.
    fn transmit(&mut self, next: u8, due: Instant, w: &mut Writer<'_>) -> Option<bool> {
        let (identifier, command) = match self.pending {
            Pending::Nothing => (next, self.credit_indication()?),
            Pending::ConnectionRequest => (next, self.connection_request()),
            Pending::ConnectionResponse => (self.identifier, self.connection_response()),
            Pending::Refusal(result) => (self.identifier, refusal(result)),
            Pending::DisconnectionRequest => (next, self.disconnection_request()),
        };
        let ours = !matches!(self.pending, Pending::ConnectionResponse | Pending::Refusal(_));
        command.write(identifier, w).ok()?;
        match core::mem::replace(&mut self.pending, Pending::Nothing) {
            Pending::Nothing => self.rx.grant(self.credits_due()),
            Pending::ConnectionRequest => {
                self.rx.grant(self.rx.window);
                (self.identifier, self.deadline) = (next, Some(due));
            }
            Pending::ConnectionResponse => {
                self.identifier = 0;
                if self.close_reason().is_some() {
                    self.pending = Pending::DisconnectionRequest;
                }
            }
            Pending::Refusal(_) => self.vacate(),
            Pending::DisconnectionRequest => {
                (self.identifier, self.deadline) = (next, Some(due));
            }
        }
        Some(ours)
    }
}
