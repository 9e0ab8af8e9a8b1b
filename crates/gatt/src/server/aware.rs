//! Robust caching: whether the client knows the present database. [Vol 3] Part G, 2.5.2.1

use bindrune_att::{ErrorCode, Request};
use bindrune_wire::Writer;

use super::{Failure, Peer, Server, peer::Pending, push::write_indication};
use crate::{
    capability::{CACHING, CHANGES},
    cccd::Cccd,
    table::built_in,
};

/// The client reads the hash and expects Database Out Of Sync. [Vol 3] Part G, 7.2
const ROBUST_CACHING: u8 = 0x01;

/// Robust caching, enhanced bearers, multiple notifications.
const KNOWN_FEATURES: u8 = 0x07;

/// Service Changed has the first CCCD of every table.
const SERVICE_CHANGED_CCCD: usize = 0;

/// Whether a client knows the present database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awareness {
    Aware,
    Unaware,
    /// The client learned of the change by an error or by the hash; its next request makes it aware.
    ErrorSent,
}

impl Server {
    /// Returns the first and last handle of a Service Changed indication that is pending for this peer.
    #[must_use]
    pub fn service_changed_pending(&self, peer: &Peer) -> Option<(u16, u16)> {
        let pending = CHANGES && peer.change_pending && !peer.change_sent;
        let subscribed = peer.cccd(SERVICE_CHANGED_CCCD).contains(Cccd::INDICATE);
        (pending && subscribed).then(|| (self.table.first_app_handle(), u16::MAX))
    }

    /// Writes the pending Service Changed indication to this peer, and then waits for
    /// [`Self::service_changed_confirmed`]. Returns false, and writes nothing, if none is pending.
    pub fn write_service_changed(&self, peer: &mut Peer, w: &mut Writer<'_>) -> bool {
        let Some((start, end)) = self.service_changed_pending(peer) else { return false };
        let Some(handle) = self.handle_of(&built_in::SERVICE_CHANGED) else { return false };
        let ([a, b], [c, d]) = (start.to_le_bytes(), end.to_le_bytes());
        if write_indication(handle, &[a, b, c, d], w).is_err() {
            return false;
        }
        peer.change_pending = false;
        peer.change_sent = true;
        true
    }

    /// Records that the peer confirmed Service Changed: it is aware, unless the table was replaced again in
    /// the meantime.
    pub fn service_changed_confirmed(&self, peer: &mut Peer) {
        if CHANGES && core::mem::take(&mut peer.change_sent) && !peer.change_pending {
            peer.awareness = Awareness::Aware;
        }
    }

    /// Answers a request for a handle with Database Out Of Sync, once.
    pub(super) fn check_awareness(peer: &mut Peer, request: &Request<'_>) -> Result<(), Failure> {
        if !CACHING {
            return Ok(());
        }
        if peer.awareness == Awareness::ErrorSent {
            peer.awareness = Awareness::Aware;
        }
        match first_handle(request) {
            Some(handle) if !peer.is_aware() => {
                peer.awareness = Awareness::ErrorSent;
                Err(Failure::new(handle, ErrorCode::DATABASE_OUT_OF_SYNC))
            }
            _ => Ok(()),
        }
    }
}

impl Peer {
    /// Returns whether the client knows the database, or does not take part in robust caching.
    pub(super) const fn is_aware(&self) -> bool {
        !CACHING
            || self.features & ROBUST_CACHING == 0
            || matches!(self.awareness, Awareness::Aware)
    }

    /// Restores the client's features and whether it missed a change, from its bond. [Vol 3] Part G, 2.5.2
    pub fn restore_awareness(&mut self, features: u8, changed: bool) {
        self.features = features & KNOWN_FEATURES;
        self.change_pending = changed;
        self.awareness = if changed { Awareness::Unaware } else { Awareness::Aware };
    }

    /// Records that the hash was sent to the client.
    pub(super) fn hash_sent(&mut self) {
        if self.awareness == Awareness::Unaware {
            self.awareness = Awareness::ErrorSent;
        }
    }

    pub(super) fn table_replaced(&mut self) {
        let service_changed = self.cccd(SERVICE_CHANGED_CCCD);
        self.clear_share(service_changed);
        self.end_long_read();
        self.awareness = Awareness::Unaware;
        self.change_pending = service_changed.contains(Cccd::INDICATE);
        if let Pending::Answer { handle, .. } = self.pending {
            self.pending = Pending::Error(Failure::new(handle, ErrorCode::UNLIKELY_ERROR));
        }
    }

    /// Returns the features after a write of `value`: a bit that was set stays set. [Vol 3] Part G, 7.2
    pub(super) fn features_written(&self, value: &[u8]) -> Result<u8, ErrorCode> {
        let features = value.first().copied().unwrap_or_default() & KNOWN_FEATURES;
        if self.features & !features != 0 {
            return Err(ErrorCode::VALUE_NOT_ALLOWED);
        }
        Ok(features)
    }

    pub(super) const fn set_features(&mut self, features: u8) {
        self.features = features & KNOWN_FEATURES;
    }
}

/// Returns the handle, or the first handle, in a request.
fn first_handle(request: &Request<'_>) -> Option<u16> {
    match *request {
        Request::Read { handle }
        | Request::ReadBlob { handle, .. }
        | Request::Write { handle, .. }
        | Request::PrepareWrite { handle, .. } => Some(handle),
        Request::ReadMultiple { handles } | Request::ReadMultipleVariable { handles } => {
            handles.iter().next()
        }
        Request::ExchangeMtu { .. }
        | Request::FindInformation { .. }
        | Request::FindByTypeValue { .. }
        | Request::ReadByType { .. }
        | Request::ReadByGroupType { .. }
        | Request::ExecuteWrite { .. } => None,
    }
}
