//! Events of the controller for BR/EDR, and the events of its machines. [Vol 4] Part E, 7.7

use bindrune_classic::{
    GapEvent, LinkUp,
    security::{LinkUp as SecureLink, PeerFeatures},
};
use bindrune_hci::{
    BdAddress, Event, LmpFeatures, LmpFeatures1, LmpFeatures2, RawHandle, Status,
    credits::{AclCredits, Buffers, HostLinkCredits, LinkCredits},
    event::ClassicEvent,
};
use bindrune_l2cap::{LinkId, classic::Link as L2cap};
use bindrune_wire::{Address, time::Instant};

use super::{Link, Phase, Procedure, gap::Inquiring, wait::Event as Awaited};
use crate::{
    stack::{Life, Stack},
    waiters::Due,
};

impl Stack {
    /// Handles an event of BR/EDR. Returns false if the event is for LE.
    #[expect(clippy::wildcard_enum_match_arm, reason = "all other events are for LE")]
    pub(in crate::stack) fn classic_event(&mut self, now: Instant, event: &Event<'_>) -> bool {
        let Some(state) = self.classic.get() else { return false };
        let own = |handle: RawHandle| handle.get().is_some_and(|h| state.find(h).is_some());
        let taken = match event {
            Event::Unknown(raw) => match ClassicEvent::parse_raw(*raw) {
                Ok(Some(event)) => {
                    let _security = state.security.handle_classic(now, &event);
                    state.gap.handle_classic_event(now, &event);
                    true
                }
                Ok(None) => false,
                Err(_) => {
                    self.stats.malformed_events.count();
                    true
                }
            },
            Event::DisconnectionComplete(complete) => {
                // GAP also has links that came up after their request was dropped.
                let taken =
                    own(complete.handle) || state.gap.slot_of_handle(complete.handle).is_some();
                state.gap.handle_event(now, event);
                taken
            }
            Event::EncryptionChange(_)
            | Event::EncryptionChangeV2(_)
            | Event::EncryptionKeyRefreshComplete(_) => state.security.handle_event(now, event),
            _ => false,
        };
        if taken {
            self.classic_changed(now);
            self.ready.run(Due::COMMAND);
        }
        taken
    }

    /// Handles completed packets of a BR/EDR link; false if it is none. [Vol 4] Part E, 7.7.19
    pub(in crate::stack) fn classic_completed(
        &mut self,
        now: Instant,
        handle: RawHandle,
        count: u16,
    ) -> bool {
        let Some(state) = self.classic.get() else { return false };
        let index = handle.get().and_then(|handle| state.find(handle));
        let Some(index) = index else { return false };
        let Some(link) = state.links.get_mut(usize::from(index)) else { return false };
        let acl = state.acl.as_mut().unwrap_or(&mut self.acl);
        if acl.completed(now, &mut link.credits, count) > 0 {
            self.stats.stray_credits.count();
        }
        link.l2cap.completed(count);
        self.leave_if_drained(index);
        self.ready.run(Due::DATA);
        true
    }

    /// Handles everything that the machines report, after any input.
    pub(super) fn classic_changed(&mut self, now: Instant) {
        self.classic_secured(now);
        while let Some(event) = self.classic.get().and_then(|state| state.gap.poll_event()) {
            self.classic_gap_event(now, event);
        }
        self.classic_secured(now);
        self.deadlines_changed();
    }

    fn classic_gap_event(&mut self, now: Instant, event: GapEvent) {
        match event {
            GapEvent::Ready => self.classic_ready(now),
            GapEvent::Unsupported | GapEvent::SetupFailed { .. } => {
                if let Some(state) = self.classic.get() {
                    state.phase = Phase::Unusable;
                }
                self.ready.classic.all();
            }
            GapEvent::LinkUp(up) => self.classic_link_up(&up),
            GapEvent::LinkDown { slot, reason, .. } => {
                let reason = self.classic_reason(slot, reason);
                self.end_classic_link(slot, reason);
                self.continue_shutdown(now);
            }
            GapEvent::Features { slot } => self.classic_features(slot),
            GapEvent::ConnectEnded { address, result } => {
                if let Some(state) = self.classic.get() {
                    end_request(&mut state.connecting, address, result);
                }
                self.classic_mark(Awaited::Link);
            }
            GapEvent::Name { address, result } => {
                if let Some(state) = self.classic.get() {
                    end_request(&mut state.naming, address, result);
                }
                self.classic_mark(Awaited::Name);
            }
            GapEvent::InquiryResult => self.classic_mark(Awaited::Inquiry),
            GapEvent::InquiryDone(end) => {
                if let Some(state) = self.classic.get() {
                    state.inquiring = Inquiring::Ended(end);
                }
                self.classic_mark(Awaited::Inquiry);
            }
            GapEvent::Flushed { slot, .. } => self.classic_flushed(slot),
            GapEvent::FlushTimeout { slot, result } => self.classic_flush_timeout(slot, result),
            GapEvent::RoleSwitchEnded { slot, result } => {
                self.classic_procedure_ended(slot, Procedure::Role, result);
            }
            GapEvent::ModeRequestEnded { slot, result } => {
                self.classic_procedure_ended(slot, Procedure::Mode, result);
            }
            GapEvent::SupervisionTimeout { slot, result } => {
                self.classic_procedure_ended(slot, Procedure::Supervision, result);
            }
            GapEvent::RoleChanged { .. }
            | GapEvent::ModeChanged { .. }
            | GapEvent::SupervisionTimeoutChanged { .. }
            | GapEvent::PacketTypes { .. }
            | GapEvent::DiscoverableEnded
            | GapEvent::ScanFailed(_) => self.classic_mark(Awaited::Setting),
        }
    }

    /// Counts a PDU that the controller has dropped. [Vol 4] Part E, 7.7.17
    fn classic_flushed(&mut self, slot: u8) {
        if let Some(state) = self.classic.get()
            && let Some(link) = state.links.get_mut(usize::from(slot))
        {
            link.l2cap.flushed(&mut state.channels);
        }
        self.classic_signals(slot);
    }

    /// Returns the reason for which a link has ended. [Vol 4] Part E, 7.7.5
    ///
    /// A peer may send any; those of this host's own are not believed.
    fn classic_reason(&mut self, slot: u8, reason: Status) -> Status {
        let leaving =
            self.classic.get().and_then(|state| state.up(slot)).is_some_and(|link| link.is_leaving);
        match reason {
            Status::LOCAL_HOST_TERMINATED if !leaving => Status::UNSPECIFIED,
            Status::HARDWARE_FAILURE => Status::UNSPECIFIED,
            reason => reason,
        }
    }

    /// Handles the end of the set-up.
    fn classic_ready(&mut self, _: Instant) {
        let Some(state) = self.classic.get() else { return };
        state.phase = Phase::Ready;
        if let Some(info) = state.gap.controller() {
            let buffers = Buffers { len: info.acl_len, count: info.acl_count };
            // A controller without buffers of LE reports the same ones for both. [Vol 4] Part E, 7.8.2
            let le = self
                .gap
                .controller()
                .map(|info| Buffers { len: info.acl_len, count: info.acl_count });
            let own = !buffers.is_none() && le != Some(buffers);
            state.acl = own.then(|| AclCredits::new(buffers));
            state.security.set_local(info.address.get());
            let mut security = state.config.security;
            security.secure_connections = info.secure_connections;
            state.security.set_config(security);
        }
        self.classic_visibility();
        self.ready.classic.all();
    }

    /// Handles a link that came up. [Vol 4] Part E, 7.7.3
    fn classic_link_up(&mut self, up: &LinkUp) {
        self.end_classic_link(up.slot, Status::CONNECTION_TIMEOUT);
        let now = self.now;
        let Some(state) = self.classic.get() else { return };
        let Some(link) = state.links.get_mut(usize::from(up.slot)) else { return };
        let peer = up.address.get();
        *link = Link {
            generation: link.generation.wrapping_add(1),
            life: Life::Up,
            handle: up.handle,
            peer,
            users: 0,
            is_own: !up.incoming,
            before: (link.handle, link.ended_at),
            credits: LinkCredits::NONE,
            host_credits: HostLinkCredits::NONE,
            l2cap: L2cap::new(LinkId(up.slot)),
            ..Link::FREE
        };
        state.security.link_up(up.slot, SecureLink { handle: up.handle, peer });
        state.announce_oob(up.slot);
        self.attach_classic_bond(now, up.slot);
        self.share_classic_buffers();
        self.classic_mark(Awaited::Link);
        self.classic_idle(up.slot);
        self.deliver_early_classic(up.handle);
    }

    /// Handles the features of a peer. [Vol 2] Part C, 3.3
    fn classic_features(&mut self, slot: u8) {
        let Some(state) = self.classic.get() else { return };
        let Some(link) = state.gap.link(slot) else { return };
        let (features, host) = (link.features, link.host_features);
        let host_has = |bit| host.is_some_and(|host| host.contains(bit));
        let simple = features.is_some_and(|f| f.contains(LmpFeatures::SIMPLE_PAIRING));
        let secure = link.features_2.is_some_and(|f| f.contains(LmpFeatures2::SECURE_CONNECTIONS));
        state.security.set_features(
            slot,
            PeerFeatures {
                simple_pairing: simple && host_has(LmpFeatures1::SIMPLE_PAIRING_HOST),
                secure_connections: secure && host_has(LmpFeatures1::SECURE_CONNECTIONS_HOST),
            },
        );
        self.ready.run(Due::COMMAND);
    }
}

/// Stores how a request to a peer ended, if it is the current one.
fn end_request<T>(request: &mut Option<(Address, Option<T>)>, peer: BdAddress, result: T) {
    if let Some((_, end)) = request.as_mut().filter(|(of, _)| *of == peer.get()) {
        *end = Some(result);
    }
}
