//! Versions and capabilities of the controller. [Vol 4] Part E, 7.4, 7.8.2, 7.8.3

use bindrune_hci::{
    Opcode, Status,
    cmd::{
        SupportedCommands,
        info::{
            BdAddr, BufferSize, LMP_BREDR_NOT_SUPPORTED, LMP_LE_SUPPORTED, LocalSupportedCommands,
            LocalSupportedFeatures, LocalVersion, ReadBdAddr, ReadBufferSize,
            ReadLocalSupportedCommands, ReadLocalSupportedFeatures, ReadLocalVersion,
        },
        le::{
            self, LeBufferSize, LocalLeFeatures, Random, ReadSupportedStates, ReadTransmitPower,
            SetRandomAddress, SupportedStates, TransmitPower,
        },
        vendor::{ReadStaticAddresses, StaticAddresses},
    },
};
use zerocopy::little_endian::{U16, U64};

use super::{Call, DONE, Reply};
use crate::{classic, controller::Controller};

impl Call<'_> {
    pub(super) fn info(&mut self) -> Option<Reply> {
        let p = self.parameters;
        Some(match self.opcode {
            Opcode::READ_LOCAL_VERSION => {
                self.reply(ReadLocalVersion::parse(p), |call, _| Ok(call.controller().version()))
            }
            Opcode::READ_LOCAL_SUPPORTED_COMMANDS => {
                self.reply(ReadLocalSupportedCommands::parse(p), |call, _| {
                    let controller = call.controller();
                    let mut commands = controller.supported_commands().to_bits();
                    classic::supported_bits(controller, &mut commands);
                    Ok(LocalSupportedCommands { status: Status::SUCCESS, commands })
                })
            }
            Opcode::READ_LOCAL_SUPPORTED_FEATURES => {
                self.reply(ReadLocalSupportedFeatures::parse(p), |call, _| {
                    let features = match call.controller().lmp_features(0) {
                        0 => LMP_BREDR_NOT_SUPPORTED | LMP_LE_SUPPORTED,
                        features => features,
                    };
                    let features = U64::new(features);
                    Ok(LocalSupportedFeatures { status: Status::SUCCESS, features })
                })
            }
            Opcode::READ_BUFFER_SIZE => {
                self.reply(ReadBufferSize::parse(p), |call, _| Ok(call.controller().buffer_size()))
            }
            Opcode::READ_BD_ADDR => self.reply(ReadBdAddr::parse(p), |call, _| {
                let address = call.controller().public_address();
                Ok(BdAddr { status: Status::SUCCESS, address })
            }),
            Opcode::VENDOR_READ_STATIC_ADDRESSES => self.static_addresses(),
            _ => return self.le_info(),
        })
    }

    fn le_info(&mut self) -> Option<Reply> {
        let p = self.parameters;
        let status = Status::SUCCESS;
        Some(match self.opcode {
            Opcode::LE_READ_BUFFER_SIZE => self.reply(le::ReadBufferSize::parse(p), |call, _| {
                Ok(call.controller().le_buffer_size())
            }),
            Opcode::LE_READ_LOCAL_SUPPORTED_FEATURES => {
                self.reply(le::ReadLocalSupportedFeatures::parse(p), |call, _| {
                    let features = U64::new(call.controller().features());
                    Ok(LocalLeFeatures { status, features })
                })
            }
            Opcode::LE_SET_RANDOM_ADDRESS => self.reply(SetRandomAddress::parse(p), |call, c| {
                call.set_random_address(c.address)?;
                Ok(DONE)
            }),
            Opcode::LE_RAND => self.reply(le::Rand::parse(p), |call, _| {
                let octets = call.air.medium.radio.rng.next().to_le_bytes();
                Ok(Random { status, octets })
            }),
            Opcode::LE_READ_SUPPORTED_STATES => self
                .reply(ReadSupportedStates::parse(p), |_, _| {
                    Ok(SupportedStates { status, states: U64::new(ALL_STATES) })
                }),
            Opcode::LE_READ_TRANSMIT_POWER => self.reply(ReadTransmitPower::parse(p), |_, _| {
                Ok(TransmitPower { status, min: -20, max: 8 })
            }),
            _ => return None,
        })
    }

    /// [Vol 4] Part E, 7.8.4
    fn set_random_address(&mut self, address: [u8; 6]) -> Result<(), Status> {
        let controller = self.controller();
        let legacy = controller.sets.get(&crate::advertise::SetKey::LEGACY);
        let busy = legacy.is_some_and(|set| set.running.is_some())
            || controller.scanner.running.is_some()
            || controller.initiator.is_some();
        if busy {
            return Err(Status::COMMAND_DISALLOWED);
        }
        controller.random_address = Some(address);
        Ok(())
    }

    fn static_addresses(&mut self) -> Reply {
        let address = self.controller().config.static_address;
        let reply = self.reply(ReadStaticAddresses::parse(self.parameters), |_, _| {
            Ok(StaticAddresses { status: Status::SUCCESS, count: 1 })
        });
        match (reply, address) {
            (Reply::Complete(mut octets), Some(address)) if octets.first() == Some(&0) => {
                octets.extend_from_slice(&address);
                octets.extend_from_slice(&[0; 16]);
                Reply::Complete(octets)
            }
            (reply, _) => reply,
        }
    }
}

impl Controller {
    /// Returns whether this controller has the command.
    pub(super) fn supports(&self, opcode: Opcode) -> bool {
        if let Some(has) = classic::claims(self, opcode) {
            return has;
        }
        match opcode {
            Opcode::VENDOR_READ_STATIC_ADDRESSES => self.config.static_address.is_some(),
            Opcode::VENDOR_WRITE_BD_ADDR | Opcode::LE_READ_BUFFER_SIZE_V2 => false,
            Opcode::LE_ADD_TO_RESOLVING_LIST
            | Opcode::LE_REMOVE_FROM_RESOLVING_LIST
            | Opcode::LE_CLEAR_RESOLVING_LIST
            | Opcode::LE_READ_RESOLVING_LIST_SIZE
            | Opcode::LE_READ_PEER_RESOLVABLE_ADDRESS
            | Opcode::LE_READ_LOCAL_RESOLVABLE_ADDRESS
            | Opcode::LE_SET_ADDRESS_RESOLUTION_ENABLE
            | Opcode::LE_SET_RPA_TIMEOUT
            | Opcode::LE_SET_PRIVACY_MODE => self.config.resolving_list > 0,
            Opcode::SET_CONTROLLER_TO_HOST_FLOW_CONTROL
            | Opcode::HOST_BUFFER_SIZE
            | Opcode::HOST_NUMBER_OF_COMPLETED_PACKETS => self.config.host_flow_control,
            Opcode::LE_READ_LOCAL_P256_PUBLIC_KEY
            | Opcode::LE_GENERATE_DHKEY
            | Opcode::LE_GENERATE_DHKEY_V2 => self.config.p256,
            Opcode::LE_ENABLE_ENCRYPTION
            | Opcode::LE_LONG_TERM_KEY_REQUEST_REPLY
            | Opcode::LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY => self.config.encryption,
            Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_REPLY
            | Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_NEGATIVE_REPLY => {
                self.config.parameter_request
            }
            Opcode::LE_SET_DATA_LENGTH
            | Opcode::LE_READ_SUGGESTED_DEFAULT_DATA_LENGTH
            | Opcode::LE_WRITE_SUGGESTED_DEFAULT_DATA_LENGTH
            | Opcode::LE_READ_MAXIMUM_DATA_LENGTH => self.config.data_length > 27,
            Opcode::LE_READ_PHY | Opcode::LE_SET_DEFAULT_PHY | Opcode::LE_SET_PHY => {
                self.config.phy_2m
            }
            _ if super::flavour(opcode) == Some(crate::controller::Flavour::Extended) => {
                self.config.extended_advertising
            }
            _ => SupportedCommands::known().any(|known| known == opcode),
        }
    }

    fn supported_commands(&self) -> SupportedCommands {
        let mut commands = SupportedCommands::NONE;
        for opcode in SupportedCommands::known().filter(|opcode| self.supports(*opcode)) {
            commands.insert(opcode);
        }
        commands
    }

    const fn version(&self) -> LocalVersion {
        LocalVersion {
            status: Status::SUCCESS,
            hci_version: self.config.hci_version,
            hci_subversion: U16::ZERO,
            lmp_version: self.config.hci_version,
            manufacturer: U16::new(self.config.manufacturer),
            lmp_subversion: U16::ZERO,
        }
    }

    fn buffer_size(&self) -> BufferSize {
        let (acl_length, acl_count) = match &self.config.classic {
            Some(classic) => (classic.acl_length, classic.acl_count),
            None if self.config.shared_buffers => (self.config.acl_length, self.config.acl_count),
            None => (0, 0),
        };
        BufferSize {
            status: Status::SUCCESS,
            acl_len: U16::new(acl_length),
            synchronous_len: 0,
            acl_count: U16::new(acl_count.into()),
            synchronous_count: U16::ZERO,
        }
    }

    const fn le_buffer_size(&self) -> LeBufferSize {
        let shared = self.config.shared_buffers;
        LeBufferSize {
            status: Status::SUCCESS,
            acl_len: U16::new(if shared { 0 } else { self.config.acl_length }),
            acl_count: if shared { 0 } else { self.config.acl_count },
        }
    }
}

/// All combinations of states and roles. [Vol 6] Part B, 1.1.1
const ALL_STATES: u64 = 0x0000_03ff_ffff_ffff;
