//! Contents of the attributes that [`Service`](super::Service) knows.

use bindrune_wire::{NoRoom, Uuid, Writer};

use super::{Port, Profile, Protocol};
use crate::{
    AttributeId, Value,
    element::SEQUENCE,
    protocol,
    value::{self, uuid_len, with_header, write_header},
};

/// UTF-8 in the list of character sets of IANA.
const UTF_8: u16 = 106;

#[derive(Clone, Copy, Debug)]
pub(super) enum Content<'a> {
    Value(Value<'a>),
    Uuids(&'a [Uuid]),
    Protocols(Port, &'a [Protocol<'a>]),
    Profiles(&'a [Profile]),
    Language([u8; 2]),
}

impl<'a> Content<'a> {
    pub(super) const fn uuids(uuids: &'a [Uuid]) -> Option<Self> {
        if uuids.is_empty() { None } else { Some(Self::Uuids(uuids)) }
    }

    pub(super) const fn protocols(port: Port, above: &'a [Protocol<'a>]) -> Option<Self> {
        match (port, above) {
            (Port::None, []) => None,
            _ => Some(Self::Protocols(port, above)),
        }
    }

    pub(super) const fn profiles(profiles: &'a [Profile]) -> Option<Self> {
        if profiles.is_empty() { None } else { Some(Self::Profiles(profiles)) }
    }

    pub(super) const fn text(text: Option<&'a str>) -> Option<Self> {
        match text {
            Some(text) => Some(Self::Value(Value::Text(text))),
            None => None,
        }
    }

    pub(super) const fn encoded_len(&self) -> usize {
        match self {
            Self::Value(value) => value.encoded_len(),
            Self::Uuids(_) | Self::Protocols(..) | Self::Profiles(_) | Self::Language(_) => {
                with_header(self.body_len())
            }
        }
    }

    pub(super) fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        if let Self::Value(value) = self {
            return value.write(w);
        }
        write_header(w, SEQUENCE, self.body_len())?;
        match *self {
            Self::Value(_) => Ok(()),
            Self::Uuids(uuids) => uuids.iter().try_for_each(|uuid| value::write_uuid(w, *uuid)),
            Self::Protocols(port, above) => {
                write_port(w, port)?;
                above.iter().try_for_each(|p| descriptor(w, p.uuid, p.parameters))
            }
            Self::Profiles(profiles) => {
                profiles.iter().try_for_each(|p| descriptor(w, p.uuid, &[Value::U16(p.version)]))
            }
            Self::Language(language) => {
                Value::U16(u16::from_be_bytes(language)).write(w)?;
                Value::U16(UTF_8).write(w)?;
                Value::U16(AttributeId::SERVICE_NAME.0).write(w)
            }
        }
    }

    const fn body_len(&self) -> usize {
        let mut sum = 0usize;
        match *self {
            Self::Value(_) => {}
            Self::Uuids(mut rest) => {
                while let [first, more @ ..] = rest {
                    sum = sum.saturating_add(uuid_len(*first));
                    rest = more;
                }
            }
            Self::Protocols(port, mut rest) => {
                sum = port_len(port);
                while let [first, more @ ..] = rest {
                    sum = sum.saturating_add(descriptor_len(first.uuid, first.parameters));
                    rest = more;
                }
            }
            Self::Profiles(mut rest) => {
                while let [first, more @ ..] = rest {
                    sum = sum.saturating_add(descriptor_len(first.uuid, &[Value::U16(0)]));
                    rest = more;
                }
            }
            Self::Language(_) => sum = value::total(&[Value::U16(0); 3]),
        }
        sum
    }
}

const fn port_len(port: Port) -> usize {
    match port {
        Port::None => 0,
        Port::L2cap(_) => descriptor_len(protocol::L2CAP, &[Value::U16(0)]),
        Port::Rfcomm(_) => descriptor_len(protocol::L2CAP, &[])
            .saturating_add(descriptor_len(protocol::RFCOMM, &[Value::U8(0)])),
    }
}

fn write_port(w: &mut Writer<'_>, port: Port) -> Result<(), NoRoom> {
    match port {
        Port::None => Ok(()),
        Port::L2cap(psm) => descriptor(w, protocol::L2CAP, &[Value::U16(psm)]),
        Port::Rfcomm(channel) => {
            descriptor(w, protocol::L2CAP, &[])?;
            descriptor(w, protocol::RFCOMM, &[Value::U8(channel)])
        }
    }
}

const fn descriptor_len(uuid: Uuid, parameters: &[Value<'_>]) -> usize {
    with_header(uuid_len(uuid).saturating_add(value::total(parameters)))
}

fn descriptor(w: &mut Writer<'_>, uuid: Uuid, parameters: &[Value<'_>]) -> Result<(), NoRoom> {
    let len = uuid_len(uuid).saturating_add(value::total(parameters));
    write_header(w, SEQUENCE, len)?;
    value::write_uuid(w, uuid)?;
    parameters.iter().try_for_each(|parameter| parameter.write(w))
}
