//! A request for a peer whose address only the host can resolve: the scanner finds the address, then the controller
//! connects to it.

use bindrune_hci::Status;
use bindrune_wire::{Address, time::Instant};
use embassy_time::Duration;

use super::Initiator;
use crate::connect::{Connect, ConnectEnd};

/// Time limit for connecting to a found peer; then the search starts again.
const ATTEMPT: Duration = Duration::from_secs(5);

/// How the controller gets the peer's address on the air.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Search {
    /// The controller finds the peer by the address in the request.
    No,
    /// The scanner searches for the peer.
    Looking,
    /// The peer advertised with this address. It may change, so the search starts again at `until`.
    Found { peer: Address, until: Instant },
}

impl Search {
    /// Returns when the search starts again.
    pub(super) const fn ends(self) -> Option<Instant> {
        match self {
            Self::Found { until, .. } => Some(until),
            Self::No | Self::Looking => None,
        }
    }
}

impl Initiator {
    /// Returns whether the scanner must search for the peer.
    pub(crate) fn is_looking(&self) -> bool {
        self.active().is_some() && self.search == Search::Looking
    }

    /// Returns the identity of the peer that the scanner must search for.
    pub(crate) fn sought(&self) -> Option<Address> {
        self.active().filter(|_| self.is_looking())?.peer
    }

    /// Records the address with which the sought peer advertises.
    pub(crate) fn found(&mut self, now: Instant, peer: Address) {
        if self.is_looking() {
            let until = now + ATTEMPT;
            self.search = Search::Found { peer, until };
        }
    }

    pub(super) fn search_again(&mut self) {
        if self.search != Search::No {
            self.search = Search::Looking;
            self.current = false;
        }
    }

    /// Records that the scanner cannot search for the peer.
    pub(crate) fn search_failed(&mut self, status: Status) {
        if self.is_looking() {
            self.end(ConnectEnd::Failed(status));
        }
    }

    /// Returns the request with the peer's address on the air.
    pub(super) const fn aimed(&self, request: Connect) -> Connect {
        match self.search {
            Search::Found { peer, .. } => Connect { peer: Some(peer), ..request },
            Search::No | Search::Looking => request,
        }
    }
}
