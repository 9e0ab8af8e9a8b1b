//! Methods of two devices, from the specification's table. [Vol 3] Part H, 2.3.5.1, table 2.8

use bindrune::{IoCapability, Level, Method, PairingConfig};

/// A method, as the users of both devices see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    JustWorks,
    /// The initiator displays a passkey, which is entered on the responder.
    InitiatorShows,
    /// The responder displays a passkey, which is entered on the initiator.
    ResponderShows,
    /// Neither displays it: both users enter the same one.
    BothEnter,
    Compare,
    OutOfBand,
}

use Way::{BothEnter as E, Compare as C, InitiatorShows as I, JustWorks as J, ResponderShows as R};

/// A row for each responder, a column for each initiator: display only, display and yes or no, keyboard only, none,
/// keyboard and display.
const SECURE: [[Way; 5]; 5] =
    [[J, J, R, J, R], [J, C, R, J, C], [I, I, E, J, I], [J, J, J, J, J], [I, C, R, J, C]];

/// The same if one side does not support LE Secure Connections.
const LEGACY: [[Way; 5]; 5] =
    [[J, J, R, J, R], [J, J, R, J, R], [I, I, E, J, I], [J, J, J, J, J], [I, I, R, J, I]];

/// The capabilities in the order of the table, with Bumble's names.
pub(crate) const CAPABILITIES: [(IoCapability, &str); 5] = [
    (IoCapability::DisplayOnly, "display-only"),
    (IoCapability::DisplayYesNo, "display-yes-no"),
    (IoCapability::KeyboardOnly, "keyboard-only"),
    (IoCapability::NoInputNoOutput, "no-input-no-output"),
    (IoCapability::KeyboardDisplay, "keyboard-display"),
];

/// Returns the method of an initiator and a responder, by their places in the table.
pub(crate) fn way(initiator: usize, responder: usize, mitm: bool, secure: bool) -> Way {
    let table = if secure { SECURE } else { LEGACY };
    if mitm { table[responder][initiator] } else { J }
}

impl Way {
    /// The same, with initiator and responder exchanged.
    pub(crate) const fn seen_from_the_other_side(self) -> Self {
        match self {
            I => R,
            R => I,
            J | E | C | Self::OutOfBand => self,
        }
    }

    /// Returns our host's name of it.
    pub(crate) const fn method(self) -> Method {
        let (initiator_inputs, responder_inputs) = match self {
            I => (false, true),
            R => (true, false),
            J | E | C | Self::OutOfBand => (true, true),
        };
        match self {
            J => Method::JustWorks,
            I | R | E => Method::Passkey { initiator_inputs, responder_inputs },
            C => Method::NumericComparison,
            Self::OutOfBand => Method::OutOfBand,
        }
    }

    /// Returns Bumble's name of it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            J => "just-works",
            I | R | E => "passkey",
            C => "numeric-comparison",
            Self::OutOfBand => "out-of-band",
        }
    }

    /// Returns the level of a link encrypted with a key of 16 octets. A legacy passkey does not protect against a
    /// passive attacker.
    pub(crate) const fn level(self, secure: bool) -> Level {
        match (self, secure) {
            (J, _) | (I | R | E, false) => Level::Encrypted,
            (C | Self::OutOfBand, false) => Level::Authenticated,
            (I | R | E | C | Self::OutOfBand, true) => Level::SecureConnections,
        }
    }
}

/// Our side of a pairing: accepts everything except questions that need a user to look.
pub(crate) const fn ours(io: IoCapability, mitm: bool) -> PairingConfig {
    PairingConfig { io, mitm, consent: false, ..PairingConfig::DEFAULT }
}
