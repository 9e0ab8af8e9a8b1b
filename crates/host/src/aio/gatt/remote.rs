//! Items of a peer's server: small values that can be copied, and kept as long as the peer's table stays the same.

use bindrune_gatt::{Properties, client};
use bindrune_wire::Uuid;

use super::cursor::{Characteristics, Descriptors, Includes, Services, Values};
use crate::{Connection, Error, Host, stack::LinkRef};

/// The peer that an item belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remote<'h> {
    pub(super) host: &'h Host,
    pub(super) link: LinkRef,
}

/// A service of a peer.
#[derive(Clone, Copy, Debug)]
pub struct RemoteService<'h> {
    remote: Remote<'h>,
    info: client::Service,
}

/// A service that another service of the peer includes.
#[derive(Clone, Copy, Debug)]
pub struct RemoteInclude<'h> {
    remote: Remote<'h>,
    info: client::Include,
}

/// A characteristic of a peer.
#[derive(Clone, Copy, Debug)]
pub struct RemoteCharacteristic<'h> {
    remote: Remote<'h>,
    info: client::Characteristic,
}

/// A descriptor of a peer; [`Connection::descriptors`] returns any attribute.
#[derive(Clone, Copy, Debug)]
pub struct RemoteDescriptor<'h> {
    remote: Remote<'h>,
    info: client::Descriptor,
}

impl<'h> Connection<'h> {
    const fn remote(&self) -> Remote<'h> {
        Remote { host: self.host(), link: self.link() }
    }

    /// Iterates over the primary services of the peer.
    pub fn services(&self) -> Services<'h> {
        Services::new(self.remote(), client::Services::primary())
    }

    /// Iterates over the secondary services of the peer.
    pub fn secondary_services(&self) -> Services<'h> {
        Services::new(self.remote(), client::Services::secondary())
    }

    /// Iterates over the primary services of the peer with this UUID.
    pub fn services_by_uuid(&self, uuid: Uuid) -> Services<'h> {
        Services::new(self.remote(), client::Services::primary_by_uuid(uuid))
    }

    /// Returns the first primary service of the peer with this UUID.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], or as for [`Services::next`](crate::Services::next).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future abandons the discovery; a late answer is discarded.
    pub async fn service(&self, uuid: Uuid) -> Result<RemoteService<'h>, Error> {
        self.services_by_uuid(uuid).next().await?.ok_or(Error::NotFound)
    }

    /// Iterates over the characteristics of all services of the peer, without discovering the services.
    ///
    /// Several services can contain the same characteristic (a battery level, a measurement). If the service matters,
    /// use [`RemoteService::characteristics`].
    pub fn characteristics(&self) -> Characteristics<'h> {
        let all = client::Characteristics::within(1, u16::MAX, None);
        Characteristics::new(self.remote(), all)
    }

    /// Iterates over the characteristics with this UUID, of all services of the peer. [Vol 3] Part G, 4.6.2
    ///
    /// ```
    /// # async fn example(link: &bindrune::Connection<'_>) -> Result<(), bindrune::Error> {
    /// let mut levels = link.characteristics_by_uuid(bindrune::Uuid::new_16(0x2a19));
    /// while let Some(level) = levels.next().await? {
    ///     let mut percent = [0];
    ///     link.read(&level, &mut percent).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn characteristics_by_uuid(&self, uuid: Uuid) -> Characteristics<'h> {
        let by_uuid = client::Characteristics::within(1, u16::MAX, Some(uuid));
        Characteristics::new(self.remote(), by_uuid)
    }

    /// Returns the peer's first characteristic with this UUID, of any service.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the peer has none, [`Error::Protocol`] if its response broke a rule,
    /// [`Error::Disconnected`] if the link ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future abandons the discovery; a late answer is discarded.
    pub async fn characteristic(&self, uuid: Uuid) -> Result<RemoteCharacteristic<'h>, Error> {
        self.characteristics_by_uuid(uuid).next().await?.ok_or(Error::NotFound)
    }

    /// Iterates over the attributes of the peer from handle `start` to `end`, with their types: descriptors, and the
    /// declarations and values between them. [Vol 3] Part G, 4.7.1
    ///
    /// For the descriptors of one characteristic, use [`RemoteCharacteristic::descriptors`].
    pub fn descriptors(&self, start: u16, end: u16) -> Descriptors<'h> {
        Descriptors::new(self.remote(), client::Descriptors::within(start, end))
    }

    /// Iterates over the values of all attributes of one type between two handles. [Vol 3] Part G, 4.8.2
    pub fn values_by_uuid(&self, start: u16, end: u16, uuid: Uuid) -> Values<'h> {
        Values::new(self.remote(), start, end, uuid)
    }
}

impl<'h> RemoteService<'h> {
    pub(super) const fn new(remote: Remote<'h>, info: client::Service) -> Self {
        Self { remote, info }
    }

    /// Returns the type of the service.
    #[must_use]
    pub const fn uuid(&self) -> Uuid {
        self.info.uuid
    }

    /// Returns the handles of the declaration and of the last attribute.
    #[must_use]
    pub const fn range(&self) -> (u16, u16) {
        (self.info.start, self.info.end)
    }

    /// Iterates over the characteristics of the service.
    #[must_use]
    pub fn characteristics(&self) -> Characteristics<'h> {
        Characteristics::new(self.remote, client::Characteristics::of(&self.info))
    }

    /// Returns the first characteristic of the service with this UUID.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], or as for [`Services::next`](crate::Services::next).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future abandons the discovery; a late answer is discarded.
    pub async fn characteristic(&self, uuid: Uuid) -> Result<RemoteCharacteristic<'h>, Error> {
        let by_uuid = client::Characteristics::by_uuid(&self.info, uuid);
        Characteristics::new(self.remote, by_uuid).next().await?.ok_or(Error::NotFound)
    }

    /// Iterates over the included services.
    #[must_use]
    pub fn includes(&self) -> Includes<'h> {
        Includes::new(self.remote, client::Includes::of(&self.info))
    }
}

impl<'h> RemoteInclude<'h> {
    pub(super) const fn new(remote: Remote<'h>, info: client::Include) -> Self {
        Self { remote, info }
    }

    /// Returns the handle of the include declaration.
    #[must_use]
    pub const fn handle(&self) -> u16 {
        self.info.handle
    }

    /// Returns the handles of the included service's declaration and of its last attribute.
    #[must_use]
    pub const fn range(&self) -> (u16, u16) {
        (self.info.start, self.info.end)
    }

    /// Returns the type of the included service; `None` if the peer refused to report it.
    #[must_use]
    pub const fn uuid(&self) -> Option<Uuid> {
        self.info.uuid
    }

    /// Returns the included service, if the peer reported its type.
    #[must_use]
    pub fn service(&self) -> Option<RemoteService<'h>> {
        let (start, end) = self.range();
        let info = client::Service { start, end, uuid: self.info.uuid? };
        Some(RemoteService::new(self.remote, info))
    }
}

impl<'h> RemoteCharacteristic<'h> {
    pub(super) const fn new(remote: Remote<'h>, info: client::Characteristic) -> Self {
        Self { remote, info }
    }

    pub(super) const fn info(&self) -> &client::Characteristic {
        &self.info
    }

    /// Returns the type of the characteristic.
    #[must_use]
    pub const fn uuid(&self) -> Uuid {
        self.info.uuid
    }

    /// Returns the properties of the value.
    #[must_use]
    pub const fn properties(&self) -> Properties {
        self.info.properties
    }

    /// Returns the handle of the value.
    #[must_use]
    pub const fn handle(&self) -> u16 {
        self.info.value
    }

    /// Returns the handle of the declaration.
    #[must_use]
    pub const fn declaration(&self) -> u16 {
        self.info.declaration
    }

    /// Iterates over the descriptors of the characteristic.
    #[must_use]
    pub fn descriptors(&self) -> Descriptors<'h> {
        Descriptors::new(self.remote, client::Descriptors::of(&self.info))
    }
}

impl<'h> RemoteDescriptor<'h> {
    pub(super) const fn new(remote: Remote<'h>, info: client::Descriptor) -> Self {
        Self { remote, info }
    }

    /// Returns the type of the descriptor.
    #[must_use]
    pub const fn uuid(&self) -> Uuid {
        self.info.uuid
    }

    /// Returns the handle of the descriptor.
    #[must_use]
    pub const fn handle(&self) -> u16 {
        self.info.handle
    }

    /// Returns whether the link to the peer is up.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.remote.host.with(|core| core.stack.link(self.remote.link).is_ok())
    }
}
