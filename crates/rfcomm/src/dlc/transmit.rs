//! What a DLC has to send. Its session writes it.

use bindrune_wire::{Interest, time::Instant};

use super::{Command, Dlc, Replies, State, Step};
use crate::{
    CONNECT_TIMEOUT, Dlci, FrameType, Message, MessageType, ModemStatus, Parameters,
    RESPONSE_TIMEOUT, port::ALL,
};

/// A frame that is pending, other than data and credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// A frame on the DLC.
    Frame(FrameType),
    /// A message on DLCI 0: a command or a response.
    Message(Message<'static>, bool),
}

impl Dlc {
    /// Returns whether something is pending, and how urgent it is. `is_off` is whether the peer stopped all DLCs.
    pub(crate) fn interest(&self, is_off: bool) -> Interest {
        if self.due().is_some() || self.credits_due() {
            Interest::Urgent
        } else if self.can_send(is_off) {
            Interest::Data
        } else {
            Interest::None
        }
    }

    /// Returns the next frame that is pending, other than data and credits.
    pub(crate) fn due(&self) -> Option<Due> {
        self.reply_due().or_else(|| self.step_due()).or_else(|| self.command_due())
    }

    fn reply_due(&self) -> Option<Due> {
        let first = self.replies.iter().next()?;
        let message = match first {
            Replies::UA => return Some(Due::Frame(FrameType::UA)),
            Replies::DM => return Some(Due::Frame(FrameType::DM)),
            Replies::PN => Message::Parameters(self.parameters(0xe)),
            Replies::MSC => Message::Modem(self.dlci, self.modem.peer, self.modem.echo),
            Replies::RPN => {
                Message::Port(self.dlci, Some((self.port.settings, self.port.accepted)))
            }
            _ => Message::Line(self.dlci, self.port.peer_line),
        };
        Some(Due::Message(message, false))
    }

    fn step_due(&self) -> Option<Due> {
        match self.step {
            Step::Negotiate => Some(Due::Message(Message::Parameters(self.parameters(0xf)), true)),
            Step::Connect => Some(Due::Frame(FrameType::SABM)),
            Step::Disconnect => Some(Due::Frame(FrameType::DISC)),
            Step::Drain if self.tx.is_empty() => Some(Due::Frame(FrameType::DISC)),
            Step::Drain
            | Step::Idle
            | Step::Negotiating
            | Step::Connecting
            | Step::Disconnecting => None,
        }
    }

    fn command_due(&self) -> Option<Due> {
        if !self.is_flowing() {
            return None;
        }
        let stops = self.flow.stops(&self.rx, self.modem.has_stopped());
        if self.modem.is_due(stops) {
            let status = self.modem.current(stops);
            let message = Message::Modem(self.dlci, status, self.modem.own_break);
            return Some(Due::Message(message, true));
        }
        let message = match self.port.due()? {
            Command::Port(settings) => Message::Port(self.dlci, settings.map(|s| (s, ALL))),
            Command::Line(status) => Message::Line(self.dlci, status),
        };
        Some(Due::Message(message, true))
    }

    fn parameters(&self, convergence: u8) -> Parameters {
        let Self { dlci, priority, flow, .. } = *self;
        let convergence = if flow.credit_based { convergence } else { 0 };
        let frame_size = flow.frame_size;
        // Only the first exchange has credits. [RFCOMM 1.2] 5.5.3
        let is_first = matches!(self.state, State::Connecting | State::Negotiated);
        let credits = if is_first { u8::try_from(flow.granted).unwrap_or_default() } else { 0 };
        Parameters { dlci, frame_type: 0, convergence, priority, frame_size, credits }
    }

    /// Records that the frame of [`Self::due`] was written.
    pub(crate) fn sent(&mut self, due: Due, now: Instant) {
        let t2 = Some(now + RESPONSE_TIMEOUT);
        match due {
            Due::Message(message, false) => {
                let reply = match message.kind() {
                    MessageType::PN => Replies::PN,
                    MessageType::MSC => Replies::MSC,
                    MessageType::RPN => Replies::RPN,
                    _ => Replies::RLS,
                };
                self.replies.remove(reply);
            }
            Due::Message(Message::Parameters(_), true) => {
                (self.step, self.deadline) = (Step::Negotiating, t2);
            }
            Due::Message(Message::Modem(_, status, _), true) => self.modem_sent(status, now),
            Due::Message(_, true) => {
                if let Some((_, deadline)) = &mut self.port.command {
                    *deadline = t2;
                }
            }
            Due::Frame(FrameType::UA) => self.replies.remove(Replies::UA),
            Due::Frame(FrameType::DM) => self.free(),
            Due::Frame(FrameType::SABM) => {
                (self.step, self.deadline) = (Step::Connecting, Some(now + CONNECT_TIMEOUT));
            }
            Due::Frame(_) => {
                (self.step, self.deadline) = (Step::Disconnecting, t2);
                self.modem.deadline = None;
                self.port.command = None;
            }
        }
    }

    fn modem_sent(&mut self, status: ModemStatus, now: Instant) {
        self.modem.sent = Some(status);
        self.modem.own_break = None;
        self.modem.is_outstanding = true;
        self.modem.deadline = Some(now + RESPONSE_TIMEOUT);
    }

    /// Returns whether a frame with credits, and maybe no data, is pending.
    pub(crate) fn credits_due(&self) -> bool {
        self.may_grant() && self.flow.is_grant_due(&self.rx)
    }

    /// Returns the credits for the next frame.
    pub(crate) fn grantable(&self) -> u8 {
        let credits = if self.may_grant() { self.flow.grantable(&self.rx) } else { 0 };
        u8::try_from(credits).unwrap_or(u8::MAX)
    }

    fn may_grant(&self) -> bool {
        self.is_flowing() && self.held && self.replies.is_empty() && self.modem.is_acknowledged
    }

    /// Returns whether data is pending and may be sent.
    pub(crate) fn can_send(&self, is_off: bool) -> bool {
        let may = if self.flow.credit_based {
            self.flow.credits > 0
        } else {
            !is_off && !self.modem.peer.contains(ModemStatus::FC)
        };
        may && self.is_flowing() && self.modem.is_exchanged() && !self.tx.is_empty()
    }

    /// Returns whether the slot belongs to this DLCI and is live.
    pub(crate) fn is(&self, dlci: Dlci) -> bool {
        self.dlci == dlci && self.is_live()
    }
}
