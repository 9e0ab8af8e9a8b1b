//! A server without attributes, which replaces the real one if that capability is left out. [Vol 3] Part F,
//! 3.4
//!
//! The bearer refuses every request, so none reaches this server.

use bindrune_att::{Command, Request};
use bindrune_wire::{Packet, Writer};

use crate::{
    Answer, Ask, Cccd, Characteristic, GapConfig, Security, Service, TableError, Target,
    ValueError, Verdict,
    server::{PEER_MEMORY, PushError, SubscriptionChange, WRITER, Written},
};

/// The server that all links share.
#[derive(Debug)]
pub struct Server {
    ignored: u32,
}

/// The server's state of one link: none.
#[derive(Debug)]
pub struct Peer;

impl Peer {
    /// Creates a peer.
    pub const fn new(_share: &'static mut [u8]) -> Self {
        Self
    }

    /// Does nothing.
    pub const fn reset(&mut self) {}

    /// Returns false: nothing changes.
    #[must_use]
    pub const fn has_changes(&self) -> bool {
        false
    }

    /// Does nothing.
    pub const fn name(&mut self, _name: [u8; WRITER]) {}
}

/// Methods for the server's owner.
impl Server {
    /// Creates a server.
    ///
    /// # Errors
    ///
    /// None.
    pub const fn new(
        _services: &'static [Service],
        _gap: &GapConfig,
        _arena: &'static mut [u8],
        _peer_share: usize,
    ) -> Result<Self, TableError> {
        Ok(Self { ignored: 0 })
    }

    /// Resets the server.
    ///
    /// # Errors
    ///
    /// None.
    pub const fn reset(
        &mut self,
        _services: &'static [Service],
        _gap: &GapConfig,
    ) -> Result<(), TableError> {
        self.ignored = 0;
        Ok(())
    }

    /// Changes nothing.
    ///
    /// # Errors
    ///
    /// None.
    pub fn replace<'p>(
        &mut self,
        _services: &'static [Service],
        _peers: impl IntoIterator<Item = &'p mut Peer>,
    ) -> Result<(), TableError> {
        Ok(())
    }

    /// Returns the number of write commands that were dropped because a buffer was full: none.
    #[must_use]
    pub const fn dropped(&self) -> u32 {
        0
    }

    /// Returns the number of write commands that were not carried out.
    #[must_use]
    pub const fn ignored(&self) -> u32 {
        self.ignored
    }

    /// Returns `None`: no handle has an attribute.
    #[must_use]
    pub const fn target(&self, _handle: u16) -> Option<Target> {
        None
    }

    /// Returns `None`: no characteristic has a handle.
    #[must_use]
    pub const fn handle_of(&self, _c: &Characteristic) -> Option<u16> {
        None
    }

    /// Fails: there is no value.
    ///
    /// # Errors
    ///
    /// [`ValueError::NotInTable`].
    pub const fn write(&mut self, _c: &Characteristic, _value: &[u8]) -> Result<(), ValueError> {
        Err(ValueError::NotInTable)
    }

    /// Fails: there is no value.
    ///
    /// # Errors
    ///
    /// [`ValueError::NotInTable`].
    pub const fn value(&self, _c: &Characteristic) -> Result<&[u8], ValueError> {
        Err(ValueError::NotInTable)
    }

    /// Fails: there is no value.
    ///
    /// # Errors
    ///
    /// [`ValueError::NotInTable`].
    pub const fn take_appended(
        &mut self,
        _c: &Characteristic,
        _buffer: &mut [u8],
    ) -> Result<usize, ValueError> {
        Err(ValueError::NotInTable)
    }
}

/// Methods for the traffic with a peer.
impl Server {
    /// Does nothing: no request arrives.
    pub const fn handle_request(
        &mut self,
        _peer: &mut Peer,
        _request: &Request<'_>,
        _security: Security,
    ) -> Verdict {
        Verdict::Reply
    }

    /// Does nothing: no command arrives.
    pub const fn handle_command(
        &mut self,
        _peer: &mut Peer,
        _command: &Command<'_>,
        _security: Security,
    ) -> Option<Ask> {
        None
    }

    /// Counts a command that was ignored. [Vol 3] Part F, 3.4.5.3
    pub const fn ignore(&mut self) {
        self.ignored = self.ignored.saturating_add(1);
    }

    /// Returns nothing: the application is never asked.
    #[must_use]
    pub const fn asked_value<'a>(&self, _peer: &'a Peer, _request: &Request<'a>) -> &'a [u8] {
        &[]
    }

    /// Does nothing: the application is never asked.
    pub const fn handle_answer(
        &mut self,
        _peer: &mut Peer,
        _request: &Request<'_>,
        _answer: Answer<'_>,
        _collected: Option<&mut Packet>,
    ) -> Verdict {
        Verdict::Reply
    }

    /// Writes nothing: no request is pending.
    pub const fn poll_reply(
        &self,
        _peer: &mut Peer,
        _request: &Request<'_>,
        _value: &[u8],
        _w: &mut Writer<'_>,
    ) -> bool {
        false
    }

    /// Returns `None`: no value is written.
    pub const fn poll_written(&self, _peer: &mut Peer) -> Option<Written> {
        None
    }

    /// Returns false: no write is captured.
    pub const fn take_captured(&mut self) -> bool {
        false
    }

    /// Returns `None`: no client subscribes.
    pub const fn poll_subscription_change(&self, _peer: &mut Peer) -> Option<SubscriptionChange> {
        None
    }

    /// Returns no subscription.
    #[must_use]
    pub const fn subscribed(&self, _peer: &Peer, _c: &Characteristic) -> Cccd {
        Cccd::empty()
    }

    /// Fails: no value can be pushed.
    ///
    /// # Errors
    ///
    /// [`PushError::NotInTable`].
    pub const fn may_push(
        &self,
        _peer: &Peer,
        _c: &Characteristic,
        _kind: Cccd,
        _security: Security,
    ) -> Result<u16, PushError> {
        Err(PushError::NotInTable)
    }

    /// Returns `None`: the table never changes.
    #[must_use]
    pub const fn service_changed_pending(&self, _peer: &Peer) -> Option<(u16, u16)> {
        None
    }

    /// Writes nothing: the table never changes.
    pub const fn write_service_changed(&self, _peer: &mut Peer, _w: &mut Writer<'_>) -> bool {
        false
    }

    /// Does nothing: the table never changes.
    pub const fn service_changed_confirmed(&self, _peer: &mut Peer) {}

    /// Returns zeros: a bond has nothing to store.
    #[must_use]
    pub const fn remember(&self, _peer: &Peer) -> [u8; PEER_MEMORY] {
        [0; PEER_MEMORY]
    }

    /// Does nothing: a bond has nothing to restore.
    pub const fn recall(&self, _peer: &mut Peer, _memory: &[u8; PEER_MEMORY]) {}
}
