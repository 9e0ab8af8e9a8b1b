//! The controller's answers to commands.

use bindrune::{Key, Opcode};
use bindrune_hci::cmd::SupportedCommands;
use bindrune_smp::crypto;

use super::{
    controller::{Controller, slot_of},
    packets::target,
    pairing::KEY,
};

impl Controller {
    pub(crate) fn command(&mut self, opcode: u16, parameters: &[u8]) {
        let of = Opcode(opcode);
        if of == Opcode::HOST_NUMBER_OF_COMPLETED_PACKETS {
            return;
        }
        if self.is_mute(opcode) {
            self.silent = true;
            return;
        }
        let refused = self.refusal(opcode).or_else(|| self.classic_refusal(of, parameters));
        let refused = refused.unwrap_or_else(|| self.disallowed(of, parameters));
        if refused != 0 {
            let handle = parameters.first_chunk().map(|&handle| u16::from_le_bytes(handle));
            if let Some(slot) = handle.and_then(slot_of).filter(|_| refused == UNKNOWN) {
                self.judge.lost(slot);
            }
            return self.answer(of, &[refused]);
        }
        if of == Opcode::RESET {
            self.reset();
        }
        if self.classic_command(of, parameters) {
            return;
        }
        let returned = if Self::has_status(of) { vec![0] } else { self.returned(of, parameters) };
        self.answer(of, &returned);
        self.shown.command(of, parameters);
        self.act(of, parameters);
    }

    pub(crate) fn answer(&mut self, opcode: Opcode, returned: &[u8]) {
        let [low, high] = opcode.0.to_le_bytes();
        let num_packets = self.faults.num_packets;
        self.silent |= num_packets == 0;
        if Self::has_status(opcode) {
            self.event(0x0f, &[returned[0], num_packets, low, high]);
        } else {
            let mut parameters = vec![num_packets, low, high];
            parameters.extend(returned);
            self.event(0x0e, &parameters);
        }
    }

    /// Returns the status with which a correct controller refuses a command in its current state,
    /// or 0.
    fn disallowed(&self, opcode: Opcode, parameters: &[u8]) -> u8 {
        const DISALLOWED: u8 = 0x0c;
        let busy = match opcode {
            Opcode::LE_CREATE_CONNECTION | Opcode::LE_EXTENDED_CREATE_CONNECTION => self.initiating,
            Opcode::LE_CREATE_CONNECTION_CANCEL => !self.initiating,
            Opcode::LE_SET_SCAN_PARAMETERS | Opcode::LE_SET_EXTENDED_SCAN_PARAMETERS => {
                self.scanning
            }
            Opcode::LE_SET_RANDOM_ADDRESS => {
                let legacy = !self.setup.extended && self.advertising[0].is_some();
                self.scanning || self.initiating || legacy
            }
            Opcode::LE_SET_ADVERTISING_PARAMETERS => self.advertising[0].is_some(),
            Opcode::LE_SET_EXTENDED_ADVERTISING_PARAMETERS | Opcode::LE_REMOVE_ADVERTISING_SET => {
                let set = parameters.first().map_or(0, |set| usize::from(set & 3));
                self.advertising[set].is_some()
            }
            _ => false,
        };
        let of_link = matches!(
            opcode,
            Opcode::DISCONNECT
                | Opcode::READ_REMOTE_VERSION_INFORMATION
                | Opcode::LE_CONNECTION_UPDATE
                | Opcode::LE_READ_REMOTE_FEATURES
                | Opcode::LE_ENABLE_ENCRYPTION
                | Opcode::LE_SET_PHY
                | Opcode::READ_RSSI
                | Opcode::LE_LONG_TERM_KEY_REQUEST_REPLY
                | Opcode::LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY
                | Opcode::LE_SET_DATA_LENGTH
        );
        if of_link && self.slot_in(parameters).is_none() {
            UNKNOWN
        } else if busy {
            DISALLOWED
        } else {
            0
        }
    }

    /// Returns the slot of the link whose handle the parameters begin with, if it is up.
    fn slot_in(&self, parameters: &[u8]) -> Option<usize> {
        let handle = u16::from_le_bytes(*parameters.first_chunk()?);
        slot_of(handle).filter(|&slot| self.links[slot].is_some())
    }

    /// Runs the effects of a command after its answer.
    fn act(&mut self, opcode: Opcode, parameters: &[u8]) {
        let handle = parameters.first_chunk().copied().unwrap_or([0; 2]);
        let [low, high] = handle;
        match opcode {
            Opcode::DISCONNECT => {
                if let Some(slot) = self.slot_in(parameters) {
                    self.end_link(slot, 0x16);
                }
            }
            Opcode::READ_REMOTE_VERSION_INFORMATION => {
                self.event(0x0c, &[0, low, high, 9, 0xff, 0xff, 0, 0]);
            }
            Opcode::LE_READ_REMOTE_FEATURES => {
                self.le_event(&[4, 0, low, high, 0, 0, 0, 0, 0, 0, 0, 0]);
            }
            Opcode::LE_CONNECTION_UPDATE => {
                if let [_, _, _, _, a, b, c, d, e, f, ..] = *parameters {
                    self.le_event(&[3, 0, low, high, a, b, c, d, e, f]);
                }
            }
            Opcode::LE_SET_PHY => self.le_event(&[0x0c, 0, low, high, 2, 2]),
            Opcode::LE_CREATE_CONNECTION | Opcode::LE_EXTENDED_CREATE_CONNECTION => {
                self.initiating = true;
                let extended = opcode == Opcode::LE_EXTENDED_CREATE_CONNECTION;
                self.target = target(extended, parameters);
            }
            Opcode::LE_CREATE_CONNECTION_CANCEL => self.initiation_failed(0x02),
            Opcode::LE_SET_SCAN_ENABLE | Opcode::LE_SET_EXTENDED_SCAN_ENABLE => {
                self.scanning = parameters.first() == Some(&1);
            }
            Opcode::LE_SET_ADVERTISING_PARAMETERS => {
                self.connectable[0] = matches!(parameters.get(4), Some(0 | 1 | 4));
            }
            Opcode::LE_SET_ADVERTISING_ENABLE => {
                let on = parameters.first() == Some(&1);
                self.advertising[0] = on.then_some(self.connectable[0]);
            }
            Opcode::LE_ENABLE_ENCRYPTION | Opcode::LE_LONG_TERM_KEY_REQUEST_REPLY => {
                if let Some(slot) = self.slot_in(parameters) {
                    self.key_given(slot, opcode, parameters);
                }
            }
            Opcode::LE_READ_LOCAL_P256_PUBLIC_KEY => {
                let mut event = vec![8, 0];
                event.extend(KEY.public.x);
                event.extend(KEY.public.y);
                self.le_event(&event);
            }
            Opcode::LE_GENERATE_DHKEY | Opcode::LE_GENERATE_DHKEY_V2 => {
                let mut event = vec![9, 0];
                event.extend([7; 32]);
                self.le_event(&event);
            }
            Opcode::SET_CONTROLLER_TO_HOST_FLOW_CONTROL => {
                self.flow_on = parameters.first().is_some_and(|on| on & 1 != 0);
            }
            _ => self.act_on_sets(opcode, parameters),
        }
    }

    fn act_on_sets(&mut self, opcode: Opcode, parameters: &[u8]) {
        match opcode {
            Opcode::LE_SET_EXTENDED_ADVERTISING_PARAMETERS => {
                if let [set, properties, ..] = *parameters {
                    self.connectable[usize::from(set & 3)] = properties & 1 != 0;
                }
            }
            Opcode::LE_SET_EXTENDED_ADVERTISING_ENABLE => match *parameters {
                [0, 0, ..] => self.advertising = [None; 4],
                [on, _, ref sets @ ..] => {
                    for set in sets.chunks(4) {
                        let set = usize::from(set[0] & 3);
                        self.advertising[set] = (on == 1).then_some(self.connectable[set]);
                    }
                }
                _ => {}
            },
            Opcode::LE_CLEAR_ADVERTISING_SETS => self.advertising = [None; 4],
            _ => {}
        }
    }

    /// Ends the attempt to connect without a link.
    pub(crate) fn initiation_failed(&mut self, status: u8) {
        if core::mem::take(&mut self.initiating) {
            let enhanced = self.setup.extended || self.setup.resolving;
            let mut event = vec![if enhanced { 0x0a } else { 1 }, status];
            event.resize(if enhanced { 31 } else { 19 }, 0);
            self.le_event(&event);
        }
    }

    /// Returns the return parameters, which begin with the status.
    fn returned(&mut self, opcode: Opcode, parameters: &[u8]) -> Vec<u8> {
        let mut returned = vec![0];
        let handle = parameters.first_chunk().copied().unwrap_or([0; 2]);
        match opcode {
            Opcode::READ_LOCAL_VERSION => returned.extend([9, 0, 0, 9, 0xff, 0xff, 0, 0]),
            Opcode::READ_LOCAL_SUPPORTED_COMMANDS => returned.extend(self.commands().to_bits()),
            Opcode::READ_LOCAL_SUPPORTED_FEATURES => returned.extend([0, 0, 0, 0, 0x60, 0, 0, 0]),
            Opcode::READ_BD_ADDR => returned.extend(Self::ADDRESS.octets()),
            Opcode::LE_READ_BUFFER_SIZE => {
                let [low, high] = self.setup.acl_len.to_le_bytes();
                returned.extend([low, high, self.setup.buffers as u8]);
            }
            Opcode::READ_BUFFER_SIZE => returned.extend([251, 0, 0, 4, 0, 0, 0]),
            Opcode::LE_READ_LOCAL_SUPPORTED_FEATURES => {
                let (extended, resolving) = (self.setup.extended, self.setup.resolving);
                let bits = 0x21 | u8::from(resolving) << 6;
                returned.extend([bits, 1 | u8::from(extended) << 4, 0, 0, 0, 0, 0, 0]);
            }
            Opcode::LE_READ_SUPPORTED_STATES => returned.extend([0xff; 8]),
            Opcode::LE_READ_FILTER_ACCEPT_LIST_SIZE | Opcode::LE_READ_RESOLVING_LIST_SIZE => {
                returned.push(2);
            }
            Opcode::LE_READ_MAXIMUM_DATA_LENGTH => {
                returned.extend([251, 0, 0x48, 8, 251, 0, 0x48, 8]);
            }
            Opcode::LE_READ_MAXIMUM_ADVERTISING_DATA_LENGTH => returned.extend([0x72, 0x06]),
            Opcode::LE_READ_NUMBER_OF_ADVERTISING_SETS => returned.push(2),
            Opcode::LE_SET_EXTENDED_ADVERTISING_PARAMETERS => returned.push(0),
            Opcode::LE_RAND => {
                self.randoms += 1;
                returned.extend(self.randoms.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
            }
            Opcode::LE_ENCRYPT => {
                if let (Some(key), Some(plain)) = (chunk(parameters, 0), chunk(parameters, 16)) {
                    returned.extend(crypto::e(&Key::new(key), plain));
                }
            }
            Opcode::READ_RSSI => returned.extend([handle[0], handle[1], 0xc4]),
            Opcode::LE_LONG_TERM_KEY_REQUEST_REPLY
            | Opcode::LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY
            | Opcode::LE_SET_DATA_LENGTH
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
        commands.remove(Opcode::LE_READ_BUFFER_SIZE_V2);
        if !self.setup.flow {
            commands.remove(Opcode::SET_CONTROLLER_TO_HOST_FLOW_CONTROL);
            commands.remove(Opcode::HOST_BUFFER_SIZE);
            commands.remove(Opcode::HOST_NUMBER_OF_COMPLETED_PACKETS);
        }
        if !self.setup.resolving {
            commands.remove(Opcode::LE_READ_RESOLVING_LIST_SIZE);
            commands.remove(Opcode::LE_ADD_TO_RESOLVING_LIST);
        }
        if !self.setup.extended {
            commands.remove(Opcode::LE_SET_EXTENDED_ADVERTISING_PARAMETERS);
            commands.remove(Opcode::LE_SET_EXTENDED_SCAN_PARAMETERS);
        }
        commands
    }
}

/// Unknown Connection Identifier.
const UNKNOWN: u8 = 0x02;

/// Returns sixteen octets, which HCI sends in reverse order.
fn chunk(parameters: &[u8], at: usize) -> Option<[u8; 16]> {
    parameters.get(at..)?.first_chunk().copied()
}
