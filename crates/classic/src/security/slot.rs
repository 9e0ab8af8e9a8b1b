//! The state of one link, and what follows from it.

use bindrune_hci::{Status, cmd::classic::Keypress};
use bindrune_wire::{Address, AddressKind, Handle, Level, time::Instant};
use embassy_time::Duration;

use super::{
    api::{Config, Failure, LegacyPairing, LinkSecurity, Paired, PeerFeatures, Requirement},
    bond::Bond,
    key::{Cipher, Strength},
    oob::OobPresence,
    pairing::Pairing,
    reply::Reply,
};

/// Time limit for each step of the controller or the peer, and for each answer of the user.
pub(super) const STEP: Duration = Duration::from_secs(30);
/// Time limit for encryption to start.
pub(super) const ENCRYPTION: Duration = Duration::from_secs(40);
/// Time limit for a whole pairing, however slow its steps are and however many keypresses are reported.
pub(super) const LONGEST: Duration = Duration::from_secs(300);
/// The longest time for which pairings are refused.
const LONGEST_HOLD: Duration = Duration::from_secs(60 * 60);

/// Memory for the security of one link.
#[derive(Debug)]
pub struct Slot {
    pub(super) up: bool,
    pub(super) handle: Handle,
    pub(super) peer: Address,
    /// Address of this device.
    pub(super) local: Address,
    /// Whether the link must end: it has no security, and every request is refused.
    pub(super) ending: bool,
    pub(super) features: Option<PeerFeatures>,
    /// Whether [`Self::bond`] is known: the store was loaded.
    pub(super) loaded: bool,
    pub(super) bond: Option<Bond>,
    /// Out-of-band data of the peer that the root has.
    pub(super) oob: OobPresence,
    /// Whether a pairing has used the data of this device.
    pub(super) spent_oob: bool,
    pub(super) not_before: Option<Instant>,
    /// The key that this link uses: of the bond once the controller got it, or of a pairing.
    pub(super) key: Option<Bond>,
    /// Whether a pairing on this link made [`Self::key`].
    pub(super) is_new: bool,
    /// Whether the peer has proven on this link that it has [`Self::key`].
    pub(super) proven: bool,
    pub(super) encryption: Option<Encryption>,
    pub(super) goal: Option<Goal>,
    pub(super) running: Option<Running>,
    /// Procedures in a row that collided with a procedure of the peer.
    pub(super) collisions: u8,
    /// Whether the next procedure waits after a collision.
    pub(super) paused: bool,
    pub(super) pairing: Option<Pairing>,
    /// Whether a Link Key Request waits for the bonds to be loaded.
    pub(super) key_asked: bool,
    pub(super) reply: Option<Reply>,
    pub(super) keypress_out: Option<Keypress>,
    pub(super) deadline: Option<Instant>,
    /// Serial number of the last question. It continues on the next link.
    pub(super) serial: u16,
    pub(super) ready: Ready,
}

/// The encryption of a link.
#[derive(Clone, Copy, Debug)]
pub(super) struct Encryption {
    pub(super) cipher: Cipher,
    /// Strength of the link key that encrypts.
    pub(super) with: Strength,
    /// Length of the key in octets, once it was read and is long enough.
    pub(super) size: Option<u8>,
    /// Whether the size must be read again.
    pub(super) stale: bool,
    /// Cipher and link key of the encryption that has replaced this one, until its size is read.
    pub(super) fresh: Option<(Cipher, Strength)>,
}

/// The pending requirement of the root.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal {
    pub(super) requirement: Requirement,
    /// Whether a new pairing is requested, whatever the bond provides.
    pub(super) pair: bool,
    /// Whether there was an attempt to authenticate.
    pub(super) tried: bool,
    /// Whether another attempt may follow: the last one collided with a procedure of the peer.
    pub(super) again: bool,
}

/// A procedure of this side that the controller runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Running {
    /// Authentication, with the key that there is, or by a new pairing.
    Authentication {
        /// By a new pairing.
        pair: bool,
        /// Whether a key was provided, or made.
        keyed: bool,
    } = 1,
    Encryption,
}

/// A command that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Next {
    ReadKeySize = 1,
    Authenticate { pair: bool },
    Encrypt,
}

/// Events that were not taken yet.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) key: bool,
    pub(super) changed: bool,
    pub(super) question: bool,
    pub(super) paired: Option<Result<Paired, Failure>>,
    pub(super) outcome: Option<Result<LinkSecurity, Failure>>,
    pub(super) keypress: Option<Keypress>,
    pub(super) disconnect: Option<(Status, Failure)>,
}

impl Slot {
    /// No link.
    pub const EMPTY: Self = Self {
        up: false,
        handle: Handle::MIN,
        peer: Address::new(AddressKind::Public, [0; 6]),
        local: Address::new(AddressKind::Public, [0; 6]),
        ending: false,
        features: None,
        loaded: false,
        bond: None,
        oob: OobPresence::empty(),
        spent_oob: false,
        not_before: None,
        key: None,
        is_new: false,
        proven: false,
        encryption: None,
        goal: None,
        running: None,
        collisions: 0,
        paused: false,
        pairing: None,
        key_asked: false,
        reply: None,
        keypress_out: None,
        deadline: None,
        serial: 0,
        ready: Ready {
            key: false,
            changed: false,
            question: false,
            paired: None,
            outcome: None,
            keypress: None,
            disconnect: None,
        },
    };

    /// Returns whether a pairing must not begin yet.
    pub(super) fn must_wait(&self, now: Instant) -> bool {
        self.not_before.is_some_and(|until| until.is_ahead(now, LONGEST_HOLD))
    }

    /// Returns whether keys of Secure Connections will be made; `None` while the peer's features are unknown.
    pub(super) fn is_secure(&self, config: &Config) -> Option<bool> {
        if config.secure_connections {
            self.features.map(|features| features.secure_connections)
        } else {
            Some(false)
        }
    }

    /// Returns the strength of the bond.
    pub(super) fn bond_strength(&self) -> Option<Strength> {
        self.bond.as_ref().map(Bond::strength)
    }

    /// Returns the security of the link. E0 authenticates only one side, so the peer must prove its key to this side
    /// before the link has a level. [Vol 2] Part H, 5.1
    pub(super) fn security(&self) -> LinkSecurity {
        let bonded = self.bond.is_some();
        let Some(encryption) = self.encryption.filter(|_| !self.ending) else {
            return LinkSecurity { bonded, ..LinkSecurity::default() };
        };
        let Encryption { cipher, with, size, .. } = encryption;
        let level = match size {
            Some(size) if self.proven => with.level(cipher, size),
            Some(_) | None => Level::Open,
        };
        let key_size = size.unwrap_or_default();
        LinkSecurity { level, cipher: Some(cipher), key_size, kind: Some(with.kind), bonded }
    }

    /// Returns the next command of a procedure.
    pub(super) fn next(&self, config: &Config) -> Option<Next> {
        if self.running.is_some() || self.pairing.is_some() || self.ending {
            return None;
        }
        if let Some(encryption) = self.encryption {
            if encryption.size.is_none() || encryption.stale {
                return Some(Next::ReadKeySize);
            }
            if !self.proven {
                return (!self.paused).then_some(Next::Authenticate { pair: false });
            }
        }
        let goal = self.goal.as_ref()?;
        let level = goal.requirement.level;
        if goal.pair {
            return (!self.paused).then_some(Next::Authenticate { pair: true });
        }
        let key = self.key.as_ref().filter(|_| self.proven);
        if key.is_some_and(|key| key.level() >= level) {
            return (!self.paused).then_some(Next::Encrypt);
        }
        let known = self.key.as_ref().or(self.bond.as_ref());
        let pair = !known.is_some_and(|key| key.level() >= level && self.is_usable(key, config));
        (!self.paused).then_some(Next::Authenticate { pair })
    }

    /// Returns whether the controller may use a key.
    pub(super) fn is_usable(&self, key: &Bond, config: &Config) -> bool {
        let kind = key.kind;
        key.local == self.local
            && (config.zero_keys || !key.key.is_zero())
            && (!kind.is_legacy() || config.legacy != LegacyPairing::Refused)
            && (kind.is_secure() || !config.only_secure_connections)
            && key.level() >= config.require
    }

    /// Reports the outcome of the goal if it is reached, or if nothing more can be done for it.
    pub(super) fn settle(&mut self) {
        let Some(goal) = self.goal.filter(|goal| !goal.pair) else { return };
        let security = self.security();
        let Requirement { level, min_key_size } = goal.requirement;
        let is_read = self.encryption.is_some_and(|now| now.size.is_some() && !now.stale);
        let done = is_read && security.level >= level && security.key_size >= min_key_size;
        if done || level == Level::Open {
            return self.conclude(Ok(security));
        }
        let waits = self.encryption.is_some() && !(is_read && self.proven);
        if self.running.is_some() || self.pairing.is_some() || waits {
            return;
        }
        let key = self.key.as_ref().filter(|_| self.proven).map(Bond::strength);
        let key = key.filter(|key| key.best() >= level);
        if key.is_some() {
            if self.encryption.is_some_and(|now| Some(now.with) == key) {
                let short = security.key_size < min_key_size;
                let size = Failure::KeySize(security.key_size);
                let failure = if short { size } else { Failure::Insufficient(security.level) };
                self.conclude(Err(failure));
            }
        } else if goal.tried && !goal.again {
            self.conclude(Err(Failure::Insufficient(security.level)));
        }
    }

    /// Ends the goal.
    pub(super) fn conclude(&mut self, result: Result<LinkSecurity, Failure>) {
        if self.goal.take().is_some() {
            self.ready.outcome = Some(result);
        }
    }

    /// Ends the link with Authentication Failure (0x05), and everything that is in progress.
    pub(super) fn end(&mut self, failure: Failure) {
        if self.ending {
            return;
        }
        // What the pairing failed for first is more exact than what ends the link.
        let first = self.pairing.as_ref().and_then(|pairing| pairing.failure);
        let failure = first.unwrap_or(failure);
        self.fail_pairing(failure);
        self.conclude(Err(failure));
        self.ending = true;
        if core::mem::take(&mut self.key_asked) {
            self.reply = Some(Reply::NoKey);
        }
        (self.running, self.paused) = (None, false);
        self.deadline = None;
        self.ready.changed = true;
        self.ready.disconnect = Some((Status::AUTHENTICATION_FAILURE, failure));
    }

    /// Ends the pairing with a failure.
    pub(super) fn fail_pairing(&mut self, failure: Failure) {
        if let Some(pairing) = self.pairing.take() {
            self.ready.question = false;
            self.ready.keypress = None;
            self.keypress_out = None;
            self.ready.paired = Some(Err(pairing.failure.unwrap_or(failure)));
            self.rest();
        }
    }

    /// Starts the time for the next step.
    pub(super) fn touch(&mut self, now: Instant, limit: Duration) {
        let end = self.pairing.as_ref().map(|pairing| pairing.end);
        let at = now + limit;
        self.deadline = Some(end.map_or(at, |end| end.min(at)));
    }

    /// Returns whether nothing is in progress.
    pub(super) const fn is_resting(&self) -> bool {
        self.running.is_none() && self.pairing.is_none() && !self.key_asked
    }

    /// Stops the time if nothing is in progress.
    pub(super) fn rest(&mut self) {
        if self.is_resting() && !self.paused {
            self.deadline = None;
        }
    }
}
