//! Capabilities that this crate was built with. An empty replacement stands for each machine that is left out.

/// Extended advertising and scanning, and connecting by extended commands.
pub(crate) const EXTENDED: bool = cfg!(feature = "extended");
/// Room for a value that only extended commands need.
pub(crate) type ExtendedRoom<T> = [Option<T>; EXTENDED as usize];
/// Connecting, and the accept list.
pub(crate) const CENTRAL: bool = cfg!(feature = "central");
/// Private addresses, and the resolving list.
pub(crate) const PRIVACY: bool = cfg!(feature = "privacy");
/// Flow control from the controller to the host.
pub(crate) const HOST_FLOW_CONTROL: bool = cfg!(feature = "host-flow-control");
/// Scanning.
pub(crate) const OBSERVER: bool = cfg!(feature = "observer");
/// Requests to a link other than to end it.
pub(crate) const TUNING: bool = cfg!(feature = "tuning");
/// Reading the signal strength of a link: for the application, or to check whether the controller still knows the
/// link.
pub(crate) const SIGNAL: bool = TUNING || cfg!(feature = "recovery");
/// Parameter updates of a link: for the application, or for a peripheral that requests them from its central by
/// L2CAP.
pub(crate) const UPDATES: bool = TUNING || cfg!(feature = "central");

/// The procedure of a link that is running; no room without procedures.
pub(crate) type Running<T> = [Option<T>; UPDATES as usize];

/// The answer of a link to requests for other parameters; empty if all are accepted.
pub(crate) type Policy = [crate::ParameterRequests; if TUNING { 1 } else { 0 }];

#[cfg(not(feature = "recovery"))]
pub(crate) use crate::absent::Avoided;
#[cfg(not(feature = "tuning"))]
pub(crate) use crate::absent::Call;
#[cfg(not(feature = "observer"))]
pub(crate) use crate::absent::Scanner;
#[cfg(not(feature = "central"))]
pub(crate) use crate::absent::{AcceptList, Initiator};
#[cfg(not(feature = "privacy"))]
pub(crate) use crate::absent::{Privacy, ResolvingList};
#[cfg(feature = "recovery")]
pub(crate) use crate::init::AvoidedCommands as Avoided;
#[cfg(feature = "tuning")]
pub(crate) use crate::link::SharedCall as Call;
#[cfg(feature = "observer")]
pub(crate) use crate::scan::Scanner;
#[cfg(feature = "central")]
pub(crate) use crate::{accept_list::AcceptList, connect::Initiator};
#[cfg(feature = "privacy")]
pub(crate) use crate::{privacy::Privacy, resolving_list::ResolvingList};
