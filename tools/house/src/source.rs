//! Rust files, and which of their lines are tests.

use anyhow::{Context, Result};
use proc_macro2::TokenStream;
use std::ops::RangeInclusive;
use std::path::Path;
use syn::spanned::Spanned;
use syn::{Attribute, Item};
use walkdir::WalkDir;

/// A Rust file.
pub(crate) struct Source {
    /// Relative to the root, with `/` between names.
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) file: syn::File,
    pub(crate) tokens: TokenStream,
}

/// Returns all Rust files below `root` that are not build products.
pub(crate) fn all(root: &Path) -> Result<Vec<Source>> {
    let walk = WalkDir::new(root).sort_by_file_name().into_iter().filter_entry(|entry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0 || !(name.starts_with('.') || name == "target")
    });
    let mut sources = Vec::new();
    for entry in walk {
        let entry = entry?;
        if entry.path().extension().is_some_and(|extension| extension == "rs") {
            let path = entry.path().strip_prefix(root)?.to_string_lossy().into_owned();
            sources.push(Source::new(&path, std::fs::read_to_string(entry.path())?)?);
        }
    }
    Ok(sources)
}

impl Source {
    pub(crate) fn new(path: &str, text: String) -> Result<Self> {
        let file = syn::parse_file(&text).with_context(|| format!("{path} is not Rust"))?;
        let tokens =
            text.parse().map_err(|error| anyhow::anyhow!("{path} is not Rust: {error}"))?;
        Ok(Self { path: path.to_owned(), text, file, tokens })
    }

    /// Returns whether the whole file is tests or benches.
    pub(crate) fn is_test(&self) -> bool {
        let mut names = self.path.split('/');
        let file = names.next_back().unwrap_or_default();
        file == "tests.rs" || names.any(|name| matches!(name, "tests" | "benches"))
    }

    /// Returns the lines of items that are compiled only for tests.
    pub(crate) fn test_lines(&self) -> Vec<RangeInclusive<usize>> {
        self.file
            .items
            .iter()
            .filter(|item| is_test_only(attributes(item)))
            .map(|item| item.span().start().line..=item.span().end().line)
            .collect()
    }
}

/// Returns whether `#[cfg(test)]`, alone or among others, is on an item.
pub(crate) fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.meta.require_list().is_ok_and(|list| {
                let condition = list.tokens.to_string();
                condition == "test" || condition.starts_with("all (test")
            })
    })
}

#[allow(clippy::wildcard_enum_match_arm, reason = "syn's enum is open")]
fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Mod(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

#[cfg(test)]
pub(crate) fn fixture(path: &str, text: &str) -> Source {
    Source::new(path, text.to_owned()).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_files_are_known_by_their_path() {
        for path in ["crates/a/src/b/tests.rs", "tests/pair/src/lib.rs", "crates/a/benches/b.rs"] {
            assert!(fixture(path, "").is_test(), "{path}");
        }
        for path in ["crates/a/src/tests_of.rs", "crates/a/src/lib.rs"] {
            assert!(!fixture(path, "").is_test(), "{path}");
        }
    }

    #[test]
    fn test_modules_are_known_by_their_attribute() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n}\n#[cfg(not(test))]\nmod b {}\n";
        assert_eq!(fixture("a.rs", text).test_lines(), [2..=4]);
    }
}
