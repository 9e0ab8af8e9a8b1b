//! The machines that this crate was built with; what is left out has something empty in its place.

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
