use bindrune_wire::{Level, Uuid};

use super::{
    BuiltIn, Content, Descriptor, ExtendedProperties, Extent, Holder, OnlyStatic, Permission,
    Properties, builder::value_builders,
};

/// A characteristic. [Vol 3] Part G, 3.3
///
/// It is a `static`, and its address is its identity. A `const` would have another address wherever it is named, so it
/// does not compile in a table. With [`Self::value`] or [`Self::append`] the host holds the value; without, the app is
/// asked at each access.
///
/// ```
/// use bindrune_gatt::{Characteristic, Service};
/// use bindrune_wire::{Level, Uuid};
///
/// static LEVEL: Characteristic =
///     Characteristic::new(Uuid::new_16(0x2a19)).read().notify().value(&[100]);
/// static COMMAND: Characteristic =
///     Characteristic::new(Uuid::new_16(0xff01)).write().permission(Level::Encrypted);
/// static SERVICES: &[Service] = &[Service::primary(Uuid::new_16(0x180f), &[&LEVEL, &COMMAND])];
/// ```
///
/// ```compile_fail
/// # use bindrune_gatt::{Characteristic, Service};
/// # use bindrune_wire::Uuid;
/// const LEVEL: Characteristic = Characteristic::new(Uuid::new_16(0x2a19)).read().value(&[100]);
/// static SERVICES: &[Service] = &[Service::primary(Uuid::new_16(0x180f), &[&LEVEL])];
/// ```
#[derive(Debug)]
pub struct Characteristic {
    uuid: Uuid,
    properties: Properties,
    extended: ExtendedProperties,
    content: Content,
    user_description: Option<&'static str>,
    descriptors: &'static [&'static Descriptor],
    _never_const: OnlyStatic,
}

impl Characteristic {
    /// A characteristic without properties.
    #[must_use]
    pub const fn new(uuid: Uuid) -> Self {
        Self {
            uuid,
            properties: Properties::empty(),
            extended: ExtendedProperties::empty(),
            content: Content::APP,
            user_description: None,
            descriptors: &[],
            _never_const: OnlyStatic,
        }
    }

    /// The value may be read.
    #[must_use]
    pub const fn read(self) -> Self {
        self.with(Properties::READ)
    }

    /// The value may be written with a response, also in parts.
    #[must_use]
    pub const fn write(self) -> Self {
        self.with(Properties::WRITE)
    }

    /// The value may be written without a response.
    #[must_use]
    pub const fn write_without_response(self) -> Self {
        self.with(Properties::WRITE_WITHOUT_RESPONSE)
    }

    /// The value may be notified; a Client Characteristic Configuration descriptor follows it.
    #[must_use]
    pub const fn notify(self) -> Self {
        self.with(Properties::NOTIFY)
    }

    /// The value may be indicated; a Client Characteristic Configuration descriptor follows it.
    #[must_use]
    pub const fn indicate(self) -> Self {
        self.with(Properties::INDICATE)
    }

    /// The value may be written with a signature.
    #[must_use]
    pub const fn signed_write(self) -> Self {
        self.with(Properties::SIGNED_WRITE)
    }

    /// The value may be broadcast.
    #[must_use]
    pub const fn broadcast(self) -> Self {
        self.with(Properties::BROADCAST)
    }

    /// The value may be written reliably; an Extended Properties descriptor is added.
    #[must_use]
    pub const fn reliable_write(self) -> Self {
        self.with_extended(ExtendedProperties::RELIABLE_WRITE)
    }

    /// The User Description may be written; an Extended Properties descriptor is added. The description itself is
    /// then a writable [`Descriptor`] of type 0x2901.
    #[must_use]
    pub const fn writable_auxiliaries(self) -> Self {
        self.with_extended(ExtendedProperties::WRITABLE_AUXILIARIES)
    }

    /// The host holds the value, starting from `initial`. Its greatest length is that of `initial`, unless
    /// [`Self::max_len`] says more.
    #[must_use]
    pub const fn value(mut self, initial: &'static [u8]) -> Self {
        self.content = self.content.held(initial);
        self
    }

    /// The host holds a buffer of `room` octets, in which successive writes accumulate until the app takes them.
    /// What does not fit is answered with Insufficient Resources, or counted as dropped where it was a command.
    #[must_use]
    pub const fn append(mut self, room: u16) -> Self {
        self.content = self.content.appended(room);
        self
    }

    value_builders!();

    /// Descriptors beyond the implied ones, in order.
    #[must_use]
    pub const fn descriptors(mut self, descriptors: &'static [&'static Descriptor]) -> Self {
        self.descriptors = descriptors;
        self
    }

    /// A constant, readable Characteristic User Description. [Vol 3] Part G, 3.3.3.2
    #[must_use]
    pub const fn user_description(mut self, text: &'static str) -> Self {
        self.user_description = Some(text);
        self
    }

    /// The extended properties.
    #[must_use]
    pub const fn extended_properties(&self) -> ExtendedProperties {
        self.extended
    }

    /// Returns whether the host holds the value; false if the app is asked.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        !matches!(self.content.holder, Holder::App)
    }

    /// Captures writes: see `capture` of the capability of that name.
    pub(crate) const fn with_capture(mut self, room: u16) -> Self {
        assert!(
            !matches!(self.content.holder, Holder::Append),
            "an append buffer has no bounds of writes to capture"
        );
        self.content = self.content.captured(room);
        self
    }

    pub(crate) const fn built_in(mut self, part: BuiltIn) -> Self {
        self.content = self.content.built_in(part);
        self
    }

    pub(crate) const fn description(&self) -> Option<&'static str> {
        self.user_description
    }

    pub(crate) const fn more_descriptors(&self) -> &'static [&'static Descriptor] {
        self.descriptors
    }

    pub(crate) const fn has_cccd(&self) -> bool {
        self.properties.intersects(Properties::NOTIFY.union(Properties::INDICATE))
    }

    pub(crate) const fn has_extended(&self) -> bool {
        self.properties.contains(Properties::EXTENDED)
    }

    /// Attributes: declaration, value, implied descriptors, descriptors.
    pub(crate) const fn attribute_count(&self) -> usize {
        let mut count: usize = 2;
        count = count.saturating_add(self.has_cccd() as usize);
        count = count.saturating_add(self.has_extended() as usize);
        count = count.saturating_add(self.user_description.is_some() as usize);
        count.saturating_add(self.descriptors.len())
    }

    /// What the characteristic takes: attributes, arena, CCCDs, values.
    pub(crate) const fn extent(&self) -> Extent {
        let (mut arena, mut rest) = (self.content.arena(), self.descriptors);
        while let [first, more @ ..] = rest {
            arena = arena.saturating_add(first.content().arena());
            rest = more;
        }
        Extent {
            attributes: self.attribute_count(),
            arena,
            cccds: self.has_cccd() as usize,
            values: self.descriptors.len().saturating_add(1),
        }
    }

    const fn with(mut self, properties: Properties) -> Self {
        self.properties = self.properties.union(properties);
        self
    }

    pub(crate) const fn with_extended(mut self, extended: ExtendedProperties) -> Self {
        self.extended = self.extended.union(extended);
        self.with(Properties::EXTENDED)
    }
}
