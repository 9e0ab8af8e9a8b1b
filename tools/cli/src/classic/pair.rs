//! `classic pair`: pairs and bonds with a device.

use std::time::Duration;

use bindrune::{
    Address, Cipher, ClassicConfig, ClassicFailure, ClassicIoCapability, ClassicSecurity, Error,
    IoCapability, KeyKind, LegacyPairing, Level, Status,
};
use serde::Serialize;

use super::{Use, cli, find, session};
use crate::{
    bonds::Keep,
    cli::Globals,
    failure::{Doing as _, Failure},
    output::{Output, Record},
    paint::Paint,
    parse::Device,
    person::{Person, quoted},
    security,
};

/// Maximum time for a pairing with questions to the user.
const PATIENCE: Duration = Duration::from_secs(180);

pub(super) async fn run(globals: &Globals, out: Output, options: cli::Pair) -> Result<(), Failure> {
    let answers = options.answers();
    let config = config(&security::config(&answers, None)?, options.pin.is_some());
    let how = Use { config, keep: Keep::All, ..Use::central() };
    let called = match &options.target.device {
        Device::Name(name) => Some(quoted(name)),
        Device::Address(_) | Device::AnyKind(_) => None,
    };
    let level = if options.mitm { Level::Authenticated } else { Level::Encrypted };
    session(globals, how, async |host, classic| {
        let connection = find::connect(classic, &options.target).await?;
        let peer = connection.peer();
        let named = move |peer| called.clone().unwrap_or_else(|| format!("{peer}"));
        let person = Person::new(out, &answers, named).pin(options.pin);
        let paired = tokio::select! {
            paired = tokio::time::timeout(PATIENCE, connection.pair(level)) => paired.unwrap_or(Err(Error::Timeout)),
            end = person.attend(host) => return end,
        };
        out.record(&Report::new(peer, &explained(paired, &person)?, person.asked()))?;
        connection.disconnect().await.doing("disconnecting")
    })
    .await
}

/// Returns the settings of BR/EDR that correspond to those of LE.
const fn config(le: &bindrune::PairingConfig, pin: bool) -> ClassicConfig {
    let io = match le.io {
        IoCapability::DisplayOnly => ClassicIoCapability::DisplayOnly,
        IoCapability::DisplayYesNo => ClassicIoCapability::DisplayYesNo,
        IoCapability::KeyboardOnly => ClassicIoCapability::KeyboardOnly,
        IoCapability::NoInputNoOutput => ClassicIoCapability::NoInputNoOutput,
        IoCapability::KeyboardDisplay => ClassicIoCapability::KeyboardDisplay,
    };
    let legacy = if pin { LegacyPairing::Unauthenticated } else { LegacyPairing::Refused };
    ClassicConfig::new().io_capability(io).mitm(le.mitm).legacy_pairing(legacy)
}

/// A completed pairing.
#[derive(Clone, Debug, Serialize)]
struct Report {
    method: &'static str,
    level: &'static str,
    key_size: u8,
    bonded: bool,
    identity: String,
    key: Option<&'static str>,
    cipher: Option<&'static str>,
    secure_connections: bool,
}

impl Report {
    fn new(peer: Address, link: &ClassicSecurity, asked: Option<&str>) -> Self {
        Self {
            method: method(link.kind, asked),
            level: security::level_name(link.level),
            key_size: link.key_size,
            bonded: link.bonded,
            identity: format!("{peer:?}"),
            key: link.kind.map(kind_name),
            cipher: link.cipher.map(|cipher| match cipher {
                Cipher::E0 => "E0",
                Cipher::AesCcm => "AES-CCM",
            }),
            secure_connections: matches!(
                link.kind,
                Some(KeyKind::Unauthenticated256 | KeyKind::Authenticated256)
            ),
        }
    }

    fn text(&self) -> String {
        let kind = match (self.method, self.secure_connections) {
            ("pin", _) => "legacy pairing",
            (_, true) => "Secure Connections",
            (_, false) => "Secure Simple Pairing",
        };
        let guarded = match self.level {
            "authenticated" | "secure-connections" => "authenticated",
            _ => "not authenticated",
        };
        let kept = if self.bonded { "bonded" } else { "not bonded" };
        let cipher = self.cipher.unwrap_or("unknown");
        let bits = u16::from(self.key_size).saturating_mul(8);
        let method = self.method.replace('-', " ");
        format!("{kind}, {method}, {guarded}, {bits}-bit key of {cipher}; {kept}")
    }
}

impl Record for Report {
    fn human(&self, paint: Paint) -> String {
        format!(" {} {}", paint.green("paired:"), self.text())
    }
}

/// Returns the method, which the questions to the user show.
fn method(kind: Option<KeyKind>, asked: Option<&str>) -> &'static str {
    match (kind, asked) {
        (Some(KeyKind::Combination), _) => "pin",
        (_, Some("compare")) => "numeric-comparison",
        (_, Some("display" | "input")) => "passkey",
        (_, _) => "just-works",
    }
}

/// Names the kinds of link keys.
pub(crate) const fn kind_name(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Combination => "combination",
        KeyKind::Unauthenticated192 => "unauthenticated-p192",
        KeyKind::Authenticated192 => "authenticated-p192",
        KeyKind::Unauthenticated256 => "unauthenticated-p256",
        KeyKind::Authenticated256 => "authenticated-p256",
    }
}

/// Adds advice to a failed pairing.
fn explained(
    paired: Result<ClassicSecurity, Error>,
    person: &Person,
) -> Result<ClassicSecurity, Failure> {
    let Err(error) = paired else { return paired.doing("pairing") };
    let failure = paired.doing("pairing").map(drop).err();
    let failure = failure.unwrap_or_else(|| Failure::failed("the pairing failed"));
    Err(match advice(error, person.asked()) {
        Some(advice) if !person.refused() => failure.advise(advice),
        Some(_) | None => failure,
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "few errors call for advice")]
fn advice(error: Error, asked: Option<&str>) -> Option<&'static str> {
    Some(match error {
        Error::ClassicSecurity(failure) => match failure {
            ClassicFailure::Status(Status::AUTHENTICATION_FAILURE) if asked == Some("input") => {
                "The passkey was wrong. Wait a second, and try again."
            }
            ClassicFailure::Status(_) => {
                "The device does not accept pairing now, or its user said no. Many devices pair only after you press a button: see\n\
                 its manual."
            }
            ClassicFailure::Terms | ClassicFailure::Insufficient(_) => {
                "The two sides cannot pair as securely as one of them requires. Try another --io, or no --mitm."
            }
            ClassicFailure::NotAllowed => {
                "An old device pairs by a PIN, which its manual gives: try --pin 0000. Any device in range can find out such a key."
            }
            ClassicFailure::BondKept => {
                "The bond with the device is stronger. `bindrune bonds` shows it; `bindrune bonds remove` removes it."
            }
            ClassicFailure::RepeatedAttempts => {
                "It failed a short time ago: wait a minute, and try again."
            }
            ClassicFailure::BadKey => return None,
            _ => "No bond was made: run the same command again.",
        },
        Error::Timeout => {
            "Was the question answered, here and at the device? No bond was made: run the same command again."
        }
        Error::Disconnected(_) => {
            "The device disconnected before the pairing was complete, and no bond was made. Is it in range, and does it accept pairing?"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_as_that_of_le() {
        let link = ClassicSecurity {
            level: Level::SecureConnections,
            cipher: Some(Cipher::AesCcm),
            key_size: 16,
            kind: Some(KeyKind::Authenticated256),
            bonded: true,
        };
        let report = Report::new(Address::public([1; 6]), &link, Some("compare"));
        assert_eq!(
            report.human(Paint::new(false)),
            " paired: Secure Connections, numeric comparison, authenticated, 128-bit key of AES-CCM; bonded"
        );
        let old = ClassicSecurity { kind: Some(KeyKind::Combination), ..link };
        assert!(Report::new(Address::public([1; 6]), &old, None).text().contains("pin"));
    }
}
