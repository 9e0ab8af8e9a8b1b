//! What a peer's server offers: small values that can be copied and kept for as long as its table stays the same.

use bindrune_gatt::{Properties, client};
use bindrune_wire::Uuid;

use super::cursor::{Characteristics, Descriptors, Includes, Services, Values};
use crate::{Connection, Error, Host, stack::LinkRef};

/// The peer that something belongs to.
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

/// A service that a service of a peer includes.
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

/// A descriptor of a peer; from [`Connection::descriptors`] any attribute.
#[derive(Clone, Copy, Debug)]
pub struct RemoteDescriptor<'h> {
    remote: Remote<'h>,
    info: client::Descriptor,
}

impl<'h> Connection<'h> {
    const fn remote(&self) -> Remote<'h> {
        Remote { host: self.host(), link: self.link() }
    }

    /// The primary services of the peer.
    pub fn services(&self) -> Services<'h> {
        Services::new(self.remote(), client::Services::primary())
    }

    /// The secondary services of the peer.
    pub fn secondary_services(&self) -> Services<'h> {
        Services::new(self.remote(), client::Services::secondary())
    }

    /// The primary services of the peer that have this UUID.
    pub fn services_by_uuid(&self, uuid: Uuid) -> Services<'h> {
        Services::new(self.remote(), client::Services::primary_by_uuid(uuid))
    }

    /// The first primary service of the peer that has this UUID, or [`Error::NotFound`].
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], or as for [`Services::next`](crate::Services::next).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future abandons the discovery; a late answer is swallowed.
    pub async fn service(&self, uuid: Uuid) -> Result<RemoteService<'h>, Error> {
        self.services_by_uuid(uuid).next().await?.ok_or(Error::NotFound)
    }

    /// The characteristics of all services of the peer, without discovering the services.
    ///
    /// The same characteristic (a battery level, a measurement) may stand in several services; where it matters in which, ask the
    /// service: [`RemoteService::characteristics`].
    pub fn characteristics(&self) -> Characteristics<'h> {
        let all = client::Characteristics::within(1, u16::MAX, None);
        Characteristics::new(self.remote(), all)
    }

    /// The characteristics of all services of the peer that have this UUID. [Vol 3] Part G, 4.6.2
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

    /// Returns the peer's first characteristic that has this UUID, of whatever service.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the peer has none, [`Error::Protocol`] where its answer breaks the protocol,
    /// [`Error::Disconnected`] by the end of the link.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future abandons the discovery; a late answer is swallowed.
    pub async fn characteristic(&self, uuid: Uuid) -> Result<RemoteCharacteristic<'h>, Error> {
        self.characteristics_by_uuid(uuid).next().await?.ok_or(Error::NotFound)
    }

    /// The attributes of the peer from handle `start` to `end`, with their types: descriptors, and the declarations and values
    /// between them. [Vol 3] Part G, 4.7.1
    ///
    /// The descriptors of one characteristic are [`RemoteCharacteristic::descriptors`].
    pub fn descriptors(&self, start: u16, end: u16) -> Descriptors<'h> {
        Descriptors::new(self.remote(), client::Descriptors::within(start, end))
    }

    /// The values of all attributes of one type between two handles. [Vol 3] Part G, 4.8.2
    pub fn values_by_uuid(&self, start: u16, end: u16, uuid: Uuid) -> Values<'h> {
        Values::new(self.remote(), start, end, uuid)
    }
}

impl<'h> RemoteService<'h> {
    pub(super) const fn new(remote: Remote<'h>, info: client::Service) -> Self {
        Self { remote, info }
    }

    /// What the service is.
    #[must_use]
    pub const fn uuid(&self) -> Uuid {
        self.info.uuid
    }

    /// The handles of its declaration and of its last attribute.
    #[must_use]
    pub const fn range(&self) -> (u16, u16) {
        (self.info.start, self.info.end)
    }

    /// Its characteristics.
    #[must_use]
    pub fn characteristics(&self) -> Characteristics<'h> {
        Characteristics::new(self.remote, client::Characteristics::of(&self.info))
    }

    /// Its first characteristic that has this UUID, or [`Error::NotFound`].
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], or as for [`Services::next`](crate::Services::next).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future abandons the discovery; a late answer is swallowed.
    pub async fn characteristic(&self, uuid: Uuid) -> Result<RemoteCharacteristic<'h>, Error> {
        let by_uuid = client::Characteristics::by_uuid(&self.info, uuid);
        Characteristics::new(self.remote, by_uuid).next().await?.ok_or(Error::NotFound)
    }

    /// The services that it includes.
    #[must_use]
    pub fn includes(&self) -> Includes<'h> {
        Includes::new(self.remote, client::Includes::of(&self.info))
    }
}

impl<'h> RemoteInclude<'h> {
    pub(super) const fn new(remote: Remote<'h>, info: client::Include) -> Self {
        Self { remote, info }
    }

    /// The handle of the include declaration.
    #[must_use]
    pub const fn handle(&self) -> u16 {
        self.info.handle
    }

    /// The handles of the included service's declaration and of its last attribute.
    #[must_use]
    pub const fn range(&self) -> (u16, u16) {
        (self.info.start, self.info.end)
    }

    /// What the included service is; `None` where the peer refused to tell.
    #[must_use]
    pub const fn uuid(&self) -> Option<Uuid> {
        self.info.uuid
    }

    /// The included service, where the peer told what it is.
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

    /// What the characteristic is.
    #[must_use]
    pub const fn uuid(&self) -> Uuid {
        self.info.uuid
    }

    /// What may be done with its value.
    #[must_use]
    pub const fn properties(&self) -> Properties {
        self.info.properties
    }

    /// The handle of its value.
    #[must_use]
    pub const fn handle(&self) -> u16 {
        self.info.value
    }

    /// The handle of its declaration.
    #[must_use]
    pub const fn declaration(&self) -> u16 {
        self.info.declaration
    }

    /// Its descriptors.
    #[must_use]
    pub fn descriptors(&self) -> Descriptors<'h> {
        Descriptors::new(self.remote, client::Descriptors::of(&self.info))
    }
}

impl<'h> RemoteDescriptor<'h> {
    pub(super) const fn new(remote: Remote<'h>, info: client::Descriptor) -> Self {
        Self { remote, info }
    }

    /// What the descriptor is.
    #[must_use]
    pub const fn uuid(&self) -> Uuid {
        self.info.uuid
    }

    /// Its handle.
    #[must_use]
    pub const fn handle(&self) -> u16 {
        self.info.handle
    }

    /// The peer that it belongs to, as long as it is connected.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.remote.host.with(|core| core.stack.link(self.remote.link).is_ok())
    }
}
