//! The association model of a pairing. [Vol 3] Part H, 2.3.5.1

use bindrune_wire::Level;

use crate::pdu::{AuthReq, Features};

/// Role in a pairing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Role {
    /// The central, which sends the Pairing Request.
    Initiator,
    /// The peripheral.
    Responder,
}

/// Input and output capability of a device. [Vol 3] Part H, 2.3.2
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum IoCapability {
    /// Shows six digits.
    DisplayOnly,
    /// Shows six digits, and accepts yes or no.
    DisplayYesNo,
    /// Accepts six digits.
    KeyboardOnly,
    /// Neither shows nor accepts digits.
    #[default]
    NoInputNoOutput,
    /// Shows and accepts six digits.
    KeyboardDisplay,
}

impl IoCapability {
    /// All capabilities, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::DisplayOnly,
        Self::DisplayYesNo,
        Self::KeyboardOnly,
        Self::NoInputNoOutput,
        Self::KeyboardDisplay,
    ];

    /// Returns the number on the wire.
    #[must_use]
    pub const fn to_wire(self) -> u8 {
        match self {
            Self::DisplayOnly => 0,
            Self::DisplayYesNo => 1,
            Self::KeyboardOnly => 2,
            Self::NoInputNoOutput => 3,
            Self::KeyboardDisplay => 4,
        }
    }

    /// Creates it from the number on the wire; a reserved number means no input and no output.
    #[must_use]
    pub const fn from_wire(value: u8) -> Self {
        match value {
            0 => Self::DisplayOnly,
            1 => Self::DisplayYesNo,
            2 => Self::KeyboardOnly,
            4 => Self::KeyboardDisplay,
            _ => Self::NoInputNoOutput,
        }
    }
}

/// The association model. [Vol 3] Part H, 2.3.5.1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Method {
    /// No protection against a man in the middle.
    JustWorks,
    /// Both devices show a number, and both users confirm that the numbers are equal. LE Secure Connections only.
    NumericComparison,
    /// Six digits, shown by one device and entered on the other, or entered on both.
    Passkey {
        /// Whether the initiator's user enters the digits; otherwise the initiator shows them.
        initiator_inputs: bool,
        /// Whether the responder's user enters the digits; otherwise the responder shows them.
        responder_inputs: bool,
    },
    /// Data that was exchanged by other means.
    OutOfBand,
}

impl Method {
    /// Selects the model from the features of both sides.
    #[must_use]
    pub const fn select(request: &Features, response: &Features) -> Self {
        let secure = is_secure(request, response);
        let oob =
            if secure { request.oob | response.oob != 0 } else { request.oob & response.oob != 0 };
        if oob {
            return Self::OutOfBand;
        }
        if !request.auth().union(response.auth()).contains(AuthReq::MITM) {
            return Self::JustWorks;
        }
        Self::by_capabilities(
            IoCapability::from_wire(request.io),
            IoCapability::from_wire(response.io),
            secure,
        )
    }

    /// Selects the model by Table 2.8. [Vol 3] Part H, 2.3.5.1
    const fn by_capabilities(
        initiator: IoCapability,
        responder: IoCapability,
        secure: bool,
    ) -> Self {
        use IoCapability::{
            DisplayOnly, DisplayYesNo, KeyboardDisplay, KeyboardOnly, NoInputNoOutput,
        };
        const INITIATOR_INPUTS: Method =
            Method::Passkey { initiator_inputs: true, responder_inputs: false };
        const RESPONDER_INPUTS: Method =
            Method::Passkey { initiator_inputs: false, responder_inputs: true };
        match (initiator, responder) {
            (NoInputNoOutput, _)
            | (_, NoInputNoOutput)
            | (DisplayOnly, DisplayOnly | DisplayYesNo)
            | (DisplayYesNo, DisplayOnly) => Self::JustWorks,
            (DisplayYesNo | KeyboardDisplay, DisplayYesNo | KeyboardDisplay) if secure => {
                Self::NumericComparison
            }
            (DisplayYesNo, DisplayYesNo) => Self::JustWorks,
            (KeyboardOnly, KeyboardOnly) => {
                Self::Passkey { initiator_inputs: true, responder_inputs: true }
            }
            (KeyboardOnly, DisplayOnly | DisplayYesNo | KeyboardDisplay)
            | (KeyboardDisplay, DisplayOnly | DisplayYesNo) => INITIATOR_INPUTS,
            (DisplayOnly | DisplayYesNo | KeyboardDisplay, KeyboardOnly | KeyboardDisplay) => {
                RESPONDER_INPUTS
            }
        }
    }

    /// Returns whether the model protects against a man in the middle.
    ///
    /// A passkey of legacy pairing does not, because an eavesdropper can find it.
    #[must_use]
    pub const fn is_authenticated(self, secure: bool) -> bool {
        match self {
            Self::JustWorks => false,
            Self::NumericComparison | Self::OutOfBand => true,
            Self::Passkey { .. } => secure,
        }
    }

    /// Returns whether the user of `role` enters the passkey.
    #[must_use]
    pub const fn inputs(self, role: Role) -> bool {
        match self {
            Self::Passkey { initiator_inputs, responder_inputs } => match role {
                Role::Initiator => initiator_inputs,
                Role::Responder => responder_inputs,
            },
            Self::JustWorks | Self::NumericComparison | Self::OutOfBand => false,
        }
    }
}

/// Returns whether both sides support LE Secure Connections.
#[must_use]
pub const fn is_secure(request: &Features, response: &Features) -> bool {
    request.auth().intersection(response.auth()).contains(AuthReq::SECURE_CONNECTIONS)
}

/// Returns the security level of a key. [Vol 3] Part C, 10.2.1
#[must_use]
pub const fn level(secure: bool, authenticated: bool, key_size: u8) -> Level {
    match (secure, authenticated) {
        (true, true) if key_size >= 16 => Level::SecureConnections,
        (_, true) => Level::Authenticated,
        (_, false) => Level::Encrypted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// J Just Works, N Numeric Comparison, i initiator enters, r responder enters, b both enter; one row for each
    /// responder.
    const LEGACY: [&str; 5] = ["JJiJi", "JJiJi", "rrbJr", "JJJJJ", "rriJr"];
    const SECURE: [&str; 5] = ["JJiJi", "JNiJN", "rrbJr", "JJJJJ", "rNiJN"];

    #[test]
    fn the_table_of_the_specification() {
        for (table, secure) in [(LEGACY, false), (SECURE, true)] {
            for (row, responder) in table.into_iter().zip(IoCapability::ALL) {
                for (letter, initiator) in row.chars().zip(IoCapability::ALL) {
                    let auth = if secure { 0x0c } else { 0x04 };
                    let side = |io: IoCapability, auth| Features {
                        io: io.to_wire(),
                        auth,
                        key_size: 16,
                        ..Features::default()
                    };
                    let expected = match letter {
                        'J' => Method::JustWorks,
                        'N' => Method::NumericComparison,
                        _ => Method::Passkey {
                            initiator_inputs: letter != 'r',
                            responder_inputs: letter != 'i',
                        },
                    };
                    let (a, b) = (side(initiator, auth), side(responder, auth));
                    assert_eq!(Method::select(&a, &b), expected, "{initiator:?} {responder:?}");
                    let (a, b) = (side(initiator, auth & 8), side(responder, auth & 8));
                    assert_eq!(Method::select(&a, &b), Method::JustWorks);
                }
            }
        }
    }

    #[test]
    fn levels_follow_what_was_achieved() {
        assert_eq!(level(true, true, 16), Level::SecureConnections);
        assert_eq!(level(true, true, 15), Level::Authenticated);
        assert_eq!(level(false, true, 16), Level::Authenticated);
        assert_eq!(level(true, false, 16), Level::Encrypted);
        assert!(
            !Method::Passkey { initiator_inputs: true, responder_inputs: false }
                .is_authenticated(false)
        );
    }
}
