//! Finds short sequences of tokens, also in macros, but not in comments or strings.

use proc_macro2::{TokenStream, TokenTree};

/// Returns the lines on which `pattern` (words and punctuation marks, one token each) begins.
pub(crate) fn find(tokens: &TokenStream, pattern: &[&str]) -> Vec<usize> {
    let mut lines = Vec::new();
    search(tokens.clone(), pattern, &mut lines);
    lines
}

fn search(tokens: TokenStream, pattern: &[&str], lines: &mut Vec<usize>) {
    let trees: Vec<_> = tokens.into_iter().collect();
    for window in trees.windows(pattern.len()) {
        if window.iter().zip(pattern).all(|(tree, wanted)| is(tree, wanted)) {
            lines.extend(window.first().map(|tree| tree.span().start().line));
        }
    }
    for tree in trees {
        if let TokenTree::Group(group) = tree {
            search(group.stream(), pattern, lines);
        }
    }
}

fn is(tree: &TokenTree, wanted: &str) -> bool {
    match tree {
        TokenTree::Ident(word) => word == wanted,
        TokenTree::Punct(mark) => wanted.chars().eq([mark.as_char()]),
        TokenTree::Group(_) | TokenTree::Literal(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_found_in_macros_and_not_in_comments_or_strings() {
        let text = "// a::b\nfn f() {\n  x!(a::b, \"a::b\");\n}\nuse a::b;";
        assert_eq!(find(&text.parse().unwrap(), &["a", ":", ":", "b"]), [5, 3]);
    }
}
