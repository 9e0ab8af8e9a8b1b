//! The L2CAP service.

use bindrune_wire::{Address, Malformed, Reader};

use crate::{Bytes16, Field, List8, Supported, message::messages};

/// Bits of the options of a connection.
pub mod options {
    /// Enhanced credit-based channels.
    pub const ENHANCED: u8 = 1;
    /// Keeps a credit back until it is requested.
    pub const HOLD_CREDIT: u8 = 1 << 1;
}

bindrune_wire::open_enum! {
    /// The transport of a listener.
    pub struct Transport(u8) {
        /// BR/EDR.
        BR_EDR = 0x00,
        /// LE.
        LE = 0x01,
    }
}

bindrune_wire::open_enum! {
    /// How a listener answers requests.
    pub struct Answer(u16) {
        /// It accepts them.
        SUCCESS = 0x0000,
        /// The link is not authenticated.
        INSUFFICIENT_AUTHENTICATION = 0x0001,
        /// The user has not agreed.
        INSUFFICIENT_AUTHORIZATION = 0x0002,
        /// The key is too short.
        INSUFFICIENT_KEY_SIZE = 0x0003,
        /// The link is not encrypted.
        INSUFFICIENT_ENCRYPTION = 0x0004,
        /// The link has no authenticated LE Secure Connections.
        INSUFFICIENT_SECURE_AUTHENTICATION = 0x0005,
    }
}

/// What a listener requires and answers. Testers of 2025 send no security; the field is `None` for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// The PSM.
    pub psm: u16,
    /// The transport.
    pub transport: Transport,
    /// Longest SDU that is received, in bytes; 0 for any.
    pub mtu: u16,
    /// Required security, and length of the key in bytes.
    pub security: Option<(u8, u8)>,
    /// The answer to requests.
    pub answer: Answer,
}

impl Field for Listener {
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (psm, transport, mtu) = (r.u16()?, Transport(r.u8()?), r.u16()?);
        let security = if r.remaining() > 2 { Some((r.u8()?, r.u8()?)) } else { None };
        Ok(Self { psm, transport, mtu, security, answer: Answer(r.u16()?) })
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.psm.write(out);
        self.transport.0.write(out);
        self.mtu.write(out);
        if let Some((kind, size)) = self.security {
            out.extend([kind, size]);
        }
        self.answer.0.write(out);
    }
}

messages! {
    /// Commands of L2CAP.
    pub enum Command,
    /// Opcodes of commands.
    Opcode {
        /// Reads which commands of this service the host supports.
        READ_SUPPORTED_COMMANDS = 0x01, ReadSupportedCommands {}
        /// Opens channels.
        CONNECT = 0x02, Connect { peer: Address, psm: u16, mtu: u16, count: u8, options: u8 }
        /// Closes a channel.
        DISCONNECT = 0x03, Disconnect { channel: u8 }
        /// Sends an SDU.
        SEND_DATA = 0x04, SendData { channel: u8, data: Bytes16 }
        /// Listens on a PSM.
        LISTEN = 0x05, Listen { listener: Listener }
        /// Answers a request for a channel with a result of the Core Specification.
        ACCEPT_CONNECTION = 0x06, AcceptConnection { channel: u8, result: u16 }
        /// Changes the MTU of enhanced channels.
        RECONFIGURE = 0x07, Reconfigure { peer: Address, mtu: u16, channels: List8<u8> }
        /// Returns a credit that was kept back.
        CREDITS = 0x08, Credits { channel: u8 }
        /// Closes enhanced ATT bearers.
        DISCONNECT_EATT = 0x09, DisconnectEatt { peer: Address, count: u8 }
    }
}

messages! {
    /// Responses of L2CAP.
    pub enum Response,
    /// Opcodes of responses.
    ResponseOpcode {
        /// The supported commands.
        SUPPORTED_COMMANDS = 0x01, SupportedCommands { commands: Supported }
        /// The channels that are being opened.
        CONNECTING = 0x02, Connecting { channels: List8<u8> }
        /// The channel is being closed.
        DISCONNECTING = 0x03, Disconnecting {}
        /// The SDU is queued.
        SENT = 0x04, Sent {}
        /// The host listens.
        LISTENING = 0x05, Listening {}
        /// The answer is passed on.
        ANSWERED = 0x06, Answered {}
    }
}

messages! {
    /// Events of L2CAP.
    pub enum Event,
    /// Opcodes of events.
    EventOpcode {
        /// A peer requests a channel: [`Command::AcceptConnection`] answers.
        CONNECTION_REQUEST = 0x80, ConnectionRequest { channel: u8, psm: u16, peer: Address }
        /// A channel is open.
        CONNECTED = 0x81, Connected {
            channel: u8, psm: u16, peer_mtu: u16, peer_mps: u16, our_mtu: u16, our_mps: u16, peer: Address,
        }
        /// A channel is closed, or did not open: then with the result of the peer.
        DISCONNECTED = 0x82, Disconnected { result: u16, channel: u8, psm: u16, peer: Address }
        /// An SDU arrived.
        DATA_RECEIVED = 0x83, DataReceived { channel: u8, data: Bytes16 }
        /// An enhanced channel has other parameters.
        RECONFIGURED = 0x84, Reconfigured { channel: u8, peer_mtu: u16, peer_mps: u16, our_mtu: u16, our_mps: u16 }
    }
}
