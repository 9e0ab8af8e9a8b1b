//! Replacements for private addresses and for the resolving list.

use bindrune_hci::{Opcode, SecretKey, Status};
use bindrune_wire::{Address, Writer, time::Instant};

use crate::{AddressChoice, ControllerInfo, Resolve, TooManyPeers};

/// Replaces private addresses: the identity address is on the air.
#[derive(Debug)]
pub(crate) struct Privacy;

impl Privacy {
    pub(crate) const fn new(_required: bool) -> Self {
        Self
    }

    pub(crate) const fn restart(&mut self) {}

    pub(crate) const fn show_private(&mut self) {}

    pub(crate) const fn show_identity(&mut self, _choice: AddressChoice) {}

    pub(crate) const fn poll_identity(&mut self, _info: &ControllerInfo) -> Option<AddressChoice> {
        None
    }

    pub(crate) const fn poll_changed(&mut self) -> Option<Result<(), Status>> {
        None
    }

    pub(crate) const fn failed(&mut self, _status: Status) {}

    pub(crate) const fn try_again(&mut self) {}

    pub(crate) const fn failure(&self) -> Option<Status> {
        None
    }

    pub(crate) const fn request(&mut self, _address: Address, _until: Instant) {}

    pub(crate) const fn holds(&self) -> bool {
        false
    }

    pub(crate) const fn poll_command(&mut self, _w: &mut Writer<'_>) -> Option<Opcode> {
        None
    }

    pub(crate) const fn answered(&mut self, _now: Instant, _status: Status) -> Option<Address> {
        None
    }

    pub(crate) const fn poll_due(&mut self) -> bool {
        false
    }

    pub(crate) const fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    pub(crate) const fn handle_timeout(&mut self, _now: Instant) {}
}

/// Replaces the resolving list: the controller resolves no address.
#[derive(Debug)]
pub(crate) struct ResolvingList;

impl ResolvingList {
    pub(crate) const EMPTY: Self = Self;

    pub(crate) const fn restart(&mut self) {}

    pub(crate) const fn request(
        &mut self,
        _local: SecretKey,
        _peers: &[Resolve],
    ) -> Result<(), TooManyPeers> {
        Ok(())
    }

    pub(crate) const fn resolves(&self, _peer: Address) -> bool {
        false
    }

    pub(crate) const fn hides_us(&self, _peer: Option<Address>) -> bool {
        false
    }

    pub(crate) const fn holds(&mut self, _info: &ControllerInfo) -> bool {
        false
    }

    pub(crate) const fn poll_command(
        &mut self,
        _info: &ControllerInfo,
        _w: &mut Writer<'_>,
    ) -> Option<Opcode> {
        None
    }

    pub(crate) const fn answered(&mut self, _status: Status) {}
}
