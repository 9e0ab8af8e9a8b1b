//! The Attribute Protocol. [Vol 3] Part F, 3

mod names;
mod request;
mod response;

use bindrune_att::{Command, ErrorCode, MIN_MTU, Opcode, Push, Request, Response};
use bindrune_hci::h4::Direction;
use bindrune_wire::{Malformed, Uuid};

use crate::{
    entry::{Entry, Layer, Value},
    question::{Both, Question, Unanswered, other},
    words,
};

pub(crate) use names::Names;
use names::Table;

const FORMAT: &str = "Vol 3, Part F, 3.3";
const ORDER: &str = "Vol 3, Part F, 3.3.2";

/// Table of the host's own server.
const OWN: &str = "";

/// A request, with what its response needs.
#[derive(Debug)]
struct Asked {
    question: Question,
    /// Handle, or start of the range.
    handle: u16,
    /// Type of the attributes.
    kind: Option<Uuid>,
    /// Value that the attributes have.
    value: Vec<u8>,
}

/// One bearer.
#[derive(Debug)]
pub(crate) struct Att {
    /// Longest PDU; `None` on a channel, whose MTU L2CAP checks.
    mtu: Option<u16>,
    /// MTU that each end reported.
    reported: Both<Option<u16>>,
    asked: Both<Option<Asked>>,
    indicated: Both<Option<Question>>,
    has_requests: bool,
}

impl Default for Att {
    fn default() -> Self {
        Self {
            mtu: Some(MIN_MTU),
            reported: Both::default(),
            asked: Both::default(),
            indicated: Both::default(),
            has_requests: false,
        }
    }
}

impl Att {
    /// Creates a bearer on a channel with a PSM.
    pub(crate) fn of_channel() -> Self {
        Self { mtu: None, ..Self::default() }
    }

    /// Decodes a PDU. `table` names the attributes of the peer.
    pub(crate) fn pdu(&mut self, names: &mut Names, table: &str, entry: &mut Entry, pdu: &[u8]) {
        let Some(&opcode) = pdu.first() else {
            entry.enter(Layer::Att, "empty PDU");
            entry.violate(FORMAT, "the PDU has no opcode");
            return;
        };
        let opcode = Opcode(opcode);
        entry.enter(Layer::Att, name(opcode));
        entry.put("code", opcode.0);
        entry.put("name", name(opcode));
        if let Some(mtu) = self.mtu.filter(|&mtu| pdu.len() > mtu.into()) {
            entry.violate(
                "Vol 3, Part F, 3.2.8",
                format!("{} for an MTU of {mtu}", words::bytes(pdu.len())),
            );
        }
        // A server sends responses and notifications, a client everything else.
        let server = if is_of_server(opcode) { entry.direction } else { other(entry.direction) };
        let table = &mut names.table(if server == Direction::ToController { OWN } else { table });
        let parsed = match opcode {
            _ if opcode.response().is_some() => {
                Request::parse(pdu).map(|request| self.request(table, entry, request))
            }
            _ if is_response(opcode) => self.response(table, entry, (opcode, pdu)),
            Opcode::NOTIFICATION | Opcode::INDICATION | Opcode::MULTIPLE_NOTIFICATION => {
                Push::parse(pdu).map(|push| self.push(table, entry, push))
            }
            Opcode::CONFIRMATION => {
                self.confirm(entry);
                if pdu.len() == 1 { Ok(()) } else { Err(Malformed::Trailing) }
            }
            Opcode::WRITE_CMD | Opcode::SIGNED_WRITE_CMD => {
                Command::parse(pdu).map(|command| write_command(table, entry, command))
            }
            _ => {
                entry.put("octets", pdu);
                entry.violate(
                    "Vol 3, Part F, 3.3",
                    format!("opcode 0x{:02x} is reserved", opcode.0),
                );
                Ok(())
            }
        };
        if let Err(malformed) = parsed {
            entry.put("octets", pdu);
            entry.violate(FORMAT, malformed.to_string());
        }
    }

    fn request(&mut self, table: &Table<'_>, entry: &mut Entry, request: Request<'_>) {
        if let Request::ExchangeMtu { mtu } = request {
            self.report(entry, mtu);
        }
        let about = request::describe(table, entry, request);
        let question = Question::of(entry, request.opcode().0.into());
        let asked = Asked { question, handle: about.handle, kind: about.kind, value: about.value };
        self.has_requests = true;
        if let Some(last) = self.asked.of(entry.direction).replace(asked) {
            let text = format!("{} has no response yet", last.question.summary());
            entry.violate(ORDER, text);
        }
    }

    fn response(
        &mut self,
        table: &mut Table<'_>,
        entry: &mut Entry,
        (opcode, pdu): (Opcode, &[u8]),
    ) -> Result<(), Malformed> {
        let asked = self.asked.to(entry.direction).take();
        let parsed = Response::parse(pdu);
        if let Ok(response) = parsed {
            response::describe(table, entry, response, asked.as_ref());
            if let Response::ExchangeMtu { mtu } = response {
                self.report(entry, mtu);
                self.agree();
            }
            if let Response::Error(error) = response
                && error.code.name().is_none()
                && !error.code.is_application()
                && !error.code.is_profile()
            {
                entry.violate(
                    "Vol 3, Part F, 3.4.1.1",
                    format!("error 0x{:02x} is reserved", error.code.0),
                );
            }
        }
        match asked {
            Some(asked) => {
                let code = u16::from(opcode.0);
                let follows =
                    opcode == Opcode::ERROR_RSP || asked.question.code.checked_add(1) == Some(code);
                if !follows {
                    entry.violate(
                        ORDER,
                        format!("{} answers {}", name(opcode), asked.question.summary()),
                    );
                }
                asked.question.answered_by(entry);
            }
            None if self.has_requests => entry.violate(ORDER, "no request came before"),
            None => {}
        }
        parsed.map(drop)
    }

    fn push(&mut self, table: &Table<'_>, entry: &mut Entry, push: Push<'_>) {
        match push {
            Push::Notification { handle, value } | Push::Indication { handle, value } => {
                pushed(table, entry, handle, value);
            }
            Push::MultipleNotification(list) => {
                for (handle, value) in list.iter() {
                    pushed(table, entry, handle, value);
                }
            }
        }
        if matches!(push, Push::Indication { .. }) {
            let question = Question::of(entry, Opcode::INDICATION.0.into());
            if self.indicated.of(entry.direction).replace(question).is_some() {
                entry.violate(ORDER, "the last indication has no confirmation yet");
            }
        }
    }

    fn confirm(&mut self, entry: &mut Entry) {
        match self.indicated.to(entry.direction).take() {
            Some(question) => question.answered_by(entry),
            None if self.has_requests => entry.violate(ORDER, "no indication came before"),
            None => {}
        }
    }

    fn report(&mut self, entry: &mut Entry, mtu: u16) {
        if mtu < MIN_MTU {
            entry.violate("Vol 3, Part F, 3.4.2", format!("an MTU of {mtu} is below {MIN_MTU}"));
        }
        *self.reported.of(entry.direction) = Some(mtu);
    }

    fn agree(&mut self) {
        let (host, peer) =
            (*self.reported.get(Direction::ToController), *self.reported.get(Direction::ToHost));
        // After a request that the capture does not have, any length is possible.
        let agreed = host.zip(peer).map_or(u16::MAX, |(host, peer)| host.min(peer).max(MIN_MTU));
        self.mtu = self.mtu.map(|_| agreed);
    }

    pub(crate) fn end(self, unanswered: &mut Unanswered) {
        let asked = self.asked.into_both().into_iter().flatten().map(|asked| asked.question);
        let indicated = self.indicated.into_both().into_iter().flatten();
        asked.chain(indicated).for_each(|question| unanswered.add(question));
    }
}

fn pushed(table: &Table<'_>, entry: &mut Entry, handle: u16, value: &[u8]) {
    attribute(table, entry, handle);
    entry.put("value", value);
    entry.say(", ", &words::value(value));
}

fn write_command(table: &Table<'_>, entry: &mut Entry, command: Command<'_>) {
    match command {
        Command::Write { handle, value } => pushed(table, entry, handle, value),
        Command::SignedWrite { handle, value, signature } => {
            pushed(table, entry, handle, value);
            entry.put("signature", signature.as_slice());
        }
    }
}

/// Adds a handle, and the name of its attribute.
fn attribute(table: &Table<'_>, entry: &mut Entry, handle: u16) {
    entry.put("attribute", handle);
    if let Some(name) = table.name(handle) {
        entry.put("attribute_name", name);
    }
    entry.say(if entry.summary.contains(": ") { "; " } else { ": " }, &table.handle(handle));
    if handle == 0 {
        entry.violate("Vol 3, Part F, 3.2.2", "handle 0x0000 is reserved");
    }
}

fn is_response(opcode: Opcode) -> bool {
    opcode == Opcode::ERROR_RSP || Opcode(opcode.0 & 0xfe).response() == Some(opcode)
}

fn is_of_server(opcode: Opcode) -> bool {
    is_response(opcode)
        || matches!(
            opcode,
            Opcode::NOTIFICATION | Opcode::INDICATION | Opcode::MULTIPLE_NOTIFICATION
        )
}

fn name(opcode: Opcode) -> String {
    opcode.name().map_or_else(|| format!("opcode 0x{:02x}", opcode.0), words::title)
}

/// Adds an error in words.
fn error(entry: &mut Entry, code: ErrorCode) {
    entry.put("error", format!("{code:?}"));
    entry.say(": ", &code.to_string());
}

/// Adds a list of values.
fn list(entry: &mut Entry, name: &'static str, values: Vec<Value>) {
    entry.put(name, Value::List(values));
}
