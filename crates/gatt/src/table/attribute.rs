use bindrune_wire::Uuid;

use super::{Characteristic, Content, Descriptor, Extent, Permission, Properties, Service};

/// An attribute of a table, named by the statics that it was made from.
#[derive(Clone, Copy, Debug)]
pub enum Attribute {
    /// A service declaration. [Vol 3] Part G, 3.1
    Service(&'static Service),
    /// An include definition of this service. [Vol 3] Part G, 3.2
    Include(&'static Service),
    /// A characteristic declaration. [Vol 3] Part G, 3.3.1
    Declaration(&'static Characteristic),
    /// A characteristic value. [Vol 3] Part G, 3.3.2
    Value(&'static Characteristic),
    /// A Client Characteristic Configuration. [Vol 3] Part G, 3.3.3.3
    Cccd(&'static Characteristic),
    /// A Characteristic Extended Properties. [Vol 3] Part G, 3.3.3.1
    ExtendedProperties(&'static Characteristic),
    /// A constant Characteristic User Description. [Vol 3] Part G, 3.3.3.2
    UserDescription(&'static Characteristic),
    /// Any other descriptor.
    Descriptor(&'static Descriptor),
}

/// An attribute and its position in the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The attribute's handle.
    pub handle: u16,
    /// The attribute itself.
    pub attribute: Attribute,
    /// The sums over all attributes before it.
    pub(crate) at: Extent,
}

/// A value or descriptor, as questions and events for the application name it.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// A characteristic's value.
    Characteristic(&'static Characteristic),
    /// A descriptor.
    Descriptor(&'static Descriptor),
}

impl Target {
    /// Returns whether this is the value of exactly this characteristic.
    #[must_use]
    pub fn is(&self, characteristic: &Characteristic) -> bool {
        matches!(*self, Self::Characteristic(c) if core::ptr::eq(c, characteristic))
    }

    /// Returns whether this is exactly this descriptor.
    #[must_use]
    pub fn is_descriptor(&self, descriptor: &Descriptor) -> bool {
        matches!(*self, Self::Descriptor(d) if core::ptr::eq(d, descriptor))
    }
}

pub(crate) const PRIMARY_SERVICE: Uuid = Uuid::new_16(0x2800);
pub(crate) const SECONDARY_SERVICE: Uuid = Uuid::new_16(0x2801);
const INCLUDE: Uuid = Uuid::new_16(0x2802);
const CHARACTERISTIC: Uuid = Uuid::new_16(0x2803);
const EXTENDED_PROPERTIES: Uuid = Uuid::new_16(0x2900);
const USER_DESCRIPTION: Uuid = Uuid::new_16(0x2901);
const CCCD: Uuid = Uuid::new_16(0x2902);

impl Attribute {
    /// Returns the attribute type.
    #[must_use]
    pub const fn uuid(&self) -> Uuid {
        match self {
            Self::Service(service) if service.is_primary() => PRIMARY_SERVICE,
            Self::Service(_) => SECONDARY_SERVICE,
            Self::Include(_) => INCLUDE,
            Self::Declaration(_) => CHARACTERISTIC,
            Self::Value(characteristic) => characteristic.uuid(),
            Self::Cccd(_) => CCCD,
            Self::ExtendedProperties(_) => EXTENDED_PROPERTIES,
            Self::UserDescription(_) => USER_DESCRIPTION,
            Self::Descriptor(descriptor) => descriptor.uuid(),
        }
    }

    /// Returns the characteristic value or the descriptor, if the application can be asked about it.
    pub(crate) const fn target(&self) -> Option<Target> {
        match *self {
            Self::Value(characteristic) => Some(Target::Characteristic(characteristic)),
            Self::Descriptor(descriptor) => Some(Target::Descriptor(descriptor)),
            Self::Service(_)
            | Self::Include(_)
            | Self::Declaration(_)
            | Self::Cccd(_)
            | Self::ExtendedProperties(_)
            | Self::UserDescription(_) => None,
        }
    }

    pub(crate) const fn content(&self) -> Option<&'static Content> {
        match self.target() {
            Some(Target::Characteristic(characteristic)) => Some(characteristic.content()),
            Some(Target::Descriptor(descriptor)) => Some(descriptor.content()),
            None => None,
        }
    }

    /// Returns the permitted operations: some of `READ`, `WRITE`, `WRITE_WITHOUT_RESPONSE`, `SIGNED_WRITE`.
    pub(crate) const fn access(&self) -> Properties {
        match *self {
            Self::Value(characteristic) => characteristic.properties(),
            Self::Descriptor(descriptor) => descriptor.properties(),
            Self::Cccd(_) => Properties::READ.union(Properties::WRITE),
            Self::Service(_)
            | Self::Include(_)
            | Self::Declaration(_)
            | Self::ExtendedProperties(_)
            | Self::UserDescription(_) => Properties::READ,
        }
    }

    pub(crate) const fn reading(&self) -> Permission {
        match *self {
            Self::Value(characteristic) => characteristic.reading(),
            Self::Descriptor(descriptor) => descriptor.reading(),
            Self::Service(_)
            | Self::Include(_)
            | Self::Declaration(_)
            | Self::Cccd(_)
            | Self::ExtendedProperties(_)
            | Self::UserDescription(_) => Permission::OPEN,
        }
    }

    /// A subscription gives access to the value, so it requires the permission for reading.
    pub(crate) const fn writing(&self) -> Permission {
        match *self {
            Self::Value(characteristic) => characteristic.writing(),
            Self::Descriptor(descriptor) => descriptor.writing(),
            Self::Cccd(characteristic) => characteristic.reading(),
            Self::Service(_)
            | Self::Include(_)
            | Self::Declaration(_)
            | Self::ExtendedProperties(_)
            | Self::UserDescription(_) => Permission::OPEN,
        }
    }

    /// Returns the extent of this one attribute.
    pub(crate) const fn extent(&self) -> Extent {
        let (arena, cccds, values) = match self {
            Self::Value(characteristic) => (characteristic.content().arena(), 0, 1),
            Self::Descriptor(descriptor) => (descriptor.content().arena(), 0, 1),
            Self::Cccd(_) => (0, 1, 0),
            Self::Service(_)
            | Self::Include(_)
            | Self::Declaration(_)
            | Self::ExtendedProperties(_)
            | Self::UserDescription(_) => (0, 0, 0),
        };
        Extent { attributes: 1, arena, cccds, values }
    }

    /// Returns the number of attributes in the group that this attribute starts, itself included. [Vol 3] Part
    /// G, 2.5.3
    pub(crate) const fn group_len(&self) -> usize {
        match self {
            Self::Service(service) => service.extent().attributes,
            Self::Declaration(characteristic) => characteristic.attribute_count(),
            Self::Include(_)
            | Self::Value(_)
            | Self::Cccd(_)
            | Self::ExtendedProperties(_)
            | Self::UserDescription(_)
            | Self::Descriptor(_) => 1,
        }
    }
}

impl Entry {
    /// Returns the last handle of the group that this attribute starts; its own handle if it starts none.
    #[must_use]
    pub fn group_end(&self) -> u16 {
        let more = self.attribute.group_len().saturating_sub(1);
        self.handle.saturating_add(u16::try_from(more).unwrap_or(u16::MAX))
    }
}
