//! Contents of the answer to each step.

use bindrune_hci::{
    Opcode, Status,
    cmd::{
        Return, SupportedCommands,
        info::{BdAddr, BufferSize, LocalSupportedCommands, LocalSupportedFeatures, LocalVersion},
        le::{self, LeBufferSize, LeFeatures},
        vendor::static_addresses,
    },
};
use bindrune_wire::{Address, AddressKind, Malformed, Reader};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::{Init, steps::Step};
use crate::{
    ControllerInfo,
    capability::{CENTRAL, EXTENDED, HOST_FLOW_CONTROL, OBSERVER, PRIVACY},
    static_address,
};

/// Room for the longest answer with values, in octets.
const ANSWER: usize = 9;

impl Init {
    /// Stores the contents of a step's answer.
    pub(super) fn learn(
        &mut self,
        step: Step,
        status: Status,
        parameters: &[u8],
    ) -> Result<(), Status> {
        let is_short = parameters.len() < step.command().returned.into();
        let status = if status.is_success() && is_short { Status::UNSPECIFIED } else { status };
        match (step, self.own) {
            (Step::HostBuffers, _) if HOST_FLOW_CONTROL => self.host_buffers = status.is_success(),
            (Step::HostFlowControl, _) if HOST_FLOW_CONTROL => {
                self.info.host_flow_control = status.is_success();
            }
            (Step::DefaultPhy, _) => self.info.uses_phy_2m = status.is_success(),
            (Step::Random, Some(own)) if !status.is_success() => {
                self.use_made(own);
                return Ok(());
            }
            _ => {}
        }
        status.ok()?;
        let mut answer = [0; ANSWER];
        for (to, from) in answer.iter_mut().zip(parameters) {
            *to = *from;
        }
        self.learn_values(step, &answer, parameters).map_err(|_| Status::UNSPECIFIED)
    }

    /// Stores the values of a complete answer: its begin, or all of it.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the answers of other steps have no value")]
    fn learn_values(
        &mut self,
        step: Step,
        answer: &[u8; ANSWER],
        all: &[u8],
    ) -> Result<(), Malformed> {
        let info = &mut self.info;
        match step {
            Step::Commands => {
                let commands = LocalSupportedCommands::parse(all)?.commands;
                info.commands = SupportedCommands::from_bits(&commands);
                self.avoided.remove_from(&mut info.commands);
            }
            Step::VendorAddress => self.learn_vendor_address(all)?,
            Step::Version => {
                let version = view::<LocalVersion>(answer)?;
                info.hci_version = version.hci_version;
                info.hci_subversion = version.hci_subversion.get();
                info.lmp_version = version.lmp_version;
                info.lmp_subversion = version.lmp_subversion.get();
                info.manufacturer = version.manufacturer.get();
            }
            Step::Features => {
                info.features = view::<LocalSupportedFeatures>(answer)?.features.get()
            }
            Step::PublicAddress => {
                let octets = view::<BdAddr>(answer)?.address;
                let known = octets != [0; 6] && octets != [0xff; 6];
                info.public_address = known.then_some(Address::new(AddressKind::Public, octets));
            }
            Step::LeBuffers => {
                let buffers = view::<LeBufferSize>(answer)?;
                info.acl_len = buffers.acl_len.get();
                info.acl_count = buffers.acl_count.into();
            }
            Step::SharedBuffers => {
                let buffers = view::<BufferSize>(answer)?;
                info.acl_len = buffers.acl_len.get();
                info.acl_count = buffers.acl_count.get();
                info.acl_shared = true;
            }
            Step::LeFeatures => {
                let features = view::<le::LocalLeFeatures>(answer)?.features;
                info.le_features = LeFeatures::from_bits_retain(features.get());
                self.info.extended = EXTENDED && self.has_extended();
            }
            Step::States if CENTRAL && OBSERVER => {
                info.le_states = view::<le::SupportedStates>(answer)?.states.get();
            }
            Step::MaximumDataLength => {
                self.use_data_length(view(answer)?);
            }
            Step::Random => {
                let [a, b, c, d, e, f, _, _] = view::<le::Random>(answer)?.octets;
                self.use_made(static_address([a, b, c, d, e, f]));
            }
            _ => return info.learn_limit(step, answer),
        }
        Ok(())
    }

    fn use_data_length(&mut self, max: &le::MaximumDataLength) {
        let info = &mut self.info;
        info.max_tx_octets = max.tx_octets.get().clamp(27, 251);
        info.max_tx_time = max.tx_time.get().clamp(328, 17_040);
        info.uses_data_length = self.config.data_length
            && info.max_tx_octets > 27
            && info.le_features.contains(LeFeatures::DATA_LENGTH_EXTENSION)
            && info.supports(Opcode::LE_SET_DATA_LENGTH);
    }

    fn learn_vendor_address(&mut self, parameters: &[u8]) -> Result<(), Malformed> {
        let known = static_addresses(parameters)?.next().map(|known| known.address);
        let address = known.map(|octets| Address::new(AddressKind::Random, octets));
        if let Some(address) = address.filter(|address| address.is_static()) {
            self.info.address = address;
        }
        Ok(())
    }

    /// Uses an address that this host generated.
    const fn use_made(&mut self, address: Address) {
        self.made = Some(address);
        self.info.address = address;
    }
}

/// Returns an answer in place: copies of it would take code for each step.
fn view<T>(answer: &[u8; ANSWER]) -> Result<&T, Malformed>
where
    T: FromBytes + Immutable + KnownLayout + Unaligned,
{
    Reader::new(answer).view()
}

impl ControllerInfo {
    /// Stores how much of something the controller has.
    #[inline(always)]
    #[expect(clippy::wildcard_enum_match_arm, reason = "the answers of other steps have no value")]
    fn learn_limit(&mut self, step: Step, answer: &[u8; ANSWER]) -> Result<(), Malformed> {
        match step {
            Step::AcceptListSize if CENTRAL => {
                self.accept_list_size = view::<le::FilterAcceptListSize>(answer)?.size;
            }
            Step::ResolvingListSize if PRIVACY => {
                self.resolving_list_size = view::<le::ResolvingListSize>(answer)?.size;
            }
            Step::AdvertisingDataLength if EXTENDED => {
                let max = view::<le::MaximumAdvertisingDataLength>(answer)?.len;
                self.max_advertising_data = max.get().clamp(31, 1650);
            }
            Step::AdvertisingSets if EXTENDED => {
                let sets = view::<le::NumberOfAdvertisingSets>(answer)?;
                self.advertising_sets = sets.count.max(1);
            }
            _ => {}
        }
        Ok(())
    }
}
