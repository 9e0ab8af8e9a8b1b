use super::{Failure, Security, aware::Awareness, long_read::LongRead};
use bindrune_wire::Present;

use crate::{
    capability::{CAPTURE, LongReads, Writer},
    cccd::{self, Marks},
    table::Extent,
};

/// Length of the host's name of a link, for captured writes, in octets.
pub const WRITER: usize = 5;

/// The server's state of one link: subscriptions, prepared writes, change-awareness, and the pending reply.
///
/// It is a field of the link's slot; [`Self::reset`] prepares it for the next link.
#[derive(Debug)]
pub struct Peer {
    _present: Present,
    share: &'static mut [u8],
    /// Whether a mark may have been set in the share since the marks were last taken.
    marked: bool,
    /// Length of the prepare queue in octets.
    pub(super) queued: usize,
    pub(super) features: u8,
    pub(super) awareness: Awareness,
    /// Whether a Service Changed indication is pending.
    pub(super) change_pending: bool,
    /// Whether Service Changed was indicated but not confirmed yet.
    pub(super) change_sent: bool,
    pub(super) pending: Pending,
    /// The value that the peer reads in parts.
    pub(super) long_read: LongReads,
    /// Security of the link when the request arrived.
    pub(super) security: Security,
    writer: Writer,
}

const NO_LONG_READ: LongReads = [LongRead::NONE; _];

/// The pending reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    Nothing,
    /// The response, which is built from the request when the host pulls it.
    Response,
    Error(Failure),
    /// The application's answer about this attribute, the `index`th handle or prepared write of the request.
    Answer {
        handle: u16,
        index: usize,
    },
}

impl Peer {
    /// Creates a peer with its share of the arena; see [`crate::table::peer_arena_for`].
    pub fn new(share: &'static mut [u8]) -> Self {
        share.fill(0);
        Self {
            _present: Present::Here,
            share,
            marked: false,
            queued: 0,
            features: 0,
            awareness: Awareness::Aware,
            change_pending: false,
            change_sent: false,
            pending: Pending::Nothing,
            long_read: NO_LONG_READ,
            security: Security::OPEN,
            writer: [[0; WRITER]; _],
        }
    }

    /// Sets the name of the peer's link for captured writes.
    pub fn name(&mut self, name: [u8; WRITER]) {
        if CAPTURE {
            self.writer.fill(name);
        }
    }

    /// Returns the name that [`Self::name`] has set.
    pub(super) fn writer(&self) -> [u8; WRITER] {
        self.writer.first().copied().unwrap_or_default()
    }

    /// Clears all state, at the end of a link or the start of a new one.
    pub fn reset(&mut self) {
        self.share.fill(0);
        self.queued = 0;
        self.features = 0;
        self.awareness = Awareness::Aware;
        self.change_pending = false;
        self.change_sent = false;
        self.pending = Pending::Nothing;
        self.long_read = NO_LONG_READ;
        self.security = Security::OPEN;
    }

    /// Returns the Client Supported Features. [Vol 3] Part G, 7.2
    #[must_use]
    pub const fn client_features(&self) -> u8 {
        self.features
    }

    /// Returns whether the application was asked and has not answered.
    #[must_use]
    pub const fn awaits_answer(&self) -> bool {
        matches!(self.pending, Pending::Answer { .. })
    }

    /// Returns whether a reply can be pulled.
    #[must_use]
    pub const fn has_pending_reply(&self) -> bool {
        matches!(self.pending, Pending::Response | Pending::Error(_))
    }

    pub(super) fn marks(&mut self, extent: &Extent) -> Marks<'_> {
        self.marked = true;
        Marks::split(self.share, extent).0
    }

    /// Returns whether [`Server::poll_written`] or [`Server::poll_subscription_change`] may have something.
    ///
    /// [`Server::poll_written`]: crate::Server::poll_written
    /// [`Server::poll_subscription_change`]: crate::Server::poll_subscription_change
    pub const fn has_changes(&self) -> bool {
        self.marked
    }

    /// Takes a mark; `None` if there is none of this kind.
    pub(super) fn take_mark(
        &mut self,
        extent: &Extent,
        take: impl FnOnce(&mut Marks<'_>) -> Option<usize>,
    ) -> Option<usize> {
        if !self.marked {
            return None;
        }
        let (mut marks, _) = Marks::split(self.share, extent);
        let taken = take(&mut marks);
        self.marked = taken.is_some() || !marks.are_taken();
        taken
    }

    pub(super) fn cccd(&self, index: usize) -> cccd::Cccd {
        cccd::configured(self.share, index)
    }

    pub(super) fn queue(&self, extent: &Extent) -> &[u8] {
        let start = cccd::octets_for(extent);
        self.share.get(start..).and_then(|rest| rest.get(..self.queued)).unwrap_or_default()
    }

    pub(super) fn queue_room(&mut self, extent: &Extent) -> &mut [u8] {
        Marks::split(self.share, extent).1
    }

    /// Clears subscriptions, marks and prepared writes, and restores the first CCCD.
    pub(super) fn clear_share(&mut self, first: cccd::Cccd) {
        self.share.fill(0);
        self.queued = 0;
        if let Some(octet) = self.share.first_mut() {
            *octet = first.bits();
        }
    }
}
