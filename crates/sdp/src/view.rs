//! Views of encoded records. [Vol 3] Part B, 2.2

use bindrune_wire::{Malformed, Uuid};

mod text;

use crate::{AttributeId, Element, Elements, Port, Profile, class, protocol};
pub use text::Text;

/// The records in the results of a service search attribute transaction.
///
/// The iterator omits a malformed record, and [`Records::malformed`] counts those.
#[derive(Clone, Copy, Debug, Default)]
pub struct Records<'a>(Elements<'a>);

impl<'a> Records<'a> {
    /// Parses the complete results: one sequence that contains a sequence for each record.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the results are not one sequence, or are cut off.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let lists = sequence(octets)?;
        let mut rest = lists;
        while rest.take_octets().is_some() {}
        if rest.octets().is_empty() { Ok(Self(lists)) } else { Err(Malformed::Truncated) }
    }

    /// Returns how many of the records that are left are malformed.
    #[must_use]
    pub fn malformed(&self) -> usize {
        self.0.filter(|element| record(*element).is_none()).count()
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        self.0.by_ref().find_map(record)
    }
}

fn record(element: Element<'_>) -> Option<Record<'_>> {
    let Element::Sequence(list) = element else { return None };
    list.check().ok().map(|()| Record(list))
}

fn sequence(octets: &[u8]) -> Result<Elements<'_>, Malformed> {
    let mut r = bindrune_wire::Reader::new(octets);
    let element = Element::shallow(&mut r)?;
    r.finish()?;
    if let Element::Sequence(list) = element { Ok(list) } else { Err(Malformed::Value) }
}

/// A service record, or those of its attributes that were requested.
#[derive(Clone, Copy, Debug, Default)]
pub struct Record<'a>(Elements<'a>);

impl<'a> Record<'a> {
    pub(crate) const fn new(list: Elements<'a>) -> Self {
        Self(list)
    }

    /// Parses the complete results of a service attribute transaction, or an encoded record.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the octets are not one well-formed sequence.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let list = sequence(octets)?;
        list.check()?;
        Ok(Self(list))
    }

    /// Returns the octets of the attributes, without the header of the record.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.0.octets()
    }

    /// Returns the attributes, in the order of the record.
    #[must_use]
    pub const fn attributes(&self) -> Attributes<'a> {
        Attributes(self.0)
    }

    /// Returns the value of an attribute.
    #[must_use]
    pub fn attribute(&self, id: AttributeId) -> Option<Element<'a>> {
        self.attributes().find(|(found, _)| *found == id).map(|(_, value)| value)
    }

    /// Returns whether one of the attributes contains `uuid`, at any depth. [Vol 3] Part B, 2.7.1
    #[must_use]
    pub fn contains(&self, uuid: Uuid) -> bool {
        self.0.contains(uuid)
    }

    /// Returns the handle that names the record on its server.
    #[must_use]
    pub fn handle(&self) -> Option<u32> {
        let handle = self.attribute(AttributeId::SERVICE_RECORD_HANDLE)?;
        if let Element::U32(handle) = handle { Some(handle) } else { None }
    }

    /// Returns the service classes, from the most special to the most general.
    pub fn classes(&self) -> impl Iterator<Item = Uuid> + use<'a> {
        self.uuids(AttributeId::SERVICE_CLASS_ID_LIST)
    }

    /// Returns the browse groups.
    pub fn browse_groups(&self) -> impl Iterator<Item = Uuid> + use<'a> {
        self.uuids(AttributeId::BROWSE_GROUP_LIST)
    }

    /// Returns whether the record is in the public browse group.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.browse_groups().any(|group| group == class::PUBLIC_BROWSE_ROOT)
    }

    /// Returns the protocols from the lowest to the highest. Of several alternatives these are the first.
    pub fn protocols(&self) -> impl Iterator<Item = Descriptor<'a>> + use<'a> {
        let list = match self.attribute(AttributeId::PROTOCOL_DESCRIPTOR_LIST) {
            Some(Element::Alternative(mut stacks)) => stacks.next().and_then(|e| e.elements()),
            other => other.and_then(|element| element.elements()),
        };
        list.unwrap_or_default().filter_map(Descriptor::of)
    }

    /// Returns where a client connects: the server channel of RFCOMM if there is one, otherwise the PSM of L2CAP.
    #[must_use]
    pub fn port(&self) -> Port {
        let mut port = Port::None;
        for descriptor in self.protocols() {
            let number = descriptor.number();
            if descriptor.uuid == protocol::RFCOMM {
                return number.and_then(|n| n.try_into().ok()).map_or(Port::None, Port::Rfcomm);
            }
            if descriptor.uuid == protocol::L2CAP {
                port = number.map_or(Port::None, Port::L2cap);
            }
        }
        port
    }

    /// Returns the profiles that the service conforms to, with their versions.
    pub fn profiles(&self) -> impl Iterator<Item = Profile> + use<'a> {
        let list = self.list(AttributeId::PROFILE_DESCRIPTOR_LIST);
        list.filter_map(Descriptor::of)
            .map(|d| Profile { uuid: d.uuid, version: d.number().unwrap_or_default() })
    }

    /// Returns the UUID of this instance of the service.
    #[must_use]
    pub fn service_id(&self) -> Option<Uuid> {
        self.attribute(AttributeId::SERVICE_ID)?.as_uuid()
    }

    /// Returns the name of the service in its first language.
    #[must_use]
    pub fn name(&self) -> Option<Text<'a>> {
        self.text(AttributeId::SERVICE_NAME)
    }

    /// Returns the description of the service in its first language.
    #[must_use]
    pub fn description(&self) -> Option<Text<'a>> {
        self.text(AttributeId::SERVICE_DESCRIPTION)
    }

    /// Returns the provider of the service in its first language.
    #[must_use]
    pub fn provider(&self) -> Option<Text<'a>> {
        self.text(AttributeId::PROVIDER_NAME)
    }

    /// Returns the text whose ID is `id` for the base 0x0100.
    fn text(&self, id: AttributeId) -> Option<Text<'a>> {
        let offset = id.0.saturating_sub(AttributeId::SERVICE_NAME.0);
        let id = AttributeId(self.language_base().checked_add(offset)?);
        let text = self.attribute(id)?;
        if let Element::Text(octets) = text { Some(Text::new(octets)) } else { None }
    }

    /// Returns the ID of the first text in the first language. [Vol 3] Part B, 5.1.8
    fn language_base(&self) -> u16 {
        let mut list = self.list(AttributeId::LANGUAGE_BASE_ATTRIBUTE_ID_LIST);
        match list.nth(2) {
            Some(Element::U16(base)) => base,
            _ => AttributeId::SERVICE_NAME.0,
        }
    }

    fn list(&self, id: AttributeId) -> Elements<'a> {
        self.attribute(id).and_then(|element| element.elements()).unwrap_or_default()
    }

    fn uuids(&self, id: AttributeId) -> impl Iterator<Item = Uuid> + use<'a> {
        self.list(id).filter_map(|element| element.as_uuid())
    }
}

/// The attributes of a record: pairs of ID and value. The iterator ends at the first malformed pair.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a>(Elements<'a>);

impl<'a> Attributes<'a> {
    /// Takes the next attribute: its ID, and the octets of ID and value.
    pub(crate) fn take_octets(&mut self) -> Option<(u16, &'a [u8])> {
        let before = self.0.octets();
        let (AttributeId(id), _) = self.next()?;
        let len = before.len().saturating_sub(self.0.octets().len());
        Some((id, before.get(..len)?))
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (AttributeId, Element<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        match (self.0.next()?, self.0.next()?) {
            (Element::U16(id), value) => Some((AttributeId(id), value)),
            _ => {
                self.0 = Elements::default();
                None
            }
        }
    }
}

/// A protocol or a profile with its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor<'a> {
    /// The protocol or profile.
    pub uuid: Uuid,
    /// Its parameters.
    pub parameters: Elements<'a>,
}

impl<'a> Descriptor<'a> {
    fn of(element: Element<'a>) -> Option<Self> {
        if let Element::Uuid(uuid) = element {
            return Some(Self { uuid, parameters: Elements::default() });
        }
        let mut parameters = element.elements()?;
        let uuid = parameters.next()?.as_uuid()?;
        Some(Self { uuid, parameters })
    }

    /// Returns the first parameter if it is a number of at most 16 bits: a PSM, a channel or a version.
    #[must_use]
    pub fn number(&self) -> Option<u16> {
        let mut parameters = self.parameters;
        parameters.next()?.as_u16()
    }
}

#[cfg(test)]
mod tests;
