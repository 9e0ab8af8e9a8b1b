//! One line of the conversation, and the line at its end.

use std::{
    fmt::{self, Write as _},
    time::{Duration, UNIX_EPOCH},
};

use bindrune_trace::{Entry, Field, Value};
use console::truncate_str;
use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::{Map, json};

use crate::{
    output::Record,
    paint::{Paint, printable},
};

/// One packet.
pub(super) struct Line {
    pub(super) entry: Entry,
    /// Time of the first packet.
    pub(super) start: Option<u64>,
    /// Whether the fields are shown.
    pub(super) details: bool,
    /// Bytes that the capture does not have.
    pub(super) cut: u32,
    /// Columns of the terminal.
    pub(super) width: Option<usize>,
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Entry { time, layer, handle, peer, summary, fields, violations, .. } = &self.entry;
        let violations: Vec<_> =
            violations.iter().map(|v| json!({ "text": v.text, "source": v.source })).collect();
        let mut line = serializer.serialize_map(None)?;
        line.serialize_entry("time", &time.and_then(rfc3339))?;
        line.serialize_entry("direction", self.entry.direction_name())?;
        line.serialize_entry("layer", layer.name())?;
        line.serialize_entry("handle", handle)?;
        line.serialize_entry("peer", peer)?;
        line.serialize_entry("summary", summary)?;
        line.serialize_entry("fields", &object(fields))?;
        line.serialize_entry("violations", &violations)?;
        line.serialize_entry("cut", &self.cut)?;
        line.end()
    }
}

/// Returns the time of a packet for scripts; `None` after the year 9999.
fn rfc3339(microseconds: u64) -> Option<String> {
    const END: u64 = 253_402_300_800_000_000;
    let time = (microseconds < END).then_some(Duration::from_micros(microseconds))?;
    Some(humantime::format_rfc3339_micros(UNIX_EPOCH.checked_add(time)?).to_string())
}

/// Fields of several commands of one frame share names: these become lists.
fn object(fields: &[Field]) -> serde_json::Value {
    let mut map = Map::new();
    for Field { name, value } in fields {
        let value = json_value(value);
        match map.get_mut(name.as_ref()) {
            Some(serde_json::Value::Array(list)) => list.push(value),
            Some(first) => *first = json!([first.take(), value]),
            None => _ = map.insert(name.clone().into_owned(), value),
        }
    }
    map.into()
}

fn json_value(value: &Value) -> serde_json::Value {
    match value {
        Value::Number(number) => json!(number),
        Value::List(list) => list.iter().map(json_value).collect(),
        Value::Group(fields) => object(fields),
        Value::Text(_) | Value::Octets(_) => json!(value.to_string()),
    }
}

impl Record for Line {
    const STAMPED: bool = false;

    fn human(&self, paint: Paint) -> String {
        let Entry { time, violations, fields, .. } = &self.entry;
        let mut text = String::new();
        let time = time.zip(self.start).map(|(time, start)| time.saturating_sub(start));
        let stamp = time.map_or_else(
            || format!("{:>12}", "-"),
            |time| format!("{:>5}.{:06}", time / 1_000_000, time % 1_000_000),
        );
        let line = self.cut(&printable(&self.entry.to_string()));
        let is_lost = self.entry.field("unanswered").is_some();
        let line = if is_lost { paint.red(&line) } else { line };
        let _ = write!(text, "{} {line}", paint.dim(&stamp));
        if self.cut > 0 {
            let _ = write!(text, "\n{:13}! {} bytes of it are not in the capture", "", self.cut);
        }
        for violation in violations {
            let line = self.cut(&printable(&format!("! {violation}")));
            let _ = write!(text, "\n{:13}{}", "", paint.red(&line));
        }
        if self.details {
            fields.iter().for_each(|field| detail(&mut text, field, 17));
        }
        text
    }
}

impl Line {
    /// Cuts a line that the terminal would wrap.
    fn cut(&self, line: &str) -> String {
        const STAMP: usize = 13;
        let room = self.width.map_or(usize::MAX, |width| width.saturating_sub(STAMP).max(20));
        truncate_str(line, room, "...").into_owned()
    }
}

/// Adds a field, and those inside it, with indents.
fn detail(text: &mut String, Field { name, value }: &Field, indent: usize) {
    let _ = write!(text, "\n{:indent$}{name}", "");
    let deeper = indent.saturating_add(2);
    match value {
        Value::Group(fields) => fields.iter().for_each(|field| detail(text, field, deeper)),
        Value::List(list) if list.iter().any(|value| matches!(value, Value::Group(_))) => {
            for (index, value) in list.iter().enumerate() {
                let field = Field { name: index.to_string().into(), value: value.clone() };
                detail(text, &field, deeper);
            }
        }
        Value::Number(_) | Value::Text(_) | Value::Octets(_) | Value::List(_) => {
            let _ = write!(text, ": {}", printable(&value.to_string()));
        }
    }
}

/// What the conversation had.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) packets: u64,
    pub(super) violations: usize,
    pub(super) unanswered: usize,
}

impl Totals {
    /// Returns the line for users; several if it does not fit.
    pub(super) fn within(&self, width: Option<usize>) -> String {
        let line = self.to_string();
        if width.is_some_and(|width| line.len() > width) { line.replace(", ", "\n") } else { line }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { packets, violations, unanswered } = self;
        write!(
            f,
            "{packets} packets, {violations} violations, {unanswered} requests without an answer"
        )
    }
}

#[cfg(test)]
mod tests {
    use bindrune_trace::{Decoder, Direction};

    use super::*;

    fn line(octets: &[u8], width: Option<usize>) -> Line {
        let entry = Decoder::new().packet(Some(1_500_000), Direction::ToController, octets);
        Line { entry, start: Some(1_000_000), details: true, cut: 0, width }
    }

    #[test]
    fn lines_fit_the_terminal() {
        let packet = [1, 0x0c, 0x20, 2, 1, 0];
        let text = line(&packet, None).human(Paint::new(false));
        let mut lines = text.lines();
        let first = "    0.500000 > hci    LE Set Scan Enable: enable 1, filter duplicates 0";
        assert_eq!(lines.next(), Some(first));
        assert!(lines.any(|line| line == "                 filter_duplicates: 0"), "{text}");
        for width in [40, 60] {
            let text = line(&packet, Some(width)).human(Paint::new(false));
            let first = text.lines().next().map(|line| line.chars().count());
            assert_eq!(first, Some(width), "{text}");
        }
    }

    #[test]
    fn json_has_the_keys_of_the_contract() {
        let value = serde_json::to_value(line(&[1, 3, 0x0c, 0], None)).unwrap_or_default();
        for key in ["time", "direction", "layer", "summary", "fields"] {
            assert!(!value.get(key).is_none_or(serde_json::Value::is_null), "{key}: {value}");
        }
        let text = serde_json::to_string(&line(&[1, 3, 0x0c, 0], None)).unwrap_or_default();
        assert!(text.starts_with("{\"time\":"), "{text}");
        assert_eq!(value.get("time"), Some(&json!("1970-01-01T00:00:01.500000Z")));
        assert_eq!(rfc3339(u64::MAX), None);
        let last = rfc3339(253_402_300_799_999_999);
        assert_eq!(last.as_deref(), Some("9999-12-31T23:59:59.999999Z"));
        let fields =
            ["code", "code", "code"].map(|name| Field { name: name.into(), value: 1i64.into() });
        assert_eq!(object(&fields), json!({ "code": [1, 1, 1] }));
    }
}
