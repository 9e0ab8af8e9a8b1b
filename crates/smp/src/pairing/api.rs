//! What goes into a pairing machine and what comes out.

use core::fmt;

use bindrune_wire::{Address, Level};

use crate::{
    keys::{DhKey, Key, LocalKey, LongTermKey, PublicKey},
    method::{IoCapability, Method},
    pdu::{AuthReq, KeyDistribution, Keypress, Reason},
};

/// What this side offers and demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// What the user can see and enter.
    pub io: IoCapability,
    /// Keep the keys.
    pub bonding: bool,
    /// Ask for protection against a man in the middle.
    pub mitm: bool,
    /// Offer LE Secure Connections.
    pub secure_connections: bool,
    /// Accept LE legacy pairing. Without the feature `legacy` it is refused.
    pub legacy: bool,
    /// The peer's OOB data is here, and will answer [`PairingRequest::Oob`]. Without the feature `oob` there is none.
    pub oob: bool,
    /// Offer keypress notifications.
    pub keypress: bool,
    /// Fail with 0x03 where the pairing would achieve less.
    pub require: Level,
    /// The shortest key to accept, in octets, 7 to 16.
    pub min_key_size: u8,
    /// The longest key to offer, in octets, 7 to 16.
    pub max_key_size: u8,
    /// Keys to give to the peer.
    pub send: KeyDistribution,
    /// Keys to take from the peer.
    pub accept: KeyDistribution,
    /// Ask the user even where the method does not.
    pub consent: bool,
    /// Pair with a peer that uses the public debug key; what comes of it is never authenticated.
    pub debug_keys: bool,
}

impl Config {
    /// The defaults: what [`Self::default`] gives.
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

/// Who this device is to those who keep its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Public or static random address.
    pub address: Address,
    /// What its private addresses are made with; zeros where it uses none.
    pub irk: Key,
}

/// Our half of an out-of-band exchange. [Vol 3] Part H, 2.3.5.6.4
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalOob {
    /// The key pair that the confirm value commits to.
    pub key: LocalKey,
    /// The random number that was passed on.
    pub random: Key,
}

impl LocalOob {
    /// Returns the confirm value to pass on along with the random number.
    #[must_use]
    pub fn confirm(&self) -> [u8; 16] {
        let x = &self.key.public.x;
        crate::crypto::f4(x, x, self.random.octets(), 0)
    }
}

/// Which pairing a job belongs to: the result for another is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(pub(super) u32);

/// What the machine needs and cannot do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    /// A fresh P-256 key pair; answered by [`JobDone::KeyPair`].
    KeyPair,
    /// The X coordinate of our private key times the peer's key; answered by [`JobDone::DhKey`].
    DhKey {
        /// Our key pair. Where the controller keeps the private half, the public one tells whether it is still this
        /// one.
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
    /// The job cannot be done: the pairing fails.
    Failed,
}

impl fmt::Debug for JobDone {
    /// Without the random octets: a key or a passkey may be made of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyPair(key) => write!(f, "KeyPair({key:?})"),
            Self::DhKey(key) => write!(f, "DhKey({key:?})"),
            Self::Random(_) => f.write_str("Random(..)"),
            Self::Failed => f.write_str("Failed"),
        }
    }
}

/// A question to the user, or something to show. It is void once the pairing has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairingRequest {
    /// Pair at all? Answer yes or no.
    Confirm,
    /// Is this number shown on both devices? Answer yes or no.
    Compare(u32),
    /// Show this passkey. No answer.
    Display(u32),
    /// Enter the passkey that the other device shows. Answer with it, or no.
    Input,
    /// Answer with the peer's out-of-band data: a temporary key in legacy pairing, else random and confirm.
    Oob {
        /// LE Secure Connections.
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
    /// What the peer passed on for LE Secure Connections.
    Oob {
        /// Its random number.
        random: Key,
        /// Its confirm value.
        confirm: [u8; 16],
    },
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The peripheral asks for security: encrypt with the bond's key, or pair.
    SecurityRequest(AuthReq),
    /// The peer's user is at the keyboard.
    Keypress(Keypress),
    /// As the initiator, encrypt the link with this key, EDIV 0 and Rand 0.
    Encrypt(Key),
    /// The pairing is complete, and all keys are exchanged.
    Complete(Outcome),
    /// The pairing failed. After [`Event::Complete`] it means that the peer rejects the keys: discard them.
    Failed(Failure),
}

/// Why a pairing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Failure {
    /// This side ended it; the peer is told.
    Local(#[cfg_attr(feature = "defmt", defmt(Debug2Format))] Reason),
    /// The peer ended it.
    Peer(#[cfg_attr(feature = "defmt", defmt(Debug2Format))] Reason),
    /// Nothing came for 30 s; there is no more pairing on this link. [Vol 3] Part H, 3.4
    Timeout,
    /// The link could not be encrypted with the new key.
    Encryption,
}

/// What a pairing achieved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The association model.
    pub method: Method,
    /// LE Secure Connections.
    pub secure: bool,
    /// Protected against a man in the middle.
    pub authenticated: bool,
    /// Octets of the key.
    pub key_size: u8,
    /// Both sides keep the keys.
    pub bonded: bool,
    /// What the link is worth.
    pub level: Level,
    /// What is to be kept.
    pub keys: Keys,
}

/// The keys of a pairing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// For links where this device is the peripheral.
    pub local: Option<LongTermKey>,
    /// For links where the peer is the peripheral. In LE Secure Connections both are the same.
    pub peer: Option<LongTermKey>,
    /// What resolves the peer's private addresses; zeros where it uses none.
    pub peer_irk: Option<Key>,
    /// Who the peer says that it is. A [`crate::Bond`] has it only if the peer was behind a private address.
    pub peer_identity: Option<Address>,
    /// Signs what this device sends.
    pub local_csrk: Option<Key>,
    /// Signs what the peer sends.
    pub peer_csrk: Option<Key>,
}

/// Why a pairing cannot start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum StartError {
    /// Only a central starts a pairing, and only a peripheral asks for security.
    Role,
    /// A pairing is in progress.
    Busy,
    /// An earlier one timed out: only a new link can pair.
    TimedOut,
    /// Too little time since the last failure.
    RepeatedAttempts,
}

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Timer {
    /// The peer's next PDU, or our user. [Vol 3] Part H, 3.4
    Transaction,
}
