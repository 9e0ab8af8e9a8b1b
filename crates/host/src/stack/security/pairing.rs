//! The pairing machine of each link: its inputs, its outputs and its end. [Vol 3] Part H, 2.3

use bindrune_gap::LinkUp;
use bindrune_hci::Role;
use bindrune_smp::{
    AuthReq, Event, Failure, Identity, Idle, IdleEvent, Key, LongTermKey, Method, Outcome, Pairing,
    Reason, Record, Role as PairingRole, pdu::Code,
};
use bindrune_wire::{Address, Level, Packet, time::Instant};

use super::{
    Lazy, LinkSecurity, Paired, PairingFailure, Stack,
    claim::Claim,
    encryption::{Source, Start},
    requests::Ask,
};
use crate::{
    ClientSecurity, Error,
    capability::CENTRAL,
    stack::link::PendingEvents,
    waiters::{Due, HostKey, LinkKey},
};

impl Stack {
    /// Sets up the protection of a new link, which is not protected yet.
    pub(in crate::stack) fn protect(&mut self, now: Instant, index: u8, up: &LinkUp) {
        let role =
            if up.role == Role::CENTRAL { PairingRole::Initiator } else { PairingRole::Responder };
        let local = self.gap.controller().map_or(super::NO_PEER, |info| info.address);
        if let Some(slot) = self.links.get_mut(usize::from(index)) {
            slot.protection = Lazy::NONE;
            slot.protection.idle = Idle::new(role, up.own, up.peer_on_air);
            slot.protection.local = local;
        }
        self.attach_bond(now, index);
    }

    /// Returns the identity of this device that the pairing of a link distributes.
    pub(super) fn identity_on(&self, index: u8) -> Option<Identity> {
        let address = *self.local_on(index)?;
        Some(Identity { address, irk: self.privacy.irk() })
    }

    /// Returns the identity address of this device on a link.
    pub(super) fn local_on(&self, index: u8) -> Option<&Address> {
        self.links.get(usize::from(index)).map(|slot| &slot.protection.local)
    }

    /// Takes a PDU of the Security Manager.
    pub(in crate::stack) fn handle_smp(&mut self, now: Instant, index: u8, packet: Packet) {
        let pdu = packet.bytes();
        let begins = pdu.first() == Some(&Code::PAIRING_REQUEST.0);
        let busy = self.protection(index).is_some_and(|p| p.is_pairing());
        let mut refusal = None;
        if busy || self.handle_idle_smp(now, index, pdu, &mut refusal) {
            if let Some(pairing) = self.pairing_mut(index) {
                let _earlier = pairing.take_refusal();
                pairing.handle_pdu(now, pdu);
                refusal = pairing.take_refusal();
            }
            self.check_terms(index);
        }
        self.pairing_changed(now, index);
        self.security_request_answered(index, refusal.filter(|_| begins));
        self.rx.pool.give(packet);
    }

    /// Takes a PDU while no pairing is in progress. Returns whether the PDU begins a pairing, which must then handle
    /// it.
    fn handle_idle_smp(
        &mut self,
        now: Instant,
        index: u8,
        pdu: &[u8],
        refusal: &mut Option<Reason>,
    ) -> bool {
        let Some(protection) = self.protection(index) else { return false };
        let (require, ours) = (protection.require, protection.answer_due.is_some());
        match protection.idle.handle_pdu(pdu) {
            None => {}
            // A pairing cannot begin before the last one is over, and that is when its bond is stored.
            // [Vol 3] Part H, 3.5.5
            Some(IdleEvent::Request(_)) if protection.is_storing() => {
                self.refuse_pairing(index, Reason::BUSY);
            }
            Some(IdleEvent::Request(_)) => {
                let config = self.pairing_config(index, require, true);
                if self.has_slot_for_peer(index)
                    && self.prepare_pairing(now, index, config, ours).is_ok()
                {
                    return true;
                }
                self.refuse_pairing(index, Reason::BUSY);
                *refusal = Some(Reason::BUSY);
            }
            Some(IdleEvent::Security(auth)) => self.security_requested(now, index, auth),
            Some(IdleEvent::Rejected(reason)) => {
                self.pairing_failed(now, index, Failure::Peer(reason));
            }
            Some(IdleEvent::Refused(reason)) => *refusal = Some(reason),
        }
        false
    }

    /// Handles the central's answer to a Security Request of the application: the pairing has begun, or this device
    /// refused the central's Pairing Request.
    fn security_request_answered(&mut self, index: u8, refusal: Option<Reason>) {
        let Some(protection) = self.protection(index) else { return };
        if protection.is_pairing() {
            (protection.answer_due, protection.requested) = (None, false);
        } else if let Some(reason) = refusal.filter(|_| protection.answer_due.is_some()) {
            let failure = match reason {
                Reason::REPEATED_ATTEMPTS => PairingFailure::TooSoon,
                reason => PairingFailure::Local(reason),
            };
            self.pairing_over(index, Err(failure.error()));
        }
    }

    /// Ends a pairing as soon as its terms are known, if this device does not accept them.
    fn check_terms(&mut self, index: u8) {
        let (weaker, room) = (self.is_weaker_than_bond(index), self.room(index));
        let in_the_way = self.bond_in_the_way(index);
        let listening = self.security.listening;
        let terms = self.pairing(index).and_then(Pairing::terms);
        let Some(protection) = self.protection(index) else { return };
        let Some(terms) = terms else {
            protection.accepted = false;
            return;
        };
        if core::mem::replace(&mut protection.accepted, true) {
            return;
        }
        let asks = protection.consent || terms.method != Method::JustWorks;
        let (reason, verdict) = if weaker {
            (Reason::AUTHENTICATION_REQUIREMENTS, in_the_way)
        } else if let (true, Err(failure)) = (terms.bonded, room) {
            (Reason::UNSPECIFIED_REASON, failure)
        } else if asks && !listening {
            let reason = Reason::PAIRING_NOT_SUPPORTED;
            (reason, PairingFailure::Local(reason))
        } else {
            return;
        };
        self.refuse_terms(index, reason, verdict);
    }

    pub(super) fn refuse_terms(&mut self, index: u8, reason: Reason, verdict: PairingFailure) {
        if let Some(protection) = self.protection(index).filter(|p| p.is_pairing()) {
            protection.verdict = Some(verdict);
        }
        if let Some(pairing) = self.pairing_mut(index) {
            pairing.cancel(reason);
        }
    }

    /// Returns whether the pairing in progress will be weaker than the bond with this peer.
    pub(super) fn is_weaker_than_bond(&self, index: u8) -> bool {
        let protection = self.links.get(usize::from(index)).map(|slot| &slot.protection);
        let terms = self.pairing(index).and_then(Pairing::terms);
        let known = protection.and_then(|p| p.bond).filter(|known| known.sure);
        match (terms, known.and_then(|known| self.security.bonds.named(known.identity))) {
            (Some(terms), Some((_, old))) => !terms.may_replace(old),
            _ => false,
        }
    }

    /// Returns the failure that names the bond with the peer of a link.
    pub(super) fn bond_in_the_way(&self, index: u8) -> PairingFailure {
        let slot = self.links.get(usize::from(index));
        let named = slot.map(|l| l.protection.identity().unwrap_or_else(|| l.control.peer()));
        named.map_or(PairingFailure::BondStore, PairingFailure::BondKept)
    }

    /// Handles all pending outputs of a link's pairing machine.
    pub(in crate::stack) fn pairing_changed(&mut self, now: Instant, index: u8) {
        loop {
            let asks = self.protection(index).is_some_and(|p| matches!(p.claim, Claim::Asked(_)));
            let Some(pairing) = self.pairing_mut(index) else { break };
            if let Some(event) = pairing.poll_event() {
                self.release_pairing(index);
                self.handle_pairing_event(now, index, event);
            } else if !pairing.is_active() {
                self.release_pairing(index);
            } else if let Some(request) = pairing.poll_request() {
                self.ask_user(index, request);
            } else if !asks && pairing.outcome_to_vet().is_some() {
                self.vet_keys(now, index);
            } else {
                break;
            }
        }
        self.mark_pending(index);
        self.ready.run(Due::JOB);
        self.deadlines_changed();
    }

    fn handle_pairing_event(&mut self, now: Instant, index: u8, event: Event) {
        match event {
            Event::SecurityRequest(_) | Event::Encrypt(_) if !CENTRAL => {}
            Event::SecurityRequest(auth) => self.security_requested(now, index, auth),
            Event::Keypress(keypress) => self.key_pressed(index, keypress),
            Event::Encrypt(key) => self.encrypt_with_pairing(now, index, key),
            Event::Complete(outcome) => self.pairing_complete(index, &outcome),
            Event::Failed(failure) => self.pairing_failed(now, index, failure),
        }
    }

    /// Handles a Security Request of the peripheral: uses the bond's key if it is strong enough. [Vol 3] Part H, 2.4.6
    fn security_requested(&mut self, now: Instant, index: u8, auth: AuthReq) {
        if !CENTRAL {
            return;
        }
        let Some(protection) = self.protection(index) else { return };
        let enough = |security: &LinkSecurity| {
            (!auth.contains(AuthReq::MITM) || security.level >= Level::Authenticated)
                && (!auth.contains(AuthReq::SECURE_CONNECTIONS) || security.secure_connections)
        };
        if protection.start.is_some()
            || protection.is_storing()
            || protection.current.is_encrypted() && enough(&protection.current)
        {
            return;
        }
        let usable = protection.bond.filter(|bond| bond.usable && enough(&bond.security));
        let bonded = protection.bond.is_some();
        if usable.is_some() && protection.unprotected.is_none() {
            if let Err(error) = self.begin_encryption(now, index) {
                self.attempt_over(index, Err(error));
            }
        } else if !bonded && self.config.client_security == ClientSecurity::Pair {
            if let Err(error) = self.begin_pairing(now, index, Level::Open, false) {
                if matches!(error, Error::Busy) {
                    // Every slot is in use. [Vol 3] Part H, 2.4.6
                    self.refuse_pairing(index, Reason::BUSY);
                }
                self.pairing_over(index, Err(error));
            }
        } else {
            self.report(index, PendingEvents::SECURITY_REQUESTED);
        }
    }

    /// As the central, encrypts the link with the key of the pairing.
    fn encrypt_with_pairing(&mut self, now: Instant, index: u8, key: Key) {
        if self.is_weaker_than_bond(index) {
            let reason = Reason::AUTHENTICATION_REQUIREMENTS;
            let failure = self.bond_in_the_way(index);
            self.refuse_terms(index, reason, failure);
            return;
        }
        let Some(security) = self.security_of_pairing(index) else { return };
        let key = LongTermKey { key, ediv: 0, rand: [0; 8] };
        self.start_encryption(now, index, key, Start { source: Source::Pairing, security });
    }

    /// Returns the security of the link once it is encrypted with the key of the pairing.
    pub(super) fn security_of_pairing(&self, index: u8) -> Option<LinkSecurity> {
        self.pairing(index)?.terms().as_ref().map(LinkSecurity::of_terms)
    }

    fn pairing_complete(&mut self, index: u8, outcome: &Outcome) {
        let Some(name) = self.backoff_of(index) else { return };
        self.security.backoff.succeeded(name);
        let mut bond = Record::FREE;
        self.name_bond(index, outcome, &mut bond);
        if !outcome.bonded {
            return self.pairing_over(index, Ok(Paired::of_bond(&bond, false)));
        }
        if let Err(failure) = self.may_keep(index, &bond) {
            return self.reject_keys(index, failure);
        }
        if !self.hold_bond(index, &bond) {
            return self.reject_keys(index, PairingFailure::BondStore);
        }
        self.ready.run(Due::BOND_JOB);
    }

    fn pairing_failed(&mut self, now: Instant, index: u8, failure: Failure) {
        let link = self.links.get(usize::from(index)).map(|slot| slot.reference(index));
        let storing = self.take_bond(index).as_ref().map(Record::peer);
        let Some(protection) = self.protection(index) else { return };
        let verdict = protection.verdict.take();
        let stored = protection.paired;
        let failure = verdict.unwrap_or(match failure {
            Failure::Local(reason) => PairingFailure::Local(reason),
            Failure::Peer(reason) => PairingFailure::Peer(reason),
            Failure::Timeout => PairingFailure::Timeout,
            Failure::Encryption => PairingFailure::Encryption,
        });
        if let Some(name) = self.backoff_of(index) {
            self.security.backoff.failed(now, name);
        }
        let rejected = matches!(failure, PairingFailure::Peer(Reason::KEY_REJECTED));
        match (storing, stored, link) {
            (Some(peer), _, Some(link)) => self.security.bonds.reject(link, peer),
            (None, Some(Ok(paired)), _) if rejected && paired.bonded => self.discard_bond(index),
            (Some(_) | None, ..) => {}
        }
        self.fail_pairing(index, failure);
    }

    pub(super) fn fail_pairing(&mut self, index: u8, failure: PairingFailure) {
        if let Some(protection) = self.protection(index) {
            protection.failure = Some(failure);
        }
        self.report(index, PendingEvents::PAIRING_FAILED);
        self.pairing_over(index, Err(failure.error()));
    }

    /// Ends a pairing, and wakes the callers that wait for its result.
    pub(super) fn pairing_over(&mut self, index: u8, result: Result<Paired, Error>) {
        let Some(protection) = self.protection(index) else { return };
        protection.pairings = protection.pairings.wrapping_add(1);
        protection.paired = Some(result);
        (protection.answer_due, protection.requested) = (None, false);
        protection.accepted = false;
        protection.require = Level::Open;
        protection.ask = Ask::NONE;
        protection.claim = Claim::None;
        match result {
            Ok(_) => {
                protection.unprotected = None;
                self.report(index, PendingEvents::PAIRED);
            }
            // Callers that wait for the link to be encrypted stop waiting.
            Err(error) => {
                protection.attempts = protection.attempts.wrapping_add(1);
                protection.attempt = Some(Err(error));
            }
        }
        self.wake_client(index);
        self.deadlines_changed();
    }

    /// Reports an event to `Connection::next`.
    pub(super) fn report(&mut self, index: u8, event: PendingEvents) {
        if let Some(slot) = self.links.get_mut(usize::from(index)) {
            slot.inbox.insert(event);
        }
        self.ready.link(index, LinkKey::Event);
    }

    /// Wakes the application's operations on the peer, which can now continue or fail.
    pub(super) fn wake_client(&mut self, index: u8) {
        self.ready.link(index, LinkKey::Security);
        self.ready.link(index, LinkKey::Turn);
        self.ready.link(index, LinkKey::Push);
        self.ready.link(index, LinkKey::Control);
    }

    /// Returns the address under which the failures of a link's peer are remembered.
    pub(super) fn backoff_of(&self, index: u8) -> Option<Address> {
        let slot = self.links.get(usize::from(index)).filter(|l| l.is_up())?;
        Some(slot.protection.identity().unwrap_or_else(|| slot.control.peer()))
    }

    /// Handles the deadlines of a link's pairing, encryption and Security Request.
    pub(in crate::stack) fn security_timeout(&mut self, now: Instant, index: u8) {
        if let Some(pairing) = self.pairing_mut(index) {
            pairing.handle_timeout(now);
        }
        let Some(protection) = self.protection(index) else { return };
        let unanswered = protection.answer_due.take_if(|at| *at <= now).is_some();
        let stuck = protection.deadline.take_if(|at| *at <= now).is_some();
        self.pairing_changed(now, index);
        if unanswered {
            self.forget_request(index);
            self.pairing_over(index, Err(Error::Timeout));
        }
        if stuck {
            self.encryption_stuck(index);
        }
    }

    /// Ends the pairing of a link that has ended. A bond that is being stored is still stored.
    pub(in crate::stack) fn end_protection(&mut self, index: u8) {
        let now = self.now;
        let name = self.backoff_of(index);
        let Some(slot) = self.links.get(usize::from(index)) else { return };
        let (link, pairing) = (slot.reference(index), slot.protection.is_pairing());
        let storing = self.take_bond(index);
        self.drop_pairing(index);
        if let Some(name) = name.filter(|_| pairing) {
            self.security.backoff.failed(now, name);
        }
        if let Some(bond) = storing {
            self.adopt(link, bond);
        }
        self.ready.link(index, LinkKey::Security);
        // Callers may wait for the bonds on behalf of this link.
        self.ready.host(HostKey::Bonds);
    }
}
