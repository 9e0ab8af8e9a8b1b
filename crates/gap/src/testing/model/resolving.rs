//! The resolving list of the small controller.

use bindrune_hci::{Opcode, PrivacyMode, Status, cmd::le};

use super::{Model, Reply, done};

impl Model {
    pub(super) fn obey_resolving(
        &mut self,
        opcode: Opcode,
        parameters: &[u8],
    ) -> Result<Reply, Status> {
        let busy = self.scanning || self.initiating || self.sets.iter().any(|set| set.on);
        let enables = opcode == Opcode::LE_SET_ADDRESS_RESOLUTION_ENABLE;
        self.must(!(busy && (enables || self.resolution)))?;
        match opcode {
            Opcode::LE_ADD_TO_RESOLVING_LIST => {
                let peer = le::AddToResolvingList::parse(parameters).unwrap().peer;
                if self.resolving.contains(&peer) {
                    return Err(Status::INVALID_PARAMETERS);
                }
                if self.resolving.len() >= self.resolving_size {
                    return Err(Status::MEMORY_CAPACITY_EXCEEDED);
                }
                self.resolving.push(peer);
            }
            Opcode::LE_SET_PRIVACY_MODE => {
                let command = le::SetPrivacyMode::parse(parameters).unwrap();
                if !self.resolving.contains(&command.peer) {
                    return Err(Status::UNKNOWN_CONNECTION);
                }
                if command.mode == PrivacyMode::DEVICE {
                    self.device_mode.push(command.peer);
                }
            }
            Opcode::LE_SET_ADDRESS_RESOLUTION_ENABLE => self.resolution = parameters[0] == 1,
            _ => {
                self.resolving.clear();
                self.device_mode.clear();
            }
        }
        done()
    }
}
