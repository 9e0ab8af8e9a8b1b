//! The attribute side of one link: the bearer, the request that is being served, the request of the application, and
//! what the peer pushed.
//!
//! - [`serve`](self): a request stays in its receive packet until its reply is pulled.
//! - `early`: a request that came before the last one was answered, and what came behind it.
//! - `client`: the application's one outstanding request and its answer.
//! - `push`: notifications, indications and write commands, both ways.

mod client;
mod early;
mod push;
mod serve;

use bindrune_att::{Bearer, Opcode};
use bindrune_wire::{Interest, Packet, Queue};

use super::{
    memory::{Receive, Transmit},
    share::Share,
};

pub(crate) use client::{Client, ClientState};
pub(crate) use push::{PushKind, SUBSCRIPTIONS, Subscription};
pub(crate) use serve::{Served, Serving};

/// What the application wants sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Outgoing {
    /// A request of the client.
    Request(Opcode) = 1,
    /// An indication, to be confirmed.
    Indication,
    /// A notification or a write command.
    Unanswered,
}

/// Everything of a link that speaks ATT.
#[derive(Debug)]
pub(crate) struct Attributes {
    pub(crate) bearer: Bearer,
    pub(crate) serving: Serving,
    /// A request that came before the reply to `serving`, and the commands behind it.
    early: Queue,
    pub(crate) client: Client,
    /// The out-slot: one PDU that the application filled.
    pub(crate) out: Option<(Packet, Outgoing)>,
    /// The one indication that may be outstanding.
    pub(crate) indications: Indications,
    pub(crate) subscriptions: [Subscription; SUBSCRIPTIONS],
    /// What a bonded peer pushed that the application has not claimed yet: handle and value.
    unclaimed: Queue,
    keeps_unclaimed: bool,
    pub(crate) exchange: Exchange,
    /// The handle of the peer's Service Changed value; 0 while it is not watched.
    pub(crate) service_changed: u16,
    /// The handles that the peer said have changed.
    changed: Option<(u16, u16)>,
    /// Receive packets that the application keeps of this link, read or not.
    pub(crate) share: Share,
}

/// Where the exchange of the MTU is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exchange {
    /// Nobody has asked for it.
    Unasked,
    /// It is to begin as soon as may be.
    Wanted,
    /// It was begun by this side.
    Begun,
    /// It is over, whichever side began it.
    Done,
}

/// The one indication that may be outstanding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Indications {
    /// None is outstanding.
    Idle,
    /// The host's own Service Changed is outstanding.
    Host,
    /// The application's is in the out-slot or on air.
    App,
    /// The application's was confirmed, and it has not heard of it yet.
    Confirmed,
    /// The application's is on its way, and nobody waits for the confirmation any longer.
    Abandoned,
}

impl Attributes {
    /// No link. All octets are zero.
    pub(crate) const NONE: Self = Self {
        bearer: Bearer::NONE,
        serving: Serving::Idle,
        early: Queue::EMPTY,
        client: Client::NONE,
        out: None,
        indications: Indications::Idle,
        subscriptions: [const { Subscription::FREE }; SUBSCRIPTIONS],
        unclaimed: Queue::EMPTY,
        keeps_unclaimed: false,
        exchange: Exchange::Unasked,
        service_changed: 0,
        changed: None,
        share: Share::NONE,
    };

    /// Begins a link.
    pub(crate) fn begin(&mut self, own_mtu: u16) {
        *self = Self { bearer: Bearer::new(own_mtu), ..Self::NONE };
    }

    /// The peer's table changed in these handles, besides those that the application was not yet told of.
    pub(crate) fn note_service_changed(&mut self, start: u16, end: u16) {
        let (from, to) = self.changed.unwrap_or((start, end));
        self.changed = Some((from.min(start), to.max(end)));
    }

    /// The handles that the peer said have changed; the application is told.
    pub(crate) const fn take_service_changed(&mut self) -> (u16, u16) {
        match self.changed.take() {
            Some(range) => range,
            None => (1, u16::MAX),
        }
    }

    /// True where the bearer, the server or the client may have something to send by itself.
    pub(crate) fn has_anything_pending(&self) -> bool {
        self.has_pending_reply()
            || self.bearer.interest() != Interest::None
            || self.exchange == Exchange::Wanted
            || self.client.cancel_pending
    }

    /// True when the reply to the pending request can be sent.
    pub(crate) const fn has_pending_reply(&self) -> bool {
        matches!(self.serving, Serving::Queued(_) | Serving::Written(_))
    }

    /// Ends the link: what was received for the application stays until it is read or the slot is used again.
    ///
    /// Returns how many PDUs were dropped that were never taken up.
    pub(crate) fn end(&mut self, rx: &mut Receive, tx: &mut Transmit) -> usize {
        let dropped = self.drop_early(rx);
        match self.serving {
            // What the application holds it keeps, for as long as it likes.
            Serving::Taken(ref taken) => {
                if taken.is_kept() {
                    rx.shares.take_anyway(&mut self.share);
                }
                self.end_serving(rx);
            }
            Serving::Asked(_) if self.has_written() => {}
            Serving::Idle | Serving::Queued(_) | Serving::Written(_) | Serving::Asked(_) => {
                self.end_serving(rx);
            }
        }
        rx.shares.gate(&mut self.share, false);
        self.client.end(rx);
        if let Some((packet, _)) = self.out.take() {
            tx.pool.give(packet);
        }
        dropped
    }

    /// Forgets what was received for subscriptions. Gives the number of values.
    pub(crate) fn clear(&mut self, rx: &mut Receive) -> u32 {
        let mut unread = 0u32;
        for subscription in &mut self.subscriptions {
            let values = u32::try_from(subscription.queue.len()).unwrap_or(u32::MAX);
            unread = unread.saturating_add(values);
            subscription.free(rx, &mut self.share);
        }
        unread
    }
}
