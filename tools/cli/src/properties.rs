//! Lists of names and values that fit the width of the terminal.

use console::Term;
use textwrap::{Options, WordSplitter, fill};

use crate::paint::Paint;

/// Narrowest column of values; in a narrower terminal, lines wrap at its edge.
const LEAST: usize = 12;

/// Formats one line for each name. On a terminal, a value that is too long goes on below itself.
pub(crate) fn properties(paint: Paint, margin: usize, lines: &[(&str, impl AsRef<str>)]) -> String {
    let columns = Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
    fit(paint, margin, lines, columns)
}

fn fit(
    paint: Paint,
    margin: usize,
    lines: &[(&str, impl AsRef<str>)],
    columns: Option<usize>,
) -> String {
    let longest = lines.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let start = margin.saturating_add(longest).saturating_add(2);
    // The last column would wrap some terminals.
    let width = columns.map(|columns| columns.saturating_sub(1));
    let width = width.filter(|&width| width >= start.saturating_add(LEAST));
    let indent = " ".repeat(start);
    let line = |(name, value): &(&str, _)| {
        let value: &str = AsRef::as_ref(value);
        let value = width.map_or_else(
            || format!("{indent}{value}"),
            |width| {
                let options = Options::new(width).word_splitter(WordSplitter::NoHyphenation);
                fill(value, options.initial_indent(&indent).subsequent_indent(&indent))
            },
        );
        let name = paint.cyan(&format!("{name:<longest$}"));
        format!("{}{name}  {}", " ".repeat(margin), value.trim_start())
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: [(&str, &str); 2] = [("used", "one, two, three, four, five"), ("x", "y")];

    #[test]
    fn values_go_on_below_themselves() {
        let paint = Paint::new(false);
        let text = fit(paint, 1, &LINES, Some(24));
        assert_eq!(text, " used  one, two, three,\n       four, five\n x     y");
        let whole = " used  one, two, three, four, five\n x     y";
        // Neither a pipe nor a terminal that is too narrow.
        for columns in [None, Some(10), Some(200)] {
            assert_eq!(fit(paint, 1, &LINES, columns), whole);
        }
    }

    #[test]
    fn a_word_that_is_too_long_is_cut_at_the_edge() {
        let text = fit(Paint::new(false), 0, &[("n", "6f0e1003-5a4d-4c8b-9a5e")], Some(19));
        assert_eq!(text, "n  6f0e1003-5a4d-4\n   c8b-9a5e");
    }
}
