//! Commands of one link, and their answers.

use bindrune_hci::{
    Opcode, Status,
    cmd::{
        classic::{
            ChangeConnectionPacketType, ExitSniffMode, ReadRemoteExtendedFeatures,
            ReadRemoteSupportedFeatures, SniffMode, SwitchRole, WriteAutomaticFlushTimeout,
            WriteLinkSupervisionTimeout,
        },
        link::Disconnect,
    },
};
use bindrune_wire::{Writer, time::Instant};

use super::{
    LinkMode, LinkSlot,
    slot::{Pending, Todo},
};
use crate::{
    ControllerInfo,
    command::{PROCEDURE, RETRY, put},
};

/// The command in flight, with the value that it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    what: Todo,
    value: u16,
}

impl Sent {
    /// Returns whether the command is this one.
    pub(super) fn is(self, what: Todo) -> bool {
        self.what == what
    }
}

/// Times to disconnect before the link counts as ended.
const ATTEMPTS: u8 = 2;

impl LinkSlot {
    /// Writes the next missing command.
    pub(super) fn poll_command(
        &mut self,
        now: Instant,
        info: &ControllerInfo,
        w: &mut Writer<'_>,
    ) -> Option<(Opcode, Sent)> {
        if self.retry_at.is_some() {
            return None;
        }
        let what = self.next(info)?;
        let (opcode, value) = self.write(what, w)?;
        self.todo.remove(what);
        match what {
            Todo::ROLE => self.asked_role = self.wanted_role,
            Todo::MODE if self.next_sniff().is_some() => self.asked_mode = LinkMode::SNIFF,
            Todo::MODE => self.asked_mode = LinkMode::ACTIVE,
            _ => {}
        }
        if Todo::PROCEDURES.contains(what) || what == Todo::DISCONNECT {
            self.running = Some((what, now + PROCEDURE));
        }
        Some((opcode, Sent { what, value }))
    }

    /// Writes a command; returns the value that it sets.
    fn write(&self, what: Todo, w: &mut Writer<'_>) -> Option<(Opcode, u16)> {
        let handle = self.link.handle.into();
        Some(match what {
            Todo::DISCONNECT => (put(w, &Disconnect { handle, reason: self.reason })?, 0),
            Todo::SUPERVISION => {
                let value = self.wanted_supervision;
                let timeout = value.into();
                (put(w, &WriteLinkSupervisionTimeout { handle, timeout })?, value)
            }
            Todo::FLUSH => {
                let timeout = self.wanted_flush.into();
                (put(w, &WriteAutomaticFlushTimeout { handle, timeout })?, self.wanted_flush)
            }
            Todo::FEATURES => (put(w, &ReadRemoteSupportedFeatures { handle })?, 0),
            Todo::FEATURES_1 => (put(w, &ReadRemoteExtendedFeatures { handle, page: 1 })?, 1),
            Todo::FEATURES_2 => (put(w, &ReadRemoteExtendedFeatures { handle, page: 2 })?, 2),
            Todo::PACKET_TYPES => {
                let packet_types = self.wanted_types.bits().into();
                (put(w, &ChangeConnectionPacketType { handle, packet_types })?, 0)
            }
            Todo::MODE => match self.next_sniff() {
                Some(sniff) => {
                    let (min, max) = sniff.intervals();
                    let (attempt, timeout) = (sniff.attempt.into(), sniff.timeout.into());
                    let (interval_min, interval_max) = (min.into(), max.into());
                    let command =
                        SniffMode { handle, interval_max, interval_min, attempt, timeout };
                    (put(w, &command)?, max)
                }
                None => (put(w, &ExitSniffMode { handle })?, 0),
            },
            _ => {
                let command = SwitchRole { address: self.link.address, role: self.wanted_role };
                (put(w, &command)?, 0)
            }
        })
    }

    /// Returns the next command, and ends the requests that need or permit none.
    fn next(&mut self, info: &ControllerInfo) -> Option<Todo> {
        let order = [
            (Todo::DISCONNECT, Opcode::DISCONNECT),
            (Todo::SUPERVISION, Opcode::WRITE_LINK_SUPERVISION_TIMEOUT),
            (Todo::FLUSH, Opcode::WRITE_AUTOMATIC_FLUSH_TIMEOUT),
            (Todo::FEATURES, Opcode::READ_REMOTE_SUPPORTED_FEATURES),
            (Todo::FEATURES_1, Opcode::READ_REMOTE_EXTENDED_FEATURES),
            (Todo::FEATURES_2, Opcode::READ_REMOTE_EXTENDED_FEATURES),
            (Todo::PACKET_TYPES, Opcode::CHANGE_CONNECTION_PACKET_TYPE),
            (Todo::ROLE, Opcode::SWITCH_ROLE),
            (Todo::MODE, self.mode_opcode()),
        ];
        // If the link ends, nothing else matters.
        if matches!(self.running, Some((Todo::DISCONNECT, _))) {
            return None;
        }
        for (what, opcode) in order {
            if !self.todo.contains(what) {
                continue;
            }
            let supported = what == Todo::DISCONNECT || info.supports(opcode);
            if let Some(status) = self.end_without_command(what, supported) {
                self.todo.remove(what);
                self.ended(what, status);
            } else if !(Todo::PROCEDURES.contains(what) && self.running.is_some()) {
                return Some(what);
            }
        }
        None
    }

    /// Returns how a request ends without a command: the controller does not have it, the peer has brought about what
    /// was requested, or the link would end between two exchanges of sniff mode.
    fn end_without_command(&self, what: Todo, supported: bool) -> Option<Status> {
        let is_so = match what {
            Todo::ROLE => self.link.role == self.wanted_role,
            Todo::MODE => self.has_wanted_mode(),
            _ => false,
        };
        let fits = match what {
            Todo::MODE => self.wanted_sniff.is_none_or(|s| s.fits(self.link.supervision_timeout)),
            Todo::SUPERVISION => self.wanted_supervision > self.link.mode_interval,
            _ => true,
        };
        match (supported, fits) {
            (false, _) => Some(Status::UNKNOWN_COMMAND),
            (true, false) => Some(Status::INVALID_PARAMETERS),
            (true, true) => (is_so && self.running.is_none()).then_some(Status::SUCCESS),
        }
    }

    /// Takes the answer to a command.
    pub(super) fn answered(&mut self, now: Instant, sent: Sent, status: Status) {
        match (sent.what, status.ok()) {
            (Todo::DISCONNECT, Ok(())) => self.attempts = self.attempts.saturating_add(1),
            (Todo::DISCONNECT, Err(Status::UNKNOWN_CONNECTION)) => {
                self.down(Status::LOCAL_HOST_TERMINATED);
            }
            (Todo::DISCONNECT, Err(_)) => {
                (self.running, self.retry_at) = (None, Some(now + RETRY));
                self.attempts = self.attempts.saturating_add(1);
                self.disconnect_again();
            }
            (Todo::SUPERVISION, result) => {
                if result.is_ok() {
                    self.link.supervision_timeout = sent.value;
                    self.pending.insert(Pending::SUPERVISION);
                }
                // A newer request has its own answer.
                if !self.todo.contains(Todo::SUPERVISION) {
                    self.supervision_status = status;
                    self.pending.insert(Pending::SUPERVISION_END);
                }
            }
            (Todo::FLUSH, result) => {
                if result.is_ok() {
                    self.link.flush_timeout = sent.value;
                }
                // A newer request has its own answer.
                if !self.todo.contains(Todo::FLUSH) {
                    self.flush_status = status;
                    self.pending.insert(Pending::FLUSH_TIMEOUT);
                }
            }
            (what, Err(status)) if Todo::PROCEDURES.contains(what) => {
                self.finish(what, Err(status))
            }
            (_, Ok(()) | Err(_)) => {}
        }
    }

    fn mode_opcode(&self) -> Opcode {
        match self.next_sniff() {
            Some(_) => Opcode::SNIFF_MODE,
            None => Opcode::EXIT_SNIFF_MODE,
        }
    }

    /// Disconnects once more, or gives the link up.
    pub(super) fn disconnect_again(&mut self) {
        if self.attempts >= ATTEMPTS {
            self.down(Status::CONNECTION_TIMEOUT);
        } else {
            self.todo.insert(Todo::DISCONNECT);
        }
    }

    /// Ends a procedure.
    pub(super) fn finish(&mut self, what: Todo, result: Result<(), Status>) {
        self.running.take_if(|(running, _)| *running == what);
        if let Err(status) = result {
            self.ended(what, status);
        }
    }

    /// Reports the end of a request.
    pub(super) fn ended(&mut self, what: Todo, status: Status) {
        match what {
            Todo::FLUSH => {
                self.flush_status = status;
                self.pending.insert(Pending::FLUSH_TIMEOUT);
            }
            Todo::PACKET_TYPES => {
                self.types_status = status;
                self.pending.insert(Pending::PACKET_TYPES);
            }
            // A newer request has its own end.
            Todo::ROLE if !self.todo.contains(Todo::ROLE) => {
                self.role_status = status;
                self.pending.insert(Pending::ROLE_END);
            }
            Todo::MODE if !self.todo.contains(Todo::MODE) => {
                self.mode_status = status;
                self.pending.insert(Pending::MODE_END);
            }
            Todo::SUPERVISION => {
                self.supervision_status = status;
                self.pending.insert(Pending::SUPERVISION_END);
            }
            Todo::FEATURES | Todo::FEATURES_1 | Todo::FEATURES_2 => {
                self.todo.remove(Todo::FEATURES_1 | Todo::FEATURES_2);
                self.pending.insert(Pending::FEATURES);
            }
            _ => {}
        }
    }
}
