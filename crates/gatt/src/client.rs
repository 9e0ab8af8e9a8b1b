//! The client's procedures, without I/O and without storage. [Vol 3] Part G, 4
//!
//! A [`Procedure`] writes one request after another and takes their responses:
//!
//! ```text
//! while let Some(opcode) = procedure.request(mtu, &mut w)? { send; wait for the PDU; procedure.response(&pdu)?; }
//! ```
//!
//! A [`Discovery`] also has results. The caller pops them from the last response, so the caller keeps that PDU:
//!
//! ```text
//! loop {
//!     if let Some(item) = discovery.next(&pdu) { return Ok(Some(item)) }
//!     let Some(opcode) = discovery.request(mtu, &mut w)? else { return Ok(None) };
//!     send; pdu = wait for the PDU; discovery.response(&pdu)?;
//! }
//! ```
//!
//! A caller that lost its PDU passes an empty one: the next request continues after the last popped item. A procedure
//! that failed is over. Handles strictly increase from request to request, so each procedure ends.

mod caching;
mod discover;
mod error;
#[doc(hidden)]
pub mod fuzz;
mod read;
mod subscribe;
mod write;

pub use caching::{ClientFeatures, EnableFeatures, ReadDatabaseHash, ServiceChanged};
pub use discover::{
    Characteristic, Characteristics, Descriptor, Descriptors, Include, Includes, Service, Services,
};
pub use error::{ClientError, Violation};
pub use read::{AttributeValue, ReadByUuid, ReadLong, ReadMultiple, VariableValue};
pub use subscribe::Subscribe;
pub use write::{PreparedWrite, Write, WriteLong, write_command};

use bindrune_att::{ErrorCode, Opcode, Request, Response};
use bindrune_wire::Writer;

/// A procedure that sends one request after another until it is over.
pub trait Procedure {
    /// Writes the next request, at most `mtu` octets, and returns its opcode; `None` if the procedure is over.
    ///
    /// `mtu` is the bearer's current MTU. If `w` has no room ([`ClientError::NoRoom`]), nothing is lost: call again.
    ///
    /// # Errors
    ///
    /// [`ClientError::NoRoom`] if `w` is too small; [`ClientError::TooLong`] if a value does not fit at this MTU.
    fn request(&mut self, mtu: u16, w: &mut Writer<'_>) -> Result<Option<Opcode>, ClientError>;

    /// Takes the response or Error Response to the last request.
    ///
    /// # Errors
    ///
    /// [`ClientError::Att`] if the server refused, [`ClientError::NotFound`] if an attribute that the procedure needs
    /// does not exist, [`ClientError::Violation`] if the response breaks a rule.
    fn response(&mut self, pdu: &[u8]) -> Result<(), ClientError>;
}

/// A procedure with results, which the caller pops one by one from the response.
pub trait Discovery: Procedure {
    /// Type of one result.
    type Item;

    /// Returns the next result in `pdu`, the last response; `None` if it has no more: then make the next request.
    fn next(&mut self, pdu: &[u8]) -> Option<Self::Item>;
}

/// Writes one request of at most `mtu` octets.
fn write_request(
    request: Request<'_>,
    mtu: u16,
    w: &mut Writer<'_>,
) -> Result<Option<Opcode>, ClientError> {
    w.limit(w.len().saturating_add(mtu.into()));
    request.write(w)?;
    Ok(Some(request.opcode()))
}

/// Returns the response, or the error of an Error Response.
fn parse_response(pdu: &[u8]) -> Result<Response<'_>, ClientError> {
    let response = Response::parse(pdu)?;
    if let Response::Error(error) = response {
        return Err(ClientError::Att { code: error.code, handle: error.handle });
    }
    Ok(response)
}

/// Succeeds if the response is exactly `wanted`.
fn expect_response(pdu: &[u8], wanted: Response<'_>) -> Result<(), ClientError> {
    if parse_response(pdu)? == wanted { Ok(()) } else { Err(Violation::Response.into()) }
}

/// Returns the response, or `None` for the error that means there are no more results. [Vol 3] Part F, 3.4.1.1
fn parse_more(pdu: &[u8]) -> Result<Option<Response<'_>>, ClientError> {
    match parse_response(pdu) {
        Err(ClientError::Att { code: ErrorCode::ATTRIBUTE_NOT_FOUND, .. }) => Ok(None),
        result => result.map(Some),
    }
}

#[cfg(test)]
mod tests;
