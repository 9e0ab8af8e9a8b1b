//! Rust code in the pages compiles: the book includes it from a program, or it stands in [`SOURCE`] line by line.

use crate::finding::Finding;
use std::collections::BTreeMap;

/// The test that contains the code of the pages.
pub(crate) const SOURCE: &str = "crates/host/tests/snippets.rs";
/// Pages with code for applications. The README's code is a test of the documentation.
const PAGES: &str = "docs/";

/// Returns code blocks of the pages that no program contains.
pub(crate) fn check(pages: &BTreeMap<String, String>, source: &str) -> Vec<Finding> {
    let compiled: Vec<_> = source.lines().map(str::trim).collect();
    let mut findings = Vec::new();
    for (path, text) in pages.iter().filter(|(path, _)| path.starts_with(PAGES)) {
        for (line, code) in blocks(text) {
            let is_included = code.iter().any(|line| line.starts_with("{{#include "));
            if !is_included && !compiled.windows(code.len()).any(|lines| lines == code) {
                findings.push(Finding {
                    path: path.clone(),
                    line,
                    rule: "snippet",
                    item: None,
                    message: format!(
                        "this code is not in {SOURCE}; add it there, so that it compiles"
                    ),
                });
            }
        }
    }
    findings
}

/// Returns each block of Rust code: the number of its first line, and its lines without indentation.
fn blocks(text: &str) -> Vec<(usize, Vec<&str>)> {
    let mut blocks = Vec::new();
    let mut lines = (2..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        if line.trim_start().starts_with("```rust") {
            let code = lines.by_ref().map(|(_, line)| line.trim());
            blocks.push((number, code.take_while(|line| *line != "```").collect()));
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(page: &str, source: &str) -> usize {
        let pages = BTreeMap::from([("docs/a.md".to_owned(), page.to_owned())]);
        check(&pages, source).len()
    }

    #[test]
    fn compiled_and_included_code_passes() {
        let source = "fn f() {\n    let a = 1;\n\n    let b = 2;\n}\n";
        for code in ["let a = 1;\n\nlet b = 2;", "    let b = 2;", "{{#include x.rs}}"] {
            assert_eq!(found(&format!("text\n```rust,ignore\n{code}\n```\n"), source), 0, "{code}");
        }
        assert_eq!(found("```toml\na = 1\n```\n", source), 0);
    }

    #[test]
    fn code_that_no_program_contains_is_found() {
        let source = "let a = 1;\nlet b = 2;\n";
        for code in ["let a = 2;", "let b = 2;\nlet a = 1;", "let a = 1;\n\nlet b = 2;"] {
            assert_eq!(found(&format!("```rust\n{code}\n```\n"), source), 1, "{code}");
        }
        assert_eq!(found("```rust\nlet a = 1;\n```\n```rust\nlet c = 1;\n```\n", source), 1);
    }
}
