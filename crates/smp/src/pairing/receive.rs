//! The peer's PDUs.

use bindrune_wire::{Level, time::Instant};

use super::{
    Failure, IdleEvent, Legacy, Pairing, Secure, State,
    features::{agree, request, response},
    parts::PendingPdus,
};
use crate::{
    capability::{INITIATOR, LEGACY},
    method::Role,
    pdu::{Code, Features, Pdu, PduError, Reason, step},
};

impl Pairing {
    /// Takes a PDU of the Security Manager channel.
    pub fn handle_pdu(&mut self, now: Instant, pdu: &[u8]) {
        if !self.is_active() {
            return self.handle_idle(now, pdu);
        }
        match Pdu::parse(pdu) {
            Ok(pdu) => self.handle(now, &pdu),
            Err(PduError::Empty) => self.drop_pdu(),
            Err(PduError::Unknown(_)) => self.fail(Reason::COMMAND_NOT_SUPPORTED),
            Err(PduError::Malformed(Code::PAIRING_FAILED, _)) => {
                self.handle_failed(Reason::UNSPECIFIED_REASON);
            }
            Err(PduError::Malformed(..)) => self.fail(Reason::INVALID_PARAMETERS),
        }
    }

    fn handle_idle(&mut self, now: Instant, pdu: &[u8]) {
        match self.idle.handle_pdu(pdu) {
            None => {}
            Some(IdleEvent::Request(features)) => self.handle_request(now, features),
            Some(IdleEvent::Security(_)) if !INITIATOR => {}
            Some(IdleEvent::Security(auth)) => self.ready.security = Some(auth),
            Some(IdleEvent::Rejected(reason)) => self.handle_failed(reason),
            Some(IdleEvent::Refused(reason)) => self.refusal = Some(reason),
        }
    }

    fn handle(&mut self, now: Instant, pdu: &Pdu) {
        match pdu {
            Pdu::PairingRequest(_) if self.role() == Role::Initiator => {
                self.fail(Reason::COMMAND_NOT_SUPPORTED);
            }
            Pdu::PairingRequest(_) => self.fail(Reason::UNSPECIFIED_REASON),
            Pdu::PairingResponse(features) => self.handle_response(now, *features),
            Pdu::Failed(reason) => self.handle_failed(*reason),
            Pdu::SecurityRequest(_) if self.role() == Role::Responder => {
                self.fail(Reason::COMMAND_NOT_SUPPORTED);
            }
            Pdu::SecurityRequest(_) => self.drop_pdu(),
            Pdu::Keypress(keypress) => {
                let role = self.role().other();
                if !self.agreed.is_some_and(|agreed| agreed.has_keypresses_of(role))
                    || !matches!(self.state, State::Secure(_) | State::Legacy(_))
                {
                    return self.drop_pdu();
                }
                self.ready.keypress = Some(*keypress);
                self.touch(now);
            }
            step!() => self.handle_step(now, pdu),
        }
    }

    /// Handles a PDU of phase 2 or 3. No PDU is expected while our previous step has not left.
    fn handle_step(&mut self, now: Instant, pdu: &Pdu) {
        if self.out.pending.intersects(PendingPdus::STEPS) {
            return self.fail(Reason::UNSPECIFIED_REASON);
        }
        // A pairing with a debug key is never authenticated.
        let debug_keys = self.config.debug_keys && self.config.require <= Level::Encrypted;
        let result = match self.phase() {
            Some((State::Secure(phase), context)) => {
                phase.handle_pdu(&context, pdu).and_then(|()| {
                    if phase.peer_uses_debug_key() && !debug_keys {
                        return Err(Reason::DHKEY_CHECK_FAILED);
                    }
                    Ok(())
                })
            }
            Some((State::Legacy(phase), context)) => phase.handle_pdu(&context, pdu),
            Some((State::Distribute(phase), _)) => phase.handle_pdu(pdu),
            Some((State::Idle | State::Features | State::Complete(_), _)) | None => {
                Err(Reason::UNSPECIFIED_REASON)
            }
        };
        if result.is_ok() {
            self.touch(now);
        }
        self.go_on(now, result);
    }

    fn handle_request(&mut self, now: Instant, features: Features) {
        if self.must_wait(now) {
            self.refusal = Some(Reason::REPEATED_ATTEMPTS);
            return self.refuse(Reason::REPEATED_ATTEMPTS);
        }
        self.begin(now);
        let answer = response(&self.config, &features);
        self.agree(now, features, answer);
        if self.is_active() {
            self.out.pending |= PendingPdus::RESPONSE;
        }
    }

    fn handle_response(&mut self, now: Instant, features: Features) {
        let awaited = INITIATOR && matches!(self.state, State::Features);
        if !awaited || self.out.pending.contains(PendingPdus::REQUEST) {
            return self.fail(Reason::UNSPECIFIED_REASON);
        }
        self.agree(now, request(&self.config), features);
    }

    fn agree(&mut self, now: Instant, request: Features, response: Features) {
        let own_oob = self.oob.first().and_then(Option::as_ref);
        let has_oob = own_oob.is_some();
        match agree(&self.config, self.role(), request, response, has_oob) {
            Err(reason) => self.fail(reason),
            Ok(agreed) => {
                self.agreed = Some(agreed);
                let uses_oob = agreed.peer(self.role()).oob != 0;
                if agreed.secure {
                    let oob = own_oob.filter(|_| uses_oob).cloned();
                    self.state = State::Secure(Secure::new(oob));
                } else if let (Some(present), Some((state, mut context))) = (LEGACY, self.phase()) {
                    *state = State::Legacy(Legacy::start(present, &mut context));
                }
                self.touch(now);
                self.go_on(now, Ok(()));
            }
        }
    }

    fn handle_failed(&mut self, reason: Reason) {
        self.finish(Err(Failure::Peer(reason)));
    }

    fn drop_pdu(&mut self) {
        let _nothing = self.idle.drop_pdu();
    }
}
