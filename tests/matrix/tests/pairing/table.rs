//! What two devices may achieve by the specification, and the questions to their users. This model does not use the
//! code under test.

use bindrune::{IoCapability, Level, Method};

/// Offers and requirements of one device.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side {
    pub(super) io: IoCapability,
    pub(super) mitm: bool,
    /// It supports LE Secure Connections.
    pub(super) secure: bool,
    /// It has out-of-band data of its peer.
    pub(super) oob: bool,
    /// The shortest key that it accepts, and the longest that it offers.
    pub(super) sizes: (u8, u8),
}

/// Strength of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Strength {
    pub(super) secure: bool,
    pub(super) authenticated: bool,
    pub(super) key_size: u8,
}

/// Method of two devices. [Vol 3] Part H, 2.3.5.1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Model {
    JustWorks,
    Comparison,
    /// The sides that enter the passkey; a side that does not enter it displays it.
    Passkey {
        central: bool,
        peripheral: bool,
    },
    OutOfBand,
}

/// Why they do not pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The peripheral does not accept the length of the key.
    SizeAtPeripheral,
    /// The existing bond is stronger.
    Weaker,
    /// The central does not accept the length of the key.
    SizeAtCentral,
}

/// A question to a user, without numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Confirm,
    Compare,
    Display,
    Input,
    Oob { secure: bool },
}

/// Table 2.8 without LE Secure Connections: a row for each responder, a column for each initiator, in the order of
/// their numbers. J Just Works, N Numeric Comparison, i the initiator enters, r the responder, b both.
const LEGACY: [&str; 5] = ["JJiJi", "JJiJi", "rrbJr", "JJJJJ", "rriJr"];
/// The same with LE Secure Connections.
const SECURE: [&str; 5] = ["JJiJi", "JNiJN", "rrbJr", "JJJJJ", "rNiJN"];

impl Strength {
    /// Every strength of a bond. Here a legacy passkey is as strong as Just Works, so a bond that is legacy and
    /// authenticated comes from out-of-band data.
    pub(super) const ALL: [Self; 8] = {
        let mut all = [Self { secure: false, authenticated: false, key_size: 7 }; 8];
        let mut at = 0;
        while at < 8 {
            all[at] = Self {
                secure: at & 1 != 0,
                authenticated: at & 2 != 0,
                key_size: if at & 4 != 0 { 16 } else { 7 },
            };
            at += 1;
        }
        all
    };

    /// [Vol 3] Part C, 10.2.1
    pub(super) const fn level(self) -> Level {
        match self {
            Self { secure: true, authenticated: true, key_size: 16 } => Level::SecureConnections,
            Self { authenticated: true, .. } => Level::Authenticated,
            Self { authenticated: false, .. } => Level::Encrypted,
        }
    }

    /// Returns whether a bond of this strength must not be replaced by the other one.
    const fn resists(self, new: Self) -> bool {
        (self.secure && !new.secure)
            || (self.authenticated && !new.authenticated)
            || new.key_size < self.key_size
    }
}

impl Side {
    /// Returns its offer if it is bonded with the other side: it requests MITM if the bond has that, because it would
    /// keep the bond otherwise.
    pub(super) fn bonded(self, before: Option<Strength>) -> Self {
        Self { mitm: self.mitm || before.is_some_and(|old| old.authenticated), ..self }
    }
}

impl Model {
    /// [Vol 3] Part H, 2.3.5.1, tables 2.6 to 2.8
    pub(super) fn of(central: &Side, peripheral: &Side) -> Self {
        let secure = central.secure && peripheral.secure;
        let out_of_band =
            if secure { central.oob || peripheral.oob } else { central.oob && peripheral.oob };
        if out_of_band {
            return Self::OutOfBand;
        }
        if !central.mitm && !peripheral.mitm {
            return Self::JustWorks;
        }
        let at = |io: IoCapability| IoCapability::ALL.iter().position(|x| *x == io).unwrap();
        let row = if secure { SECURE } else { LEGACY }[at(peripheral.io)];
        match row.as_bytes()[at(central.io)] {
            b'J' => Self::JustWorks,
            b'N' => Self::Comparison,
            letter => Self::Passkey { central: letter != b'r', peripheral: letter != b'i' },
        }
    }

    /// Returns the host's name of it.
    pub(super) const fn method(self) -> Method {
        match self {
            Self::JustWorks => Method::JustWorks,
            Self::Comparison => Method::NumericComparison,
            Self::Passkey { central, peripheral } => {
                Method::Passkey { initiator_inputs: central, responder_inputs: peripheral }
            }
            Self::OutOfBand => Method::OutOfBand,
        }
    }

    /// Returns the questions to the central's user, and to the peripheral's. The user who started the pairing has
    /// agreed to it.
    pub(super) fn questions(self, central: &Side, peripheral: &Side) -> [Vec<Asked>; 2] {
        let secure = central.secure && peripheral.secure;
        let passkey = |enters| vec![if enters { Asked::Input } else { Asked::Display }];
        match self {
            Self::JustWorks => [vec![], vec![Asked::Confirm]],
            Self::Comparison => [vec![Asked::Compare], vec![Asked::Compare]],
            Self::Passkey { central, peripheral } => [passkey(central), passkey(peripheral)],
            Self::OutOfBand => [central, peripheral].map(|side| {
                let has = side.oob.then_some(Asked::Oob { secure });
                has.into_iter().collect()
            }),
        }
    }
}

/// Returns what both must achieve, or why pairing must fail.
pub(super) fn expected(
    central: &Side,
    peripheral: &Side,
    before: Option<Strength>,
) -> Result<Strength, Refusal> {
    let secure = central.secure && peripheral.secure;
    let [central, peripheral] = [central, peripheral].map(|side| side.bonded(before));
    let authenticated = match Model::of(&central, &peripheral) {
        Model::JustWorks => false,
        Model::Comparison | Model::OutOfBand => true,
        // The specification calls it authenticated. But a passive attacker of a legacy pairing has its passkey, so this
        // host does not.
        Model::Passkey { .. } => secure,
    };
    // [Vol 3] Part H, 2.3.4
    let key_size = central.sizes.1.min(peripheral.sizes.1);
    let new = Strength { secure, authenticated, key_size };
    if key_size < peripheral.sizes.0 {
        Err(Refusal::SizeAtPeripheral)
    } else if before.is_some_and(|old| old.resists(new)) {
        Err(Refusal::Weaker)
    } else if key_size < central.sizes.0 {
        Err(Refusal::SizeAtCentral)
    } else {
        Ok(new)
    }
}
