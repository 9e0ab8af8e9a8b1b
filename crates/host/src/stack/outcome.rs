//! Results and state of the protection of links, for the application.

use core::fmt;

use bindrune_smp::{Method, Reason};
use bindrune_wire::{Address, Level};

use crate::Error;

/// Protection of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct LinkSecurity {
    /// Level of the protection. [`Level::Open`] until the link is encrypted.
    pub level: Level,
    /// Length in bytes of the key that encrypts the link; 0 without encryption.
    pub key_size: u8,
    /// How the devices paired to make the key.
    pub method: Option<Method>,
    /// Whether the key was made by LE Secure Connections.
    pub secure_connections: bool,
    /// Whether the key is stored for later links.
    pub bonded: bool,
}

impl LinkSecurity {
    /// A link without any protection.
    pub const OPEN: Self = Self {
        level: Level::Open,
        key_size: 0,
        method: None,
        secure_connections: false,
        bonded: false,
    };

    pub(super) const fn is_encrypted(&self) -> bool {
        !matches!(self.level, Level::Open)
    }
}

/// Result of a successful pairing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Paired {
    /// How the devices paired.
    pub method: Method,
    /// Whether they used LE Secure Connections.
    pub secure_connections: bool,
    /// Whether the pairing was protected against a man in the middle.
    pub authenticated: bool,
    /// Level of the link now.
    pub level: Level,
    /// Length of the key in bytes.
    pub key_size: u8,
    /// Whether the keys are stored for later links.
    pub bonded: bool,
    /// The peer's public or static address, as far as its claim is trusted. If the peer uses such an address on the
    /// air, that address is its identity. Without bonding, an identity that the peer distributes counts
    /// only if no bond has it.
    pub identity: Option<Address>,
}

/// Why a pairing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum PairingFailure {
    /// This device ended the pairing, and reported the reason to the peer.
    Local(#[cfg_attr(feature = "defmt", defmt(Debug2Format))] Reason),
    /// The peer ended the pairing.
    Peer(#[cfg_attr(feature = "defmt", defmt(Debug2Format))] Reason),
    /// The peer or the user did nothing for 30 s. No further pairing is possible on this link.
    Timeout,
    /// The link could not be encrypted with the new key.
    Encryption,
    /// The last pairing failed a short time ago. The next one must wait, first 1 s and at most 64 s.
    TooSoon,
    /// No place for another bond is free.
    BondsFull,
    /// The bond with this identity may not be replaced: it is stronger, or the user has not agreed that this peer
    /// replaces it. To pair with the peer anew, remove the bond with [`crate::Bonds::remove`].
    BondKept(Address),
    /// The store failed to keep the bond, or could not be loaded when `run` began.
    BondStore,
}

impl PairingFailure {
    pub(super) const fn error(self) -> Error {
        match self {
            Self::BondsFull => Error::BondsFull,
            Self::BondKept(bond) => Error::BondKept(bond),
            Self::BondStore => Error::BondStore,
            Self::Local(_) | Self::Peer(_) | Self::Timeout | Self::Encryption | Self::TooSoon => {
                Error::Pairing(self)
            }
        }
    }
}

impl fmt::Display for PairingFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(reason) => {
                write!(f, "this device ended the pairing: {}", Cause(*reason))
            }
            Self::Peer(reason) => write!(f, "the peer ended the pairing: {}", Cause(*reason)),
            Self::Timeout => f.write_str(
                "the peer or the user did not answer for 30 s; connect again before the next attempt to pair",
            ),
            Self::Encryption => f.write_str("the link could not be encrypted with the new key"),
            Self::TooSoon => f.write_str(
                "the last attempt failed a short time ago; wait up to a minute before the next one",
            ),
            Self::BondsFull => f.write_str(
                "every place for a bond is taken; remove a bond, or give Config more of them",
            ),
            Self::BondKept(bond) => write!(
                f,
                "the bond with {bond} is in the way, and this pairing may not replace it; remove it first"
            ),
            Self::BondStore => f.write_str(
                "the store failed to keep the bond, or could not be loaded: see what it reported",
            ),
        }
    }
}

impl core::error::Error for PairingFailure {}

/// Describes a reason of Pairing Failed in words.
struct Cause(Reason);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Reason::PASSKEY_ENTRY_FAILED => "the passkey was not entered",
            Reason::OOB_NOT_AVAILABLE => "the out-of-band data is missing",
            Reason::AUTHENTICATION_REQUIREMENTS => {
                "the other side cannot provide the required security"
            }
            Reason::CONFIRM_VALUE_FAILED => "the passkey or the confirm value is wrong",
            Reason::PAIRING_NOT_SUPPORTED => "it does not support pairing, or no user can be asked",
            Reason::ENCRYPTION_KEY_SIZE => "the key would be too short",
            Reason::REPEATED_ATTEMPTS => "too little time has passed since the last failure",
            Reason::INVALID_PARAMETERS => "a parameter is invalid",
            Reason::DHKEY_CHECK_FAILED => "the check of the Diffie-Hellman key failed",
            Reason::NUMERIC_COMPARISON_FAILED => "the numbers are not the same",
            Reason::KEY_REJECTED => "a key was rejected",
            Reason::BUSY => "it is busy",
            reason => return write!(f, "{reason:?}"),
        })
    }
}
