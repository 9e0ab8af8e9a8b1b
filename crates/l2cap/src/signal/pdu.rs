//! Commands of the LE signalling channel. One structure parses and writes each command. [Vol 3] Part A, 4

use bindrune_wire::{NoRoom, Reader, Writer};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned, little_endian::U16};

use crate::{
    Cid,
    capability::{CENTRAL, UPDATES},
};

mod code;

pub use code::{Code, ConnectionResult};

/// The longest C-frame payload of LE, in octets. [Vol 3] Part A, 4
pub const MTU: u16 = 23;

/// Reason why a command was rejected. [Vol 3] Part A, 4.1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Reject {
    /// Reason 0x0000: an unknown or malformed command, or one that this role does not accept.
    NotUnderstood,
    /// Reason 0x0001: longer than the signalling MTU, given in octets.
    MtuExceeded(u16),
    /// Reason 0x0002: no such channel; the CID of the rejecting device, then that of the other device.
    InvalidCid(u16, u16),
    /// A reason that the specification does not define, or a reason without its data.
    Other(u16),
}

/// The two CIDs of the channel that is closed. The destination CID belongs to the receiver of the request. [Vol 3]
/// Part A, 4.6
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct Disconnection {
    /// Destination CID.
    pub dcid: U16,
    /// Source CID.
    pub scid: U16,
}

impl Disconnection {
    /// Creates the payload from the two CIDs of the channel.
    #[must_use]
    pub const fn new(dcid: Cid, scid: Cid) -> Self {
        Self { dcid: U16::new(dcid.0), scid: U16::new(scid.0) }
    }
}

/// The connection parameters that a peripheral requests. [Vol 3] Part A, 4.20
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct Parameters {
    /// Shortest connection interval, in units of 1.25 ms.
    pub interval_min: U16,
    /// Longest connection interval, in units of 1.25 ms.
    pub interval_max: U16,
    /// Connection events that the peripheral may skip.
    pub latency: U16,
    /// Supervision timeout, in units of 10 ms.
    pub timeout: U16,
}

impl Parameters {
    /// Creates parameters from their numbers on the wire.
    #[must_use]
    pub const fn new(interval_min: u16, interval_max: u16, latency: u16, timeout: u16) -> Self {
        Self {
            interval_min: U16::new(interval_min),
            interval_max: U16::new(interval_max),
            latency: U16::new(latency),
            timeout: U16::new(timeout),
        }
    }

    /// Returns whether each number is in its range and the timeout covers two intervals with latency. [Vol 6] Part B,
    /// 4.5.2
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let (min, max) = (self.interval_min.get(), self.interval_max.get());
        let (latency, timeout) = (self.latency.get(), self.timeout.get());
        let idle = u32::from(latency).saturating_add(1).saturating_mul(u32::from(max));
        (6..=max).contains(&min)
            && max <= 3200
            && latency <= 499
            && (10..=3200).contains(&timeout)
            && u32::from(timeout).saturating_mul(4) > idle
    }
}

/// Requests a credit-based channel. [Vol 3] Part A, 4.22
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct ConnectionRequest {
    /// PSM of the channel.
    pub psm: U16,
    /// The sender's CID of the channel.
    pub scid: U16,
    /// Longest SDU that the sender receives, in octets.
    pub mtu: U16,
    /// Longest K-frame payload that the sender receives, in octets.
    pub mps: U16,
    /// K-frames that the sender can receive.
    pub credits: U16,
}

/// Answers a [`ConnectionRequest`]. [Vol 3] Part A, 4.23
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct ConnectionResponse {
    /// The answering device's CID of the channel.
    pub dcid: U16,
    /// Longest SDU that the answering device receives, in octets.
    pub mtu: U16,
    /// Longest K-frame payload that the answering device receives, in octets.
    pub mps: U16,
    /// K-frames that the answering device can receive.
    pub credits: U16,
    /// A [`ConnectionResult`].
    pub result: U16,
}

impl ConnectionResponse {
    /// Creates a refusal; all other fields are 0.
    #[must_use]
    pub const fn refusal(result: ConnectionResult) -> Self {
        Self {
            dcid: U16::ZERO,
            mtu: U16::ZERO,
            mps: U16::ZERO,
            credits: U16::ZERO,
            result: U16::new(result.0),
        }
    }
}

/// Grants credits. [Vol 3] Part A, 4.24
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct Credits {
    /// The granting device's CID of the channel.
    pub cid: U16,
    /// K-frames that the granting device can receive in addition.
    pub credits: U16,
}

/// A command that this host knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Command {
    /// The peer rejects our request.
    Reject(Reject) = 1,
    /// Closes a channel.
    DisconnectionRequest(Disconnection),
    /// A channel is closed.
    DisconnectionResponse(Disconnection),
    /// A peripheral requests connection parameters.
    ParameterRequest(Parameters),
    /// The central's response: 0 means accepted.
    ParameterResponse(u16),
    /// Requests a credit-based channel.
    ConnectionRequest(ConnectionRequest),
    /// Answers a request for a channel.
    ConnectionResponse(ConnectionResponse),
    /// Grants credits.
    Credits(Credits),
}

/// A C-frame without a known command, and the response to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadFrame {
    /// The command's identifier.
    pub identifier: u8,
    /// The response; `None` for none.
    pub reply: Option<Reject>,
}

#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct CommandHeader {
    pub(crate) code: Code,
    pub(crate) identifier: u8,
    pub(crate) len: U16,
}

impl Command {
    /// Parses the payload of a C-frame, which holds exactly one command, into its identifier and the command. [Vol 3]
    /// Part A, 4
    ///
    /// Parses a Connection Parameter Update Request only with the feature `central`, and its response only with
    /// `updates`.
    ///
    /// # Errors
    ///
    /// [`BadFrame`] if the payload is not exactly one command; it holds the contents of the Command Reject.
    pub fn parse(pdu: &[u8]) -> Result<(u8, Self), BadFrame> {
        let mut r = Reader::new(pdu);
        let silent = BadFrame { identifier: 0, reply: None };
        let header = r.view::<CommandHeader>().map_err(|_| silent)?;
        let identifier = header.identifier;
        if identifier == 0 {
            return Err(silent);
        }
        let fault = if pdu.len() > usize::from(MTU) {
            Reject::MtuExceeded(MTU)
        } else if r.remaining() == usize::from(header.len.get())
            && let Some(command) = Self::body(header.code, r)
        {
            return Ok((identifier, command));
        } else {
            Reject::NotUnderstood
        };
        let reply = if header.code.is_final() { None } else { Some(fault) };
        Err(BadFrame { identifier, reply })
    }

    /// Writes the payload of the C-frame.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn write(&self, identifier: u8, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        match self {
            Self::Reject(reject) => write_reject(identifier, *reject, w),
            Self::DisconnectionRequest(body) => {
                emit(Code::DISCONNECTION_REQUEST, identifier, body, w)
            }
            Self::DisconnectionResponse(body) => {
                emit(Code::DISCONNECTION_RESPONSE, identifier, body, w)
            }
            Self::ParameterRequest(body) => {
                emit(Code::PARAMETER_UPDATE_REQUEST, identifier, body, w)
            }
            Self::ParameterResponse(result) => {
                emit(Code::PARAMETER_UPDATE_RESPONSE, identifier, &U16::new(*result), w)
            }
            Self::ConnectionRequest(body) => {
                emit(Code::CREDIT_CONNECTION_REQUEST, identifier, body, w)
            }
            Self::ConnectionResponse(body) => {
                emit(Code::CREDIT_CONNECTION_RESPONSE, identifier, body, w)
            }
            Self::Credits(body) => emit(Code::FLOW_CONTROL_CREDIT, identifier, body, w),
        }
    }

    fn body(code: Code, mut r: Reader<'_>) -> Option<Self> {
        Some(match code {
            Code::COMMAND_REJECT => return read_reject(r).map(Self::Reject),
            Code::DISCONNECTION_REQUEST => Self::DisconnectionRequest(exact(r)?),
            Code::DISCONNECTION_RESPONSE => Self::DisconnectionResponse(exact(r)?),
            Code::PARAMETER_UPDATE_REQUEST if CENTRAL => Self::ParameterRequest(exact(r)?),
            Code::PARAMETER_UPDATE_RESPONSE if UPDATES.is_some() => {
                let result = r.u16().ok()?;
                r.finish().ok()?;
                Self::ParameterResponse(result)
            }
            Code::CREDIT_CONNECTION_REQUEST => Self::ConnectionRequest(exact(r)?),
            Code::CREDIT_CONNECTION_RESPONSE => Self::ConnectionResponse(exact(r)?),
            Code::FLOW_CONTROL_CREDIT => Self::Credits(exact(r)?),
            _ => return None,
        })
    }
}

pub(crate) fn exact<T>(mut r: Reader<'_>) -> Option<T>
where
    T: FromBytes + Immutable + KnownLayout + Unaligned + Copy + 'static,
{
    let body = *r.view::<T>().ok()?;
    r.finish().ok()?;
    Some(body)
}

pub(crate) fn emit<T>(
    code: Code,
    identifier: u8,
    body: &T,
    w: &mut Writer<'_>,
) -> Result<(), NoRoom>
where
    T: IntoBytes + Immutable,
{
    emit_octets(code, identifier, body.as_bytes(), w)
}

/// Does not depend on the type of the body, so it is compiled once.
#[inline(never)]
fn emit_octets(code: Code, identifier: u8, body: &[u8], w: &mut Writer<'_>) -> Result<(), NoRoom> {
    let start = w.len();
    let len = U16::new(u16::try_from(body.len()).unwrap_or(u16::MAX));
    let written = w.view(&CommandHeader { code, identifier, len }).and_then(|()| w.bytes(body));
    if written.is_err() {
        w.truncate(start);
    }
    written
}

pub(crate) fn read_reject(mut r: Reader<'_>) -> Option<Reject> {
    let reason = r.u16().ok()?;
    Some(match (reason, r.u16(), r.u16()) {
        (0, _, _) => Reject::NotUnderstood,
        (1, Ok(mtu), _) => Reject::MtuExceeded(mtu),
        (2, Ok(local), Ok(remote)) => Reject::InvalidCid(local, remote),
        _ => Reject::Other(reason),
    })
}

pub(crate) fn write_reject(
    identifier: u8,
    reject: Reject,
    w: &mut Writer<'_>,
) -> Result<(), NoRoom> {
    let code = Code::COMMAND_REJECT;
    match reject {
        Reject::NotUnderstood => emit(code, identifier, &U16::ZERO, w),
        Reject::Other(reason) => emit(code, identifier, &U16::new(reason), w),
        Reject::MtuExceeded(mtu) => emit(code, identifier, &[1, mtu].map(U16::new), w),
        Reject::InvalidCid(local, remote) => {
            emit(code, identifier, &[2, local, remote].map(U16::new), w)
        }
    }
}

#[cfg(test)]
mod tests;
