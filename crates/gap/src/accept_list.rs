//! The accept list: the peers that may be served, reported or connected to, if a request uses it. [Vol 4] Part E,
//! 7.8.14 to 7.8.17

use core::fmt;

use bindrune_hci::{
    Opcode, Status,
    cmd::le::{AddToFilterAcceptList, ClearFilterAcceptList},
};
use bindrune_wire::{Address, Writer};

use crate::{ControllerInfo, command::put};

/// Maximum number of peers that this host keeps in the accept list.
pub const ACCEPT_LIST_MAX: usize = 16;

/// There are more peers than the accept list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TooManyPeers {
    /// Maximum number of peers.
    pub max: usize,
}

impl fmt::Display for TooManyPeers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the accept list holds {} peers", self.max)
    }
}

impl core::error::Error for TooManyPeers {}

/// What users of the list may do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListState {
    /// Continue.
    Current,
    /// Stay off while the list changes.
    Held,
    /// Fail.
    Failed(Status),
}

/// The requested list, and how much of it the controller has.
#[derive(Debug)]
pub(crate) struct AcceptList {
    peers: [Option<Address>; ACCEPT_LIST_MAX],
    loaded: Loaded,
    /// Whether the request changed while a command was in flight.
    changed: bool,
    sent: bool,
    failed: Option<Status>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loaded {
    /// The controller's list may hold anything.
    Unknown,
    /// The controller's list holds this many of the first peers.
    First(usize),
}

impl AcceptList {
    pub(crate) const EMPTY: Self = Self {
        peers: [None; ACCEPT_LIST_MAX],
        loaded: Loaded::First(0),
        changed: false,
        sent: false,
        failed: None,
    };

    /// Starts again after a reset of the controller, which empties its list.
    pub(crate) const fn restart(&mut self) {
        self.loaded = Loaded::First(0);
        (self.changed, self.sent, self.failed) = (false, false, None);
    }

    pub(crate) fn request(&mut self, peers: &[Address]) -> Result<(), TooManyPeers> {
        if peers.len() > ACCEPT_LIST_MAX {
            return Err(TooManyPeers { max: ACCEPT_LIST_MAX });
        }
        if self.failed.is_none() && self.peers().eq(peers.iter().copied()) {
            return Ok(());
        }
        self.peers = [None; ACCEPT_LIST_MAX];
        self.peers.iter_mut().zip(peers).for_each(|(slot, &peer)| *slot = Some(peer));
        self.loaded = Loaded::Unknown;
        self.changed = self.sent;
        self.failed = None;
        Ok(())
    }

    pub(crate) fn peers(&self) -> impl Iterator<Item = Address> + '_ {
        self.peers.iter().flatten().copied()
    }

    /// Returns whether the controller's list is the requested one, or can become it.
    pub(crate) fn state(&self, info: &ControllerInfo) -> ListState {
        if self.peers().count() > usize::from(info.accept_list_size) {
            ListState::Failed(Status::MEMORY_CAPACITY_EXCEEDED)
        } else if let Some(status) = self.failed {
            ListState::Failed(status)
        } else if !self.sent && self.loaded == Loaded::First(self.peers().count()) {
            ListState::Current
        } else {
            ListState::Held
        }
    }

    /// Tries a failed command again.
    pub(crate) const fn retry(&mut self) {
        self.failed = None;
    }

    /// Writes the next missing command. Users of the list must be off.
    pub(crate) fn poll_command(
        &mut self,
        info: &ControllerInfo,
        w: &mut Writer<'_>,
    ) -> Option<Opcode> {
        if self.state(info) != ListState::Held {
            return None;
        }
        let opcode = match self.loaded {
            Loaded::Unknown => put(w, &ClearFilterAcceptList)?,
            Loaded::First(n) => {
                let peer = self.peers().nth(n)?.into();
                put(w, &AddToFilterAcceptList { peer })?
            }
        };
        self.sent = true;
        Some(opcode)
    }

    /// Takes the answer to the command of [`Self::poll_command`].
    pub(crate) fn answered(&mut self, status: Status) {
        self.sent = false;
        if core::mem::take(&mut self.changed) {
            return;
        }
        if !status.is_success() {
            self.loaded = Loaded::Unknown;
            self.failed = Some(status);
            return;
        }
        self.loaded = match self.loaded {
            Loaded::Unknown => Loaded::First(0),
            Loaded::First(n) => Loaded::First(n.saturating_add(1)),
        };
    }
}
