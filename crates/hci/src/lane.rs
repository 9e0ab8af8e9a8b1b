//! The command lane: one command in flight, and a time limit for the answer. [Vol 4] Part E, 4.4

use core::fmt;

use bindrune_wire::time::Instant;

use embassy_time::Duration;

use crate::{Opcode, Status};

/// Time limit for a controller to answer a command, or to accept the next.
pub const COMMAND_TIMEOUT: Duration = Duration::from_secs(2);

/// The sender of a command: a number of the lane's owner, returned with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ticket(pub u16);

/// What the lane waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LaneTimer {
    /// The answer to the command in flight.
    Answer,
    /// A credit to send a pending command.
    Credit,
}

/// The controller does not answer: reset it, then the lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Unresponsive {
    /// A command had no answer.
    Answer {
        /// The command.
        opcode: Opcode,
        /// The sender.
        ticket: Ticket,
    },
    /// The controller accepts no command.
    Credit,
}

impl fmt::Display for Unresponsive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer { opcode, .. } => write!(f, "the controller did not answer {opcode:?}"),
            Self::Credit => f.write_str("the controller accepts no command"),
        }
    }
}

impl core::error::Error for Unresponsive {}

/// Sends one command at a time, as `Num_HCI_Command_Packets` allows.
///
/// Host Number Of Completed Packets is not part of the lane: do not ask the lane before it, and do not report it to the
/// lane.
#[derive(Clone, Debug)]
pub struct CommandLane {
    open: bool,
    in_flight: Option<InFlight>,
    credit_deadline: Option<Instant>,
    unexpected: u32,
}

#[derive(Clone, Copy, Debug)]
struct InFlight {
    opcode: Opcode,
    ticket: Ticket,
    deadline: Instant,
}

impl Default for CommandLane {
    fn default() -> Self {
        Self::new()
    }
}

impl CommandLane {
    /// Creates a lane for a controller after power-on or reset: it accepts one command.
    #[must_use]
    pub const fn new() -> Self {
        Self { open: true, in_flight: None, credit_deadline: None, unexpected: 0 }
    }

    /// Returns whether a command may be sent now.
    #[must_use]
    pub const fn may_send(&self) -> bool {
        self.open && self.in_flight.is_none()
    }

    /// Returns the command in flight, and its sender.
    #[must_use]
    pub fn in_flight(&self) -> Option<(Opcode, Ticket)> {
        self.in_flight.map(|command| (command.opcode, command.ticket))
    }

    /// Returns the number of answers to commands that were not in flight.
    #[must_use]
    pub const fn unexpected(&self) -> u32 {
        self.unexpected
    }

    /// Records that a command was sent.
    pub fn sent(&mut self, now: Instant, opcode: Opcode, ticket: Ticket) {
        self.open = false;
        self.credit_deadline = None;
        self.in_flight = Some(InFlight { opcode, ticket, deadline: later(now) });
    }

    /// Records that a command may be pending. If none may be sent and none is in flight, the controller's time to
    /// accept one begins.
    pub fn command_pending(&mut self, now: Instant) {
        if !self.open && self.in_flight.is_none() && self.credit_deadline.is_none() {
            self.credit_deadline = Some(later(now));
        }
    }

    /// Handles Command Complete. Returns the sender, if the command is the one in flight. [Vol 4] Part E, 7.7.14
    pub fn complete(&mut self, opcode: Opcode, num_packets: u8) -> Option<Ticket> {
        self.open = num_packets > 0;
        if self.open {
            self.credit_deadline = None;
        }
        if opcode == Opcode::NOP {
            return None;
        }
        let answered = self.in_flight.take_if(|command| command.opcode == opcode);
        if answered.is_none() {
            self.unexpected = self.unexpected.saturating_add(1);
        }
        answered.map(|command| command.ticket)
    }

    /// Handles Command Status with any status: the lane is free again. [Vol 4] Part E, 7.7.15
    pub fn status(&mut self, opcode: Opcode, _: Status, num_packets: u8) -> Option<Ticket> {
        self.complete(opcode, num_packets)
    }

    /// Resets the lane, because the controller was or will be reset. Returns the sender of the command in flight.
    pub fn reset(&mut self) -> Option<Ticket> {
        let (_, ticket) = self.in_flight().unzip();
        *self = Self { unexpected: self.unexpected, ..Self::new() };
        ticket
    }

    /// Returns when [`Self::handle_timeout`] is due, and why.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, LaneTimer)> {
        let answer = self.in_flight.map(|command| (command.deadline, LaneTimer::Answer));
        answer.or(self.credit_deadline.map(|deadline| (deadline, LaneTimer::Credit)))
    }

    /// Checks the deadline. Reports an unresponsive controller once; the owner then resets it and the lane.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<Unresponsive> {
        if let Some(InFlight { opcode, ticket, .. }) =
            self.in_flight.take_if(|command| command.deadline <= now)
        {
            return Some(Unresponsive::Answer { opcode, ticket });
        }
        self.credit_deadline.take_if(|deadline| *deadline <= now).map(|_| Unresponsive::Credit)
    }
}

fn later(now: Instant) -> Instant {
    now + COMMAND_TIMEOUT
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Instant = Instant::from_secs(10);

    fn at(seconds: u64) -> Instant {
        Instant::from_secs(10 + seconds)
    }

    #[test]
    fn one_command_at_a_time() {
        let mut lane = CommandLane::new();
        assert!(lane.may_send() && lane.poll_timeout().is_none());
        lane.sent(T0, Opcode::RESET, Ticket(7));
        assert!(!lane.may_send());
        assert_eq!(lane.poll_timeout(), Some((at(2), LaneTimer::Answer)));
        assert_eq!(lane.complete(Opcode::RESET, 255), Some(Ticket(7)));
        assert!(lane.may_send());
        lane.sent(T0, Opcode::DISCONNECT, Ticket(8));
        assert!(!lane.may_send());
        assert_eq!(lane.status(Opcode::DISCONNECT, Status(2), 1), Some(Ticket(8)));
    }

    #[test]
    fn a_second_or_unknown_answer_is_only_a_credit() {
        let mut lane = CommandLane::new();
        assert_eq!(lane.complete(Opcode(0x2016), 0), None);
        assert!(!lane.may_send());
        assert_eq!(lane.complete(Opcode::NOP, 1), None);
        assert!(lane.may_send());
        lane.sent(T0, Opcode::LE_SET_ADVERTISING_ENABLE, Ticket(1));
        assert_eq!(lane.complete(Opcode::LE_SET_SCAN_ENABLE, 1), None);
        assert!(!lane.may_send());
        assert_eq!(lane.complete(Opcode::LE_SET_ADVERTISING_ENABLE, 1), Some(Ticket(1)));
        assert_eq!(lane.complete(Opcode::LE_SET_ADVERTISING_ENABLE, 1), None);
        assert_eq!(lane.unexpected(), 3);
    }

    #[test]
    fn a_missing_answer_is_reported_once() {
        let mut lane = CommandLane::new();
        lane.sent(T0, Opcode::LE_RAND, Ticket(3));
        assert_eq!(lane.handle_timeout(at(1)), None);
        let unresponsive = Unresponsive::Answer { opcode: Opcode::LE_RAND, ticket: Ticket(3) };
        assert_eq!(lane.handle_timeout(at(2)), Some(unresponsive));
        assert_eq!(lane.handle_timeout(at(9)), None);
        assert!(!lane.may_send());
        assert_eq!(lane.reset(), None);
        assert!(lane.may_send());
    }

    #[test]
    fn credits_that_never_come_time_out_when_a_command_is_pending() {
        let mut lane = CommandLane::new();
        lane.sent(T0, Opcode::LE_RAND, Ticket(3));
        lane.command_pending(T0);
        assert_eq!(lane.complete(Opcode::LE_RAND, 0), Some(Ticket(3)));
        assert_eq!(lane.poll_timeout(), None);
        lane.command_pending(at(5));
        lane.command_pending(at(6));
        assert_eq!(lane.poll_timeout(), Some((at(7), LaneTimer::Credit)));
        let mut raised = lane.clone();
        assert_eq!(raised.complete(Opcode::NOP, 1), None);
        assert!(raised.may_send() && raised.poll_timeout().is_none());
        assert_eq!(lane.handle_timeout(at(7)), Some(Unresponsive::Credit));
        assert_eq!(lane.handle_timeout(at(8)), None);
    }

    #[test]
    fn reset_returns_the_sender_of_the_command() {
        let mut lane = CommandLane::new();
        lane.sent(T0, Opcode::LE_RAND, Ticket(9));
        assert_eq!(lane.reset(), Some(Ticket(9)));
        assert!(lane.may_send() && lane.poll_timeout().is_none());
    }
}
