//! Requests of a client. [Vol 3] Part F, 3.4

use bindrune_att::Request;
use bindrune_wire::Uuid;

use super::{attribute, list, names, names::Table};
use crate::{entry::Entry, words};

/// Octets of a value that are remembered until the response: a UUID.
const REMEMBERED: usize = 16;

/// What a request is about.
#[derive(Default)]
pub(super) struct About {
    pub(super) handle: u16,
    pub(super) kind: Option<Uuid>,
    pub(super) value: Vec<u8>,
}

/// Adds the fields of a request.
pub(super) fn describe(table: &Table<'_>, entry: &mut Entry, request: Request<'_>) -> About {
    match request {
        Request::ExchangeMtu { mtu } => {
            entry.put("mtu", mtu);
            entry.say(": ", &format!("MTU {mtu}"));
            About::default()
        }
        Request::FindInformation { start, end } => range(entry, (start, end), None),
        Request::ReadByType { start, end, attribute_type } => {
            range(entry, (start, end), Some(attribute_type))
        }
        Request::ReadByGroupType { start, end, group_type } => {
            range(entry, (start, end), Some(group_type))
        }
        Request::FindByTypeValue { start, end, attribute_type, value } => {
            let about = range(entry, (start, end), Some(Uuid::new_16(attribute_type)));
            entry.put("value", value);
            let is_service = matches!(attribute_type, 0x2800 | 0x2801);
            let text = if is_service { names::service_of(value) } else { words::value(value) };
            entry.say(" = ", &text);
            let value = value.get(..REMEMBERED).unwrap_or(value).to_vec();
            About { value, ..about }
        }
        Request::Read { handle } => one(table, entry, handle),
        Request::ReadBlob { handle, offset } => {
            let about = one(table, entry, handle);
            at(entry, offset);
            about
        }
        Request::ReadMultiple { handles } | Request::ReadMultipleVariable { handles } => {
            list(entry, "attributes", handles.iter().map(Into::into).collect());
            let handles: Vec<_> =
                handles.iter().take(4).map(|handle| table.handle(handle)).collect();
            entry.say(": ", &handles.join(", "));
            About::default()
        }
        Request::Write { handle, value } => {
            let about = one(table, entry, handle);
            written(entry, value);
            about
        }
        Request::PrepareWrite { handle, offset, value } => {
            let about = one(table, entry, handle);
            at(entry, offset);
            written(entry, value);
            about
        }
        Request::ExecuteWrite { write } => {
            entry.put("write", write);
            entry.say(": ", if write { "write" } else { "cancel" });
            About::default()
        }
    }
}

fn one(table: &Table<'_>, entry: &mut Entry, handle: u16) -> About {
    attribute(table, entry, handle);
    About { handle, ..About::default() }
}

pub(super) fn at(entry: &mut Entry, offset: u16) {
    entry.put("offset", offset);
    entry.say(" ", &format!("from byte {offset}"));
}

pub(super) fn written(entry: &mut Entry, value: &[u8]) {
    entry.put("value", value);
    entry.say(", ", &words::value(value));
}

fn range(entry: &mut Entry, (start, end): (u16, u16), kind: Option<Uuid>) -> About {
    entry.put("start", start);
    entry.put("end", end);
    entry.say(": ", &format!("{start:04x} to {end:04x}"));
    if let Some(kind) = kind {
        entry.put("type", kind.to_string());
        entry.say(", ", &names::attribute(kind));
    }
    if start == 0 || start > end {
        let text = format!("0x{start:04x} to 0x{end:04x} is no range of handles");
        entry.violate("Vol 3, Part F, 3.4.3.1", text);
    }
    About { handle: start, kind, value: Vec::new() }
}
