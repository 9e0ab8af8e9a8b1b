//! Services, characteristics and descriptors as statics, and their layout as a table of handles.
//!
//! A characteristic's identity is the address of its static. The table has no storage of its own: it finds an
//! attribute by walking the statics, and skips whole services by their counts.

mod attribute;
mod builder;
pub mod built_in;
mod characteristic;
mod content;
mod declaration;
mod descriptor;
mod only_static;
mod permission;
mod properties;
mod service;
mod walk;

use core::fmt;

pub use attribute::{Attribute, Entry, Target};
pub use characteristic::Characteristic;
pub use descriptor::Descriptor;
pub use permission::Permission;
pub use properties::{ExtendedProperties, Properties};
pub use service::Service;

pub(crate) use attribute::{PRIMARY_SERVICE, SECONDARY_SERVICE};
pub(crate) use content::{BuiltIn, Content, Holder};
pub(crate) use declaration::DECLARATION_ROOM;
pub(crate) use only_static::OnlyStatic;
pub(crate) use service::Extent;
pub(crate) use walk::Walk;

use crate::{capability::SERVER, cccd, server::REMEMBERED_CCCDS};

/// The attributes of a server from handle 1 on: GAP service, GATT service, then the application's services.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    built_in: &'static [Service],
    services: &'static [Service],
    extent: Extent,
}

/// Reason why services cannot form a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum TableError {
    /// There are more than 65,535 attributes.
    TooManyAttributes,
    /// A host-held value may be longer than 512 octets.
    ValueTooLong,
    /// A service includes another that is not in the table.
    UnknownInclude,
    /// The GAP and GATT services are built in and cannot be given again.
    BuiltInService,
    /// The device name is longer than [`built_in::DEVICE_NAME_ROOM`].
    DeviceNameTooLong {
        /// Length of the name in octets.
        have: usize,
        /// Maximum length in octets.
        max: usize,
    },
    /// The arena is too small for the values; see [`arena_for`].
    Arena {
        /// Required octets.
        needed: usize,
        /// Available octets.
        available: usize,
    },
    /// A link's arena share is too small for its subscriptions; see [`peer_arena_for`].
    PeerArena {
        /// Required octets.
        needed: usize,
        /// Available octets.
        available: usize,
    },
    /// There are more subscriptions than a bond can store; see [`can_be_remembered`].
    Subscriptions {
        /// Number of subscriptions that a peer can make.
        needed: usize,
        /// Number of subscriptions that a bond stores.
        available: usize,
    },
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyAttributes => f.write_str("the services have more than 65,535 attributes"),
            Self::ValueTooLong => f.write_str("a host-held value may exceed 512 octets"),
            Self::UnknownInclude => f.write_str("a service includes one that is not in the table"),
            Self::BuiltInService => f.write_str("the GAP and GATT services are built in"),
            Self::DeviceNameTooLong { have, max } => {
                write!(f, "the device name has {have} octets; the maximum is {max}")
            }
            Self::Arena { needed, available } => {
                write!(f, "the values need {needed} octets of arena, but {available} are available")
            }
            Self::PeerArena { needed, available } => {
                write!(f, "each link needs {needed} octets of arena, but {available} are available")
            }
            Self::Subscriptions { needed, available } => {
                write!(
                    f,
                    "{needed} values can be subscribed to, but a bond stores only {available}"
                )
            }
        }
    }
}

impl core::error::Error for TableError {}

/// Returns how many octets of arena the host-held values of these services and of the built-in ones need, with
/// bookkeeping.
#[must_use]
pub const fn arena_for(services: &[Service]) -> usize {
    if !SERVER {
        return 0;
    }
    BUILT_IN.plus(Extent::of(services)).arena
}

/// Returns how many octets of arena each link needs for subscriptions to these services, with `prepare` octets
/// for prepared writes: [`crate::server::LONG_WRITE`] for one value of maximum length.
#[must_use]
pub const fn peer_arena_for(services: &[Service], prepare: usize) -> usize {
    if !SERVER {
        return 0;
    }
    cccd::octets_for(&BUILT_IN.plus(Extent::of(services))).saturating_add(prepare)
}

/// Checks whether a bond stores every subscription to these services and to the built-in ones: it has room for
/// [`REMEMBERED_CCCDS`]. [Vol 3] Part G, 3.3.3.3
///
/// # Errors
///
/// [`TableError::Subscriptions`] if the room is too small.
pub const fn can_be_remembered(services: &[Service]) -> Result<(), TableError> {
    if !SERVER {
        return Ok(());
    }
    let needed = BUILT_IN.plus(Extent::of(services)).cccds;
    let available = REMEMBERED_CCCDS;
    if needed > available { Err(TableError::Subscriptions { needed, available }) } else { Ok(()) }
}

/// The built-in services.
const BUILT_IN: Extent = built_in_extent();

const fn built_in_extent() -> Extent {
    Extent::of(&built_in::BUILT_IN)
}

impl Table {
    /// Lays out the built-in services and then `services`. With `writable_name` a peer may write the Device Name.
    ///
    /// # Errors
    ///
    /// [`TableError`] if they do not form a table.
    pub fn new(services: &'static [Service], writable_name: bool) -> Result<Self, TableError> {
        let built_in = if writable_name {
            built_in::BUILT_IN_WRITABLE_NAME.as_slice()
        } else {
            built_in::BUILT_IN.as_slice()
        };
        if services.iter().any(|s| built_in.iter().any(|b| b.uuid() == s.uuid())) {
            return Err(TableError::BuiltInService);
        }
        Self::layout(built_in, services)
    }

    /// Lays out `built_in` and then `services`.
    pub(crate) fn layout(
        built_in: &'static [Service],
        services: &'static [Service],
    ) -> Result<Self, TableError> {
        let extent = Extent::of(built_in).plus(Extent::of(services));
        if extent.attributes > usize::from(u16::MAX) {
            return Err(TableError::TooManyAttributes);
        }
        let table = Self { built_in, services, extent };
        for (service, _) in table.placed() {
            for included in service.included() {
                if table.service(included).is_none() {
                    return Err(TableError::UnknownInclude);
                }
            }
            for content in service.contents() {
                if !content.is_valid() {
                    return Err(TableError::ValueTooLong);
                }
            }
        }
        Ok(table)
    }

    /// Returns all attributes, in order of handles.
    pub fn entries(&self) -> impl Iterator<Item = Entry> + use<> {
        self.walk(1, u16::MAX)
    }

    /// Returns the attributes from handle `start` to handle `end`.
    pub fn range(&self, start: u16, end: u16) -> impl Iterator<Item = Entry> + use<> {
        self.walk(start, end)
    }

    /// Returns the attribute of a handle.
    #[must_use]
    pub fn entry(&self, handle: u16) -> Option<Entry> {
        self.walk(handle, handle).next()
    }

    /// Returns the value or descriptor that a question about `handle` refers to.
    #[must_use]
    pub fn target(&self, handle: u16) -> Option<Target> {
        self.entry(handle)?.attribute.target()
    }

    /// Returns the handle of a characteristic's value.
    #[must_use]
    pub fn handle_of(&self, characteristic: &Characteristic) -> Option<u16> {
        self.value_entry(characteristic).map(|entry| entry.handle)
    }

    /// Returns the handle of a descriptor.
    #[must_use]
    pub fn handle_of_descriptor(&self, descriptor: &Descriptor) -> Option<u16> {
        let mut targets = self.entries().filter_map(|e| Some((e.handle, e.attribute.target()?)));
        targets.find(|(_, target)| target.is_descriptor(descriptor)).map(|(handle, _)| handle)
    }

    /// Returns the first and last handle of a service.
    #[must_use]
    pub fn service(&self, service: &Service) -> Option<(u16, u16)> {
        for (own, start, end) in self.services() {
            if own.is(service) {
                return Some((start, end));
            }
        }
        None
    }

    /// Returns the services with their first and last handles.
    pub fn services(&self) -> impl Iterator<Item = (&'static Service, u16, u16)> + use<> {
        self.placed().map(|(service, at)| {
            let end = at.attributes.saturating_add(service.extent().attributes);
            (service, handle_behind(at.attributes), u16::try_from(end).unwrap_or(u16::MAX))
        })
    }

    /// Returns the first handle of the app's services.
    #[must_use]
    pub fn first_app_handle(&self) -> u16 {
        let built_in = Extent::of(self.built_in).attributes;
        u16::try_from(built_in.saturating_add(1)).unwrap_or(u16::MAX)
    }

    /// Returns the last handle.
    #[must_use]
    pub fn last_handle(&self) -> u16 {
        u16::try_from(self.extent.attributes).unwrap_or(u16::MAX)
    }

    /// Returns the value of a characteristic. The search compares only addresses.
    pub(crate) fn value_entry(&self, characteristic: &Characteristic) -> Option<Entry> {
        for (service, at) in self.placed() {
            if !service.characteristics().iter().any(|c| core::ptr::eq(*c, characteristic)) {
                continue;
            }
            let mut at = at.plus(service.head());
            for c in service.characteristics() {
                if core::ptr::eq(*c, characteristic) {
                    let at = at.plus(Attribute::Declaration(c).extent());
                    let handle = handle_behind(at.attributes);
                    return Some(Entry { handle, attribute: Attribute::Value(c), at });
                }
                at = at.plus(c.extent());
            }
        }
        None
    }

    /// Returns the Client Characteristic Configuration of a characteristic.
    pub(crate) fn cccd_entry(&self, characteristic: &Characteristic) -> Option<Entry> {
        let Entry { attribute, at, .. } = self.value_entry(characteristic)?;
        let Attribute::Value(c) = attribute else { return None };
        let at = at.plus(attribute.extent());
        let handle = handle_behind(at.attributes);
        c.has_cccd().then_some(Entry { handle, attribute: Attribute::Cccd(c), at })
    }

    /// Returns the Client Characteristic Configurations with their characteristics.
    pub(crate) fn cccds(&self) -> impl Iterator<Item = (Entry, &'static Characteristic)> + use<> {
        self.entries().filter_map(|entry| {
            let Attribute::Cccd(characteristic) = entry.attribute else { return None };
            Some((entry, characteristic))
        })
    }

    /// Returns the `index`th characteristic value or explicit descriptor.
    pub(crate) fn value_at(&self, index: usize) -> Option<Entry> {
        for entry in Walk::to_value(self.built_in, self.services, index) {
            if entry.at.values == index && entry.attribute.target().is_some() {
                return Some(entry);
            }
            if entry.at.values > index {
                break;
            }
        }
        None
    }

    /// Returns the services, each with its offset in the arena; without `all`, only the application's.
    pub(crate) fn in_arena(
        &self,
        all: bool,
    ) -> impl Iterator<Item = (&'static Service, usize)> + use<> {
        let left_out = if all { 0 } else { self.built_in.len() };
        self.placed().skip(left_out).map(|(service, at)| (service, at.arena))
    }

    fn walk(&self, start: u16, end: u16) -> Walk {
        Walk::to(self.built_in, self.services, (start, end))
    }

    /// Returns the services, each with the sums over everything before it.
    const fn placed(&self) -> Placed {
        Placed { first: self.built_in, then: self.services, at: Extent::ZERO }
    }

    pub(crate) const fn extent(&self) -> &Extent {
        &self.extent
    }
}

/// The services of a table, each with the sums over everything before it.
struct Placed {
    first: &'static [Service],
    then: &'static [Service],
    at: Extent,
}

impl Iterator for Placed {
    type Item = (&'static Service, Extent);

    #[inline(never)]
    fn next(&mut self) -> Option<Self::Item> {
        let from = if self.first.is_empty() { &mut self.then } else { &mut self.first };
        let (service, rest) = from.split_first()?;
        *from = rest;
        let at = self.at;
        self.at = at.plus(service.extent());
        Some((service, at))
    }
}

/// Returns the handle of the attribute after `count` attributes.
fn handle_behind(count: usize) -> u16 {
    u16::try_from(count.saturating_add(1)).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests;
