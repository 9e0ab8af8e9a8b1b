//! Commands of the BR/EDR signalling channel. One type parses and writes each command. [Vol 3] Part A, 4

use bindrune_wire::{NoRoom, Reader, Writer};
use zerocopy::little_endian::U16;

use crate::Cid;
use crate::signal::pdu::{CommandHeader, emit, exact, read_reject, write_reject};

mod frame;
mod options;
mod result;

pub use crate::signal::pdu::{Code, Disconnection, Reject};
pub use frame::{BadCommand, CFrame};
pub use options::{BadOptions, FlowSpec, Options, Qos, Rejected, Retransmission};
pub use result::{
    ConfigurationResult, ConnectionResult, ConnectionStatus, Features, InformationKind,
    InformationResult, Mode,
};

/// The longest C-frame payload that this host receives, in octets. [Vol 3] Part A, 4
pub const MTU: u16 = 128;

/// The longest C-frame payload that each BR/EDR device receives, in octets. This host sends no longer one, except an
/// echo of what it received. [Vol 3] Part A, 4
pub const PEER_MTU: u16 = 48;

/// Continuation flag of configuration commands. [Vol 3] Part A, 4.4
pub const CONTINUATION: u16 = 0x0001;

/// A command that this host knows. CIDs named `dcid` belong to the device that the request goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Command<'a> {
    /// A request is rejected. [Vol 3] Part A, 4.1
    Reject(Reject) = 1,
    /// Requests a channel. [Vol 3] Part A, 4.2
    ConnectionRequest {
        /// The service; see [`super::Psm`].
        psm: u16,
        /// CID of the sender.
        scid: Cid,
    },
    /// Answers a request for a channel. [Vol 3] Part A, 4.3
    ConnectionResponse(ConnectionResponse),
    /// Configures the direction to the sender, or describes the traffic from it. [Vol 3] Part A, 4.4
    ConfigurationRequest {
        /// CID of the receiver.
        dcid: Cid,
        /// [`CONTINUATION`], or 0.
        flags: u16,
        /// See [`Options`].
        options: &'a [u8],
    },
    /// Answers a Configuration Request. [Vol 3] Part A, 4.5
    ConfigurationResponse {
        /// CID of the device that receives the response.
        scid: Cid,
        /// [`CONTINUATION`], or 0.
        flags: u16,
        /// The outcome.
        result: ConfigurationResult,
        /// See [`Options`].
        options: &'a [u8],
    },
    /// Closes a channel. [Vol 3] Part A, 4.6
    DisconnectionRequest(Disconnection),
    /// A channel is closed. [Vol 3] Part A, 4.7
    DisconnectionResponse(Disconnection),
    /// Requests an answer, with any data. [Vol 3] Part A, 4.8
    EchoRequest(&'a [u8]),
    /// Answers an Echo Request. [Vol 3] Part A, 4.9
    EchoResponse(&'a [u8]),
    /// Asks what the device supports. [Vol 3] Part A, 4.10
    InformationRequest(InformationKind),
    /// Answers an Information Request. [Vol 3] Part A, 4.11
    InformationResponse {
        /// What was asked.
        kind: InformationKind,
        /// The outcome.
        result: InformationResult,
        /// The answer; empty unless the result is success.
        data: &'a [u8],
    },
}

/// Answers a request for a channel. [Vol 3] Part A, 4.3
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionResponse {
    /// CID of the sender.
    pub dcid: Cid,
    /// CID of the device that requested the channel.
    pub scid: Cid,
    /// The outcome.
    pub result: ConnectionResult,
    /// Why the answer is pending.
    pub status: ConnectionStatus,
}

impl ConnectionResponse {
    /// Creates a refusal of the request with this CID of the requesting device.
    #[must_use]
    pub const fn refusal(scid: Cid, result: ConnectionResult) -> Self {
        Self { dcid: Cid::NULL, scid, result, status: ConnectionStatus::NONE }
    }
}

impl<'a> Command<'a> {
    /// Parses the data of a command; `None` if the code is unknown or the data malformed.
    #[must_use]
    pub fn parse(code: Code, data: &'a [u8]) -> Option<Self> {
        let mut r = Reader::new(data);
        Some(match code {
            Code::COMMAND_REJECT => return read_reject(r).map(Self::Reject),
            Code::CONNECTION_REQUEST => {
                let [psm, scid] = exact::<[U16; 2]>(r)?.map(U16::get);
                Self::ConnectionRequest { psm, scid: Cid(scid) }
            }
            Code::CONNECTION_RESPONSE => {
                let [dcid, scid, result, status] = exact::<[U16; 4]>(r)?.map(U16::get);
                Self::ConnectionResponse(ConnectionResponse {
                    dcid: Cid(dcid),
                    scid: Cid(scid),
                    result: ConnectionResult(result),
                    status: ConnectionStatus(status),
                })
            }
            Code::CONFIGURATION_REQUEST => {
                let (dcid, flags) = (Cid(r.u16().ok()?), r.u16().ok()?);
                Self::ConfigurationRequest { dcid, flags, options: r.rest() }
            }
            Code::CONFIGURATION_RESPONSE => {
                let (scid, flags) = (Cid(r.u16().ok()?), r.u16().ok()?);
                let result = ConfigurationResult(r.u16().ok()?);
                Self::ConfigurationResponse { scid, flags, result, options: r.rest() }
            }
            Code::DISCONNECTION_REQUEST => Self::DisconnectionRequest(exact(r)?),
            Code::DISCONNECTION_RESPONSE => Self::DisconnectionResponse(exact(r)?),
            Code::ECHO_REQUEST => Self::EchoRequest(data),
            Code::ECHO_RESPONSE => Self::EchoResponse(data),
            Code::INFORMATION_REQUEST => {
                Self::InformationRequest(InformationKind(exact::<U16>(r)?.get()))
            }
            Code::INFORMATION_RESPONSE => {
                let kind = InformationKind(r.u16().ok()?);
                let result = InformationResult(r.u16().ok()?);
                Self::InformationResponse { kind, result, data: r.rest() }
            }
            _ => return None,
        })
    }

    /// Writes the command.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn write(&self, identifier: u8, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        let two = |a: u16, b: u16| [U16::new(a), U16::new(b)];
        match *self {
            Self::Reject(reject) => write_reject(identifier, reject, w),
            Self::ConnectionRequest { psm, scid } => {
                emit(Code::CONNECTION_REQUEST, identifier, &two(psm, scid.0), w)
            }
            Self::ConnectionResponse(response) => {
                let ConnectionResponse { dcid, scid, result, status } = response;
                let body = [dcid.0, scid.0, result.0, status.0].map(U16::new);
                emit(Code::CONNECTION_RESPONSE, identifier, &body, w)
            }
            Self::ConfigurationRequest { dcid, flags, options } => {
                let head = two(dcid.0, flags);
                emit_with(Code::CONFIGURATION_REQUEST, identifier, &head, options, w)
            }
            Self::ConfigurationResponse { scid, flags, result, options } => {
                let head = [scid.0, flags, result.0].map(U16::new);
                emit_with(Code::CONFIGURATION_RESPONSE, identifier, &head, options, w)
            }
            Self::DisconnectionRequest(body) => {
                emit(Code::DISCONNECTION_REQUEST, identifier, &body, w)
            }
            Self::DisconnectionResponse(body) => {
                emit(Code::DISCONNECTION_RESPONSE, identifier, &body, w)
            }
            Self::EchoRequest(data) => emit_with(Code::ECHO_REQUEST, identifier, &[], data, w),
            Self::EchoResponse(data) => emit_with(Code::ECHO_RESPONSE, identifier, &[], data, w),
            Self::InformationRequest(kind) => {
                emit(Code::INFORMATION_REQUEST, identifier, &U16::new(kind.0), w)
            }
            Self::InformationResponse { kind, result, data } => {
                let head = two(kind.0, result.0);
                emit_with(Code::INFORMATION_RESPONSE, identifier, &head, data, w)
            }
        }
    }
}

/// Writes a command that ends in data of any length.
fn emit_with(
    code: Code,
    identifier: u8,
    head: &[U16],
    data: &[u8],
    w: &mut Writer<'_>,
) -> Result<(), NoRoom> {
    let start = w.len();
    let len = size_of_val(head).saturating_add(data.len());
    let len = U16::new(u16::try_from(len).map_err(|_| NoRoom)?);
    let header = CommandHeader { code, identifier, len };
    let written = w.view(&header).and_then(|()| w.view(head)).and_then(|()| w.bytes(data));
    if written.is_err() {
        w.truncate(start);
    }
    written
}

#[cfg(test)]
mod tests;
