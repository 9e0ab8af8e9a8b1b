//! Conditions on capabilities are in a few files only, so that no function is a maze of conditions.

use proc_macro2::{TokenStream, TokenTree};

use crate::finding::Finding;
use crate::source::Source;

/// The features of the host that are capabilities.
const CAPABILITIES: [&str; 17] = [
    "caching",
    "capture",
    "central",
    "channels",
    "classic",
    "client",
    "commands",
    "extended",
    "host-flow-control",
    "legacy",
    "long",
    "observer",
    "oob",
    "privacy",
    "security",
    "server",
    "tuning",
];

/// Returns every condition on a capability outside the files that may have one.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    if source.is_test() || may_decide(&source.path) {
        return Vec::new();
    }
    let mut lines = Vec::new();
    search(source.tokens.clone(), &mut lines);
    lines
        .into_iter()
        .map(|line| Finding {
            rule: "capability",
            path: source.path.clone(),
            line,
            item: None,
            message: "a condition on a capability: put it in capability.rs, lib.rs, aio/mod.rs \
                      or stack/mod.rs, and use its result here"
                .into(),
        })
        .collect()
}

fn may_decide(path: &str) -> bool {
    ["/src/lib.rs", "/src/capability.rs", "/src/aio/mod.rs", "/src/stack/mod.rs"]
        .iter()
        .any(|file| path.ends_with(file))
}

fn search(tokens: TokenStream, lines: &mut Vec<usize>) {
    let trees: Vec<_> = tokens.into_iter().collect();
    for window in trees.windows(3) {
        if let [TokenTree::Ident(word), TokenTree::Punct(mark), TokenTree::Literal(name)] = window
            && word == "feature"
            && mark.as_char() == '='
            && CAPABILITIES.contains(&name.to_string().trim_matches('"'))
        {
            lines.push(word.span().start().line);
        }
    }
    for tree in trees {
        if let TokenTree::Group(group) = tree {
            search(group.stream(), lines);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::fixture;

    const TEXT: &str = "fn f() {\n  if cfg!(feature = \"security\") {}\n}\n#[cfg(all(feature = \
                        \"std\", not(feature = \"client\")))]\nmod a;";

    #[test]
    fn a_condition_on_a_capability_is_found() {
        let lines = |path| check(&fixture(path, TEXT)).iter().map(|f| f.line).collect::<Vec<_>>();
        assert_eq!(lines("crates/host/src/stack/life.rs"), [2, 4]);
        for path in ["crates/gap/src/capability.rs", "crates/host/src/stack/mod.rs", "tests/a.rs"] {
            assert!(lines(path).is_empty(), "{path}");
        }
    }

    #[test]
    fn other_features_may_be_asked_for_anywhere() {
        assert_eq!(check(&fixture("a.rs", "#[cfg(feature = \"std\")]\nmod a;")), []);
    }
}
