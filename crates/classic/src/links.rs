//! The table of links, and what is requested of each. [Vol 4] Part E, 7.1, 7.2 and 7.3

mod command;
mod event;
mod request;
mod slot;

use bindrune_hci::{BdAddress, ClassOfDevice, Opcode, RawHandle, Role, Status};
use bindrune_wire::{Handle, Writer, time::Instant};

use crate::{Config, ControllerInfo, GapEvent};
use command::Sent;
pub use request::{InvalidReason, Sniff};
pub use slot::{Link, LinkMode, LinkSlot};

/// A link that came up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkUp {
    /// Its place in the table: the name of the link until its end is reported.
    pub slot: u8,
    /// The peer.
    pub address: BdAddress,
    /// Its handle.
    pub handle: Handle,
    /// Role of this device.
    pub role: Role,
    /// Whether the peer made the link.
    pub incoming: bool,
    /// Class of the peer, if it is known.
    pub class: ClassOfDevice,
}

/// The table.
#[derive(Debug)]
pub(crate) struct Links {
    slots: &'static mut [LinkSlot],
    /// The link whose command is in flight, and the command.
    sent: Option<(u8, Handle, Sent)>,
    /// The link that sends the next command: links take turns.
    turn: u8,
}

impl Links {
    /// Uses at most 255 places.
    pub(crate) fn new(slots: &'static mut [LinkSlot]) -> Self {
        let count = slots.len().min(u8::MAX.into());
        let slots = slots.split_at_mut_checked(count).unwrap_or_default().0;
        Self { slots, sent: None, turn: 0 }
    }

    /// Forgets all links, at a reset of the controller.
    pub(crate) fn restart(&mut self) {
        self.slots.fill(LinkSlot::EMPTY);
        self.sent = None;
    }

    fn get(&self, slot: u8) -> Option<&LinkSlot> {
        self.slots.get(usize::from(slot)).filter(|place| place.is_up())
    }

    fn get_mut(&mut self, slot: u8) -> Option<&mut LinkSlot> {
        self.slots.get_mut(usize::from(slot)).filter(|place| place.is_up())
    }

    fn numbered(&self) -> impl Iterator<Item = (u8, &LinkSlot)> {
        (0..=u8::MAX).zip(self.slots.iter())
    }

    /// Returns a link that is up.
    pub(crate) fn link(&self, slot: u8) -> Option<&Link> {
        self.get(slot).filter(|place| place.is_known()).map(LinkSlot::link)
    }

    /// Returns every link that is up.
    pub(crate) fn all(&self) -> impl Iterator<Item = (u8, &Link)> {
        let known = self.numbered().filter(|(_, place)| place.is_known());
        known.map(|(slot, place)| (slot, place.link()))
    }

    /// Returns whether a link has this handle.
    pub(crate) fn uses(&self, handle: Handle) -> bool {
        self.slots.iter().any(|place| place.is_up() && place.link().handle == handle)
    }

    fn by_handle(&mut self, handle: RawHandle) -> Option<&mut LinkSlot> {
        let handle = Handle::new(handle.raw())?;
        self.slots.iter_mut().find(|place| place.is_up() && place.link().handle == handle)
    }

    pub(crate) fn of_handle(&self, handle: RawHandle) -> Option<u8> {
        let handle = Handle::new(handle.raw())?;
        self.all().find(|(_, link)| link.handle == handle).map(|(slot, _)| slot)
    }

    /// Returns the link to a peer that is up and not ending.
    pub(crate) fn of_address(&self, address: BdAddress) -> Option<u8> {
        let mut places = self.numbered();
        let lasting = |place: &LinkSlot| place.is_lasting() && place.link().address == address;
        places.find(|(_, place)| lasting(place)).map(|(slot, _)| slot)
    }

    /// Returns whether there is any link to a peer, also one that ends.
    pub(crate) fn has(&self, address: BdAddress) -> bool {
        self.slots.iter().any(|place| place.is_up() && place.link().address == address)
    }

    pub(crate) fn has_room(&self) -> bool {
        self.slots.iter().any(LinkSlot::is_free)
    }

    /// Reserves a place for a link that is about to come up; an earlier one of the same peer is kept. False if there is
    /// no room.
    pub(crate) fn reserve(
        &mut self,
        address: BdAddress,
        incoming: bool,
        class: ClassOfDevice,
    ) -> bool {
        if let Some(place) = self.slots.iter_mut().find(|place| place.is_reserved_for(address)) {
            place.set_incoming(incoming);
            return true;
        }
        let free = self.slots.iter_mut().find(|place| place.is_free());
        free.map(|place| place.reserve(address, incoming, class)).is_some()
    }

    /// Returns the reserved places for which no link can come up any longer.
    pub(crate) fn tidy(&mut self, is_expected: impl Fn(BdAddress) -> bool) {
        for place in self.slots.iter_mut() {
            if place.is_reserved() && !is_expected(place.link().address) {
                *place = LinkSlot::EMPTY;
            }
        }
    }

    /// Takes a link that came up, in its reserved place. `None` if there is none, or the handle is in use.
    pub(crate) fn up(
        &mut self,
        address: BdAddress,
        handle: Handle,
        encrypted: bool,
        config: &Config,
    ) -> Option<u8> {
        if self.uses(handle) {
            return None;
        }
        let places = (0..=u8::MAX).zip(self.slots.iter_mut());
        let (slot, place) = places.into_iter().find(|(_, place)| place.is_reserved_for(address))?;
        place.up(handle, encrypted, config);
        Some(slot)
    }

    /// Ends a link that is not wanted: its owner never gets to know it.
    pub(crate) fn discard(&mut self, slot: u8) {
        if let Some(place) = self.get_mut(slot) {
            place.discard();
        }
    }

    /// Writes the next missing command of any link.
    pub(crate) fn poll_command(
        &mut self,
        now: Instant,
        info: &ControllerInfo,
        w: &mut Writer<'_>,
    ) -> Option<Opcode> {
        let count = u8::try_from(self.slots.len()).unwrap_or(u8::MAX);
        for _ in 0..count {
            let slot = self.turn;
            self.turn = self.turn.saturating_add(1);
            if self.turn >= count {
                self.turn = 0;
            }
            let Some(place) = self.get_mut(slot) else { continue };
            let handle = place.link().handle;
            if let Some((opcode, sent)) = place.poll_command(now, info, w) {
                self.sent = Some((slot, handle, sent));
                return Some(opcode);
            }
        }
        None
    }

    /// Takes the answer to the command of [`Self::poll_command`].
    pub(crate) fn answered(&mut self, now: Instant, status: Status) {
        let Some((slot, handle, sent)) = self.sent.take() else { return };
        // The link may have ended meanwhile, and another one may have its place.
        if let Some(place) = self.get_mut(slot).filter(|place| place.link().handle == handle) {
            place.answered(now, sent, status);
        }
    }

    /// Returns the next event of any link.
    pub(crate) fn poll_event(&mut self) -> Option<GapEvent> {
        (0..=u8::MAX).zip(self.slots.iter_mut()).find_map(|(slot, place)| place.poll_event(slot))
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.slots.iter().filter_map(LinkSlot::poll_timeout).min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        for place in self.slots.iter_mut().filter(|place| place.is_in_use()) {
            place.handle_timeout(now);
        }
    }
}

#[cfg(test)]
mod tests;
