//! Events of the controller for a link.

use bindrune_hci::{
    LmpFeatures, LmpFeatures1, LmpFeatures2, Status,
    event::{
        DisconnectionComplete,
        classic::{
            ClassicEvent, ModeChange, ReadRemoteExtendedFeaturesComplete,
            ReadRemoteSupportedFeaturesComplete, RoleChange,
        },
    },
};

use super::{
    LinkSlot, Links,
    slot::{LinkMode, Pending, Todo},
};

impl Links {
    /// Handles Disconnection Complete. Returns false if the link is none of these.
    pub(crate) fn disconnected(&mut self, event: &DisconnectionComplete) -> bool {
        let Some(place) = self.by_handle(event.handle) else { return false };
        if event.status.is_success() {
            place.down(event.reason);
        } else {
            // It did not end: it is tried again.
            let ending = place.running.take_if(|(what, _)| *what == Todo::DISCONNECT);
            if ending.is_some() {
                place.disconnect_again();
            }
        }
        true
    }

    /// Handles an event of a link. Returns false if it names a link that is none of these.
    #[expect(clippy::wildcard_enum_match_arm, reason = "all other events belong to other machines")]
    pub(crate) fn handle_event(&mut self, event: &ClassicEvent<'_>) -> bool {
        match event {
            ClassicEvent::ReadRemoteSupportedFeaturesComplete(event) => self.features(event),
            ClassicEvent::ReadRemoteExtendedFeaturesComplete(event) => self.more_features(event),
            ClassicEvent::RoleChange(event) => self.role_changed(event),
            ClassicEvent::FlushOccurred(event) => {
                let place = self.by_handle(event.handle);
                place.map(|place| {
                    place.flushed = place.flushed.saturating_add(1);
                    place.pending.insert(Pending::FLUSHED);
                })
            }
            ClassicEvent::ModeChange(event) => {
                let place = self.by_handle(event.handle);
                place.map(|place| place.mode_changed(event))
            }
            ClassicEvent::MaxSlotsChange(event) => {
                let place = self.by_handle(event.handle);
                place.map(|place| place.link.max_slots = event.max_slots)
            }
            ClassicEvent::LinkSupervisionTimeoutChanged(event) => {
                let place = self.by_handle(event.handle);
                place.map(|place| {
                    place.link.supervision_timeout = event.timeout.get();
                    place.pending.insert(Pending::SUPERVISION);
                })
            }
            ClassicEvent::ConnectionPacketTypeChanged(event) => {
                let place = self.by_handle(event.handle);
                place.map(|place| {
                    let asked = matches!(place.running, Some((Todo::PACKET_TYPES, _)));
                    place.finish(Todo::PACKET_TYPES, Ok(()));
                    if asked {
                        place.types_status = event.status;
                        place.pending.insert(Pending::PACKET_TYPES);
                    }
                })
            }
            _ => Some(()),
        }
        .is_some()
    }

    fn features(&mut self, event: &ReadRemoteSupportedFeaturesComplete) -> Option<()> {
        let place = self.by_handle(event.handle)?;
        if !matches!(place.running, Some((Todo::FEATURES, _))) {
            return None;
        }
        place.finish(Todo::FEATURES, event.status.ok());
        if event.status.is_success() {
            let features = LmpFeatures::from_bits_retain(event.features.get());
            place.link.features = Some(features);
            if features.contains(LmpFeatures::EXTENDED_FEATURES) {
                place.todo.insert(Todo::FEATURES_1);
            } else {
                place.pending.insert(Pending::FEATURES);
            }
        }
        Some(())
    }

    fn more_features(&mut self, event: &ReadRemoteExtendedFeaturesComplete) -> Option<()> {
        let place = self.by_handle(event.handle)?;
        let (what, _) = place.running?;
        if what != Todo::FEATURES_1 && what != Todo::FEATURES_2 {
            return None;
        }
        place.finish(what, event.status.ok());
        if !event.status.is_success() {
            return Some(());
        }
        let features = event.features.get();
        match (what, event.page) {
            (Todo::FEATURES_1, 1) => {
                place.link.host_features = Some(LmpFeatures1::from_bits_retain(features));
            }
            (Todo::FEATURES_2, 2) => {
                place.link.features_2 = Some(LmpFeatures2::from_bits_retain(features));
            }
            _ => {}
        }
        if what == Todo::FEATURES_1 && event.max_page >= 2 {
            place.todo.insert(Todo::FEATURES_2);
        } else {
            place.pending.insert(Pending::FEATURES);
        }
        Some(())
    }

    fn role_changed(&mut self, event: &RoleChange) -> Option<()> {
        let known = |place: &&mut LinkSlot| {
            (place.is_up() || place.is_reserved_for(event.address))
                && place.link.address == event.address
        };
        let place = self.slots.iter_mut().find(known)?;
        place.role_changed(event);
        Some(())
    }
}

impl LinkSlot {
    fn role_changed(&mut self, event: &RoleChange) {
        let is_change = event.status.is_success() && event.role.name().is_some();
        if is_change && self.link.role != event.role {
            self.link.role = event.role;
            if self.is_up() {
                self.pending.insert(Pending::ROLE);
                self.supervise_as_central();
            }
        }
        // The peer may switch while this device requests the other role: that request goes on.
        let ends = !is_change || event.role == self.asked_role;
        if self.running.take_if(|(what, _)| *what == Todo::ROLE && ends).is_some() {
            let refused = || event.status.ok().err().unwrap_or(Status::UNSPECIFIED);
            let is_so = self.link.role == self.wanted_role;
            self.todo.set(Todo::ROLE, self.todo.contains(Todo::ROLE) && !is_so);
            let status = if is_change || is_so { Status::SUCCESS } else { refused() };
            self.ended(Todo::ROLE, status);
        }
    }

    fn mode_changed(&mut self, event: &ModeChange) {
        let (mode, interval) = (LinkMode(event.mode), event.interval.get());
        let interval = if mode == LinkMode::ACTIVE { 0 } else { interval };
        let is_change = event.status.is_success() && mode.name().is_some();
        if is_change && (self.link.mode, self.link.mode_interval) != (mode, interval) {
            (self.link.mode, self.link.mode_interval) = (mode, interval);
            self.pending.insert(Pending::MODE);
        }
        // The peer may change the mode while this device requests the other one: that request goes on.
        let ends = !event.status.is_success() || mode == self.asked_mode;
        if self.running.take_if(|(what, _)| *what == Todo::MODE && ends).is_some() {
            let is_so = self.has_wanted_mode();
            // The link has left sniff mode for another interval.
            let half = is_change && mode == LinkMode::ACTIVE && self.wanted_sniff.is_some();
            let pending = half || self.todo.contains(Todo::MODE);
            self.todo.set(Todo::MODE, pending && !is_so);
            self.ended(Todo::MODE, if is_so { Status::SUCCESS } else { event.status });
        }
    }
}
