//! The request of an advertising set.

use bindrune_hci::{FilterPolicy, OwnAddressType, Status};

use super::{Gate, SetId};
use crate::{
    Advertisement, AdvertisementKind, ControllerInfo, Device, TooLong, accept_list::ListState,
    adv_data::lay_out, advertisement::Parameters,
};

/// Parameters of the advertising; the data lies in the set's memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) parameters: Parameters,
    /// Whether the peer of directed advertising has private addresses.
    pub(super) private_peer: bool,
    /// Offset of the scan response in the set's memory.
    pub(super) split: usize,
    /// Length of advertising data and of scan response in octets.
    pub(super) len: (usize, usize),
}

impl Request {
    /// Creates the request, and lays the data out in the set's memory.
    pub(super) fn new(
        ad: &Advertisement<'_>,
        device: Device<'_>,
        data: &mut [u8],
    ) -> Result<Self, TooLong> {
        let (first, second) = ad.split(data);
        let split = first.len();
        let len = lay_out(ad, device, first, second)?;
        Ok(Self { parameters: ad.parameters, private_peer: false, split, len })
    }

    pub(super) const fn is_connectable(&self) -> bool {
        matches!(
            self.parameters.kind,
            AdvertisementKind::Connectable | AdvertisementKind::Directed { .. }
        )
    }

    pub(super) const fn is_high_duty(&self) -> bool {
        matches!(self.parameters.kind, AdvertisementKind::Directed { high_duty: true, .. })
    }

    /// Returns the peers to serve. Directed advertising names its peer itself.
    pub(super) const fn filter(&self) -> FilterPolicy {
        match self.parameters.kind {
            AdvertisementKind::Directed { .. } => FilterPolicy::ALL,
            AdvertisementKind::Connectable
            | AdvertisementKind::Scannable
            | AdvertisementKind::NonConnectable => self.parameters.filter,
        }
    }

    pub(super) const fn uses_list(&self) -> bool {
        !matches!(self.filter(), FilterPolicy::ALL)
    }

    /// Returns whether the PDUs have advertising data.
    pub(super) const fn has_data(&self) -> bool {
        match (self.parameters.kind, self.parameters.extended.is_some()) {
            (AdvertisementKind::Directed { .. }, extended) => extended && self.len.0 > 0,
            (AdvertisementKind::Scannable, true) => false,
            _ => true,
        }
    }

    /// Returns whether the PDUs have a scan response.
    pub(super) const fn has_response(&self) -> bool {
        matches!(
            (self.parameters.kind, self.parameters.extended.is_some()),
            (AdvertisementKind::Scannable, _) | (AdvertisementKind::Connectable, false)
        )
    }

    /// Returns whether the controller generates the private addresses of directed advertising: the peer's, and ours
    /// if it has our key.
    fn is_resolved(&self, gate: Gate<'_>) -> bool {
        matches!(self.parameters.kind, AdvertisementKind::Directed { peer, .. } if gate.resolving.resolves(peer))
    }

    /// Returns the type of our address. [Vol 4] Part E, 7.8.5
    pub(super) fn own_type(&self, info: &ControllerInfo, gate: Gate<'_>) -> OwnAddressType {
        info.own_address_type_towards(self.is_resolved(gate))
    }

    /// Fails if the controller does not support the request at all.
    pub(super) fn check(
        &self,
        id: SetId,
        info: &ControllerInfo,
        gate: Gate<'_>,
    ) -> Result<(), Status> {
        let (data, response) = self.len;
        if let ListState::Failed(status) = gate.list()
            && self.uses_list()
        {
            Err(status)
        } else if id.0 >= info.advertising_sets {
            Err(Status::LIMIT_REACHED)
        } else if (self.parameters.extended.is_some()
            && (!info.is_extended() || self.is_high_duty()))
            || (self.private_peer && !self.is_resolved(gate))
        {
            Err(Status::UNSUPPORTED_FEATURE)
        } else if data.max(response) > usize::from(info.max_advertising_data) {
            Err(Status::MEMORY_CAPACITY_EXCEEDED)
        } else {
            Ok(())
        }
    }
}
