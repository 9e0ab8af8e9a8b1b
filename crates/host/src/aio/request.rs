//! Requests of a peer for values that the application holds.

use bindrune_att::{Command, ErrorCode, Request};
use bindrune_gatt::{Answer, AskKind, Characteristic, Descriptor, Target};

use crate::{
    Host,
    capability::SERVER,
    stack::{Handed, LinkRef, Question},
};

/// A peer's request to read a value that the application holds. If it is dropped without an answer, the host answers
/// with Unlikely Error (0x0E).
#[derive(Debug)]
pub struct ReadRequest<'h> {
    taken: Taken<'h>,
    offset: u16,
}

/// A peer's request to write a value that the application holds. If it is dropped without an answer, the host answers
/// with Unlikely Error (0x0E).
///
/// It can be kept for any time, even after the end of its link. A value of more than 20 bytes keeps a receive packet:
/// if an application keeps many requests of ended links, it gets no more until it drops some.
#[derive(Debug)]
pub struct WriteRequest<'h> {
    taken: Taken<'h>,
    offset: u16,
    response: bool,
}

/// A request, in the packet that it arrived in if its value is long.
#[derive(Debug)]
struct Taken<'h> {
    host: &'h Host,
    link: LinkRef,
    target: Target,
    handle: u16,
    handed: Option<Handed>,
    /// No answer is expected.
    command: bool,
}

impl<'h> Taken<'h> {
    const fn new(host: &'h Host, link: LinkRef, question: Question) -> Self {
        let Question { ask, handed, command } = question;
        let (target, handle) = (ask.target, ask.handle);
        Self { host, link, target, handle, handed: Some(handed), command }
    }

    fn finish(&mut self, answer: Answer<'_>) {
        let Some(handed) = self.handed.take().filter(|_| SERVER) else { return };
        let packet = match handed {
            Handed::Short(_) => None,
            Handed::Packet { mut packet, request_len } => {
                packet.truncate(request_len);
                Some(packet)
            }
        };
        let (link, command) = (self.link, self.command);
        self.host.with(|core| core.stack.answer(link, packet, command, answer));
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.finish(Answer::Reject(ErrorCode::UNLIKELY_ERROR));
    }
}

/// The attribute of a request, for reads and writes alike.
macro_rules! about {
    () => {
        /// Returns whether this is the value of `characteristic`.
        #[must_use]
        pub fn is(&self, characteristic: &'static Characteristic) -> bool {
            self.taken.target.is(characteristic)
        }

        /// Returns whether this is the value of `descriptor`.
        #[must_use]
        pub fn is_descriptor(&self, descriptor: &'static Descriptor) -> bool {
            self.taken.target.is_descriptor(descriptor)
        }

        /// Returns the handle of the attribute.
        #[must_use]
        pub const fn handle(&self) -> u16 {
            self.taken.handle
        }
    };
}

impl<'h> ReadRequest<'h> {
    pub(crate) const fn new(host: &'h Host, link: LinkRef, question: Question) -> Self {
        let offset = match question.ask.kind {
            AskKind::Read { offset } | AskKind::Write { offset, .. } => offset,
        };
        Self { taken: Taken::new(host, link, question), offset }
    }

    about!();

    /// Returns the first byte that the peer requests. The answer is the whole value anyway.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset as usize
    }

    /// Answers with the whole value, at most 512 bytes; the host sends the part that was requested.
    pub fn reply(mut self, value: &[u8]) {
        self.taken.finish(Answer::Value(value));
    }

    /// Answers with an error.
    pub fn reject(mut self, error: ErrorCode) {
        self.taken.finish(Answer::Reject(error));
    }
}

impl<'h> WriteRequest<'h> {
    pub(crate) const fn new(host: &'h Host, link: LinkRef, question: Question) -> Self {
        let (offset, response) = match question.ask.kind {
            AskKind::Write { offset, response } => (offset, response),
            AskKind::Read { offset } => (offset, true),
        };
        Self { taken: Taken::new(host, link, question), offset, response }
    }

    about!();

    /// Returns the offset of the written bytes; 0 except for a partial long write.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset as usize
    }

    /// Returns whether the peer waits for an answer; false for a write command.
    #[must_use]
    pub const fn expects_response(&self) -> bool {
        self.response
    }

    /// Returns the bytes that the peer writes. For a long write that exceeds a packet this is empty: use
    /// [`Self::read`].
    #[must_use]
    pub fn value(&self) -> &[u8] {
        let (packet, request_len) = match &self.taken.handed {
            Some(Handed::Short(short)) => return short.bytes(),
            Some(Handed::Packet { packet, request_len }) => (packet, *request_len),
            None => return &[],
        };
        let octets = packet.bytes();
        let (request, long) = octets.split_at_checked(request_len).unwrap_or((octets, &[]));
        match (Request::parse(request), Command::parse(request)) {
            (Ok(Request::Write { value, .. }), _) | (_, Ok(Command::Write { value, .. })) => value,
            _ => long,
        }
    }

    /// Copies the bytes that the peer writes, including a long write, and returns their number. If `buffer` is shorter,
    /// the rest is cut off.
    pub fn read(&self, buffer: &mut [u8]) -> usize {
        let (link, host) = (self.taken.link, self.taken.host);
        match &self.taken.handed {
            Some(Handed::Short(short)) => {
                let value = short.bytes();
                let copied = value.len().min(buffer.len());
                if let (Some(to), Some(from)) = (buffer.get_mut(..copied), value.get(..copied)) {
                    to.copy_from_slice(from);
                }
                value.len()
            }
            Some(Handed::Packet { packet, request_len }) => {
                host.with(|core| core.stack.asked_value(link, packet, *request_len, buffer))
            }
            None => 0,
        }
    }

    /// Accepts the write.
    pub fn accept(mut self) {
        self.taken.finish(Answer::Accept);
    }

    /// Answers with an error. A write command gets no answer.
    pub fn reject(mut self, error: ErrorCode) {
        self.taken.finish(Answer::Reject(error));
    }
}
