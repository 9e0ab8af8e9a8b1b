//! Encryption. No data is enciphered; data waits while encryption starts or stops. [Vol 2] Part C, 4.2.5

use bindrune_hci::Status;

use super::{ClassicLink, Party, manager::Security};
use crate::{
    air::Medium,
    classic::events::{ENCRYPTION_CHANGE, ENCRYPTION_CHANGE_V2},
};

/// Encryption state of a link.
#[derive(Debug, Default)]
pub(super) struct Encryption {
    /// 0 off, 1 with E0, 2 with AES-CCM, as Encryption Change reports it.
    mode: u8,
    starting: bool,
}

impl Encryption {
    pub(super) const fn is_starting(&self) -> bool {
        self.starting
    }
}

impl ClassicLink {
    /// Turns encryption on or off for the host of `party`.
    pub(in crate::classic) fn encrypt(
        &mut self,
        party: Party,
        on: bool,
        m: &mut Medium,
    ) -> Result<(), Status> {
        if self.key.is_none() || self.pairing.is_some() || self.encryption.starting {
            return Err(Status::COMMAND_DISALLOWED);
        }
        if !on && self.encryption.mode == AES_CCM {
            return Err(Status::ENCRYPTION_MODE_NOT_ACCEPTABLE);
        }
        if on == (self.encryption.mode != 0) {
            self.report_encryption(party, on, m);
            return Ok(());
        }
        self.encryption.starting = true;
        self.side_mut(party).transmitter.held_back = true;
        self.push_security(party, Security::Encrypt(on), m);
        Ok(())
    }

    pub(super) fn encryption_requested(&mut self, party: Party, on: bool, m: &mut Medium) {
        self.side_mut(party).transmitter.held_back = true;
        self.push_security(party, Security::EncryptAnswer(on), m);
    }

    pub(super) fn encryption_answered(&mut self, party: Party, on: bool, m: &mut Medium) {
        self.encryption.mode = match (on && self.key_suffices(m), self.both_secure(m)) {
            (false, _) => 0,
            (true, false) => E0,
            (true, true) => AES_CCM,
        };
        self.report_encryption(party, on, m);
        self.push_security(party, Security::EncryptStart(on), m);
        self.side_mut(party).transmitter.held_back = false;
    }

    pub(super) fn encryption_started(&mut self, party: Party, on: bool, m: &mut Medium) {
        self.encryption.starting = false;
        self.report_encryption(party, on, m);
        self.side_mut(party).transmitter.held_back = false;
        self.wake(party, m);
    }

    /// Reports the mode; `on` is the one that a host requested.
    fn report_encryption(&self, party: Party, on: bool, m: &mut Medium) {
        let refused = on && self.encryption.mode == 0;
        let status = if refused { Status::ENCRYPTION_MODE_NOT_ACCEPTABLE } else { Status::SUCCESS };
        let handle = self.side(party).handle.to_le_bytes();
        let parts: [&[u8]; 3] = [&[status.0], &handle, &[self.encryption.mode]];
        let config = &self.controller(party, m).config.classic;
        let second = config.as_ref().is_some_and(|config| config.encryption_change_v2);
        let size = if self.encryption.mode == 0 { 0 } else { self.longest_key(m) };
        let [status, handle, mode] = parts;
        if !second || !self.emit(party, ENCRYPTION_CHANGE_V2, &[status, handle, mode, &[size]], m) {
            self.emit(party, ENCRYPTION_CHANGE, &parts, m);
        }
    }

    /// Returns the size of the encryption key in octets, which is the smaller of the two limits.
    pub(in crate::classic) fn key_size(&self, m: &Medium) -> Result<u8, Status> {
        if self.encryption.mode == 0 {
            return Err(Status::INSUFFICIENT_SECURITY);
        }
        Ok(self.longest_key(m))
    }

    fn longest_key(&self, m: &Medium) -> u8 {
        let ids = [self.pager.controller, self.paged.controller];
        let sizes = ids.map(|id| m.controllers[id].config.classic.as_ref().map(|c| c.key_size));
        sizes.into_iter().flatten().min().unwrap_or(16)
    }

    /// Returns whether both hosts permit the key's size. [Vol 4] Part E, 7.3.102
    fn key_suffices(&self, m: &Medium) -> bool {
        let ids = [self.pager.controller, self.paged.controller];
        let size = self.longest_key(m);
        ids.into_iter().all(|id| m.controllers[id].classic.settings.least_key_size <= size)
    }
}

const E0: u8 = 1;
const AES_CCM: u8 = 2;
