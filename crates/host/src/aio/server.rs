//! The host's own server.

use core::task::Poll;

use bindrune_gatt::{Cccd, Characteristic};

use crate::{
    Connection, Error, Host,
    core::Core,
    waiters::{Key, LinkKey},
};

/// The GATT server, which all links share.
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
    /// The GATT server.
    #[must_use]
    pub const fn gatt(&self) -> Gatt<'_> {
        Gatt { host: self }
    }
}

impl Gatt<'_> {
    /// Replaces a value that the host holds. Nobody is told: see [`Self::notify_all`].
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAttribute`] if the host does not hold the value; [`Error::TooLong`] if the characteristic allows less.
    pub fn write(
        &self,
        characteristic: &'static Characteristic,
        value: &[u8],
    ) -> Result<(), Error> {
        self.host.with(|core| core.stack.write_value(characteristic, value))
    }

    /// Copies a value that the host holds, and gives its length.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAttribute`] if the host does not hold the value; [`Error::BufferTooSmall`] if it is longer than `buffer`.
    pub fn read(
        &self,
        characteristic: &'static Characteristic,
        buffer: &mut [u8],
    ) -> Result<usize, Error> {
        self.host.with(|core| core.stack.read_value(characteristic, buffer))
    }

    /// Moves octets out of an append buffer, as many as fit, and gives how many.
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

    /// The handle of a characteristic's value.
    #[must_use]
    pub fn handle(&self, characteristic: &'static Characteristic) -> Option<u16> {
        self.host.with(|core| core.stack.server.handle_of(characteristic))
    }
}

impl Connection<'_> {
    /// Notifies the peer of a value, at most MTU - 3 octets; ready when it is on its way to the controller.
    ///
    /// # Errors
    ///
    /// [`Error::NotSubscribed`] if the peer did not subscribe, or does not know the present table; [`Error::Att`] if the link is not
    /// protected as reading the value requires; [`Error::UnknownAttribute`] if the characteristic is not in the table;
    /// [`Error::TooLong`] if the value exceeds MTU - 3; [`Error::Disconnected`] if the link has ended.
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
        self.wait(LinkKey::Push, |stack| stack.poll_notify(link, characteristic, value)).await
    }

    /// Indicates a value to the peer, at most MTU - 3 octets, and waits until it is confirmed.
    ///
    /// # Errors
    ///
    /// As for [`Self::notify`]; [`Error::TransactionTimeout`] if the peer does not confirm within 30 s.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is on its way, nothing is sent. Dropped later, the confirmation is awaited all the same before the next
    /// indication can leave.
    pub async fn indicate(
        &self,
        characteristic: &'static Characteristic,
        value: &[u8],
    ) -> Result<(), Error> {
        let link = self.link();
        self.indicate_by(|core, first| core.stack.poll_indicate(link, first, characteristic, value))
            .await
    }

    /// Begins an indication by `begin`, and waits for the confirmation.
    pub(super) async fn indicate_by(
        &self,
        begin: impl FnMut(&mut Core, bool) -> Poll<Result<(), Error>>,
    ) -> Result<(), Error> {
        let link = self.link();
        let key = Key::Link(link.index, LinkKey::Confirmation);
        self.host().wait(key, begin).await?;
        let mut unconfirmed = Unconfirmed { connection: self, over: false };
        self.host()
            .wait(key, |core, _| {
                let confirmed = core.stack.poll_confirmed(link);
                unconfirmed.over = confirmed.is_ready();
                confirmed
            })
            .await
    }

    /// What the peer asked for on a characteristic: notifications and indications.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAttribute`] if the characteristic is not in the table; [`Error::Disconnected`] if the link has ended.
    pub fn subscribed(
        &self,
        characteristic: &'static Characteristic,
    ) -> Result<(bool, bool), Error> {
        let link = self.link();
        let cccd = self.host().with(|core| core.stack.subscribed(link, characteristic))?;
        Ok((cccd.contains(Cccd::NOTIFY), cccd.contains(Cccd::INDICATE)))
    }
}

/// Gives up waiting for a confirmation when the future that waits is dropped before it came.
struct Unconfirmed<'c, 'h> {
    connection: &'c Connection<'h>,
    over: bool,
}

impl Drop for Unconfirmed<'_, '_> {
    fn drop(&mut self) {
        if !self.over {
            let link = self.connection.link();
            self.connection.host().with(|core| core.stack.abandon_indication(link));
        }
    }
}
