//! Encryption of a link: started as the central, answered as the peripheral, and supervised. [Vol 4] Part E, 7.7.8

use bindrune_hci::{
    Command, Opcode, RawHandle, SecretKey, Status,
    cmd::le::{EnableEncryption, LongTermKeyRequestNegativeReply, LongTermKeyRequestReply},
};
use bindrune_smp::{Key, LongTermKey, Reason};
use bindrune_wire::{Address, Handle, Writer, time::Instant};
use embassy_time::Duration;

use super::{LinkSecurity, Protection, Stack};
use crate::{Error, capability::CENTRAL, stack::link::PendingEvents, waiters::Due};

/// A start of encryption.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    pub(super) source: Source,
    /// Security of the link once it is encrypted.
    pub(super) security: LinkSecurity,
}

/// The source of the key that encrypts a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The pairing in progress.
    Pairing,
    /// The bond.
    Bond,
}

/// The pending command of a link's encryption.
#[derive(Clone, Debug)]
pub(super) enum PendingCommand {
    Nothing,
    /// As the central: start encryption.
    Encrypt(LongTermKey),
    /// As the peripheral: give the key.
    Reply(Key),
    /// As the peripheral: refuse, because there is no such key.
    Refuse,
}

/// Time limit for the start of encryption. The link layer gives up after the same time. [Vol 6] Part B, 5.2
const START: Duration = Duration::from_secs(40);
/// Time limit for a key request of the central that waits for the store of bonds.
const LOADING: Duration = Duration::from_secs(30);

impl Protection {
    /// Returns whether the link is not encrypted but its encryption was started: the event that reports it may be on
    /// its way.
    pub(in crate::stack) const fn awaits_encryption(&self) -> bool {
        self.start.is_some()
            && !self.current.is_encrypted()
            && matches!(self.pending, PendingCommand::Nothing)
    }

    /// Returns whether encryption is starting, from its command until the end of the start. No link-layer procedure may
    /// begin meanwhile.
    pub(in crate::stack) const fn is_starting(&self) -> bool {
        self.start.is_some() && !self.is_about_to_start()
    }

    /// Returns whether the central's command that starts encryption is pending.
    pub(in crate::stack) const fn is_about_to_start(&self) -> bool {
        CENTRAL && matches!(self.pending, PendingCommand::Encrypt(_))
    }

    /// Writes the pending command.
    pub(in crate::stack) fn poll_command(
        &mut self,
        handle: Handle,
        w: &mut Writer<'_>,
    ) -> Option<Opcode> {
        let handle = RawHandle::from(handle);
        match core::mem::replace(&mut self.pending, PendingCommand::Nothing) {
            PendingCommand::Nothing => None,
            PendingCommand::Encrypt(_) if !CENTRAL => None,
            PendingCommand::Encrypt(LongTermKey { key, ediv, rand }) => {
                let command = EnableEncryption {
                    handle,
                    random_number: u64::from_le_bytes(rand).into(),
                    encrypted_diversifier: ediv.into(),
                    key: SecretKey(*key.octets()),
                };
                command.write(w).ok().map(|()| EnableEncryption::OPCODE)
            }
            PendingCommand::Reply(key) => {
                let command = LongTermKeyRequestReply { handle, key: SecretKey(*key.octets()) };
                command.write(w).ok().map(|()| LongTermKeyRequestReply::OPCODE)
            }
            PendingCommand::Refuse => {
                let command = LongTermKeyRequestNegativeReply { handle };
                command.write(w).ok().map(|()| LongTermKeyRequestNegativeReply::OPCODE)
            }
        }
    }
}

impl Protection {
    /// As the peripheral, gives the key. Encryption must then start in time.
    fn give_key(&mut self, now: Instant, key: &Key, source: Source, security: LinkSecurity) {
        self.start = Some(Start { source, security });
        self.pending = PendingCommand::Reply(key.clone());
        self.deadline = Some(now + START);
    }

    /// As the peripheral, refuses for want of a key, which ends a start with an earlier key. [Vol 4] Part E, 7.8.26
    fn refuse_key(&mut self) {
        (self.start, self.deadline) = (None, None);
        self.pending = PendingCommand::Refuse;
    }
}

impl Stack {
    /// Encrypts a link with the key of its bond. A peripheral asks the central to do so.
    pub(super) fn begin_encryption(&mut self, now: Instant, index: u8) -> Result<(), Error> {
        let known = self.protection(index).and_then(|p| p.bond).ok_or(Error::NotBonded)?;
        if !known.usable {
            return Err(self.why_unusable(index, known.identity));
        }
        let (_, bond) = self.security.bonds.named(known.identity).ok_or(Error::NotBonded)?;
        let central = self.links.get(usize::from(index)).is_some_and(|slot| slot.is_central());
        if !central {
            return self.begin_pairing(now, index, bindrune_wire::Level::Open, true);
        }
        let key = bond.peer_ltk().ok_or(Error::NotBonded)?;
        let start = Start { source: Source::Bond, security: known.security };
        self.start_encryption(now, index, key, start);
        Ok(())
    }

    /// Returns why a bond cannot encrypt a link.
    fn why_unusable(&self, index: u8, identity: Address) -> Error {
        let own = self.local_on(index);
        match (self.security.bonds.named(identity), own) {
            (Some((_, bond)), Some(&own)) if bond.local() != own => {
                Error::OtherAddress { bonded: bond.local(), own }
            }
            (Some(_) | None, _) => Error::NotBonded,
        }
    }

    /// Starts encryption as the central.
    pub(super) fn start_encryption(
        &mut self,
        now: Instant,
        index: u8,
        key: LongTermKey,
        start: Start,
    ) {
        if !CENTRAL {
            return;
        }
        if let Some(protection) = self.protection(index) {
            protection.start = Some(start);
            protection.pending = PendingCommand::Encrypt(key);
            protection.deadline = Some(now + START);
        }
        self.command_link(index);
        self.deadlines_changed();
    }

    /// Handles a key request of the central. [Vol 4] Part E, 7.7.65.5
    pub(in crate::stack) fn key_requested(
        &mut self,
        now: Instant,
        handle: RawHandle,
        ediv: u16,
        rand: u64,
    ) {
        let Some(index) = handle.get().and_then(|handle| self.find(handle)) else { return };
        if let Some(slot) = self.links.get_mut(usize::from(index)) {
            slot.last_rx = Some(now);
        }
        self.answer_key(now, index, ediv, rand);
    }

    /// Gives the key of the pairing or of the bond, or refuses if there is none. [Vol 3] Part H, 2.4.4
    pub(super) fn answer_key(&mut self, now: Instant, index: u8, ediv: u16, rand: u64) {
        if self.is_weaker_than_bond(index) {
            // The peer's public key turned out to be the debug key.
            let reason = Reason::AUTHENTICATION_REQUIREMENTS;
            let failure = self.bond_in_the_way(index);
            self.refuse_terms(index, reason, failure);
        }
        self.choose_key(now, index, ediv, rand);
        self.command_link(index);
        self.pairing_changed(now, index);
    }

    fn choose_key(&mut self, now: Instant, index: u8, ediv: u16, rand: u64) {
        let Self { links, security, .. } = self;
        let Some(slot) = links.get_mut(usize::from(index)).filter(|l| l.is_up()) else { return };
        let protection: &mut Protection = &mut slot.protection;
        protection.key_wanted = None;
        if let Some(machine) = security.pairing_mut(protection).filter(|m| m.is_active()) {
            let (early, terms) = (!machine.has_key(), machine.terms());
            if let (Some(key), Some(terms)) = (machine.long_term_key(ediv, rand), terms) {
                let security = LinkSecurity::of_terms(&terms);
                return protection.give_key(now, key, Source::Pairing, security);
            }
            if early {
                // The peer asked for a key before the pairing has proven one: it skipped a step.
                machine.cancel(Reason::UNSPECIFIED_REASON);
                return protection.refuse_key();
            }
        }
        if !security.bonds.is_settled() {
            protection.refuse_key();
            protection.pending = PendingCommand::Nothing;
            protection.key_wanted = Some((ediv, rand.to_le_bytes()));
            protection.deadline = Some(now + LOADING);
            return;
        }
        let known = protection.bond.filter(|bond| bond.usable);
        let bond = known.and_then(|known| security.bonds.named(known.identity));
        let key = bond.and_then(|(_, bond)| bond.local_key(ediv, rand));
        if let (Some(key), Some(known)) = (key, known) {
            return protection.give_key(now, key, Source::Bond, known.security);
        }
        protection.refuse_key();
        self.report(index, PendingEvents::BOND_LOST);
    }

    /// Handles the event that a link is encrypted, could not be encrypted, or is no longer encrypted.
    pub(in crate::stack) fn encryption_changed(
        &mut self,
        now: Instant,
        handle: RawHandle,
        status: Status,
        on: bool,
    ) {
        let Some(index) = handle.get().and_then(|handle| self.find(handle)) else { return };
        if let Some(slot) = self.links.get_mut(usize::from(index)) {
            slot.last_rx = Some(now);
        }
        let Some(protection) = self.protection(index) else { return };
        let was = protection.current.is_encrypted();
        protection.deadline = None;
        let start = protection.start.take();
        match (status.is_success() && on, start) {
            (true, Some(start)) => self.encrypted(now, index, start),
            // This host gave no key, so the encryption protects nothing.
            (true, None) => {}
            (false, start) => {
                protection.current = LinkSecurity::OPEN;
                protection.lost |= was;
                if let Some(start) = start {
                    self.not_encrypted(now, index, start, status);
                }
                if was {
                    self.forget_output(index);
                    // The link would continue without the protection that the application relied on.
                    // [Vol 3] Part C, 10.3
                    let _ends = self.disconnect_slot(index, Status::AUTHENTICATION_FAILURE);
                }
            }
        }
        // Procedures of the link waited for this.
        self.command_link(index);
        self.deadlines_changed();
    }

    fn encrypted(&mut self, now: Instant, index: u8, start: Start) {
        let Some(protection) = self.protection(index) else { return };
        protection.current = start.security;
        protection.unprotected = None;
        match start.source {
            Source::Pairing => {
                if let Some(pairing) = self.pairing_mut(index) {
                    pairing.handle_encryption(now, true);
                }
                self.pairing_changed(now, index);
            }
            Source::Bond => self.encrypted_with_bond(index),
        }
        self.report(index, PendingEvents::ENCRYPTED);
        self.attempt_over(index, Ok(()));
    }

    fn encrypted_with_bond(&mut self, index: u8) {
        let name = self.backoff_of(index);
        if let Some(name) = name {
            self.security.backoff.succeeded(name);
        }
        self.recall(index);
        let waits =
            self.protection(index).is_some_and(|p| p.answer_due.is_some() && !p.has_request());
        let known = self.protection(index).and_then(|p| p.bond);
        if let (true, Some(known)) = (waits, known)
            && let Some((_, bond)) = self.security.bonds.named(known.identity)
        {
            let paired = super::Paired::of_bond(bond, true);
            self.pairing_over(index, Ok(paired));
        }
    }

    fn not_encrypted(&mut self, now: Instant, index: u8, start: Start, status: Status) {
        let central = self.links.get(usize::from(index)).is_some_and(|slot| slot.is_central());
        let Some(protection) = self.protection(index) else { return };
        let error = match (start.source, central && status == Status::KEY_MISSING) {
            (Source::Pairing, _) => {
                if let Some(pairing) = self.pairing_mut(index) {
                    pairing.handle_encryption(now, false);
                }
                self.pairing_changed(now, index);
                return self.attempt_over(index, Err(Error::Encryption(status)));
            }
            (Source::Bond, true) => Error::BondLost,
            (Source::Bond, false) => Error::Encryption(status),
        };
        protection.unprotected = Some(error);
        if matches!(error, Error::BondLost) {
            self.report(index, PendingEvents::BOND_LOST);
        }
        self.attempt_over(index, Err(error));
    }

    /// Ends an attempt to encrypt, and wakes the callers that wait for its result.
    pub(super) fn attempt_over(&mut self, index: u8, result: Result<(), Error>) {
        if let Some(protection) = self.protection(index) {
            protection.attempts = protection.attempts.wrapping_add(1);
            protection.attempt = Some(result);
            // After a failure, a caller that waits for a pairing still waits for the answer to the Security Request.
            protection.requested &= result.is_err();
            if !protection.requested {
                protection.answer_due = None;
            }
        }
        self.ready.run(Due::COMMAND);
        self.wake_client(index);
        self.mark_pending(index);
        // Procedures waited for the end of the start.
        self.command_link(index);
    }

    /// Handles a command of a link's encryption that the controller refused.
    pub(in crate::stack) fn encryption_refused(&mut self, now: Instant, index: u8, status: Status) {
        let slot = self.links.get(usize::from(index)).filter(|l| l.is_up());
        if let Some(slot) = slot.filter(|l| l.protection.start.is_some() && !status.is_success()) {
            self.encryption_changed(now, slot.handle.into(), status, false);
        }
    }

    /// Handles encryption that did not start in time: disconnects, because the link can no longer be trusted. A key
    /// request that still waits for the store is refused instead.
    pub(super) fn encryption_stuck(&mut self, index: u8) {
        let Some(protection) = self.protection(index) else { return };
        if protection.key_wanted.take().is_some() {
            // The store has not answered.
            protection.refuse_key();
            return self.command_link(index);
        }
        protection.start = None;
        protection.unprotected = Some(Error::Encryption(Status::LL_RESPONSE_TIMEOUT));
        self.attempt_over(index, Err(Error::Encryption(Status::LL_RESPONSE_TIMEOUT)));
        let _ends = self.disconnect_slot(index, Status::AUTHENTICATION_FAILURE);
    }
}
