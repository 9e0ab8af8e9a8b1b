//! Handling of requests, commands, and the application's answers.

use bindrune_att::{Command, ErrorCode, Request};
use bindrune_wire::Packet;

use super::{
    Answer, Ask, AskKind, Failure, Peer, Security, Server, Verdict, peer::Pending, write::Ignored,
};
use crate::{
    capability::LONG,
    table::{Entry, Holder},
};

/// Result of a step of a request.
pub(super) enum Step {
    /// The response is pending.
    Done,
    /// The application must be asked about the `index`th handle or prepared write of the request.
    Ask { kind: AskKind, entry: Entry, index: usize },
}

impl Server {
    /// Carries out a request. The host keeps the request until its reply is pulled; only one may be pending.
    pub fn handle_request(
        &mut self,
        peer: &mut Peer,
        request: &Request<'_>,
        security: Security,
    ) -> Verdict {
        peer.security = security;
        let step = match Self::check_awareness(peer, request) {
            Ok(()) => self.carry_out(peer, request),
            Err(failure) => Err(failure),
        };
        self.conclude(peer, step)
    }

    /// Carries out a command. If the application holds the value, it gets the write; no response is pending and no
    /// answer is expected. A write that is not permitted is ignored. [Vol 3] Part F, 3.4.5.3
    pub fn handle_command(
        &mut self,
        peer: &mut Peer,
        command: &Command<'_>,
        security: Security,
    ) -> Option<Ask> {
        let taken = match *command {
            Command::Write { handle, value } => self.write_command(peer, handle, value, security),
            // No signing key is known, so no signature is valid. [Vol 3] Part F, 3.4.5.4
            Command::SignedWrite { .. } => Err(Ignored),
        };
        taken.unwrap_or_else(|Ignored| {
            self.ignore();
            None
        })
    }

    /// Returns the octets of the write that the application was asked about.
    #[must_use]
    pub fn asked_value<'a>(&self, peer: &'a Peer, request: &Request<'a>) -> &'a [u8] {
        match (*request, peer.pending) {
            (Request::Write { value, .. }, _) => value,
            (Request::ExecuteWrite { .. }, Pending::Answer { index, .. }) if LONG => {
                self.prepared_value(peer, index)
            }
            _ => &[],
        }
    }

    /// Takes the application's answer to the last [`Ask`].
    ///
    /// A value that answers a Read Multiple goes to `collected`, a packet that the host keeps for this request and
    /// passes to [`Self::poll_reply`]; without such a packet the request fails with Insufficient Resources. A
    /// value that answers any other request goes to `poll_reply` directly, and `collected` stays unchanged.
    pub fn handle_answer(
        &mut self,
        peer: &mut Peer,
        request: &Request<'_>,
        answer: Answer<'_>,
        collected: Option<&mut Packet>,
    ) -> Verdict {
        let Pending::Answer { handle, index } = peer.pending else { return Verdict::Reply };
        let unlikely = Err(Failure::new(handle, ErrorCode::UNLIKELY_ERROR));
        let step = match (answer, *request) {
            (Answer::Reject(code), _) => Err(Failure::new(handle, code)),
            (
                Answer::Value(value),
                Request::ReadMultiple { handles } | Request::ReadMultipleVariable { handles },
            ) if LONG => self.collect(handles, index, value, collected),
            (
                Answer::Value(_),
                Request::Read { .. } | Request::ReadBlob { .. } | Request::ReadByType { .. },
            )
            | (Answer::Accept, Request::Write { .. }) => Ok(Step::Done),
            (Answer::Accept, Request::ExecuteWrite { .. }) if LONG => {
                self.resume_execute(peer, index)
            }
            (Answer::Value(_) | Answer::Accept, _) => unlikely,
        };
        if LONG && step.is_err() && matches!(request, Request::ExecuteWrite { .. }) {
            peer.queued = 0;
        }
        self.conclude(peer, step)
    }

    fn carry_out(&mut self, peer: &mut Peer, request: &Request<'_>) -> Result<Step, Failure> {
        match *request {
            Request::Read { handle } => self.read_step(peer, handle, 0),
            Request::ReadBlob { handle, offset } => self.read_step(peer, handle, offset),
            Request::ReadMultiple { handles } | Request::ReadMultipleVariable { handles }
                if LONG =>
            {
                self.multiple_step(peer, handles)
            }
            Request::ReadByType { start, end, attribute_type } => {
                self.by_type_step(peer, (start, end), attribute_type)
            }
            Request::Write { handle, value } => self.write_request(peer, handle, value),
            Request::PrepareWrite { handle, offset, value } if LONG => {
                self.prepare(peer, handle, offset, value)
            }
            Request::ExecuteWrite { write: true } if LONG => self.start_execute(peer),
            Request::ExecuteWrite { write: false } if LONG => {
                peer.queued = 0;
                Ok(Step::Done)
            }
            Request::FindInformation { .. }
            | Request::FindByTypeValue { .. }
            | Request::ReadByGroupType { .. } => Ok(Step::Done),
            // The bearer answers Exchange MTU.
            Request::ExchangeMtu { .. }
            | Request::ReadMultiple { .. }
            | Request::ReadMultipleVariable { .. }
            | Request::PrepareWrite { .. }
            | Request::ExecuteWrite { .. } => {
                Err(Failure::new(0, ErrorCode::REQUEST_NOT_SUPPORTED))
            }
        }
    }

    fn conclude(&self, peer: &mut Peer, step: Result<Step, Failure>) -> Verdict {
        match step {
            Ok(Step::Ask { kind, entry, index }) => {
                if let Some(target) = entry.attribute.target() {
                    let handle = entry.handle;
                    peer.pending = Pending::Answer { handle, index };
                    return Verdict::Ask(Ask { kind, target, handle });
                }
                peer.pending =
                    Pending::Error(Failure::new(entry.handle, ErrorCode::UNLIKELY_ERROR));
            }
            Ok(Step::Done) => peer.pending = Pending::Response,
            Err(failure) => peer.pending = Pending::Error(failure),
        }
        Verdict::Reply
    }

    pub(super) fn entry(&self, handle: u16) -> Result<Entry, Failure> {
        self.attribute(handle).ok_or(Failure::new(handle, ErrorCode::INVALID_HANDLE))
    }
}

/// Returns whether the application holds the value.
pub(super) fn is_app_held(entry: &Entry) -> bool {
    matches!(entry.attribute.content().map(|content| content.holder), Some(Holder::App))
}
