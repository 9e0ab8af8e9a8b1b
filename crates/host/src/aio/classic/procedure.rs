//! Procedures of BR/EDR links, as applications use them: roles, modes, supervision timeouts, echoes.

use core::task::Poll;

use bindrune_classic::Sniff;
use bindrune_hci::Role;
use embassy_time::Duration;

use super::{Classic, ClassicConnection};
use crate::{
    Error,
    stack::{Awaited, ClassicLinkRef, ClassicProcedure, Stack},
};

/// Mode of a BR/EDR link. [Vol 2] Part B, 8.6 and 8.7
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ClassicLinkMode {
    /// Both sides listen all the time.
    Active,
    /// Both sides sleep between short exchanges.
    Sniff {
        /// Time between two exchanges.
        #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
        interval: Duration,
    },
    /// The link pauses once.
    Hold,
}

/// Answer of a peer to [`ClassicConnection::echo`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct ClassicEcho {
    /// Time from the request to the answer.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub round_trip: Duration,
    /// Whether the answer has the data of the request. The specification permits other data, or none.
    /// [Vol 3] Part A, 4.9
    pub is_equal: bool,
}

impl ClassicConnection<'_> {
    /// Returns the role of this device on the link. [Vol 4] Part E, 7.7.18
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link has ended.
    pub fn role(&self) -> Result<Role, Error> {
        let link = self.reference();
        self.host().with(|core| core.stack.classic_role(link))
    }

    /// Changes the role of this device, and waits for the end. A new request replaces the previous one.
    /// [Vol 4] Part E, 7.2.8
    ///
    /// # Errors
    ///
    /// [`Error::Controller`] with the reason, for example Role Change Not Allowed (0x21) if the peer or
    /// [`ClassicConfig::role_switch`](crate::ClassicConfig::role_switch) of this device forbids it, or Command
    /// Disallowed (0x0C) in sniff mode; [`Error::InvalidParameters`] if there is no such role;
    /// [`Error::Disconnected`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the change.
    pub async fn switch_role(&self, role: Role) -> Result<(), Error> {
        let link = self.reference();
        self.classic().dated().await?;
        self.host().with(|core| core.stack.switch_classic_role(link, role))?;
        self.ended(ClassicProcedure::Role).await
    }

    /// Waits until the role of this device is not `known`, and returns it. Either side can change it.
    /// [Vol 4] Part E, 7.7.18
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link ends.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing, but only the last role is stored.
    pub async fn role_changed(&self, known: Role) -> Result<Role, Error> {
        self.changed(known, |stack, link| stack.classic_role(link)).await
    }

    /// Returns the mode of the link. [Vol 4] Part E, 7.7.20
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link has ended.
    pub fn mode(&self) -> Result<ClassicLinkMode, Error> {
        let link = self.reference();
        self.host().with(|core| core.stack.classic_mode(link))
    }

    /// Requests sniff mode, which saves energy while the link has little to do, and waits for the end. A new request
    /// for a mode replaces the previous one. [Vol 4] Part E, 7.2.2
    ///
    /// The mode stays until one side ends it. If the interval is longer than 500 ms, the host ends it as soon as this
    /// device sends something, so that no time limit passes while the link sleeps. From sniff mode, another interval
    /// begins by way of active mode.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameters`] if a parameter is out of range, or the interval is not shorter than the supervision
    /// timeout, also one that was requested and is not set yet; [`Error::Controller`] with the reason if the peer or
    /// this device does not allow sniff mode; [`Error::Disconnected`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the change.
    pub async fn request_sniff(&self, sniff: Sniff) -> Result<(), Error> {
        self.change_mode(Some(sniff)).await
    }

    /// Ends sniff mode, and waits for that. [Vol 4] Part E, 7.2.3
    ///
    /// # Errors
    ///
    /// [`Error::Controller`] if the controller refuses; [`Error::Disconnected`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the change.
    pub async fn exit_sniff(&self) -> Result<(), Error> {
        self.change_mode(None).await
    }

    async fn change_mode(&self, sniff: Option<Sniff>) -> Result<(), Error> {
        let link = self.reference();
        self.classic().dated().await?;
        self.host().with(|core| core.stack.change_classic_mode(link, sniff))?;
        self.ended(ClassicProcedure::Mode).await
    }

    /// Waits until the mode of the link is not `known`, and returns it. Either side can change it.
    /// [Vol 4] Part E, 7.7.20
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link ends.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing, but only the last mode is stored.
    pub async fn mode_changed(&self, known: ClassicLinkMode) -> Result<ClassicLinkMode, Error> {
        self.changed(known, |stack, link| stack.classic_mode(link)).await
    }

    /// Returns after what time without a packet the link ends; `None` for never. [Vol 4] Part E, 7.3.42
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link has ended.
    pub fn supervision_timeout(&self) -> Result<Option<Duration>, Error> {
        let link = self.reference();
        self.host().with(|core| core.stack.classic_supervision(link))
    }

    /// Sets after what time without a packet the link ends, at most 40.9 s, rounded up to 0.625 ms. Only the central of
    /// the link can. [Vol 4] Part E, 7.3.42
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameters`] if the time is out of range, or not longer than the interval of sniff mode;
    /// [`Error::Controller`] with Command Disallowed (0x0C) if this device is peripheral: the host then sets it once
    /// this device becomes central; [`Error::Disconnected`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the change.
    pub async fn set_supervision_timeout(&self, timeout: Duration) -> Result<(), Error> {
        let link = self.reference();
        self.host().with(|core| core.stack.set_classic_supervision(link, timeout))?;
        self.ended(ClassicProcedure::Supervision).await
    }

    /// Sends up to 44 bytes that the peer returns, and measures the time. Each device with BR/EDR answers, without
    /// pairing. Several calls take turns. [Vol 3] Part A, 4.8
    ///
    /// ```
    /// use bindrune::{Address, Classic, Error};
    ///
    /// /// Returns the time to a device and back, in milliseconds.
    /// async fn ping(classic: Classic<'_>, device: Address) -> Result<u64, Error> {
    ///     let link = classic.connect(device).await?;
    ///     Ok(link.echo(b"ping").await?.round_trip.as_millis())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the peer does not answer in 10 s; [`Error::TooLong`] if the data is longer than 44 bytes;
    /// [`Error::Protocol`] if the peer rejects the request; [`Error::Disconnected`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the echo: a late answer is ignored.
    pub async fn echo(&self, data: &[u8]) -> Result<ClassicEcho, Error> {
        let (link, classic) = (self.reference(), self.classic());
        classic.wait(Awaited::Setting, |stack| stack.poll_classic_echo_turn(link)).await?;
        let _turn = Turn { classic, link };
        classic.dated().await?;
        self.host().with(|core| core.stack.classic_echo(link, data))?;
        classic.wait(Awaited::Setting, |stack| stack.poll_classic_echo(link)).await
    }

    async fn ended(&self, procedure: ClassicProcedure) -> Result<(), Error> {
        let link = self.reference();
        let poll = |stack: &mut Stack| stack.poll_classic_procedure(link, procedure);
        self.classic().wait(Awaited::Setting, poll).await
    }

    /// Waits until a value is not `known`.
    async fn changed<T: PartialEq>(
        &self,
        known: T,
        get: impl Fn(&Stack, ClassicLinkRef) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let link = self.reference();
        let poll = |stack: &mut Stack| match get(stack, link) {
            Ok(value) if value == known => Poll::Pending,
            result => Poll::Ready(result),
        };
        self.classic().wait(Awaited::Setting, poll).await
    }
}

/// The turn to send an echo, until it is dropped.
struct Turn<'h> {
    classic: Classic<'h>,
    link: ClassicLinkRef,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.classic.host.with(|core| core.stack.stop_classic_echo(self.link));
    }
}
