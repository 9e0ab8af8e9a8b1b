//! Every PDU of the protocol, as enums with `parse` and `write`. [Vol 3] Part F, 3.4
//!
//! `parse` checks only the form of a PDU: the server checks handles and ranges. The result borrows from the PDU.
//! `write` writes the whole PDU or nothing.

mod command;
mod list;
mod push;
mod request;
mod response;

pub use command::{Command, Signature};
pub use list::{
    AttributeList, GroupList, HandleInformation16, HandleInformation128, HandleRange, Handles,
    Information, Notifications, ValueList,
};
pub use push::{Push, write_confirmation};
pub use request::Request;
pub use response::{ErrorResponse, Response};

use bindrune_wire::{Malformed, NoRoom, Reader, Uuid, Writer};

use crate::Opcode;

/// Returns the opcode of a PDU, and a reader for the rest.
fn open(pdu: &[u8]) -> Result<(Opcode, Reader<'_>), Malformed> {
    let mut r = Reader::new(pdu);
    Ok((Opcode(r.u8()?), r))
}

/// Reads an attribute type of 2 or 16 octets from the rest of the PDU. [Vol 3] Part F, 3.2.1
fn attribute_type(r: &mut Reader<'_>) -> Result<Uuid, Malformed> {
    match r.remaining() {
        0 | 1 => Err(Malformed::Truncated),
        2 | 16 => Uuid::from_le_bytes(r.rest()),
        _ => Err(Malformed::Value),
    }
}

/// Writes a whole PDU, or nothing if it does not fit.
fn whole(
    w: &mut Writer<'_>,
    opcode: Opcode,
    fields: impl FnOnce(&mut Writer<'_>) -> Result<(), NoRoom>,
) -> Result<(), NoRoom> {
    let start = w.len();
    let result = w.u8(opcode.0).and_then(|()| fields(w));
    if result.is_err() {
        w.truncate(start);
    }
    result
}

#[cfg(test)]
mod tests;
