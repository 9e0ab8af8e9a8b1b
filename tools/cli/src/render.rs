//! Formats values of well-known characteristics for users.

use bindrune::Uuid;
use serde::Serialize;

use crate::paint::printable;

/// What a value means. Scripts get it as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Meaning {
    text: String,
    #[serde(skip)]
    quoted: bool,
}

impl Meaning {
    /// Returns it for users: text of the device is in quotes.
    pub(crate) fn human(&self) -> String {
        if self.quoted { format!("\"{}\"", self.text) } else { self.text.clone() }
    }
}

/// Interprets `value`, if the characteristic or descriptor is known and the value has its format.
pub(crate) fn meaning(uuid: Uuid, value: &[u8]) -> Option<Meaning> {
    if is_text(uuid) {
        let text = std::str::from_utf8(value).ok()?;
        let text = printable(text.trim_end_matches('\0'));
        return Some(Meaning { text, quoted: true });
    }
    figures(uuid.as_u16()?, value).map(|text| Meaning { text, quoted: false })
}

fn figures(uuid: u16, value: &[u8]) -> Option<String> {
    match uuid {
        0x2a01 => Some(format!("appearance {:#06x}", u16_of(value)?)),
        0x2a04 => preferred_parameters(value),
        0x2a05 => service_changed(value),
        0x2a19 => one(value).map(|percent| format!("{percent} %")),
        0x2a37 => heart_rate(value),
        0x2a38 => one(value).map(|place| body_location(place).to_owned()),
        0x2a6d => <[u8; 4]>::try_from(value)
            .ok()
            .map(|v| format!("{:.1} hPa", f64::from(u32::from_le_bytes(v)) / 1000.0)),
        0x2a6e => <[u8; 2]>::try_from(value)
            .ok()
            .map(|v| format!("{:.2} °C", f64::from(i16::from_le_bytes(v)) / 100.0)),
        0x2a6f => u16_of(value).map(|v| format!("{:.2} %", f64::from(v) / 100.0)),
        0x2aa6 => one(value).map(|v| if v == 0 { "not supported" } else { "supported" }.into()),
        _ => None,
    }
}

/// Returns whether [`meaning`] covers all bytes, so that they are not shown.
pub(crate) fn is_text(uuid: Uuid) -> bool {
    matches!(uuid.as_u16(), Some(0x2a00 | 0x2901 | 0x2a24..=0x2a29)) || is_uart(uuid)
}

const fn is_uart(uuid: Uuid) -> bool {
    const FAMILY: u128 = 0x6e400000_b5a3_f393_e0a9_e50e24dcca9e;
    const NUMBER: u128 = 0x0000ffff << 96;
    uuid.as_u128() & !NUMBER == FAMILY
}

const fn one(value: &[u8]) -> Option<u8> {
    match value {
        &[octet] => Some(octet),
        _ => None,
    }
}

fn u16_of(value: &[u8]) -> Option<u16> {
    <[u8; 2]>::try_from(value).ok().map(u16::from_le_bytes)
}

fn preferred_parameters(value: &[u8]) -> Option<String> {
    let &[a, b, c, d, e, f, g, h] = value else { return None };
    if [a, b, c, d] == [0xff; 4] {
        return Some("no preference".into());
    }
    let milliseconds = |low, high| f64::from(u16::from_le_bytes([low, high])) * 1.25;
    Some(format!(
        "{} to {} ms, latency {}, timeout {} ms",
        milliseconds(a, b),
        milliseconds(c, d),
        u16::from_le_bytes([e, f]),
        u32::from(u16::from_le_bytes([g, h])).saturating_mul(10),
    ))
}

fn service_changed(value: &[u8]) -> Option<String> {
    let &[a, b, c, d] = value else { return None };
    Some(format!(
        "handles {:04x} to {:04x}",
        u16::from_le_bytes([a, b]),
        u16::from_le_bytes([c, d])
    ))
}

/// Heart Rate Measurement: flags, rate, energy expended, RR intervals in 1/1024 s.
fn heart_rate(value: &[u8]) -> Option<String> {
    let (&flags, rest) = value.split_first()?;
    let (rate, mut rest) = if flags & 0x01 == 0 {
        let (&rate, rest) = rest.split_first()?;
        (u16::from(rate), rest)
    } else {
        let (&rate, rest) = rest.split_first_chunk::<2>()?;
        (u16::from_le_bytes(rate), rest)
    };
    let mut words = vec![format!("{rate} bpm")];
    if flags & 0x06 == 0x04 {
        words.push("no skin contact".into());
    }
    if flags & 0x08 != 0 {
        let (&energy, left) = rest.split_first_chunk::<2>()?;
        words.push(format!("{} kJ", u16::from_le_bytes(energy)));
        rest = left;
    }
    if flags & 0x10 != 0 {
        let intervals = rest.chunks_exact(2).filter_map(u16_of);
        let seconds: Vec<_> =
            intervals.map(|rr| format!("{:.3}", f64::from(rr) / 1024.0)).collect();
        words.push(format!("RR {} s", seconds.join(" ")));
    }
    Some(words.join(", "))
}

const fn body_location(place: u8) -> &'static str {
    match place {
        0 => "other",
        1 => "chest",
        2 => "wrist",
        3 => "finger",
        4 => "hand",
        5 => "ear lobe",
        6 => "foot",
        _ => "unknown place",
    }
}

/// Returns a bar of up to five blocks for a signal strength in dBm.
pub(crate) fn signal_bar(dbm: i8) -> String {
    let tenths = i32::from(dbm).saturating_add(100).saturating_mul(50).clamp(0, 2650) / 53;
    let (full, rest) = (tenths / 10, tenths % 10);
    let full = usize::try_from(full).unwrap_or_default();
    format!("{}{}", "▆".repeat(full), if rest >= 4 { "▅" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(uuid: u16, value: &[u8]) -> Option<String> {
        meaning(Uuid::new_16(uuid), value).map(|meaning| meaning.human())
    }

    #[test]
    fn known_values_are_formatted() {
        assert_eq!(of(0x2a6e, &[0x9a, 0x09]).as_deref(), Some("24.58 °C"));
        assert_eq!(of(0x2a6e, &[0x9c, 0xff]).as_deref(), Some("-1.00 °C"));
        assert_eq!(of(0x2a19, &[87]).as_deref(), Some("87 %"));
        assert_eq!(of(0x2a00, b"Thermometer").as_deref(), Some("\"Thermometer\""));
        assert_eq!(of(0x2a37, &[0x00, 72]).as_deref(), Some("72 bpm"));
        assert_eq!(
            of(0x2a37, &[0x1d, 0x48, 0, 5, 0, 0, 4]).as_deref(),
            Some("72 bpm, no skin contact, 5 kJ, RR 1.000 s")
        );
        assert_eq!(
            of(0x2a04, &[6, 0, 12, 0, 0, 0, 0x90, 1]).as_deref(),
            Some("7.5 to 15 ms, latency 0, timeout 4000 ms")
        );
        let none = of(0x2a04, &[0xff, 0xff, 0xff, 0xff, 0, 0, 0xff, 0xff]);
        assert_eq!(none.as_deref(), Some("no preference"));
    }

    #[test]
    fn scripts_get_text_without_quotes() {
        let name = meaning(Uuid::new_16(0x2a00), b"Room \"1\"").unwrap();
        assert_eq!(serde_json::to_string(&name).unwrap(), r#""Room \"1\"""#);
        assert_eq!(name.human(), "\"Room \"1\"\"");
    }

    #[test]
    fn a_value_of_another_form_is_left_as_octets() {
        assert_eq!(of(0x2a6e, &[1]), None);
        assert_eq!(of(0x2a37, &[0x01, 72]), None);
        assert_eq!(of(0x2a37, &[]), None);
        assert_eq!(of(0x2a00, &[0xff, 0xfe]), None);
        assert_eq!(of(0xfff0, &[1]), None);
    }

    #[test]
    fn stronger_signals_have_longer_bars() {
        assert_eq!(signal_bar(-48), "▆▆▆▆▅");
        assert_eq!(signal_bar(-61), "▆▆▆▅");
        assert_eq!(signal_bar(-100), "");
        assert_eq!(signal_bar(127), "▆▆▆▆▆");
        assert_eq!(signal_bar(-128), "");
    }
}
