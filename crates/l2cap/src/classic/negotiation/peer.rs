use zerocopy::little_endian::U16;

use super::{EMPTY, MAX_ROUNDS, Negotiation, Request, Terms};
use crate::classic::config::{MAX_WINDOW, MIN_MTU, NEVER};
use crate::classic::pdu::{
    BadOptions, CONTINUATION, ConfigurationResult, Features, Mode, Options, Qos, Rejected,
    Retransmission,
};

/// The response to the peer's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::classic) enum Answer {
    /// A Configuration Response; its options are those of [`Negotiation::response_options`].
    Result(ConfigurationResult),
    /// The same, and the channel is closed because too many rounds failed, or the peer insists on its mode.
    Last(ConfigurationResult),
    /// More parts follow: the response is empty and has the same flag.
    Continue,
    /// A Command Reject.
    Malformed,
}

impl Negotiation {
    /// Takes the peer's request, or a part of it. [Vol 3] Part A, 4.4
    pub(in crate::classic) fn handle_request(&mut self, flags: u16, options: &[u8]) -> Answer {
        if !self.peer.is_continued {
            self.peer.asked = EMPTY;
            self.peer.rejected = Rejected::NONE;
        }
        let read = self.peer.asked.read(options, &mut self.peer.rejected);
        self.peer.is_continued = read.is_ok() && flags & CONTINUATION != 0;
        match read {
            Err(BadOptions::Truncated) => return Answer::Malformed,
            Err(BadOptions::Length) => return self.refuse(ConfigurationResult::REJECTED),
            Ok(()) if self.peer.is_continued => return Answer::Continue,
            Ok(()) if !self.peer.rejected.is_empty() => {
                return self.refuse(ConfigurationResult::UNKNOWN_OPTIONS);
            }
            Ok(()) => {}
        }
        if self.unacceptable() != EMPTY {
            let again = self.peer.is_mode_refused;
            self.peer.is_mode_refused = !self.takes(self.asked_mode());
            let answer = self.refuse(ConfigurationResult::UNACCEPTABLE);
            return match (answer, self.peer.is_mode_refused && again) {
                (Answer::Result(result), true) => Answer::Last(result),
                (answer, _) => answer,
            };
        }
        self.accept();
        Answer::Result(ConfigurationResult::SUCCESS)
    }

    /// Returns the options of the response with `result` to the last request. They are written as they are if the
    /// peer's options are unknown.
    pub(in crate::classic) fn response_options(
        &self,
        result: ConfigurationResult,
    ) -> Result<Options, &Rejected> {
        match result {
            ConfigurationResult::SUCCESS => Ok(self.accepted_options()),
            ConfigurationResult::UNACCEPTABLE => Ok(self.unacceptable()),
            ConfigurationResult::UNKNOWN_OPTIONS => Err(&self.peer.rejected),
            _ => Ok(EMPTY),
        }
    }

    fn refuse(&mut self, result: ConfigurationResult) -> Answer {
        self.peer.rounds = self.peer.rounds.saturating_add(1);
        if self.peer.rounds >= MAX_ROUNDS { Answer::Last(result) } else { Answer::Result(result) }
    }

    fn accept(&mut self) {
        let base = self.peer.terms.unwrap_or(Terms::DEFAULT);
        let asked = &self.peer.asked;
        let terms = Terms {
            mtu: asked.mtu.unwrap_or(base.mtu),
            flush_timeout: asked.flush_timeout.unwrap_or(base.flush_timeout),
            fcs: asked.fcs.map_or(base.fcs, |fcs| fcs != 0),
            retransmission: asked.retransmission.unwrap_or(base.retransmission),
        };
        self.mode = self.asked_mode();
        self.peer.terms = Some(terms);
        self.peer.rounds = 0;
        if self.request == Request::Done && self.requested_mode != self.mode {
            self.request = Request::Due;
        }
    }

    /// Returns the mode that the last request asks for. Without the option it is the one that was agreed on, or Basic.
    fn asked_mode(&self) -> Mode {
        match (self.peer.asked.retransmission, self.peer.terms) {
            (Some(asked), _) => asked.mode,
            (None, Some(terms)) => terms.retransmission.mode,
            (None, None) => Mode::BASIC,
        }
    }

    /// Returns whether this end takes `mode`. An accepted request settles it. If both ends have a choice, Basic mode
    /// comes before Enhanced Retransmission, and that before Streaming. [Vol 3] Part A, 5.4
    fn takes(&self, mode: Mode) -> bool {
        if self.peer.terms.is_some() {
            return mode == self.mode;
        }
        mode == self.mode
            || mode == self.config.mode
            || (!self.config.is_mode_required && (mode == Mode::BASIC || self.yields_to(mode)))
    }

    /// Returns whether the mode of the application gives way to `mode`: Streaming mode to Enhanced Retransmission, and
    /// each to any other one if the application allows that.
    pub(super) fn yields_to(&self, mode: Mode) -> bool {
        let stronger = self.config.mode == Mode::STREAMING && mode == Mode::ENHANCED_RETRANSMISSION;
        stronger || self.config.takes_any_mode && Features::OWN.has_mode(mode)
    }

    /// Returns the values that we would take instead of those in the last request that we do not take.
    fn unacceptable(&self) -> Options {
        let asked = &self.peer.asked;
        let mut counter = EMPTY;
        counter.mtu = asked.mtu.filter(|mtu| *mtu < MIN_MTU).map(|_| MIN_MTU);
        counter.flush_timeout = asked.flush_timeout.filter(|ms| *ms == 0).map(|_| NEVER);
        counter.fcs = asked.fcs.filter(|fcs| *fcs > 1).map(|_| 1);
        let mode = self.asked_mode();
        counter.retransmission = if self.takes(mode) {
            asked.retransmission.and_then(|asked| self.corrected(asked))
        } else {
            Some(self.retransmission(self.mode))
        };
        // With the others, this option would exceed the peer's signalling MTU.
        if counter == EMPTY {
            counter.qos = asked.qos.filter(|qos| qos.service > 1).map(|_| Qos::BEST_EFFORT);
        }
        counter
    }

    /// Returns the nearest value in range, or `None` if every number is in range.
    fn corrected(&self, asked: Retransmission) -> Option<Retransmission> {
        let enhanced = asked.mode == Mode::ENHANCED_RETRANSMISSION;
        let window = if enhanced { asked.tx_window.clamp(1, MAX_WINDOW) } else { asked.tx_window };
        let mps = match asked.mps.get() {
            0 if asked.mode != Mode::BASIC => self.config.mps,
            mps => mps,
        };
        let corrected = Retransmission { tx_window: window, mps: U16::new(mps), ..asked };
        (corrected != asked).then_some(corrected)
    }

    /// Returns the values of an accepted request as this end uses them.
    fn accepted_options(&self) -> Options {
        let Some(terms) = self.peer.terms else { return EMPTY };
        let [retransmission_timeout, monitor_timeout] = self.own_timeouts();
        let timeouts = (terms.retransmission.mode == Mode::ENHANCED_RETRANSMISSION).then_some(
            Retransmission { retransmission_timeout, monitor_timeout, ..terms.retransmission },
        );
        let enhanced = timeouts.unwrap_or(terms.retransmission);
        Options {
            mtu: Some(terms.mtu),
            flush_timeout: self.peer.asked.flush_timeout,
            retransmission: self.peer.asked.retransmission.map(|_| enhanced),
            ..EMPTY
        }
    }
}
