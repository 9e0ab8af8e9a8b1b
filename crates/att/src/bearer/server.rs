use super::refuse::refusal;
use crate::{
    ErrorCode, ErrorResponse, Opcode, Request,
    capability::{HasServer, SERVER},
};

/// The peer's pending request. [Vol 3] Part F, 3.3.2
#[derive(Clone, Copy, Debug)]
pub(super) enum Server {
    /// None.
    Idle,
    /// The GATT server answers it.
    Application(HasServer),
    /// The request failed before it reached the GATT server.
    Error(ErrorResponse),
    /// An MTU exchange.
    Mtu {
        /// The longest PDU that the client can receive.
        client: u16,
    },
}

impl Server {
    /// Returns whether the bearer's own answer is pending.
    pub(super) const fn is_pending(&self) -> bool {
        matches!(self, Self::Error(_) | Self::Mtu { .. })
    }

    /// Returns the request, or `None` if the bearer answers it. No other request may be pending.
    pub(super) fn handle_request<'p>(
        &mut self,
        opcode: Opcode,
        pdu: &'p [u8],
        fits: bool,
    ) -> Option<Request<'p>> {
        let Some(server) = SERVER else {
            *self = match *pdu {
                [_, low, high] if opcode == Opcode::EXCHANGE_MTU_REQ => {
                    Self::Mtu { client: u16::from_le_bytes([low, high]) }
                }
                _ => Self::Error(refusal(opcode, pdu, fits)),
            };
            return None;
        };
        let code = match (opcode.response(), Request::parse(pdu)) {
            (None, _) => ErrorCode::REQUEST_NOT_SUPPORTED,
            (Some(_), Ok(request)) if fits => {
                *self = Self::Application(server);
                return Some(request);
            }
            (Some(_), Ok(_) | Err(_)) => ErrorCode::INVALID_PDU,
        };
        *self = Self::Error(ErrorResponse { request: opcode, handle: 0, code });
        None
    }

    /// Records that the GATT server's response was sent.
    pub(super) const fn answered(&mut self) {
        if matches!(self, Self::Application(_)) {
            *self = Self::Idle;
        }
    }
}
