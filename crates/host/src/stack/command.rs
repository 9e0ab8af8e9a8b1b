//! The command lane: decides which part of the host sends the next HCI command. [Vol 4] Part E, 4.4

use core::task::Poll;

use bindrune_hci::{Opcode, Status, h4::PacketType, lane::Ticket};
use bindrune_wire::{Interest, Writer, time::Instant};

use super::{Link, Phase, Stack, classic, timeout::Timer};
use crate::{
    Error,
    capability::{COMMANDS, HOST_FLOW_CONTROL},
    mask::{bit, next_bit},
    waiters::{Due, HostKey},
};

/// The application's own command, one at a time.
#[derive(Debug)]
pub(crate) struct AppCommand {
    buffer: &'static mut [u8],
    state: AppState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AppState {
    Idle,
    /// This number of octets in the buffer must be sent.
    Queued(usize),
    Sent,
    /// The command was sent, but no caller waits for the answer.
    Abandoned,
    /// This number of octets in the buffer are the return parameters.
    Answered(usize),
    Failed(Error),
}

/// The part of the host whose command is in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Gap,
    App,
    Worker,
    Link(u8),
    /// The encryption of a link.
    Security(u8),
    /// BR/EDR.
    Classic(classic::Owner),
}

impl Owner {
    const LINKS: u16 = 0x100;
    const SECURITY: u16 = 0x200;

    pub(super) const fn ticket(self) -> Ticket {
        Ticket(match self {
            Self::Gap => 0,
            Self::App => 1,
            Self::Worker => 2,
            Self::Link(index) => Self::LINKS.saturating_add(index as u16),
            Self::Security(index) => Self::SECURITY.saturating_add(index as u16),
            Self::Classic(owner) => owner.number(),
        })
    }

    pub(super) fn of(ticket: Ticket) -> Self {
        let [index, kind] = ticket.0.to_le_bytes();
        match u16::from_le_bytes([0, kind]) {
            Self::LINKS => Self::Link(index),
            Self::SECURITY => Self::Security(index),
            _ if ticket.0 == 1 => Self::App,
            _ if ticket.0 == 2 => Self::Worker,
            _ => classic::Owner::of(ticket.0).map_or(Self::Gap, Self::Classic),
        }
    }
}

impl AppCommand {
    pub(crate) const fn new(buffer: &'static mut [u8]) -> Self {
        Self { buffer, state: AppState::Idle }
    }

    /// Fails a pending command, because the controller is lost.
    pub(crate) const fn fail(&mut self) {
        self.state = match self.state {
            AppState::Queued(_) | AppState::Sent => AppState::Failed(Error::ControllerLost),
            AppState::Abandoned => AppState::Idle,
            other @ (AppState::Idle | AppState::Answered(_) | AppState::Failed(_)) => other,
        };
    }

    /// Handles a command that the controller did not answer: fails the call if a caller waits, else frees the place.
    pub(super) const fn unanswered(&mut self) {
        self.state = match self.state {
            AppState::Sent => AppState::Failed(Error::Timeout),
            AppState::Abandoned => AppState::Idle,
            other @ (AppState::Idle
            | AppState::Queued(_)
            | AppState::Answered(_)
            | AppState::Failed(_)) => other,
        };
    }

    fn answered(&mut self, parameters: &[u8]) {
        if !COMMANDS {
            return;
        }
        self.state = match self.state {
            AppState::Sent => {
                let len = parameters.len().min(self.buffer.len());
                if let (Some(to), Some(from)) = (self.buffer.get_mut(..len), parameters.get(..len))
                {
                    to.copy_from_slice(from);
                }
                AppState::Answered(len)
            }
            AppState::Abandoned => AppState::Idle,
            other @ (AppState::Idle
            | AppState::Queued(_)
            | AppState::Answered(_)
            | AppState::Failed(_)) => other,
        };
    }
}

impl Stack {
    /// Queues a command of the application once its place is free and the controller is set up.
    pub(crate) fn poll_app_command(
        &mut self,
        first: bool,
        write: impl FnOnce(&mut Writer<'_>) -> bool,
    ) -> Poll<Result<(), Error>> {
        match self.phase {
            Phase::Ready => {}
            Phase::Failed(_) => return Poll::Ready(Err(Error::Unsupported)),
            _ if self.is_silent() => return Poll::Ready(Err(Error::NoAnswer)),
            Phase::Down | Phase::ResetPending { .. } | Phase::Resetting { .. } | Phase::Setup => {
                return Poll::Pending;
            }
        }
        if !first || self.app.state != AppState::Idle {
            return Poll::Pending;
        }
        let mut w = Writer::new(self.app.buffer);
        if !write(&mut w) {
            return Poll::Ready(Err(Error::TooLong { max: 255 }));
        }
        self.app.state = AppState::Queued(w.len());
        self.ready.run(Due::COMMAND);
        Poll::Ready(Ok(()))
    }

    /// Returns the answer to the application's command.
    pub(crate) fn poll_app_answer<T>(
        &mut self,
        read: impl FnOnce(&[u8]) -> Result<T, Error>,
    ) -> Poll<Result<T, Error>> {
        let result = match self.app.state {
            AppState::Answered(len) => read(self.app.buffer.get(..len).unwrap_or_default()),
            AppState::Failed(error) => Err(error),
            AppState::Idle => Err(Error::ControllerLost),
            AppState::Queued(_) | AppState::Sent | AppState::Abandoned => return Poll::Pending,
        };
        self.app.state = AppState::Idle;
        self.ready.host(HostKey::Command);
        Poll::Ready(result)
    }

    /// Stops waiting for the application's command.
    pub(crate) fn abandon_app_command(&mut self) {
        self.app.state = match self.app.state {
            AppState::Sent => AppState::Abandoned,
            AppState::Abandoned => AppState::Abandoned,
            AppState::Idle | AppState::Queued(_) | AppState::Answered(_) | AppState::Failed(_) => {
                AppState::Idle
            }
        };
        self.ready.host(HostKey::Command);
    }

    /// Writes the next command as an H4 packet, if one is pending and the controller accepts it.
    pub(super) fn write_next_command(&mut self, now: Instant, w: &mut Writer<'_>) -> bool {
        if w.u8(PacketType::COMMAND.0).is_err() {
            return false;
        }
        match self.phase {
            Phase::Down | Phase::Failed(_) => false,
            Phase::ResetPending { silent } => {
                self.begin_reset(now, silent);
                self.write_command(now, w)
            }
            Phase::Resetting { .. } => self.write_step(now, w),
            Phase::Setup | Phase::Ready => {
                self.write_host_credits(Interest::Urgent, w)
                    || self.write_command(now, w)
                    || self.write_host_credits(Interest::Data, w)
            }
        }
    }

    fn write_command(&mut self, now: Instant, w: &mut Writer<'_>) -> bool {
        if !self.lane.may_send() {
            self.note_pending(now);
            return false;
        }
        let Some((opcode, owner)) = self.next_command(now, w) else { return false };
        self.lane.sent(now, opcode, owner.ticket());
        self.deadlines_changed();
        true
    }

    /// Writes the next command of a reset. It needs no credit: the last command was answered, or nothing that the
    /// controller sent counts.
    fn write_step(&mut self, now: Instant, w: &mut Writer<'_>) -> bool {
        let Some(opcode) = self.write_recovery(now, w) else { return false };
        self.lane.reset();
        self.lane.sent(now, opcode, Owner::Gap.ticket());
        true
    }

    pub(super) fn next_command(
        &mut self,
        now: Instant,
        w: &mut Writer<'_>,
    ) -> Option<(Opcode, Owner)> {
        if !matches!(self.phase, Phase::Ready) {
            return self.gap_command(now, w);
        }
        // After a command of a link, the other parts of the host go first, so that links cannot block them.
        let command = if core::mem::take(&mut self.link_commanded) {
            self.command_of_host(now, w).or_else(|| self.command_of_link(w))
        } else {
            self.command_of_link(w).or_else(|| self.command_of_host(now, w))
        };
        self.link_commanded = matches!(command, Some((_, Owner::Link(_) | Owner::Security(_))));
        command
    }

    /// Writes the next command of the links, which take turns.
    fn command_of_link(&mut self, w: &mut Writer<'_>) -> Option<(Opcode, Owner)> {
        while self.commanding != 0 {
            let index = next_bit(self.commanding, self.last_commanding);
            let slot = self.links.get_mut(usize::from(index)).filter(|l| l.is_up());
            self.last_commanding = index;
            if let Some((opcode, owner)) = slot.and_then(|link| link.poll_command(index, w)) {
                return Some((opcode, owner));
            }
            self.commanding &= !bit(index);
        }
        None
    }

    fn command_of_host(&mut self, now: Instant, w: &mut Writer<'_>) -> Option<(Opcode, Owner)> {
        if let Some(command) = self.gap_command(now, w) {
            return Some(command);
        }
        if let Some((opcode, owner)) = self.classic_command(now, w) {
            return Some((opcode, Owner::Classic(owner)));
        }
        if let Some(opcode) = self.worker.poll_command(w) {
            return Some((opcode, Owner::Worker));
        }
        if !COMMANDS {
            return None;
        }
        let AppState::Queued(len) = self.app.state else { return None };
        let octets = self.app.buffer.get(..len)?;
        let opcode = Opcode(u16::from_le_bytes(*octets.first_chunk()?));
        w.bytes(octets).ok()?;
        self.app.state = AppState::Sent;
        Some((opcode, Owner::App))
    }

    /// Writes GAP's pending command. A request that the controller cannot fulfil may end here without a command.
    fn gap_command(&mut self, now: Instant, w: &mut Writer<'_>) -> Option<(Opcode, Owner)> {
        let opcode = self.gap.poll_command(now, w);
        self.poll_gap_events(now);
        // A request may begin to wait here, also without a command.
        if let Some((at, _)) = self.gap.poll_timeout() {
            self.deadline_added(at, Timer::Gap);
        }
        opcode.map(|opcode| (opcode, Owner::Gap))
    }

    /// Starts the limit of 2 s in which a controller that accepts no command must accept one again. A command may be
    /// pending.
    fn note_pending(&mut self, now: Instant) {
        let before = self.lane.poll_timeout();
        self.lane.command_pending(now);
        if self.lane.poll_timeout() != before {
            self.deadlines_changed();
        }
    }

    fn write_host_credits(&mut self, at_least: Interest, w: &mut Writer<'_>) -> bool {
        if !HOST_FLOW_CONTROL {
            return false;
        }
        let withheld = self.rx.shares.withheld();
        let interest = self.host_credits.interest(withheld);
        if interest < at_least || interest == Interest::None {
            return false;
        }
        let links = self.links.iter_mut().filter(|l| l.is_up());
        let links = links.map(|l| (l.handle, &mut l.host_credits));
        let links = links.chain(self.classic.host_credits());
        self.host_credits.poll_transmit(withheld, links, w)
    }

    /// Handles Command Complete.
    pub(super) fn command_complete(
        &mut self,
        now: Instant,
        opcode: Opcode,
        credits: u8,
        parameters: &[u8],
    ) {
        let Some(ticket) = self.lane.complete(opcode, credits) else { return self.stray(opcode) };
        self.gap.note_answer(opcode);
        match Owner::of(ticket) {
            Owner::Gap => {
                self.gap.handle_complete(now, opcode, parameters);
                self.gap_changed(now);
            }
            Owner::App => {
                self.app.answered(parameters);
                self.ready.host(HostKey::Command);
            }
            Owner::Worker => self.worker_complete(opcode, parameters),
            Owner::Link(index) => self.link_complete(now, index, opcode, parameters),
            Owner::Security(index) => {
                let status =
                    parameters.first().map_or(Status::UNSPECIFIED, |status| Status(*status));
                self.encryption_refused(now, index, status);
            }
            Owner::Classic(owner) => self.classic_complete(now, owner, opcode, parameters),
        }
        self.deadlines_changed();
    }

    /// Handles Command Status, which starts or refuses a command.
    pub(super) fn command_status(
        &mut self,
        now: Instant,
        opcode: Opcode,
        credits: u8,
        status: Status,
    ) {
        let Some(ticket) = self.lane.status(opcode, status, credits) else {
            return self.stray(opcode);
        };
        self.gap.note_answer(opcode);
        match Owner::of(ticket) {
            Owner::Gap => {
                self.gap.handle_status(now, opcode, status);
                self.gap_changed(now);
            }
            Owner::App => {
                self.app.answered(&[status.0]);
                self.ready.host(HostKey::Command);
            }
            Owner::Worker => self.worker_status(now, opcode, status),
            Owner::Link(index) => self.link_status(now, index, opcode, status),
            Owner::Security(index) => self.encryption_refused(now, index, status),
            Owner::Classic(owner) => self.classic_status(now, owner, opcode, status),
        }
        self.deadlines_changed();
    }

    fn stray(&mut self, opcode: Opcode) {
        if opcode != Opcode::NOP {
            self.stats.stray_completions.count();
        }
        self.deadlines_changed();
    }
}

impl Link {
    /// Writes the next command of a link. Encryption and other link-layer procedures do not overlap: encryption starts
    /// after the procedure in progress and those at the start of the link, and until it has started, no other one
    /// begins. [Vol 6] Part B, 5.1.3
    fn poll_command(&mut self, index: u8, w: &mut Writer<'_>) -> Option<(Opcode, Owner)> {
        let later = self.protection.is_about_to_start() && self.control.is_busy();
        if !later && let Some(opcode) = self.protection.poll_command(self.handle, w) {
            return Some((opcode, Owner::Security(index)));
        }
        let opcode = if self.protection.is_starting() {
            self.control.poll_urgent_command(w)
        } else {
            self.control.poll_command(w)
        };
        opcode.map(|opcode| (opcode, Owner::Link(index)))
    }
}
