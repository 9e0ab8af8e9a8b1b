//! What the decoder knows about one link.

use crate::{
    acl::Partial,
    att::Att,
    l2cap::{Channels, Signalling},
    question::{Both, Unanswered},
    smp::Smp,
};

/// Kind of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Le,
    Classic,
}

/// One link, from its first packet to its end.
#[derive(Debug, Default)]
pub(crate) struct Link {
    /// `None` if the capture began after the link.
    pub(crate) kind: Option<Kind>,
    /// Address of the peer.
    pub(crate) peer: Option<String>,
    /// Name of the peer's attribute table.
    pub(crate) table: String,
    /// ACL packets in the controller.
    pub(crate) outstanding: u32,
    /// Number of the packet that used the link last.
    pub(crate) used: u64,
    pub(crate) partial: Both<Partial>,
    pub(crate) signalling: Signalling,
    pub(crate) channels: Channels,
    pub(crate) att: Att,
    pub(crate) smp: Smp,
}

impl Link {
    pub(crate) fn new(kind: Option<Kind>, handle: u16, peer: Option<String>) -> Self {
        let table = peer.clone().unwrap_or_else(|| format!("{handle:03x}"));
        Self { kind, peer, table, ..Self::default() }
    }

    /// Moves the requests that have no answer.
    pub(crate) fn end(self, unanswered: &mut Unanswered) {
        self.att.end(unanswered);
        self.smp.end(unanswered);
        self.signalling.end(unanswered);
        self.channels.end(unanswered);
    }
}
