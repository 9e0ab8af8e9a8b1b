//! One virtual controller: the settings of its host, and the pending output to it.
//!
//! - [`input`] and [`output`] are the two directions of its transport;
//! - [`commands`] executes the host's commands, one file for each group;
//! - [`events`] reports events to the host, as far as the host's masks allow;
//! - [`acl`] moves ACL data between the host's buffers and links, [`flow`] withholds it while the host has no room.

mod acl;
mod commands;
mod events;
mod flow;
mod input;
mod output;
mod reports;

use std::collections::BTreeMap;

use bindrune_hci::DeviceAddress;
use bindrune_hci::{
    OwnAddressType,
    cmd::{
        baseband::EventMask,
        le::{LeEventMask, LeFeatures},
    },
};
use bindrune_wire::{Address, AddressKind};

use crate::{
    ControllerConfig, ControllerId, Violations,
    advertise::{AdvertisingSet, SetKey},
    classic::Classic,
    initiate::Initiator,
    link::{End, Limits, LinkId, PhyRequest},
    privacy::Privacy,
    scan::Scanner,
};

pub(crate) use commands::{Call, Reply};
pub(crate) use events::ConnectionCompleted;
pub(crate) use reports::Report;

use commands::{CommandLane, Keys};
use flow::HostFlow;
use input::Input;
use output::{Output, Place};

/// A virtual controller.
#[derive(Debug)]
pub(crate) struct Controller {
    pub(crate) id: ControllerId,
    pub(crate) config: ControllerConfig,
    input: Input,
    output: Output,
    lane: CommandLane,
    flow: HostFlow,
    /// Number of ACL buffers that hold a packet of the host.
    acl_held: usize,
    event_mask: EventMask,
    le_event_mask: LeEventMask,
    pub(crate) random_address: Option<[u8; 6]>,
    pub(crate) accept_list: Vec<DeviceAddress>,
    flavour: Option<Flavour>,
    pub(crate) sets: BTreeMap<SetKey, AdvertisingSet>,
    pub(crate) scanner: Scanner,
    pub(crate) initiator: Option<Initiator>,
    pub(crate) links: BTreeMap<u16, (LinkId, End)>,
    pub(crate) classic: Classic,
    /// Handles of ended links, and the position of the event that reports the end.
    closed: BTreeMap<u16, Place>,
    pub(crate) suggested: Limits,
    pub(crate) default_phy: PhyRequest,
    keys: Keys,
    pub(crate) privacy: Privacy,
    numbers: u32,
    pub(crate) violations: Violations,
}

/// Group of advertising, scanning and initiating commands that the host uses: it must not mix the groups. [Vol 4]
/// Part E, 3.1.1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    Legacy,
    Extended,
}

impl Controller {
    pub(crate) fn new(id: ControllerId, config: ControllerConfig) -> Self {
        let default_phy =
            PhyRequest { tx_one: true, tx_two: config.phy_2m, rx_one: true, rx_two: config.phy_2m };
        Self {
            id,
            config,
            input: Input::default(),
            output: Output::default(),
            lane: CommandLane::default(),
            flow: HostFlow::default(),
            acl_held: 0,
            event_mask: EventMask::DEFAULT,
            le_event_mask: LeEventMask::DEFAULT,
            random_address: None,
            accept_list: Vec::new(),
            flavour: None,
            sets: BTreeMap::new(),
            scanner: Scanner::default(),
            initiator: None,
            links: BTreeMap::new(),
            classic: Classic::default(),
            closed: BTreeMap::new(),
            suggested: Limits::MIN,
            default_phy,
            keys: Keys::default(),
            privacy: Privacy::default(),
            numbers: 0,
            violations: Violations::default(),
        }
    }

    /// Returns to the state after power-on. Packets on their way to the host stay. [Vol 4] Part E, 7.3.2
    pub(crate) fn reset(&mut self) {
        let place = self.output.place();
        let handles = self.links.keys().chain(self.classic.links.keys());
        let gone: Vec<_> = handles.map(|&handle| (handle, place)).collect();
        let mut closed = core::mem::take(&mut self.closed);
        closed.extend(gone);
        for reported in closed.values_mut() {
            *reported = (*reported).min(place);
        }
        *self = Self {
            input: core::mem::take(&mut self.input),
            output: core::mem::take(&mut self.output),
            lane: core::mem::take(&mut self.lane),
            closed,
            numbers: self.numbers,
            violations: self.violations,
            ..Self::new(self.id, self.config.clone())
        };
    }

    /// Cuts the power: packets on their way to the host are lost too.
    pub(crate) fn power_off(&mut self) {
        self.reset();
        self.input = Input::default();
        self.lane = CommandLane::default();
        self.closed.clear();
        self.output.clear();
    }

    /// Returns a number that identifies an activity.
    pub(crate) const fn next_number(&mut self) -> u32 {
        self.numbers = self.numbers.wrapping_add(1);
        self.numbers
    }

    /// Returns the next packet for the host.
    pub(crate) fn transmit(&mut self) -> Option<Vec<u8>> {
        self.output.take()
    }

    pub(crate) fn has_output(&self) -> bool {
        !self.output.is_empty()
    }

    pub(crate) const fn lost_reports(&self) -> u64 {
        self.output.lost_reports()
    }

    pub(crate) fn features(&self) -> u64 {
        let mut features = LeFeatures::EXTENDED_REJECT
            | LeFeatures::PERIPHERAL_FEATURES_EXCHANGE
            | LeFeatures::PING
            | LeFeatures::CHANNEL_SELECTION_2;
        features.set(LeFeatures::ENCRYPTION, self.config.encryption);
        features.set(LeFeatures::CONNECTION_PARAMETERS_REQUEST, self.config.parameter_request);
        features.set(LeFeatures::DATA_LENGTH_EXTENSION, self.config.data_length > 27);
        features.set(LeFeatures::LL_PRIVACY, self.config.resolving_list > 0);
        features.set(LeFeatures::PHY_2M, self.config.phy_2m);
        features.set(LeFeatures::EXTENDED_ADVERTISING, self.config.extended_advertising);
        features.bits()
    }

    /// Returns the public address, least significant octet first; zeros if there is none.
    pub(crate) fn public_address(&self) -> [u8; 6] {
        let [low, high, ..] = self.id.number().to_le_bytes();
        self.config.public_address.unwrap_or([low, high, 0x00, 0x01, 0xac, 0xbe])
    }

    /// Returns the address of a set, scanner or initiator without a private address; `random` is its random address.
    pub(crate) fn own_address(
        &self,
        kind: OwnAddressType,
        random: Option<[u8; 6]>,
    ) -> Option<Address> {
        match kind {
            OwnAddressType::PUBLIC | OwnAddressType::RESOLVABLE_OR_PUBLIC => {
                Some(Address::new(AddressKind::Public, self.public_address()))
            }
            _ => random.map(|octets| Address::new(AddressKind::Random, octets)),
        }
    }

    /// Returns whether the accept list has this advertiser; `None` is an anonymous one.
    pub(crate) fn accepts(&self, address: Option<Address>) -> bool {
        self.accept_list.iter().any(|entry| entry.get() == address)
    }

    /// Returns the lowest free connection handle.
    pub(crate) fn free_handle(&self) -> Option<u16> {
        if self.links.len() >= usize::from(self.config.links) {
            return None;
        }
        self.unused_handle()
    }

    /// Returns the lowest handle that no link has.
    pub(crate) fn unused_handle(&self) -> Option<u16> {
        (self.config.first_handle..=0x0eff)
            .find(|handle| !self.has_link(*handle) && !self.flow.is_closing(*handle))
    }

    /// Returns whether this is the handle of a link, of LE or BR/EDR.
    pub(crate) fn has_link(&self, handle: u16) -> bool {
        self.links.contains_key(&handle) || self.classic.links.contains_key(&handle)
    }
}
