use bindrune_att::{Opcode, Request, Response};
use bindrune_wire::{Uuid, Writer};

use super::{
    Characteristic, ClientError, Descriptors, Discovery, Procedure, expect_response, write_request,
};
use crate::cccd::Cccd;

/// The Client Characteristic Configuration descriptor. [Vol 3] Part G, 3.3.3.3
const CONFIGURATION: Uuid = Uuid::new_16(0x2902);

/// Subscribes to a characteristic's value, or unsubscribes: finds its Client Characteristic Configuration descriptor
/// and writes it. [Vol 3] Part G, 4.10, 4.11, 4.12.3
///
/// Fails with [`ClientError::NotFound`] if there is no such descriptor.
#[derive(Clone, Debug)]
pub struct Subscribe {
    descriptors: Descriptors,
    cccd: Option<u16>,
    wanted: Cccd,
    over: bool,
}

impl Subscribe {
    /// Requests `wanted` from `characteristic`; an empty `wanted` unsubscribes.
    #[must_use]
    pub fn new(characteristic: &Characteristic, wanted: Cccd) -> Self {
        Self { descriptors: Descriptors::of(characteristic), cccd: None, wanted, over: false }
    }

    /// Creates the same procedure with the descriptor's handle already known.
    #[must_use]
    pub fn at(cccd: u16, wanted: Cccd) -> Self {
        Self { descriptors: Descriptors::within(1, 0), cccd: Some(cccd), wanted, over: false }
    }

    /// Returns the descriptor's handle, once it is known.
    #[must_use]
    pub const fn cccd(&self) -> Option<u16> {
        self.cccd
    }
}

impl Procedure for Subscribe {
    fn request(&mut self, mtu: u16, w: &mut Writer<'_>) -> Result<Option<Opcode>, ClientError> {
        if self.over {
            return Ok(None);
        }
        let Some(handle) = self.cccd else {
            let request = self.descriptors.request(mtu, w)?;
            return request.map(Some).ok_or(ClientError::NotFound);
        };
        write_request(Request::Write { handle, value: self.wanted.octets() }, mtu, w)
    }

    fn response(&mut self, pdu: &[u8]) -> Result<(), ClientError> {
        if self.cccd.is_some() {
            self.over = true;
            return expect_response(pdu, Response::Write);
        }
        self.descriptors.response(pdu).inspect_err(|_| self.over = true)?;
        while let Some(descriptor) = self.descriptors.next(pdu) {
            if descriptor.uuid == CONFIGURATION {
                self.cccd = Some(descriptor.handle);
                break;
            }
        }
        Ok(())
    }
}
