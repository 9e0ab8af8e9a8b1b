//! The association model of Secure Simple Pairing. [Vol 3] Part C, 5.2.2.6

use bindrune_hci::cmd::classic as hci;

/// Input and output capability of this device. [Vol 3] Part C, 5.2.2.4
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
    /// Shows and accepts six digits. BR/EDR has no such capability: the peer sees [`Self::DisplayYesNo`].
    KeyboardDisplay,
}

impl IoCapability {
    /// Returns the value on the wire.
    pub(super) const fn to_wire(self) -> hci::IoCapability {
        match self {
            Self::DisplayOnly => hci::IoCapability::DISPLAY_ONLY,
            Self::DisplayYesNo | Self::KeyboardDisplay => hci::IoCapability::DISPLAY_YES_NO,
            Self::KeyboardOnly => hci::IoCapability::KEYBOARD_ONLY,
            Self::NoInputNoOutput => hci::IoCapability::NO_INPUT_NO_OUTPUT,
        }
    }

    /// Creates it from the value on the wire; a reserved value means no input and no output.
    pub(super) const fn from_wire(value: hci::IoCapability) -> Self {
        match value {
            hci::IoCapability::DISPLAY_ONLY => Self::DisplayOnly,
            hci::IoCapability::DISPLAY_YES_NO => Self::DisplayYesNo,
            hci::IoCapability::KEYBOARD_ONLY => Self::KeyboardOnly,
            _ => Self::NoInputNoOutput,
        }
    }
}

/// The association model, as this side sees it. [Vol 3] Part C, 5.2.2.6
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Model {
    /// No protection against a man in the middle: at most one user confirms.
    JustWorks,
    /// Both devices show a number, and both users confirm that the numbers are equal.
    NumericComparison,
    /// This device shows six digits, which the peer's user enters.
    PasskeyDisplay,
    /// Our user enters six digits, which the peer shows or which its user enters too.
    PasskeyInput,
    /// Data that was exchanged by other means.
    OutOfBand,
    /// Legacy pairing with a PIN.
    Pin,
}

/// What one side says about itself before a pairing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Side {
    pub(super) io: IoCapability,
    /// Whether it has out-of-band data of the other side.
    pub(super) oob: bool,
    /// Whether it requests protection against a man in the middle.
    pub(super) mitm: bool,
    /// Whether it keeps the key.
    pub(super) bonding: bool,
}

impl Side {
    /// Creates it from the parameters of IO Capability Response.
    pub(super) const fn from_wire(
        io: hci::IoCapability,
        oob: u8,
        requirements: hci::AuthenticationRequirements,
    ) -> Self {
        Self {
            io: IoCapability::from_wire(io),
            oob: oob != 0,
            mitm: requirements.0 & 1 != 0,
            bonding: matches!(requirements.0, 2..=5),
        }
    }
}

impl Model {
    /// Selects the model for `own`. Either side may have started the pairing: the tables are symmetric in what each
    /// user does.
    pub(super) const fn select(own: Side, peer: Side) -> Self {
        use IoCapability::{
            DisplayOnly, DisplayYesNo, KeyboardDisplay, KeyboardOnly, NoInputNoOutput,
        };
        if own.oob || peer.oob {
            return Self::OutOfBand;
        }
        if !own.mitm && !peer.mitm {
            return Self::JustWorks;
        }
        match (own.io, peer.io) {
            (NoInputNoOutput, _) | (_, NoInputNoOutput) => Self::JustWorks,
            (KeyboardOnly, _) => Self::PasskeyInput,
            (_, KeyboardOnly) => Self::PasskeyDisplay,
            (DisplayOnly, _) | (_, DisplayOnly) => Self::JustWorks,
            (DisplayYesNo | KeyboardDisplay, DisplayYesNo | KeyboardDisplay) => {
                Self::NumericComparison
            }
        }
    }

    /// Returns whether the model protects against a man in the middle. A PIN does not: an eavesdropper can find it.
    #[must_use]
    pub const fn is_authenticated(self) -> bool {
        match self {
            Self::JustWorks | Self::Pin => false,
            Self::NumericComparison
            | Self::PasskeyDisplay
            | Self::PasskeyInput
            | Self::OutOfBand => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [IoCapability; 4] = [
        IoCapability::DisplayOnly,
        IoCapability::DisplayYesNo,
        IoCapability::KeyboardOnly,
        IoCapability::NoInputNoOutput,
    ];

    fn side(io: IoCapability, mitm: bool) -> Side {
        Side { io, oob: false, mitm, bonding: true }
    }

    /// J Just Works, = Numeric Comparison, d this device displays, i our user enters; one row for each own capability.
    const TABLE: [&str; 4] = ["JJdJ", "J=dJ", "iiiJ", "JJJJ"];

    #[test]
    fn the_table_of_the_specification() {
        for (row, own) in TABLE.into_iter().zip(ALL) {
            for (letter, peer) in row.chars().zip(ALL) {
                let expected = match letter {
                    '=' => Model::NumericComparison,
                    'd' => Model::PasskeyDisplay,
                    'i' => Model::PasskeyInput,
                    _ => Model::JustWorks,
                };
                for (a, b) in [(true, false), (false, true), (true, true)] {
                    let model = Model::select(side(own, a), side(peer, b));
                    assert_eq!(model, expected, "{own:?} {peer:?}");
                }
                let model = Model::select(side(own, false), side(peer, false));
                assert_eq!(model, Model::JustWorks, "{own:?} {peer:?}");
                assert!(!model.is_authenticated());
            }
        }
    }

    #[test]
    fn data_on_either_side_is_out_of_band() {
        let with = Side { oob: true, ..side(IoCapability::NoInputNoOutput, false) };
        let without = side(IoCapability::DisplayYesNo, true);
        for (own, peer) in [(with, without), (without, with), (with, with)] {
            assert_eq!(Model::select(own, peer), Model::OutOfBand);
        }
    }

    #[test]
    fn values_on_the_wire() {
        for (value, io) in (0..4).zip(ALL) {
            assert_eq!(io.to_wire().0, value);
            assert_eq!(IoCapability::from_wire(hci::IoCapability(value)), io);
        }
        let both = IoCapability::KeyboardDisplay.to_wire();
        assert_eq!(both, hci::IoCapability::DISPLAY_YES_NO);
        let reserved = IoCapability::from_wire(hci::IoCapability(9));
        assert_eq!(reserved, IoCapability::NoInputNoOutput);
        let none = hci::IoCapability::NO_INPUT_NO_OUTPUT;
        for value in 0..=u8::MAX {
            let side = Side::from_wire(none, 0, hci::AuthenticationRequirements(value));
            assert_eq!(side.mitm, value & 1 == 1);
            assert_eq!(side.bonding, (2..=5).contains(&value));
        }
    }
}
