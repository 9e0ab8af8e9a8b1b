//! No unsafe code outside firmware, and every other crate forbids it.

use crate::finding::Finding;
use crate::source::Source;
use crate::tokens;
use cargo_metadata::{Metadata, TargetKind};
use std::path::Path;
use syn::AttrStyle;

/// Touch the registers of a chip.
const FIRMWARE: [&str; 2] = ["examples/cortex-m/firmware/", "tools/bench/board/"];

/// Returns the root files of the workspace's libraries and programs, relative to `root`.
pub(crate) fn roots(metadata: &Metadata, root: &Path) -> Vec<String> {
    metadata
        .workspace_packages()
        .into_iter()
        .flat_map(|package| &package.targets)
        .filter(|target| {
            target.kind.iter().any(|kind| matches!(kind, TargetKind::Lib | TargetKind::Bin))
        })
        .filter_map(|target| target.src_path.strip_prefix(root).ok())
        .map(ToString::to_string)
        .collect()
}

/// Returns uses of `unsafe`, and a root file that does not forbid it.
pub(crate) fn check(source: &Source, is_root: bool) -> Vec<Finding> {
    if FIRMWARE.iter().any(|folder| source.path.starts_with(folder)) {
        return Vec::new();
    }
    let found = |line, message: &str| Finding {
        rule: "unsafe",
        path: source.path.clone(),
        line,
        item: None,
        message: message.into(),
    };
    let mut findings: Vec<_> = tokens::find(&source.tokens, &["unsafe"])
        .into_iter()
        .map(|line| found(line, "unsafe code outside firmware: find a safe way"))
        .collect();
    if is_root && !forbids_unsafe(source) {
        findings.push(found(1, "the root of a crate needs #![forbid(unsafe_code)]: add it"));
    }
    findings
}

fn forbids_unsafe(source: &Source) -> bool {
    source.file.attrs.iter().any(|attribute| {
        matches!(attribute.style, AttrStyle::Inner(_))
            && attribute.path().is_ident("forbid")
            && attribute
                .meta
                .require_list()
                .is_ok_and(|list| list.tokens.to_string().contains("unsafe_code"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::fixture;

    #[test]
    fn unsafe_code_is_found_outside_firmware() {
        let text = "fn f() {\n unsafe { g() }\n}";
        assert_eq!(check(&fixture("crates/a/src/b.rs", text), false)[0].line, 2);
        assert_eq!(check(&fixture("examples/cortex-m/app/src/a.rs", text), false).len(), 1);
        assert_eq!(check(&fixture("examples/cortex-m/firmware/src/a.rs", text), true), []);
        assert_eq!(check(&fixture("tools/bench/board/src/a.rs", text), true), []);
    }

    #[test]
    fn a_root_must_forbid_it() {
        assert_eq!(check(&fixture("crates/a/src/lib.rs", "mod b;"), true).len(), 1);
        let good = "#![no_std]\n#![forbid(unsafe_code)]";
        assert_eq!(check(&fixture("crates/a/src/lib.rs", good), true), []);
    }
}
