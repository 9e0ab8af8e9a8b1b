//! Values of the server, sent as they are now; notifications without a subscription; values of descriptors.

use bindrune_gatt::{Characteristic, Descriptor};

use super::server::Gatt;
use crate::{Connection, Error, Host};

impl Host {
    /// Sets the device name, at most 64 bytes. Replaces the name of [`Config::new`](crate::Config::new) in the GAP
    /// service, and in advertisements that start later and set no name of their own. Running advertisements keep their
    /// name. [Vol 3] Part C, 12.1
    ///
    /// [`Self::reset`] restores the configured name.
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`] if the name exceeds 64 bytes.
    pub fn set_device_name(&self, name: &str) -> Result<(), Error> {
        self.with(|core| core.stack.set_device_name(name))
    }

    /// Copies the device name, in UTF-8, and returns its length in bytes.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`] if the name is longer than `buffer`.
    pub fn device_name(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.with(|core| core.stack.read_device_name(buffer))
    }
}

impl Gatt<'_> {
    /// Replaces a value that the host holds, and sends it to every subscriber: as a notification, or as an indication
    /// if the peer subscribed to indications only. Returns how many peers were reached.
    ///
    /// Each peer gets the value that is current when the peer has room. If several updates overlap, a peer may miss an
    /// intermediate value, but never ends with an older value than the host holds. A value of more than MTU - 3 bytes
    /// is cut for that peer, which can read the rest. Peers without room are handled as by [`Self::notify_all`].
    ///
    /// ```
    /// use bindrune::{Characteristic, Error, Host, Uuid};
    ///
    /// static LEVEL: Characteristic =
    ///     Characteristic::new(Uuid::new_16(0x2a19)).read().notify().value(&[100]);
    ///
    /// async fn measured(host: &Host, percent: u8) -> Result<(), Error> {
    ///     host.gatt().update(&LEVEL, &[percent]).await?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// [Vol 3] Part F, 3.4.7
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAttribute`] if the characteristic is not in the table, or the application holds its value;
    /// [`Error::TooLong`] if the value is longer than the characteristic allows. In both cases nothing is sent.
    ///
    /// # Cancel safety
    ///
    /// The value is replaced when the future is first polled. If the future is dropped later, peers that were not
    /// reached get nothing.
    pub async fn update(
        &self,
        characteristic: &'static Characteristic,
        value: &[u8],
    ) -> Result<usize, Error> {
        self.write(characteristic, value)?;
        let mut reached = 0usize;
        self.round::<true>(characteristic, &[], |_, result| {
            reached = reached.saturating_add(usize::from(result.is_ok()));
        })
        .await?;
        Ok(reached)
    }

    /// Copies the value of a descriptor that the host holds, and returns its length in bytes.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAttribute`] if the descriptor is not in the table, or the application holds its value;
    /// [`Error::BufferTooSmall`] if the value is longer than `buffer`.
    pub fn read_descriptor(
        &self,
        descriptor: &'static Descriptor,
        buffer: &mut [u8],
    ) -> Result<usize, Error> {
        self.host.with(|core| core.stack.read_descriptor(descriptor, buffer))
    }

    /// Replaces the value of a descriptor that the host holds. Values of descriptors are never notified.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAttribute`] if the descriptor is not in the table, or the application holds its value;
    /// [`Error::TooLong`] if the value is longer than the descriptor allows.
    pub fn write_descriptor(
        &self,
        descriptor: &'static Descriptor,
        value: &[u8],
    ) -> Result<(), Error> {
        self.host.with(|core| core.stack.write_descriptor(descriptor, value))
    }
}

impl Connection<'_> {
    /// Notifies the peer of the value that the host holds when the peer has room. If the value is longer than MTU -
    /// 3 bytes, only its beginning is sent; the peer can read the rest. [Vol 3] Part F, 3.4.7.1
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAttribute`] if the characteristic is not in the table, or the application holds its value;
    /// otherwise as for [`Self::notify`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future before it is ready sends nothing.
    pub async fn notify_current(
        &self,
        characteristic: &'static Characteristic,
    ) -> Result<(), Error> {
        let link = self.link();
        self.push(|stack| stack.poll_notify_current(link, characteristic)).await
    }

    /// Indicates the value that the host holds when the peer has room, and waits for the confirmation. A long value is
    /// cut as by [`Self::notify_current`]. [Vol 3] Part F, 3.4.7.2
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAttribute`] if the characteristic is not in the table, or the application holds its value;
    /// otherwise as for [`Self::indicate`].
    ///
    /// # Cancel safety
    ///
    /// As for [`Self::indicate`].
    pub async fn indicate_current(
        &self,
        characteristic: &'static Characteristic,
    ) -> Result<(), Error> {
        let link = self.link();
        self.indicate_by(|core, first| {
            core.stack.poll_indicate_current(link, first, characteristic)
        })
        .await
    }

    /// Notifies the peer of a value even if it has not subscribed; otherwise as [`Self::notify`].
    ///
    /// A server normally sends values only to subscribers ([Vol 3] Part G, 3.3.3.3). Use this for peers that are known
    /// to expect the value anyway. The link must be as secure as reading the value requires.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameters`] if the characteristic cannot be notified; otherwise as for [`Self::notify`], except
    /// that [`Error::NotSubscribed`] only means that the peer does not know the changed services yet.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future before it is ready sends nothing.
    pub async fn notify_unsubscribed(
        &self,
        characteristic: &'static Characteristic,
        value: &[u8],
    ) -> Result<(), Error> {
        let link = self.link();
        let notify = |stack: &mut crate::stack::Stack| {
            stack.poll_notify_unsubscribed(link, characteristic, value)
        };
        self.push(notify).await
    }
}
