//! Tests that pages name as evidence exist.

use crate::finding::Finding;
use crate::source::Source;
use crate::tokens;

/// Pages whose tests are checked.
pub(crate) const PAGES: [&str; 4] = [
    "docs/coming-from-micropython.md",
    "docs/coming-from-pybluez.md",
    "docs/security.md",
    "docs/vulnerabilities.md",
];

/// Returns tests between backticks, as `folder/file.rs::name`, that no file has.
pub(crate) fn check(page: &str, text: &str, sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        for name in line.split('`').skip(1).step_by(2) {
            let Some((path, test)) = name.split_once(".rs::") else { continue };
            let path = format!("/{path}.rs");
            let mut files = sources.iter().filter(|s| format!("/{}", s.path).ends_with(&path));
            if !files.any(|source| has_test(source, test)) {
                findings.push(Finding {
                    rule: "evidence",
                    path: page.to_owned(),
                    line: number,
                    item: Some(name.to_owned()),
                    message: format!(
                        "`{name}` is not a test; name a test that exists, or write it"
                    ),
                });
            }
        }
    }
    findings
}

/// Returns whether a file has a test: a function with `#[test]`, also in a macro such as `proptest!`, or a row of
/// `cases!` or `pairings!`.
pub(crate) fn has_test(source: &Source, name: &str) -> bool {
    let is_there = |pattern: &[&str]| !tokens::find(&source.tokens, pattern).is_empty();
    let has_rows = is_there(&["cases", "!"]) || is_there(&["pairings", "!"]);
    let is_row = has_rows && is_there(&[name, ":"]);
    is_row || is_there(&["fn", name]) && is_marked(source, name)
}

/// Returns whether `#[test]`, or another attribute that ends in `test`, precedes the function.
fn is_marked(source: &Source, name: &str) -> bool {
    let function = format!("fn {name}(");
    let lines: Vec<_> = source.text.lines().map(str::trim).collect();
    let mut places = lines.iter().enumerate().filter(|(_, line)| line.contains(&function));
    places.any(|(at, _)| {
        let before = lines.iter().take(at).rev();
        before
            .take_while(|line| line.starts_with("#[") || line.starts_with("///"))
            .any(|line| line.ends_with("test]"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::fixture;

    fn missing(page: &str) -> Vec<String> {
        let code = "#[test]\nfn a() {}\n#[cfg(unix)]\n#[tokio::test]\nasync fn b() {}\nfn c() {}\n\
                    proptest! {\n#[test]\nfn d(x: u8) {}\n}";
        let rows = "cases! {\n q01: |row| {},\n}";
        let sources = [fixture("crates/x/src/y.rs", code), fixture("tests/z.rs", rows)];
        let found = check("p.md", page, &sources);
        found.into_iter().filter_map(|finding| finding.item).collect()
    }

    #[test]
    fn tests_that_exist_pass() {
        let page = "`y.rs::a`, `src/y.rs::b`, `crates/x/src/y.rs::d`, `z.rs::q01`, `y.rs`, a::b";
        assert_eq!(missing(page), [""; 0]);
    }

    #[test]
    fn what_is_no_test_is_found() {
        let page = "`y.rs::c` `y.rs::e`\n`z.rs::a` `w.rs::a` `z.rs::q02`";
        let names = ["y.rs::c", "y.rs::e", "z.rs::a", "w.rs::a", "z.rs::q02"];
        assert_eq!(missing(page), names);
    }
}
