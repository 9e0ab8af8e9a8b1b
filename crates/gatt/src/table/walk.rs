use core::{iter::Chain, slice::Iter};

use super::{Attribute, Characteristic, Descriptor, Entry, Extent, Service};

/// All attributes of a table from some handle on, in order of handles.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    services: Chain<Iter<'static, Service>, Iter<'static, Service>>,
    includes: Iter<'static, &'static Service>,
    characteristics: Iter<'static, &'static Characteristic>,
    parts: Parts,
    at: Extent,
}

impl Walk {
    /// Begins at the service that `start` lies in; whole services before it are passed over by their counts.
    pub(crate) fn new(
        built_in: &'static [Service],
        services: &'static [Service],
        start: u16,
    ) -> Self {
        let mut services = built_in.iter().chain(services);
        let mut at = Extent::ZERO;
        loop {
            let mut ahead = services.clone();
            let Some(extent) = ahead.next().map(Service::extent) else { break };
            if at.attributes.saturating_add(extent.attributes) >= usize::from(start) {
                break;
            }
            at = at.plus(extent);
            services = ahead;
        }
        Self { services, includes: [].iter(), characteristics: [].iter(), parts: Parts::none(), at }
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
        let service = self.services.next()?;
        self.includes = service.included().iter();
        self.characteristics = service.characteristics().iter();
        Some(Attribute::Service(service))
    }
}

impl Iterator for Walk {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let attribute = self.attribute()?;
        let at = self.at;
        self.at = at.plus(attribute.extent());
        let handle = u16::try_from(self.at.attributes).ok()?;
        Some(Entry { handle, attribute, at })
    }
}

/// What follows a characteristic's declaration.
#[derive(Clone, Debug)]
struct Parts {
    implied: [Option<Attribute>; 4],
    next: usize,
    descriptors: Iter<'static, &'static Descriptor>,
}

impl Parts {
    fn none() -> Self {
        Self { implied: [None; 4], next: 4, descriptors: [].iter() }
    }

    fn of(characteristic: &'static Characteristic) -> Self {
        let c = characteristic;
        let implied = [
            Some(Attribute::Value(c)),
            c.has_cccd().then_some(Attribute::Cccd(c)),
            c.has_extended().then_some(Attribute::ExtendedProperties(c)),
            c.description().map(|_| Attribute::UserDescription(c)),
        ];
        Self { implied, next: 0, descriptors: c.more_descriptors().iter() }
    }

    fn next(&mut self) -> Option<Attribute> {
        while let Some(&implied) = self.implied.get(self.next) {
            self.next = self.next.saturating_add(1);
            if implied.is_some() {
                return implied;
            }
        }
        self.descriptors.next().map(|descriptor| Attribute::Descriptor(descriptor))
    }
}
