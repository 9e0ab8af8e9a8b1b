//! Tables of the documentation.

/// A Markdown table: the first column is text, the others are numbers.
pub(crate) fn markdown(head: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &[&str]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(head);
    text += &format!("|---|{}\n", "--:|".repeat(head.len().saturating_sub(1)));
    for row in rows {
        text += &line(&row.iter().map(String::as_str).collect::<Vec<_>>());
    }
    text
}

/// Formats a number with thousands separators.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats the ratio of `a` to `b`.
pub(crate) fn ratio(a: u64, b: u64) -> String {
    format!("{:.2}", a as f64 / b as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_line_under_its_head() {
        let rows = [vec!["one".into(), "1".into()]];
        assert_eq!(markdown(&["what", "n"], &rows), "| what | n |\n|---|--:|\n| one | 1 |\n");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(["0", "999", "1,000", "1,234,567"], [0, 999, 1000, 1_234_567].map(thousands));
    }

    #[test]
    fn a_ratio_has_two_places() {
        assert_eq!(ratio(1, 3), "0.33");
    }
}
