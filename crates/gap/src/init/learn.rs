//! Contents of the answer to each step.

use bindrune_hci::{
    Opcode, Status,
    cmd::{
        Command, Failure, SupportedCommands,
        info::{
            ReadBdAddr, ReadBufferSize, ReadLocalSupportedCommands, ReadLocalSupportedFeatures,
            ReadLocalVersion,
        },
        le::{self, LeFeatures},
        vendor::{ReadStaticAddresses, static_addresses},
    },
};
use bindrune_wire::{Address, AddressKind};

use super::{Init, steps::Step};
use crate::{capability::EXTENDED, static_address};

impl Init {
    /// Stores the contents of a step's answer.
    pub(super) fn learn(
        &mut self,
        step: Step,
        status: Status,
        parameters: &[u8],
    ) -> Result<(), Status> {
        let learnt = match step {
            Step::Version => self.learn_version(parameters),
            Step::Commands => self.learn_commands(parameters),
            Step::Features => self.learn_features(parameters),
            Step::PublicAddress => self.learn_public_address(parameters),
            Step::LeBuffers => self.learn_le_buffers(parameters),
            Step::SharedBuffers => self.learn_shared_buffers(parameters),
            Step::LeFeatures => self.learn_le_features(parameters),
            Step::States => le::ReadSupportedStates::returned(parameters)
                .map(|states| self.info.le_states = states.states.get()),
            Step::AcceptListSize => le::ReadFilterAcceptListSize::returned(parameters)
                .map(|list| self.info.accept_list_size = list.size),
            Step::ResolvingListSize => le::ReadResolvingListSize::returned(parameters)
                .map(|list| self.info.resolving_list_size = list.size),
            Step::MaximumDataLength => self.learn_maximum_data_length(parameters),
            Step::AdvertisingDataLength => {
                le::ReadMaximumAdvertisingDataLength::returned(parameters)
                    .map(|max| self.info.max_advertising_data = max.len.get().clamp(31, 1650))
            }
            Step::AdvertisingSets => le::ReadNumberOfAdvertisingSets::returned(parameters)
                .map(|sets| self.info.advertising_sets = sets.count.max(1)),
            Step::VendorAddress => self.learn_vendor_address(parameters),
            Step::Random => self.learn_random(parameters),
            Step::HostBuffers
            | Step::HostFlowControl
            | Step::DefaultPhy
            | Step::Reset
            | Step::EventMask
            | Step::EventMask2
            | Step::LeEventMask
            | Step::SuggestedDataLength
            | Step::RandomAddress => return self.learn_status(step, status),
        };
        learnt.map_err(|failure| match failure {
            Failure::Status(status) => status,
            Failure::Malformed(_) => Status::UNSPECIFIED,
        })
    }

    fn learn_status(&mut self, step: Step, status: Status) -> Result<(), Status> {
        if step == Step::HostBuffers {
            self.host_buffers = status.is_success();
        } else if step == Step::HostFlowControl {
            self.info.host_flow_control = status.is_success();
        } else if step == Step::DefaultPhy {
            self.info.uses_phy_2m = status.is_success();
        }
        status.ok()
    }

    fn learn_version(&mut self, parameters: &[u8]) -> Result<(), Failure> {
        let version = ReadLocalVersion::returned(parameters)?;
        let info = &mut self.info;
        info.hci_version = version.hci_version;
        info.hci_subversion = version.hci_subversion.get();
        info.lmp_version = version.lmp_version;
        info.lmp_subversion = version.lmp_subversion.get();
        info.manufacturer = version.manufacturer.get();
        Ok(())
    }

    fn learn_commands(&mut self, parameters: &[u8]) -> Result<(), Failure> {
        let returned = ReadLocalSupportedCommands::returned(parameters)?;
        self.info.commands = SupportedCommands::from_bits(&returned.commands);
        self.avoided.remove_from(&mut self.info.commands);
        Ok(())
    }

    fn learn_features(&mut self, parameters: &[u8]) -> Result<(), Failure> {
        self.info.features = ReadLocalSupportedFeatures::returned(parameters)?.features.get();
        Ok(())
    }

    fn learn_public_address(&mut self, parameters: &[u8]) -> Result<(), Failure> {
        let octets = ReadBdAddr::returned(parameters)?.address;
        let known = octets != [0; 6] && octets != [0xff; 6];
        self.info.public_address = known.then_some(Address::new(AddressKind::Public, octets));
        Ok(())
    }

    fn learn_le_buffers(&mut self, parameters: &[u8]) -> Result<(), Failure> {
        let buffers = le::ReadBufferSize::returned(parameters)?;
        self.info.acl_len = buffers.acl_len.get();
        self.info.acl_count = buffers.acl_count.into();
        Ok(())
    }

    fn learn_shared_buffers(&mut self, parameters: &[u8]) -> Result<(), Failure> {
        let buffers = ReadBufferSize::returned(parameters)?;
        self.info.acl_len = buffers.acl_len.get();
        self.info.acl_count = buffers.acl_count.get();
        self.info.acl_shared = true;
        Ok(())
    }

    fn learn_le_features(&mut self, parameters: &[u8]) -> Result<(), Failure> {
        let features = le::ReadLocalSupportedFeatures::returned(parameters)?.features;
        self.info.le_features = LeFeatures::from_bits_retain(features.get());
        self.info.extended = EXTENDED && self.has_extended();
        Ok(())
    }

    fn learn_maximum_data_length(&mut self, parameters: &[u8]) -> Result<(), Failure> {
        let max = le::ReadMaximumDataLength::returned(parameters)?;
        let info = &mut self.info;
        info.max_tx_octets = max.tx_octets.get().clamp(27, 251);
        info.max_tx_time = max.tx_time.get().clamp(328, 17_040);
        info.uses_data_length = self.config.data_length
            && info.max_tx_octets > 27
            && info.le_features.contains(LeFeatures::DATA_LENGTH_EXTENSION)
            && info.supports(Opcode::LE_SET_DATA_LENGTH);
        Ok(())
    }

    fn learn_vendor_address(&mut self, parameters: &[u8]) -> Result<(), Failure> {
        ReadStaticAddresses::returned(parameters)?;
        let known = static_addresses(parameters)?.next().map(|known| known.address);
        let address = known.map(|octets| Address::new(AddressKind::Random, octets));
        if let Some(address) = address.filter(|address| address.is_static()) {
            self.info.address = address;
        }
        Ok(())
    }

    fn learn_random(&mut self, parameters: &[u8]) -> Result<(), Failure> {
        let address = match le::Rand::returned(parameters) {
            Ok(random) => {
                let [a, b, c, d, e, f, _, _] = random.octets;
                static_address([a, b, c, d, e, f])
            }
            Err(failure) => self.own.ok_or(failure)?,
        };
        self.made = Some(address);
        self.info.address = address;
        Ok(())
    }
}
