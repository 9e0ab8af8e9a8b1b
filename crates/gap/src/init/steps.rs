//! Each step: the condition for it, and its command.

use bindrune_hci::{
    Opcode, PhyMask,
    cmd::{
        Command,
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
        write_fixed,
    },
};
use bindrune_wire::{AddressKind, Writer};

use super::Init;
use crate::{
    capability::{CENTRAL, EXTENDED, HOST_FLOW_CONTROL, OBSERVER, PRIVACY, TUNING},
    command::put,
};

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

    /// Returns the parameters of the command, if they are always the same; otherwise none.
    #[expect(clippy::wildcard_enum_match_arm, reason = "other steps have none, or their own")]
    fn parameters(self) -> &'static [u8] {
        const PHYS: PhyMask = PhyMask::LE_1M.union(PhyMask::LE_2M);
        match self {
            Self::EventMask => const { &EVENTS.bits().to_le_bytes() },
            Self::EventMask2 => const { &EventMask2::ENCRYPTION_CHANGE_V2.bits().to_le_bytes() },
            Self::HostFlowControl if HOST_FLOW_CONTROL => &[FlowControl::ACL.0],
            Self::DefaultPhy => const { &[0, PHYS.bits(), PHYS.bits()] },
            _ => &[],
        }
    }

    /// Returns whether this host has a use for the step.
    #[expect(clippy::wildcard_enum_match_arm, reason = "every host has a use for the others")]
    pub(super) const fn is_built_in(self) -> bool {
        match self {
            Self::States => CENTRAL && OBSERVER,
            Self::HostBuffers | Self::HostFlowControl => HOST_FLOW_CONTROL,
            Self::AcceptListSize => CENTRAL,
            Self::ResolvingListSize => PRIVACY,
            Self::AdvertisingDataLength | Self::AdvertisingSets => EXTENDED,
            _ => true,
        }
    }

    /// Returns the command of this step.
    pub(super) const fn command(self) -> Sent {
        match self {
            Self::Reset => Sent::needed::<Reset>(),
            Self::Version => Sent::needed::<ReadLocalVersion>(),
            Self::Commands => Sent::needed::<ReadLocalSupportedCommands>(),
            Self::Features => Sent::optional::<ReadLocalSupportedFeatures>(),
            Self::PublicAddress => Sent::optional::<ReadBdAddr>(),
            Self::LeBuffers => Sent::needed::<le::ReadBufferSize>(),
            Self::SharedBuffers => Sent::needed::<ReadBufferSize>(),
            Self::LeFeatures => Sent::needed::<le::ReadLocalSupportedFeatures>(),
            Self::EventMask => Sent::needed::<SetEventMask>(),
            Self::EventMask2 => Sent::optional::<SetEventMaskPage2>(),
            Self::LeEventMask => Sent::needed::<le::SetEventMask>(),
            Self::States => Sent::optional::<le::ReadSupportedStates>(),
            Self::HostBuffers => Sent::optional::<HostBufferSize>(),
            Self::HostFlowControl => Sent::optional::<SetControllerToHostFlowControl>(),
            Self::AcceptListSize => Sent::optional::<le::ReadFilterAcceptListSize>(),
            Self::ResolvingListSize => Sent::optional::<le::ReadResolvingListSize>(),
            Self::MaximumDataLength => Sent::optional::<le::ReadMaximumDataLength>(),
            Self::SuggestedDataLength => Sent::optional::<le::WriteSuggestedDefaultDataLength>(),
            Self::DefaultPhy => Sent::optional::<le::SetDefaultPhy>(),
            Self::AdvertisingDataLength => Sent::optional::<le::ReadMaximumAdvertisingDataLength>(),
            Self::AdvertisingSets => Sent::optional::<le::ReadNumberOfAdvertisingSets>(),
            Self::VendorAddress => Sent::optional::<ReadStaticAddresses>(),
            Self::Random => Sent::needed::<le::Rand>(),
            Self::RandomAddress => Sent::needed::<le::SetRandomAddress>(),
        }
    }
}

/// Command of a step.
#[derive(Clone, Copy)]
pub(super) struct Sent {
    pub(super) opcode: Opcode,
    /// Whether the host cannot work without the command.
    pub(super) mandatory: bool,
    /// Length of the return parameters in octets, without those that a later version of the specification adds.
    pub(super) returned: u8,
}

impl Sent {
    const fn needed<C: Command>() -> Self {
        Self { mandatory: true, ..Self::optional::<C>() }
    }

    const fn optional<C: Command>() -> Self {
        let [returned, ..] = size_of::<C::Return>().to_le_bytes();
        Self { opcode: C::OPCODE, mandatory: false, returned }
    }
}

/// Returns whether the host cannot work without the command.
pub(super) fn is_mandatory(opcode: Opcode) -> bool {
    let commands = Step::ALL.iter().map(|step| step.command());
    commands.filter(|command| command.mandatory).any(|command| command.opcode == opcode)
}

impl Init {
    /// Returns whether the controller can take the step, and this host needs it.
    #[inline(never)]
    pub(super) fn applies(&self, step: Step) -> bool {
        if !step.is_built_in() {
            return false;
        }
        let info = &self.info;
        let offered = info.supports(step.command().opcode);
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
                    && !self.avoids(step.command().opcode)
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

    #[expect(clippy::wildcard_enum_match_arm, reason = "the parameters of other steps are fixed")]
    pub(super) fn write(&self, step: Step, w: &mut Writer<'_>) -> Option<Opcode> {
        let config = &self.config;
        match step {
            Step::LeEventMask => put(w, &le::SetEventMask { mask: self.le_events().bits().into() }),
            Step::HostBuffers if HOST_FLOW_CONTROL => put(
                w,
                &HostBufferSize {
                    acl_len: config.host_acl_len.into(),
                    synchronous_len: 0,
                    acl_count: config.host_acl_count.into(),
                    synchronous_count: 0.into(),
                },
            ),
            Step::SuggestedDataLength => put(
                w,
                &le::WriteSuggestedDefaultDataLength {
                    tx_octets: self.info.max_tx_octets.into(),
                    tx_time: self.info.max_tx_time.into(),
                },
            ),
            Step::RandomAddress => {
                put(w, &le::SetRandomAddress { address: self.info.address.octets() })
            }
            _ => {
                let opcode = step.command().opcode;
                write_fixed(w, opcode, step.parameters()).ok().map(|()| opcode)
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
        for (opcode, event) in EVENTS_OF_COMMANDS {
            events.set(event, info.supports(opcode));
        }
        let privacy = PRIVACY && info.le_features.contains(LeFeatures::LL_PRIVACY);
        events.set(LeEventMask::ENHANCED_CONNECTION_COMPLETE, privacy || info.is_extended());
        events.set(LeEventMask::EXTENDED_ADVERTISING_REPORT, info.is_extended());
        events.set(LeEventMask::ADVERTISING_SET_TERMINATED, info.is_extended());
        if TUNING { events } else { events.difference(TUNING_EVENTS) }
    }
}

/// LE events that only a controller with the command has.
const EVENTS_OF_COMMANDS: [(Opcode, LeEventMask); 5] = [
    (
        Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_REPLY,
        LeEventMask::REMOTE_CONNECTION_PARAMETER_REQUEST,
    ),
    (Opcode::LE_SET_DATA_LENGTH, LeEventMask::DATA_LENGTH_CHANGE),
    (Opcode::LE_READ_LOCAL_P256_PUBLIC_KEY, LeEventMask::READ_LOCAL_P256_PUBLIC_KEY_COMPLETE),
    (Opcode::LE_GENERATE_DHKEY, LeEventMask::GENERATE_DHKEY_COMPLETE),
    (Opcode::LE_SET_PHY, LeEventMask::PHY_UPDATE_COMPLETE),
];

/// LE events that only link tuning uses.
const TUNING_EVENTS: LeEventMask = LeEventMask::READ_REMOTE_FEATURES_COMPLETE
    .union(LeEventMask::DATA_LENGTH_CHANGE)
    .union(LeEventMask::PHY_UPDATE_COMPLETE);

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
