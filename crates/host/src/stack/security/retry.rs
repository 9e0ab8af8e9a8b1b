//! Security retries: how to make a link safer after a peer refused an operation. [Vol 3] Part C, 10.3.2

use bindrune_att::ErrorCode;
use bindrune_wire::Level;

use super::Stack;
use crate::{ClientSecurity, Error, stack::LinkRef};

/// The step that makes the link safer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SecurityRetry {
    /// None: the link has become safer since the peer received the operation.
    Repeat,
    /// Encrypt with the key of the bond.
    Encrypt,
    /// Pair, and achieve at least this level.
    Pair(Level),
}

impl Stack {
    /// Returns the step to take before an operation is repeated that the peer refused with `code`. `asked` is the level
    /// of the link when the operation was sent. Returns `None` if no step helps, or if the configuration allows none.
    /// Never replaces a bond that was not tried.
    pub(crate) fn security_retry(
        &self,
        link: LinkRef,
        code: ErrorCode,
        asked: Level,
    ) -> Result<Option<SecurityRetry>, Error> {
        let protection = &self.link(link)?.protection;
        let now = protection.current.level;
        let bonded = protection.bond.is_some();
        let usable = protection.bond.is_some_and(|bond| bond.usable);
        Ok(match self.config.client_security {
            ClientSecurity::Report => None,
            // With a bond that cannot be used, the attempt to encrypt reports why.
            ClientSecurity::Encrypt => choose(code, asked, now, bonded, false),
            ClientSecurity::Pair => choose(code, asked, now, usable, true),
        })
    }
}

/// Chooses the step after `code`. The link had level `asked` when the operation was sent, and has level `now`. Pairs
/// only if `pairs` is true.
fn choose(
    code: ErrorCode,
    asked: Level,
    now: Level,
    bonded: bool,
    pairs: bool,
) -> Option<SecurityRetry> {
    if now > asked && wanted(None, code).is_some() {
        return Some(SecurityRetry::Repeat);
    }
    let level = (now > Level::Open).then_some(now);
    match (wanted(level, code), level) {
        (Some(_), None) if bonded => Some(SecurityRetry::Encrypt),
        (Some(wanted), _) if pairs => Some(SecurityRetry::Pair(wanted)),
        (Some(_) | None, _) => None,
    }
}

/// Returns the level to reach after `code` on a link that is encrypted at `level`, or not encrypted (`None`). No
/// pairing helps against Insufficient Authorization (0x08). [Vol 3] Part F, 3.4.1.1
fn wanted(level: Option<Level>, code: ErrorCode) -> Option<Level> {
    match (code, level) {
        (
            ErrorCode::INSUFFICIENT_AUTHENTICATION
            | ErrorCode::INSUFFICIENT_ENCRYPTION
            | ErrorCode::ENCRYPTION_KEY_SIZE_TOO_SHORT,
            None,
        ) => Some(Level::Encrypted),
        (ErrorCode::INSUFFICIENT_AUTHENTICATION, Some(level)) => match level {
            Level::Open => Some(Level::Encrypted),
            Level::Encrypted => Some(Level::Authenticated),
            Level::Authenticated => Some(Level::SecureConnections),
            Level::SecureConnections => None,
        },
        (ErrorCode::ENCRYPTION_KEY_SIZE_TOO_SHORT, Some(level)) => Some(level),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_asks_for_the_next_better_link() {
        use ErrorCode as Code;
        let table = [
            (Code::INSUFFICIENT_AUTHENTICATION, None, Some(Level::Encrypted)),
            (Code::INSUFFICIENT_AUTHENTICATION, Some(Level::Encrypted), Some(Level::Authenticated)),
            (Code::INSUFFICIENT_AUTHENTICATION, Some(Level::SecureConnections), None),
            (Code::INSUFFICIENT_ENCRYPTION, None, Some(Level::Encrypted)),
            (Code::INSUFFICIENT_ENCRYPTION, Some(Level::Encrypted), None),
            (
                Code::ENCRYPTION_KEY_SIZE_TOO_SHORT,
                Some(Level::Authenticated),
                Some(Level::Authenticated),
            ),
            (Code::INSUFFICIENT_AUTHORIZATION, None, None),
            (Code::INVALID_HANDLE, None, None),
        ];
        for (code, level, expected) in table {
            assert_eq!(wanted(level, code), expected, "{code:?} at {level:?}");
        }
    }

    #[test]
    fn a_bond_is_tried_before_a_pairing_and_nothing_twice() {
        use ErrorCode as Code;
        use Level::{Authenticated, Encrypted, Open};
        let (auth, enc) = (Code::INSUFFICIENT_AUTHENTICATION, Code::INSUFFICIENT_ENCRYPTION);
        for pairs in [false, true] {
            let or_pair = |level| pairs.then_some(SecurityRetry::Pair(level));
            assert_eq!(choose(enc, Open, Open, true, pairs), Some(SecurityRetry::Encrypt));
            assert_eq!(choose(enc, Open, Open, false, pairs), or_pair(Encrypted));
            assert_eq!(choose(auth, Encrypted, Encrypted, true, pairs), or_pair(Authenticated));
            // The peer refused before the link was encrypted, and encryption was faster than the refusal.
            for code in [auth, enc] {
                assert_eq!(choose(code, Open, Encrypted, true, pairs), Some(SecurityRetry::Repeat));
            }
            let other = Code::INSUFFICIENT_AUTHORIZATION;
            assert_eq!(choose(other, Open, Encrypted, true, pairs), None);
        }
    }
}
