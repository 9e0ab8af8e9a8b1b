//! What this crate was built with.

/// The initiator's half of pairing.
pub(crate) const INITIATOR: bool = cfg!(feature = "central");
/// Out-of-band data.
pub(crate) const OOB: bool = cfg!(feature = "oob");
/// Room for something that only out-of-band data needs.
pub(crate) type OobRoom<T> = [Option<T>; OOB as usize];

/// Proof that there is legacy pairing. Without it nothing that holds one can exist, and what would use it is not in the
/// image.
#[cfg(feature = "legacy")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct HasLegacy;
/// Proof that there is legacy pairing. Without it nothing that holds one can exist, and what would use it is not in the
/// image.
#[cfg(not(feature = "legacy"))]
#[derive(Clone, Copy, Debug)]
pub(crate) enum HasLegacy {}

/// Legacy pairing, if there is any.
#[cfg(feature = "legacy")]
pub(crate) const LEGACY: Option<HasLegacy> = Some(HasLegacy);
/// Legacy pairing, if there is any.
#[cfg(not(feature = "legacy"))]
pub(crate) const LEGACY: Option<HasLegacy> = None;
