use bindrune_wire::Level;

/// Requirements that a link must meet before an attribute may be read or written. [Vol 3] Part F, 3.2.5
///
/// The attribute's properties say whether it may be read or written at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permission {
    /// Lowest security level.
    pub level: Level,
    /// Shortest encryption key in octets; 0 for no requirement. Any other number requires encryption
    /// too.
    pub min_key_size: u8,
    /// Whether the user must have authorized the peer.
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
