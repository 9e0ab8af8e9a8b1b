//! Files, functions and lines of comments stay short enough to read.

use crate::finding::Finding;
use crate::source::{Source, is_test_only};
use std::ops::RangeInclusive;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, ImplItemFn, ItemFn, ItemImpl, ItemMod, Signature, TraitItemFn};

const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 60;
const COMMENT_COLUMNS: usize = 120;

/// Returns files over 400 lines and functions over 60, outside tests, and lines of comments over 120 columns.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let wide = wide_comments(source);
    if source.is_test() {
        return wide;
    }
    let mut search = Search { path: &source.path, findings: wide };
    let lines = source.text.lines().count();
    let tests: usize = source.test_lines().into_iter().map(RangeInclusive::count).sum();
    let lines = lines.saturating_sub(tests);
    if lines > FILE_LINES {
        search.findings.push(Finding {
            rule: "file-length",
            path: source.path.clone(),
            line: 1,
            item: None,
            message: format!(
                "{lines} lines outside tests, over {FILE_LINES}: split it by the protocol's terms"
            ),
        });
    }
    search.visit_file(&source.file);
    search.findings
}

/// Returns the lines of comments that are too wide, except rows of tables and lines of code.
fn wide_comments(source: &Source) -> Vec<Finding> {
    let (mut wide, mut code) = (Vec::new(), false);
    for (line, text) in (1..).zip(source.text.lines()) {
        let Some(comment) = text.trim_start().strip_prefix("//") else {
            code = false;
            continue;
        };
        let comment = comment.trim_start_matches(['/', '!']).trim_start();
        let fence = comment.starts_with("```");
        code ^= fence;
        if code || fence || comment.starts_with('|') || text.chars().count() <= COMMENT_COLUMNS {
            continue;
        }
        wide.push(Finding {
            rule: "comment-width",
            path: source.path.clone(),
            line,
            item: None,
            message: format!("a comment over {COMMENT_COLUMNS} columns: begin a new line"),
        });
    }
    wide
}

struct Search<'a> {
    path: &'a str,
    findings: Vec<Finding>,
}

impl Search<'_> {
    fn consider(&mut self, attributes: &[Attribute], signature: &Signature, block: &Block) {
        let first = signature.span().start().line;
        let lines = block.span().end().line.saturating_sub(first).saturating_add(1);
        if lines <= FUNCTION_LINES || is_test_only(attributes) {
            return;
        }
        self.findings.push(Finding {
            rule: "function-length",
            path: self.path.to_owned(),
            line: first,
            item: Some(signature.ident.to_string()),
            message: format!(
                "function {} has {lines} lines, over {FUNCTION_LINES}: give its parts names",
                signature.ident
            ),
        });
    }
}

impl<'ast> Visit<'ast> for Search<'_> {
    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.consider(&item.attrs, &item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.consider(&item.attrs, &item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        if let Some(block) = &item.default {
            self.consider(&item.attrs, &item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !is_test_only(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        if !is_test_only(&item.attrs) {
            visit::visit_item_impl(self, item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::fixture;

    fn rules(path: &str, text: &str) -> Vec<&'static str> {
        check(&fixture(path, text)).into_iter().map(|finding| finding.rule).collect()
    }

    fn function(lines: usize) -> String {
        format!("fn f() {{\n{}}}\n", "    g();\n".repeat(lines.strict_sub(2)))
    }

    #[test]
    fn a_file_over_400_lines_is_found() {
        assert_eq!(rules("a.rs", &"// a\n".repeat(400)), [""; 0]);
        assert_eq!(rules("a.rs", &"// a\n".repeat(401)), ["file-length"]);
    }

    #[test]
    fn a_wide_comment_is_found_unless_it_is_a_table_or_code() {
        let wide = "a ".repeat(60);
        for mark in ["//", "///", "//!", "    ///"] {
            assert_eq!(
                rules("a/tests.rs", &format!("{mark} {wide}\nfn f() {{}}\n")),
                ["comment-width"]
            );
            let rest = 120usize.strict_sub(mark.len()).strict_sub(1);
            let fits = format!("{mark} {}\nfn f() {{}}\n", "é".repeat(rest));
            assert_eq!(rules("a.rs", &fits), [""; 0]);
        }
        assert_eq!(rules("a.rs", &format!("//! | {wide} |\n")), [""; 0]);
        assert_eq!(rules("a.rs", &format!("//! ```text\n//! {wide}\n//! ```\n")), [""; 0]);
        let after = format!("//! ```text\n//! ```\n//! {wide}\n");
        assert_eq!(rules("a.rs", &after), ["comment-width"]);
    }

    #[test]
    fn a_function_over_60_lines_is_found() {
        assert_eq!(rules("a.rs", &function(60)), [""; 0]);
        assert_eq!(rules("a.rs", &function(61)), ["function-length"]);
        let method = format!("struct A;\nimpl A {{\n{}}}\n", function(61));
        assert_eq!(rules("a.rs", &method), ["function-length"]);
    }

    #[test]
    fn tests_may_be_long() {
        let module =
            format!("#[cfg(test)]\nmod tests {{\n{}{}}}\n", function(61), "// a\n".repeat(400));
        assert_eq!(rules("a.rs", &module), [""; 0]);
        assert_eq!(rules("a/tests.rs", &function(500)), [""; 0]);
    }
}
