//! The peer's PDUs.

use bindrune_wire::{Level, Malformed};
use embassy_time::Instant;

use super::{
    Failure, Legacy, Pairing, Secure, State,
    features::{agree, request, response},
    parts::Owed,
};
use crate::{
    capability::LEGACY,
    method::Role,
    pdu::{Code, Features, Pdu, PduError, Reason},
};

impl Pairing {
    /// A PDU of the Security Manager channel arrived.
    pub fn handle_pdu(&mut self, now: Instant, pdu: &[u8]) {
        if self.timed_out {
            return self.drop_pdu();
        }
        match Pdu::parse(pdu) {
            Ok(pdu) => self.handle(now, &pdu),
            Err(PduError::Empty) => self.drop_pdu(),
            Err(PduError::Unknown(_)) if self.is_active() => {
                self.fail(Reason::COMMAND_NOT_SUPPORTED)
            }
            Err(PduError::Unknown(_)) => self.drop_pdu(),
            Err(PduError::Malformed(code, error)) => self.handle_malformed(code, error),
        }
    }

    fn handle(&mut self, now: Instant, pdu: &Pdu) {
        match pdu {
            Pdu::PairingRequest(features) => self.handle_request(now, *features),
            Pdu::PairingResponse(features) => self.handle_response(now, *features),
            Pdu::Failed(reason) => self.handle_failed(*reason),
            Pdu::SecurityRequest(_) if self.role() == Role::Responder => {
                self.reject(Reason::COMMAND_NOT_SUPPORTED);
            }
            Pdu::SecurityRequest(_) if self.is_active() => self.drop_pdu(),
            Pdu::SecurityRequest(auth) => self.ready.security = Some(*auth),
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
            Pdu::Confirm(_)
            | Pdu::Random(_)
            | Pdu::EncryptionInformation(_)
            | Pdu::CentralIdentification(..)
            | Pdu::IdentityInformation(_)
            | Pdu::IdentityAddress(_)
            | Pdu::SigningInformation(_)
            | Pdu::PublicKey(_)
            | Pdu::DhKeyCheck(_) => self.handle_step(now, pdu),
        }
    }

    /// A PDU of phase 2 or 3. Nothing is due while the peer still lacks our step before.
    fn handle_step(&mut self, now: Instant, pdu: &Pdu) {
        if matches!(self.state, State::Idle) {
            if self.paired {
                self.refuse(Reason::UNSPECIFIED_REASON);
            }
            return self.drop_pdu();
        }
        if self.out.owed.intersects(Owed::STEPS) {
            return self.fail(Reason::UNSPECIFIED_REASON);
        }
        // What comes of a debug key is never authenticated.
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
            Some((State::Idle | State::Features, _)) | None => Err(Reason::UNSPECIFIED_REASON),
        };
        if result.is_ok() {
            self.touch(now);
        }
        self.go_on(now, result);
    }

    fn handle_request(&mut self, now: Instant, features: Features) {
        if self.role() == Role::Initiator {
            return self.reject(Reason::COMMAND_NOT_SUPPORTED);
        }
        if self.is_active() {
            return self.fail(Reason::UNSPECIFIED_REASON);
        }
        if self.must_wait(now) {
            return self.reject(Reason::REPEATED_ATTEMPTS);
        }
        self.begin(now);
        let answer = response(&self.config, &features);
        self.agree(now, features, answer);
        if self.is_active() {
            self.out.owed |= Owed::RESPONSE;
        }
    }

    fn handle_response(&mut self, now: Instant, features: Features) {
        if !self.is_active() {
            return self.drop_pdu();
        }
        let awaited = matches!(self.state, State::Features);
        if !awaited || self.out.owed.contains(Owed::REQUEST) {
            return self.fail(Reason::UNSPECIFIED_REASON);
        }
        self.agree(now, request(&self.config), features);
    }

    fn agree(&mut self, now: Instant, request: Features, response: Features) {
        let has_oob = self.oob.is_some();
        match agree(&self.config, self.role(), request, response, has_oob) {
            Err(reason) => self.fail(reason),
            Ok(agreed) => {
                self.agreed = Some(agreed);
                let uses_oob = agreed.peer(self.role()).oob != 0;
                if agreed.secure {
                    let oob = self.oob.clone().filter(|_| uses_oob);
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
        let rejected = self.paired && reason == Reason::KEY_REJECTED;
        if self.is_active() || rejected {
            self.finish(Err(Failure::Peer(reason)));
        } else {
            self.drop_pdu();
        }
    }

    fn handle_malformed(&mut self, code: Code, _: Malformed) {
        match code {
            Code::PAIRING_FAILED => self.handle_failed(Reason::UNSPECIFIED_REASON),
            Code::PAIRING_REQUEST | Code::SECURITY_REQUEST => {
                self.reject(Reason::INVALID_PARAMETERS)
            }
            _ if self.is_active() => self.fail(Reason::INVALID_PARAMETERS),
            _ => self.drop_pdu(),
        }
    }

    /// Ends what is in progress, or only says no.
    fn reject(&mut self, reason: Reason) {
        if self.is_active() {
            return self.fail(reason);
        }
        self.refusal = Some(reason);
        self.refuse(reason);
    }

    fn drop_pdu(&mut self) {
        self.dropped = self.dropped.saturating_add(1);
    }
}
