//! The core service: what the host supports, and which services the tester uses.

use crate::{Bytes16, Supported, message::messages};

messages! {
    /// Commands of the core service.
    pub enum Command,
    /// Opcodes of commands.
    Opcode {
        /// Reads which commands of this service the host supports.
        READ_SUPPORTED_COMMANDS = 0x01, ReadSupportedCommands {}
        /// Reads which services the host supports.
        READ_SUPPORTED_SERVICES = 0x02, ReadSupportedServices {}
        /// Begins to use a service.
        REGISTER_SERVICE = 0x03, RegisterService { service: u8 }
        /// Ends the use of a service.
        UNREGISTER_SERVICE = 0x04, UnregisterService { service: u8 }
        /// A text for the log of the host.
        LOG_MESSAGE = 0x05, LogMessage { text: Bytes16 }
        /// Reads the length of the longest frame.
        READ_MTU = 0x06, ReadMtu {}
    }
}

messages! {
    /// Responses of the core service.
    pub enum Response,
    /// Opcodes of responses.
    ResponseOpcode {
        /// The supported commands.
        SUPPORTED_COMMANDS = 0x01, SupportedCommands { commands: Supported }
        /// The supported services.
        SUPPORTED_SERVICES = 0x02, SupportedServices { services: Supported }
        /// The service can be used.
        SERVICE_REGISTERED = 0x03, ServiceRegistered {}
        /// The service is no longer used.
        SERVICE_UNREGISTERED = 0x04, ServiceUnregistered {}
        /// The text is in the log.
        LOGGED = 0x05, Logged {}
        /// Length of the longest frame in bytes, with its header.
        MTU = 0x06, Mtu { mtu: u16 }
    }
}

messages! {
    /// Events of the core service.
    pub enum Event,
    /// Opcodes of events.
    EventOpcode {
        /// The host takes commands from now on.
        IUT_READY = 0x80, IutReady {}
    }
}
