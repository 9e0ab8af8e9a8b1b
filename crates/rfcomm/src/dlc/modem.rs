//! Modem status, line status and port settings of one DLC.

use bindrune_wire::time::Instant;

use crate::{
    Break, LineStatus, ModemStatus, PortSettings,
    port::{ALL, Mask},
};

/// Modem status of both ends, and the exchange of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Modem {
    /// Ours, without FC.
    pub(crate) own: ModemStatus,
    pub(crate) own_break: Option<Break>,
    /// The status that we sent last.
    pub(crate) sent: Option<ModemStatus>,
    /// Time limit of the unanswered command, and of the peer's first one.
    pub(crate) deadline: Option<Instant>,
    pub(crate) is_outstanding: bool,
    pub(crate) is_acknowledged: bool,
    pub(crate) is_received: bool,
    pub(crate) peer: ModemStatus,
    pub(crate) peer_break: Option<Break>,
    /// The break of the command that our response returns.
    pub(crate) echo: Option<Break>,
}

impl Modem {
    pub(crate) const INITIAL: Self = Self {
        own: ModemStatus::READY,
        own_break: None,
        sent: None,
        deadline: None,
        is_outstanding: false,
        is_acknowledged: false,
        is_received: false,
        peer: ModemStatus::empty(),
        peer_break: None,
        echo: None,
    };

    /// Returns our status, with FC if `stops`.
    pub(crate) fn current(&self, stops: bool) -> ModemStatus {
        let mut status = self.own;
        status.set(ModemStatus::FC, stops);
        status
    }

    /// Returns whether the last status that we sent had FC set.
    pub(crate) fn has_stopped(&self) -> bool {
        self.sent.is_some_and(|sent| sent.contains(ModemStatus::FC))
    }

    /// Returns whether a command with our status is pending.
    pub(crate) fn is_due(&self, stops: bool) -> bool {
        let changed = self.sent != Some(self.current(stops));
        !self.is_outstanding && (changed || self.own_break.is_some())
    }

    /// Returns whether both ends have sent their status, which user data has to wait for. [TS 07.10] 5.4.6.3.7
    pub(crate) const fn is_exchanged(&self) -> bool {
        self.is_acknowledged && self.is_received
    }

    /// Stores the status of the peer.
    pub(crate) fn receive(&mut self, status: ModemStatus, signal: Option<Break>) {
        self.peer = status;
        self.peer_break = signal.or(self.peer_break);
        self.echo = signal;
        self.is_received = true;
        self.settle();
    }

    /// Records the response to our command; false if none is outstanding.
    pub(crate) const fn acknowledge(&mut self) -> bool {
        let was = core::mem::replace(&mut self.is_outstanding, false);
        self.is_acknowledged |= was;
        self.settle();
        was
    }

    const fn settle(&mut self) {
        if self.is_exchanged() && !self.is_outstanding {
            self.deadline = None;
        }
    }
}

/// A command of ours about the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// RPN with new settings, or a request for the current ones.
    Port(Option<PortSettings>),
    /// RLS.
    Line(LineStatus),
}

/// The emulated port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Port {
    pub(crate) settings: PortSettings,
    /// Parameters that our response accepts.
    pub(crate) accepted: Mask,
    pub(crate) peer_line: LineStatus,
    /// The report of the peer that the application has not taken.
    pub(crate) new_line: Option<LineStatus>,
    /// Whether our last command had no answer.
    pub(crate) timed_out: bool,
    /// Whether the caller of our last command has not taken its result.
    pub(crate) is_taken: bool,
    /// Our command, and its time limit once it is sent.
    pub(crate) command: Option<(Command, Option<Instant>)>,
}

impl Port {
    pub(crate) const INITIAL: Self = Self {
        settings: PortSettings::INITIAL,
        accepted: ALL,
        peer_line: LineStatus::empty(),
        new_line: None,
        timed_out: false,
        is_taken: false,
        command: None,
    };

    /// Returns the command that is pending.
    pub(crate) const fn due(&self) -> Option<Command> {
        match self.command {
            Some((command, None)) => Some(command),
            Some((_, Some(_))) | None => None,
        }
    }

    /// Ends the outstanding command if `is` accepts it.
    pub(crate) fn answer(&mut self, is: impl Fn(Command) -> bool) -> bool {
        let answered = self.command.is_some_and(|(command, sent)| sent.is_some() && is(command));
        if answered {
            self.command = None;
        }
        answered
    }
}
