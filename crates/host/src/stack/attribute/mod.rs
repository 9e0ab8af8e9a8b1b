//! The attribute side of one link: the bearer, the peer's request that is being served, the application's request, and
//! the values that the peer pushed.
//!
//! - [`serve`](self): keeps a request in its receive packet until the reply is pulled.
//! - `early`: a request that arrived before the last one was answered, and the commands behind it.
//! - `client`: the application's one outstanding request and its answer.
//! - `out`: what the application sends.
//! - `push`: notifications, indications and write commands, both ways.

mod client;
mod early;
mod out;
mod push;
mod serve;

use bindrune_att::Bearer;
use bindrune_wire::Queue;

use super::{
    memory::{Receive, Transmit},
    share::Share,
};

use crate::capability::{CLIENT, SERVER};

pub(crate) use client::{Client, ClientState};
pub(crate) use out::{Out, Outgoing};
pub(crate) use push::{PushKind, SUBSCRIPTIONS, Subscription, values_of};
pub(crate) use serve::{Served, Serving};

/// State of a link's Attribute Protocol.
#[derive(Debug)]
pub(crate) struct Attributes {
    pub(crate) bearer: Bearer,
    pub(crate) serving: Serving,
    /// A request that arrived before the reply to `serving`, and the commands behind it.
    early: Queue,
    pub(crate) client: Client,
    pub(crate) out: Out,
    /// State of the one indication that may be outstanding.
    pub(crate) indications: Indications,
    pub(crate) subscriptions: [Subscription; SUBSCRIPTIONS],
    /// Values that a bonded peer pushed and the application has not claimed yet: handle and value.
    unclaimed: Queue,
    keeps_unclaimed: bool,
    pub(crate) exchange: Exchange,
    /// The handle of the peer's Service Changed value; 0 while it is not watched.
    pub(crate) service_changed: u16,
    /// The range of handles that the peer reported as changed.
    changed: Option<(u16, u16)>,
    /// Receive packets of this link that the application keeps, read or not.
    pub(crate) share: Share,
}

/// State of the exchange of the MTU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exchange {
    /// No exchange was requested.
    Unasked,
    /// The exchange must begin as soon as possible.
    Wanted,
    /// This side began the exchange.
    Begun,
    /// The exchange is over, whichever side began it.
    Done,
}

/// State of the one indication that may be outstanding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Indications {
    /// None is outstanding.
    Idle,
    /// The host's own Service Changed is outstanding.
    Host,
    /// The application's indication is in the out-slot or on air.
    App,
    /// The application's indication was confirmed; the application has not read that yet.
    Confirmed,
    /// The application's indication is on its way, but no caller waits for the confirmation any longer.
    Abandoned,
}

impl Attributes {
    /// No link. All bytes are zero.
    pub(crate) const NONE: Self = Self {
        bearer: Bearer::NONE,
        serving: Serving::Idle,
        early: Queue::EMPTY,
        client: Client::NONE,
        out: Out::NONE,
        indications: Indications::Idle,
        subscriptions: [const { Subscription::FREE }; SUBSCRIPTIONS],
        unclaimed: Queue::EMPTY,
        keeps_unclaimed: false,
        exchange: Exchange::Unasked,
        service_changed: 0,
        changed: None,
        share: Share::NONE,
    };

    /// Starts a new link, whose state is [`Self::NONE`].
    pub(crate) const fn begin(&mut self, own_mtu: u16) {
        self.bearer = Bearer::new(own_mtu);
    }

    /// Adds a range of handles that changed in the peer's table to those not yet reported to the application.
    pub(crate) fn note_service_changed(&mut self, start: u16, end: u16) {
        let (from, to) = self.changed.unwrap_or((start, end));
        self.changed = Some((from.min(start), to.max(end)));
    }

    /// Takes the range of handles that the peer reported as changed, to report it to the application.
    pub(crate) const fn take_service_changed(&mut self) -> (u16, u16) {
        match self.changed.take() {
            Some(range) => range,
            None => (1, u16::MAX),
        }
    }

    /// Returns whether the exchange of the MTU, or the end of prepared writes, may be pending.
    pub(crate) fn has_pending_request(&self) -> bool {
        self.exchange == Exchange::Wanted || self.has_pending_cancel()
    }

    /// Returns whether the end of prepared writes may be pending.
    pub(crate) const fn has_pending_cancel(&self) -> bool {
        CLIENT && self.client.cancel_pending
    }

    /// Returns whether the reply to the peer's request can be sent.
    pub(crate) const fn has_pending_reply(&self) -> bool {
        SERVER && matches!(self.serving, Serving::Queued(_) | Serving::Written(_))
    }

    /// Ends the link. Values received for the application stay until they are read or the slot is used again.
    ///
    /// Returns the number of PDUs that were dropped before they were handled.
    pub(crate) fn end(&mut self, rx: &mut Receive, tx: &mut Transmit) -> usize {
        let dropped = self.drop_early(rx);
        match self.serving {
            // The application may hold its packet for as long as it needs.
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
        while (CLIENT || SERVER)
            && let Some((packet, _)) = self.out.take()
        {
            tx.pool.give(packet);
        }
        dropped
    }

    /// Drops the values received for subscriptions. Returns their number.
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
