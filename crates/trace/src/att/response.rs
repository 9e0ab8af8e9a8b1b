//! Responses of a server, and the names that they reveal. [Vol 3] Part F, 3.4

use bindrune_att::{
    Response,
    pdu::{AttributeList, GroupList, HandleRange, Information},
};
use bindrune_wire::Uuid;

use super::{
    Asked, attribute, error, list, names,
    names::Table,
    request::{at, written},
};
use crate::{
    entry::{Entry, Field, Value},
    words,
};

/// Items of a list that a summary shows.
const SHOWN: usize = 4;

const CHARACTERISTIC: u16 = 0x2803;
const INCLUDE: u16 = 0x2802;

/// Adds the fields of a response.
pub(super) fn describe(
    table: &mut Table<'_>,
    entry: &mut Entry,
    response: Response<'_>,
    asked: Option<&Asked>,
) {
    let handle = asked.map_or(0, |asked| asked.handle);
    match response {
        Response::Error(response) => {
            entry.put("request", response.request.0);
            entry.put("attribute", response.handle);
            let request =
                format!("{} {}", super::name(response.request), table.handle(response.handle));
            entry.say(": ", &request);
            error(entry, response.code);
        }
        Response::ExchangeMtu { mtu } => {
            entry.put("mtu", mtu);
            entry.say(": ", &format!("MTU {mtu}"));
        }
        Response::FindInformation(information) => found(table, entry, information),
        Response::FindByTypeValue(ranges) => services(table, entry, ranges, asked),
        Response::ReadByType(values) => {
            by_type(table, entry, values, asked.and_then(|asked| asked.kind))
        }
        Response::ReadByGroupType(list) => groups(table, entry, list),
        Response::Read { value } | Response::ReadBlob { value } => {
            if handle != 0 {
                attribute(table, entry, handle);
            }
            entry.put("value", value);
            entry.say(if handle == 0 { ": " } else { ", " }, &words::value(value));
        }
        Response::ReadMultiple { values } => {
            entry.put("values", values);
            entry.say(": ", &words::value(values));
        }
        Response::ReadMultipleVariable(values) => {
            list(entry, "values", values.iter().map(|(_, value)| value.into()).collect());
            entry.say(": ", &words::plural(values.iter().count(), "value"));
        }
        Response::Write | Response::ExecuteWrite => {
            if handle != 0 {
                attribute(table, entry, handle);
            }
        }
        Response::PrepareWrite { handle, offset, value } => {
            attribute(table, entry, handle);
            at(entry, offset);
            written(entry, value);
        }
    }
}

fn found(table: &mut Table<'_>, entry: &mut Entry, information: Information<'_>) {
    let found: Vec<_> = (0..).map_while(|index| information.get(index)).collect();
    for &(handle, uuid) in &found {
        table.learn(handle, names::attribute(uuid));
    }
    items(entry, found.iter().map(|&(handle, uuid)| (handle, None, names::attribute(uuid))));
}

fn services(
    table: &mut Table<'_>,
    entry: &mut Entry,
    ranges: &[HandleRange],
    asked: Option<&Asked>,
) {
    let name = asked.map_or_else(String::new, |asked| names::service_of(&asked.value));
    for range in ranges {
        table.learn(range.start.get(), name.clone());
    }
    items(entry, ranges.iter().map(|r| (r.start.get(), Some(r.end.get()), name.clone())));
}

fn groups(table: &mut Table<'_>, entry: &mut Entry, groups: GroupList<'_>) {
    for (handle, _, value) in groups.iter() {
        table.learn(handle, names::service_of(value));
    }
    items(
        entry,
        groups.iter().map(|(start, end, value)| (start, Some(end), names::service_of(value))),
    );
}

/// Values of attributes of one type: declarations of characteristics and includes name other attributes.
fn by_type(
    table: &mut Table<'_>,
    entry: &mut Entry,
    values: AttributeList<'_>,
    kind: Option<Uuid>,
) {
    let kind_16 = kind.and_then(Uuid::as_u16);
    let mut shown = Vec::new();
    for (handle, value) in values.iter() {
        if kind_16 == Some(CHARACTERISTIC)
            && let Some((&[_, low, high], uuid)) = value.split_first_chunk()
        {
            let (value_handle, name) = (u16::from_le_bytes([low, high]), names::attribute_of(uuid));
            table.learn(handle, format!("Characteristic {name}"));
            table.learn(value_handle, name.clone());
            shown.push((value_handle, None, name));
        } else if kind_16 == Some(INCLUDE)
            && let Some((_, uuid)) = value.split_first_chunk::<4>()
        {
            table.learn(handle, "Include".into());
            shown.push((handle, None, format!("Include {}", names::service_of(uuid))));
        } else {
            if let Some(kind) = kind {
                table.learn(handle, names::attribute(kind));
            }
            shown.push((handle, None, words::value(value)));
        }
    }
    items(entry, shown.into_iter());
}

/// Adds a list of attributes or groups, and its beginning to the summary.
fn items(entry: &mut Entry, items: impl Iterator<Item = (u16, Option<u16>, String)>) {
    let (mut values, mut shown) = (Vec::new(), Vec::new());
    for (handle, end, name) in items {
        if shown.len() < SHOWN {
            shown.push(match end {
                Some(end) => format!("{handle:04x} to {end:04x} {name}"),
                None => format!("{handle:04x} {name}"),
            });
        }
        let mut fields = vec![Field { name: "handle".into(), value: handle.into() }];
        fields.extend(end.map(|end| Field { name: "end".into(), value: end.into() }));
        fields.push(Field { name: "name".into(), value: name.into() });
        values.push(Value::Group(fields));
    }
    let more = values.len().saturating_sub(shown.len());
    entry.say(": ", &shown.join(", "));
    if more > 0 {
        entry.say(", ", &format!("{more} more"));
    }
    list(entry, "attributes", values);
}
