//! The commands of BR/EDR, and their answers. [Vol 4] Part E, 4.4

use bindrune_hci::{Opcode, Status};
use bindrune_wire::{Writer, time::Instant};

use super::Phase;
use crate::stack::Stack;

/// The machine whose command is in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Gap,
    Security,
}

impl Owner {
    const GAP: u16 = 3;
    const SECURITY: u16 = 4;

    pub(in crate::stack) const fn number(self) -> u16 {
        match self {
            Self::Gap => Self::GAP,
            Self::Security => Self::SECURITY,
        }
    }

    pub(in crate::stack) const fn of(number: u16) -> Option<Self> {
        match number {
            Self::GAP => Some(Self::Gap),
            Self::SECURITY => Some(Self::Security),
            _ => None,
        }
    }
}

impl Stack {
    /// Writes the next command: replies of pairing first.
    pub(in crate::stack) fn classic_command(
        &mut self,
        now: Instant,
        w: &mut Writer<'_>,
    ) -> Option<(Opcode, Owner)> {
        let state = self.classic.get()?;
        if state.phase == Phase::Unusable {
            return None;
        }
        let security = state.security.poll_command(now, w);
        let command = match security {
            Some(opcode) => Some((opcode, Owner::Security)),
            None => state.gap.poll_command(now, w).map(|opcode| (opcode, Owner::Gap)),
        };
        // A request may end here without a command.
        self.classic_changed(now);
        command
    }

    /// Handles a command without an answer. The next set-up goes without it; BR/EDR ends until the next `run` if it
    /// cannot, so that LE goes on.
    pub(in crate::stack) fn classic_unanswered(&mut self, owner: Owner, opcode: Opcode) {
        let Some(state) = self.classic.get() else { return };
        if owner == Owner::Gap && !state.gap.unanswered(opcode) {
            state.is_broken = true;
        }
    }

    /// Handles Command Complete. [Vol 4] Part E, 7.7.14
    pub(in crate::stack) fn classic_complete(
        &mut self,
        now: Instant,
        owner: Owner,
        opcode: Opcode,
        parameters: &[u8],
    ) {
        let Some(state) = self.classic.get() else { return };
        match owner {
            Owner::Gap => state.gap.handle_complete(now, opcode, parameters),
            Owner::Security => {
                let _own = state.security.handle_complete(opcode, parameters);
            }
        }
        self.classic_changed(now);
    }

    /// Handles Command Status. [Vol 4] Part E, 7.7.15
    pub(in crate::stack) fn classic_status(
        &mut self,
        now: Instant,
        owner: Owner,
        opcode: Opcode,
        status: Status,
    ) {
        let Some(state) = self.classic.get() else { return };
        match owner {
            Owner::Gap => state.gap.handle_status(now, opcode, status),
            Owner::Security => {
                let _own = state.security.handle_status(opcode, status);
            }
        }
        self.classic_changed(now);
    }
}
