//! Answers to commands, as events.

use bindrune_hci::{Opcode, Status, cmd::SupportedCommands, event::EventCode, h4::PacketType};

use super::{Commands, bt_hci::controller::Controller};

/// Maximum length of return parameters without the status, in octets: those of Read Local Supported Commands.
const RETURNED: usize = 64;
/// Length of an event with the longest answer, with its H4 indicator, in octets.
pub(super) const ANSWER: usize = 7 + RETURNED;

/// The answer to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    kind: Kind,
    status: Status,
    returned: [u8; RETURNED],
    len: usize,
}

/// The event that answers. [Vol 4] Part E, 4.4
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Command Complete.
    Complete,
    /// Command Status.
    Status,
    /// No event, unless the command failed.
    Nothing,
}

impl Reply {
    const fn new(kind: Kind, status: Status) -> Self {
        Self { kind, status, returned: [0; RETURNED], len: 0 }
    }

    /// Answers with Command Complete.
    ///
    /// If the parameters do not fit in 64 octets, answers with Memory Capacity Exceeded (0x07).
    #[must_use]
    pub fn complete(status: u8, returned: &[u8]) -> Self {
        let mut reply = Self::new(Kind::Complete, Status(status));
        let Some(place) = reply.returned.get_mut(..returned.len()) else {
            return Self::new(Kind::Complete, Status::MEMORY_CAPACITY_EXCEEDED);
        };
        place.copy_from_slice(returned);
        reply.len = returned.len();
        reply
    }

    /// Answers with Command Status.
    #[must_use]
    pub const fn status(status: u8) -> Self {
        Self::new(Kind::Status, Status(status))
    }

    /// Answers with Command Status instead.
    #[must_use]
    pub const fn by_status(self) -> Self {
        Self { kind: Kind::Status, ..self }
    }

    /// Answers with Command Complete and the handle at the start of the parameters.
    #[must_use]
    pub fn with_handle(self, parameters: &[u8]) -> Self {
        Self::complete(self.status.0, parameters.get(..2).unwrap_or_default())
    }

    /// Answers only if the command failed.
    #[must_use]
    pub const fn unless_failed(self) -> Self {
        match self.status {
            Status::SUCCESS => Self { kind: Kind::Nothing, ..self },
            _ => self,
        }
    }

    /// The answer to a command that the set does not have.
    pub const UNKNOWN: Self = Self::new(Kind::Status, Status::UNKNOWN_COMMAND);
    /// The status for a command whose parameters do not match its type.
    pub const INVALID: u8 = Status::INVALID_PARAMETERS.0;
}

/// A reply, and the command that it answers.
pub(super) struct Answer {
    opcode: Opcode,
    reply: Reply,
}

impl Answer {
    /// Executes a command packet.
    pub(super) async fn execute<C: Controller, S: Commands<C>>(
        controller: &C,
        command: &[u8],
    ) -> Result<Self, C::Error> {
        let [low, high, _, parameters @ ..] = command else {
            return Ok(Self { opcode: Opcode::NOP, reply: Reply::UNKNOWN });
        };
        let opcode = Opcode(u16::from_le_bytes([*low, *high]));
        let has = |opcode: Opcode| S::contains(opcode.0);
        if opcode == Opcode::READ_LOCAL_SUPPORTED_COMMANDS && !has(opcode) {
            let mut reply = Reply::complete(0, &[0xff; RETURNED]);
            reply.keep_only(has);
            return Ok(Self { opcode, reply });
        }
        let mut reply = S::execute(controller, opcode.0, parameters).await?;
        if opcode == Opcode::READ_LOCAL_SUPPORTED_COMMANDS {
            reply.keep_only(has);
        }
        Ok(Self { opcode, reply })
    }

    /// Writes the event and returns its length; 0 if there is none. [Vol 4] Part E, 7.7.14, 7.7.15
    pub(super) fn emit(&self, place: &mut [u8]) -> usize {
        let [low, high] = self.opcode.0.to_le_bytes();
        let (event, status) = (PacketType::EVENT.0, self.reply.status.0);
        match self.reply.kind {
            Kind::Nothing => 0,
            Kind::Status => {
                let octets = [event, EventCode::COMMAND_STATUS.0, 4, status, 1, low, high];
                place.iter_mut().zip(octets).for_each(|(to, from)| *to = from);
                octets.len()
            }
            Kind::Complete => {
                let returned = self.reply.returned.get(..self.reply.len).unwrap_or_default();
                let len = u8::try_from(returned.len()).unwrap_or(0).saturating_add(4);
                let head = [event, EventCode::COMMAND_COMPLETE.0, len, 1, low, high, status];
                let octets = head.iter().chain(returned);
                place.iter_mut().zip(octets).for_each(|(to, from)| *to = *from);
                head.len().saturating_add(returned.len())
            }
        }
    }
}

impl Reply {
    /// Removes the commands that a set does not have from those that the controller supports.
    fn keep_only(&mut self, has: impl Fn(Opcode) -> bool) {
        let mut commands = SupportedCommands::from_bits(&self.returned);
        for opcode in SupportedCommands::known().filter(|opcode| !has(*opcode)) {
            commands.remove(opcode);
        }
        self.returned = commands.to_bits();
    }
}
