//! Notifications and indications of a peer.

use bindrune_gatt::{Cccd, Properties, client::Subscribe};
use bindrune_wire::Uuid;

use super::{remote::RemoteCharacteristic, turn::Turn};
use crate::{
    Connection, Error, Host,
    stack::LinkRef,
    waiters::{Key, LinkKey},
};

/// Receives the values that a peer notifies or indicates, in order.
///
/// Dropping it stops listening, but does not unsubscribe: see [`Self::unsubscribe`].
#[derive(Debug)]
#[must_use = "values are kept only while the subscription lives"]
pub struct Subscription<'h> {
    host: &'h Host,
    link: LinkRef,
    place: u8,
    handle: u16,
    cccd: u16,
}

const GATT_SERVICE: Uuid = Uuid::new_16(0x1801);
const SERVICE_CHANGED: Uuid = Uuid::new_16(0x2a05);

impl Connection<'_> {
    /// Requests that the peer reports changes of its attribute table. They arrive as [`crate::Event::ServiceChanged`].
    /// [Vol 3] Part G, 7.1
    ///
    /// The subscription is part of the bond: on later links with the peer it is in force as soon as the link is
    /// encrypted.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the peer has no Service Changed characteristic; [`Error::Busy`] if another task
    /// subscribes to it; [`Error::NoSubscription`] if all subscription slots of the link are in use;
    /// [`Error::NoPackets`] if `RX` of [`crate::Resources`] has no packet for values. [`Error::Att`] if the peer
    /// refused, [`Error::Protocol`] if its response broke a rule, [`Error::TransactionTimeout`] if it did not answer
    /// within 30 s, [`Error::Disconnected`] if the link ended, or the errors of securing the link ([`Error::BondLost`]
    /// and others).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future abandons the request.
    pub async fn watch_services(&self) -> Result<(), Error> {
        let changed = self.service(GATT_SERVICE).await?.characteristic(SERVICE_CHANGED).await?;
        let subscription = self.subscribe_to_indications(&changed).await?;
        let (link, place) = (self.link(), subscription.place());
        self.host().with(|core| core.stack.watch_service_changed(link, place))
    }
}

impl<'h> Connection<'h> {
    /// Subscribes to a characteristic: to notifications if it has them, otherwise to indications.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the characteristic can do neither; [`Error::NoSubscription`] if all subscription slots of
    /// the link are in use; [`Error::NoPackets`] if `RX` of [`crate::Resources`] has no packet for values;
    /// [`Error::Busy`] if the characteristic already has a subscription. [`Error::Att`] if the peer refused,
    /// [`Error::Protocol`] if its response broke a rule, [`Error::TransactionTimeout`] if it did not answer within
    /// 30 s, [`Error::Disconnected`] if the link ended, or the errors of securing the link ([`Error::BondLost`] and
    /// others).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped halfway, the peer may have accepted the subscription; its values are then discarded.
    pub async fn subscribe(
        &self,
        to: &RemoteCharacteristic<'_>,
    ) -> Result<Subscription<'h>, Error> {
        let wanted = if to.properties().contains(Properties::NOTIFY) {
            Cccd::NOTIFY
        } else {
            Cccd::INDICATE
        };
        self.subscribe_to(to, wanted).await
    }

    /// Subscribes to a characteristic's indications.
    ///
    /// # Errors
    ///
    /// As for [`Self::subscribe`].
    ///
    /// # Cancel safety
    ///
    /// As for [`Self::subscribe`].
    pub async fn subscribe_to_indications(
        &self,
        to: &RemoteCharacteristic<'_>,
    ) -> Result<Subscription<'h>, Error> {
        self.subscribe_to(to, Cccd::INDICATE).await
    }

    async fn subscribe_to(
        &self,
        to: &RemoteCharacteristic<'_>,
        wanted: Cccd,
    ) -> Result<Subscription<'h>, Error> {
        let mut subscription = self.listen(to.handle())?;
        let mut turn = Turn::new(self.host(), self.link());
        loop {
            let mut procedure = Subscribe::new(to.info(), wanted);
            match turn.run(&mut procedure).await {
                Ok(()) => subscription.cccd = procedure.cccd().unwrap_or_default(),
                Err(error) => {
                    turn.security_retry(error).await?;
                    continue;
                }
            }
            return Ok(subscription);
        }
    }

    /// Listens to the values of a handle that the peer already pushes, because of an earlier subscription or an
    /// agreement out of band.
    ///
    /// A bonded peer keeps subscriptions from link to link [Vol 3] Part G, 3.3.3.3, and may push before this is called.
    /// Up to four such values are kept until then, or until a subscription of the link is dropped.
    ///
    /// # Errors
    ///
    /// [`Error::NoSubscription`] if all subscription slots of the link are in use; [`Error::NoPackets`] if `RX` of
    /// [`crate::Resources`] has no packet for values; [`Error::Busy`] if the handle already has a subscription;
    /// [`Error::InvalidParameters`] for handle 0; [`Error::Disconnected`] if the link has
    /// ended.
    pub fn listen(&self, handle: u16) -> Result<Subscription<'h>, Error> {
        let (host, link) = (self.host(), self.link());
        let place = host.with(|core| core.stack.subscribe(link, handle))?;
        Ok(Subscription { host, link, place, handle, cccd: 0 })
    }
}

impl Subscription<'_> {
    /// Copies the next value and returns its length. Values from before the end of the link can still be read.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`] if the value is longer than `buffer`; the value stays queued. [`Error::Disconnected`]
    /// after the last value.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: a value is taken only when the future is ready.
    pub async fn next(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let (link, place) = (self.link, self.place);
        let key = Key::Link(link.index, LinkKey::Subscription);
        self.host.wait(key, |core, _| core.stack.poll_pushed(link, place, buffer)).await
    }

    pub(crate) const fn place(&self) -> u8 {
        self.place
    }

    /// Returns the handle of the value.
    #[must_use]
    pub const fn handle(&self) -> u16 {
        self.handle
    }

    /// Returns the number of values that were dropped for lack of a free packet since the last call.
    pub fn lost(&mut self) -> u32 {
        self.host.with(|core| core.stack.take_lost(self.link, self.place))
    }

    /// Unsubscribes: the peer stops pushing values.
    ///
    /// # Errors
    ///
    /// [`Error::Att`] if the peer refused, [`Error::Protocol`] if its response broke a rule,
    /// [`Error::TransactionTimeout`] if it did not answer within 30 s, [`Error::Disconnected`] if the link ended, or
    /// the errors of securing the link ([`Error::BondLost`] and others).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped halfway, the peer may continue; its values are then discarded.
    pub async fn unsubscribe(self) -> Result<(), Error> {
        if self.cccd == 0 {
            return Ok(());
        }
        let mut turn = Turn::new(self.host, self.link);
        loop {
            match turn.run(&mut Subscribe::at(self.cccd, Cccd::empty())).await {
                Ok(()) => return Ok(()),
                Err(error) => turn.security_retry(error).await?,
            }
        }
    }
}

impl Drop for Subscription<'_> {
    fn drop(&mut self) {
        self.host.with(|core| core.stack.unsubscribe(self.link, self.place));
    }
}
