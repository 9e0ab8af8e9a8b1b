//! `pair`: pairs and bonds with a device.

use std::time::Duration;

use bindrune::{Connection, Error, Host, Level, PairingFailure, Reason};

use crate::{
    bonds::Keep,
    cli::{self, Globals},
    failure::{Doing as _, Failure},
    find,
    output::Output,
    parse::Device,
    person::{Person, quoted},
    security::{self, Report},
    session::{self, Setup},
};

/// Maximum time for a pairing with questions to the user. [Vol 3] Part H, 3.4 allows 30 s for each step.
const PATIENCE: Duration = Duration::from_secs(180);

pub(super) async fn run(globals: &Globals, out: Output, options: cli::Pair) -> Result<(), Failure> {
    let cli::Pair { target, pairing } = options;
    let config = Setup::central().config.pairing(security::config(&pairing, None)?);
    let setup = Setup { config, keep: Keep::All, ..Setup::central() };
    session::run(globals, setup, async |host| {
        let connection = find::connect(host, &target).await?;
        pair(host, out, &connection, &person(out, &target.device, &pairing)).await?;
        connection.disconnect().await.doing("disconnecting")
    })
    .await
}

/// Pairs with a connected device.
pub(crate) async fn pair(
    host: &'static Host,
    out: Output,
    connection: &Connection<'static>,
    person: &Person,
) -> Result<(), Failure> {
    let paired = tokio::select! {
        paired = tokio::time::timeout(PATIENCE, connection.pair()) => paired.unwrap_or(Err(Error::Timeout)),
        end = person.attend(host) => return end,
    };
    out.record(&Report::new(&explained(paired, person)?))
}

/// Returns who answers the questions about a device, which is called as on the command line.
pub(crate) fn person(out: Output, device: &Device, pairing: &cli::Pairing) -> Person {
    let called = match device {
        Device::Name(name) => Some(quoted(name)),
        Device::Address(_) | Device::AnyKind(_) => None,
    };
    Person::new(out, pairing, move |peer| called.clone().unwrap_or_else(|| format!("{peer}")))
}

/// Encrypts the link by the bond with the device, and pairs if there is none that is enough.
pub(crate) async fn secure(
    host: &'static Host,
    out: Output,
    connection: &Connection<'static>,
    remote: &cli::Remote,
) -> Result<(), Failure> {
    let level = if remote.pairing.mitm { Level::Authenticated } else { Level::Encrypted };
    let person = person(out, &remote.target.device, &remote.pairing);
    let limited = tokio::time::timeout(PATIENCE, connection.secure(level));
    let secured = tokio::select! {
        secured = limited => secured.unwrap_or(Err(Error::Timeout)),
        end = person.attend(host) => return end,
    };
    let security = explained(secured, &person)?;
    log::info!("the link is secured: {security:?}");
    Ok(())
}

/// Adds advice to a failed pairing.
fn explained<T>(paired: Result<T, Error>, person: &Person) -> Result<T, Failure> {
    let Err(error) = paired else { return paired.doing("pairing") };
    let failure = paired.doing("pairing").map(drop).err();
    let failure = failure.unwrap_or_else(|| Failure::failed("the pairing failed"));
    Err(match advice(error) {
        Some(advice) if !person.refused() => failure.advise(advice),
        Some(_) | None => failure,
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "few errors call for advice")]
fn advice(error: Error) -> Option<&'static str> {
    Some(match error {
        Error::Pairing(PairingFailure::Peer(reason) | PairingFailure::Local(reason)) => {
            match reason {
                Reason::CONFIRM_VALUE_FAILED | Reason::PASSKEY_ENTRY_FAILED => {
                    "The passkey was wrong, or was not entered. Wait a second, and try again."
                }
                Reason::NUMERIC_COMPARISON_FAILED => {
                    "A user answered that the numbers differ, so another device may be in between. Try again."
                }
                Reason::PAIRING_NOT_SUPPORTED => {
                    "The device does not accept pairing now. Many devices pair only after you press a button: see its manual."
                }
                Reason::AUTHENTICATION_REQUIREMENTS => {
                    "The two sides cannot pair as securely as one of them requires. Try another --io, no --mitm, or\n\
                 --legacy if the device is old."
                }
                Reason::REPEATED_ATTEMPTS => {
                    "It failed a short time ago: wait a minute, and try again."
                }
                _ => return None,
            }
        }
        Error::Pairing(PairingFailure::Timeout) | Error::Timeout => {
            "Was the question answered, here and at the device? A device without a display may need its pairing mode\n\
             first. No bond was made: run the same command again."
        }
        Error::Pairing(PairingFailure::Encryption) => {
            "The two sides computed different keys: try again. If it fails each time, one of them has a fault."
        }
        Error::Disconnected(_) => {
            "The device disconnected before the pairing was complete, and no bond was made. Is it in range, and does it accept pairing?"
        }
        Error::BondKept(_) => {
            "That bond is stronger, or belongs to another device. `bindrune bonds` shows it; `bindrune bonds remove` removes it."
        }
        Error::BondsFull => "`bindrune bonds remove` makes room.",
        Error::BondStore => {
            "Is the disk full, or does the bond file belong to another user? --bond-file selects another file."
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Exit;

    fn outcome(error: Error) -> (Exit, String, String) {
        let person =
            Person::new(Output::new(true), &cli::Pairing::DEFAULT, |peer| format!("{peer}"));
        match explained::<()>(Err(error), &person).unwrap_err() {
            Failure::Reported { exit, what, advice } => (exit, what, advice.unwrap_or_default()),
            Failure::BrokenPipe | Failure::Shown(_) => panic!("no report"),
        }
    }

    #[test]
    fn silence_has_its_exit_code_and_advice() {
        let (exit, what, advice) = outcome(Error::Pairing(PairingFailure::Timeout));
        assert_eq!(exit, Exit::TimedOut);
        assert!(
            what.starts_with(
                "pairing: the pairing failed: the peer or the user did not answer for 30 s"
            ),
            "{what}"
        );
        assert!(
            advice.contains("Was the question answered") && advice.contains("No bond was made")
        );
        // The time limit of the whole pairing.
        let (exit, _, advice) = outcome(Error::Timeout);
        assert_eq!(exit, Exit::TimedOut);
        assert!(advice.contains("Was the question answered"), "{advice}");
    }

    #[test]
    fn every_failure_that_a_user_can_correct_has_advice() {
        let peer = |reason| Error::Pairing(PairingFailure::Peer(reason));
        for (error, word) in [
            (peer(Reason::CONFIRM_VALUE_FAILED), "passkey was wrong"),
            (peer(Reason::PAIRING_NOT_SUPPORTED), "button"),
            (peer(Reason::AUTHENTICATION_REQUIREMENTS), "--io"),
            (peer(Reason::REPEATED_ATTEMPTS), "wait a minute"),
            (Error::Pairing(PairingFailure::Encryption), "try again"),
            (Error::BondKept(bindrune::Address::public([1; 6])), "bonds remove"),
            (Error::BondsFull, "bonds remove"),
            (Error::BondStore, "--bond-file"),
        ] {
            let (exit, what, advice) = outcome(error);
            assert_eq!(exit, Exit::Failed, "{what}");
            assert!(advice.contains(word), "{what}: {advice}");
        }
    }
}
