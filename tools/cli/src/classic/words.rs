//! Errors of BR/EDR in words.

use bindrune::{ClassicCloseReason, ClassicFailure, Error, RfcommEnd, SearchFailure};

use crate::security::level_name;

/// Describes an error of BR/EDR or a refused channel; `None` for any other.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others describe themselves")]
pub(crate) fn words(error: Error) -> Option<String> {
    match error {
        Error::ClassicClosed(reason) => Some(closed(reason)),
        Error::ClassicSecurity(failure) => Some(insecure(failure)),
        Error::Rfcomm(end) => Some(hung_up(end)),
        Error::ServiceSearch(failure) => Some(search(failure)),
        Error::Refused(result) => {
            Some(format!("the peer refused the channel: {}", plain(&format!("{result:?}"))))
        }
        _ => None,
    }
}

fn closed(reason: ClassicCloseReason) -> String {
    match reason {
        ClassicCloseReason::Local => "this side closed the channel".to_owned(),
        ClassicCloseReason::Peer => "the device closed the channel".to_owned(),
        ClassicCloseReason::LinkLost => "the link is lost".to_owned(),
        ClassicCloseReason::Timeout => "the device did not answer in time".to_owned(),
        ClassicCloseReason::Undecided => "this side did not decide in time".to_owned(),
        ClassicCloseReason::Refused(result) => {
            format!("the device refused the channel: {}", plain(&format!("{result:?}")))
        }
        ClassicCloseReason::NotSupported => "the device does not know the request".to_owned(),
        ClassicCloseReason::ModeRefused => "the device does not use this mode there".to_owned(),
        ClassicCloseReason::Disagreement => "the two sides found no common parameters".to_owned(),
        ClassicCloseReason::BadResponse => "the device answered against the rules".to_owned(),
        ClassicCloseReason::Violation(rule) => {
            format!("the device broke a rule of the channel's mode: {rule:?}")
        }
    }
}

fn hung_up(end: RfcommEnd) -> String {
    match end {
        RfcommEnd::Local => "this side closed the connection".to_owned(),
        RfcommEnd::Peer => "the device closed the connection".to_owned(),
        RfcommEnd::Refused => "the device refused the connection".to_owned(),
        RfcommEnd::Timeout => "the device did not answer in time".to_owned(),
        RfcommEnd::Session(end) => format!("the session ended: {end:?}"),
        RfcommEnd::Violation(rule) => format!("the device broke a rule: {rule:?}"),
    }
}

fn insecure(failure: ClassicFailure) -> String {
    match failure {
        ClassicFailure::KeyMissing => "the device does not have the key of the bond".to_owned(),
        ClassicFailure::Status(status) => format!("the pairing failed: {status}"),
        ClassicFailure::Encryption(status) => format!("encryption did not start: {status}"),
        ClassicFailure::KeySize(0) => "the length of the encryption key is unknown".to_owned(),
        ClassicFailure::KeySize(size) => {
            format!("the encryption key is too short: {} bits", u16::from(size).saturating_mul(8))
        }
        ClassicFailure::Insufficient(level) => {
            format!("the link is only {}", level_name(level).replace('-', " "))
        }
        ClassicFailure::Terms => "the two sides cannot reach the required level".to_owned(),
        ClassicFailure::BondKept => "the pairing would be weaker than the bond".to_owned(),
        ClassicFailure::NotAllowed => "this side does not allow the pairing".to_owned(),
        ClassicFailure::Refused => "the user said no, or did not answer for 30 s".to_owned(),
        ClassicFailure::NoOob => "the out-of-band data does not fit this pairing".to_owned(),
        ClassicFailure::RepeatedAttempts => "the last failure is too recent".to_owned(),
        ClassicFailure::Timeout => "the device or the user did not answer for 30 s".to_owned(),
        ClassicFailure::Downgrade => "the device did not use Secure Connections".to_owned(),
        ClassicFailure::OutOfOrder => "the controller reported a step out of order".to_owned(),
        ClassicFailure::BadKey => {
            "the controller made a key that is not safe, of zeros or for debugging".to_owned()
        }
        ClassicFailure::EncryptionOff => "the device turned encryption off".to_owned(),
        ClassicFailure::OwnAddress => "the device has the address of this one".to_owned(),
        ClassicFailure::Cancelled => "it was cancelled".to_owned(),
    }
}

fn search(failure: SearchFailure) -> String {
    match failure {
        SearchFailure::Refused(code) => {
            format!("the device refused the search: {}", plain(&format!("{code:?}")))
        }
        SearchFailure::Malformed => "the device's answer makes no sense".to_owned(),
        SearchFailure::TooLong => "the device has more services than there is room for".to_owned(),
        SearchFailure::Endless => "the device's answer does not end".to_owned(),
    }
}

/// Turns the name of a constant into words.
fn plain(name: &str) -> String {
    name.to_lowercase().replace('_', " ")
}

#[cfg(test)]
mod tests {
    use bindrune::{ClassicConnectionResult, Level, Status};

    use super::*;

    #[test]
    fn errors_have_words() {
        let refused = ClassicCloseReason::Refused(ClassicConnectionResult::PSM_NOT_SUPPORTED);
        for (error, text) in [
            (Error::ClassicClosed(refused), "the device refused the channel: psm not supported"),
            (
                Error::ClassicSecurity(ClassicFailure::KeySize(1)),
                "the encryption key is too short: 8 bits",
            ),
            (
                Error::ClassicSecurity(ClassicFailure::Insufficient(Level::Encrypted)),
                "the link is only encrypted",
            ),
            (
                Error::ClassicSecurity(ClassicFailure::Status(Status::AUTHENTICATION_FAILURE)),
                "the pairing failed: authentication failure (0x05)",
            ),
        ] {
            assert_eq!(words(error).as_deref(), Some(text));
        }
        assert_eq!(words(Error::Timeout), None);
    }
}
