//! Functions, fields and variants that the pages for users name are public.

use crate::finding::Finding;
use crate::source::{Source, is_test_only};
use std::collections::{BTreeMap, BTreeSet};
use syn::visit::{self, Visit};
use syn::{
    Ident, ImplItem, ItemEnum, ItemImpl, ItemMacro, ItemMod, ItemStruct, ItemTrait, TraitItem,
    Type, Visibility,
};

/// Folders and files whose names are checked. Others also name what is private, or no longer there.
const PAGES: [&str; 7] = [
    "README.md",
    "docs/book/",
    "docs/coming-from-micropython.md",
    "docs/coming-from-pybluez.md",
    "docs/hardware.md",
    "docs/memory.md",
    "docs/security.md",
];

/// Returns names between backticks, such as `Type::function`, whose type is of this workspace and has no such public
/// member. Constants are not checked. A type stands for all types of its name.
pub(crate) fn check(pages: &BTreeMap<String, String>, sources: &[Source]) -> Vec<Finding> {
    let mut members = Members::default();
    for source in sources {
        if source.path.starts_with("crates/") && source.path.contains("/src/") && !source.is_test()
        {
            members.visit_file(&source.file);
        }
    }
    let mut findings = Vec::new();
    for (path, page) in pages {
        if !PAGES.iter().any(|checked| path.starts_with(checked)) {
            continue;
        }
        for (line, number) in page.lines().zip(1..) {
            for name in line.split('`').skip(1).step_by(2) {
                if members.lacks(name) {
                    findings.push(Finding {
                        rule: "spoken",
                        path: path.clone(),
                        line: number,
                        item: Some(name.into()),
                        message: format!("`{name}` is not public in the code; correct the page"),
                    });
                }
            }
        }
    }
    findings
}

/// Public members of types.
#[derive(Default)]
struct Members {
    /// By the name of their type.
    of: BTreeMap<String, BTreeSet<String>>,
    /// Public types.
    types: BTreeSet<String>,
    /// Functions that macros write.
    of_macros: BTreeSet<String>,
    /// Types in whose blocks macros write functions.
    by_macro: BTreeSet<String>,
}

impl Members {
    fn lacks(&self, name: &str) -> bool {
        let name = name.split(['(', '<', ' ']).next().unwrap_or_default();
        let Some((owner, member)) = name.split_once("::") else { return false };
        let is_checked = member.starts_with(|c: char| c.is_alphabetic())
            && member.chars().all(|c| c.is_alphanumeric() || c == '_')
            && member.chars().any(|c| c.is_ascii_lowercase());
        if !is_checked || !self.types.contains(owner) {
            return false;
        }
        let is_member = self.of.get(owner).is_some_and(|members| members.contains(member));
        let is_written = self.by_macro.contains(owner) && self.of_macros.contains(member);
        !is_member && !is_written
    }

    fn declare(&mut self, visibility: &Visibility, name: &Ident) {
        if is_public(visibility) {
            self.types.insert(name.to_string());
        }
    }

    fn add(&mut self, owner: impl ToString, members: impl Iterator<Item = impl ToString>) {
        let all = self.of.entry(owner.to_string()).or_default();
        all.extend(members.map(|member| member.to_string()));
    }
}

const fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

impl<'ast> Visit<'ast> for Members {
    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let Type::Path(path) = &*item.self_ty else { return };
        let Some(owner) = path.path.segments.last() else { return };
        let members = item.items.iter().filter_map(|member| {
            let ImplItem::Fn(function) = member else { return None };
            let is_member = item.trait_.is_some() || is_public(&function.vis);
            is_member.then_some(&function.sig.ident)
        });
        self.add(&owner.ident, members);
        if item.items.iter().any(|member| matches!(member, ImplItem::Macro(_))) {
            self.by_macro.insert(owner.ident.to_string());
        }
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        let members = item.items.iter().filter_map(|member| {
            let TraitItem::Fn(function) = member else { return None };
            Some(&function.sig.ident)
        });
        self.add(&item.ident, members);
        self.declare(&item.vis, &item.ident);
    }

    fn visit_item_enum(&mut self, item: &'ast ItemEnum) {
        self.declare(&item.vis, &item.ident);
        self.add(&item.ident, item.variants.iter().map(|variant| &variant.ident));
    }

    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        self.declare(&item.vis, &item.ident);
        let public = item.fields.iter().filter(|field| is_public(&field.vis));
        self.add(&item.ident, public.filter_map(|field| field.ident.as_ref()));
    }

    fn visit_item_macro(&mut self, item: &'ast ItemMacro) {
        let code = item.mac.tokens.to_string();
        let functions = code.split(" fn ").skip(1).filter_map(|rest| rest.split(' ').next());
        self.of_macros.extend(functions.map(Into::into));
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

    fn missing(text: &str) -> Vec<String> {
        let code = "pub struct Way { pub long: u8, short: u8 }\nimpl Way { pub const fn turn() {} fn go() {} }\n\
                    impl Walk for Way { fn step() {} }\npub enum Side { Left }\nstruct Own;\n\
                    macro_rules! m { () => { pub const fn made() {} } }\nimpl Way { m!(); }";
        let pages = BTreeMap::from([("docs/book/src/a.md".to_owned(), text.to_owned())]);
        let found = check(&pages, &[fixture("crates/a/src/road.rs", code)]);
        found.into_iter().filter_map(|finding| finding.item).collect()
    }

    #[test]
    fn public_members_pass_and_others_are_found() {
        let page = "`Way::turn`, `Way::turn(a)`, `Way::long`, `Way::step`, `Way::made`, `Side::Left`, `Way::ALL`, `Box::leak`, `Own::new`";
        assert_eq!(missing(page), [""; 0]);
        let page = "`Way::go`, `Way::short`,\n`Way::back`, `Side::Right`, `Side::made`";
        let names = ["Way::go", "Way::short", "Way::back", "Side::Right", "Side::made"];
        assert_eq!(missing(page), names);
    }
}
