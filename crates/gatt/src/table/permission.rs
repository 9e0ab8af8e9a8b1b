use bindrune_wire::Level;

/// What a link must offer before an attribute may be read or written. [Vol 3] Part F, 3.2.5
///
/// Whether it may be read or written at all is said by the attribute's properties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permission {
    /// The lowest security level.
    pub level: Level,
    /// The shortest encryption key in octets; 0 asks for none. Any other number asks for encryption too.
    pub min_key_size: u8,
    /// The user must have authorized the peer.
    pub authorized: bool,
}

impl Permission {
    /// Free access.
    pub const OPEN: Self = Self { level: Level::Open, min_key_size: 0, authorized: false };

    /// Returns the lowest security level, with the encryption that a key size implies.
    #[must_use]
    pub const fn required_level(self) -> Level {
        if matches!(self.level, Level::Open) && self.min_key_size > 0 {
            return Level::Encrypted;
        }
        self.level
    }
}
