use bindrune_wire::time::Instant;

use crate::{ErrorResponse, Opcode, bearer::Outcome};

/// This side's requests: at most one is outstanding. [Vol 3] Part F, 3.3.2
#[derive(Clone, Debug)]
pub(crate) struct Client {
    outstanding: Option<Transaction>,
    mtu: Exchange,
}

#[derive(Clone, Copy, Debug)]
struct Transaction {
    request: Opcode,
    deadline: Instant,
    owner: Owner,
}

/// The owner of the outstanding request.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
enum Owner {
    Application = 1,
    None,
    Bearer,
}

/// The MTU exchange, which a client begins at most once. [Vol 3] Part F, 3.4.2.1
#[derive(Clone, Copy, Debug)]
enum Exchange {
    /// It was not requested.
    Unwanted,
    /// It waits until no request is outstanding.
    Waiting,
    /// The request is pending; the exchange must end by the deadline.
    Pending(Instant),
    /// The request was sent.
    Begun,
}

impl Client {
    pub(crate) const fn new() -> Self {
        Self { outstanding: None, mtu: Exchange::Unwanted }
    }

    /// Returns whether a request may be sent.
    pub(crate) const fn is_idle(&self) -> bool {
        self.outstanding.is_none() && !self.has_pending_mtu_request()
    }

    pub(crate) const fn has_pending_mtu_request(&self) -> bool {
        self.outstanding.is_none() && matches!(self.mtu, Exchange::Pending(..))
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        match (self.outstanding, self.mtu) {
            (Some(transaction), _) => Some(transaction.deadline),
            (None, Exchange::Pending(deadline)) => Some(deadline),
            (None, Exchange::Unwanted | Exchange::Waiting | Exchange::Begun) => None,
        }
    }

    pub(crate) const fn sent(&mut self, request: Opcode, deadline: Instant) {
        self.outstanding = Some(Transaction { request, deadline, owner: Owner::Application });
    }

    pub(crate) const fn restamp(&mut self, deadline: Instant) {
        if let Some(transaction) = &mut self.outstanding
            && !matches!(transaction.owner, Owner::Bearer)
        {
            transaction.deadline = deadline;
        }
    }

    pub(crate) const fn abandon(&mut self) {
        if let Some(transaction) = &mut self.outstanding
            && matches!(transaction.owner, Owner::Application)
        {
            transaction.owner = Owner::None;
        }
    }

    pub(crate) const fn exchange_mtu(&mut self, deadline: Instant) {
        if let Exchange::Unwanted = self.mtu {
            self.mtu = match self.outstanding {
                Some(_) => Exchange::Waiting,
                None => Exchange::Pending(deadline),
            };
        }
    }

    pub(crate) const fn mtu_request_sent(&mut self) {
        if let Exchange::Pending(deadline) = self.mtu {
            let (request, owner) = (Opcode::EXCHANGE_MTU_REQ, Owner::Bearer);
            self.outstanding = Some(Transaction { request, deadline, owner });
            self.mtu = Exchange::Begun;
        }
    }

    /// Ends the outstanding transaction if `pdu` answers it; then the request of a waiting exchange becomes
    /// pending, with `deadline`.
    pub(crate) fn handle_response(
        &mut self,
        deadline: Instant,
        opcode: Opcode,
        pdu: &[u8],
    ) -> Outcome {
        let Some(transaction) = self.outstanding.filter(|t| t.is_answered_by(opcode, pdu)) else {
            return Outcome::Unexpected;
        };
        self.outstanding = None;
        if let Exchange::Waiting = self.mtu {
            self.mtu = Exchange::Pending(deadline);
        }
        match transaction.owner {
            Owner::Application => Outcome::Application,
            Owner::None => Outcome::Abandoned,
            Owner::Bearer => Outcome::Mtu,
        }
    }

    /// Ends the client: no further request will be sent.
    pub(crate) const fn end(&mut self) {
        self.outstanding = None;
        self.mtu = Exchange::Begun;
    }
}

impl Transaction {
    fn is_answered_by(&self, opcode: Opcode, pdu: &[u8]) -> bool {
        match ErrorResponse::parse(pdu) {
            Some(error) => error.request == self.request,
            None => self.request.response() == Some(opcode),
        }
    }
}
