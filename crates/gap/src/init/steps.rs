//! Each step: the condition for it, and its command.

use bindrune_hci::{
    Opcode, PhyMask,
    cmd::{
        baseband::{
            EventMask, EventMask2, FlowControl, HostBufferSize, Reset,
            SetControllerToHostFlowControl, SetEventMask, SetEventMaskPage2,
        },
        info::{
            ReadBdAddr, ReadBufferSize, ReadLocalSupportedCommands, ReadLocalSupportedFeatures,
            ReadLocalVersion,
        },
        le::{self, LeEventMask, LeFeatures},
        vendor::ReadStaticAddresses,
    },
};
use bindrune_wire::{AddressKind, Writer};

use super::Init;
use crate::command::put;

/// One command of the set-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Reset,
    Version,
    Commands,
    Features,
    PublicAddress,
    LeBuffers,
    SharedBuffers,
    LeFeatures,
    EventMask,
    EventMask2,
    LeEventMask,
    States,
    HostBuffers,
    HostFlowControl,
    AcceptListSize,
    ResolvingListSize,
    MaximumDataLength,
    SuggestedDataLength,
    DefaultPhy,
    AdvertisingDataLength,
    AdvertisingSets,
    VendorAddress,
    Random,
    RandomAddress,
}

impl Step {
    /// All steps, in order.
    pub(super) const ALL: [Self; 24] = [
        Self::Reset,
        Self::Version,
        Self::Commands,
        Self::Features,
        Self::PublicAddress,
        Self::LeBuffers,
        Self::SharedBuffers,
        Self::LeFeatures,
        Self::EventMask,
        Self::EventMask2,
        Self::LeEventMask,
        Self::States,
        Self::HostBuffers,
        Self::HostFlowControl,
        Self::AcceptListSize,
        Self::ResolvingListSize,
        Self::MaximumDataLength,
        Self::SuggestedDataLength,
        Self::DefaultPhy,
        Self::AdvertisingDataLength,
        Self::AdvertisingSets,
        Self::VendorAddress,
        Self::Random,
        Self::RandomAddress,
    ];

    /// Returns the steps after this one. They are declared in the order of [`Self::ALL`].
    pub(super) fn later(self) -> &'static [Self] {
        Self::ALL.get((self as usize).saturating_add(1)..).unwrap_or_default()
    }

    pub(super) const fn opcode(self) -> Opcode {
        match self {
            Self::Reset => Opcode::RESET,
            Self::Version => Opcode::READ_LOCAL_VERSION,
            Self::Commands => Opcode::READ_LOCAL_SUPPORTED_COMMANDS,
            Self::Features => Opcode::READ_LOCAL_SUPPORTED_FEATURES,
            Self::PublicAddress => Opcode::READ_BD_ADDR,
            Self::LeBuffers => Opcode::LE_READ_BUFFER_SIZE,
            Self::SharedBuffers => Opcode::READ_BUFFER_SIZE,
            Self::LeFeatures => Opcode::LE_READ_LOCAL_SUPPORTED_FEATURES,
            Self::EventMask => Opcode::SET_EVENT_MASK,
            Self::EventMask2 => Opcode::SET_EVENT_MASK_PAGE_2,
            Self::LeEventMask => Opcode::LE_SET_EVENT_MASK,
            Self::States => Opcode::LE_READ_SUPPORTED_STATES,
            Self::HostBuffers => Opcode::HOST_BUFFER_SIZE,
            Self::HostFlowControl => Opcode::SET_CONTROLLER_TO_HOST_FLOW_CONTROL,
            Self::AcceptListSize => Opcode::LE_READ_FILTER_ACCEPT_LIST_SIZE,
            Self::ResolvingListSize => Opcode::LE_READ_RESOLVING_LIST_SIZE,
            Self::MaximumDataLength => Opcode::LE_READ_MAXIMUM_DATA_LENGTH,
            Self::SuggestedDataLength => Opcode::LE_WRITE_SUGGESTED_DEFAULT_DATA_LENGTH,
            Self::DefaultPhy => Opcode::LE_SET_DEFAULT_PHY,
            Self::AdvertisingDataLength => Opcode::LE_READ_MAXIMUM_ADVERTISING_DATA_LENGTH,
            Self::AdvertisingSets => Opcode::LE_READ_NUMBER_OF_ADVERTISING_SETS,
            Self::VendorAddress => Opcode::VENDOR_READ_STATIC_ADDRESSES,
            Self::Random => Opcode::LE_RAND,
            Self::RandomAddress => Opcode::LE_SET_RANDOM_ADDRESS,
        }
    }

    pub(super) fn is_mandatory(self) -> bool {
        is_mandatory(self.opcode())
    }
}

/// Returns whether the host cannot work without the command.
pub(super) fn is_mandatory(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::RESET
            | Opcode::READ_LOCAL_VERSION
            | Opcode::READ_LOCAL_SUPPORTED_COMMANDS
            | Opcode::LE_READ_BUFFER_SIZE
            | Opcode::READ_BUFFER_SIZE
            | Opcode::LE_READ_LOCAL_SUPPORTED_FEATURES
            | Opcode::SET_EVENT_MASK
            | Opcode::LE_SET_EVENT_MASK
            | Opcode::LE_RAND
            | Opcode::LE_SET_RANDOM_ADDRESS
    )
}

impl Init {
    /// Returns whether the controller can take the step, and this host needs it.
    pub(super) fn applies(&self, step: Step) -> bool {
        let info = &self.info;
        let offered = info.supports(step.opcode());
        match step {
            Step::SharedBuffers => info.acl_len == 0 || info.acl_count == 0,
            Step::HostBuffers => {
                offered
                    && self.config.host_acl_count > 0
                    && info.supports(Opcode::SET_CONTROLLER_TO_HOST_FLOW_CONTROL)
                    && info.supports(Opcode::HOST_NUMBER_OF_COMPLETED_PACKETS)
            }
            Step::HostFlowControl => self.host_buffers,
            Step::SuggestedDataLength => offered && info.uses_data_length,
            Step::DefaultPhy => {
                offered && self.config.phy_2m && info.le_features.contains(LeFeatures::PHY_2M)
            }
            Step::AdvertisingDataLength | Step::AdvertisingSets => offered && info.is_extended(),
            Step::VendorAddress => {
                self.has_no_address()
                    && matches!(info.manufacturer, NORDIC | ZEPHYR)
                    && !self.avoids(step.opcode())
            }
            Step::Random => self.has_no_address(),
            Step::RandomAddress => info.address.kind() == AddressKind::Random,
            Step::Reset
            | Step::Version
            | Step::Commands
            | Step::LeBuffers
            | Step::LeFeatures
            | Step::EventMask
            | Step::LeEventMask => true,
            Step::Features
            | Step::PublicAddress
            | Step::EventMask2
            | Step::States
            | Step::AcceptListSize
            | Step::ResolvingListSize
            | Step::MaximumDataLength => offered,
        }
    }

    pub(super) fn write(&self, step: Step, w: &mut Writer<'_>) -> Option<Opcode> {
        let config = &self.config;
        match step {
            Step::Reset => put(w, &Reset),
            Step::Version => put(w, &ReadLocalVersion),
            Step::Commands => put(w, &ReadLocalSupportedCommands),
            Step::Features => put(w, &ReadLocalSupportedFeatures),
            Step::PublicAddress => put(w, &ReadBdAddr),
            Step::LeBuffers => put(w, &le::ReadBufferSize),
            Step::SharedBuffers => put(w, &ReadBufferSize),
            Step::LeFeatures => put(w, &le::ReadLocalSupportedFeatures),
            Step::EventMask => put(w, &SetEventMask { mask: EVENTS.bits().into() }),
            Step::EventMask2 => {
                let mask = EventMask2::ENCRYPTION_CHANGE_V2.bits().into();
                put(w, &SetEventMaskPage2 { mask })
            }
            Step::LeEventMask => put(w, &le::SetEventMask { mask: self.le_events().bits().into() }),
            Step::States => put(w, &le::ReadSupportedStates),
            Step::HostBuffers => put(
                w,
                &HostBufferSize {
                    acl_len: config.host_acl_len.into(),
                    synchronous_len: 0,
                    acl_count: config.host_acl_count.into(),
                    synchronous_count: 0.into(),
                },
            ),
            Step::HostFlowControl => {
                put(w, &SetControllerToHostFlowControl { flow_control: FlowControl::ACL })
            }
            Step::AcceptListSize => put(w, &le::ReadFilterAcceptListSize),
            Step::ResolvingListSize => put(w, &le::ReadResolvingListSize),
            Step::MaximumDataLength => put(w, &le::ReadMaximumDataLength),
            Step::SuggestedDataLength => put(
                w,
                &le::WriteSuggestedDefaultDataLength {
                    tx_octets: self.info.max_tx_octets.into(),
                    tx_time: self.info.max_tx_time.into(),
                },
            ),
            Step::DefaultPhy => {
                let phys = PhyMask::LE_1M | PhyMask::LE_2M;
                put(w, &le::SetDefaultPhy { no_preference: 0, tx: phys, rx: phys })
            }
            Step::AdvertisingDataLength => put(w, &le::ReadMaximumAdvertisingDataLength),
            Step::AdvertisingSets => put(w, &le::ReadNumberOfAdvertisingSets),
            Step::VendorAddress => put(w, &ReadStaticAddresses),
            Step::Random => put(w, &le::Rand),
            Step::RandomAddress => {
                put(w, &le::SetRandomAddress { address: self.info.address.octets() })
            }
        }
    }

    /// Returns the LE events that this host uses.
    fn le_events(&self) -> LeEventMask {
        let mut events = LeEventMask::CONNECTION_COMPLETE
            | LeEventMask::ADVERTISING_REPORT
            | LeEventMask::CONNECTION_UPDATE_COMPLETE
            | LeEventMask::READ_REMOTE_FEATURES_COMPLETE
            | LeEventMask::LONG_TERM_KEY_REQUEST;
        let info = &self.info;
        let mut add = |opcode, event| events.set(event, info.supports(opcode));
        add(
            Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_REPLY,
            LeEventMask::REMOTE_CONNECTION_PARAMETER_REQUEST,
        );
        add(Opcode::LE_SET_DATA_LENGTH, LeEventMask::DATA_LENGTH_CHANGE);
        add(
            Opcode::LE_READ_LOCAL_P256_PUBLIC_KEY,
            LeEventMask::READ_LOCAL_P256_PUBLIC_KEY_COMPLETE,
        );
        add(Opcode::LE_GENERATE_DHKEY, LeEventMask::GENERATE_DHKEY_COMPLETE);
        add(Opcode::LE_SET_PHY, LeEventMask::PHY_UPDATE_COMPLETE);
        let privacy = info.le_features.contains(LeFeatures::LL_PRIVACY);
        events.set(LeEventMask::ENHANCED_CONNECTION_COMPLETE, privacy || info.is_extended());
        events.set(LeEventMask::EXTENDED_ADVERTISING_REPORT, info.is_extended());
        events.set(LeEventMask::ADVERTISING_SET_TERMINATED, info.is_extended());
        events
    }
}

/// The events of BR/EDR and LE that a host with LE uses. [Vol 4] Part E, 7.3.1
pub const EVENTS: EventMask = EventMask::DISCONNECTION_COMPLETE
    .union(EventMask::ENCRYPTION_CHANGE)
    .union(EventMask::READ_REMOTE_VERSION_INFORMATION_COMPLETE)
    .union(EventMask::HARDWARE_ERROR)
    .union(EventMask::DATA_BUFFER_OVERFLOW)
    .union(EventMask::ENCRYPTION_KEY_REFRESH_COMPLETE)
    .union(EventMask::LE_META);

/// Nordic Semiconductor. Assigned Numbers, 7.1
const NORDIC: u16 = 0x0059;
/// The Linux Foundation (Zephyr). Assigned Numbers, 7.1
const ZEPHYR: u16 = 0x05f1;

#[cfg(test)]
mod tests {
    use super::Step;

    #[test]
    fn the_steps_are_declared_in_their_order() {
        for (index, step) in Step::ALL.into_iter().enumerate() {
            assert_eq!(step as usize, index);
            assert_eq!(step.later(), &Step::ALL[index + 1..]);
        }
    }
}
