//! The Service Discovery Protocol. [Vol 3] Part B, 4

use std::collections::BTreeMap;

use bindrune_sdp::{AttributeId, Element, ErrorCode, MAX_DEPTH, PduId, class, protocol};
use bindrune_wire::{Malformed, Reader, Uuid};

use crate::{
    decoder::length,
    entry::{Entry, Layer, Value},
    question::{Both, Question, Unanswered},
    words,
};

/// Transactions of one end that are remembered.
const MAX_PENDING: usize = 64;

/// One channel of SDP.
#[derive(Debug, Default)]
pub(crate) struct Sdp {
    asked: Both<BTreeMap<u16, Question>>,
}

impl Sdp {
    /// Decodes a PDU.
    pub(crate) fn pdu(&mut self, entry: &mut Entry, octets: &[u8]) {
        let Some((&[id, a, b, c, d], parameters)) = octets.split_first_chunk() else {
            entry.enter(Layer::Sdp, "PDU, cut");
            entry.put("octets", octets);
            entry.violate("Vol 3, Part B, 4.2", "the PDU ends inside its header");
            return;
        };
        let (id, transaction) = (PduId(id), u16::from_be_bytes([a, b]));
        let name = id.name().map_or_else(|| format!("PDU 0x{:02x}", id.0), words::title);
        entry.enter(Layer::Sdp, name.as_str());
        entry.put("code", id.0);
        entry.put("name", name);
        entry.put("transaction", transaction);
        let len = usize::from(u16::from_be_bytes([c, d]));
        if len != parameters.len() {
            entry.put("parameters", parameters);
            entry.violate("Vol 3, Part B, 4.2", length(len, parameters.len()));
        } else if describe(entry, id, parameters).is_err() {
            entry.put("parameters", parameters);
            entry.violate("Vol 3, Part B, 4", "the parameters have the wrong form");
        }
        self.pair(entry, id, transaction);
    }

    fn pair(&mut self, entry: &mut Entry, id: PduId, transaction: u16) {
        let sender = entry.direction;
        if id.0 & 1 == 0 && id.name().is_some() {
            let asked = self.asked.of(sender);
            if asked.len() < MAX_PENDING {
                asked.insert(transaction, Question::of(entry, id.0.into()));
            }
        } else if id.name().is_some() {
            match self.asked.to(sender).remove(&transaction) {
                Some(question) => {
                    let follows = question.code.checked_add(1) == Some(id.0.into());
                    if id != PduId::ERROR_RESPONSE && !follows {
                        entry.violate(
                            "Vol 3, Part B, 4.2",
                            format!("the request was {}", question.summary()),
                        );
                    }
                    question.answered_by(entry);
                }
                None => entry.violate(
                    "Vol 3, Part B, 4.2",
                    format!("no request has transaction {transaction}"),
                ),
            }
        } else {
            entry.violate("Vol 3, Part B, 4.2", format!("PDU ID 0x{:02x} is reserved", id.0));
        }
    }

    pub(crate) fn end(self, unanswered: &mut Unanswered) {
        let pending = self.asked.into_both().into_iter().flat_map(BTreeMap::into_values);
        pending.for_each(|question| unanswered.add(question));
    }
}

fn be16(r: &mut Reader<'_>) -> Result<u16, Malformed> {
    r.array().map(u16::from_be_bytes)
}

fn be32(r: &mut Reader<'_>) -> Result<u32, Malformed> {
    r.array().map(u32::from_be_bytes)
}

fn describe(entry: &mut Entry, id: PduId, parameters: &[u8]) -> Result<(), Malformed> {
    let mut r = Reader::new(parameters);
    match id {
        PduId::ERROR_RESPONSE => {
            let code = ErrorCode(be16(&mut r)?);
            entry.put("error", format!("{code:?}"));
            entry.say(
                ": ",
                &code.name().map_or_else(|| format!("error 0x{:04x}", code.0), words::lower),
            );
            return Ok(());
        }
        PduId::SERVICE_SEARCH_REQUEST => {
            element(entry, "pattern", &mut r)?;
            entry.put("most_records", be16(&mut r)?);
        }
        PduId::SERVICE_SEARCH_RESPONSE => {
            let (total, count) = (be16(&mut r)?, be16(&mut r)?);
            let handles: Result<Vec<_>, _> =
                (0..count).map(|_| be32(&mut r).map(Value::from)).collect();
            entry.put("total", total);
            entry.put("handles", Value::List(handles?));
            entry.say(": ", &words::plural(count.into(), "record"));
        }
        PduId::SERVICE_ATTRIBUTE_REQUEST => {
            let handle = be32(&mut r)?;
            entry.put("record", handle);
            entry.say(": ", &format!("record 0x{handle:08x}"));
            entry.put("most_bytes", be16(&mut r)?);
            element(entry, "attributes", &mut r)?;
        }
        PduId::SERVICE_SEARCH_ATTRIBUTE_REQUEST => {
            element(entry, "pattern", &mut r)?;
            entry.put("most_bytes", be16(&mut r)?);
            element(entry, "attributes", &mut r)?;
        }
        PduId::SERVICE_ATTRIBUTE_RESPONSE | PduId::SERVICE_SEARCH_ATTRIBUTE_RESPONSE => {
            let count = be16(&mut r)?;
            let list = r.bytes(count.into())?;
            entry.say(": ", &words::bytes(list.len()));
            // A list that continues in the next response is no element yet.
            match Element::parse(list) {
                Ok(parsed) => entry.put("attributes", text(&parsed, MAX_DEPTH)),
                Err(_) => entry.put("octets", list),
            }
        }
        _ => {
            entry.put("parameters", parameters);
            return Ok(());
        }
    }
    continuation(entry, r)
}

/// Adds the continuation state at the end of a PDU. [Vol 3] Part B, 4.3
fn continuation(entry: &mut Entry, mut r: Reader<'_>) -> Result<(), Malformed> {
    let len = r.u8()?;
    let continuation = r.bytes(len.into())?;
    r.finish()?;
    if len > 0 {
        entry.put("continuation", continuation);
        entry.say(", ", "continued");
    }
    if len > 16 {
        entry.violate("Vol 3, Part B, 4.3", "a continuation state has at most 16 bytes");
    }
    Ok(())
}

fn element(entry: &mut Entry, name: &'static str, r: &mut Reader<'_>) -> Result<(), Malformed> {
    let text = text(&Element::read(r)?, MAX_DEPTH);
    if name == "pattern" {
        entry.say(": ", &text);
    }
    entry.put(name, text);
    Ok(())
}

/// Returns an element in words.
fn text(element: &Element<'_>, depth: usize) -> String {
    let Some(depth) = depth.checked_sub(1) else { return "...".into() };
    if let Some(elements) = element.elements() {
        let mut parts = Vec::new();
        let mut is_name = false;
        for element in elements {
            is_name = !is_name;
            let id = if let Element::U16(id) = element {
                AttributeId(id).name().filter(|_| is_name)
            } else {
                None
            };
            parts.push(id.map_or_else(|| text(&element, depth), words::lower));
        }
        return format!("({})", parts.join(", "));
    }
    match element {
        Element::Uuid(uuid) => uuid_text(*uuid),
        Element::Text(octets) | Element::Url(octets) => {
            format!("\"{}\"", words::printable(&String::from_utf8_lossy(octets)))
        }
        Element::Bool(is_true) => is_true.to_string(),
        Element::Nil => "nil".into(),
        Element::U8(number) => number.to_string(),
        Element::U16(number) => format!("0x{number:04x}"),
        Element::U32(number) => format!("0x{number:08x}"),
        Element::U64(number) => number.to_string(),
        Element::U128(number) => number.to_string(),
        Element::I8(number) => number.to_string(),
        Element::I16(number) => number.to_string(),
        Element::I32(number) => number.to_string(),
        Element::I64(number) => number.to_string(),
        Element::I128(number) => number.to_string(),
        Element::Sequence(_) | Element::Alternative(_) => String::new(),
    }
}

fn uuid_text(uuid: Uuid) -> String {
    let name = class::name(uuid).or_else(|| protocol::name(uuid));
    name.map_or_else(|| uuid.to_string(), |name| format!("{uuid} {name}"))
}
