use bindrune_wire::{Level, Uuid};

use super::{Content, OnlyStatic, Permission, Properties, builder::value_builders};

/// A characteristic descriptor. [Vol 3] Part G, 3.3.3
///
/// It is a `static`, and its address is its identity; a `const` does not compile in a table. Without [`Self::value`]
/// each access asks the application. The characteristic's own builder creates the Client Characteristic
/// Configuration, the Extended Properties and a constant User Description, so they need no `Descriptor`.
#[derive(Debug)]
pub struct Descriptor {
    uuid: Uuid,
    properties: Properties,
    content: Content,
    _never_const: OnlyStatic,
}

impl Descriptor {
    /// Creates a descriptor that permits neither reads nor writes yet.
    #[must_use]
    pub const fn new(uuid: Uuid) -> Self {
        Self {
            uuid,
            properties: Properties::empty(),
            content: Content::APP,
            _never_const: OnlyStatic,
        }
    }

    /// Creates a Characteristic Presentation Format: format, exponent, unit (2), name space, description (2).
    /// [Vol 3] Part G, 3.3.3.5
    #[must_use]
    pub const fn presentation_format(format: &'static [u8; 7]) -> Self {
        Self::new(Uuid::new_16(0x2904)).read().value(format)
    }

    /// Permits reads.
    #[must_use]
    pub const fn read(mut self) -> Self {
        self.properties = self.properties.union(Properties::READ);
        self
    }

    /// Permits writes, always with a response.
    #[must_use]
    pub const fn write(mut self) -> Self {
        self.properties = self.properties.union(Properties::WRITE);
        self
    }

    /// Lets the host hold the value, starting from `initial`.
    #[must_use]
    pub const fn value(mut self, initial: &'static [u8]) -> Self {
        self.content = self.content.held(initial);
        self
    }

    value_builders!();
}
