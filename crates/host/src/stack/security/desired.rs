//! Requests of the application: a pairing, encryption, an answer. They begin when the stack is next given the time.

use core::task::Poll;

use bindrune_smp::{AuthReq, Config as PairingConfig, StartError};
use bindrune_wire::{Level, time::Instant};
use embassy_time::Duration;

use super::{LinkSecurity, Oob, Paired, PairingFailure, Protection, Stack};
use crate::{
    Error,
    mask::{bit, next_bit},
    stack::LinkRef,
    waiters::Due,
};

/// A request of the application for a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Desired {
    None,
    /// Pair, and achieve at least this level.
    Pair(Level),
    /// Encrypt with the key of the bond.
    Encrypt,
    /// Answer the question of the pairing. The answer is in the pairing's slot.
    Answer,
}

/// Time limit for a central's answer to a Security Request.
const ANSWER: Duration = Duration::from_secs(30);

impl Protection {
    /// Returns whether a procedure that the application requested has not begun yet.
    pub(super) const fn has_request(&self) -> bool {
        matches!(self.desired, Desired::Pair(_) | Desired::Encrypt)
    }
}

impl Stack {
    /// Requests a pairing. [`Self::poll_paired`] returns the result for the number that this returns.
    pub(crate) fn request_pairing(&mut self, link: LinkRef, require: Level) -> Result<u32, Error> {
        let protection = &mut self.link_mut(link)?.protection;
        let free = matches!(protection.desired, Desired::None);
        if !free || protection.is_pairing() || protection.is_storing() {
            return Err(Error::Busy);
        }
        protection.desired = Desired::Pair(require);
        let serial = protection.pairings;
        self.security.begin = Some(Self::begin_procedure);
        self.mark_desired(link.index);
        Ok(serial)
    }

    /// Returns the result of the requested pairing once it has ended.
    pub(crate) fn poll_paired(&self, link: LinkRef, serial: u32) -> Poll<Result<Paired, Error>> {
        let protection = &self.link(link)?.protection;
        match protection.paired {
            Some(result) if protection.pairings != serial => Poll::Ready(result),
            Some(_) | None => Poll::Pending,
        }
    }

    /// Requests encryption. Returns `None` if the link is already encrypted, else the number for
    /// [`Self::poll_encrypted`].
    pub(crate) fn request_encryption(&mut self, link: LinkRef) -> Result<Option<u32>, Error> {
        let protection = &mut self.link_mut(link)?.protection;
        if protection.current.is_encrypted() {
            return Ok(None);
        }
        let attempts = protection.attempts;
        if protection.start.is_some() {
            return Ok(Some(attempts));
        }
        if !matches!(protection.desired, Desired::None) || protection.is_pairing() {
            return Err(Error::Busy);
        }
        protection.desired = Desired::Encrypt;
        self.security.begin = Some(Self::begin_procedure);
        self.mark_desired(link.index);
        Ok(Some(attempts))
    }

    /// Returns the result of the attempt to encrypt once it has ended.
    pub(crate) fn poll_encrypted(
        &self,
        link: LinkRef,
        attempts: u32,
    ) -> Poll<Result<LinkSecurity, Error>> {
        let protection = &self.link(link)?.protection;
        match protection.attempt {
            Some(result) if protection.attempts != attempts => {
                Poll::Ready(result.map(|()| protection.current))
            }
            Some(_) | None => Poll::Pending,
        }
    }

    /// Marks a link as having a request.
    pub(super) fn mark_desired(&mut self, index: u8) {
        self.security.with_desired |= bit(index);
        self.ready.run(Due::COMMAND);
    }

    /// Returns whether [`Self::begin_desired`] has something to begin.
    pub(in crate::stack) const fn has_requests(&self) -> bool {
        self.security.with_desired != 0
    }

    /// Begins what the application requested.
    pub(in crate::stack) fn begin_desired(&mut self, now: Instant) {
        let mut with_desired = core::mem::take(&mut self.security.with_desired);
        let mut index = self.security.last;
        while with_desired != 0 {
            index = next_bit(with_desired, index);
            with_desired &= !bit(index);
            let Some(protection) = self.protection(index) else { continue };
            match core::mem::replace(&mut protection.desired, Desired::None) {
                Desired::None => {}
                Desired::Answer => {
                    let Some(answer) = self.take_answer(index) else { continue };
                    if !self.claim_answered(index, &answer)
                        && let Some(pairing) = self.pairing_mut(index)
                    {
                        pairing.handle_answer(now, answer);
                    }
                    self.pairing_changed(now, index);
                }
                desired @ (Desired::Pair(_) | Desired::Encrypt) => {
                    if let Some(begin) = self.security.begin {
                        begin(self, now, index, desired);
                    }
                }
            }
        }
    }

    /// Begins a pairing or encryption that the application requested, or keeps the request until it can begin.
    fn begin_procedure(&mut self, now: Instant, index: u8, desired: Desired) {
        let loaded = self.security.bonds.is_loaded();
        let free = self.has_slot_for_app(index);
        let Some(protection) = self.protection(index) else { return };
        let pairs = matches!(desired, Desired::Pair(_));
        if !loaded || protection.start.is_some() || pairs && !free {
            protection.desired = desired;
            self.security.with_desired |= bit(index);
            return self.limit_request(now, index);
        }
        match desired {
            Desired::None | Desired::Answer => {}
            Desired::Pair(require) => {
                protection.answer_due = None;
                if let Err(error) = self.begin_pairing(now, index, require, true) {
                    self.pairing_over(index, Err(error));
                } else if let Some(protection) = self.protection(index) {
                    protection.requested = protection.answer_due.is_some();
                }
            }
            // The peer already encrypted the link.
            Desired::Encrypt if protection.current.is_encrypted() => {
                self.attempt_over(index, Ok(()));
            }
            Desired::Encrypt => {
                if !protection.requested {
                    protection.answer_due = None;
                }
                if let Err(error) = self.begin_encryption(now, index) {
                    self.attempt_over(index, Err(error));
                }
            }
        }
    }

    /// Limits how long a request waits for the store, for another procedure or for a slot: as long as for an answer of
    /// the peer.
    fn limit_request(&mut self, now: Instant, index: u8) {
        if let Some(protection) = self.protection(index)
            && protection.answer_due.is_none()
        {
            protection.answer_due = Some(now + ANSWER);
            self.deadlines_changed();
        }
    }

    /// Drops a procedure that the application requested and that did not begin in time.
    pub(super) fn forget_request(&mut self, index: u8) {
        if let Some(protection) = self.protection(index)
            && protection.has_request()
        {
            protection.desired = Desired::None;
        }
    }

    /// Starts a pairing as the central; sends a Security Request as the peripheral. `ours`: the application asked for
    /// it, so its user is not asked to agree again.
    pub(super) fn begin_pairing(
        &mut self,
        now: Instant,
        index: u8,
        require: Level,
        ours: bool,
    ) -> Result<(), Error> {
        let config = self.pairing_config(index, require, !ours);
        let central = self.links.get(usize::from(index)).is_some_and(|slot| slot.is_central());
        let started = if central {
            self.prepare_pairing(now, index, config, ours)?;
            let started = self.pairing_mut(index).map(|pairing| pairing.start(now));
            self.release_pairing(index);
            started.unwrap_or(Err(StartError::Busy))
        } else {
            let mut auth = AuthReq::empty();
            auth.set(AuthReq::BONDING, config.bonding);
            auth.set(AuthReq::MITM, config.mitm);
            auth.set(AuthReq::SECURE_CONNECTIONS, config.secure_connections);
            match self.protection(index) {
                Some(protection) if !protection.is_pairing() => {
                    protection.idle.request_security(auth)
                }
                Some(_) | None => Err(StartError::Busy),
            }
        };
        match started {
            Ok(()) => {}
            Err(StartError::Role | StartError::Busy) => return Err(Error::Busy),
            Err(StartError::TimedOut) => return Err(Error::Pairing(PairingFailure::Timeout)),
            Err(StartError::RepeatedAttempts) => {
                return Err(Error::Pairing(PairingFailure::TooSoon));
            }
        }
        if !central && let Some(protection) = self.protection(index) {
            protection.require = require;
            protection.answer_due = Some(now + ANSWER);
        }
        self.pairing_changed(now, index);
        Ok(())
    }

    /// Returns what the next pairing of a link offers and requires.
    pub(super) fn pairing_config(&self, index: u8, require: Level, consent: bool) -> PairingConfig {
        let mut config = self.config.pairing;
        config.bonding &= self.security.bonds.places() > 0;
        config.require = config.require.max(require);
        let bond = self.links.get(usize::from(index)).and_then(|slot| slot.protection.bond);
        // Without MITM protection, the pairing could not replace an authenticated bond.
        let security = bond.map_or(Level::Open, |bond| bond.security.level);
        config.mitm |= config.require.max(security) >= Level::Authenticated;
        config.consent = consent && (config.consent || bond.is_some());
        config
    }

    /// Takes a slot for the next pairing of a link, and sets the pairing up. `ours`: the application asked for it.
    pub(super) fn prepare_pairing(
        &mut self,
        now: Instant,
        index: u8,
        config: PairingConfig,
        ours: bool,
    ) -> Result<(), Error> {
        let room = if config.bonding { self.room(index) } else { Ok(()) };
        let bonded =
            self.links.get(usize::from(index)).is_some_and(|l| l.protection.bond.is_some());
        let peer = self.backoff_of(index);
        let until = peer.and_then(|peer| self.security.backoff.until(now, peer, ours || bonded));
        let oob = self.security.oob.first().and_then(Oob::local);
        let central = self.links.get(usize::from(index)).is_some_and(|slot| slot.is_central());
        if let (true, Err(failure)) = (central, room) {
            return Err(failure.error());
        }
        self.hold_pairing(index, config)?;
        if let Some(pairing) = self.pairing_mut(index) {
            pairing.set_vetting(true);
            pairing.set_local_oob(oob);
            pairing.hold_off(until);
        }
        if let Some(protection) = self.protection(index) {
            protection.consent = config.consent;
        }
        Ok(())
    }
}
