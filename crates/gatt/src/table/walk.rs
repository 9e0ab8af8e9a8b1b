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
    /// Begins in front of the first attribute at which `reached` is true of the sums up to it, itself included.
    ///
    /// Whole services and characteristics before it are passed over by their counts; what comes before it in its
    /// characteristic, or among the includes of its service, is walked as well.
    pub(crate) fn to(
        built_in: &'static [Service],
        services: &'static [Service],
        reached: impl Fn(&Extent) -> bool,
    ) -> Self {
        let mut services = built_in.iter().chain(services);
        let mut at = Extent::ZERO;
        let mut begun = None;
        loop {
            let mut ahead = services.clone();
            let Some(service) = ahead.next() else { break };
            let end = at.plus(service.extent());
            if reached(&end) {
                begun = Some(service).filter(|service| !reached(&at.plus(service.head())));
                services = if begun.is_some() { ahead } else { services };
                break;
            }
            (at, services) = (end, ahead);
        }
        let mut walk = Self {
            services,
            includes: [].iter(),
            characteristics: [].iter(),
            parts: Parts::none(),
            at,
        };
        if let Some(service) = begun {
            walk.at = at.plus(service.head());
            walk.characteristics = service.characteristics().iter();
            walk.skip_characteristics(reached);
        }
        walk
    }

    fn skip_characteristics(&mut self, reached: impl Fn(&Extent) -> bool) {
        while let [first, more @ ..] = self.characteristics.as_slice() {
            let end = self.at.plus(first.extent());
            if reached(&end) {
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
    of: Option<&'static Characteristic>,
    /// What is left of the attributes that the characteristic has without being given them: a bit for each, in their order.
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
