//! Authentication and encryption of a link. [Vol 4] Part E, 7.7.6, 7.7.8 and 7.7.39

use bindrune_hci::{Status, cmd::Failure as Answer, cmd::classic::EncryptionKeySize};

use bindrune_wire::time::Instant;

use embassy_time::Duration;

use super::{
    api::{Config, Failure},
    bond::Bond,
    key::Cipher,
    pairing::Context,
    slot::{Encryption, Running, Slot},
};

/// How often a procedure that collides with a procedure of the peer is repeated.
const COLLISIONS: u8 = 3;
/// Time before it is repeated. The sides wait for different times, so that they do not collide again.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_millis(1500)];

impl Slot {
    /// Handles Authentication Complete. Returns whether it was expected.
    pub(super) fn authentication_complete(&mut self, now: Instant, status: Status) -> bool {
        let Some(Running::Authentication { pair, keyed }) = self.running else { return false };
        self.running = None;
        if let Err(status) = status.ok() {
            self.authentication_failed(now, status, pair, keyed);
        } else if self.pairing.is_some() {
            // The controller has reported no key of this pairing.
            self.end(Failure::OutOfOrder);
        } else if self.key.is_some() && keyed {
            self.ready.changed |= !self.proven;
            self.proven = true;
            self.collisions = 0;
        } else if self.encryption.is_some() && !self.proven {
            self.end(Failure::OutOfOrder);
        } else {
            // The controller has used no key of this host.
            self.conclude(Err(Failure::OutOfOrder));
        }
        self.rest();
        true
    }

    /// Handles an authentication that failed, or that the controller refused to start.
    pub(super) fn authentication_failed(
        &mut self,
        now: Instant,
        status: Status,
        pair: bool,
        keyed: bool,
    ) {
        let is_due = self.goal.is_some() || self.encryption.is_some() && !self.proven;
        if is_due && is_collision(status) && self.collisions < COLLISIONS {
            if let Some(goal) = &mut self.goal {
                goal.again = true;
            }
            return self.pause(now);
        }
        let lost = !pair && keyed && !self.is_new && is_key_missing(status);
        let pairing = self.pairing.as_ref().filter(|pairing| pairing.local);
        let first = pairing.and_then(|pairing| pairing.failure);
        let failure = if lost { Failure::KeyMissing } else { Failure::Status(status) };
        let failure = first.unwrap_or(failure);
        if self.pairing.as_ref().is_some_and(|pairing| pairing.local) {
            self.fail(failure);
        }
        if self.encryption.is_some() && !self.proven {
            return self.end(failure);
        }
        if lost {
            (self.key, self.proven) = (None, false);
        }
        self.conclude(Err(failure));
    }

    /// Waits before the procedure is repeated.
    fn pause(&mut self, now: Instant) {
        self.collisions = self.collisions.saturating_add(1);
        self.paused = true;
        let [short, long] = PAUSES;
        self.touch(now, if self.local < self.peer { short } else { long });
    }

    /// Handles Encryption Change of either version. Returns whether it was expected.
    pub(super) fn encryption_change(
        &mut self,
        Context { now, config, .. }: Context<'_>,
        status: Status,
        enabled: u8,
        size: Option<u8>,
    ) -> bool {
        if let Err(status) = status.ok() {
            return self.encryption_failed(now, status);
        }
        let cipher = match enabled {
            0 if self.encryption.is_none() => return false,
            0 => {
                self.encryption = None;
                self.end(Failure::EncryptionOff);
                return true;
            }
            1 => Cipher::E0,
            2 => Cipher::AesCcm,
            _ => {
                self.end(Failure::OutOfOrder);
                return true;
            }
        };
        self.encrypted(config, cipher, size);
        true
    }

    /// Handles a link that is encrypted with the key that it uses.
    fn encrypted(&mut self, config: &Config, cipher: Cipher, size: Option<u8>) {
        if config.zero_keys && self.key.is_none() {
            self.key.clone_from(&self.bond);
        }
        let Some(with) = self.key.as_ref().map(Bond::strength) else {
            return self.end(Failure::OutOfOrder);
        };
        let secure = with.kind.is_secure() || config.only_secure_connections;
        if secure && cipher == Cipher::E0 {
            return self.end(Failure::Downgrade);
        }
        // Secure Connections authenticates both sides before it encrypts. [Vol 2] Part H, 5.2
        self.proven |= with.kind.is_secure();
        self.collisions = 0;
        let old = self.encryption.filter(|old| old.size.is_some());
        let first = Encryption { cipher, with, size: None, stale: true, fresh: None };
        let fresh = Some((cipher, with));
        self.encryption = Some(old.map_or(first, |old| Encryption { stale: true, fresh, ..old }));
        self.finish_encryption();
        self.ready.changed = true;
        if let Some(size) = size.filter(|size| *size > 0) {
            self.key_size_read(config, size);
        }
    }

    /// Handles Encryption Key Refresh Complete. Returns whether it was expected.
    pub(super) fn key_refreshed(&mut self, context: Context<'_>, status: Status) -> bool {
        let Context { now, config, .. } = context;
        if let Err(status) = status.ok() {
            return self.encryption_failed(now, status);
        }
        let Some(encryption) = &mut self.encryption else { return false };
        encryption.stale = true;
        if self.running == Some(Running::Encryption) {
            let cipher = encryption.cipher;
            self.encrypted(config, cipher, None);
        }
        true
    }

    fn finish_encryption(&mut self) {
        if self.running == Some(Running::Encryption) {
            self.running = None;
            self.rest();
        }
    }

    /// Handles encryption that did not start. Returns whether it was expected.
    pub(super) fn encryption_failed(&mut self, now: Instant, status: Status) -> bool {
        if self.running != Some(Running::Encryption) {
            return false;
        }
        self.finish_encryption();
        // A controller may disallow the command while that of the peer starts encryption.
        let collides = is_collision(status) || status == Status::COMMAND_DISALLOWED;
        if self.goal.is_some() && collides && self.collisions < COLLISIONS {
            self.pause(now);
            return true;
        }
        let lost = !self.is_new && is_key_missing(status);
        if lost {
            (self.key, self.proven) = (None, false);
        }
        let failure = if lost { Failure::KeyMissing } else { Failure::Encryption(status) };
        self.conclude(Err(failure));
        true
    }

    /// Handles the answer to Read Encryption Key Size.
    pub(super) fn key_size(&mut self, config: &Config, result: Result<EncryptionKeySize, Answer>) {
        match result {
            Ok(read) if read.handle.raw() == self.handle.get() => {
                self.key_size_read(config, read.size);
            }
            // An unknown size may be one octet.
            Ok(_) | Err(_) => self.end(Failure::KeySize(0)),
        }
    }

    /// Ends the link if the encryption key is too short: KNOB.
    fn key_size_read(&mut self, config: &Config, size: u8) {
        let Some(encryption) = &mut self.encryption else { return };
        let (cipher, with) = encryption.fresh.unwrap_or((encryption.cipher, encryption.with));
        let least = match cipher {
            Cipher::E0 => config.min_key_size,
            Cipher::AesCcm => config.min_key_size_secure,
        };
        if size < least.max(7) || size > 16 {
            return self.end(Failure::KeySize(size));
        }
        let now = Encryption { cipher, with, size: Some(size), stale: false, fresh: None };
        self.ready.changed |= encryption.size != now.size || encryption.fresh.is_some();
        self.encryption = Some(now);
    }
}

/// Returns whether a procedure of the peer, which may have ended soon, causes this status.
const fn is_collision(status: Status) -> bool {
    matches!(
        status,
        Status::LL_PROCEDURE_COLLISION
            | Status::DIFFERENT_TRANSACTION_COLLISION
            | Status::CONTROLLER_BUSY
            | Status::HOST_BUSY_PAIRING
    )
}

/// Returns whether a peer without the key, or with another key, causes this status.
const fn is_key_missing(status: Status) -> bool {
    matches!(
        status,
        Status::AUTHENTICATION_FAILURE | Status::KEY_MISSING | Status::PAIRING_NOT_ALLOWED
    )
}
