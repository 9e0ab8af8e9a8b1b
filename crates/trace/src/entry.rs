//! What the decoder says about one packet.

use std::{borrow::Cow, fmt};

use bindrune_hci::h4::Direction;

use crate::words;

/// The highest layer of a packet that was decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// A record of the capture that is not a packet, or a packet that is not H4.
    Capture,
    /// A command or an event.
    Hci,
    /// A fragment of an L2CAP PDU, or ACL data that is none.
    Acl,
    /// Synchronous data.
    Sco,
    /// Isochronous data.
    Iso,
    /// L2CAP signalling, or a frame of a channel.
    L2cap,
    /// An ATT PDU.
    Att,
    /// An SMP PDU.
    Smp,
    /// An SDP PDU.
    Sdp,
    /// An RFCOMM frame.
    Rfcomm,
}

impl Layer {
    /// All layers, the lowest first.
    pub const ALL: [Self; 10] = [
        Self::Capture,
        Self::Hci,
        Self::Acl,
        Self::Sco,
        Self::Iso,
        Self::L2cap,
        Self::Att,
        Self::Smp,
        Self::Sdp,
        Self::Rfcomm,
    ];

    /// Returns the name, in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Hci => "hci",
            Self::Acl => "acl",
            Self::Sco => "sco",
            Self::Iso => "iso",
            Self::L2cap => "l2cap",
            Self::Att => "att",
            Self::Smp => "smp",
            Self::Sdp => "sdp",
            Self::Rfcomm => "rfcomm",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number.
    Number(i64),
    /// A name, an address, a UUID, text of a peer.
    Text(String),
    /// Octets, in the order of the wire.
    Octets(Vec<u8>),
    /// Several values.
    List(Vec<Self>),
    /// Named values.
    Group(Vec<Field>),
}

/// A named value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name, in snake case.
    pub name: Cow<'static, str>,
    /// The value.
    pub value: Value,
}

/// A rule of the specification that a packet breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What is wrong.
    pub text: String,
    /// Where the specification has the rule.
    pub source: &'static str,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.text, self.source)
    }
}

/// One packet of the conversation, or a request that no packet answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Microseconds since 1970, or since the start of the capture; `None` if the capture has no times.
    pub time: Option<u64>,
    /// Direction of the packet.
    pub direction: Direction,
    /// The highest layer that was decoded.
    pub layer: Layer,
    /// Handle of the link.
    pub handle: Option<u16>,
    /// Address of the peer, if the capture shows it.
    pub peer: Option<String>,
    /// The packet in one line.
    pub summary: String,
    /// The fields of all layers, the lowest layer first.
    pub fields: Vec<Field>,
    /// Rules of the specification that the packet breaks.
    pub violations: Vec<Violation>,
}

impl Entry {
    pub(crate) const fn new(time: Option<u64>, direction: Direction) -> Self {
        Self {
            time,
            direction,
            layer: Layer::Capture,
            handle: None,
            peer: None,
            summary: String::new(),
            fields: Vec::new(),
            violations: Vec::new(),
        }
    }

    /// Returns the field with this name, the one of the highest layer if several have it.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields.iter().rev().find(|field| field.name == name).map(|field| &field.value)
    }

    /// Returns the direction for users: `sent` and `received` as the host sees it.
    #[must_use]
    pub const fn direction_name(&self) -> &'static str {
        match self.direction {
            Direction::ToController => "sent",
            Direction::ToHost => "received",
        }
    }

    pub(crate) fn put(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        self.fields.push(Field { name: name.into(), value: value.into() });
    }

    /// Enters a layer, and replaces the summary of the one below.
    pub(crate) fn enter(&mut self, layer: Layer, summary: impl Into<String>) {
        self.layer = layer;
        self.summary = summary.into();
    }

    /// Adds a detail to the summary, separated from what it has.
    pub(crate) fn say(&mut self, separator: &str, text: &str) {
        if !text.is_empty() {
            if !self.summary.is_empty() {
                self.summary.push_str(separator);
            }
            self.summary.push_str(text);
        }
    }

    pub(crate) fn violate(&mut self, source: &'static str, text: impl Into<String>) {
        self.violations.push(Violation { text: text.into(), source });
    }
}

impl fmt::Display for Entry {
    /// Writes one line, without the time.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrow = match self.direction {
            Direction::ToController => '>',
            Direction::ToHost => '<',
        };
        write!(f, "{arrow} {:<6} ", self.layer)?;
        if let Some(handle) = self.handle {
            write!(f, "{handle:03x} ")?;
        }
        f.write_str(&self.summary)
    }
}

macro_rules! numbers {
    ($($from:ty),*) => { $(
        impl From<$from> for Value {
            fn from(number: $from) -> Self {
                Self::Number(number.into())
            }
        }
    )* };
}

numbers!(u8, u16, u32, i8, i16, i32, i64, bool);

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        i64::try_from(number).map_or_else(|_| Self::Text(number.to_string()), Self::Number)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or_else(|_| Self::Text(number.to_string()), Self::Number)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<&[u8]> for Value {
    fn from(octets: &[u8]) -> Self {
        Self::Octets(octets.into())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Octets(octets) => f.write_str(&words::hex(octets)),
            Self::List(list) => {
                let list: Vec<_> = list.iter().map(Self::to_string).collect();
                write!(f, "[{}]", list.join(", "))
            }
            Self::Group(fields) => {
                let fields: Vec<_> =
                    fields.iter().map(|Field { name, value }| format!("{name} {value}")).collect();
                write!(f, "({})", fields.join(", "))
            }
        }
    }
}
