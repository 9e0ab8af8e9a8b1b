//! Parameters of responses. [Vol 3] Part B, 4.4 to 4.7

use bindrune_wire::{Malformed, Reader};

use crate::{ErrorCode, element::be16, pdu::MAX_CONTINUATION};

/// The server's continuation state, which the next request returns unchanged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Continuation {
    octets: [u8; MAX_CONTINUATION],
    len: usize,
}

impl Continuation {
    pub(super) const NONE: Self = Self { octets: [0; MAX_CONTINUATION], len: 0 };

    pub(super) fn octets(&self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or_default()
    }

    /// Reads the state at the end of a response.
    fn read(mut r: Reader<'_>) -> Result<Self, Malformed> {
        let len = usize::from(r.u8()?);
        let mut state = Self { len, ..Self::NONE };
        let room = state.octets.get_mut(..len).ok_or(Malformed::Value)?;
        room.copy_from_slice(r.bytes(len)?);
        r.finish()?;
        Ok(state)
    }
}

/// A part of the results.
pub(super) struct Part<'p> {
    pub(super) octets: &'p [u8],
    pub(super) continuation: Continuation,
}

impl<'p> Part<'p> {
    /// Reads the parameters of a Service Search Response. Some servers count more records in total than were requested.
    pub(super) fn handles(parameters: &'p [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(parameters);
        let (total, current) = (be16(&mut r)?, be16(&mut r)?);
        if current > total {
            return Err(Malformed::Value);
        }
        let octets = r.bytes(usize::from(current).saturating_mul(4))?;
        Ok(Self { octets, continuation: Continuation::read(r)? })
    }

    /// Reads the parameters of a Service Attribute Response or a Service Search Attribute Response.
    pub(super) fn list(parameters: &'p [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(parameters);
        let count = be16(&mut r)?;
        let octets = r.bytes(count.into())?;
        Ok(Self { octets, continuation: Continuation::read(r)? })
    }
}

/// Reads the code of an Error Response; details of the server may follow it.
pub(super) fn error(parameters: &[u8]) -> Result<ErrorCode, Malformed> {
    be16(&mut Reader::new(parameters)).map(ErrorCode)
}
