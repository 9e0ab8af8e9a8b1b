//! Words for names of constants and for octets.

use std::fmt::Write as _;

/// Octets of a value that a summary shows.
const SHOWN: usize = 20;

/// Returns the name of a constant as words: `LE_SET_SCAN_ENABLE` is "LE Set Scan Enable".
pub(crate) fn title(name: &str) -> String {
    let words: Vec<_> = name.split('_').filter(|word| !word.is_empty()).map(word).collect();
    words.join(" ")
}

/// Returns the name of a constant as words in lower case: `ATTRIBUTE_NOT_FOUND` is "attribute not found".
pub(crate) fn lower(name: &str) -> String {
    name.replace('_', " ").to_lowercase()
}

fn word(word: &str) -> String {
    match word {
        "REQ" => "Request".into(),
        "RSP" => "Response".into(),
        "CMD" => "Command".into(),
        "DHKEY" => "DHKey".into(),
        "P256" => "P-256".into(),
        "ADDR" | "BD" | "FCON" | "FCOFF" | "IAC" | "IO" | "ISO" | "LAP" | "LE" | "MSC" | "MTU"
        | "NOP" | "NSC" | "OOB" | "PDU" | "PHY" | "PIN" | "PN" | "PSM" | "RLS" | "RPA" | "RPN"
        | "RSSI" | "SABM" | "SCO" | "TX" | "UIH" | "UA" | "DM" | "DISC" | "V2" => word.into(),
        _ => {
            let mut letters = word.chars();
            let first = letters.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(letters.map(|c| c.to_ascii_lowercase())).collect()
        }
    }
}

/// Returns octets as hexadecimal digits.
pub(crate) fn hex(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len().saturating_mul(2));
    for octet in octets {
        let _ = write!(text, "{octet:02x}");
    }
    text
}

/// Returns the number of octets, and the first ones.
pub(crate) fn value(octets: &[u8]) -> String {
    let count = bytes(octets.len());
    match octets.get(..SHOWN) {
        _ if octets.is_empty() => count,
        Some(head) if octets.len() > SHOWN => format!("{count} {}...", hex(head)),
        _ => format!("{count} {}", hex(octets)),
    }
}

/// Returns a number of bytes with its unit.
pub(crate) fn bytes(count: usize) -> String {
    plural(count, "byte")
}

/// Returns a number of things.
pub(crate) fn plural(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// Returns a time in microseconds for a reader.
pub(crate) fn time(microseconds: u64) -> String {
    let whole = microseconds / 1000;
    match whole {
        0 => format!("{microseconds} us"),
        1..100 => format!("{whole}.{} ms", (microseconds % 1000) / 100),
        100..10_000 => format!("{whole} ms"),
        _ => format!("{}.{} s", whole / 1000, (whole % 1000) / 100),
    }
}

/// Makes text of a peer safe to print: replaces control characters, and those that are invisible or change the order
/// of the text around them.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if is_deceptive(c) { '\u{fffd}' } else { c }).collect()
}

/// Returns whether a character drives a terminal, or hides or reorders text.
fn is_deceptive(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{61c}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_become_words() {
        assert_eq!(title("LE_SET_SCAN_ENABLE"), "LE Set Scan Enable");
        assert_eq!(title("READ_BY_GROUP_TYPE_RSP"), "Read By Group Type Response");
        assert_eq!(title("READ_BD_ADDR"), "Read BD ADDR");
        assert_eq!(lower("ATTRIBUTE_NOT_FOUND"), "attribute not found");
    }

    #[test]
    fn text_of_a_peer_neither_drives_nor_reorders_a_terminal() {
        assert_eq!(printable("a\x1b[2Jb\n"), "a\u{fffd}[2Jb\u{fffd}");
        assert_eq!(printable("\u{202e}pmaL\u{2066}"), "\u{fffd}pmaL\u{fffd}");
        assert_eq!(printable("La\u{200b}mp"), "La\u{fffd}mp");
        for text in ["Lampe für Zoë", "مصباح", "👩\u{200d}🔬", "می\u{200c}خواهم"]
        {
            assert_eq!(printable(text), text);
        }
    }

    #[test]
    fn long_values_are_cut() {
        assert_eq!(value(&[]), "0 bytes");
        assert_eq!(value(&[0x9a, 0x09]), "2 bytes 9a09");
        assert_eq!(value(&[0; 21]), format!("21 bytes {}...", "00".repeat(20)));
    }

    #[test]
    fn times_have_a_fitting_unit() {
        assert_eq!(time(999), "999 us");
        assert_eq!(time(1200), "1.2 ms");
        assert_eq!(time(250_000), "250 ms");
        assert_eq!(time(30_120_000), "30.1 s");
    }
}
