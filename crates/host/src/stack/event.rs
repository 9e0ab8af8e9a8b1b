//! Events of the controller, parsed and handled in place. [Vol 4] Part E, 7.7

use bindrune_gap::InitError;
use bindrune_hci::{
    Event, RawHandle, Status,
    cmd::baseband::CompletedPackets,
    event::{EventCode, RawEvent, Subevent, completed_of_one_link},
};
use bindrune_wire::time::Instant;

use super::{ControllerLoss, Phase, Stack};
use crate::{
    capability::{EXTENDED, OBSERVER, PRIVACY, SECURITY, TUNING},
    waiters::{Due, HostKey},
};

/// Returns whether this host has a use for an event.
const fn handles(code: EventCode, subevent: Option<Subevent>) -> bool {
    match (code, subevent) {
        (_, Some(Subevent::ADVERTISING_REPORT | Subevent::EXTENDED_ADVERTISING_REPORT)) => OBSERVER,
        (_, Some(Subevent::ADVERTISING_SET_TERMINATED)) => EXTENDED,
        (_, Some(Subevent::ENHANCED_CONNECTION_COMPLETE)) => EXTENDED || PRIVACY,
        (EventCode::READ_REMOTE_VERSION_COMPLETE, _)
        | (
            _,
            Some(
                Subevent::READ_REMOTE_FEATURES_COMPLETE
                | Subevent::DATA_LENGTH_CHANGE
                | Subevent::PHY_UPDATE_COMPLETE,
            ),
        ) => TUNING,
        (
            EventCode::ENCRYPTION_CHANGE
            | EventCode::ENCRYPTION_CHANGE_V2
            | EventCode::ENCRYPTION_KEY_REFRESH_COMPLETE,
            _,
        )
        | (
            _,
            Some(Subevent::READ_LOCAL_P256_PUBLIC_KEY_COMPLETE | Subevent::GENERATE_DHKEY_COMPLETE),
        ) => SECURITY,
        (
            _,
            Some(
                Subevent::DIRECTED_ADVERTISING_REPORT
                | Subevent::SCAN_REQUEST_RECEIVED
                | Subevent::CHANNEL_SELECTION_ALGORITHM,
            ),
        ) => false,
        _ => true,
    }
}

impl Stack {
    /// Takes an event packet: code, length, parameters.
    pub(crate) fn handle_event(&mut self, now: Instant, packet: &[u8]) {
        self.stats.events.count();
        if let Phase::Setup | Phase::Ready = self.phase
            && let Some((handle, count)) = completed_of_one_link(packet)
        {
            self.completed(now, handle, count);
            return self.credits_changed();
        }
        self.handle_other(now, packet);
    }

    /// Takes an event other than the frequent completion of one link's packets.
    #[cold]
    #[inline(never)]
    fn handle_other(&mut self, now: Instant, packet: &[u8]) {
        let raw = RawEvent::parse(packet);
        let event = raw.and_then(|raw| Event::parse_handled(raw.code, raw.parameters, handles));
        let Ok(event) = event else { return self.stats.malformed_events.count() };
        match self.phase {
            Phase::Down | Phase::Failed(_) | Phase::ResetPending { .. } => {}
            Phase::Resetting { .. } => self.handle_while_resetting(now, &event),
            Phase::Setup | Phase::Ready => {
                if !self.classic_event(now, &event) {
                    self.handle(now, &event);
                }
            }
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "other events go to GAP, or to the link that they name"
    )]
    fn handle(&mut self, now: Instant, event: &Event<'_>) {
        match event {
            Event::CommandComplete(complete) => {
                self.command_complete(
                    now,
                    complete.opcode,
                    complete.num_packets,
                    complete.return_parameters,
                );
                self.ready.run(Due::COMMAND);
            }
            Event::CommandStatus(status) => {
                self.command_status(now, status.opcode(), status.num_packets, status.status);
                self.ready.run(Due::COMMAND);
            }
            Event::NumberOfCompletedPackets(links) => self.completed_of_links(now, links),
            Event::DisconnectionComplete(event) => {
                self.disconnected(event.handle, event.status, event.reason)
            }
            Event::HardwareError(event) => self.hardware_failed(now, event.code),
            Event::DataBufferOverflow(_) => {
                self.recover(now, ControllerLoss::BufferOverflow, InitError::BufferOverflow);
            }
            Event::LeReadLocalP256PublicKeyComplete(event) => self.public_key_made(event),
            Event::LeGenerateDhKeyComplete(event) => self.dh_key_made(event),
            Event::LeLongTermKeyRequest(request) => self.key_requested(
                now,
                request.handle,
                request.encrypted_diversifier.get(),
                request.random_number.get(),
            ),
            Event::EncryptionChange(event) => {
                self.encryption_event(now, event.handle, event.status, event.enabled != 0);
            }
            Event::EncryptionChangeV2(event) => {
                self.encryption_event(now, event.handle, event.status, event.enabled != 0);
            }
            Event::EncryptionKeyRefreshComplete(event) => {
                self.encryption_event(now, event.handle, event.status, true);
            }
            Event::LeAdvertisingReport(_) | Event::LeExtendedAdvertisingReport(_) => {
                self.look_for_peer(now, event);
                let _no_link = self.gap.handle_event(now, event);
                if self.gap.has_report() {
                    self.ready.host(HostKey::Scan);
                }
                self.deadline = None;
                self.ready.run(Due::TIME);
            }
            Event::LeUnknown { .. } | Event::Unknown(_) => self.count_unknown(event),
            event => {
                if let Some(up) = self.gap.handle_event(now, event) {
                    self.handle_link_up(now, &up);
                }
                self.gap_changed(now);
                self.link_event(now, event);
            }
        }
    }

    /// Counts an event of an unknown type; not one that the host knows and has no use for.
    fn count_unknown(&mut self, event: &Event<'_>) {
        if handles(event.code(), event.subevent()) {
            self.stats.unknown_events.count();
        }
    }

    /// Handles Hardware Error. [Vol 4] Part E, 7.7.16
    fn hardware_failed(&mut self, now: Instant, code: u8) {
        self.recover(now, ControllerLoss::HardwareError(code), InitError::HardwareError(code));
    }

    /// Handles a change of encryption, then delivers the packets that waited for it.
    fn encryption_event(&mut self, now: Instant, handle: RawHandle, status: Status, on: bool) {
        self.encryption_changed(now, handle, status, on);
        let index = handle.get().and_then(|handle| self.find(handle));
        let slot = index.and_then(|index| Some((index, self.links.get(usize::from(index))?)));
        if let Some(link) = slot.map(|(index, slot)| slot.reference(index)) {
            self.release_held(now, link);
        }
    }

    /// Handles completed packets of a link. [Vol 4] Part E, 7.7.19
    fn completed(&mut self, now: Instant, handle: RawHandle, count: u16) {
        let index = handle.get().and_then(|handle| self.find(handle));
        let slot = index.and_then(|index| self.links.get_mut(usize::from(index)));
        let Some(slot) = slot else {
            if !self.classic_completed(now, handle, count) {
                self.stats.stray_credits.count();
            }
            return;
        };
        if self.acl.completed(now, &mut slot.credits, count) > 0 {
            self.stats.stray_credits.count();
        }
        let leaving = slot.leaving.is_some();
        let Some(index) = index else { return };
        if leaving {
            self.mark_pending(index);
        }
        self.packets_gone(index, count);
    }

    fn completed_of_links(&mut self, now: Instant, links: &[CompletedPackets]) {
        for completed in links {
            self.completed(now, completed.handle, completed.count.get());
        }
        self.credits_changed();
    }

    /// Continues to send data, because the controller has room for more packets.
    fn credits_changed(&mut self) {
        if self.sending != 0 || self.classic.has_data() {
            self.ready.run(Due::DATA);
        }
    }

    /// Handles Disconnection Complete. [Vol 4] Part E, 7.7.5
    fn disconnected(&mut self, handle: RawHandle, status: Status, reason: Status) {
        if let Some(handle) = handle.get().filter(|_| status.is_success()) {
            self.forget_early(handle);
            if let Some(index) = self.find(handle) {
                self.end_link(index, self.reason_of_end(index, reason));
            }
        }
        self.ready.run(Due::COMMAND);
    }

    /// Returns the reason that is reported to the application: the controller's, unless the host ended the link for a
    /// reason of its own.
    fn reason_of_end(&self, index: u8, reason: Status) -> Status {
        let stalled = self.links.get(usize::from(index)).is_some_and(|slot| slot.stalled);
        match reason {
            Status::LOCAL_HOST_TERMINATED if stalled => Status::CONNECTION_TIMEOUT,
            // Only the host may report this reason, which means a lost controller, but a peer may send any reason.
            Status::HARDWARE_FAILURE => Status::UNSPECIFIED,
            reason => reason,
        }
    }
}
