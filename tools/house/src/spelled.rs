//! Types in public signatures of the host can be spelled from the root of its crate.

use crate::finding::Finding;
use crate::source::{Source, is_test_only};
use std::collections::BTreeSet;
use syn::visit::{self, Visit};
use syn::{
    Field, Fields, File, ImplItem, ImplItemFn, Item, ItemEnum, ItemImpl, ItemMod, ItemStruct,
    ItemTrait, Path, Signature, TraitItem, Type, UseTree, Visibility,
};

const ROOT: &str = "crates/host/src/lib.rs";
const HOST: &str = "crates/host/src/";

/// Returns types of the workspace that a public signature or field of the host names, and that its root does not
/// export.
///
/// It compares the last names of paths: a type with the same name as an exported one passes. So do types of modules
/// that the root exports, and names that a file imports from outside the workspace.
pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    let Some(root) = sources.iter().find(|source| source.path == ROOT) else { return Vec::new() };
    let mut exported = exported(&root.file);
    exported.extend(of_modules(sources, &exported));
    let mut declared = Declared::default();
    for source in sources.iter().filter(|source| is_library(source)) {
        declared.visit_file(&source.file);
    }
    let mut findings = Vec::new();
    for source in sources.iter().filter(|s| is_library(s) && s.path.starts_with(HOST)) {
        let foreign = foreign(&source.file);
        let mut search = Search {
            exported: &exported,
            declared: &declared.names,
            foreign: &foreign,
            lines: Vec::new(),
        };
        search.visit_file(&source.file);
        findings.extend(search.lines.into_iter().map(|(name, line)| Finding {
            rule: "root",
            path: source.path.clone(),
            line,
            message: format!("{name} is in a public signature and not at the root; export it"),
            item: Some(name),
        }));
    }
    findings
}

fn is_library(source: &Source) -> bool {
    source.path.starts_with("crates/") && source.path.contains("/src/") && !source.is_test()
}

/// Returns the names that the root re-exports; a renamed item counts by both names.
fn exported(root: &File) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for item in &root.items {
        if let Item::Use(item) = item
            && matches!(item.vis, Visibility::Public(_))
        {
            leaves(&item.tree, &mut names);
        }
    }
    names
}

fn leaves(tree: &UseTree, names: &mut BTreeSet<String>) {
    match tree {
        UseTree::Path(path) => {
            let mut below = BTreeSet::new();
            leaves(&path.tree, &mut below);
            if below.remove("self") {
                below.insert(path.ident.to_string());
            }
            names.append(&mut below);
        }
        UseTree::Name(name) => {
            names.insert(name.ident.to_string());
        }
        UseTree::Rename(rename) => {
            names.extend([rename.ident.to_string(), rename.rename.to_string()]);
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, names)),
        UseTree::Glob(_) => {}
    }
}

/// Returns the public types of modules that the root exports.
fn of_modules(sources: &[Source], exported: &BTreeSet<String>) -> BTreeSet<String> {
    let is_exported = |source: &&Source| {
        let path = source.path.trim_end_matches(".rs").trim_end_matches("/mod");
        let module = path.rsplit('/').next().unwrap_or_default();
        is_library(source) && exported.contains(module)
    };
    let mut declared = Declared::default();
    for source in sources.iter().filter(is_exported) {
        declared.visit_file(&source.file);
    }
    declared.names
}

/// Returns the names that a file imports from outside the workspace.
fn foreign(file: &File) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for item in &file.items {
        if let Item::Use(item) = item
            && let UseTree::Path(path) = &item.tree
            && !["crate", "self", "super"].iter().any(|own| path.ident == own)
            && !path.ident.to_string().starts_with("bindrune")
        {
            leaves(&item.tree, &mut names);
        }
    }
    names
}

/// Public types of the workspace's libraries.
#[derive(Default)]
struct Declared {
    names: BTreeSet<String>,
}

impl<'ast> Visit<'ast> for Declared {
    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        if matches!(item.vis, Visibility::Public(_)) {
            self.names.insert(item.ident.to_string());
        }
    }

    fn visit_item_enum(&mut self, item: &'ast ItemEnum) {
        if matches!(item.vis, Visibility::Public(_)) {
            self.names.insert(item.ident.to_string());
        }
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        if matches!(item.vis, Visibility::Public(_)) {
            self.names.insert(item.ident.to_string());
        }
    }
}

/// Looks at the public signatures and fields of exported types.
struct Search<'a> {
    exported: &'a BTreeSet<String>,
    declared: &'a BTreeSet<String>,
    foreign: &'a BTreeSet<String>,
    lines: Vec<(String, usize)>,
}

impl Search<'_> {
    fn signature(&mut self, signature: &Signature) {
        let mut names = Names { lines: Vec::new() };
        names.visit_signature(signature);
        self.consider(names);
    }

    fn field(&mut self, field: &Field) {
        let mut names = Names { lines: Vec::new() };
        names.visit_type(&field.ty);
        self.consider(names);
    }

    fn consider(&mut self, names: Names) {
        let missing = |name: &String| {
            let is_known = self.exported.contains(name) || self.foreign.contains(name);
            self.declared.contains(name) && !is_known
        };
        self.lines.extend(names.lines.into_iter().filter(|(name, _)| missing(name)));
    }
}

impl<'ast> Visit<'ast> for Search<'_> {
    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let Type::Path(path) = &*item.self_ty else { return };
        let owner = path.path.segments.last().map(|segment| segment.ident.to_string());
        if item.trait_.is_some() || !owner.is_some_and(|owner| self.exported.contains(&owner)) {
            return;
        }
        for member in &item.items {
            if let ImplItem::Fn(ImplItemFn { vis: Visibility::Public(_), sig, .. }) = member {
                self.signature(sig);
            }
        }
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        if !self.exported.contains(&item.ident.to_string()) {
            return;
        }
        for member in &item.items {
            if let TraitItem::Fn(function) = member {
                self.signature(&function.sig);
            }
        }
    }

    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        if let (Fields::Named(fields), true) =
            (&item.fields, self.exported.contains(&item.ident.to_string()))
        {
            let public = |field: &&Field| matches!(field.vis, Visibility::Public(_));
            fields.named.iter().filter(public).for_each(|field| self.field(field));
        }
    }

    fn visit_item_enum(&mut self, item: &'ast ItemEnum) {
        if self.exported.contains(&item.ident.to_string()) {
            item.variants.iter().flat_map(|v| &v.fields).for_each(|field| self.field(field));
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !is_test_only(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }
}

/// The last names of all paths, with their lines.
struct Names {
    lines: Vec<(String, usize)>,
}

impl<'ast> Visit<'ast> for Names {
    fn visit_path(&mut self, path: &'ast Path) {
        if let Some(last) = path.segments.last() {
            self.lines.push((last.ident.to_string(), last.ident.span().start().line));
        }
        visit::visit_path(self, path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::fixture;

    fn missing(code: &str) -> Vec<String> {
        let root = "pub use a::{Door, Key};\nuse c::Hidden;\n\
                    pub use b::{Config as PairingConfig, cmd::{self, X}};";
        let types = "pub struct Door; pub struct Key; pub struct Hidden; pub enum Lost {}\n\
                     pub struct Config; pub(crate) struct Inner; pub trait Turn {}";
        let sources = [
            fixture(ROOT, root),
            fixture("crates/low/src/lib.rs", types),
            fixture("crates/low/src/cmd/mod.rs", "pub trait Command {}"),
            fixture("crates/host/src/a.rs", code),
        ];
        check(&sources).into_iter().filter_map(|finding| finding.item).collect()
    }

    #[test]
    fn types_without_a_name_at_the_root_are_found() {
        for code in [
            "impl Door { pub fn a(&self) -> Option<Lost> {} }",
            "impl Door { pub async fn a(&self, b: &[low::Lost]) {} }",
            "pub struct Key { pub a: Lost }",
            "pub enum Key { A(Lost) }",
            "pub trait Key { fn a(&self) -> Lost; }",
        ] {
            assert_eq!(missing(code), ["Lost"], "{code}");
        }
        assert_eq!(
            missing("impl Door { pub fn a(&self, b: impl Turn, c: Hidden) {} }"),
            ["Turn", "Hidden"]
        );
    }

    #[test]
    fn other_types_pass() {
        for code in [
            "impl Door { pub fn a(&self, b: Key, c: u8) -> Result<Config, String> {} }",
            "impl Door { fn a(&self) -> Lost {} pub(crate) fn b(&self) -> Inner {} }",
            "impl Other { pub fn a(&self) -> Lost {} }",
            "impl From<Lost> for Door { fn from(lost: Lost) -> Self {} }",
            "pub struct Key { a: Lost, pub b: Door }",
            "impl Door { pub fn a<C: Command>(&self, c: C) {} }",
            "use io::{Lost, Read}; impl Door { pub fn a(&self, b: Lost) {} }",
        ] {
            assert_eq!(missing(code), [""; 0], "{code}");
        }
    }
}
