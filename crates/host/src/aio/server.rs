//! The host's GATT server.

use core::task::Poll;

use bindrune_gatt::{Cccd, Characteristic};

use crate::{
    Connection, Error, Host,
    core::Core,
    stack::Stack,
    waiters::{Key, LinkKey},
};

/// The GATT server, shared by all links.
///
/// ```
/// use bindrune::{Characteristic, Error, Host, Uuid};
///
/// static LEVEL: Characteristic = Characteristic::new(Uuid::new_16(0x2a19)).read().notify().value(&[100]);
///
/// /// Changes the battery level, and notifies every peer that subscribed to it.
/// async fn measured(host: &Host, percent: u8) -> Result<(), Error> {
///     let reached = host.gatt().update(&LEVEL, &[percent]).await?;
///     println!("{reached} subscribers were notified");
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Gatt<'h> {
    pub(super) host: &'h Host,
}

impl Host {
    /// Returns the GATT server.
    #[must_use]
    pub const fn gatt(&self) -> Gatt<'_> {
        Gatt { host: self }
    }
}

impl Gatt<'_> {
    /// Replaces a value that the host holds. Sends nothing to peers: see [`Self::update`] and [`Self::notify_all`].
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAttribute`] if the host does not hold the value; [`Error::TooLong`] if the characteristic allows
    /// less.
    pub fn write(
        &self,
        characteristic: &'static Characteristic,
        value: &[u8],
    ) -> Result<(), Error> {
        self.host.with(|core| core.stack.write_value(characteristic, value))
    }

    /// Copies a value that the host holds, and returns its length in bytes.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAttribute`] if the host does not hold the value; [`Error::BufferTooSmall`] if it is longer than
    /// `buffer`.
    pub fn read(
        &self,
        characteristic: &'static Characteristic,
        buffer: &mut [u8],
    ) -> Result<usize, Error> {
        self.host.with(|core| core.stack.read_value(characteristic, buffer))
    }

    /// Moves bytes out of an append buffer, as many as fit, and returns their number.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAttribute`] if the characteristic has no append buffer.
    pub fn take_appended(
        &self,
        characteristic: &'static Characteristic,
        buffer: &mut [u8],
    ) -> Result<usize, Error> {
        self.host.with(|core| core.stack.take_appended(characteristic, buffer))
    }

    /// Returns the handle of a characteristic's value.
    #[must_use]
    pub fn handle(&self, characteristic: &'static Characteristic) -> Option<u16> {
        self.host.with(|core| core.stack.server.handle_of(characteristic))
    }
}

impl Connection<'_> {
    /// Notifies the peer of a value of at most MTU - 3 bytes; ready when it is queued for the controller.
    ///
    /// # Errors
    ///
    /// [`Error::NotSubscribed`] if the peer did not subscribe, or does not know the present table; [`Error::Att`] if
    /// the link is not as secure as reading the value requires; [`Error::UnknownAttribute`] if the characteristic is
    /// not in the table; [`Error::TooLong`] if the value exceeds MTU - 3; [`Error::Disconnected`] if the link has
    /// ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future before it is ready sends nothing.
    pub async fn notify(
        &self,
        characteristic: &'static Characteristic,
        value: &[u8],
    ) -> Result<(), Error> {
        let link = self.link();
        self.push(|stack| stack.poll_notify(link, characteristic, value)).await
    }

    /// Indicates a value of at most MTU - 3 bytes to the peer, and waits for the confirmation.
    ///
    /// # Errors
    ///
    /// As for [`Self::notify`]; [`Error::TransactionTimeout`] if the peer does not confirm within 30 s.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before the indication is queued, nothing is sent. If it is dropped later, the next
    /// indication still waits for the confirmation.
    pub async fn indicate(
        &self,
        characteristic: &'static Characteristic,
        value: &[u8],
    ) -> Result<(), Error> {
        let link = self.link();
        self.indicate_by(|core, first| core.stack.poll_indicate(link, first, characteristic, value))
            .await
    }

    /// Begins an indication with `begin`, and waits for the confirmation.
    pub(super) async fn indicate_by(
        &self,
        begin: impl FnMut(&mut Core, bool) -> Poll<Result<(), Error>>,
    ) -> Result<(), Error> {
        let link = self.link();
        let key = Key::Link(link.index, LinkKey::Confirmation);
        self.host().wait(key, begin).await?;
        let confirmed = |stack: &mut Stack| stack.poll_confirmed(link);
        self.host().wait_or_abandon(key, confirmed, |stack| stack.abandon_indication(link)).await
    }

    /// Returns the peer's subscription to a characteristic: notifications and indications.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAttribute`] if the characteristic is not in the table; [`Error::Disconnected`] if the link has
    /// ended.
    pub fn subscribed(
        &self,
        characteristic: &'static Characteristic,
    ) -> Result<(bool, bool), Error> {
        let link = self.link();
        let cccd = self.host().with(|core| core.stack.subscribed(link, characteristic))?;
        Ok((cccd.contains(Cccd::NOTIFY), cccd.contains(Cccd::INDICATE)))
    }
}
