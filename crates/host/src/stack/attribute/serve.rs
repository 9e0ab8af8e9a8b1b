//! Serving the peer's requests. [Vol 3] Part F, 3.4

use bindrune_att::{ErrorCode, Request};
use bindrune_gatt::{Answer, Ask, AskKind, Peer, Server, Verdict};
use bindrune_wire::{Packet, Writer, time::Instant};
use embassy_time::Duration;

use super::Attributes;
use crate::{
    capability::{HAS_SERVER, HasServer, LONG, SERVER},
    stack::memory::Receive,
};

/// Time limit for the application to take a request.
const TAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// Octets of the longest response.
const MAX_RESPONSE: usize = 517;

/// The one request of the peer that may be pending. The packet is the receive packet in which the request arrived.
#[derive(Debug)]
#[repr(u8)]
pub(crate) enum Serving {
    /// No request is pending.
    Idle = 0,
    /// The reply is made when it is pulled.
    Queued(Packet),
    /// The application has answered, and the packet holds the finished reply.
    Written(Packet),
    /// The application must answer, and has not yet taken the question.
    Asked(Asked),
    /// The application has taken the question.
    Taken(Taken),
}

/// A question that the application has taken.
#[derive(Debug)]
pub(crate) struct Taken {
    /// The request's packet, unless the application holds it.
    packet: Option<Packet>,
    /// As in [`Asked`].
    collected: Option<Packet>,
    /// Without a server no question exists, so the compiler removes this variant.
    _server: HasServer,
}

impl Taken {
    /// Returns whether the application holds the request's packet.
    pub(crate) const fn is_kept(&self) -> bool {
        self.packet.is_none()
    }
}

/// A question that waits for the application to take it.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) packet: Packet,
    /// The values of the earlier handles of a Read Multiple.
    pub(crate) collected: Option<Packet>,
    pub(crate) ask: Ask,
    pub(crate) until: Instant,
    server: HasServer,
}

/// The next step for the dispatcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Served {
    /// A reply is pending.
    Reply,
    /// The application must be asked.
    Ask,
}

impl Attributes {
    /// Keeps a request, which `packet` holds, until its reply is pulled or the application has answered.
    pub(in crate::stack) fn settle(
        &mut self,
        verdict: Verdict,
        packet: Packet,
        collected: Option<Packet>,
        now: Instant,
    ) -> Served {
        let (Verdict::Ask(ask), Some(server)) = (verdict, HAS_SERVER) else {
            self.serving = Serving::Queued(packet);
            return Served::Reply;
        };
        let until = now + TAKE_TIMEOUT;
        self.serving = Serving::Asked(Asked { packet, collected, ask, until, server });
        Served::Ask
    }

    /// Takes the question for the application, with the request's packet. Values collected so far stay here.
    pub(crate) fn take_question(&mut self) -> Option<(Ask, Packet)> {
        match core::mem::replace(&mut self.serving, Serving::Idle) {
            Serving::Asked(Asked { packet, collected, ask, server, .. }) => {
                self.serving = Serving::Taken(Taken { packet: None, collected, _server: server });
                Some((ask, packet))
            }
            other @ (Serving::Idle
            | Serving::Queued(_)
            | Serving::Written(_)
            | Serving::Taken(_)) => {
                self.serving = other;
                None
            }
        }
    }

    /// Keeps the packet of a question that the application took, until it is answered.
    pub(crate) fn keep_packet(&mut self, rx: &mut Receive, packet: Packet) {
        match &mut self.serving {
            Serving::Taken(taken) if taken.is_kept() => taken.packet = Some(packet),
            Serving::Idle
            | Serving::Queued(_)
            | Serving::Written(_)
            | Serving::Asked(_)
            | Serving::Taken(_) => rx.pool.give(packet),
        }
    }

    /// Answers the question that the application took. `kept_by_app` is the request's packet if the application holds
    /// it.
    pub(crate) fn answer(
        &mut self,
        server: &mut Server,
        peer: &mut Peer,
        rx: &mut Receive,
        kept_by_app: Option<Packet>,
        answer: Answer<'_>,
        now: Instant,
    ) -> Served {
        let Serving::Taken(taken) = core::mem::replace(&mut self.serving, Serving::Idle) else {
            kept_by_app.into_iter().for_each(|packet| rx.pool.give(packet));
            return Served::Reply;
        };
        let Taken { packet, mut collected, .. } = taken;
        let Some(packet) = kept_by_app.or(packet) else {
            self.give_collected(collected, rx);
            return Served::Reply;
        };
        let Ok(request) = Request::parse(packet.bytes()) else {
            rx.pool.give(packet);
            return Served::Reply;
        };
        let several = LONG
            && matches!(
                request,
                Request::ReadMultiple { .. } | Request::ReadMultipleVariable { .. }
            );
        if several && collected.is_none() && rx.shares.take_kept(&mut self.share) {
            collected = rx.pool.take(0);
            if collected.is_none() {
                rx.shares.give_kept(&mut self.share);
            }
        }
        let verdict = server.handle_answer(peer, &request, answer, collected.as_mut());
        if let Verdict::Ask(_) = verdict {
            return self.settle(verdict, packet, collected, now);
        }
        let value = match (&collected, answer) {
            (Some(collected), _) => collected.bytes(),
            (None, Answer::Value(value)) => value,
            (None, Answer::Accept | Answer::Reject(_)) => &[],
        };
        let mut buffer = [0; MAX_RESPONSE];
        let mut w = Writer::new(&mut buffer);
        w.limit(self.bearer.mtu().into());
        let _written = server.poll_reply(peer, &request, value, &mut w);
        let mut packet = packet;
        packet.reset(0);
        let _fits = packet.extend(w.written());
        self.give_collected(collected, rx);
        self.serving = Serving::Written(packet);
        Served::Reply
    }

    /// Writes the pending reply, and ends the request.
    pub(crate) fn poll_reply(
        &mut self,
        server: &Server,
        peer: &mut Peer,
        rx: &mut Receive,
        w: &mut Writer<'_>,
    ) -> bool {
        w.limit(self.bearer.mtu().into());
        let written = match &self.serving {
            Serving::Queued(packet) if SERVER => match Request::parse(packet.bytes()) {
                Ok(request) => server.poll_reply(peer, &request, &[], w),
                Err(_) => false,
            },
            Serving::Written(packet) if SERVER => w.bytes(packet.bytes()).is_ok(),
            Serving::Idle
            | Serving::Queued(_)
            | Serving::Written(_)
            | Serving::Asked(_)
            | Serving::Taken(_) => {
                return false;
            }
        };
        self.end_serving(rx);
        self.bearer.answered();
        written
    }

    /// Answers a question with Unlikely Error if the application did not take it in time.
    pub(crate) fn expire_question(
        &mut self,
        server: &mut Server,
        peer: &mut Peer,
        rx: &mut Receive,
        now: Instant,
    ) -> bool {
        if self.question_deadline().is_none_or(|until| until > now) {
            return false;
        }
        let Some((_, packet)) = self.take_question() else { return false };
        let unlikely = Answer::Reject(ErrorCode::UNLIKELY_ERROR);
        self.answer(server, peer, rx, Some(packet), unlikely, now);
        true
    }

    /// Returns when [`Self::expire_question`] must be called.
    pub(crate) const fn question_deadline(&self) -> Option<Instant> {
        if let (true, Serving::Asked(asked)) = (SERVER, &self.serving) {
            Some(asked.until)
        } else {
            None
        }
    }

    /// Returns whether a question waits for the application.
    pub(crate) const fn has_question(&self) -> bool {
        SERVER && matches!(self.serving, Serving::Asked(_))
    }

    /// Returns whether a write waits for the application. It is reported even after the link has ended.
    pub(crate) const fn has_written(&self) -> bool {
        SERVER
            && matches!(
                self.serving,
                Serving::Asked(Asked { ask: Ask { kind: AskKind::Write { .. }, .. }, .. })
            )
    }

    /// Handles a replaced table: drops a question that was not taken, because its attribute is gone, and answers the
    /// request from the new table.
    pub(crate) fn table_replaced(&mut self, rx: &mut Receive) {
        match core::mem::replace(&mut self.serving, Serving::Idle) {
            Serving::Asked(Asked { packet, collected, .. }) => {
                self.give_collected(collected, rx);
                self.serving = Serving::Queued(packet);
            }
            other @ (Serving::Idle
            | Serving::Queued(_)
            | Serving::Written(_)
            | Serving::Taken(_)) => {
                self.serving = other;
            }
        }
    }

    /// Ends the pending request, whatever its state.
    pub(crate) fn end_serving(&mut self, rx: &mut Receive) {
        if !SERVER {
            return;
        }
        match core::mem::replace(&mut self.serving, Serving::Idle) {
            Serving::Idle => {}
            Serving::Queued(packet) | Serving::Written(packet) => rx.pool.give(packet),
            Serving::Asked(Asked { packet, collected, .. }) => {
                rx.pool.give(packet);
                self.give_collected(collected, rx);
            }
            Serving::Taken(Taken { packet, collected, .. }) => {
                packet.into_iter().for_each(|packet| rx.pool.give(packet));
                self.give_collected(collected, rx);
            }
        }
    }

    fn give_collected(&mut self, collected: Option<Packet>, rx: &mut Receive) {
        if let (Some(packet), true) = (collected, LONG) {
            rx.pool.give(packet);
            rx.shares.give_kept(&mut self.share);
        }
    }
}
