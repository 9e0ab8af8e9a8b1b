//! The table of attributes that a tester describes, command by command.
//!
//! The host's table is static, so starting the server makes it in memory that is leaked: once for each start, since a
//! tester resets the server between two tests. The tester's program holds all values, so they need none of the host's
//! memory.

use bindrune::{Characteristic, ErrorCode, Gatt, Properties, Service, TableError, Uuid};
use bindrune_btp::{Status, gatt::permissions};

mod build;

pub(super) use build::EXTRA;

/// The most attributes of a table, since the protocol counts them in one byte.
const MOST: u16 = 255;
/// Longest value, in bytes. [Vol 3] Part F, 3.2.9
const LONGEST: usize = 512;

/// Attribute types. [Assigned Numbers] 3.7
pub(super) const PRIMARY: Uuid = Uuid::new_16(0x2800);
pub(super) const SECONDARY: Uuid = Uuid::new_16(0x2801);
pub(super) const INCLUDE: Uuid = Uuid::new_16(0x2802);
pub(super) const CHARACTERISTIC: Uuid = Uuid::new_16(0x2803);
const EXTENDED_PROPERTIES: Uuid = Uuid::new_16(0x2900);
const CONFIGURATION: Uuid = Uuid::new_16(0x2902);

/// The table of a tester.
pub(super) struct Table {
    /// Handle of the first attribute after the built-in ones.
    first: u16,
    attributes: Vec<Attribute>,
    started: bool,
    /// The services as the host has them, since the start.
    pub(super) services: Vec<Service>,
    /// Whether [`EXTRA`] follows them.
    pub(super) has_extra: bool,
}

/// An attribute. Their handles are consecutive.
pub(super) struct Attribute {
    pub(super) uuid: Uuid,
    pub(super) kind: Kind,
    /// Bits of [`permissions`].
    pub(super) permissions: u8,
    pub(super) key_size: u8,
    /// The value, if the tester sets it.
    pub(super) value: Vec<u8>,
    /// Longest value; the host does not accept more.
    pub(super) limit: usize,
}

/// What an attribute is.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// A service declaration; the attribute's value is the UUID of the service.
    Service { primary: bool },
    /// An include declaration, with the handle of the service.
    Include { service: u16 },
    /// A characteristic declaration.
    Declaration { properties: Properties },
    /// A characteristic's value, and the characteristic since the start.
    Value { properties: Properties, built: Option<&'static Characteristic> },
    /// A client characteristic configuration, which the host has.
    Configuration,
    /// The extended properties, which the host has.
    Extended,
    /// Another descriptor.
    Descriptor,
}

impl Table {
    /// Finds the handles of the built-in attributes, and removes all others.
    pub(super) fn new(gatt: Gatt<'static>) -> Result<Self, TableError> {
        let first = build::first_handle(gatt)?;
        let (attributes, services) = (Vec::new(), Vec::new());
        Ok(Self { first, attributes, started: false, services, has_extra: false })
    }

    /// Removes all attributes.
    pub(super) fn reset(&mut self, gatt: Gatt<'static>) {
        (self.started, self.has_extra) = (false, false);
        self.attributes.clear();
        self.services.clear();
        if let Err(error) = gatt.replace(&[]) {
            log::warn!("the attributes could not be removed: {error}");
        }
    }

    pub(super) const fn is_started(&self) -> bool {
        self.started
    }

    /// Returns all attributes with their handles.
    pub(super) fn all(&self) -> impl Iterator<Item = (u16, &Attribute)> {
        (self.first..).zip(&self.attributes)
    }

    pub(super) fn get(&self, handle: u16) -> Option<&Attribute> {
        self.attributes.get(usize::from(handle.checked_sub(self.first)?))
    }

    /// Returns an attribute that the tester names: by its handle, or 0 for the last; a characteristic means its value.
    pub(super) fn named(&mut self, handle: u16) -> Result<(u16, &mut Attribute), Status> {
        let count = u16::try_from(self.attributes.len()).map_err(|_| Status::FAIL)?;
        let mut handle = match handle {
            // The configuration and the extended properties of the last characteristic are not what the tester added
            // last.
            0 => self.last().ok_or(Status::FAIL)?,
            handle => handle,
        };
        if self.get(handle).is_some_and(|a| matches!(a.kind, Kind::Declaration { .. })) {
            handle = handle.saturating_add(1);
        }
        let place = handle.checked_sub(self.first).filter(|place| *place < count);
        let attribute = place.and_then(|place| self.attributes.get_mut(usize::from(place)));
        Ok((handle, attribute.ok_or(Status::FAIL)?))
    }

    fn last(&self) -> Option<u16> {
        let named =
            |(_, a): &(u16, &Attribute)| !matches!(a.kind, Kind::Configuration | Kind::Extended);
        self.all().filter(named).last().map(|(handle, _)| handle)
    }

    fn push(&mut self, uuid: Uuid, kind: Kind, permissions: u8) -> Result<u16, Status> {
        let count = u16::try_from(self.attributes.len()).map_err(|_| Status::FAIL)?;
        if self.started || count >= MOST {
            return Err(Status::FAIL);
        }
        let (value, limit) = (Vec::new(), LONGEST);
        self.attributes.push(Attribute { uuid, kind, permissions, key_size: 0, value, limit });
        self.first.checked_add(count).ok_or(Status::FAIL)
    }

    pub(super) fn add_service(&mut self, kind: u8, uuid: Uuid) -> Result<u16, Status> {
        let (declaration, primary) = match kind {
            0 => (PRIMARY, true),
            1 => (SECONDARY, false),
            _ => return Err(Status::FAIL),
        };
        let handle = self.push(declaration, Kind::Service { primary }, permissions::READ)?;
        self.named(handle)?.1.value = bytes(uuid);
        Ok(handle)
    }

    /// Adds a characteristic to the last service. A service that notifies or indicates has its configuration at once.
    pub(super) fn add_characteristic(
        &mut self,
        service: u16,
        properties: u8,
        permissions: u8,
        uuid: Uuid,
    ) -> Result<u16, Status> {
        let last = self.all().filter(|(_, a)| matches!(a.kind, Kind::Service { .. })).last();
        let last = last.map(|(handle, _)| handle).ok_or(Status::FAIL)?;
        if service != 0 && service != last {
            return Err(Status::FAIL);
        }
        let properties = Properties::from_bits_retain(properties);
        let declaration = Kind::Declaration { properties };
        let handle = self.push(CHARACTERISTIC, declaration, permissions::READ)?;
        self.push(uuid, Kind::Value { properties, built: None }, permissions)?;
        if properties.intersects(Properties::NOTIFY.union(Properties::INDICATE)) {
            let both = permissions::READ | permissions::WRITE;
            self.push(CONFIGURATION, Kind::Configuration, both)?;
        }
        if properties.contains(Properties::EXTENDED) {
            self.push(EXTENDED_PROPERTIES, Kind::Extended, permissions::READ)?;
        }
        Ok(handle)
    }

    /// Adds a descriptor to the last characteristic, or returns the one that the host has.
    pub(super) fn add_descriptor(
        &mut self,
        characteristic: u16,
        permissions: u8,
        uuid: Uuid,
    ) -> Result<u16, Status> {
        let last = self.all().filter(|(_, a)| matches!(a.kind, Kind::Declaration { .. })).last();
        let last = last.map(|(handle, _)| handle).ok_or(Status::FAIL)?;
        if characteristic != 0 && characteristic != last || self.started {
            return Err(Status::FAIL);
        }
        let is_own = |(handle, a): &(u16, &Attribute)| {
            *handle > last
                && a.uuid == uuid
                && matches!(a.kind, Kind::Configuration | Kind::Extended)
        };
        let own = self.all().find(is_own).map(|(handle, _)| handle);
        own.map_or_else(|| self.push(uuid, Kind::Descriptor, permissions), Ok)
    }

    /// Includes an earlier service in the last one, before its characteristics.
    pub(super) fn add_include(&mut self, service: u16) -> Result<u16, Status> {
        let is_service = |a: &Attribute| matches!(a.kind, Kind::Service { .. });
        let before = self.all().filter(|(_, a)| is_service(a)).last().map(|(handle, _)| handle);
        let is_known = self.get(service).is_some_and(is_service) && before != Some(service);
        let ends = |a: &Attribute| matches!(a.kind, Kind::Service { .. } | Kind::Include { .. });
        if !is_known || !self.attributes.last().is_some_and(ends) {
            return Err(Status::FAIL);
        }
        self.push(INCLUDE, Kind::Include { service }, permissions::READ)
    }

    /// Returns the last handle of the service that begins at a handle.
    pub(super) fn end_of(&self, service: u16) -> u16 {
        let next = |(handle, a): &(u16, &Attribute)| {
            *handle > service && matches!(a.kind, Kind::Service { .. })
        };
        let len = u16::try_from(self.attributes.len()).unwrap_or(u16::MAX);
        let end = self.all().find(next).map_or(self.first.saturating_add(len), |(next, _)| next);
        end.saturating_sub(1)
    }

    /// Returns the value that a peer reads.
    pub(super) fn read(&self, handle: u16) -> Result<&[u8], ErrorCode> {
        const ANY: u8 = permissions::READ
            | permissions::READ_ENCRYPTED
            | permissions::READ_AUTHENTICATED
            | permissions::READ_AUTHORIZED;
        let attribute = self.get(handle).ok_or(ErrorCode::INVALID_HANDLE)?;
        let readable = attribute.permissions & ANY != 0;
        if readable { Ok(&attribute.value) } else { Err(ErrorCode::READ_NOT_PERMITTED) }
    }

    /// Returns the value of an attribute, whatever its permissions.
    pub(super) fn read_back(&self, handle: u16) -> Vec<u8> {
        self.get(handle).map(|attribute| attribute.value.clone()).unwrap_or_default()
    }

    /// Writes what a peer writes from an offset on.
    pub(super) fn write(
        &mut self,
        handle: u16,
        offset: usize,
        bytes: &[u8],
    ) -> Result<(), ErrorCode> {
        const ANY: u8 = permissions::WRITE
            | permissions::WRITE_ENCRYPTED
            | permissions::WRITE_AUTHENTICATED
            | permissions::WRITE_AUTHORIZED;
        let (_, attribute) = self.named(handle).map_err(|_| ErrorCode::INVALID_HANDLE)?;
        if attribute.permissions & ANY == 0 {
            return Err(ErrorCode::WRITE_NOT_PERMITTED);
        }
        let kept = attribute.value.get(..offset).ok_or(ErrorCode::INVALID_OFFSET)?;
        let value = [kept, bytes].concat();
        if value.len() > attribute.limit {
            return Err(ErrorCode::INVALID_ATTRIBUTE_VALUE_LENGTH);
        }
        attribute.value = value;
        Ok(())
    }
}

/// Returns a UUID as attributes contain it.
pub(super) fn bytes(uuid: Uuid) -> Vec<u8> {
    match uuid.as_u16() {
        Some(short) => short.to_le_bytes().to_vec(),
        None => uuid.as_u128().to_le_bytes().to_vec(),
    }
}

#[cfg(test)]
mod tests;
