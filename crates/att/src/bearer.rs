//! Transactions of one link, in both roles at once. [Vol 3] Part F, 3.3

mod refuse;
mod server;

use bindrune_wire::{Interest, Malformed, NoRoom, Writer, time::Instant};
use embassy_time::Duration;

use self::server::Server;
use crate::{
    Command, MIN_MTU, Opcode, Push, Request, Response,
    capability::{CLIENT, Client, SERVER, ServerRoom},
    opcode::Kind,
    pdu::write_confirmation,
};

/// Time limit for the response to a request and the confirmation of an indication. [Vol 3] Part F, 3.3.3
pub const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(30);

/// The ATT bearer of one link: the open transactions, and the bearer's own pending PDUs.
///
/// - Getters: [`mtu`](Self::mtu), [`may_request`](Self::may_request), [`may_indicate`](Self::may_indicate),
///   [`is_serving`](Self::is_serving), [`is_dead`](Self::is_dead), [`dropped`](Self::dropped).
/// - Inputs: [`handle_pdu`](Self::handle_pdu), [`handle_timeout`](Self::handle_timeout).
/// - Reports of the host: [`request_sent`](Self::request_sent), [`indication_sent`](Self::indication_sent) after such
///   a PDU of the application was sent; [`abandon_request`](Self::abandon_request) when no caller waits for the
///   response any longer; [`answered`](Self::answered) after the server's response was sent;
///   [`confirm`](Self::confirm) after an indication was accepted; [`exchange_mtu`](Self::exchange_mtu).
/// - Outputs: [`interest`](Self::interest), [`poll_transmit`](Self::poll_transmit),
///   [`poll_timeout`](Self::poll_timeout).
#[derive(Clone, Debug)]
pub struct Bearer {
    own_mtu: u16,
    mtu: u16,
    server: Server,
    client: Client,
    /// When the confirmation of the outstanding indication is overdue.
    indication: ServerRoom<Instant>,
    unconfirmed: u8,
    confirmations: u8,
    dead: bool,
    dropped: u32,
}

/// Meaning of a received PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incoming<'p> {
    /// The bearer handled it, or ignored it.
    Nothing,
    /// The server must answer it, and then call [`Bearer::answered`].
    Request(Request<'p>),
    /// A request that came before the last one was answered, which [Vol 3] Part F, 3.3.2 forbids to the peer. It was
    /// not handled: the host may keep the PDU, and pass it again once [`Bearer::is_serving`] is false.
    Early,
    /// The server must carry it out without a response.
    Command(Command<'p>),
    /// A command, and this side has no attributes.
    Ignored,
    /// For the client. Call [`Bearer::confirm`] for an indication, once it is stored.
    Push(Push<'p>),
    /// A value that the peer pushed, and this side sends no requests, so it has no use for one. The bearer confirms an
    /// indication by itself.
    Unclaimed,
    /// The response or Error Response to the application's request: this whole PDU. Only its opcode is checked, so a
    /// malformed response also ends the transaction.
    Response(&'p [u8]),
    /// The client confirmed the outstanding indication.
    Confirmed,
    /// An MTU exchange that this side started has ended. [`Bearer::mtu`] is the result.
    MtuExchanged,
}

/// Meaning of a response.
pub(crate) enum Outcome {
    /// The application waits for it.
    Application,
    /// The application abandoned the request.
    Abandoned,
    /// The MTU exchange has ended.
    Mtu,
    /// No request waits for it.
    Unexpected,
}

/// Reason of a deadline of the bearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Timer {
    /// The response to our request is overdue.
    Request,
    /// The confirmation of our indication is overdue.
    Indication,
}

impl Bearer {
    /// The bearer of no link. All octets are zero.
    pub const NONE: Self = Self {
        own_mtu: 0,
        mtu: 0,
        server: Server::Idle,
        client: Client::new(),
        indication: [const { None }; SERVER.is_some() as usize],
        unconfirmed: 0,
        confirmations: 0,
        dead: false,
        dropped: 0,
    };

    /// Creates a bearer with the minimum MTU. `own_mtu` is the longest PDU that this side can receive, in octets;
    /// below 23 it counts as 23.
    #[must_use]
    pub const fn new(own_mtu: u16) -> Self {
        Self {
            own_mtu: if own_mtu < MIN_MTU { MIN_MTU } else { own_mtu },
            mtu: MIN_MTU,
            ..Self::NONE
        }
    }

    /// Returns the longest PDU that may be sent, in octets: 23 up to this side's own MTU. It never decreases.
    #[must_use]
    pub const fn mtu(&self) -> u16 {
        self.mtu
    }

    /// Returns whether the application may send a request now.
    #[must_use]
    pub const fn may_request(&self) -> bool {
        !self.dead && self.client.is_idle()
    }

    /// Returns whether the application may send an indication now.
    #[must_use]
    pub fn may_indicate(&self) -> bool {
        !self.dead && self.indication.iter().all(Option::is_none)
    }

    /// Returns whether a request of the peer is pending: a further request is then [`Incoming::Early`].
    #[must_use]
    pub const fn is_serving(&self) -> bool {
        !matches!(self.server, Server::Idle)
    }

    /// Returns whether a transaction timed out: then no request, command, notification or indication may be sent on
    /// this link. [Vol 3] Part F, 3.3.3
    #[must_use]
    pub const fn is_dead(&self) -> bool {
        self.dead
    }

    /// Returns the number of PDUs that were ignored: malformed, unknown, too long, or unexpected responses.
    #[must_use]
    pub const fn dropped(&self) -> u32 {
        self.dropped
    }

    /// Takes a PDU of the peer.
    ///
    /// A request or command longer than [`Self::mtu`] is not carried out: the request fails with Invalid PDU. [Vol 3]
    /// Part F, 3.2.8
    pub fn handle_pdu<'p>(&mut self, now: Instant, pdu: &'p [u8]) -> Incoming<'p> {
        let Some(&opcode) = pdu.first() else { return self.drop_pdu() };
        if pdu.len() > self.own_mtu.into() {
            return self.drop_pdu();
        }
        let fits = pdu.len() <= self.mtu.into();
        match Opcode(opcode).kind() {
            Kind::Request => self.handle_request(Opcode(opcode), pdu, fits),
            Kind::Command if !fits => self.drop_pdu(),
            Kind::Command if SERVER.is_none() => Incoming::Ignored,
            Kind::Command => self.or_drop(Command::parse(pdu).map(Incoming::Command)),
            Kind::Response => self.handle_response(now, Opcode(opcode), pdu),
            Kind::Push if !CLIENT => self.handle_unclaimed(Opcode(opcode), pdu),
            Kind::Push => self.handle_push(pdu),
            Kind::Confirmation => self.handle_confirmation(pdu),
        }
    }

    /// Records that the application's request was sent.
    pub fn request_sent(&mut self, now: Instant, request: Opcode) {
        self.client.sent(request, deadline(now));
    }

    /// Restarts the time limit of the outstanding request, which leaves only now.
    pub fn restamp_request(&mut self, now: Instant) {
        self.client.restamp(deadline(now));
    }

    /// Abandons the outstanding request: its response will be dropped, and [`Self::may_request`] stays false until the
    /// response arrives or times out.
    pub fn abandon_request(&mut self) {
        self.client.abandon();
    }

    /// Records that the server's response to the pending request was sent.
    pub fn answered(&mut self) {
        self.server.answered();
    }

    /// Records that the application's indication was sent.
    pub fn indication_sent(&mut self, now: Instant) {
        self.indication.fill(Some(deadline(now)));
    }

    /// Confirms the oldest unconfirmed indication, which is stored now.
    pub const fn confirm(&mut self) {
        if let Some(rest) = self.unconfirmed.checked_sub(1) {
            self.unconfirmed = rest;
            self.confirmations = self.confirmations.saturating_add(1);
        }
    }

    /// Exchanges the MTU as a client, as soon as no other request is outstanding. It happens at most once on a bearer:
    /// later calls do nothing.
    pub fn exchange_mtu(&mut self, now: Instant) {
        if !self.dead {
            self.client.exchange_mtu(deadline(now));
        }
    }

    /// Returns whether [`Self::poll_transmit`] has a PDU to write, and how urgent it is.
    #[must_use]
    pub const fn interest(&self) -> Interest {
        if self.confirmations > 0
            || self.server.is_pending()
            || self.client.has_pending_mtu_request()
        {
            Interest::Urgent
        } else {
            Interest::None
        }
    }

    /// Writes the bearer's own pending PDU: a confirmation, a response, or the MTU request. Returns false if none is
    /// pending, or `w` has no room; then nothing is written.
    pub fn poll_transmit(&mut self, w: &mut Writer<'_>) -> bool {
        if self.confirmations > 0 {
            let written = write_confirmation(w).is_ok();
            self.confirmations = self.confirmations.saturating_sub(written.into());
            written
        } else if self.server.is_pending() {
            self.transmit_answer(w).is_ok()
        } else if self.client.has_pending_mtu_request() {
            let written = Request::ExchangeMtu { mtu: self.own_mtu }.write(w).is_ok();
            if written {
                self.client.mtu_request_sent();
            }
            written
        } else {
            false
        }
    }

    /// Returns when [`Self::handle_timeout`] must be called, and why.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        let request = self.client.deadline().map(|at| (at, Timer::Request));
        let indication = self.indication.iter().flatten().map(|&at| (at, Timer::Indication));
        request.into_iter().chain(indication).min()
    }

    /// Ends the transactions whose time limit has passed; [`Self::is_dead`] is true afterwards.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_some_and(|(at, _)| at <= now) {
            self.dead = true;
            self.client.end();
            self.indication.fill(None);
        }
    }

    fn handle_request<'p>(&mut self, opcode: Opcode, pdu: &'p [u8], fits: bool) -> Incoming<'p> {
        if self.is_serving() {
            return Incoming::Early;
        }
        match self.server.handle_request(opcode, pdu, fits) {
            Some(Request::ExchangeMtu { mtu }) => {
                self.server = Server::Mtu { client: mtu };
                Incoming::Nothing
            }
            Some(request) => Incoming::Request(request),
            None if SERVER.is_some() => self.drop_pdu(),
            None => Incoming::Nothing,
        }
    }

    fn handle_response<'p>(&mut self, now: Instant, opcode: Opcode, pdu: &'p [u8]) -> Incoming<'p> {
        match self.client.handle_response(deadline(now), opcode, pdu) {
            Outcome::Application => Incoming::Response(pdu),
            Outcome::Abandoned => Incoming::Nothing,
            Outcome::Unexpected => self.drop_pdu(),
            Outcome::Mtu => {
                match *pdu {
                    [_, low, high] => self.agree(u16::from_le_bytes([low, high])),
                    _ if opcode == Opcode::ERROR_RSP => {}
                    _ => _ = self.drop_pdu(),
                }
                Incoming::MtuExchanged
            }
        }
    }

    fn handle_push<'p>(&mut self, pdu: &'p [u8]) -> Incoming<'p> {
        let push = Push::parse(pdu);
        if let Ok(Push::Indication { .. }) = push {
            match self.unconfirmed.checked_add(1) {
                Some(unconfirmed) => self.unconfirmed = unconfirmed,
                None => return self.drop_pdu(),
            }
        }
        self.or_drop(push.map(Incoming::Push))
    }

    fn handle_unclaimed<'p>(&mut self, opcode: Opcode, pdu: &[u8]) -> Incoming<'p> {
        if pdu.len() < SHORTEST_PUSH {
            return self.drop_pdu();
        }
        if opcode == Opcode::INDICATION {
            self.confirmations = self.confirmations.saturating_add(1);
        }
        Incoming::Unclaimed
    }

    fn handle_confirmation<'p>(&mut self, pdu: &[u8]) -> Incoming<'p> {
        let confirmed = self.indication.iter_mut().find_map(|at| at.take_if(|_| pdu.len() == 1));
        match confirmed {
            Some(_) => Incoming::Confirmed,
            None => self.drop_pdu(),
        }
    }

    fn transmit_answer(&mut self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        match self.server {
            Server::Idle | Server::Application(_) => Err(NoRoom),
            Server::Error(error) => {
                error.write(w)?;
                self.server = Server::Idle;
                Ok(())
            }
            Server::Mtu { client } => {
                Response::ExchangeMtu { mtu: self.own_mtu }.write(w)?;
                self.server = Server::Idle;
                self.agree(client);
                Ok(())
            }
        }
    }

    /// Sets the MTU to the smaller one of both sides. [Vol 3] Part F, 3.4.2.2
    fn agree(&mut self, peer: u16) {
        self.mtu = self.mtu.max(peer.min(self.own_mtu));
    }

    fn or_drop<'p>(&mut self, incoming: Result<Incoming<'p>, Malformed>) -> Incoming<'p> {
        incoming.unwrap_or_else(|_| self.drop_pdu())
    }

    const fn drop_pdu<'p>(&mut self) -> Incoming<'p> {
        self.dropped = self.dropped.saturating_add(1);
        Incoming::Nothing
    }
}

/// Octets of the opcode and the handle of a pushed value.
const SHORTEST_PUSH: usize = 3;

fn deadline(now: Instant) -> Instant {
    now + TRANSACTION_TIMEOUT
}

#[cfg(test)]
mod tests;
