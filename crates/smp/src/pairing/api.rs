//! Inputs and outputs of a pairing machine.

use core::fmt;

use bindrune_wire::{Address, Level};

use crate::{
    keys::{DhKey, Key, LocalKey, LongTermKey, PublicKey},
    method::{IoCapability, Method},
    pdu::{AuthReq, KeyDistribution, Keypress, Reason},
};

/// Features that this side offers and requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Input and output capability.
    pub io: IoCapability,
    /// Whether to keep the keys.
    pub bonding: bool,
    /// Whether to request protection against a man in the middle.
    pub mitm: bool,
    /// Whether to offer LE Secure Connections.
    pub secure_connections: bool,
    /// Whether to accept LE legacy pairing. Without the feature `legacy` it is refused.
    pub legacy: bool,
    /// Whether the peer's OOB data is available to answer [`PairingRequest::Oob`]. Without the feature `oob` there is
    /// none.
    pub oob: bool,
    /// Whether to offer keypress notifications.
    pub keypress: bool,
    /// Minimum level; a pairing that would achieve less fails with 0x03.
    pub require: Level,
    /// Minimum length of the key in octets, 7 to 16.
    pub min_key_size: u8,
    /// Maximum length of the key in octets, 7 to 16.
    pub max_key_size: u8,
    /// Keys to distribute to the peer.
    pub send: KeyDistribution,
    /// Keys to accept from the peer.
    pub accept: KeyDistribution,
    /// Whether to ask the user even if the method does not.
    pub consent: bool,
    /// Whether to pair with a peer that uses the public debug key; the result is never authenticated.
    pub debug_keys: bool,
}

impl Config {
    /// The values of [`Self::default`].
    pub const DEFAULT: Self = {
        let keys = KeyDistribution::ENCRYPTION.union(KeyDistribution::IDENTITY);
        Self {
            io: IoCapability::NoInputNoOutput,
            bonding: true,
            mitm: false,
            secure_connections: true,
            legacy: false,
            oob: false,
            keypress: false,
            require: Level::Encrypted,
            min_key_size: 16,
            max_key_size: 16,
            send: keys,
            accept: keys,
            consent: true,
            debug_keys: false,
        }
    };
}

impl Default for Config {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Identity of this device for bonded peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Public or static random address.
    pub address: Address,
    /// Key for its private addresses; zeros if it uses none.
    pub irk: Key,
}

/// Our part of an out-of-band exchange. [Vol 3] Part H, 2.3.5.6.4
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalOob {
    /// The key pair that the confirm value commits to.
    pub key: LocalKey,
    /// The random number that was passed on.
    pub random: Key,
}

impl LocalOob {
    /// Returns the confirm value to pass on with the random number.
    #[must_use]
    pub fn confirm(&self) -> [u8; 16] {
        let x = &self.key.public.x;
        crate::crypto::f4(x, x, self.random.octets(), 0)
    }
}

/// The pairing of a job: a result with the ticket of another pairing is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(pub(super) u32);

/// Work that the machine needs but cannot do itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    /// A fresh P-256 key pair; answered by [`JobDone::KeyPair`].
    KeyPair,
    /// The X coordinate of our private key multiplied by the peer's key; answered by [`JobDone::DhKey`].
    DhKey {
        /// Our key pair. If the controller holds the private key, the public key shows whether it is still the same
        /// pair.
        own: LocalKey,
        /// The peer's key, which is on the curve.
        peer: PublicKey,
    },
    /// Sixteen random octets; answered by [`JobDone::Random`].
    Random,
}

/// The result of a [`Job`].
#[derive(Clone, PartialEq, Eq)]
pub enum JobDone {
    /// A key pair.
    KeyPair(LocalKey),
    /// A Diffie-Hellman key; `None` if there is none.
    DhKey(Option<DhKey>),
    /// Random octets.
    Random([u8; 16]),
    /// The job cannot be done; the pairing fails.
    Failed,
}

impl fmt::Debug for JobDone {
    /// Omits random octets, because a key or a passkey may be derived from them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyPair(key) => write!(f, "KeyPair({key:?})"),
            Self::DhKey(key) => write!(f, "DhKey({key:?})"),
            Self::Random(_) => f.write_str("Random(..)"),
            Self::Failed => f.write_str("Failed"),
        }
    }
}

/// A question to the user, or something to show. It becomes invalid when the pairing ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairingRequest {
    /// Start a pairing? Answer yes or no.
    Confirm,
    /// Is this number shown on both devices? Answer yes or no.
    Compare(u32),
    /// Show this passkey. No answer.
    Display(u32),
    /// Enter the passkey that the other device shows. Answer with it, or no.
    Input,
    /// Answer with the peer's out-of-band data: a temporary key in legacy pairing, otherwise random and confirm
    /// values.
    Oob {
        /// Whether it is LE Secure Connections.
        secure: bool,
    },
}

/// The answer to a [`PairingRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Agreed, or equal.
    Yes,
    /// Not agreed, not equal, or not available.
    No,
    /// The passkey, 0 to 999,999.
    Passkey(u32),
    /// The temporary key of legacy pairing.
    TemporaryKey(Key),
    /// The peer's values for LE Secure Connections.
    Oob {
        /// Its random number.
        random: Key,
        /// Its confirm value.
        confirm: [u8; 16],
    },
}

/// An event of a pairing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The peripheral requests security: encrypt with the bond's key, or pair.
    SecurityRequest(AuthReq),
    /// The peer's user has pressed a key.
    Keypress(Keypress),
    /// The initiator must encrypt the link with this key, EDIV 0 and Rand 0.
    Encrypt(Key),
    /// The pairing is complete, and all keys are exchanged.
    Complete(Outcome),
    /// The pairing failed. After [`Event::Complete`] it means that the peer rejects the keys: discard them.
    Failed(Failure),
}

/// Reason why a pairing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Failure {
    /// This side ended the pairing; the peer gets the reason.
    Local(#[cfg_attr(feature = "defmt", defmt(Debug2Format))] Reason),
    /// The peer ended the pairing.
    Peer(#[cfg_attr(feature = "defmt", defmt(Debug2Format))] Reason),
    /// No PDU or answer came within 30 s. No further pairing is possible on this link. [Vol 3] Part H, 3.4
    Timeout,
    /// The link could not be encrypted with the new key.
    Encryption,
}

/// Result of a pairing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The association model.
    pub method: Method,
    /// Whether it was LE Secure Connections.
    pub secure: bool,
    /// Whether the key is protected against a man in the middle.
    pub authenticated: bool,
    /// Length of the key in octets.
    pub key_size: u8,
    /// Whether both sides keep the keys.
    pub bonded: bool,
    /// Security level of the link.
    pub level: Level,
    /// The keys to store.
    pub keys: Keys,
}

/// The keys of a pairing.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// For links where this device is the peripheral.
    pub local: Option<LongTermKey>,
    /// For links where the peer is the peripheral. In LE Secure Connections both are the same.
    pub peer: Option<LongTermKey>,
    /// Key that resolves the peer's private addresses; zeros if it uses none.
    pub peer_irk: Option<Key>,
    /// Identity address that the peer claims. A [`crate::Bond`] uses it only if the peer paired with a private
    /// address.
    pub peer_identity: Option<Address>,
    /// Key for signing by this device.
    pub local_csrk: Option<Key>,
    /// Key for checking the peer's signatures.
    pub peer_csrk: Option<Key>,
}

impl Clone for Keys {
    #[inline(never)]
    fn clone(&self) -> Self {
        Self {
            local: ltk(self.local.as_ref()),
            peer: ltk(self.peer.as_ref()),
            peer_irk: key(self.peer_irk.as_ref()),
            peer_identity: self.peer_identity,
            local_csrk: key(self.local_csrk.as_ref()),
            peer_csrk: key(self.peer_csrk.as_ref()),
        }
    }
}

/// Copies a key in one place, because there are many.
#[inline(never)]
fn key(key: Option<&Key>) -> Option<Key> {
    key.cloned()
}

#[inline(never)]
fn ltk(ltk: Option<&LongTermKey>) -> Option<LongTermKey> {
    ltk.cloned()
}

/// Reason why a pairing cannot start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum StartError {
    /// Only a central starts a pairing, and only a peripheral requests security.
    Role,
    /// A pairing is in progress.
    Busy,
    /// An earlier pairing timed out: only a new link can pair.
    TimedOut,
    /// The last failure is too recent.
    RepeatedAttempts,
}

/// Reason of a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Timer {
    /// The peer's next PDU, or an answer of our user, is overdue. [Vol 3] Part H, 3.4
    Transaction,
}
