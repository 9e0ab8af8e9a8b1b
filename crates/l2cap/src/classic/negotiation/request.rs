use super::{EMPTY, MAX_ROUNDS, Negotiation, Request};
use crate::classic::config::MIN_MTU;
use crate::classic::pdu::{CONTINUATION, ConfigurationResult, Mode, Options, Rejected};

/// Outcome of the peer's response to our request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::classic) enum Outcome {
    /// The request is accepted.
    Done,
    /// Another request is due.
    Again,
    /// The peer needs more time.
    Pending,
    /// The channel cannot be configured.
    Failed(Failure),
}

/// Reason why a channel cannot be configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::classic) enum Failure {
    /// The peer refuses the mode that the application insists on, or Basic mode.
    Mode,
    /// The peer refused our values, or too many rounds failed.
    Disagreement,
    /// The response is malformed, or accepts what was not requested.
    Malformed,
}

impl Negotiation {
    /// Returns whether our request is due.
    pub(in crate::classic) fn is_request_due(&self) -> bool {
        self.request == Request::Due
    }

    /// Returns whether our request waits for its response.
    pub(in crate::classic) fn is_request_sent(&self) -> bool {
        self.request == Request::Sent
    }

    /// Returns the options of our request.
    pub(in crate::classic) fn request(&self) -> Options {
        if self.is_continued {
            return EMPTY;
        }
        let mode = self.mode;
        let enhanced = mode != Mode::BASIC;
        Options {
            mtu: Some(self.config.mtu),
            flush_timeout: self.config.flush(),
            retransmission: (enhanced || self.rounds > 0).then(|| self.retransmission(mode)),
            fcs: (enhanced && !self.config.fcs).then_some(0),
            ..EMPTY
        }
    }

    /// Records that the request has left.
    pub(in crate::classic) fn request_sent(&mut self) {
        self.request = Request::Sent;
        if !self.is_continued {
            self.requested_mode = self.mode;
            self.response = EMPTY;
        }
    }

    /// Requests another MTU of an open channel.
    pub(in crate::classic) const fn change_mtu(&mut self, mtu: u16) {
        self.config.mtu = mtu;
        self.request = Request::Due;
        self.rounds = 0;
    }

    /// Takes the peer's response to our request. [Vol 3] Part A, 4.5
    pub(in crate::classic) fn handle_response(
        &mut self,
        result: ConfigurationResult,
        flags: u16,
        options: &[u8],
    ) -> Outcome {
        let mut unknown = Rejected::NONE;
        let read = match result {
            ConfigurationResult::UNKNOWN_OPTIONS => Ok(()),
            _ => self.response.read(options, &mut unknown),
        };
        if read.is_err() {
            return Outcome::Failed(Failure::Malformed);
        }
        if result == ConfigurationResult::PENDING {
            return Outcome::Pending;
        }
        self.is_continued = flags & CONTINUATION != 0;
        if self.is_continued {
            return self.again();
        }
        match result {
            ConfigurationResult::SUCCESS => self.accepted(),
            ConfigurationResult::UNACCEPTABLE => {
                if let Err(failure) = self.adapt() {
                    return Outcome::Failed(failure);
                }
                self.again()
            }
            ConfigurationResult::UNKNOWN_OPTIONS => match self.leave_out(options) {
                Ok(()) => self.again(),
                Err(failure) => Outcome::Failed(failure),
            },
            _ => Outcome::Failed(Failure::Disagreement),
        }
    }

    fn accepted(&mut self) -> Outcome {
        if let Some(answer) = self.response.retransmission {
            if answer.mode != self.requested_mode {
                return Outcome::Failed(Failure::Malformed);
            }
            self.timeouts = [answer.retransmission_timeout.get(), answer.monitor_timeout.get()];
        }
        if self.requested_mode != self.mode {
            return self.again();
        }
        self.request = Request::Done;
        Outcome::Done
    }

    fn again(&mut self) -> Outcome {
        self.rounds = self.rounds.saturating_add(1);
        if self.rounds >= MAX_ROUNDS {
            return Outcome::Failed(Failure::Disagreement);
        }
        self.request = Request::Due;
        Outcome::Again
    }

    /// Takes what the peer would accept, as far as this end can.
    fn adapt(&mut self) -> Result<(), Failure> {
        if let Some(mtu) = self.response.mtu.filter(|mtu| *mtu >= MIN_MTU) {
            self.config.mtu = self.config.mtu.min(mtu);
        }
        if let Some(ms) = self.response.flush_timeout {
            self.set_flush(ms);
        }
        if self.response.fcs == Some(1) {
            self.config.fcs = true;
        }
        if let Some(answer) = self.response.retransmission {
            if answer.mode != self.requested_mode {
                return self.change_mode(answer.mode);
            }
            let window = answer.tx_window.max(1);
            self.config.tx_window = self.config.tx_window.min(window);
            self.config.mps = self.config.mps.min(answer.mps.get().max(1));
            self.config.max_transmit = answer.max_transmit;
        }
        Ok(())
    }

    /// Takes the mode that both ends take. A peer that refuses Basic mode takes none, unless the application takes any.
    /// [Vol 3] Part A, 5.4
    fn change_mode(&mut self, mode: Mode) -> Result<(), Failure> {
        let settled = self.peer.terms.is_some();
        if mode == self.mode {
            return Ok(());
        }
        if settled {
            return Err(Failure::Disagreement);
        }
        if mode == self.config.mode {
            self.mode = mode;
            return Ok(());
        }
        let yields = self.yields_to(mode);
        if self.config.is_mode_required || self.requested_mode == Mode::BASIC && !yields {
            return Err(Failure::Mode);
        }
        self.mode = if yields { mode } else { Mode::BASIC };
        Ok(())
    }

    /// Leaves out the options that the peer does not know.
    fn leave_out(&mut self, options: &[u8]) -> Result<(), Failure> {
        const FLUSH_TIMEOUT: u8 = 2;
        const RETRANSMISSION: u8 = 4;
        const FCS: u8 = 5;
        match options.first() {
            Some(&FLUSH_TIMEOUT) if self.config.flush_timeout.is_some() => self.set_flush(u16::MAX),
            Some(&FCS) if !self.config.fcs => self.config.fcs = true,
            Some(&RETRANSMISSION) if self.mode != Mode::BASIC => {
                return self.change_mode(Mode::BASIC);
            }
            _ => return Err(Failure::Disagreement),
        }
        Ok(())
    }

    fn set_flush(&mut self, ms: u16) {
        use embassy_time::Duration;
        self.config.flush_timeout =
            (!matches!(ms, 0 | u16::MAX)).then(|| Duration::from_millis(ms.into()));
    }
}
