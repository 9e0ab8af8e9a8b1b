//! What this crate was built with; a machine that is left out has something empty in its place.

/// Extended advertising and scanning, and connecting by extended commands.
pub(crate) const EXTENDED: bool = cfg!(feature = "extended");

#[cfg(not(feature = "observer"))]
pub(crate) use crate::absent::Scanner;
#[cfg(not(feature = "central"))]
pub(crate) use crate::absent::{AcceptList, Initiator};
#[cfg(not(feature = "privacy"))]
pub(crate) use crate::absent::{Privacy, ResolvingList};
#[cfg(feature = "observer")]
pub(crate) use crate::scan::Scanner;
#[cfg(feature = "central")]
pub(crate) use crate::{accept_list::AcceptList, connect::Initiator};
#[cfg(feature = "privacy")]
pub(crate) use crate::{privacy::Privacy, resolving_list::ResolvingList};
