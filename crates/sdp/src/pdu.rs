//! The header of a PDU, and the codes in it. [Vol 3] Part B, 4.2

use bindrune_wire::{Reader, open_enum};

use crate::element::be16;

/// The most UUIDs of a service search pattern. [Vol 3] Part B, 4.5.1
pub const MAX_PATTERN: usize = 12;

/// The longest continuation state in octets. [Vol 3] Part B, 4.3
pub(crate) const MAX_CONTINUATION: usize = 16;

open_enum! {
    /// Kind of a PDU. [Vol 3] Part B, 4.2
    pub struct PduId(u8) {
        /// A request failed.
        ERROR_RESPONSE = 0x01,
        /// Asks for the handles of records that match.
        SERVICE_SEARCH_REQUEST = 0x02,
        /// Answers with handles.
        SERVICE_SEARCH_RESPONSE = 0x03,
        /// Asks for attributes of a record.
        SERVICE_ATTRIBUTE_REQUEST = 0x04,
        /// Answers with the attributes of a record.
        SERVICE_ATTRIBUTE_RESPONSE = 0x05,
        /// Asks for attributes of all records that match.
        SERVICE_SEARCH_ATTRIBUTE_REQUEST = 0x06,
        /// Answers with the attributes of several records.
        SERVICE_SEARCH_ATTRIBUTE_RESPONSE = 0x07,
    }
}

open_enum! {
    /// Reason why a request failed. [Vol 3] Part B, 4.4.1
    pub struct ErrorCode(u16) {
        /// The server does not support this version of the protocol.
        INVALID_VERSION = 0x0001,
        /// No record has this handle.
        INVALID_RECORD_HANDLE = 0x0002,
        /// The request is malformed.
        INVALID_SYNTAX = 0x0003,
        /// The length in the header is not the length of the PDU.
        INVALID_PDU_SIZE = 0x0004,
        /// The continuation state is not one of this server, or the records have changed since.
        INVALID_CONTINUATION = 0x0005,
        /// The server lacks the resources.
        INSUFFICIENT_RESOURCES = 0x0006,
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for ErrorCode {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=u16:#06x}", self.0);
    }
}

/// The length of a header in octets.
pub(crate) const HEADER: usize = 5;

/// A PDU, split into its parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pdu<'a> {
    pub(crate) id: PduId,
    pub(crate) transaction: u16,
    /// The parameters, or `None` if the header's length is wrong.
    pub(crate) parameters: Option<&'a [u8]>,
}

impl<'a> Pdu<'a> {
    /// Splits a PDU; `None` if it is too short to have a transaction.
    pub(crate) fn split(octets: &'a [u8]) -> Option<Self> {
        let mut r = Reader::new(octets);
        let id = PduId(r.u8().ok()?);
        let transaction = be16(&mut r).ok()?;
        let len = be16(&mut r).ok();
        let parameters = r.rest();
        let parameters = (len.map(usize::from) == Some(parameters.len())).then_some(parameters);
        Some(Self { id, transaction, parameters })
    }
}
