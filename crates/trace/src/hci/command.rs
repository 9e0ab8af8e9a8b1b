//! Commands. [Vol 4] Part E, 5.4.1 and 7

use bindrune_gap::{AdData, AdType};
use bindrune_hci::{Opcode, cmd::RawCommand, h4::Direction};

use super::table;
use crate::{
    decoder::{Decoder, length},
    entry::{Entry, Field, Layer, Value},
    numbers,
    question::Question,
    reflect::{self, HIDDEN},
    words,
};

const FORMAT: &str = "Vol 4, Part E, 5.4.1";

/// Write Stored Link Key. [Vol 4] Part E, 7.3.9
const WRITE_STORED_LINK_KEY: Opcode = Opcode(0x0c11);

/// Commands with keys, PIN codes or out-of-band data, whose parameters are hidden also if they are malformed.
const HAS_KEYS: [Opcode; 9] = [
    Opcode::LINK_KEY_REQUEST_REPLY,
    Opcode::PIN_CODE_REQUEST_REPLY,
    Opcode::REMOTE_OOB_DATA_REQUEST_REPLY,
    Opcode::REMOTE_OOB_EXTENDED_DATA_REQUEST_REPLY,
    WRITE_STORED_LINK_KEY,
    Opcode::LE_ENCRYPT,
    Opcode::LE_ENABLE_ENCRYPTION,
    Opcode::LE_LONG_TERM_KEY_REQUEST_REPLY,
    Opcode::LE_ADD_TO_RESOLVING_LIST,
];

impl Decoder {
    pub(crate) fn command(&mut self, entry: &mut Entry, body: &[u8]) {
        let Some((&[low, high, len], parameters)) = body.split_first_chunk() else {
            entry.enter(Layer::Hci, "command, cut");
            entry.put("octets", body);
            entry.violate(FORMAT, "the command ends inside its header");
            return;
        };
        let opcode = Opcode(u16::from_le_bytes([low, high]));
        entry.enter(Layer::Hci, name(opcode));
        entry.put("packet", "command");
        entry.put("code", opcode.0);
        entry.put("name", name(opcode));
        if entry.direction == Direction::ToHost {
            entry.violate(FORMAT, "a controller sends no commands");
        }
        match RawCommand::parse(body) {
            Ok(raw) => fill(entry, opcode, raw.parameters),
            Err(_) => {
                raw(entry, opcode, parameters);
                entry.violate(FORMAT, length(len.into(), parameters.len()));
            }
        }
        if let Some(&Value::Number(handle)) = entry.field("handle") {
            entry.handle = u16::try_from(handle).ok();
        }
        if opcode != Opcode::HOST_NUMBER_OF_COMPLETED_PACKETS {
            self.controller.ask(Question::of(entry, opcode.0), &mut self.unanswered);
        }
    }
}

fn fill(entry: &mut Entry, opcode: Opcode, parameters: &[u8]) {
    match table::parameters(opcode, parameters) {
        Some(Ok(debug)) => {
            let mut fields = reflect::fields(&debug);
            let keys = fields.iter_mut().filter(|field| field.name == "key");
            keys.for_each(|field| field.value = HIDDEN.into());
            brief(entry, &fields);
            add(entry, fields);
            if matches!(opcode, Opcode::LE_SET_ADVERTISING_DATA | Opcode::LE_SET_SCAN_RESPONSE_DATA)
            {
                let data = parameters.get(1..).unwrap_or_default();
                advertised(entry, data);
            }
        }
        Some(Err(malformed)) => {
            raw(entry, opcode, parameters);
            entry.violate("Vol 4, Part E, 7", malformed.to_string());
        }
        None if parameters.is_empty() => {}
        None if HAS_KEYS.contains(&opcode) => entry.put("parameters", HIDDEN),
        None => {
            entry.say(": ", &words::value(parameters));
            entry.put("parameters", parameters);
        }
    }
}

/// Adds parameters that cannot be parsed.
fn raw(entry: &mut Entry, opcode: Opcode, parameters: &[u8]) {
    if HAS_KEYS.contains(&opcode) {
        entry.put("parameters", HIDDEN);
    } else {
        entry.put("parameters", parameters);
    }
}

/// Adds fields; a handle becomes a number, and the handle of the entry.
pub(super) fn add(entry: &mut Entry, fields: Vec<Field>) {
    for mut field in fields {
        if field.name == "handle"
            && let Value::Text(text) = &field.value
            && let Some(handle) =
                text.strip_prefix("0x").and_then(|digits| u16::from_str_radix(digits, 16).ok())
        {
            entry.handle = Some(handle & 0x0fff);
            field.value = handle.into();
        }
        if is_address(&field) {
            field.value = address(&field.value);
        }
        entry.fields.push(field);
    }
}

/// Returns whether a field is an address that the packet has as octets.
fn is_address(field: &Field) -> bool {
    field.name.ends_with("address")
        && matches!(&field.value, Value::Octets(octets) if octets.len() == 6)
}

fn address(value: &Value) -> Value {
    let Value::Octets(octets) = value else { return value.clone() };
    let digits: Vec<_> = octets.iter().rev().map(|octet| format!("{octet:02X}")).collect();
    digits.join(":").into()
}

/// Adds the scalar fields to the summary.
pub(super) fn brief(entry: &mut Entry, fields: &[Field]) {
    let mut words = Vec::new();
    for field in fields {
        let text = match &field.value {
            _ if is_address(field) => address(&field.value).to_string(),
            // The entry shows the handle in each line.
            _ if field.name == "handle" => continue,
            Value::Number(number) => number.to_string(),
            Value::Text(text) if text == HIDDEN => continue,
            Value::Text(text)
                if text.starts_with(|c: char| c.is_ascii_uppercase()) && !text.contains(':') =>
            {
                words::lower(text)
            }
            Value::Text(text) => text.clone(),
            Value::Octets(octets) if octets.len() <= 8 => words::hex(octets),
            Value::Octets(_) | Value::List(_) | Value::Group(_) => continue,
        };
        words.push(match field.name.as_ref() {
            "status" | "peer" | "address" => text,
            name => format!("{} {text}", name.replace('_', " ")),
        });
    }
    entry.say(": ", &words.join(", "));
}

/// Adds advertising data as a field, and its name to the summary.
pub(super) fn advertised(entry: &mut Entry, data: &[u8]) {
    let (value, brief) = advertising_data(data);
    entry.put("advertising_data", value);
    entry.say(", ", &brief);
}

/// Returns the structures of advertising data, and a few of them in words.
pub(super) fn advertising_data(data: &[u8]) -> (Value, String) {
    let (mut fields, mut brief) = (Vec::new(), Vec::new());
    for structure in AdData::new(data).structures() {
        let Ok(structure) = structure else {
            fields.push(Field { name: "malformed".into(), value: true.into() });
            break;
        };
        let kind = structure.ad_type;
        let name = kind.name().map_or_else(|| format!("type_{:02x}", kind.0), str::to_lowercase);
        let value = match kind {
            AdType::COMPLETE_LOCAL_NAME | AdType::SHORTENED_LOCAL_NAME => {
                let text = words::printable(&String::from_utf8_lossy(structure.data));
                brief.push(format!("\"{text}\""));
                text.into()
            }
            AdType::COMPLETE_SERVICES_16 | AdType::INCOMPLETE_SERVICES_16 => {
                let names = structure.data.chunks_exact(2).map(service);
                Value::List(names.map(Value::Text).collect())
            }
            AdType::MANUFACTURER_DATA => {
                let company = structure.data.first_chunk().map(|id| u16::from_le_bytes(*id));
                brief.extend(company.and_then(numbers::company).map(str::to_owned));
                structure.data.into()
            }
            _ => structure.data.into(),
        };
        fields.push(Field { name: name.into(), value });
    }
    (Value::Group(fields), brief.join(", "))
}

fn service(octets: &[u8]) -> String {
    let Ok(uuid) = bindrune_wire::Uuid::from_le_bytes(octets) else { return words::hex(octets) };
    numbers::service(uuid).map_or_else(|| uuid.to_string(), |name| format!("{uuid} {name}"))
}

/// Returns the name of a command.
pub(super) fn name(opcode: Opcode) -> String {
    let group = opcode.0 >> 10;
    match opcode.name() {
        Some(name) => words::title(name),
        None if group == 0x3f => format!("Vendor Command 0x{:04x}", opcode.0),
        None => format!(
            "Command 0x{:04x} (group 0x{group:02x}, command 0x{:03x})",
            opcode.0,
            opcode.0 & 0x03ff
        ),
    }
}
