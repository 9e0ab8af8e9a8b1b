//! Encryption: start and refresh. [Vol 6] Part B, 5.1.3
//!
//! Nothing is enciphered. That both hosts gave the same key shows where the real link layer would see a wrong MIC.

use bindrune_hci::Status;

use super::{End, Link, control::Control};
use crate::air::Medium;

/// How far a link is encrypted.
#[derive(Debug, Default)]
pub(crate) struct Encryption {
    central_on: bool,
    peripheral_on: bool,
    /// The key that the central's host gave, while encryption starts.
    central: Option<[u8; 16]>,
    /// The peripheral's host was asked for its key.
    asked: bool,
    /// The key that the peripheral's host gave, while encryption starts.
    peripheral: Option<[u8; 16]>,
}

impl Encryption {
    /// True when PDUs carry a MIC.
    pub(crate) const fn is_on(&self) -> bool {
        self.central_on && self.peripheral_on
    }
}

impl Link {
    /// The central's host wants the link encrypted with `key`.
    pub(crate) fn encrypt(
        &mut self,
        key: [u8; 16],
        random: [u8; 8],
        diversifier: u16,
        m: &mut Medium,
    ) -> Result<(), Status> {
        if self.encryption.central.is_some() {
            return Err(Status::COMMAND_DISALLOWED);
        }
        let peer = &m.controllers[self.peripheral.controller];
        if !peer.config.encryption {
            self.tell_encryption(End::Central, Status::UNSUPPORTED_REMOTE_FEATURE, m);
            return Ok(());
        }
        self.encryption.central = Some(key);
        self.central.transmitter.pause(true);
        self.push(End::Central, Control::Encrypt { random, diversifier });
        Ok(())
    }

    pub(super) fn encryption_requested(
        &mut self,
        end: End,
        random: [u8; 8],
        diversifier: u16,
        m: &mut Medium,
    ) {
        let side = self.side_mut(end);
        side.transmitter.pause(true);
        let asked =
            m.controllers[side.controller].ask_long_term_key(side.handle, random, diversifier);
        self.push(end, Control::EncryptAnswer);
        self.encryption.asked = asked;
        if !asked {
            self.refuse_encryption(end, Status::KEY_MISSING);
        }
    }

    /// The peripheral's host answers with its key, or that it has none.
    pub(crate) fn answer_key(&mut self, end: End, key: Option<[u8; 16]>) -> Result<(), Status> {
        if end == End::Central || !core::mem::take(&mut self.encryption.asked) {
            return Err(Status::COMMAND_DISALLOWED);
        }
        self.encryption.peripheral = key;
        match key {
            Some(_) => self.push(end, Control::StartEncryption),
            None => self.refuse_encryption(end, Status::KEY_MISSING),
        }
        Ok(())
    }

    fn refuse_encryption(&mut self, end: End, status: Status) {
        self.push(end, Control::RefuseEncryption(status));
        self.side_mut(end).transmitter.pause(false);
    }

    pub(super) fn encryption_starts(&mut self, end: End) {
        if let Some(key) = self.encryption.central {
            self.push(end, Control::EncryptionStarted(key));
        }
    }

    /// At the peripheral the central's first enciphered PDU arrived, then at the central the peripheral's.
    pub(super) fn encryption_started(&mut self, end: End, key: [u8; 16], m: &mut Medium) {
        let own = match end {
            End::Central => self.encryption.central.take(),
            End::Peripheral => self.encryption.peripheral.take(),
        };
        if own != Some(key) {
            return self.close(end, Status::MIC_FAILURE, m);
        }
        if end == End::Peripheral {
            self.push(end, Control::EncryptionStarted(key));
        }
        self.tell_encryption(end, Status::SUCCESS, m);
    }

    pub(super) fn encryption_refused(&mut self, end: End, status: Status, m: &mut Medium) {
        self.encryption.central = None;
        self.tell_encryption(end, status, m);
    }

    fn tell_encryption(&mut self, end: End, status: Status, m: &mut Medium) {
        let on = match end {
            End::Central => &mut self.encryption.central_on,
            End::Peripheral => &mut self.encryption.peripheral_on,
        };
        let refreshes = *on;
        *on |= status.is_success();
        let side = self.side_mut(end);
        side.transmitter.pause(false);
        m.controllers[side.controller].encryption_changed(side.handle, status, refreshes);
    }
}
