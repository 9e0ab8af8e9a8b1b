//! Service records made of constants. [Vol 3] Part B, 2.2 and 5.1

use bindrune_wire::{NoRoom, Uuid, Writer};

mod content;

use crate::{AttributeId, Value, class, element::SEQUENCE, value};
use content::Content;

/// A service record to register, which can be a constant.
///
/// ```
/// use bindrune_sdp::{Port, Profile, Service, class};
///
/// static CONSOLE: Service<'static> = Service::new(&[class::SERIAL_PORT], Port::Rfcomm(3))
///     .profiles(&[Profile::new(class::SERIAL_PORT, 0x0102)])
///     .name("Console");
/// static LENGTH: usize = CONSOLE.encoded_len();
/// # assert_eq!(CONSOLE.encode(0x10000, &mut [0; 100]), Ok(LENGTH));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Service<'a> {
    classes: &'a [Uuid],
    port: Port,
    protocols: &'a [Protocol<'a>],
    browse_groups: &'a [Uuid],
    profiles: &'a [Profile],
    service_id: Option<Uuid>,
    record_state: Option<u32>,
    language: [u8; 2],
    name: Option<&'a str>,
    description: Option<&'a str>,
    provider: Option<&'a str>,
    attributes: &'a [(AttributeId, Value<'a>)],
}

/// Where a client connects to use a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Port {
    /// No channel: the record has no protocols.
    None,
    /// An L2CAP channel with this PSM.
    L2cap(u16),
    /// This server channel of RFCOMM, 1 to 30.
    Rfcomm(u8),
}

/// A protocol above the channel, with its parameters. [Vol 3] Part B, 5.1.5
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protocol<'a> {
    uuid: Uuid,
    parameters: &'a [Value<'a>],
}

impl<'a> Protocol<'a> {
    /// Creates a protocol, for example [`protocol::OBEX`](crate::protocol::OBEX) without parameters.
    #[must_use]
    pub const fn new(uuid: Uuid, parameters: &'a [Value<'a>]) -> Self {
        Self { uuid, parameters }
    }
}

/// A profile that a service conforms to. [Vol 3] Part B, 5.1.11
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Profile {
    /// The profile's UUID.
    pub uuid: Uuid,
    /// The version: 0x0102 is 1.2.
    pub version: u16,
}

impl Profile {
    /// Creates a profile. A version of 0x0102 is 1.2.
    #[must_use]
    pub const fn new(uuid: Uuid, version: u16) -> Self {
        Self { uuid, version }
    }
}

impl<'a> Service<'a> {
    /// Creates a record of the public browse group, with its service classes from the most special to the most
    /// general.
    #[must_use]
    pub const fn new(classes: &'a [Uuid], port: Port) -> Self {
        Self {
            classes,
            port,
            protocols: &[],
            browse_groups: &[class::PUBLIC_BROWSE_ROOT],
            profiles: &[],
            service_id: None,
            record_state: None,
            language: *b"en",
            name: None,
            description: None,
            provider: None,
            attributes: &[],
        }
    }

    /// Sets the protocols above L2CAP or RFCOMM.
    #[must_use]
    pub const fn protocols(mut self, protocols: &'a [Protocol<'a>]) -> Self {
        self.protocols = protocols;
        self
    }

    /// Sets the browse groups; none hides the record from a client that browses.
    #[must_use]
    pub const fn browse_groups(mut self, groups: &'a [Uuid]) -> Self {
        self.browse_groups = groups;
        self
    }

    /// Sets the profiles that the service conforms to.
    #[must_use]
    pub const fn profiles(mut self, profiles: &'a [Profile]) -> Self {
        self.profiles = profiles;
        self
    }

    /// Sets the UUID of this instance of the service.
    #[must_use]
    pub const fn service_id(mut self, id: Uuid) -> Self {
        self.service_id = Some(id);
        self
    }

    /// Sets the ServiceRecordState, which changes whenever the record does.
    #[must_use]
    pub const fn record_state(mut self, state: u32) -> Self {
        self.record_state = Some(state);
        self
    }

    /// Sets the language of the texts, two letters of ISO 639; `en` at first.
    #[must_use]
    pub const fn language(mut self, language: [u8; 2]) -> Self {
        self.language = language;
        self
    }

    /// Sets the name of the service, for users.
    #[must_use]
    pub const fn name(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    /// Sets the description of the service, for users.
    #[must_use]
    pub const fn description(mut self, description: &'a str) -> Self {
        self.description = Some(description);
        self
    }

    /// Sets the provider of the service, for users.
    #[must_use]
    pub const fn provider(mut self, provider: &'a str) -> Self {
        self.provider = Some(provider);
        self
    }

    /// Sets further attributes, in any order. One replaces what the other methods have set for its ID. The handle
    /// cannot be replaced.
    #[must_use]
    pub const fn attributes(mut self, attributes: &'a [(AttributeId, Value<'a>)]) -> Self {
        self.attributes = attributes;
        self
    }

    /// Returns the length of the encoded record in bytes.
    #[must_use]
    pub const fn encoded_len(&self) -> usize {
        value::with_header(self.contents_len())
    }

    /// Writes the record as one data element sequence, and returns its length in bytes.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is shorter than [`Self::encoded_len`].
    pub fn encode(&self, handle: u32, buffer: &mut [u8]) -> Result<usize, NoRoom> {
        let mut w = Writer::new(buffer);
        value::write_header(&mut w, SEQUENCE, self.contents_len())?;
        Value::U16(AttributeId::SERVICE_RECORD_HANDLE.0).write(&mut w)?;
        Value::U32(handle).write(&mut w)?;
        let mut last = 0;
        while let Some((id, content)) = self.next_after(last) {
            Value::U16(id).write(&mut w)?;
            content.write(&mut w)?;
            last = id;
        }
        Ok(w.len())
    }

    const fn contents_len(&self) -> usize {
        let handle = Value::U32(0).encoded_len();
        let (mut sum, mut last) = (ID_LEN.saturating_add(handle), 0);
        while let Some((id, content)) = self.next_after(last) {
            sum = sum.saturating_add(ID_LEN).saturating_add(content.encoded_len());
            last = id;
        }
        sum
    }

    /// Returns the attribute with the least ID above `last`.
    const fn next_after(&self, last: u16) -> Option<(u16, Content<'a>)> {
        let mut next: Option<(u16, Content<'a>)> = None;
        let mut rest = self.attributes;
        while let [(id, value), more @ ..] = rest {
            if id.0 > last && is_before(id.0, &next) {
                next = Some((id.0, Content::Value(*value)));
            }
            rest = more;
        }
        let mut rest = BUILT_IN;
        while let [id, more @ ..] = rest {
            if id.0 > last
                && is_before(id.0, &next)
                && let Some(content) = self.built_in(*id)
            {
                next = Some((id.0, content));
            }
            rest = more;
        }
        next
    }

    const fn built_in(&self, id: AttributeId) -> Option<Content<'a>> {
        match id {
            AttributeId::SERVICE_CLASS_ID_LIST => Content::uuids(self.classes),
            AttributeId::SERVICE_RECORD_STATE => match self.record_state {
                Some(state) => Some(Content::Value(Value::U32(state))),
                None => None,
            },
            AttributeId::SERVICE_ID => match self.service_id {
                Some(id) => Some(Content::Value(Value::Uuid(id))),
                None => None,
            },
            AttributeId::PROTOCOL_DESCRIPTOR_LIST => Content::protocols(self.port, self.protocols),
            AttributeId::BROWSE_GROUP_LIST => Content::uuids(self.browse_groups),
            AttributeId::LANGUAGE_BASE_ATTRIBUTE_ID_LIST => self.has_text(),
            AttributeId::PROFILE_DESCRIPTOR_LIST => Content::profiles(self.profiles),
            AttributeId::SERVICE_NAME => Content::text(self.name),
            AttributeId::SERVICE_DESCRIPTION => Content::text(self.description),
            AttributeId::PROVIDER_NAME => Content::text(self.provider),
            _ => None,
        }
    }

    const fn has_text(&self) -> Option<Content<'a>> {
        match (self.name, self.description, self.provider) {
            (None, None, None) => None,
            _ => Some(Content::Language(self.language)),
        }
    }
}

/// The length of an attribute's ID as a data element, in octets.
const ID_LEN: usize = Value::U16(0).encoded_len();

/// Attributes that the methods of [`Service`] set.
const BUILT_IN: &[AttributeId] = &[
    AttributeId::SERVICE_CLASS_ID_LIST,
    AttributeId::SERVICE_RECORD_STATE,
    AttributeId::SERVICE_ID,
    AttributeId::PROTOCOL_DESCRIPTOR_LIST,
    AttributeId::BROWSE_GROUP_LIST,
    AttributeId::LANGUAGE_BASE_ATTRIBUTE_ID_LIST,
    AttributeId::PROFILE_DESCRIPTOR_LIST,
    AttributeId::SERVICE_NAME,
    AttributeId::SERVICE_DESCRIPTION,
    AttributeId::PROVIDER_NAME,
];

const fn is_before(id: u16, next: &Option<(u16, Content<'_>)>) -> bool {
    match next {
        Some((found, _)) => id < *found,
        None => true,
    }
}

#[cfg(test)]
mod tests;
