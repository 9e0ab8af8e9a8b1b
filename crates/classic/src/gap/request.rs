//! Requests of the application and the root.

use bindrune_hci::{
    BdAddress, ClassOfDevice, PacketTypes, RawHandle, Role, Status, cmd::classic::LocalName,
};
use bindrune_wire::{Uuid, time::Instant};
use embassy_time::Duration;

use super::Gap;
use crate::{Connect, Discoverable, Found, Incoming, Inquiry, InvalidReason, Link, Sniff};

/// What other devices see of this one.
impl Gap {
    /// Sets the name of this device: at most 248 octets of UTF-8; a longer one is cut.
    pub fn set_name(&mut self, name: &str) {
        self.local.set_name(name);
    }

    /// Returns the name of this device.
    #[must_use]
    pub const fn local_name(&self) -> &LocalName {
        self.local.name()
    }

    /// Sets the class of this device. Limited discoverable mode adds its bit.
    pub fn set_class(&mut self, class: ClassOfDevice) {
        self.local.set_class(class);
    }

    /// Sets the services in the inquiry response: at most [`crate::SERVICES_MAX`], and those that fit. If some are
    /// left out, the response says so.
    pub fn set_services(&mut self, services: &[Uuid]) {
        self.local.set_services(services);
    }

    /// Makes this device connectable, or not.
    pub fn set_connectable(&mut self, connectable: bool) {
        self.local.set_connectable(connectable);
    }

    /// Returns whether this device was made connectable.
    #[must_use]
    pub const fn is_connectable(&self) -> bool {
        self.local.is_connectable()
    }

    /// Makes this device discoverable, or not. The limited time begins now.
    pub fn set_discoverable(&mut self, now: Instant, discoverable: Discoverable) {
        self.local.set_discoverable(now, discoverable);
    }

    /// Returns whether this device is discoverable.
    #[must_use]
    pub const fn discoverable(&self) -> Discoverable {
        self.local.discoverable()
    }

    /// Selects the connections of peers that are accepted; [`Incoming::Any`] at first. Links that are up stay.
    pub const fn set_incoming(&mut self, incoming: Incoming) {
        self.acceptor.set(incoming);
    }
}

/// Finding devices.
impl Gap {
    /// Begins an inquiry, which replaces the previous one. Results that were not taken are dropped. While this host
    /// connects or reads a name, the inquiry pauses; its time goes on.
    pub fn inquire(&mut self, now: Instant, inquiry: Inquiry) {
        self.devices.begin();
        self.results_reported = false;
        self.inquirer.request(now, inquiry);
    }

    /// Ends the inquiry, without an event. Results may still wait.
    pub const fn stop_inquiry(&mut self) {
        self.inquirer.release();
    }

    /// Returns whether an inquiry is requested and has not ended.
    #[must_use]
    pub const fn is_inquiring(&self) -> bool {
        self.inquirer.is_requested()
    }

    /// Takes the oldest result that was not taken. A device appears again if more of its data arrives.
    pub fn next_result(&mut self) -> Option<Found<'_>> {
        if !self.devices.has_new() {
            self.results_reported = false;
        }
        self.devices.next()
    }

    /// Returns the number of results that were dropped because the memory was full, since the inquiry began.
    #[must_use]
    pub const fn lost_results(&self) -> u32 {
        self.devices.lost()
    }

    /// Reads a device's name, which replaces the previous request. [`crate::GapEvent::Name`] reports the end, within
    /// 60 s.
    pub fn read_name(&mut self, now: Instant, address: BdAddress) {
        self.reader.request(now, address);
    }

    /// Stops reading a name, without an event.
    pub const fn stop_reading_name(&mut self) {
        self.reader.release();
    }

    /// Returns the name that was read last.
    #[must_use]
    pub const fn name(&self) -> &LocalName {
        self.reader.name()
    }
}

/// Links.
impl Gap {
    /// Requests a link, which replaces the previous request. If one to the device is up, the request succeeds at once.
    pub fn connect(&mut self, now: Instant, connect: Connect) {
        self.connector.request(now, connect);
    }

    /// Withdraws the request for a link, without an event. If the link comes up anyway, it ends.
    pub const fn stop_connecting(&mut self) {
        self.connector.release();
    }

    /// Returns whether the table has room for another link.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.links.has_room()
    }

    /// Returns a link that is up.
    #[must_use]
    pub fn link(&self, slot: u8) -> Option<&Link> {
        self.links.link(slot)
    }

    /// Returns every link that is up, with its slot.
    pub fn links(&self) -> impl Iterator<Item = (u8, &Link)> {
        self.links.all()
    }

    /// Returns the link with a handle.
    #[must_use]
    pub fn slot_of_handle(&self, handle: RawHandle) -> Option<u8> {
        self.links.of_handle(handle)
    }

    /// Returns the link to a peer, if it is up and not ending.
    #[must_use]
    pub fn slot_of_address(&self, address: BdAddress) -> Option<u8> {
        self.links.of_address(address)
    }

    /// Ends a link for reason 0x05, 0x13 to 0x15, 0x1A or 0x29. [Vol 4] Part E, 7.1.6
    ///
    /// # Errors
    ///
    /// [`InvalidReason`] for any other reason.
    pub fn disconnect(&mut self, slot: u8, reason: Status) -> Result<(), InvalidReason> {
        self.links.disconnect(slot, reason)
    }

    /// Sets after what time the controller drops flushable data of a link: up to 1279 ms, in steps of 0.625 ms, rounded
    /// up; `None` for never. It holds as long as the link. [`crate::GapEvent::FlushTimeout`] reports the end.
    ///
    /// Returns false, and changes nothing, if the time is longer, or there is no such link.
    pub fn set_flush_timeout(&mut self, slot: u8, timeout: Option<Duration>) -> bool {
        self.links.set_flush_timeout(slot, timeout)
    }

    /// Selects the packet types of a link. [`crate::GapEvent::PacketTypes`] reports the end.
    pub fn set_packet_types(&mut self, slot: u8, types: PacketTypes) {
        self.links.set_packet_types(slot, types);
    }

    /// Requests another role on a link, which replaces the previous request. [`crate::GapEvent::RoleSwitchEnded`]
    /// reports the end. [Vol 4] Part E, 7.2.8
    pub fn switch_role(&mut self, slot: u8, role: Role) {
        self.links.switch_role(slot, role);
    }

    /// Requests sniff mode for a link, which replaces the previous request. [`crate::GapEvent::ModeRequestEnded`]
    /// reports the end. [Vol 4] Part E, 7.2.2
    ///
    /// Returns false, and changes nothing, if the parameters are out of range, the interval is not shorter than the
    /// supervision timeout, or there is no such link.
    pub fn sniff(&mut self, slot: u8, sniff: Sniff) -> bool {
        self.links.sniff(slot, sniff)
    }

    /// Requests active mode for a link, which replaces the previous request. [`crate::GapEvent::ModeRequestEnded`]
    /// reports the end. [Vol 4] Part E, 7.2.3
    pub fn exit_sniff(&mut self, slot: u8) {
        self.links.exit_sniff(slot);
    }

    /// Requests active mode for a link in sniff mode with an interval of more than 500 ms, so that nothing waits for
    /// too long. Does nothing on other links, and while the mode changes. Returns whether a command is pending for it.
    pub fn wake(&mut self, slot: u8) -> bool {
        self.links.wake(slot)
    }

    /// Sets after what time without a packet a link ends: 0.625 ms to 40.9 s, rounded up to 0.625 ms. Only the central
    /// of the link can; otherwise it is written once this device becomes central.
    /// [`crate::GapEvent::SupervisionTimeout`] reports the end. [Vol 4] Part E, 7.3.42
    ///
    /// Returns false, and changes nothing, if the time is out of range or not longer than the interval of sniff mode,
    /// or there is no such link.
    pub fn set_supervision_timeout(&mut self, slot: u8, timeout: Duration) -> bool {
        self.links.set_supervision_timeout(slot, timeout)
    }
}
