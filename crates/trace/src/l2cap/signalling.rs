//! Signalling: requests, and the responses that end them. [Vol 3] Part A, 4

use std::collections::BTreeMap;

use bindrune_l2cap::signal::pdu::{Code, Reject};

use super::Channels;
use crate::{
    decoder::length,
    entry::{Entry, Layer},
    question::{Both, Question, Unanswered},
    words,
};

pub(super) const FORMAT: &str = "Vol 3, Part A, 4";

/// The signalling channel of one link.
#[derive(Debug, Default)]
pub(crate) struct Signalling {
    pending: Both<BTreeMap<u8, Question>>,
}

/// One command, before its data is parsed.
#[derive(Clone, Copy)]
pub(super) struct RawCommand<'a> {
    pub(super) code: Code,
    pub(super) identifier: u8,
    pub(super) data: &'a [u8],
}

impl<'a> RawCommand<'a> {
    /// Takes a command from the front of a frame, and says what is wrong with its header.
    pub(super) fn take(entry: &mut Entry, frame: &mut &'a [u8]) -> Option<Self> {
        let Some((&[code, identifier, low, high], rest)) = frame.split_first_chunk() else {
            entry.violate(FORMAT, "the frame ends inside the header of a command");
            entry.put("octets", *frame);
            *frame = &[];
            return None;
        };
        let code = Code(code);
        let len = usize::from(u16::from_le_bytes([low, high]));
        let (data, rest) = rest.split_at_checked(len).unwrap_or_else(|| {
            entry.violate(FORMAT, length(len, rest.len()));
            (rest, &[])
        });
        *frame = rest;
        entry.put("code", code.0);
        entry.put("name", name(code));
        entry.put("identifier", identifier);
        if identifier == 0 {
            entry.violate(FORMAT, "identifier 0 is reserved");
        }
        if code.name().is_none() {
            entry.violate("Vol 3, Part A, 4", format!("code 0x{:02x} is reserved", code.0));
            entry.put("data", data);
        }
        Some(Self { code, identifier, data })
    }
}

impl Signalling {
    /// Decodes a frame of the LE signalling channel, which has one command.
    pub(crate) fn le(
        &mut self,
        channels: &mut Channels,
        gone: &mut Unanswered,
        entry: &mut Entry,
        frame: &[u8],
    ) {
        let mut rest = frame;
        entry.enter(Layer::L2cap, "signalling");
        let Some(command) = RawCommand::take(entry, &mut rest) else { return };
        entry.enter(Layer::L2cap, name(command.code));
        if !rest.is_empty() {
            entry.violate(FORMAT, "an LE frame has one command");
        }
        super::le::command(channels, gone, entry, command);
        self.pair(entry, command, false);
    }

    /// Decodes a frame of the BR/EDR signalling channel, which may have several commands.
    pub(crate) fn classic(
        &mut self,
        channels: &mut Channels,
        gone: &mut Unanswered,
        entry: &mut Entry,
        frame: &[u8],
    ) {
        let mut rest = frame;
        entry.enter(Layer::L2cap, if rest.is_empty() { "empty signalling frame" } else { "" });
        while !rest.is_empty() {
            let mut one = Entry::new(entry.time, entry.direction);
            (one.handle, one.peer, one.layer) = (entry.handle, entry.peer.clone(), Layer::L2cap);
            let command = RawCommand::take(&mut one, &mut rest);
            if let Some(command) = command {
                one.summary = name(command.code);
                let is_pending = super::classic::command(channels, gone, &mut one, command);
                self.pair(&mut one, command, is_pending);
            } else {
                one.summary = "signalling, cut".into();
            }
            entry.say("; ", &one.summary);
            entry.fields.append(&mut one.fields);
            entry.violations.append(&mut one.violations);
        }
    }

    fn pair(&mut self, entry: &mut Entry, command: RawCommand<'_>, is_pending: bool) {
        let RawCommand { code, identifier, .. } = command;
        if answer_to(code) {
            let questions = self.pending.to(entry.direction);
            match questions.get(&identifier) {
                Some(question) => {
                    let is_answer = code == Code::COMMAND_REJECT
                        || question.code.checked_add(1) == Some(code.0.into());
                    if !is_answer {
                        let text = format!("{} answers {}", name(code), question.summary());
                        entry.violate("Vol 3, Part A, 4", text);
                    }
                    question.answered_by(entry);
                }
                None => {
                    let text = format!("no request has identifier {identifier}");
                    entry.violate("Vol 3, Part A, 4", text);
                }
            }
            if !is_pending {
                questions.remove(&identifier);
            }
        } else if code.name().is_some() && code != Code::FLOW_CONTROL_CREDIT && identifier != 0 {
            let questions = self.pending.of(entry.direction);
            if questions.contains_key(&identifier) {
                let text =
                    format!("identifier {identifier} belongs to a request without an answer");
                entry.violate("Vol 3, Part A, 4", text);
            }
            questions.insert(identifier, Question::of(entry, code.0.into()));
        }
    }

    pub(crate) fn end(self, unanswered: &mut Unanswered) {
        let pending = self.pending.into_both().into_iter().flat_map(BTreeMap::into_values);
        pending.for_each(|question| unanswered.add(question));
    }
}

fn answer_to(code: Code) -> bool {
    code.is_final() && code != Code::FLOW_CONTROL_CREDIT
}

/// Returns the name of a code, as the specification has it.
pub(super) fn name(code: Code) -> String {
    match code {
        Code::PARAMETER_UPDATE_REQUEST => "Connection Parameter Update Request".into(),
        Code::PARAMETER_UPDATE_RESPONSE => "Connection Parameter Update Response".into(),
        Code::CREDIT_CONNECTION_REQUEST => "LE Credit Based Connection Request".into(),
        Code::CREDIT_CONNECTION_RESPONSE => "LE Credit Based Connection Response".into(),
        Code::FLOW_CONTROL_CREDIT => "Flow Control Credit".into(),
        Code::ENHANCED_CONNECTION_REQUEST => "Credit Based Connection Request".into(),
        Code::ENHANCED_CONNECTION_RESPONSE => "Credit Based Connection Response".into(),
        Code::RECONFIGURE_REQUEST => "Credit Based Reconfigure Request".into(),
        Code::RECONFIGURE_RESPONSE => "Credit Based Reconfigure Response".into(),
        _ => code.name().map_or_else(|| format!("code 0x{:02x}", code.0), words::title),
    }
}

/// Adds a Command Reject.
pub(super) fn reject(entry: &mut Entry, reject: Reject) {
    let text = match reject {
        Reject::NotUnderstood => "command not understood".into(),
        Reject::MtuExceeded(mtu) => format!("signalling MTU of {mtu} bytes exceeded"),
        Reject::InvalidCid(local, remote) => {
            format!("invalid CID (local 0x{local:04x}, remote 0x{remote:04x})")
        }
        Reject::Other(reason) => {
            entry.violate("Vol 3, Part A, 4.1", format!("reason 0x{reason:04x} is reserved"));
            format!("reason 0x{reason:04x}")
        }
    };
    entry.put("reason", text.as_str());
    entry.say(": ", &text);
}

/// Marks data that has the wrong form.
pub(super) fn malformed(entry: &mut Entry, command: RawCommand<'_>) {
    if command.code.name().is_some() {
        entry.put("data", command.data);
        let text =
            format!("{} are no data of {}", words::bytes(command.data.len()), name(command.code));
        entry.violate(FORMAT, text);
    }
}
