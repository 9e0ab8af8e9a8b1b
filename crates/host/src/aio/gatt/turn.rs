//! The turn to use the ATT client of a link: requests of several tasks are made one after the other.

use core::task::Poll;

use bindrune_att::ErrorCode;
use bindrune_gatt::client::{ClientError, Procedure};
use bindrune_wire::{Level, Packet};

use crate::{
    Error, Host,
    stack::{LinkRef, Remedy},
    waiters::{HostKey, Key, LinkKey},
};

/// The exclusive use of a link's ATT client. Dropping it hands the turn on; an answer that is still under way is swallowed.
#[derive(Debug)]
pub(super) struct Turn<'h> {
    host: &'h Host,
    link: LinkRef,
    /// An operation was refused for want of security, and a remedy was tried.
    remedied: bool,
    /// What the link was worth when the last request was made.
    level: Level,
}

impl<'h> Turn<'h> {
    pub(super) async fn take(host: &'h Host, link: LinkRef) -> Result<Self, Error> {
        let key = Key::Link(link.index, LinkKey::Turn);
        host.wait(key, |core, first| core.stack.poll_turn(link, first)).await?;
        Ok(Self { host, link, remedied: false, level: Level::Open })
    }

    /// Carries a procedure out to its end.
    pub(super) async fn run(&mut self, procedure: &mut impl Procedure) -> Result<(), Error> {
        while self.step(procedure).await? {}
        Ok(())
    }

    /// Makes the next request of a procedure and takes its response; false when the procedure is over.
    pub(super) async fn step(&mut self, procedure: &mut impl Procedure) -> Result<bool, Error> {
        if !self.request(procedure).await? {
            return Ok(false);
        }
        let packet = self.response(procedure).await?;
        self.host.with(|core| core.stack.rx.pool.give(packet));
        Ok(true)
    }

    /// As [`Self::step`], and keeps the response where a packet may be borrowed for it.
    pub(super) async fn step_and_keep(
        &mut self,
        procedure: &mut impl Procedure,
    ) -> Result<Option<Response<'h>>, Error> {
        if !self.request(procedure).await? {
            return Ok(None);
        }
        let packet = self.response(procedure).await?;
        let packet = self.host.with(|core| core.stack.keep_response(self.link, packet));
        Ok(Some(Response { host: self.host, link: self.link, packet }))
    }

    /// As [`Self::next_response`], of a procedure that has at least one.
    pub(super) async fn only_response<P: Procedure + Clone>(
        &mut self,
        procedure: &mut P,
    ) -> Result<Response<'h>, Error> {
        self.next_response(procedure).await?.ok_or(Error::InvalidParameters)
    }

    /// As [`Self::step_and_keep`], but that a request which was refused for want of security is repeated on a safer link.
    pub(super) async fn next_response<P: Procedure + Clone>(
        &mut self,
        procedure: &mut P,
    ) -> Result<Option<Response<'h>>, Error> {
        loop {
            let before = procedure.clone();
            match self.step_and_keep(procedure).await {
                Ok(response) => return Ok(response),
                Err(error) => self.remedy(error).await?,
            }
            *procedure = before;
        }
    }

    /// After a failed operation: makes the link safer where the peer asked for it, as [`crate::Config::client_security`] says. Then
    /// the operation is to begin anew, once. The others wait meanwhile.
    ///
    /// # Errors
    ///
    /// The operation's own where nothing helps, or why the link could not be made safer.
    pub(super) async fn remedy(&mut self, error: Error) -> Result<(), Error> {
        let (Error::Att(code), false) = (error, self.remedied) else { return Err(error) };
        self.remedied = true;
        let (host, link, level) = (self.host, self.link, self.level);
        let bonds = Key::Host(HostKey::Bonds);
        let remedy = host.wait(bonds, |core, _| match core.stack.remedy(link, code, level) {
            Ok(None) => Poll::Ready(Err(error)),
            Ok(Some(remedy)) if core.stack.bonds_are_loaded() => Poll::Ready(Ok(remedy)),
            Ok(Some(_)) => Poll::Pending,
            Err(gone) => Poll::Ready(Err(gone)),
        });
        let key = Key::Link(link.index, LinkKey::Security);
        match remedy.await? {
            Remedy::Repeat => {}
            Remedy::Encrypt => {
                if let Some(attempts) = host.with(|core| core.stack.wish_encryption(link))? {
                    host.wait(key, |core, _| core.stack.poll_encrypted(link, attempts)).await?;
                }
            }
            Remedy::Pair(level) => {
                let serial = host.with(|core| core.stack.wish_pairing(link, level))?;
                host.wait(key, |core, _| core.stack.poll_paired(link, serial)).await?;
            }
        }
        Ok(())
    }

    async fn request(&mut self, procedure: &mut impl Procedure) -> Result<bool, Error> {
        let (link, key) = (self.link, Key::Link(self.link.index, LinkKey::Push));
        let level = &mut self.level;
        let sent = self.host.wait(key, |core, _| {
            *level = core.stack.link_security(link)?.level;
            core.stack.poll_request(link, |mtu, w| procedure.request(mtu, w).map_err(client_error))
        });
        sent.await
    }

    async fn response(&mut self, procedure: &mut impl Procedure) -> Result<Packet, Error> {
        let (link, key) = (self.link, Key::Link(self.link.index, LinkKey::Response));
        let response = self.host.wait(key, |core, _| {
            let packet = match core.stack.poll_response(link)? {
                Poll::Ready(packet) => packet,
                Poll::Pending => return Poll::Pending,
            };
            match procedure.response(packet.bytes()) {
                Ok(()) => Poll::Ready(Ok(packet)),
                Err(error) => {
                    core.stack.rx.pool.give(packet);
                    Poll::Ready(Err(client_error(error)))
                }
            }
        });
        response.await
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.host.with(|core| core.stack.end_turn(self.link));
    }
}

/// A response that is kept to read more results from. It may be empty: then the results are asked for again.
#[derive(Debug)]
pub(super) struct Response<'h> {
    host: &'h Host,
    link: LinkRef,
    packet: Option<Packet>,
}

impl Response<'_> {
    pub(super) fn pdu(&self) -> &[u8] {
        self.packet.as_ref().map_or(&[], Packet::bytes)
    }
}

impl Drop for Response<'_> {
    fn drop(&mut self) {
        if let Some(packet) = self.packet.take() {
            let link = self.link;
            self.host.with(|core| core.stack.give_lent(link, packet));
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
