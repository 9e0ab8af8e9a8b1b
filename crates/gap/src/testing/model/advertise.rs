//! Advertising sets of the small controller.

use std::{vec, vec::Vec};

use bindrune_hci::{DataOperation, FilterPolicy, Opcode, OwnAddressType, Status, cmd::le};

use super::{Model, ModelSet, Reply, done};

impl Model {
    pub(super) fn obey_legacy_advertising(
        &mut self,
        opcode: Opcode,
        parameters: &[u8],
    ) -> Result<Reply, Status> {
        let on = self.sets[0].on;
        match opcode {
            Opcode::LE_SET_ADVERTISING_PARAMETERS => {
                self.must(!on)?;
                let command = le::SetAdvertisingParameters::parse(parameters).unwrap();
                self.sets[0].connectable = matches!(command.kind.0, 0 | 1 | 4);
                self.sets[0].by_list = command.filter_policy != FilterPolicy::ALL;
            }
            Opcode::LE_SET_ADVERTISING_DATA => {
                let command = le::SetAdvertisingData::parse(parameters).unwrap();
                self.sets[0].data = command.data.get().unwrap().to_vec();
            }
            Opcode::LE_SET_SCAN_RESPONSE_DATA => {
                let command = le::SetScanResponseData::parse(parameters).unwrap();
                self.sets[0].response = command.data.get().unwrap().to_vec();
            }
            Opcode::LE_SET_ADVERTISING_ENABLE => self.sets[0].on = parameters[0] == 1,
            _ => {}
        }
        done()
    }

    pub(super) fn obey_extended_advertising(
        &mut self,
        opcode: Opcode,
        parameters: &[u8],
    ) -> Result<Reply, Status> {
        let id = match opcode {
            Opcode::LE_SET_EXTENDED_ADVERTISING_ENABLE => parameters[2],
            Opcode::LE_SET_ADVERTISING_SET_RANDOM_ADDRESS
            | Opcode::LE_SET_EXTENDED_ADVERTISING_PARAMETERS
            | Opcode::LE_SET_EXTENDED_ADVERTISING_DATA
            | Opcode::LE_SET_EXTENDED_SCAN_RESPONSE_DATA
            | Opcode::LE_REMOVE_ADVERTISING_SET => parameters[0],
            _ => return done(),
        };
        let mut set = self.sets[usize::from(id)].clone();
        if opcode != Opcode::LE_SET_EXTENDED_ADVERTISING_PARAMETERS && !set.exists {
            return Err(Status::UNKNOWN_ADVERTISING_SET);
        }
        match opcode {
            Opcode::LE_SET_EXTENDED_ADVERTISING_PARAMETERS => {
                self.must(!set.on)?;
                let command = le::SetExtendedAdvertisingParameters::parse(parameters).unwrap();
                let properties = command.properties.get();
                if properties & 0x10 != 0 && set.data.len() > 31 {
                    return Err(Status::INVALID_PARAMETERS);
                }
                set.exists = true;
                set.connectable = properties & 1 != 0;
                set.by_list = command.filter_policy != FilterPolicy::ALL;
                assert!(
                    command.own_address_type != OwnAddressType::RANDOM || self.random != [0; 6]
                );
                self.sets[usize::from(id)] = set;
                return Ok(Reply::Complete(vec![0, 7]));
            }
            Opcode::LE_SET_ADVERTISING_SET_RANDOM_ADDRESS => {
                set.random = parameters[1..].try_into().unwrap();
            }
            Opcode::LE_REMOVE_ADVERTISING_SET => {
                self.must(!set.on)?;
                set = ModelSet::default();
            }
            Opcode::LE_SET_EXTENDED_ADVERTISING_DATA => {
                let command = le::SetExtendedAdvertisingData::parse(parameters).unwrap();
                append(&mut set.data, &command.fragment)?;
            }
            Opcode::LE_SET_EXTENDED_SCAN_RESPONSE_DATA => {
                let command = le::SetExtendedScanResponseData::parse(parameters).unwrap();
                append(&mut set.response, &command.fragment)?;
            }
            _ => set.on = parameters[0] == 1,
        }
        self.sets[usize::from(id)] = set;
        done()
    }
}

fn append(data: &mut Vec<u8>, fragment: &le::DataFragment<'_>) -> Result<(), Status> {
    match fragment.operation {
        DataOperation::COMPLETE | DataOperation::FIRST => data.clear(),
        _ if data.is_empty() => return Err(Status::INVALID_PARAMETERS),
        _ => {}
    }
    data.extend(fragment.data);
    Ok(())
}
