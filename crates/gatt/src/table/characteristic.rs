use bindrune_wire::{Level, Uuid};

use super::{
    BuiltIn, Content, Descriptor, ExtendedProperties, Extent, Holder, OnlyStatic, Permission,
    Properties, builder::value_builders,
};

/// A characteristic. [Vol 3] Part G, 3.3
///
/// It is a `static`, and its address is its identity. A `const` would have another address at each use, so it does not
/// compile in a table. With [`Self::value`] or [`Self::append`] the host holds the value; otherwise each access asks
/// the application.
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
    /// Creates a characteristic without properties.
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

    /// Permits reads.
    #[must_use]
    pub const fn read(self) -> Self {
        self.with(Properties::READ)
    }

    /// Permits writes with a response, also in parts.
    #[must_use]
    pub const fn write(self) -> Self {
        self.with(Properties::WRITE)
    }

    /// Permits writes without a response.
    #[must_use]
    pub const fn write_without_response(self) -> Self {
        self.with(Properties::WRITE_WITHOUT_RESPONSE)
    }

    /// Permits notifications, and adds a Client Characteristic Configuration descriptor.
    #[must_use]
    pub const fn notify(self) -> Self {
        self.with(Properties::NOTIFY)
    }

    /// Permits indications, and adds a Client Characteristic Configuration descriptor.
    #[must_use]
    pub const fn indicate(self) -> Self {
        self.with(Properties::INDICATE)
    }

    /// Permits signed writes.
    #[must_use]
    pub const fn signed_write(self) -> Self {
        self.with(Properties::SIGNED_WRITE)
    }

    /// Permits broadcasts.
    #[must_use]
    pub const fn broadcast(self) -> Self {
        self.with(Properties::BROADCAST)
    }

    /// Permits reliable writes, and adds an Extended Properties descriptor.
    #[must_use]
    pub const fn reliable_write(self) -> Self {
        self.with_extended(ExtendedProperties::RELIABLE_WRITE)
    }

    /// Permits writes of the User Description, and adds an Extended Properties descriptor. The description itself is
    /// then a writable [`Descriptor`] of type 0x2901.
    #[must_use]
    pub const fn writable_auxiliaries(self) -> Self {
        self.with_extended(ExtendedProperties::WRITABLE_AUXILIARIES)
    }

    /// Lets the host hold the value, starting from `initial`. Its maximum length is that of `initial`, unless
    /// [`Self::max_len`] sets more.
    #[must_use]
    pub const fn value(mut self, initial: &'static [u8]) -> Self {
        self.content = self.content.held(initial);
        self
    }

    /// Lets the host hold a buffer of `room` octets, in which successive writes accumulate until the application takes
    /// them. If a write does not fit, it is answered with Insufficient Resources; a command is counted as dropped.
    #[must_use]
    pub const fn append(mut self, room: u16) -> Self {
        self.content = self.content.appended(room);
        self
    }

    value_builders!();

    /// Adds descriptors after the implied ones, in order.
    #[must_use]
    pub const fn descriptors(mut self, descriptors: &'static [&'static Descriptor]) -> Self {
        self.descriptors = descriptors;
        self
    }

    /// Adds a constant, readable Characteristic User Description. [Vol 3] Part G, 3.3.3.2
    #[must_use]
    pub const fn user_description(mut self, text: &'static str) -> Self {
        self.user_description = Some(text);
        self
    }

    /// Returns the extended properties.
    #[must_use]
    pub const fn extended_properties(&self) -> ExtendedProperties {
        self.extended
    }

    /// Returns whether the host holds the value; false if the application holds it.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        !matches!(self.content.holder, Holder::App)
    }

    /// Captures writes: see `capture` of the capability with that name.
    pub(crate) const fn with_capture(mut self, room: u16) -> Self {
        assert!(
            !matches!(self.content.holder, Holder::Append),
            "an append buffer does not keep the boundaries of writes, so it cannot capture them"
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

    /// Returns the number of attributes: declaration, value, implied descriptors, descriptors.
    pub(crate) const fn attribute_count(&self) -> usize {
        let mut count: usize = 2;
        count = count.saturating_add(self.has_cccd() as usize);
        count = count.saturating_add(self.has_extended() as usize);
        count = count.saturating_add(self.user_description.is_some() as usize);
        count.saturating_add(self.descriptors.len())
    }

    /// Returns the extent of the characteristic: attributes, arena, CCCDs, values.
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
