//! Events of the controller, deadlines, and events for the root.

use bindrune_hci::{BdAddress, Event as Hci, Status, event::ClassicEvent};
use bindrune_wire::time::Instant;

use super::{
    STRAYS, Security, Stray,
    api::{Failure, SecurityEvent, Timer},
    key::{Secret, take_secret},
    model::Side,
    pairing::Context,
    reply::Reply,
    slot::{STEP, Slot},
};

impl Security {
    /// Handles Encryption Change and Encryption Key Refresh Complete. Returns whether the event was for one of these
    /// links.
    pub fn handle_event(&mut self, now: Instant, event: &Hci<'_>) -> bool {
        let (handle, status, change) = if let Hci::EncryptionChange(event) = event {
            (event.handle, event.status, Some((event.enabled, None)))
        } else if let Hci::EncryptionChangeV2(event) = event {
            (event.handle, event.status, Some((event.enabled, Some(event.key_size))))
        } else if let Hci::EncryptionKeyRefreshComplete(event) = event {
            (event.handle, event.status, None)
        } else {
            return false;
        };
        let Some((slot, context)) = self.by_handle(now, handle.get()) else { return false };
        let expected = slot.ending
            || match change {
                Some((on, size)) => slot.encryption_change(context, status, on, size),
                None => slot.key_refreshed(context, status),
            };
        slot.settle();
        self.count_unless(expected);
        true
    }

    /// Handles the events of authentication and pairing. Returns whether the event belongs to this machine.
    #[expect(clippy::wildcard_enum_match_arm, reason = "all other events belong to other machines")]
    pub fn handle_classic(&mut self, now: Instant, event: &ClassicEvent<'_>) -> bool {
        let address = match *event {
            ClassicEvent::AuthenticationComplete(event) => {
                let found = self.by_handle(now, event.handle.get());
                let expected = found.is_some_and(|(slot, _)| {
                    let expected = slot.ending || slot.authentication_complete(now, event.status);
                    slot.settle();
                    expected
                });
                self.count_unless(expected);
                return true;
            }
            ClassicEvent::LinkKeyRequest(event) => event.address,
            ClassicEvent::LinkKeyNotification(event) => event.address,
            ClassicEvent::PinCodeRequest(event) => event.address,
            ClassicEvent::IoCapabilityRequest(event) => event.address,
            ClassicEvent::IoCapabilityResponse(event) => event.address,
            ClassicEvent::UserConfirmationRequest(event) => event.address,
            ClassicEvent::UserPasskeyRequest(event) => event.address,
            ClassicEvent::UserPasskeyNotification(event) => event.address,
            ClassicEvent::RemoteOobDataRequest(event) => event.address,
            ClassicEvent::SimplePairingComplete(event) => event.address,
            ClassicEvent::KeypressNotification(event) => event.address,
            _ => return false,
        };
        if let Some((slot, context)) = self.by_address(now, address) {
            let expected = slot.step(context, event);
            slot.settle();
            if core::mem::take(&mut slot.spent_oob) {
                self.oob.spend();
            }
            self.count_unless(expected);
        } else {
            self.refuse_stray(address, event);
            self.unexpected.count();
        }
        true
    }

    fn count_unless(&mut self, expected: bool) {
        if !expected {
            self.unexpected.count();
        }
    }

    /// Refuses a request for a peer without a link. If too many wait, the oldest is forgotten.
    fn refuse_stray(&mut self, address: BdAddress, event: &ClassicEvent<'_>) {
        let Some(reply) = refusal(event) else { return };
        let known = |stray: &&Option<Stray>| stray.as_ref().is_some_and(|it| it.address == address);
        let place = self.strays.iter().position(|stray| known(&stray));
        let place = place.or_else(|| self.strays.iter().position(Option::is_none));
        if place.is_none() {
            self.strays.rotate_left(1);
        }
        let place = place.unwrap_or(STRAYS.saturating_sub(1));
        if let Some(stray) = self.strays.get_mut(place) {
            *stray = Some(Stray { address, reply });
        }
    }

    /// Returns the next event.
    pub fn poll_event(&mut self) -> Option<SecurityEvent> {
        let mut links = (0u8..).zip(self.slots.iter_mut());
        let event = links.find_map(|(link, slot)| slot.up.then(|| slot.poll_event(link)).flatten());
        event.or_else(|| self.oob.poll_event())
    }

    /// Returns the earliest deadline, and its reason.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        let deadlines = self.slots.iter().filter(|slot| slot.up).filter_map(|slot| slot.deadline);
        deadlines.min().map(|at| (at, Timer::Step))
    }

    /// Handles the deadlines that have passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        let has_oob = self.oob.is_live();
        let context = Context { now, config: &self.config, user: self.user, has_oob };
        for slot in self.slots.iter_mut() {
            if slot.up && slot.deadline.is_some_and(|at| at <= now) {
                slot.timed_out(context);
                slot.settle();
            }
        }
    }
}

impl Slot {
    /// Handles an event of a pairing. Returns whether it was expected.
    #[expect(clippy::wildcard_enum_match_arm, reason = "all other events belong to other machines")]
    fn step(&mut self, context: Context<'_>, event: &ClassicEvent<'_>) -> bool {
        match *event {
            ClassicEvent::LinkKeyRequest(_) => self.key_request(context),
            ClassicEvent::LinkKeyNotification(event) => {
                self.key_notification(context, Secret::new(event.key.0), event.key_type);
            }
            ClassicEvent::PinCodeRequest(_) => self.pin_request(context),
            ClassicEvent::IoCapabilityRequest(_) => self.io_request(context),
            ClassicEvent::IoCapabilityResponse(event) => {
                let (io, oob) = (event.capability, event.oob_data_present);
                self.io_response(context, Side::from_wire(io, oob, event.requirements));
            }
            ClassicEvent::UserConfirmationRequest(event) => {
                self.confirmation_request(context, event.number.get());
            }
            ClassicEvent::UserPasskeyRequest(_) => self.passkey_request(context),
            ClassicEvent::UserPasskeyNotification(event) => {
                self.passkey_notification(context, event.passkey.get());
            }
            ClassicEvent::RemoteOobDataRequest(_) => self.oob_request(context),
            ClassicEvent::SimplePairingComplete(event) => {
                return self.simple_pairing_complete(context, event.status);
            }
            ClassicEvent::KeypressNotification(event) => {
                return self.keypress(context, event.keypress);
            }
            _ => return false,
        }
        true
    }

    /// Handles the deadline that has passed.
    fn timed_out(&mut self, context: Context<'_>) {
        self.deadline = None;
        if self.paused {
            self.paused = false;
        } else if self.key_asked {
            self.key_asked = false;
            self.reply = Some(Reply::NoKey);
        } else if !self.deny_open(Failure::Refused) {
            self.end(Failure::Timeout);
        }
        if !self.is_resting() {
            self.touch(context.now, STEP);
        }
    }

    fn poll_event(&mut self, link: u8) -> Option<SecurityEvent> {
        if core::mem::take(&mut self.ready.key)
            && let Some(bond) = self.bond.clone()
        {
            return Some(SecurityEvent::Key { link, bond });
        }
        if let Some(result) = take_secret(&mut self.ready.paired) {
            return Some(SecurityEvent::Pairing { link, peer: self.peer, result });
        }
        if core::mem::take(&mut self.ready.changed) {
            return Some(SecurityEvent::Changed { link });
        }
        if let Some(result) = self.ready.outcome.take() {
            return Some(SecurityEvent::Outcome { link, result });
        }
        if let Some((reason, failure)) = self.ready.disconnect.take() {
            return Some(SecurityEvent::Disconnect { link, reason, failure });
        }
        if core::mem::take(&mut self.ready.question) {
            let (serial, replaces) = (self.serial, self.bond.is_some());
            let question = self.pairing.as_ref().and_then(|pairing| pairing.question);
            return question.map(|question| SecurityEvent::Question {
                link,
                serial,
                question,
                replaces,
            });
        }
        let keypress = self.ready.keypress.take();
        keypress.map(|keypress| SecurityEvent::Keypress { link, keypress })
    }
}

/// Returns the refusal of a request.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other events belong to other machines")]
const fn refusal(event: &ClassicEvent<'_>) -> Option<Reply> {
    Some(match event {
        ClassicEvent::LinkKeyRequest(_) => Reply::NoKey,
        ClassicEvent::PinCodeRequest(_) => Reply::NoPin,
        ClassicEvent::IoCapabilityRequest(_) => Reply::NoIo(Status::PAIRING_NOT_ALLOWED),
        ClassicEvent::UserConfirmationRequest(_) => Reply::NotConfirmed,
        ClassicEvent::UserPasskeyRequest(_) => Reply::NoPasskey,
        ClassicEvent::RemoteOobDataRequest(_) => Reply::NoOob,
        _ => return None,
    })
}
