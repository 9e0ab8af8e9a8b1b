use bindrune_wire::{Level, Uuid};

use super::{Content, Permission, Properties};

/// A characteristic descriptor. [Vol 3] Part G, 3.3.3
///
/// It is a `static`, and its address is its identity. Without [`Self::value`] the app is asked at each access.
/// Client Characteristic Configuration, Extended Properties and a constant User Description are made by the
/// characteristic's own builder, and need no `Descriptor`.
#[derive(Debug)]
pub struct Descriptor {
    uuid: Uuid,
    properties: Properties,
    content: Content,
}

impl Descriptor {
    /// A descriptor that may be neither read nor written yet.
    #[must_use]
    pub const fn new(uuid: Uuid) -> Self {
        Self { uuid, properties: Properties::empty(), content: Content::APP }
    }

    /// A Characteristic Presentation Format: format, exponent, unit (2), name space, description (2).
    /// [Vol 3] Part G, 3.3.3.5
    #[must_use]
    pub const fn presentation_format(format: &'static [u8; 7]) -> Self {
        Self::new(Uuid::new_16(0x2904)).read().value(format)
    }

    /// It may be read.
    #[must_use]
    pub const fn read(mut self) -> Self {
        self.properties = self.properties.union(Properties::READ);
        self
    }

    /// It may be written, always with a response.
    #[must_use]
    pub const fn write(mut self) -> Self {
        self.properties = self.properties.union(Properties::WRITE);
        self
    }

    /// The host holds the value, starting from `initial`.
    #[must_use]
    pub const fn value(mut self, initial: &'static [u8]) -> Self {
        self.content = self.content.held(initial);
        self
    }

    /// The longest value in octets; never less than the initial value's length.
    #[must_use]
    pub const fn max_len(mut self, octets: u16) -> Self {
        self.content = self.content.max_len(octets);
        self
    }

    /// Every write must be exactly as long as the longest value.
    #[must_use]
    pub const fn fixed_len(mut self) -> Self {
        self.content.fixed = true;
        self
    }

    /// The security level that reading and writing ask for.
    #[must_use]
    pub const fn permission(mut self, level: Level) -> Self {
        self.content = self.content.permission(level);
        self
    }

    /// The security level that reading asks for.
    #[must_use]
    pub const fn read_permission(mut self, level: Level) -> Self {
        self.content.read.level = level;
        self
    }

    /// The security level that writing asks for.
    #[must_use]
    pub const fn write_permission(mut self, level: Level) -> Self {
        self.content.write.level = level;
        self
    }

    /// The shortest encryption key, in octets, that access asks for.
    #[must_use]
    pub const fn min_key_size(mut self, octets: u8) -> Self {
        self.content = self.content.min_key_size(octets);
        self
    }

    /// The user must have authorized the peer.
    #[must_use]
    pub const fn authorize(mut self) -> Self {
        self.content = self.content.authorize();
        self
    }

    /// The attribute type.
    #[must_use]
    pub const fn uuid(&self) -> Uuid {
        self.uuid
    }

    /// `READ` and `WRITE`, where they are allowed.
    #[must_use]
    pub const fn properties(&self) -> Properties {
        self.properties
    }

    /// What reading asks for.
    #[must_use]
    pub const fn reading(&self) -> Permission {
        self.content.read
    }

    /// What writing asks for.
    #[must_use]
    pub const fn writing(&self) -> Permission {
        self.content.write
    }

    pub(crate) const fn content(&self) -> &Content {
        &self.content
    }
}
