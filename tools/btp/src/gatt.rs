//! The GATT service: server and client.

use bindrune_wire::{Address, Malformed, Reader, Uuid};

use crate::{Bytes8, Bytes16, Field, List8, Supported, message::messages};

/// Bits of the permissions of an attribute.
pub mod permissions {
    /// It can be read.
    pub const READ: u8 = 1;
    /// It can be written.
    pub const WRITE: u8 = 1 << 1;
    /// It can be read on an encrypted link.
    pub const READ_ENCRYPTED: u8 = 1 << 2;
    /// It can be written on an encrypted link.
    pub const WRITE_ENCRYPTED: u8 = 1 << 3;
    /// It can be read on an authenticated link.
    pub const READ_AUTHENTICATED: u8 = 1 << 4;
    /// It can be written on an authenticated link.
    pub const WRITE_AUTHENTICATED: u8 = 1 << 5;
    /// It can be read with authorization.
    pub const READ_AUTHORIZED: u8 = 1 << 6;
    /// It can be written with authorization.
    pub const WRITE_AUTHORIZED: u8 = 1 << 7;
}

/// A structure of fields, one after the other.
macro_rules! structure {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $kind:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $($(#[$doc])* pub $field: $kind,)*
        }

        impl Field for $name {
            fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
                Ok(Self { $($field: Field::read(r)?),* })
            }

            fn write(&self, out: &mut Vec<u8>) {
                $(self.$field.write(out);)*
            }
        }
    };
}

structure! {
    /// A service of the peer.
    FoundService {
        /// Handle of the declaration.
        start: u16,
        /// Handle of the last attribute.
        end: u16,
        /// Type of the service.
        uuid: Uuid,
    }
}
structure! {
    /// A service of the peer that another one includes.
    FoundInclude {
        /// Handle of the include declaration.
        handle: u16,
        /// The included service.
        service: FoundService,
    }
}
structure! {
    /// A characteristic of the peer.
    FoundCharacteristic {
        /// Handle of the declaration.
        handle: u16,
        /// Handle of the value.
        value: u16,
        /// Its properties.
        properties: u8,
        /// Type of the value.
        uuid: Uuid,
    }
}
structure! {
    /// A descriptor of the peer.
    FoundDescriptor {
        /// Its handle.
        handle: u16,
        /// Its type.
        uuid: Uuid,
    }
}
structure! {
    /// A value that was read by its type.
    FoundValue {
        /// Handle of the value.
        handle: u16,
        /// The value.
        value: Bytes8,
    }
}
structure! {
    /// An attribute of our table.
    OwnAttribute {
        /// Its handle.
        handle: u16,
        /// Bits of [`permissions`].
        permissions: u8,
        /// Its type.
        uuid: Uuid,
    }
}

messages! {
    /// Commands of GATT.
    pub enum Command,
    /// Opcodes of commands.
    Opcode {
        /// Reads which commands of this service the host supports.
        READ_SUPPORTED_COMMANDS = 0x01, ReadSupportedCommands {}
        /// Adds a service: kind 0 primary, 1 secondary.
        ADD_SERVICE = 0x02, AddService { kind: u8, uuid: Uuid }
        /// Adds a characteristic to a service; 0 for the last one.
        ADD_CHARACTERISTIC = 0x03, AddCharacteristic { service: u16, properties: u8, permissions: u8, uuid: Uuid }
        /// Adds a descriptor to a characteristic; 0 for the last one.
        ADD_DESCRIPTOR = 0x04, AddDescriptor { characteristic: u16, permissions: u8, uuid: Uuid }
        /// Includes an earlier service in the last one.
        ADD_INCLUDED_SERVICE = 0x05, AddIncludedService { service: u16 }
        /// Sets the value of an attribute; 0 for the last one. Notifies subscribers.
        SET_VALUE = 0x06, SetValue { attribute: u16, value: Bytes16 }
        /// Starts the server with the attributes that were added.
        START_SERVER = 0x07, StartServer {}
        /// Removes all attributes that were added.
        RESET_SERVER = 0x08, ResetServer {}
        /// Sets the shortest encryption key for an attribute; 0 for the last one.
        SET_KEY_SIZE = 0x09, SetKeySize { attribute: u16, size: u8 }
        /// Exchanges the MTU.
        EXCHANGE_MTU = 0x0a, ExchangeMtu { peer: Address }
        /// Discovers all primary services.
        DISCOVER_PRIMARY = 0x0b, DiscoverPrimary { peer: Address }
        /// Discovers the primary services of one type.
        DISCOVER_PRIMARY_BY_UUID = 0x0c, DiscoverPrimaryByUuid { peer: Address, uuid: Uuid }
        /// Finds the included services in a range of handles.
        FIND_INCLUDED = 0x0d, FindIncluded { peer: Address, start: u16, end: u16 }
        /// Discovers the characteristics in a range of handles.
        DISCOVER_CHARACTERISTICS = 0x0e, DiscoverCharacteristics { peer: Address, start: u16, end: u16 }
        /// Discovers the characteristics of one type in a range of handles.
        DISCOVER_CHARACTERISTICS_BY_UUID = 0x0f, DiscoverCharacteristicsByUuid { peer: Address, start: u16, end: u16, uuid: Uuid }
        /// Discovers the descriptors in a range of handles.
        DISCOVER_DESCRIPTORS = 0x10, DiscoverDescriptors { peer: Address, start: u16, end: u16 }
        /// Reads a value.
        READ = 0x11, Read { peer: Address, handle: u16 }
        /// Reads the values of one type in a range of handles.
        READ_BY_UUID = 0x12, ReadByUuid { peer: Address, start: u16, end: u16, uuid: Uuid }
        /// Reads a long value from an offset on.
        READ_LONG = 0x13, ReadLong { peer: Address, handle: u16, offset: u16 }
        /// Reads several values of known lengths.
        READ_MULTIPLE = 0x14, ReadMultiple { peer: Address, handles: List8<u16> }
        /// Writes without a response.
        WRITE_WITHOUT_RESPONSE = 0x15, WriteWithoutResponse { peer: Address, handle: u16, value: Bytes16 }
        /// Writes with a signature.
        SIGNED_WRITE = 0x16, SignedWrite { peer: Address, handle: u16, value: Bytes16 }
        /// Writes a value.
        WRITE = 0x17, Write { peer: Address, handle: u16, value: Bytes16 }
        /// Writes a long value from an offset on.
        WRITE_LONG = 0x18, WriteLong { peer: Address, handle: u16, offset: u16, value: Bytes16 }
        /// Writes a value that the peer echoes first.
        RELIABLE_WRITE = 0x19, ReliableWrite { peer: Address, handle: u16, offset: u16, value: Bytes16 }
        /// Writes a client characteristic configuration for notifications.
        CONFIGURE_NOTIFICATIONS = 0x1a, ConfigureNotifications { peer: Address, on: bool, handle: u16 }
        /// Writes a client characteristic configuration for indications.
        CONFIGURE_INDICATIONS = 0x1b, ConfigureIndications { peer: Address, on: bool, handle: u16 }
        /// Lists attributes of our table of a type, in a range of handles.
        GET_ATTRIBUTES = 0x1c, GetAttributes { start: u16, end: u16, uuid: TypeFilter }
        /// Reads the value of an attribute of our table, as a peer sees it.
        GET_ATTRIBUTE_VALUE = 0x1d, GetAttributeValue { peer: Address, handle: u16 }
        /// Changes our table, so that peers discover it again: operation 0 removes, 1 adds, 2 does either.
        CHANGE_DATABASE = 0x1e, ChangeDatabase { start: u16, end: u16, operation: u8 }
        /// Reads several values of any lengths.
        READ_MULTIPLE_VARIABLE = 0x20, ReadMultipleVariable { peer: Address, handles: List8<u16> }
    }
}

/// A type of attributes, or all types: then its length is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeFilter(pub Option<Uuid>);

impl Field for TypeFilter {
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut ahead = *r;
        if ahead.u8()? == 0 {
            *r = ahead;
            return Ok(Self(None));
        }
        Uuid::read(r).map(|uuid| Self(Some(uuid)))
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self.0 {
            Some(uuid) => uuid.write(out),
            None => out.push(0),
        }
    }
}

messages! {
    /// Responses of GATT. An `att` of 0 is success, otherwise it is the error code of ATT.
    pub enum Response,
    /// Opcodes of responses.
    ResponseOpcode {
        /// The supported commands.
        SUPPORTED_COMMANDS = 0x01, SupportedCommands { commands: Supported }
        /// The service; its number is its handle.
        SERVICE_ADDED = 0x02, ServiceAdded { service: u16 }
        /// The characteristic; its number is the handle of its declaration.
        CHARACTERISTIC_ADDED = 0x03, CharacteristicAdded { characteristic: u16 }
        /// The descriptor; its number is its handle.
        DESCRIPTOR_ADDED = 0x04, DescriptorAdded { descriptor: u16 }
        /// The include declaration; its number is its handle.
        INCLUDED_SERVICE_ADDED = 0x05, IncludedServiceAdded { include: u16 }
        /// The value is set.
        VALUE_SET = 0x06, ValueSet {}
        /// The server is on: first handle and number of attributes that were added.
        SERVER_STARTED = 0x07, ServerStarted { offset: u16, count: u8 }
        /// The server has no attributes but the built-in ones.
        SERVER_RESET = 0x08, ServerReset {}
        /// The length of the key is set.
        KEY_SIZE_SET = 0x09, KeySizeSet {}
        /// The MTU is exchanged.
        MTU_EXCHANGED = 0x0a, MtuExchanged {}
        /// All primary services.
        PRIMARY = 0x0b, Primary { services: List8<FoundService> }
        /// The primary services of one type.
        PRIMARY_BY_UUID = 0x0c, PrimaryByUuid { services: List8<FoundService> }
        /// The included services.
        INCLUDED = 0x0d, Included { includes: List8<FoundInclude> }
        /// The characteristics.
        CHARACTERISTICS = 0x0e, Characteristics { characteristics: List8<FoundCharacteristic> }
        /// The characteristics of one type.
        CHARACTERISTICS_BY_UUID = 0x0f, CharacteristicsByUuid { characteristics: List8<FoundCharacteristic> }
        /// The descriptors.
        DESCRIPTORS = 0x10, Descriptors { descriptors: List8<FoundDescriptor> }
        /// The value.
        READ = 0x11, Read { att: u8, value: Bytes16 }
        /// The values of one type.
        READ_BY_UUID = 0x12, ReadByUuid { att: u8, values: List8<FoundValue> }
        /// The rest of the value.
        READ_LONG = 0x13, ReadLong { att: u8, value: Bytes16 }
        /// The values, one after the other.
        READ_MULTIPLE = 0x14, ReadMultiple { att: u8, value: Bytes16 }
        /// The value is queued.
        WRITTEN_WITHOUT_RESPONSE = 0x15, WrittenWithoutResponse {}
        /// The answer of the peer.
        WRITTEN = 0x17, Written { att: u8 }
        /// The answer of the peer.
        LONG_WRITTEN = 0x18, LongWritten { att: u8 }
        /// The answer of the peer.
        RELIABLY_WRITTEN = 0x19, ReliablyWritten { att: u8 }
        /// The configuration is written.
        NOTIFICATIONS_CONFIGURED = 0x1a, NotificationsConfigured {}
        /// The configuration is written.
        INDICATIONS_CONFIGURED = 0x1b, IndicationsConfigured {}
        /// Attributes of our table.
        ATTRIBUTES = 0x1c, Attributes { attributes: List8<OwnAttribute> }
        /// The value of an attribute of our table.
        ATTRIBUTE_VALUE = 0x1d, AttributeValue { att: u8, value: Bytes16 }
        /// The table is changed.
        DATABASE_CHANGED = 0x1e, DatabaseChanged {}
        /// The values, each after its length in two bytes.
        READ_MULTIPLE_VARIABLE = 0x20, ReadMultipleVariable { att: u8, value: Bytes16 }
    }
}

messages! {
    /// Events of GATT.
    pub enum Event,
    /// Opcodes of events.
    EventOpcode {
        /// The peer sent a value: kind 1 is a notification, 2 an indication.
        NOTIFICATION = 0x80, Notification { peer: Address, kind: u8, handle: u16, value: Bytes16 }
        /// A peer wrote an attribute of our table.
        VALUE_CHANGED = 0x81, ValueChanged { attribute: u16, value: Bytes16 }
    }
}
