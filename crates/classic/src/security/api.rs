//! Settings, questions, answers and events of the security machine.

use core::fmt;

use bindrune_hci::{Status, cmd::classic::Keypress};
use bindrune_wire::{Address, Handle, Level};

use super::{
    bond::Bond,
    key::{Cipher, KeyKind, Secret},
    model::{IoCapability, Model},
    oob::OobData,
};

/// What this device offers and requires on all links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Input and output capability.
    pub io: IoCapability,
    /// Whether to keep the keys.
    pub bonding: bool,
    /// Whether to request protection against a man in the middle. [`Self::require`], a requirement of the local user,
    /// and an authenticated bond with the peer request it in any case.
    pub mitm: bool,
    /// Minimum level of a pairing; one that would achieve less is refused.
    pub require: Level,
    /// Whether to ask the user before Just Works. If the pairing replaces a bond, the user is asked anyway.
    pub consent: bool,
    /// Whether Secure Connections is on in the controller: Write Secure Connections Host Support.
    pub secure_connections: bool,
    /// Whether to accept only keys of Secure Connections, and AES-CCM. [Vol 3] Part C, 5.2.2.8.1
    pub only_secure_connections: bool,
    /// Whether to pair with peers without Secure Simple Pairing.
    pub legacy: LegacyPairing,
    /// Minimum length of the encryption key in octets, 7 to 16, of links that E0 encrypts. A shorter key ends the link.
    pub min_key_size: u8,
    /// The same for links that AES-CCM encrypts.
    pub min_key_size_secure: u8,
    /// Whether to accept link keys of zeros, which no real controller makes, and encryption by the peer with a bond's
    /// key that the controller has not requested. For emulated controllers.
    pub zero_keys: bool,
}

impl Config {
    /// The values of [`Self::default`].
    pub const DEFAULT: Self = Self {
        io: IoCapability::NoInputNoOutput,
        bonding: true,
        mitm: false,
        require: Level::Encrypted,
        consent: true,
        secure_connections: true,
        only_secure_connections: false,
        legacy: LegacyPairing::Refused,
        min_key_size: 7,
        min_key_size_secure: 16,
        zero_keys: false,
    };
}

impl Default for Config {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Whether to pair by a PIN with peers without Secure Simple Pairing. [Vol 3] Part C, 5.2.1
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LegacyPairing {
    /// Refuses it, and refuses keys of earlier legacy pairings.
    #[default]
    Refused,
    /// Accepts it; its keys are never authenticated, because an eavesdropper can find the PIN.
    Unauthenticated,
    /// Accepts it; a PIN of 16 octets counts as authenticated. [Vol 3] Part C, 5.2.2.8
    SixteenDigits,
}

/// The security that a user of a link needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Requirement {
    /// Minimum level.
    pub level: Level,
    /// Minimum length of the encryption key in octets; 0 for that of the [`Config`].
    pub min_key_size: u8,
}

impl Requirement {
    /// Requires a level, and the key size of the [`Config`].
    #[must_use]
    pub const fn level(level: Level) -> Self {
        Self { level, min_key_size: 0 }
    }
}

/// A link that came up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkUp {
    /// Its handle.
    pub handle: Handle,
    /// Address of the peer.
    pub peer: Address,
}

/// What the peer supports, from its extended features. [Vol 2] Part C, 3.3
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PeerFeatures {
    /// Secure Simple Pairing, by its controller and its host.
    pub simple_pairing: bool,
    /// Secure Connections, by its controller and its host.
    pub secure_connections: bool,
}

/// Security of a link, as achieved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LinkSecurity {
    /// Its level. [`Level::Open`] until the key size is known and the peer has proven its key.
    pub level: Level,
    /// The cipher, while the link is encrypted.
    pub cipher: Option<Cipher>,
    /// Length of the encryption key in octets; 0 if it is unknown.
    pub key_size: u8,
    /// Kind of the link key that encrypts the link.
    pub kind: Option<KeyKind>,
    /// Whether there is a bond with the peer.
    pub bonded: bool,
}

/// A question to the user, or something to show. It becomes invalid when the pairing ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Question {
    /// Pair with this device? Answer yes or no.
    Confirm,
    /// Is this number shown on both devices? Answer yes or no.
    Compare(u32),
    /// Show this passkey. No answer.
    Display(u32),
    /// Enter the passkey that the other device shows. Answer with it, or no.
    Input,
    /// Answer with the peer's out-of-band data, or no. It needs no user.
    Oob {
        /// Whether data of P-256 can be used.
        secure: bool,
    },
    /// Answer with the PIN that both devices use, or no.
    Pin {
        /// Whether only a PIN of 16 octets achieves the required level.
        sixteen: bool,
    },
}

/// The answer to a [`Question`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Agreed, or equal.
    Yes,
    /// Not agreed, not equal, or not available.
    No,
    /// The passkey, 0 to 999,999. Any other number counts as no.
    Passkey(u32),
    /// The peer's out-of-band data.
    Oob(OobData),
    /// The PIN.
    Pin(Pin),
}

/// A PIN of 1 to 16 octets. `Debug` hides it, and it is wiped on drop. [Vol 3] Part C, 3.2.3
#[derive(Clone, PartialEq, Eq)]
pub struct Pin {
    octets: Secret,
    len: u8,
}

impl Pin {
    /// Creates a PIN of 1 to 16 octets; `None` for any other length.
    #[must_use]
    pub fn new(pin: &[u8]) -> Option<Self> {
        let mut octets = zeroize::Zeroizing::new([0; 16]);
        let len = u8::try_from(pin.len()).ok().filter(|len| *len > 0)?;
        octets.get_mut(..pin.len())?.copy_from_slice(pin);
        Some(Self { octets: Secret::new(*octets), len })
    }

    pub(super) const fn octets(&self) -> [u8; 16] {
        *self.octets.octets()
    }

    pub(super) const fn len(&self) -> u8 {
        self.len
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(..)")
    }
}

/// An event of the security machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecurityEvent {
    /// A pairing made a key to store. Storing it replaces the bond with the same peer.
    Key {
        /// The link.
        link: u8,
        /// The bond.
        bond: Bond,
    },
    /// A pairing ended: close the dialog with the user, and count a failure for the peer's next attempt.
    Pairing {
        /// The link.
        link: u8,
        /// The peer.
        peer: Address,
        /// The result.
        result: Result<Paired, Failure>,
    },
    /// The security of a link changed: read [`super::Security::security`].
    Changed {
        /// The link.
        link: u8,
    },
    /// The outcome of [`super::Security::require`] or [`super::Security::pair`].
    Outcome {
        /// The link.
        link: u8,
        /// The achieved security.
        result: Result<LinkSecurity, Failure>,
    },
    /// A question to the user.
    Question {
        /// The link.
        link: u8,
        /// Serial number for [`super::Security::answer`].
        serial: u16,
        /// The question.
        question: Question,
        /// Whether the pairing replaces a bond.
        replaces: bool,
    },
    /// The outcome of [`super::Security::make_oob`]: the data to bring to the peer, or the controller's error.
    LocalOob(Result<OobData, Status>),
    /// The peer's user has pressed a key.
    Keypress {
        /// The link.
        link: u8,
        /// The key.
        keypress: Keypress,
    },
    /// The link must end. It has level [`Level::Open`] until then, and starts nothing.
    Disconnect {
        /// The link.
        link: u8,
        /// Reason for Disconnect.
        reason: Status,
        /// The cause.
        failure: Failure,
    },
}

/// Result of a pairing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Paired {
    /// The association model.
    pub model: Model,
    /// Kind of the key.
    pub kind: KeyKind,
    /// Whether the key is protected against a man in the middle.
    pub authenticated: bool,
    /// Whether both sides keep the key; then [`SecurityEvent::Key`] was returned before.
    pub bonded: bool,
}

/// Reason why a pairing, an authentication or an encryption failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Failure {
    /// The peer does not have the key of the bond, or it has another one. The bond stays. Only
    /// [`super::Security::pair`] replaces it.
    KeyMissing,
    /// The controller or the peer ended it with this status.
    Status(Status),
    /// Encryption did not start.
    Encryption(Status),
    /// The encryption key has this many octets, which is too short; 0 if its length could not be read.
    KeySize(u8),
    /// The achieved level is too low.
    Insufficient(Level),
    /// The two devices cannot achieve the required level.
    Terms,
    /// The pairing would be weaker than the bond, which stays.
    BondKept,
    /// The configuration or a missing user does not allow the pairing.
    NotAllowed,
    /// The user said no, or did not answer in 30 s.
    Refused,
    /// The out-of-band data of the peer is not for the kind of key that both sides use. Or the peer says that it has
    /// data of this device, which made none, or which another pairing has used.
    NoOob,
    /// The last failure of the peer is too recent.
    RepeatedAttempts,
    /// The peer or the controller did nothing for 30 s, or the pairing took longer than 5 min.
    Timeout,
    /// The peer did not use Secure Connections, although its bond or the configuration requires it.
    Downgrade,
    /// The controller reported a step that was not due, or a key that no step made.
    OutOfOrder,
    /// A key of a kind that this host refuses: a debug key, a unit key, one of an unknown kind, or a key of zeros.
    BadKey,
    /// The peer turned encryption off.
    EncryptionOff,
    /// The peer has the address of this device.
    OwnAddress,
    /// The application cancelled it.
    Cancelled,
}

impl Failure {
    /// Returns the status that a refused peer gets.
    pub(super) const fn reason(self) -> Status {
        match self {
            Self::NotAllowed => Status::PAIRING_NOT_ALLOWED,
            Self::RepeatedAttempts => Status::REPEATED_ATTEMPTS,
            Self::Terms | Self::BondKept | Self::Downgrade | Self::Insufficient(_) => {
                Status::INSUFFICIENT_SECURITY
            }
            Self::Status(status) | Self::Encryption(status) => status,
            Self::KeyMissing => Status::KEY_MISSING,
            Self::KeySize(_)
            | Self::Refused
            | Self::NoOob
            | Self::Timeout
            | Self::OutOfOrder
            | Self::BadKey
            | Self::EncryptionOff
            | Self::OwnAddress
            | Self::Cancelled => Status::AUTHENTICATION_FAILURE,
        }
    }
}

/// Reason why a request cannot start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RequestError {
    /// There is no such link, or it is about to end.
    NoLink,
    /// The last failure of the peer is too recent.
    RepeatedAttempts,
    /// The bonds are not loaded yet.
    NotLoaded,
}

/// Reason of a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Timer {
    /// The next step of the controller or the peer, or an answer of our user, is overdue.
    Step,
}
