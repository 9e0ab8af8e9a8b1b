//! Functions, variants and files that `docs/architecture.md` names exist.

use crate::finding::Finding;
use crate::source::{Source, is_test_only};
use std::collections::BTreeSet;
use syn::visit::{self, Visit};
use syn::{ImplItem, Item, ItemEnum, ItemImpl, ItemMod, ItemTrait, TraitItem, Type};

/// The page whose names are checked.
pub(crate) const PAGE: &str = "docs/architecture.md";

/// Returns names between backticks that do not exist: `Type::function`, `file::function`, `Enum::Variant`, and paths of
/// files.
pub(crate) fn check(page: &str, sources: &[Source]) -> Vec<Finding> {
    let crates = || sources.iter().filter(|source| source.path.starts_with("crates/"));
    let mut known = Names::default();
    for source in crates() {
        known.read(source);
    }
    let is_missing = |name: &&str| {
        if name.ends_with(".rs") {
            let file = format!("/{name}");
            !sources.iter().any(|source| format!("/{}", source.path).ends_with(&file))
        } else {
            is_qualified(name) && !known.names.contains(*name)
        }
    };
    let mut findings = Vec::new();
    for (line, number) in page.lines().zip(1..) {
        for name in line.split('`').skip(1).step_by(2).filter(is_missing) {
            findings.push(Finding {
                rule: "walk",
                path: PAGE.into(),
                line: number,
                item: Some(name.into()),
                message: format!("`{name}` is not in the code; correct the page"),
            });
        }
    }
    findings
}

/// Returns whether it is `a::b`, where `b` is a function or a variant, not a constant.
fn is_qualified(name: &str) -> bool {
    let word = |text: &str| {
        text.chars().all(|c| c.is_alphanumeric() || c == '_')
            && text.chars().any(|c| c.is_ascii_lowercase())
    };
    name.split_once("::").is_some_and(|(of, what)| word(of) && word(what))
}

/// Qualified names: functions with their type, trait or file, and variants with their enum.
#[derive(Default)]
struct Names {
    names: BTreeSet<String>,
}

impl Names {
    fn read(&mut self, source: &Source) {
        let mut parts = source.path.trim_end_matches(".rs").rsplit('/');
        let module = parts.find(|part| !matches!(*part, "mod" | "lib")).unwrap_or_default();
        for item in &source.file.items {
            if let Item::Fn(function) = item {
                self.add(module, &function.sig.ident);
            }
        }
        self.visit_file(&source.file);
    }

    fn add(&mut self, of: impl std::fmt::Display, what: impl std::fmt::Display) {
        self.names.insert(format!("{of}::{what}"));
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let Type::Path(path) = &*item.self_ty else { return };
        let Some(owner) = path.path.segments.last() else { return };
        for member in &item.items {
            if let ImplItem::Fn(function) = member {
                self.add(&owner.ident, &function.sig.ident);
            }
        }
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        for member in &item.items {
            if let TraitItem::Fn(function) = member {
                self.add(&item.ident, &function.sig.ident);
            }
        }
    }

    fn visit_item_enum(&mut self, item: &'ast ItemEnum) {
        for variant in &item.variants {
            self.add(&item.ident, &variant.ident);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !is_test_only(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::fixture;

    fn missing(page: &str) -> Vec<String> {
        let code = "enum Way { In, Out }\nimpl Way { fn turn(&self) {} }\nfn go() {}\n\
                    trait Walk { fn step(); }\n#[cfg(test)]\nmod tests { impl Foot { fn b() {} } }";
        let found = check(page, &[fixture("crates/a/src/road.rs", code)]);
        found.into_iter().filter_map(|finding| finding.item).collect()
    }

    #[test]
    fn what_exists_passes() {
        let page = "`Way::turn`, `Way::In`, `Walk::step`, `road::go`, `road.rs`, `src/road.rs`.";
        assert_eq!(missing(page), [""; 0]);
    }

    #[test]
    fn what_does_not_exist_is_found() {
        let page = "`Way::back`, `Way::Up`, `Road::go`, `road::turn`,\n`street.rs`, `Foot::b`.";
        let names = ["Way::back", "Way::Up", "Road::go", "road::turn", "street.rs", "Foot::b"];
        assert_eq!(missing(page), names);
    }

    #[test]
    fn other_words_are_not_names() {
        assert_eq!(
            missing("`LINKS`, `turn`, `Cid::ATT`, `a::b::c`, Way::back, `x >= 2 * y`"),
            [""; 0]
        );
    }
}
