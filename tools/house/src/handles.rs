//! Handles of applications have no type parameter and no size, at most a lifetime.

use crate::finding::Finding;
use crate::source::{Source, is_test_only};
use syn::visit::{self, Visit};
use syn::{GenericParam, Generics, Ident, ItemEnum, ItemMod, ItemStruct, ItemType, Visibility};

const HOST: &str = "crates/host/src/";

/// Returns public types of the host with a type or const parameter.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    if !source.path.starts_with(HOST) || source.is_test() {
        return Vec::new();
    }
    let mut search = Search { path: &source.path, findings: Vec::new() };
    search.visit_file(&source.file);
    search.findings
}

struct Search<'a> {
    path: &'a str,
    findings: Vec<Finding>,
}

impl Search<'_> {
    fn consider(&mut self, visibility: &Visibility, name: &Ident, generics: &Generics) {
        let parameter = generics.params.iter().find_map(|parameter| match parameter {
            GenericParam::Type(parameter) => Some(&parameter.ident),
            GenericParam::Const(parameter) => Some(&parameter.ident),
            GenericParam::Lifetime(_) => None,
        });
        let (Visibility::Public(_), Some(parameter)) = (visibility, parameter) else { return };
        self.findings.push(Finding {
            rule: "generic-handle",
            path: self.path.to_owned(),
            line: name.span().start().line,
            item: Some(name.to_string()),
            message: format!(
                "public type {name} has the parameter {parameter}, which every user would have to \
                 name; erase it behind the host, or make the type pub(crate)"
            ),
        });
    }
}

impl<'ast> Visit<'ast> for Search<'_> {
    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        self.consider(&item.vis, &item.ident, &item.generics);
    }

    fn visit_item_enum(&mut self, item: &'ast ItemEnum) {
        self.consider(&item.vis, &item.ident, &item.generics);
    }

    fn visit_item_type(&mut self, item: &'ast ItemType) {
        self.consider(&item.vis, &item.ident, &item.generics);
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

    fn names(text: &str) -> Vec<String> {
        let found = check(&fixture("crates/host/src/lib.rs", text));
        found.into_iter().filter_map(|finding| finding.item).collect()
    }

    #[test]
    fn a_public_type_with_a_parameter_is_found() {
        assert_eq!(names("pub struct Connection<'h, T>(&'h T);"), ["Connection"]);
        assert_eq!(names("mod a { pub enum Event<const N: usize> { A([u8; N]) } }"), ["Event"]);
        assert_eq!(names("pub type Alias<T> = Option<T>;"), ["Alias"]);
    }

    #[test]
    fn lifetimes_and_what_is_not_public_pass() {
        assert_eq!(names("pub struct Connection<'h>(&'h ());"), [""; 0]);
        assert_eq!(names("pub(crate) struct Slot<T>(T); struct Other<T>(T);"), [""; 0]);
        assert_eq!(check(&fixture("crates/wire/src/lib.rs", "pub struct A<T>(T);")), []);
    }
}
