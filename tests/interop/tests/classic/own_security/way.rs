//! The ways in which two devices pair, and what each must achieve.

use bindrune::{
    Cipher, ClassicConfig, ClassicIoCapability as Io, ClassicSecurity, KeyKind, LegacyPairing,
    Level,
};
use serde_json::{Value, json};

use crate::own_world::settings;

/// The PIN of both devices.
pub(super) const PIN: &str = "4711";

/// How two devices pair. rootcanal has out-of-band data only of P-192.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    JustWorks,
    Compare,
    /// Bumble displays the passkey.
    WeType,
    /// Our host displays the passkey.
    WeShow,
    /// Which side has data of the other.
    Oob {
        to_us: bool,
        to_them: bool,
    },
    Pin,
}

impl Way {
    /// Settings of our host.
    pub(super) const fn settings(self) -> ClassicConfig {
        let io = match self {
            Self::JustWorks => Io::NoInputNoOutput,
            Self::Compare => Io::DisplayYesNo,
            Self::WeType => Io::KeyboardOnly,
            Self::WeShow => Io::DisplayOnly,
            Self::Oob { .. } => return settings().secure_connections(false),
            Self::Pin => {
                let settings = settings().secure_connections(false);
                return settings.legacy_pairing(LegacyPairing::Unauthenticated);
            }
        };
        settings().io_capability(io).mitm(self.is_strong())
    }

    /// Returns Bumble's terms.
    pub(super) fn terms(self) -> Value {
        let io = match self {
            Self::JustWorks => "no-input-no-output",
            Self::Compare | Self::WeType => "display-yes-no",
            Self::WeShow => "keyboard-only",
            Self::Oob { .. } => return json!({ "secure_connections": false, "oob": null }),
            Self::Pin => return json!({ "simple_pairing": false, "pin": PIN }),
        };
        json!({ "io": io, "mitm": self.is_strong() })
    }

    /// Returns how Bumble names the method.
    pub(super) const fn method(self) -> &'static str {
        match self {
            Self::JustWorks => "just-works",
            Self::Compare => "numeric-comparison",
            Self::WeType | Self::WeShow => "passkey",
            Self::Oob { .. } => "out-of-band",
            Self::Pin => "pin",
        }
    }

    pub(super) const fn is_strong(self) -> bool {
        !matches!(self, Self::JustWorks | Self::Pin)
    }

    const fn is_older(self) -> bool {
        matches!(self, Self::Oob { .. } | Self::Pin)
    }

    /// The level that a caller asks for.
    pub(super) const fn level(self) -> Level {
        if self.is_strong() { Level::Authenticated } else { Level::Encrypted }
    }

    /// Returns the kind of key, and how Bumble names it.
    pub(super) const fn kind(self) -> (KeyKind, &'static str) {
        match self {
            Self::JustWorks => (KeyKind::Unauthenticated256, "unauthenticated-p256"),
            Self::Compare | Self::WeType | Self::WeShow => {
                (KeyKind::Authenticated256, "authenticated-p256")
            }
            Self::Oob { .. } => (KeyKind::Authenticated192, "authenticated-p192"),
            Self::Pin => (KeyKind::Combination, "combination"),
        }
    }

    /// Returns the cipher, and how Bumble names it.
    pub(super) const fn cipher(self) -> (Cipher, &'static str) {
        if self.is_older() { (Cipher::E0, "e0") } else { (Cipher::AesCcm, "aes-ccm") }
    }

    /// Checks what our host reports.
    pub(super) fn check(self, security: ClassicSecurity) {
        let level = match self {
            Self::Compare | Self::WeType | Self::WeShow => Level::SecureConnections,
            Self::JustWorks | Self::Oob { .. } | Self::Pin => self.level(),
        };
        assert_eq!((security.level, security.kind), (level, Some(self.kind().0)));
        assert_eq!((security.cipher, security.key_size), (Some(self.cipher().0), 16));
        assert!(security.bonded);
    }
}
