//! No unfinished work is committed: no ignored test, no placeholder, no note to self.

use crate::finding::Finding;
use crate::source::Source;
use crate::tokens;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Returns ignored tests, `todo!` and `unimplemented!`, and TODO or FIXME in the text.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let found = |line, message: &str| Finding {
        rule: "leftover",
        path: source.path.clone(),
        line,
        item: None,
        message: message.into(),
    };
    let mut findings = Vec::new();
    for line in ignored(source.tokens.clone()) {
        findings.push(found(line, "an ignored test proves nothing: repair it, or remove it"));
    }
    for name in ["todo", "unimplemented"] {
        for line in tokens::find(&source.tokens, &[name, "!"]) {
            findings.push(found(line, "a placeholder: finish it"));
        }
    }
    for (text, line) in source.text.lines().zip(1..) {
        let mut words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        if words.any(|word| word == "TODO" || word == "FIXME") {
            findings.push(found(line, "a note to self: do it, or open an issue"));
        }
    }
    findings
}

/// Returns the lines of attributes with the word `ignore` in them.
fn ignored(tokens: TokenStream) -> Vec<usize> {
    let trees: Vec<_> = tokens.into_iter().collect();
    let mut lines = Vec::new();
    for pair in trees.windows(2) {
        if let [TokenTree::Punct(mark), TokenTree::Group(group)] = pair
            && mark.as_char() == '#'
            && group.delimiter() == Delimiter::Bracket
            && !tokens::find(&group.stream(), &["ignore"]).is_empty()
        {
            lines.push(mark.span().start().line);
        }
    }
    for tree in trees {
        if let TokenTree::Group(group) = tree {
            lines.extend(ignored(group.stream()));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::fixture;

    fn lines(text: &str) -> Vec<usize> {
        check(&fixture("a.rs", text)).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn ignored_tests_are_found() {
        assert_eq!(lines("mod tests {\n #[test]\n #[ignore = \"slow\"]\n fn a() {}\n}"), [3]);
        assert_eq!(lines("#[cfg_attr(feature = \"a\", ignore)]\nfn a() {}"), [1]);
    }

    #[test]
    fn placeholders_are_found() {
        assert_eq!(lines("fn a() {\n todo!()\n}\nfn b() { unimplemented!() }"), [2, 4]);
    }

    #[test]
    fn notes_are_found() {
        assert_eq!(lines("// TODO: more\n\n// fixme is a word, FIXME is a note"), [1, 3]);
    }

    #[test]
    fn ordinary_code_passes() {
        assert_eq!(lines("/// Whether to ignore it.\nfn f(ignore: bool) {}"), [0; 0]);
    }
}
