use core::fmt;

use bindrune_att::ErrorCode;
use bindrune_wire::{Malformed, NoRoom};

/// Reason why a client procedure failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ClientError {
    /// The server refused.
    Att {
        /// The error code.
        code: ErrorCode,
        /// The attribute that caused the error, or 0.
        handle: u16,
    },
    /// The server broke a rule.
    Violation(Violation),
    /// An attribute that the procedure needs does not exist on the server.
    NotFound,
    /// The value is too long for the request at this MTU, or for any attribute.
    TooLong {
        /// The maximum length in octets.
        max: usize,
    },
    /// A Read Multiple needs at least two attributes.
    TooFewHandles,
    /// One request cannot carry this many handles at this MTU.
    TooManyHandles {
        /// The maximum number of handles.
        max: usize,
    },
    /// The request did not fit into the writer.
    NoRoom,
}

/// A rule that a server broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Violation {
    /// The response is malformed.
    Malformed(Malformed),
    /// The response answers another request.
    Response,
    /// Handles do not increase, or lie outside the requested range. [Vol 3] Part F, 3.4.3, 3.4.4
    Order,
    /// A range ends before it starts. [Vol 3] Part G, 4.4
    Range,
    /// A prepared write came back changed. [Vol 3] Part G, 4.9.5
    Echo,
}

impl From<Malformed> for ClientError {
    fn from(malformed: Malformed) -> Self {
        Self::Violation(Violation::Malformed(malformed))
    }
}

impl From<Violation> for ClientError {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl From<NoRoom> for ClientError {
    fn from(_: NoRoom) -> Self {
        Self::NoRoom
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Att { code, handle: 0 } => write!(f, "{code}"),
            Self::Att { code, handle } => write!(f, "{code} at handle 0x{handle:04x}"),
            Self::Violation(violation) => write!(f, "{violation}"),
            Self::NotFound => f.write_str("the server does not have the attribute"),
            Self::TooLong { max } => write!(f, "the value is longer than {max} octets"),
            Self::TooFewHandles => f.write_str("a Read Multiple needs at least two attributes"),
            Self::TooManyHandles { max } => write!(f, "one request carries at most {max} handles"),
            Self::NoRoom => f.write_str("the request does not fit the buffer"),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed(_) => "the server's response is malformed",
            Self::Response => "the server answered another request",
            Self::Order => "the server's handles are out of order or out of range",
            Self::Range => "the server sent a handle range that ends before it starts",
            Self::Echo => "the server returned a prepared write changed",
        })
    }
}

impl core::error::Error for ClientError {}
impl core::error::Error for Violation {}
