//! The client's procedures, sans-IO and without storage. [Vol 3] Part G, 4
//!
//! A [`Procedure`] writes one request after the other and takes their responses:
//!
//! ```text
//! while let Some(opcode) = procedure.request(mtu, &mut w)? { send; wait for the PDU; procedure.response(&pdu)?; }
//! ```
//!
//! A [`Discovery`] also has results, which are popped from the last response, so that the caller keeps that PDU:
//!
//! ```text
//! loop {
//!     if let Some(item) = discovery.next(&pdu) { return Ok(Some(item)) }
//!     let Some(opcode) = discovery.request(mtu, &mut w)? else { return Ok(None) };
//!     send; pdu = wait for the PDU; discovery.response(&pdu)?;
//! }
//! ```
//!
//! A caller that lost its PDU passes an empty one: the next request asks again from behind the last popped item. A
//! procedure that failed is over. Handles strictly increase from request to request, so each one ends.

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
pub use write::{PreparedWrite, Write, write_command};

use bindrune_att::{ErrorCode, Opcode, Request, Response};
use bindrune_wire::Writer;

/// Requests one after the other, until the procedure is over.
pub trait Procedure {
    /// Writes the next request, at most `mtu` octets, and tells its opcode; `None` when the procedure is over.
    ///
    /// `mtu` is the bearer's MTU now. When `w` has no room, [`ClientError::NoRoom`], nothing is lost: call again.
    ///
    /// # Errors
    ///
    /// [`ClientError::NoRoom`] if `w` is too small; [`ClientError::TooLong`] if a value cannot be carried at this MTU.
    fn request(&mut self, mtu: u16, w: &mut Writer<'_>) -> Result<Option<Opcode>, ClientError>;

    /// Takes the response or Error Response to the last request.
    ///
    /// # Errors
    ///
    /// [`ClientError::Att`] if the server refused, [`ClientError::NotFound`] if what the procedure needs does not exist,
    /// [`ClientError::Violation`] if the response breaks a rule.
    fn response(&mut self, pdu: &[u8]) -> Result<(), ClientError>;
}

/// A procedure with results, popped one by one from the response that the caller keeps.
pub trait Discovery: Procedure {
    /// One result.
    type Item;

    /// The next result in `pdu`, the last response; `None` when it holds no more: then make the next request.
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

/// The response, or the error that it is.
fn parse_response(pdu: &[u8]) -> Result<Response<'_>, ClientError> {
    let response = Response::parse(pdu)?;
    if let Response::Error(error) = response {
        return Err(ClientError::Att { code: error.code, handle: error.handle });
    }
    Ok(response)
}

/// Succeeds when the response is exactly `wanted`.
fn expect_response(pdu: &[u8], wanted: Response<'_>) -> Result<(), ClientError> {
    if parse_response(pdu)? == wanted { Ok(()) } else { Err(Violation::Response.into()) }
}

/// The response, or `None` for the error that says there is nothing more. [Vol 3] Part F, 3.4.1.1
fn parse_more(pdu: &[u8]) -> Result<Option<Response<'_>>, ClientError> {
    match parse_response(pdu) {
        Err(ClientError::Att { code: ErrorCode::ATTRIBUTE_NOT_FOUND, .. }) => Ok(None),
        result => result.map(Some),
    }
}

#[cfg(test)]
mod tests;
