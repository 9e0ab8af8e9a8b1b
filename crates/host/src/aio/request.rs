//! Questions of a peer about values that the application holds.

use bindrune_att::{Command, ErrorCode, Request};
use bindrune_gatt::{Answer, AskKind, Characteristic, Descriptor, Target};

use crate::{
    Host,
    capability::SERVER,
    stack::{Handed, LinkRef, Question},
};

/// The peer reads a value that the application holds. Dropped without an answer, it is answered with Unlikely Error (0x0E).
#[derive(Debug)]
pub struct ReadRequest<'h> {
    taken: Taken<'h>,
    offset: u16,
}

/// The peer writes a value that the application holds. Dropped without an answer, it is answered with Unlikely Error (0x0E).
///
/// It may be kept for any time, also after its link has ended. A value of more than 20 bytes keeps a receive packet: an application
/// that keeps many of them of ended links is given no more until it drops some.
#[derive(Debug)]
pub struct WriteRequest<'h> {
    taken: Taken<'h>,
    offset: u16,
    response: bool,
}

/// A request, in the packet that it came in where its value is long.
#[derive(Debug)]
struct Taken<'h> {
    host: &'h Host,
    link: LinkRef,
    target: Target,
    handle: u16,
    handed: Option<Handed>,
    /// Nobody waits for an answer.
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

/// Which attribute a request is about: the same for a read and a write.
macro_rules! about {
    () => {
        /// True where it is the value of this characteristic.
        #[must_use]
        pub fn is(&self, characteristic: &'static Characteristic) -> bool {
            self.taken.target.is(characteristic)
        }

        /// True where it is the value of this descriptor.
        #[must_use]
        pub fn is_descriptor(&self, descriptor: &'static Descriptor) -> bool {
            self.taken.target.is_descriptor(descriptor)
        }

        /// The handle of the attribute.
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

    /// The first octet that the peer asks for. The answer is the whole value all the same.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset as usize
    }

    /// Answers with the whole value, at most 512 octets; the host cuts it as the request asks.
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

    /// Where the octets belong; 0 except for a long write of a part.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset as usize
    }

    /// True where the peer waits for an answer; false for a write command.
    #[must_use]
    pub const fn expects_response(&self) -> bool {
        self.response
    }

    /// The octets that the peer writes. A long write is here as well, unless it is longer than a packet holds: then this is
    /// empty, and [`Self::read`] has it.
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

    /// Copies what the peer writes, a long write too, and gives its length; where `buffer` is shorter than that, the rest is
    /// cut off.
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

    /// Answers with an error. A write command has no answer.
    pub fn reject(mut self, error: ErrorCode) {
        self.taken.finish(Answer::Reject(error));
    }
}
