//! Text for terminals that show ASCII only.

use std::ffi::OsString;

/// Returns whether the locale is one of UTF-8. Without a locale, it is: systems without these variables show UTF-8.
pub(super) fn is_unicode(set: impl Fn(&str) -> Option<OsString>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    locale.is_none_or(|locale| {
        let locale = locale.to_string_lossy().to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// Replaces every character beyond ASCII: those that the program draws by a similar one, others by a question mark.
pub(super) fn ascii(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '├' | '│' => plain.push('|'),
            '└' => plain.push('`'),
            '─' | '·' => plain.push('-'),
            '▁' => plain.push('_'),
            '▂' => plain.push('.'),
            '▃' => plain.push('-'),
            '▄' => plain.push('+'),
            '▅' => plain.push('='),
            '▆' => plain.push('#'),
            '▇' => plain.push('%'),
            '█' => plain.push('@'),
            '°' => {}
            '…' => plain.push_str("..."),
            letter if letter.is_ascii() => plain.push(letter),
            _ => plain.push('?'),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_counts() {
        let unicode = |set: &[(&str, &str)]| {
            is_unicode(|name| set.iter().find(|(n, _)| *n == name).map(|(_, v)| v.into()))
        };
        assert!(unicode(&[]) && unicode(&[("LANG", "de_DE.UTF-8")]));
        assert!(unicode(&[("LANG", "C"), ("LC_ALL", "C.utf8")]));
        assert!(!unicode(&[("LANG", "C")]) && !unicode(&[("LC_ALL", "POSIX")]));
        assert!(!unicode(&[("LANG", "de_DE.UTF-8"), ("LC_CTYPE", "de_DE.ISO-8859-1")]));
    }

    #[test]
    fn nothing_beyond_ascii_is_left() {
        assert_eq!(ascii("│  └─ 24.58 °C · ▆▆▅ …é"), "|  `- 24.58 C - ##= ...?");
        assert_eq!(ascii("▁▂▃▄▅▆▇█"), "_.-+=#%@");
    }
}
