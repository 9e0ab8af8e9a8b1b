//! A host without the Security Manager: links stay unencrypted, pairing is refused, and no key is ever given.

use bindrune_gap::{Connect, LinkUp, Report};
use bindrune_gatt::Security;
use bindrune_hci::{
    Command, Event, Opcode, RawHandle, Status,
    cmd::le::{Encrypt, LongTermKeyRequestNegativeReply},
    event::{GenerateDhKeyComplete, ReadLocalP256PublicKeyComplete},
};
use bindrune_l2cap::Security as ChannelSecurity;
use bindrune_smp::{
    Reason,
    pdu::{Code, Pdu},
};
use bindrune_wire::{Address, Handle, Level, Packet, Writer, time::Instant};

use super::{Link, LinkSecurity, Paired, PairingFailure, Stack};
use crate::{Error, config::Privacy as Choice};

/// Pending answers of a link that cannot be protected.
#[derive(Debug)]
pub(crate) struct Protection {
    /// The peer asked to pair, and the refusal is pending.
    refuse_pairing: bool,
    /// The central asked for a key, and the refusal is pending.
    refuse_key: bool,
}

/// The protection in a slot. It is small, so it is not made lazily.
pub(crate) type Lazy = Protection;

impl Protection {
    pub(crate) const NONE: Self = Self { refuse_pairing: false, refuse_key: false };

    pub(crate) fn channels(&self) -> ChannelSecurity {
        ChannelSecurity { level: Level::Open, key_size: 0, bond: None }
    }

    pub(crate) const fn current(&self) -> LinkSecurity {
        LinkSecurity::OPEN
    }

    pub(crate) const fn identity(&self) -> Option<Address> {
        None
    }

    pub(crate) const fn failure(&self) -> Option<PairingFailure> {
        None
    }

    pub(crate) const fn paired(&self) -> Option<Paired> {
        None
    }

    pub(super) const fn is_lost(&self) -> bool {
        false
    }

    pub(super) const fn awaits_encryption(&self) -> bool {
        false
    }

    pub(super) const fn is_starting(&self) -> bool {
        false
    }

    pub(super) const fn is_about_to_start(&self) -> bool {
        false
    }

    pub(super) const fn awaits_peer(&self) -> bool {
        false
    }

    /// Writes the refusal for a central that asked for a key. [Vol 4] Part E, 7.8.26
    pub(super) fn poll_command(&mut self, handle: Handle, w: &mut Writer<'_>) -> Option<Opcode> {
        if !core::mem::take(&mut self.refuse_key) {
            return None;
        }
        let command = LongTermKeyRequestNegativeReply { handle: RawHandle::from(handle) };
        command.write(w).ok().map(|()| LongTermKeyRequestNegativeReply::OPCODE)
    }
}

/// Replaces the slots of pairings.
#[derive(Debug)]
pub(crate) struct PairingSlot;

impl PairingSlot {
    pub(crate) const FREE: Self = Self;
}

/// Replaces the security state that links share.
#[derive(Debug)]
pub(super) struct HostSecurity;

impl HostSecurity {
    pub(super) const fn new(
        _records: &'static mut [u8],
        _slots: &'static mut [PairingSlot],
    ) -> Self {
        Self
    }

    #[expect(clippy::unused_self, reason = "with security a pairing may have a PDU pending")]
    pub(super) const fn has_anything_pending(&self, protection: &Protection) -> bool {
        protection.refuse_pairing
    }

    /// Writes Pairing Failed, Pairing Not Supported. [Vol 3] Part H, 2.4.6 and 3.5.5
    #[expect(clippy::unused_self, reason = "with security a pairing may have a PDU pending")]
    pub(super) fn poll_transmit(
        &mut self,
        protection: &mut Protection,
        w: &mut Writer<'_>,
    ) -> bool {
        core::mem::take(&mut protection.refuse_pairing)
            && Pdu::Failed(Reason::PAIRING_NOT_SUPPORTED).write(w).is_ok()
    }

    pub(super) const fn poll_timeout(&self, _protection: &Protection) -> Option<Instant> {
        None
    }

    pub(super) const fn reset(&mut self) {}

    pub(super) const fn restart(&mut self) {}

    pub(super) const fn is_storing(&self) -> bool {
        false
    }
}

/// Replaces the challenges after a reset, which need the Security Manager's cryptography.
#[derive(Debug)]
pub(super) struct Challenges;

impl Challenges {
    pub(super) const POSSIBLE: bool = false;

    pub(super) const fn new() -> Self {
        Self
    }

    pub(super) const fn seed(&mut self, _random: [u8; 16]) {}

    pub(super) const fn is_seeded(&self) -> bool {
        false
    }

    pub(super) const fn address(&self) -> [u8; 6] {
        [0; 6]
    }

    pub(super) const fn next(&mut self, _clock: embassy_time::Instant) -> Encrypt {
        Encrypt { key: [0; 16], plaintext: [0; 16] }
    }

    pub(super) const fn is_met(&self, _ciphertext: [u8; 16]) -> bool {
        false
    }
}

/// Replaces the controller's cryptography, which is not used.
#[derive(Debug)]
pub(super) struct Worker;

impl Worker {
    pub(super) const fn new() -> Self {
        Self
    }

    pub(super) const fn fail(&mut self) {}

    pub(super) const fn poll_command(&mut self, _w: &mut Writer<'_>) -> Option<Opcode> {
        None
    }

    pub(super) const fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}

/// Replaces private addresses: every peer sees the same address.
#[derive(Debug)]
pub(super) struct Privacy;

impl Privacy {
    pub(super) const fn new(_choice: Choice) -> Self {
        Self
    }

    pub(super) const fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}

/// Answers to the peers and the controller.
impl Stack {
    pub(super) const fn protect(&mut self, _now: Instant, _index: u8, _up: &LinkUp) {}

    pub(super) fn end_protection(&mut self, index: u8) {
        if let Some(slot) = self.links.get_mut(usize::from(index)) {
            slot.protection = Lazy::NONE;
        }
    }

    /// Takes a PDU of the Security Manager. Answers only the two that begin a procedure.
    pub(super) fn handle_smp(&mut self, _now: Instant, index: u8, packet: Packet) {
        let code = packet.bytes().first().map(|code| Code(*code));
        let slot = self.links.get_mut(usize::from(index));
        if let (Some(slot), Some(Code::PAIRING_REQUEST | Code::SECURITY_REQUEST)) = (slot, code) {
            slot.protection.refuse_pairing = true;
            self.mark_pending(index);
        }
        self.rx.pool.give(packet);
    }

    /// Refuses a key request of the central, because there is no key. [Vol 4] Part E, 7.7.65.5
    pub(super) fn key_requested(
        &mut self,
        now: Instant,
        handle: RawHandle,
        _ediv: u16,
        _rand: u64,
    ) {
        let Some(index) = handle.get().and_then(|handle| self.find(handle)) else { return };
        if let Some(slot) = self.links.get_mut(usize::from(index)) {
            slot.last_rx = Some(now);
            slot.protection.refuse_key = true;
        }
        self.command_link(index);
    }

    pub(super) const fn encryption_changed(
        &mut self,
        _now: Instant,
        _handle: RawHandle,
        _status: Status,
        _on: bool,
    ) {
    }

    pub(super) const fn encryption_refused(&mut self, _now: Instant, _index: u8, _status: Status) {}

    pub(super) const fn pairing_changed(&mut self, _now: Instant, _index: u8) {}

    pub(super) const fn security_timeout(&mut self, _now: Instant, _index: u8) {}

    pub(super) fn public_key_made(&mut self, _event: &ReadLocalP256PublicKeyComplete) {
        self.stats.stray_completions.count();
    }

    pub(super) fn dh_key_made(&mut self, _event: &GenerateDhKeyComplete) {
        self.stats.stray_completions.count();
    }

    pub(super) const fn worker_complete(&mut self, _opcode: Opcode, _parameters: &[u8]) {}

    pub(super) const fn worker_status(&mut self, _now: Instant, _opcode: Opcode, _status: Status) {}

    pub(super) const fn worker_timeout(&mut self) {}
}

/// Answers to other capabilities.
impl Stack {
    pub(super) const fn security(_link: &Link) -> Security {
        Security::OPEN
    }

    #[expect(clippy::unused_self, reason = "with security there may be requests")]
    pub(super) const fn has_requests(&self) -> bool {
        false
    }

    #[expect(clippy::unused_self, reason = "with security there is a record of this device")]
    pub(super) const fn has_unsaved_record(&self) -> bool {
        false
    }

    pub(super) const fn begin_desired(&mut self, _now: Instant) {}

    /// Returns true, because operations on the peer never wait for encryption.
    pub(super) const fn may_ask(&self, _index: u8) -> Result<bool, Error> {
        Ok(true)
    }

    pub(super) const fn remember(&mut self, _index: u8) {}

    pub(super) const fn await_made_address(&mut self) {}

    pub(super) const fn keep_made_address(&mut self) {}

    pub(super) const fn private_address_due(&mut self) {}

    pub(super) const fn address_changed(&mut self, _result: Result<(), Status>) {}

    #[expect(clippy::unused_self, reason = "with private addresses there may be none for a link")]
    pub(super) const fn check_may_link(&self) -> Result<(), Error> {
        Ok(())
    }

    pub(super) const fn privacy_timeout(&mut self, _now: Instant) {}

    pub(super) const fn is_private_peer(&self, _peer: Address) -> bool {
        false
    }

    pub(super) const fn resolved<'b>(&self, report: Report<'b>) -> Report<'b> {
        report
    }

    pub(super) fn begin_connecting(&mut self, connect: &Connect) {
        self.gap.connect(*connect);
    }

    pub(super) const fn look_for_peer(&mut self, _now: Instant, _event: &Event<'_>) {}
}
