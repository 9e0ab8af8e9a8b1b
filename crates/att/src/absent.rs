//! A client that never sends a request.

use bindrune_wire::time::Instant;

use crate::{Opcode, bearer::Outcome};

/// Replaces the requests of this side.
#[derive(Clone, Debug)]
pub(crate) struct Client;

#[expect(clippy::unused_self, reason = "the client that is built in has a state")]
impl Client {
    pub(crate) const fn new() -> Self {
        Self
    }

    pub(crate) const fn is_idle(&self) -> bool {
        true
    }

    pub(crate) const fn has_pending_mtu_request(&self) -> bool {
        false
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        None
    }

    pub(crate) const fn sent(&mut self, _request: Opcode, _deadline: Instant) {}

    pub(crate) const fn restamp(&mut self, _deadline: Instant) {}

    pub(crate) const fn abandon(&mut self) {}

    pub(crate) const fn exchange_mtu(&mut self, _deadline: Instant) {}

    pub(crate) const fn mtu_request_sent(&mut self) {}

    pub(crate) const fn handle_response(
        &mut self,
        _deadline: Instant,
        _opcode: Opcode,
        _pdu: &[u8],
    ) -> Outcome {
        Outcome::Unexpected
    }

    pub(crate) const fn end(&mut self) {}
}
