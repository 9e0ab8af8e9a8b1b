/// Security level of a link, or the level that is required, from weakest to strongest.
///
/// These are the levels of LE security mode 1. [Vol 3] Part C, 10.2.1
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Level {
    /// Level 1: no security.
    #[default]
    Open,
    /// Level 2: encrypted with a key of unauthenticated pairing.
    Encrypted,
    /// Level 3: encrypted with a key of authenticated pairing (protected against a man in the middle).
    Authenticated,
    /// Level 4: authenticated LE Secure Connections pairing and a 128-bit key.
    SecureConnections,
}
