use core::slice::Iter;

use super::{Attribute, Characteristic, Descriptor, Entry, Extent, Service};

/// The attributes of a table in a range of handles, in order.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    built_in: &'static [Service],
    services: &'static [Service],
    includes: Iter<'static, &'static Service>,
    characteristics: Iter<'static, &'static Characteristic>,
    parts: Parts,
    at: Extent,
    start: u16,
    end: u16,
}

/// Start of a walk.
#[derive(Clone, Copy)]
enum From {
    /// At the attribute of this number, from 1 on.
    Attribute(usize),
    /// At the value of this index.
    Value(usize),
}

impl From {
    /// Returns whether the sums reach this point.
    const fn is_reached(self, sum: &Extent) -> bool {
        match self {
            Self::Attribute(number) => sum.attributes >= number,
            Self::Value(index) => sum.values > index,
        }
    }
}

impl Walk {
    /// Returns the attributes from one handle to another.
    pub(crate) fn to(
        built_in: &'static [Service],
        services: &'static [Service],
        (start, end): (u16, u16),
    ) -> Self {
        let mut walk = Self::new(built_in, services, From::Attribute(start.into()));
        (walk.start, walk.end) = (start, end);
        walk
    }

    /// Returns the attributes from the value of an index on, and possibly some before it.
    pub(crate) fn to_value(
        built_in: &'static [Service],
        services: &'static [Service],
        index: usize,
    ) -> Self {
        Self::new(built_in, services, From::Value(index))
    }

    /// Skips whole services and characteristics before the start by their counts. Attributes before the start within
    /// its characteristic, or among the includes of its service, are walked too.
    #[inline(never)]
    fn new(built_in: &'static [Service], services: &'static [Service], from: From) -> Self {
        let mut walk = Self {
            built_in,
            services,
            includes: [].iter(),
            characteristics: [].iter(),
            parts: Parts::none(),
            at: Extent::ZERO,
            start: 0,
            end: u16::MAX,
        };
        while let Some(service) = walk.next_service(false) {
            let end = walk.at.plus(service.extent());
            if from.is_reached(&end) {
                let inside = walk.at.plus(service.head());
                if !from.is_reached(&inside) {
                    let _begun = walk.next_service(true);
                    walk.at = inside;
                    walk.characteristics = service.characteristics().iter();
                    walk.skip_characteristics(from);
                }
                break;
            }
            let _passed = walk.next_service(true);
            walk.at = end;
        }
        walk
    }

    /// Returns the next service that was not started; it counts as started if `take` is set.
    fn next_service(&mut self, take: bool) -> Option<&'static Service> {
        let list = if self.built_in.is_empty() { &mut self.services } else { &mut self.built_in };
        let (service, rest) = list.split_first()?;
        if take {
            *list = rest;
        }
        Some(service)
    }

    fn skip_characteristics(&mut self, from: From) {
        while let [first, more @ ..] = self.characteristics.as_slice() {
            let end = self.at.plus(first.extent());
            if from.is_reached(&end) {
                break;
            }
            (self.at, self.characteristics) = (end, more.iter());
        }
    }

    fn attribute(&mut self) -> Option<Attribute> {
        if let Some(part) = self.parts.next() {
            return Some(part);
        }
        if let Some(included) = self.includes.next() {
            return Some(Attribute::Include(included));
        }
        if let Some(characteristic) = self.characteristics.next() {
            self.parts = Parts::of(characteristic);
            return Some(Attribute::Declaration(characteristic));
        }
        let service = self.next_service(true)?;
        self.includes = service.included().iter();
        self.characteristics = service.characteristics().iter();
        Some(Attribute::Service(service))
    }
}

impl Iterator for Walk {
    type Item = Entry;

    #[inline(never)]
    fn next(&mut self) -> Option<Entry> {
        loop {
            let attribute = self.attribute()?;
            let at = self.at;
            self.at = at.plus(attribute.extent());
            let handle = u16::try_from(self.at.attributes).ok()?;
            if handle > self.end {
                return None;
            }
            if handle >= self.start {
                return Some(Entry { handle, attribute, at });
            }
        }
    }
}

/// The attributes after a characteristic's declaration.
#[derive(Clone, Debug)]
struct Parts {
    of: Option<&'static Characteristic>,
    /// The implied attributes of the characteristic that remain: one bit for each, in order.
    implied: u8,
    descriptors: Iter<'static, &'static Descriptor>,
}

impl Parts {
    fn none() -> Self {
        Self { of: None, implied: 0, descriptors: [].iter() }
    }

    fn of(characteristic: &'static Characteristic) -> Self {
        let implied = 0x01
            | u8::from(characteristic.has_cccd()) << 1
            | u8::from(characteristic.has_extended()) << 2
            | u8::from(characteristic.description().is_some()) << 3;
        let descriptors = characteristic.more_descriptors().iter();
        Self { of: Some(characteristic), implied, descriptors }
    }

    fn next(&mut self) -> Option<Attribute> {
        if let Some(c) = self.of {
            let first = self.implied.trailing_zeros();
            self.implied &= self.implied.wrapping_sub(1);
            match first {
                0 => return Some(Attribute::Value(c)),
                1 => return Some(Attribute::Cccd(c)),
                2 => return Some(Attribute::ExtendedProperties(c)),
                3 => return Some(Attribute::UserDescription(c)),
                _ => self.of = None,
            }
        }
        self.descriptors.next().map(|descriptor| Attribute::Descriptor(descriptor))
    }
}
