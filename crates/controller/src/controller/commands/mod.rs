//! Commands of the host: when they are allowed, their execution, and their answers. [Vol 4] Part E, 4.4

mod advertise;
mod advertise_extended;
mod baseband;
mod info;
mod initiate;
mod link;
mod p256;
mod phy;
mod privacy;
mod scan;
mod security;

use bindrune_hci::{
    Command, Opcode, Status,
    cmd::{Accepted, Answer, Done, Return},
};
use bindrune_wire::{Malformed, Writer};

use super::{
    Controller, Flavour,
    input::Incoming,
    output::{Output, Place},
};
use crate::{Air, ControllerId, air::Timer};

pub(crate) use p256::Keys;

/// The answer to a command.
#[derive(Debug)]
pub(crate) enum Reply {
    Complete(Vec<u8>),
    Status(Status),
    Nothing,
}

/// The one command that a controller is executing.
#[derive(Debug, Default)]
pub(crate) struct CommandLane {
    pending: Option<(u32, Opcode, Vec<u8>)>,
    /// Position of the last answer in the stream to the host; with this answer the host may send the next command.
    answer: Option<Place>,
}

impl CommandLane {
    fn is_free(&self, output: &Output) -> bool {
        self.pending.is_none() && self.answer.is_none_or(|place| output.is_taken(place))
    }
}

impl Air {
    /// Handles octets from the host of a controller.
    pub(crate) fn handle_octets(&mut self, id: ControllerId, octets: &[u8]) {
        self.medium.controllers[id].input.push(octets);
        while let Some(incoming) = self.medium.controllers[id].input.next() {
            match incoming {
                Incoming::Command { opcode, parameters } => {
                    self.handle_command(id, Opcode(opcode), parameters);
                }
                Incoming::Acl { header, octets } => self.handle_acl(id, header, octets),
                Incoming::SyncLost => {
                    let controller = &mut self.medium.controllers[id];
                    let count = &mut controller.violations.sync_lost;
                    *count = count.saturating_add(1);
                    controller.hardware_error(SYNC_LOST);
                }
            }
        }
    }

    fn handle_command(&mut self, id: ControllerId, opcode: Opcode, parameters: Vec<u8>) {
        let controller = &mut self.medium.controllers[id];
        if opcode == Opcode::HOST_NUMBER_OF_COMPLETED_PACKETS {
            return self.run(id, opcode, &parameters);
        }
        if opcode != Opcode::RESET && !controller.lane.is_free(&controller.output) {
            let count = &mut controller.violations.command_overrun;
            *count = count.saturating_add(1);
            return;
        }
        let number = controller.next_number();
        controller.lane.pending = Some((number, opcode, parameters));
        if controller.config.ignored.contains(&opcode) {
            return;
        }
        let at = self.medium.now.saturating_add(controller.config.command_latency);
        if at > self.medium.now {
            self.medium.timers.set(at, Timer::Command(id, number));
        } else {
            self.command_due(id, number);
        }
    }

    /// Finishes the controller's command.
    pub(crate) fn command_due(&mut self, id: ControllerId, number: u32) {
        let lane = &mut self.medium.controllers[id].lane;
        let Some((_, opcode, parameters)) = lane.pending.take_if(|(n, ..)| *n == number) else {
            return;
        };
        let place = self.medium.controllers[id].output.place();
        self.medium.controllers[id].lane.answer = Some(place);
        self.run(id, opcode, &parameters);
    }

    fn run(&mut self, id: ControllerId, opcode: Opcode, parameters: &[u8]) {
        let place = self.medium.controllers[id].output.place();
        let mut call = Call { air: self, id, opcode, parameters };
        let reply = call.execute();
        self.medium.controllers[id].answer(place, opcode, &reply);
    }
}

/// A command in execution.
pub(crate) struct Call<'a> {
    pub(crate) air: &'a mut Air,
    pub(crate) id: ControllerId,
    pub(crate) opcode: Opcode,
    pub(crate) parameters: &'a [u8],
}

impl Call<'_> {
    fn execute(&mut self) -> Reply {
        let opcode = self.opcode;
        if !self.controller().supports(opcode) || self.controller().config.refused.contains(&opcode)
        {
            return Reply::Complete(vec![Status::UNKNOWN_COMMAND.0]);
        }
        if let Some(flavour) = flavour(opcode) {
            let used = *self.controller().flavour.get_or_insert(flavour);
            if used != flavour {
                return self.disallowed();
            }
        }
        let groups = [
            Self::classic,
            Self::baseband,
            Self::info,
            Self::advertise,
            Self::advertise_extended,
            Self::scan,
            Self::initiate,
            Self::link_commands,
            Self::phy,
            Self::security,
            Self::p256,
            Self::privacy,
        ];
        let reply = groups.into_iter().find_map(|group| group(self));
        reply.unwrap_or_else(|| Reply::Complete(vec![Status::UNKNOWN_COMMAND.0]))
    }

    pub(crate) fn controller(&mut self) -> &mut Controller {
        &mut self.air.medium.controllers[self.id]
    }

    fn disallowed(&self) -> Reply {
        match self.opcode {
            Opcode::LE_CREATE_CONNECTION | Opcode::LE_EXTENDED_CREATE_CONNECTION => {
                Reply::Status(Status::COMMAND_DISALLOWED)
            }
            _ => Reply::Complete(vec![Status::COMMAND_DISALLOWED.0]),
        }
    }

    /// Executes a parsed command and answers it in the way of its kind.
    fn reply<C: Command>(
        &mut self,
        command: Result<C, Malformed>,
        execute: impl FnOnce(&mut Self, C) -> Result<C::Return, Status>,
    ) -> Reply {
        let result = match command {
            Ok(command) => execute(self, command),
            Err(malformed) => Err(self.refuse(malformed)),
        };
        let status = result.as_ref().map_or_else(|status| *status, Return::status);
        match (C::Return::ANSWER, result) {
            (Answer::Status, _) => Reply::Status(status),
            (Answer::Nothing, Ok(_)) => Reply::Nothing,
            (_, Ok(value)) => Reply::Complete(octets(&value)),
            (_, Err(_)) => Reply::Complete(self.failure::<C>(status)),
        }
    }

    /// Counts a command of the wrong length.
    fn refuse(&mut self, malformed: Malformed) -> Status {
        if malformed != Malformed::Value {
            self.count_command_length();
        }
        Status::INVALID_PARAMETERS
    }

    pub(crate) fn count_command_length(&mut self) {
        let count = &mut self.controller().violations.command_length;
        *count = count.saturating_add(1);
    }

    /// Returns the return parameters of a failed command: full length, with the status and the handle.
    fn failure<C: Command>(&self, status: Status) -> Vec<u8> {
        let mut all = C::Return::parse(&[0; 96]).map_or(Vec::new(), |zero| octets(&zero));
        if let [first, rest @ ..] = &mut *all {
            *first = status.0;
            if is_about_link(self.opcode) {
                for (to, from) in rest.iter_mut().zip(self.parameters.iter().take(2)) {
                    *to = *from;
                }
            }
        }
        all
    }
}

fn octets<R: Return>(value: &R) -> Vec<u8> {
    let mut buffer = [0; 128];
    let mut w = Writer::new(&mut buffer);
    let written = value.write(&mut w);
    debug_assert!(written.is_ok(), "no return parameters are longer than 128 octets");
    w.written().to_vec()
}

/// Returns whether Command Complete answers the command with the handle after the status.
const fn is_about_link(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::READ_TRANSMIT_POWER_LEVEL
            | Opcode::READ_RSSI
            | Opcode::LE_READ_CHANNEL_MAP
            | Opcode::LE_LONG_TERM_KEY_REQUEST_REPLY
            | Opcode::LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY
            | Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_REPLY
            | Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_NEGATIVE_REPLY
            | Opcode::LE_SET_DATA_LENGTH
            | Opcode::LE_READ_PHY
    )
}

/// Returns the group of commands that a host must not mix with the other group. [Vol 4] Part E, 3.1.1
const fn flavour(opcode: Opcode) -> Option<Flavour> {
    match opcode {
        Opcode::LE_SET_ADVERTISING_PARAMETERS
        | Opcode::LE_READ_ADVERTISING_TX_POWER
        | Opcode::LE_SET_ADVERTISING_DATA
        | Opcode::LE_SET_SCAN_RESPONSE_DATA
        | Opcode::LE_SET_ADVERTISING_ENABLE
        | Opcode::LE_SET_SCAN_PARAMETERS
        | Opcode::LE_SET_SCAN_ENABLE
        | Opcode::LE_CREATE_CONNECTION => Some(Flavour::Legacy),
        Opcode::LE_SET_ADVERTISING_SET_RANDOM_ADDRESS
        | Opcode::LE_SET_EXTENDED_ADVERTISING_PARAMETERS
        | Opcode::LE_SET_EXTENDED_ADVERTISING_DATA
        | Opcode::LE_SET_EXTENDED_SCAN_RESPONSE_DATA
        | Opcode::LE_SET_EXTENDED_ADVERTISING_ENABLE
        | Opcode::LE_READ_MAXIMUM_ADVERTISING_DATA_LENGTH
        | Opcode::LE_READ_NUMBER_OF_ADVERTISING_SETS
        | Opcode::LE_REMOVE_ADVERTISING_SET
        | Opcode::LE_CLEAR_ADVERTISING_SETS
        | Opcode::LE_SET_EXTENDED_SCAN_PARAMETERS
        | Opcode::LE_SET_EXTENDED_SCAN_ENABLE
        | Opcode::LE_EXTENDED_CREATE_CONNECTION => Some(Flavour::Extended),
        _ => None,
    }
}

const DONE: Done = Done { status: Status::SUCCESS };
const ACCEPTED: Accepted = Accepted { status: Status::SUCCESS };

/// Hardware code for lost synchronization with the host.
const SYNC_LOST: u8 = 0xfe;
