//! How a channel ends: by either end, a refusal, a violation, or a timeout. [Vol 3] Part A, 4.6 and 4.7

use super::{Channel, ChannelDrops, CloseReason, Pending, Pools, State, receive::Receive};
use crate::{Cid, ConnectionResult};

impl Channel {
    /// Starts to refuse the peer's request.
    pub(crate) fn refuse(&mut self, result: ConnectionResult) {
        self.state = State::Refusing;
        self.pending = Pending::Refusal(result);
        self.deadline = None;
        self.rx = Receive::CLOSED;
    }

    /// Starts to close the channel. The request to the peer follows the response that the peer is waiting for and, if
    /// the application closes, the frame in the out-slot. After a violation, that frame is discarded.
    pub(crate) fn disconnect(&mut self, reason: CloseReason, pools: &mut Pools<'_>) {
        self.state = State::Disconnecting(reason);
        if self.pending != Pending::ConnectionResponse {
            self.pending = Pending::DisconnectionRequest;
            self.identifier = 0;
        }
        self.deadline = None;
        let accepted = if reason == CloseReason::Local { self.out.take() } else { None };
        self.silence(pools);
        self.out = accepted;
        if !self.held {
            self.discard_received(pools);
        }
    }

    /// Stops waiting for a request to close that could not leave in time. The request stays pending.
    pub(crate) fn give_up_closing(&mut self, pools: &mut Pools<'_>) {
        self.state = State::Disconnecting(CloseReason::Timeout);
        self.deadline = None;
        self.silence(pools);
    }

    /// Ends the channel after the peer closed it or confirmed our request.
    pub(crate) fn closed_by_peer(&mut self, pools: &mut Pools<'_>) {
        let end = if self.rx.is_inside_sdu() { CloseReason::Cut } else { CloseReason::Peer };
        self.finish(self.close_reason().unwrap_or(end), pools);
    }

    /// Ends the channel. The slot stays in use until the application releases it, or while the application may still
    /// take received data.
    pub(crate) fn finish(&mut self, reason: CloseReason, pools: &mut Pools<'_>) {
        self.silence(pools);
        let is_offered = self.is_open() && self.rx.has_sdu();
        if !self.held && !is_offered {
            return self.free(pools);
        }
        self.state = State::Closed(reason);
        self.pending = Pending::Nothing;
        (self.identifier, self.deadline) = (0, None);
        (self.local, self.remote) = (Cid::NULL, Cid::NULL);
    }

    /// Frees the slot and returns its packets to the pools.
    pub(crate) fn free(&mut self, pools: &mut Pools<'_>) {
        self.silence(pools);
        self.discard_received(pools);
        let drops = self.drops;
        self.vacate();
        self.drops = drops;
    }

    /// Discards received data that was not read.
    pub(crate) fn discard_received(&mut self, pools: &mut Pools<'_>) {
        let unread = self.rx.clear(pools.rx);
        self.drops.add(ChannelDrops { unsent: 0, unread });
    }

    /// Stops sending and receiving. SDUs that the application may still read stay.
    fn silence(&mut self, pools: &mut Pools<'_>) {
        if let Some(packet) = self.out.take() {
            pools.tx.give(packet);
            self.drops.add(ChannelDrops { unsent: 1, unread: 0 });
        }
        self.tx.credits = 0;
    }
}
