//! Exclusive turns of a link's ATT client: requests of several tasks are made one after the other.

use core::task::{Poll, ready};

use bindrune_att::ErrorCode;
use bindrune_gatt::client::{ClientError, Procedure};
use bindrune_wire::{Level, Packet};

use crate::{
    Error, Host,
    aio::security_retry,
    core::Core,
    stack::{LinkRef, Stack},
    waiters::{Key, LinkKey},
};

/// The exclusive use of a link's ATT client. It begins with the first request. Dropping it starts the next turn; a late
/// answer is discarded.
#[derive(Debug)]
pub(super) struct Turn<'h> {
    host: &'h Host,
    link: LinkRef,
    /// Whether it has begun and not ended.
    taken: bool,
    /// An operation was refused as insecure, and a retry was made.
    retried: bool,
    /// Level of the link when the last request was made.
    level: Level,
}

/// What followed a response.
enum After {
    /// The procedure is over, and the turn too.
    Over,
    /// The next request must wait for room.
    Request,
}

impl<'h> Turn<'h> {
    pub(super) const fn new(host: &'h Host, link: LinkRef) -> Self {
        Self { host, link, taken: false, retried: false, level: Level::Open }
    }

    /// Runs a procedure to its end.
    pub(super) async fn run(&mut self, procedure: &mut impl Procedure) -> Result<(), Error> {
        while self.request(procedure).await? {
            if matches!(self.responses(procedure).await?, After::Over) {
                break;
            }
        }
        Ok(())
    }

    /// Makes the next request of a procedure and returns its response.
    async fn step_and_read(
        &mut self,
        procedure: &mut impl Procedure,
    ) -> Result<Option<Response<'h>>, Error> {
        if !self.request(procedure).await? {
            return Ok(None);
        }
        let (link, key) = (self.link, Key::Link(self.link.index, LinkKey::Response));
        let packet = self.host.wait(key, |core, _| poll_response(core, link, procedure)).await?;
        Ok(Some(Response { host: self.host, link, packet: Some(packet), borrowed: false }))
    }

    /// As [`Self::next_response`], for a procedure that has at least one response.
    pub(super) async fn only_response<P: Procedure + Clone>(
        &mut self,
        procedure: &mut P,
    ) -> Result<Response<'h>, Error> {
        self.next_response(procedure).await?.ok_or(Error::InvalidParameters)
    }

    /// Makes the next request of a procedure and returns its response. If the request is refused as insecure, secures
    /// the link and repeats it. The response is the link's own packet: keep or drop it before the turn ends.
    pub(super) async fn next_response<P: Procedure + Clone>(
        &mut self,
        procedure: &mut P,
    ) -> Result<Option<Response<'h>>, Error> {
        loop {
            let before = procedure.clone();
            match self.step_and_read(procedure).await {
                Ok(response) => return Ok(response),
                Err(error) => {
                    // If the future is dropped during the retry, the procedure continues later.
                    let refused = core::mem::replace(procedure, before);
                    if let Err(error) = self.security_retry(error).await {
                        *procedure = refused;
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Secures the link after a failed operation if the peer asked for that, as [`crate::Config::client_security`]
    /// says. The caller then repeats the operation once. Other tasks wait meanwhile.
    ///
    /// # Errors
    ///
    /// The error of the operation if no retry can help, or the reason why the link could not be secured.
    pub(super) async fn security_retry(&mut self, error: Error) -> Result<(), Error> {
        let (Error::Att(code), false) = (error, self.retried) else { return Err(error) };
        self.retried = true;
        security_retry::make_safer(self.host, self.link, code, self.level).await
    }

    /// Makes the next request of a procedure, in the same visit in which the turn begins if possible; false if the
    /// procedure is over.
    async fn request(&mut self, procedure: &mut impl Procedure) -> Result<bool, Error> {
        let Self { host, link, taken, level, .. } = self;
        if !*taken {
            let key = Key::Link(link.index, LinkKey::Turn);
            let begun = host.wait(key, |core, first| {
                ready!(core.stack.poll_turn(*link, first)?);
                *taken = true;
                Poll::Ready(Ok(ask(&mut core.stack, *link, level, procedure)))
            });
            if let Poll::Ready(asked) = begun.await? {
                return asked;
            }
        }
        let key = Key::Link(link.index, LinkKey::Request);
        host.wait(key, |core, _| ask(&mut core.stack, *link, level, procedure)).await
    }

    /// Takes the response of each request, and makes the next request in the same visit.
    async fn responses(&mut self, procedure: &mut impl Procedure) -> Result<After, Error> {
        let Self { host, link, taken, level, .. } = self;
        let key = Key::Link(link.index, LinkKey::Response);
        let after = host.wait(key, |core, _| {
            let packet = ready!(poll_response(core, *link, procedure)?);
            core.stack.rx.pool.give(packet);
            match ask(&mut core.stack, *link, level, procedure)? {
                Poll::Ready(true) => Poll::Pending,
                Poll::Ready(false) => {
                    core.stack.end_turn(*link);
                    *taken = false;
                    Poll::Ready(Ok(After::Over))
                }
                Poll::Pending => Poll::Ready(Ok(After::Request)),
            }
        });
        after.await
    }
}

/// Makes the next request of a procedure; ready with false if it is over.
#[inline(never)]
fn ask(
    stack: &mut Stack,
    link: LinkRef,
    level: &mut Level,
    procedure: &mut impl Procedure,
) -> Poll<Result<bool, Error>> {
    *level = stack.link(link)?.protection.current().level;
    stack.poll_request(link, |mtu, w| procedure.request(mtu, w).map_err(client_error))
}

/// Passes the response to the procedure, and returns its packet.
fn poll_response(
    core: &mut Core,
    link: LinkRef,
    procedure: &mut impl Procedure,
) -> Poll<Result<Packet, Error>> {
    let packet = ready!(core.stack.poll_response(link)?);
    match procedure.response(packet.bytes()) {
        Ok(()) => Poll::Ready(Ok(packet)),
        Err(error) => {
            core.stack.rx.pool.give(packet);
            Poll::Ready(Err(client_error(error)))
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.taken {
            self.host.with(|core| core.stack.end_turn(self.link));
        }
    }
}

/// A response to read results from.
#[derive(Debug)]
pub(super) struct Response<'h> {
    host: &'h Host,
    link: LinkRef,
    packet: Option<Packet>,
    /// Whether it is kept beyond the turn.
    borrowed: bool,
}

impl Response<'_> {
    pub(super) fn pdu(&self) -> &[u8] {
        self.packet.as_ref().map_or(&[], Packet::bytes)
    }

    /// Keeps the response beyond the turn if a packet may be borrowed for it. Otherwise the response becomes empty:
    /// results that were not read are requested again.
    pub(super) fn keep(mut self) -> Self {
        if let Some(packet) = self.packet.take() {
            let link = self.link;
            self.packet = self.host.with(|core| core.stack.keep_response(link, packet));
            self.borrowed = true;
        }
        self
    }
}

impl Drop for Response<'_> {
    fn drop(&mut self) {
        let (link, borrowed) = (self.link, self.borrowed);
        if let Some(packet) = self.packet.take() {
            self.host.with(|core| match borrowed {
                true => core.stack.give_kept(link, packet),
                false => core.stack.rx.pool.give(packet),
            });
        }
    }
}

pub(super) fn client_error(error: ClientError) -> Error {
    match error {
        ClientError::Att { code: ErrorCode::ATTRIBUTE_NOT_FOUND, .. } | ClientError::NotFound => {
            Error::NotFound
        }
        ClientError::Att { code, .. } => Error::Att(code),
        ClientError::Violation(_) => Error::Protocol,
        ClientError::TooLong { max } => Error::TooLong { max },
        ClientError::TooManyHandles { max } => Error::TooManyHandles { max },
        ClientError::TooFewHandles | ClientError::NoRoom => Error::InvalidParameters,
    }
}
