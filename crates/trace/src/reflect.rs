//! Fields of the typed packets of the layer crates, from their `Debug` output.
//!
//! The layer crates declare each packet once, as a structure with named fields. Its derived `Debug` names all of them,
//! and hides keys and numbers that a user compares. So a field that a layer crate gains appears here too.

use crate::entry::{Field, Value};

/// Structures inside each other; the layer crates have at most five.
const MAX_DEPTH: usize = 12;

/// Value of a key, because conversations are shown to others.
pub(crate) const HIDDEN: &str = "hidden";

/// Returns the named fields of a structure, or of the structure inside an enum variant.
pub(crate) fn fields(debug: &str) -> Vec<Field> {
    match value(debug) {
        Value::Group(fields) => fields,
        other @ (Value::Number(_) | Value::Text(_) | Value::Octets(_) | Value::List(_)) => {
            let is_unit = matches!(&other, Value::Text(text) if !debug.contains(['(', '{']) || text.is_empty());
            if is_unit { Vec::new() } else { vec![Field { name: "value".into(), value: other }] }
        }
    }
}

/// Returns the value of a `Debug` output.
pub(crate) fn value(debug: &str) -> Value {
    within(debug.trim(), MAX_DEPTH)
}

fn within(text: &str, depth: usize) -> Value {
    let Some(depth) = depth.checked_sub(1) else { return Value::Text(text.into()) };
    if let Ok(number) = text.parse() {
        return Value::Number(number);
    }
    if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return list(inner, depth);
    }
    if let Some(inner) = text.strip_suffix('}').and_then(|rest| rest.split_once('{'))
        && is_name(inner.0.trim())
    {
        return group(inner.1, depth);
    }
    if let Some((name, inner)) = text.strip_suffix(')').and_then(|rest| rest.split_once('('))
        && is_name(name)
    {
        let parts = split(inner);
        return match parts.as_slice() {
            [".."] => Value::Text(HIDDEN.into()),
            [one] => within(one, depth),
            _ => Value::List(parts.into_iter().map(|part| within(part, depth)).collect()),
        };
    }
    Value::Text(address(text).unwrap_or_else(|| text.trim_matches('"').into()))
}

/// Returns an address with its type in the spelling for users: `C4:5E:12:00:00:01/random`.
fn address(text: &str) -> Option<String> {
    const DIGITS: usize = "00:00:00:00:00:00".len();
    let (octets, kind) = text.split_at_checked(DIGITS)?;
    let is_address = octets.split(':').all(|octet| u8::from_str_radix(octet, 16).is_ok());
    (is_address && kind.starts_with('/')).then(|| format!("{octets}{}", kind.to_ascii_lowercase()))
}

fn list(inner: &str, depth: usize) -> Value {
    let parts = split(inner);
    let octets: Option<Vec<u8>> = parts.iter().map(|part| part.parse().ok()).collect();
    match octets {
        Some(octets) => Value::Octets(octets),
        None => Value::List(parts.into_iter().map(|part| within(part, depth)).collect()),
    }
}

fn group(inner: &str, depth: usize) -> Value {
    let fields = split(inner).into_iter().filter_map(|part| {
        let (name, text) = part.split_once(": ")?;
        let (name, text) = (name.trim(), text.trim());
        let value = match within(text, depth) {
            Value::Number(bits) if is_set_of_bits(name) => Value::Text(format!("{bits:#x}")),
            value @ (Value::Number(_)
            | Value::Text(_)
            | Value::Octets(_)
            | Value::List(_)
            | Value::Group(_)) => value,
        };
        (text != "None").then(|| Field { name: name.to_owned().into(), value })
    });
    Value::Group(fields.collect())
}

/// Returns whether the bits of a number have a meaning each.
fn is_set_of_bits(name: &str) -> bool {
    ["mask", "features", "states"].iter().any(|end| name.ends_with(end))
}

fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Splits at the commas that are in no bracket and in no quotes.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start, mut quoted, mut escaped) =
        (Vec::new(), 0usize, 0, false, false);
    for (at, c) in text.char_indices() {
        let was_escaped = core::mem::take(&mut escaped);
        match c {
            '\\' if quoted && !was_escaped => escaped = true,
            '"' if !was_escaped => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth = depth.saturating_add(1),
            ')' | ']' | '}' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                parts.push(text.get(start..at).unwrap_or_default().trim());
                start = at.saturating_add(1);
            }
            _ => {}
        }
    }
    let last = text.get(start..).unwrap_or_default().trim();
    if !last.is_empty() {
        parts.push(last);
    }
    parts
}

#[cfg(test)]
mod tests {
    use bindrune_hci::{DeviceAddress, Status, cmd::le, event::DisconnectionComplete};
    use bindrune_hci::{RawHandle, SecretKey, cmd::link::Disconnect};

    use super::*;

    fn named(fields: &[Field], name: &str) -> Option<Value> {
        fields.iter().find(|field| field.name == name).map(|field| field.value.clone())
    }

    #[test]
    fn structures_keep_their_names_and_values() {
        let event = DisconnectionComplete {
            status: Status::SUCCESS,
            handle: RawHandle::new(0x40),
            reason: Status::CONNECTION_TIMEOUT,
        };
        let fields = fields(&format!("{:?}", Some(event)));
        assert_eq!(named(&fields, "handle"), Some("0x040".into()));
        assert_eq!(named(&fields, "reason"), Some("CONNECTION_TIMEOUT".into()));
        assert_eq!(value(&format!("{:?}", DeviceAddress::NONE)), "00:00:00:00:00:00/public".into());
        let command = Disconnect { handle: RawHandle::new(1), reason: Status(0xee) };
        let fields = super::fields(&format!("{command:?}"));
        assert_eq!(named(&fields, "reason"), Some("0xee".into()));
    }

    #[test]
    fn nested_structures_octets_and_numbers_are_values() {
        let command = le::SetExtendedScanParameters {
            own_address_type: bindrune_hci::OwnAddressType::PUBLIC,
            filter_policy: bindrune_hci::ScanFilterPolicy::ALL,
            le_1m: Some(le::ScanPhy { active: 1, interval: 16.into(), window: 8.into() }),
            coded: None,
        };
        let fields = fields(&format!("{command:?}"));
        let Some(Value::Group(phy)) = named(&fields, "le_1m") else { panic!("{fields:?}") };
        assert_eq!(named(&phy, "interval"), Some(Value::Number(16)));
        assert_eq!(named(&fields, "coded"), None);
        assert_eq!(value("[1, 2, 255]"), Value::Octets(vec![1, 2, 255]));
        assert_eq!(value("LeFeatures(A | B)"), Value::Text("A | B".into()));
    }

    #[test]
    fn sets_of_bits_are_hexadecimal() {
        let fields = fields("SetEventMask { event_mask: 196609, interval: 16 }");
        assert_eq!(named(&fields, "event_mask"), Some("0x30001".into()));
        assert_eq!(named(&fields, "interval"), Some(Value::Number(16)));
    }

    #[test]
    fn keys_stay_hidden() {
        let command = le::AddToResolvingList {
            peer: DeviceAddress::NONE,
            peer_irk: SecretKey([0x55; 16]),
            local_irk: SecretKey([0x55; 16]),
        };
        let fields = fields(&format!("{command:?}"));
        assert_eq!(named(&fields, "peer_irk"), Some("hidden".into()));
    }

    #[test]
    fn any_text_is_a_value() {
        for text in [
            "",
            "(",
            "}",
            "a{",
            "[[[[[[[[[[[[[[[[[[",
            "x: \"a, b)\"",
            "A(B(C(D(E(F(G(H(I(J(K(L(M(N(1))))))))))))))",
        ] {
            let _ = value(text);
        }
    }
}
