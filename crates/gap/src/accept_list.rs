//! The accept list: which peers may be served, reported or connected to, where a wish says so. [Vol 4] Part E, 7.8.14 to
//! 7.8.17

use core::fmt;

use bindrune_hci::{
    Opcode, Status,
    cmd::le::{AddToFilterAcceptList, ClearFilterAcceptList},
};
use bindrune_wire::{Address, Writer};

use crate::{ControllerInfo, command::put};

/// Peers that this host keeps in the accept list, at most.
pub const ACCEPT_LIST_MAX: usize = 16;

/// More peers than the accept list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TooManyPeers {
    /// How many it holds.
    pub max: usize,
}

impl fmt::Display for TooManyPeers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the accept list holds {} peers", self.max)
    }
}

impl core::error::Error for TooManyPeers {}

/// What those that use the list may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListState {
    /// Go on.
    Current,
    /// Be off while the list changes.
    Held,
    /// Give up.
    Failed(Status),
}

/// The list as it is wished, and how much of it the controller has.
#[derive(Debug)]
pub(crate) struct AcceptList {
    peers: [Option<Address>; ACCEPT_LIST_MAX],
    loaded: Loaded,
    /// The wish changed while a command was out.
    changed: bool,
    sent: bool,
    failed: Option<Status>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loaded {
    /// It may hold anything.
    Unknown,
    /// It holds the first peers, as many as this.
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

    /// The controller was reset: its list is empty.
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

    /// Whether the controller's list is the wished one, or can be.
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

    /// Tries again what failed.
    pub(crate) const fn retry(&mut self) {
        self.failed = None;
    }

    /// Writes the command that is missing. Nothing that uses the list may be on.
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

    /// The answer to the command of [`Self::poll_command`].
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
