//! What helps when a peer refuses an operation for want of security. [Vol 3] Part C, 10.3.2

use bindrune_att::ErrorCode;
use bindrune_wire::Level;

use super::Stack;
use crate::{ClientSecurity, Error, stack::LinkRef};

/// What makes the link safer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Encrypt with the key of the bond.
    Encrypt,
    /// Pair, and achieve this at least.
    Pair(Level),
}

impl Stack {
    /// What is to be done before an operation that the peer refused with `code` is repeated; `None` where nothing helps, or
    /// nothing is to be done. A bond that was not tried is never replaced.
    pub(crate) fn remedy(&self, link: LinkRef, code: ErrorCode) -> Result<Option<Remedy>, Error> {
        let protection = &self.link(link)?.protection;
        let level = protection.current.is_encrypted().then_some(protection.current.level);
        let pairs = match self.config.client_security {
            ClientSecurity::Report => return Ok(None),
            ClientSecurity::Encrypt => false,
            ClientSecurity::Pair => true,
        };
        let wanted = wanted(level, code);
        Ok(match (wanted, level, protection.bond) {
            (Some(_), None, Some(_)) => Some(Remedy::Encrypt),
            (Some(wanted), ..) if pairs => Some(Remedy::Pair(wanted)),
            (Some(_) | None, ..) => None,
        })
    }
}

/// The level to reach after `code`, on a link that is encrypted at `level`, or not at all. No pairing helps against Insufficient
/// Authorization (0x08). [Vol 3] Part F, 3.4.1.1
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
}
