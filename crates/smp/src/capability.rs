//! Capabilities that this crate was built with.

/// The initiator's part of pairing.
pub(crate) const INITIATOR: bool = cfg!(feature = "central");
/// Out-of-band data.
pub(crate) const OOB: bool = cfg!(feature = "oob");
/// Room for a value that only out-of-band data needs.
pub(crate) type OobRoom<T> = [Option<T>; OOB as usize];

/// Proof that legacy pairing is built in. Without the feature no value of this type exists, so the compiler removes the
/// code that needs one.
#[cfg(feature = "legacy")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct HasLegacy;
/// Proof that legacy pairing is built in. Without the feature no value of this type exists, so the compiler removes the
/// code that needs one.
#[cfg(not(feature = "legacy"))]
#[derive(Clone, Copy, Debug)]
pub(crate) enum HasLegacy {}

/// Legacy pairing, if it is built in.
#[cfg(feature = "legacy")]
pub(crate) const LEGACY: Option<HasLegacy> = Some(HasLegacy);
/// Legacy pairing, if it is built in.
#[cfg(not(feature = "legacy"))]
pub(crate) const LEGACY: Option<HasLegacy> = None;
