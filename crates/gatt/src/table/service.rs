use core::slice::Iter;

use bindrune_wire::Uuid;

use super::{Characteristic, Content, Descriptor};

/// A service: its declaration, the services that it includes, and its characteristics. [Vol 3] Part G, 3.1
#[derive(Clone, Copy, Debug)]
pub struct Service {
    uuid: Uuid,
    primary: bool,
    includes: &'static [&'static Self],
    characteristics: &'static [&'static Characteristic],
    extent: Extent,
}

impl Service {
    /// Creates a primary service.
    #[must_use]
    pub const fn primary(uuid: Uuid, characteristics: &'static [&'static Characteristic]) -> Self {
        Self { uuid, primary: true, includes: &[], characteristics, extent: sum(characteristics) }
    }

    /// Creates a secondary service, which is found only through a service that includes it.
    #[must_use]
    pub const fn secondary(
        uuid: Uuid,
        characteristics: &'static [&'static Characteristic],
    ) -> Self {
        Self { primary: false, ..Self::primary(uuid, characteristics) }
    }

    /// Includes services of the same table.
    #[must_use]
    pub const fn includes(mut self, services: &'static [&'static Self]) -> Self {
        let before = self.extent.attributes.saturating_sub(self.includes.len());
        self.extent.attributes = before.saturating_add(services.len());
        self.includes = services;
        self
    }

    /// Returns the service's UUID.
    #[must_use]
    pub const fn uuid(&self) -> Uuid {
        self.uuid
    }

    /// Returns whether this is a primary service.
    #[must_use]
    pub const fn is_primary(&self) -> bool {
        self.primary
    }

    /// Returns the services that this one includes.
    #[must_use]
    pub const fn included(&self) -> &'static [&'static Self] {
        self.includes
    }

    /// Returns the characteristics, in order.
    #[must_use]
    pub const fn characteristics(&self) -> &'static [&'static Characteristic] {
        self.characteristics
    }

    /// Returns the contents of the values and explicit descriptors, in order.
    pub(crate) fn contents(&self) -> Contents {
        Contents { characteristics: self.characteristics.iter(), descriptors: [].iter() }
    }

    /// Returns whether both are the same service: the same UUID and the same characteristics. A copy is the same
    /// service.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let pairs = || self.characteristics.iter().zip(other.characteristics);
        self.uuid == other.uuid
            && self.primary == other.primary
            && self.characteristics.len() == other.characteristics.len()
            && pairs().all(|(a, b)| core::ptr::eq(*a, *b))
    }

    /// Returns the extent of the service: attributes, arena, CCCDs, values.
    pub(crate) const fn extent(&self) -> Extent {
        self.extent
    }

    /// Returns the extent before the characteristics: the declaration and the includes.
    pub(crate) const fn head(&self) -> Extent {
        let mut extent = Extent::ZERO;
        extent.attributes = self.includes.len().saturating_add(1);
        extent
    }
}

/// The contents of the values and explicit descriptors of a service, in order.
pub(crate) struct Contents {
    characteristics: Iter<'static, &'static Characteristic>,
    descriptors: Iter<'static, &'static Descriptor>,
}

impl Iterator for Contents {
    type Item = &'static Content;

    #[inline(never)]
    fn next(&mut self) -> Option<&'static Content> {
        if let Some(descriptor) = self.descriptors.next() {
            return Some(descriptor.content());
        }
        let c = self.characteristics.next()?;
        self.descriptors = c.more_descriptors().iter();
        Some(c.content())
    }
}

/// Returns the extent of a service without includes.
const fn sum(characteristics: &[&Characteristic]) -> Extent {
    let (mut extent, mut rest) = (Extent::ZERO, characteristics);
    extent.attributes = 1;
    while let [first, more @ ..] = rest {
        extent = extent.plus(first.extent());
        rest = more;
    }
    extent
}

/// Sums over attributes. The position of an attribute is the sums over all attributes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Number of attributes.
    pub(crate) attributes: usize,
    /// Octets of arena.
    pub(crate) arena: usize,
    /// Number of Client Characteristic Configuration descriptors.
    pub(crate) cccds: usize,
    /// Number of characteristic values and explicit descriptors.
    pub(crate) values: usize,
}

impl Extent {
    pub(crate) const ZERO: Self = Self { attributes: 0, arena: 0, cccds: 0, values: 0 };

    pub(crate) const fn of(services: &[Service]) -> Self {
        let (mut sum, mut rest) = (Self::ZERO, services);
        while let [first, more @ ..] = rest {
            sum = sum.plus(first.extent());
            rest = more;
        }
        sum
    }

    /// Adds the sums of what follows. They do not overflow: each value holds at most 65,535 octets, and statics with
    /// 65,536 attributes form no table.
    pub(crate) const fn plus(self, other: Self) -> Self {
        Self {
            attributes: self.attributes.wrapping_add(other.attributes),
            arena: self.arena.wrapping_add(other.arena),
            cccds: self.cccds.wrapping_add(other.cccds),
            values: self.values.wrapping_add(other.values),
        }
    }
}
