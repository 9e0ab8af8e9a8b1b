//! Packets, and the messages of all services.

use crate::{ERROR, FIRST_EVENT, Service, Status, base, gap, gatt, l2cap};

/// A packet: a message with its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The service.
    pub service: Service,
    /// The opcode: 0 is an error response, those from 0x80 are events.
    pub opcode: u8,
    /// The controller, or [`crate::NO_CONTROLLER`].
    pub index: u8,
    /// The data.
    pub data: Vec<u8>,
}

impl Packet {
    /// Creates the response that reports an error.
    #[must_use]
    pub fn error(service: Service, index: u8, status: Status) -> Self {
        Self { service, opcode: ERROR, index, data: vec![status.0] }
    }

    /// Returns the status if this is an error response.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        match (self.opcode, self.data.as_slice()) {
            (ERROR, [status, ..]) => Some(Status(*status)),
            (ERROR, []) => Some(Status::FAIL),
            _ => None,
        }
    }

    /// Returns whether this is an event.
    #[must_use]
    pub const fn is_event(&self) -> bool {
        self.opcode >= FIRST_EVENT
    }

    /// Returns the bytes on the stream. Data of more than 65,535 bytes is cut off.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let len = u16::try_from(self.data.len()).unwrap_or(u16::MAX);
        let [low, high] = len.to_le_bytes();
        let mut bytes = vec![self.service.0, self.opcode, self.index, low, high];
        bytes.extend(self.data.iter().take(len.into()));
        bytes
    }
}

/// Joins the messages of all services of one kind.
macro_rules! all {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name {
            /// Of the core service.
            Core(base::$name),
            /// Of GAP.
            Gap(gap::$name),
            /// Of GATT.
            Gatt(gatt::$name),
            /// Of L2CAP.
            L2cap(l2cap::$name),
        }

        impl $name {
            /// Parses the data of a packet.
            ///
            /// # Errors
            ///
            /// [`Status::UNKNOWN_COMMAND`] for another service or opcode; [`Status::FAIL`] if the data is too short,
            /// too long or has no meaning.
            pub fn parse(packet: &Packet) -> Result<Self, Status> {
                let (opcode, data) = (packet.opcode, packet.data.as_slice());
                match packet.service {
                    Service::CORE => base::$name::parse(opcode, data).map(Self::Core),
                    Service::GAP => gap::$name::parse(opcode, data).map(Self::Gap),
                    Service::GATT => gatt::$name::parse(opcode, data).map(Self::Gatt),
                    Service::L2CAP => l2cap::$name::parse(opcode, data).map(Self::L2cap),
                    _ => Err(Status::UNKNOWN_COMMAND),
                }
            }

            /// Returns the packet for the controller of this index.
            #[must_use]
            pub fn packet(&self, index: u8) -> Packet {
                let (service, opcode, data) = match self {
                    Self::Core(message) => (Service::CORE, message.opcode().0, message.data()),
                    Self::Gap(message) => (Service::GAP, message.opcode().0, message.data()),
                    Self::Gatt(message) => (Service::GATT, message.opcode().0, message.data()),
                    Self::L2cap(message) => (Service::L2CAP, message.opcode().0, message.data()),
                };
                Packet { service, opcode, index, data }
            }
        }

        impl From<base::$name> for $name {
            fn from(message: base::$name) -> Self {
                Self::Core(message)
            }
        }

        impl From<gap::$name> for $name {
            fn from(message: gap::$name) -> Self {
                Self::Gap(message)
            }
        }

        impl From<gatt::$name> for $name {
            fn from(message: gatt::$name) -> Self {
                Self::Gatt(message)
            }
        }

        impl From<l2cap::$name> for $name {
            fn from(message: l2cap::$name) -> Self {
                Self::L2cap(message)
            }
        }
    };
}

all! {
    /// A command of any service.
    Command
}
all! {
    /// A response of any service.
    Response
}
all! {
    /// An event of any service.
    Event
}
