//! A controller that answers, and otherwise does what the test says.

use std::collections::HashMap;

use bindrune::Address;
use bindrune_hci::{Opcode, cmd::SupportedCommands};
use bindrune_smp::{Key, crypto};

use crate::{
    Sent,
    dual::{self, Answer},
};

/// The scripted controller. The test changes its fields to make it misbehave.
#[derive(Clone, Debug)]
pub struct Controller {
    /// Return parameters that replace the default ones, by opcode.
    pub answers: HashMap<u16, Vec<u8>>,
    /// Commands without an answer.
    pub mute: Opcodes,
    /// Commands answered by Command Complete instead of Command Status, or the reverse.
    pub swapped: Opcodes,
    /// Packets that follow the answer to a command, by opcode.
    pub after: HashMap<u16, Vec<u8>>,
    /// Num_HCI_Command_Packets of the answers.
    pub num_packets: u8,
    /// Whether ACL packets are completed at once.
    pub completes: bool,
    /// Whether it has extended advertising.
    pub extended: bool,
    /// Whether it has BR/EDR too.
    pub dual: bool,
    /// How often it has provided random octets.
    randoms: u64,
    /// Everything that the host sent, in order, since the test last took it.
    pub(crate) sent: Vec<Sent>,
}

/// A set of opcodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Opcodes {
    /// None of them.
    #[default]
    None,
    /// All of them.
    All,
    /// These alone.
    Only(Vec<u16>),
}

impl Opcodes {
    fn contains(&self, opcode: u16) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Only(some) => some.contains(&opcode),
        }
    }
}

impl Controller {
    /// The controller's public address.
    pub const ADDRESS: Address = Address::public([0xbe, 0xac, 0x01, 0x00, 0x00, 0x01]);

    /// Creates a small controller: LE ACL 251 octets x 4, no host flow control, legacy advertising.
    #[must_use]
    pub fn new() -> Self {
        Self {
            answers: HashMap::new(),
            mute: Opcodes::None,
            swapped: Opcodes::None,
            after: HashMap::new(),
            num_packets: 1,
            completes: true,
            extended: false,
            dual: false,
            randoms: 0,
            sent: Vec::new(),
        }
    }

    /// Creates a controller that has extended advertising too.
    #[must_use]
    pub fn extended() -> Self {
        Self { extended: true, ..Self::new() }
    }

    /// Creates a controller that has BR/EDR too: 4 ACL buffers of 339 octets for it.
    #[must_use]
    pub fn dual() -> Self {
        Self { dual: true, ..Self::new() }
    }

    /// Handles a packet of the host, and returns the packets that answer it.
    pub(crate) fn handle(&mut self, packet: Sent) -> Vec<Vec<u8>> {
        let answers = match &packet {
            Sent::Command(opcode, parameters) => {
                let mut answers = self.command(*opcode, parameters);
                if self.swapped.contains(*opcode) {
                    answers.iter_mut().for_each(swap);
                }
                answers.extend(self.after.get(opcode).cloned());
                answers
            }
            Sent::Acl(acl) if self.completes => {
                let [low, high] = acl.handle.to_le_bytes();
                vec![vec![4, 0x13, 5, 1, low, high, 1, 0]]
            }
            Sent::Acl(_) => vec![],
        };
        self.sent.push(packet);
        answers
    }

    fn command(&mut self, opcode: u16, parameters: &[u8]) -> Vec<Vec<u8>> {
        if self.mute.contains(opcode) {
            return vec![];
        }
        if let Some(returned) = self.answers.get(&opcode) {
            return vec![self.complete(opcode, returned)];
        }
        if self.dual
            && let Some(answer) = dual::answer(Opcode(opcode), parameters)
        {
            return match answer {
                Answer::Complete(returned) => vec![self.complete(opcode, &returned)],
                Answer::Status(events) => [vec![self.status(opcode)], events].concat(),
            };
        }
        self.randoms += u64::from(Opcode(opcode) == Opcode::LE_RAND);
        let handle = parameters.get(..2).unwrap_or(&[0, 0]);
        let [low, high] = [handle[0], handle[1]];
        match Opcode(opcode) {
            Opcode::DISCONNECT => {
                vec![self.status(opcode), vec![4, 5, 4, 0, low, high, 0x16]]
            }
            Opcode::LE_READ_REMOTE_FEATURES => {
                let event = vec![4, 0x3e, 0x0c, 4, 0, low, high, 0, 0, 0, 0, 0, 0, 0, 0];
                vec![self.status(opcode), event]
            }
            Opcode::READ_REMOTE_VERSION_INFORMATION => {
                vec![self.status(opcode), vec![4, 0x0c, 8, 0, low, high, 9, 0xff, 0xff, 0, 0]]
            }
            Opcode::LE_CREATE_CONNECTION
            | Opcode::LE_EXTENDED_CREATE_CONNECTION
            | Opcode::LE_CONNECTION_UPDATE => vec![self.status(opcode)],
            Opcode::LE_ENCRYPT => {
                let part = |at| parameters.get(at..at + 16).and_then(|part| part.try_into().ok());
                let (key, plain) = (part(0).unwrap_or_default(), part(16).unwrap_or_default());
                let ciphertext = crypto::e(&Key::new(key), plain);
                vec![self.complete(opcode, &[&[0][..], &ciphertext].concat())]
            }
            Opcode::LE_CREATE_CONNECTION_CANCEL => {
                let mut cancelled = vec![4, 0x3e, 19, 1, 2];
                cancelled.resize(22, 0);
                vec![self.complete(opcode, &[0]), cancelled]
            }
            _ => vec![self.complete(opcode, &self.returned(Opcode(opcode), [low, high]))],
        }
    }

    /// Returns the return parameters, which begin with the status.
    fn returned(&self, opcode: Opcode, handle: [u8; 2]) -> Vec<u8> {
        let mut returned = vec![0];
        match opcode {
            Opcode::READ_LOCAL_VERSION => returned.extend([9, 0, 0, 9, 0xff, 0xff, 0, 0]),
            Opcode::READ_LOCAL_SUPPORTED_COMMANDS => returned.extend(self.commands().to_bits()),
            Opcode::READ_LOCAL_SUPPORTED_FEATURES => returned.extend([0, 0, 0, 0, 0x60, 0, 0, 0]),
            Opcode::READ_BD_ADDR => returned.extend(Self::ADDRESS.octets()),
            Opcode::LE_READ_BUFFER_SIZE => returned.extend([251, 0, 4]),
            Opcode::READ_BUFFER_SIZE => returned.extend([251, 0, 0, 4, 0, 0, 0]),
            Opcode::LE_READ_LOCAL_SUPPORTED_FEATURES => {
                returned.extend([0x02, u8::from(self.extended) << 4, 0, 0, 0, 0, 0, 0]);
            }
            Opcode::LE_READ_SUPPORTED_STATES => returned.extend([0xff; 8]),
            Opcode::LE_READ_FILTER_ACCEPT_LIST_SIZE => returned.push(8),
            Opcode::LE_READ_MAXIMUM_ADVERTISING_DATA_LENGTH => returned.extend([0x72, 0x06]),
            Opcode::LE_READ_NUMBER_OF_ADVERTISING_SETS => returned.push(1),
            Opcode::LE_SET_EXTENDED_ADVERTISING_PARAMETERS => returned.push(0),
            Opcode::LE_RAND => {
                returned.extend(self.randoms.wrapping_mul(0x0102_0304_0506_0709).to_le_bytes());
            }
            Opcode::READ_RSSI => returned.extend([handle[0], handle[1], 0xc4]),
            Opcode::LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY
            | Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_REPLY
            | Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_NEGATIVE_REPLY => {
                returned.extend(handle);
            }
            _ => {}
        }
        returned
    }

    fn commands(&self) -> SupportedCommands {
        let mut commands = SupportedCommands::NONE;
        SupportedCommands::known().for_each(|opcode| commands.insert(opcode));
        for opcode in [
            Opcode::SET_CONTROLLER_TO_HOST_FLOW_CONTROL,
            Opcode::HOST_BUFFER_SIZE,
            Opcode::HOST_NUMBER_OF_COMPLETED_PACKETS,
            Opcode::LE_SET_DATA_LENGTH,
            Opcode::LE_READ_MAXIMUM_DATA_LENGTH,
            Opcode::LE_READ_RESOLVING_LIST_SIZE,
            Opcode::LE_SET_DEFAULT_PHY,
            Opcode::LE_SET_PHY,
        ] {
            commands.remove(opcode);
        }
        if !self.extended {
            commands.remove(Opcode::LE_SET_EXTENDED_ADVERTISING_PARAMETERS);
            commands.remove(Opcode::LE_SET_EXTENDED_SCAN_PARAMETERS);
        }
        commands
    }

    fn complete(&self, opcode: u16, returned: &[u8]) -> Vec<u8> {
        let [low, high] = opcode.to_le_bytes();
        let mut event = vec![4, 0x0e, returned.len() as u8 + 3, self.num_packets, low, high];
        event.extend(returned);
        event
    }

    fn status(&self, opcode: u16) -> Vec<u8> {
        let [low, high] = opcode.to_le_bytes();
        vec![4, 0x0f, 4, 0, self.num_packets, low, high]
    }
}

/// Converts Command Complete to Command Status, and the reverse; leaves other events unchanged.
fn swap(event: &mut Vec<u8>) {
    if let [4, 0x0e, _, credits, low, high, ref returned @ ..] = event[..] {
        *event = vec![4, 0x0f, 4, returned.first().copied().unwrap_or(0), credits, low, high];
    } else if let [4, 0x0f, _, status, credits, low, high] = event[..] {
        *event = vec![4, 0x0e, 4, credits, low, high, status];
    }
}

impl Default for Controller {
    fn default() -> Self {
        Self::new()
    }
}
