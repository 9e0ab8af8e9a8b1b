//! The pages, and the front page of the crate's documentation: their links lead to headings that exist; files that the
//! book includes exist; the book lists all of its pages.

use crate::finding::Finding;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use walkdir::WalkDir;

/// The folder of the book's pages.
const BOOK: &str = "docs/book/src/";
/// Its front page on docs.rs.
const FRONT: &str = "crates/host/src/lib.rs";
/// Begins links to the repository from pages that are read elsewhere: the book, and docs.rs.
const REPOSITORY: &str = "https://github.com/bindrune/bindrune/blob/main/";

/// Returns every page below `root`, by its path.
pub(crate) fn all(root: &Path) -> Result<BTreeMap<String, String>> {
    let walk = WalkDir::new(root).sort_by_file_name().into_iter().filter_entry(|entry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0 || !(name.starts_with('.') || name == "target" || name == "corpus")
    });
    let mut pages = BTreeMap::new();
    for entry in walk {
        let entry = entry?;
        if entry.path().extension().is_some_and(|extension| extension == "md") {
            let path = entry.path().strip_prefix(root)?.to_string_lossy().into_owned();
            let text = std::fs::read_to_string(entry.path()).context(path.clone())?;
            pages.insert(path, text);
        }
    }
    let front = std::fs::read_to_string(root.join(FRONT)).context(FRONT)?;
    pages.insert(FRONT.to_owned(), front);
    Ok(pages)
}

/// Returns links and includes that lead nowhere, and pages of the book that its summary omits.
pub(crate) fn check(
    pages: &BTreeMap<String, String>,
    exists: impl Fn(&str) -> bool,
    read: impl Fn(&str) -> Option<String>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in pages {
        for (number, line) in outside_code(text) {
            for target in targets(line) {
                if let Some(message) = broken(path, target, pages, &exists) {
                    findings.push(finding(path, number, message));
                }
            }
        }
        if path.starts_with(BOOK) {
            for (line, number) in text.lines().zip(1..) {
                let Some((_, include)) = line.split_once("{{#include ") else { continue };
                let include = include.split("}}").next().unwrap_or_default();
                if !is_included(path, include, &read) {
                    let message = format!("`{include}` does not exist, so it cannot be included");
                    findings.push(finding(path, number, message));
                }
            }
        }
    }
    findings.extend(unlisted(pages));
    findings
}

fn finding(path: &str, line: usize, message: String) -> Finding {
    Finding { rule: "page", path: path.to_owned(), line, item: None, message }
}

fn unlisted(pages: &BTreeMap<String, String>) -> impl Iterator<Item = Finding> {
    let summary = pages.get(&format!("{BOOK}SUMMARY.md")).map_or("", String::as_str);
    let listed: Vec<_> = targets(summary).collect();
    let of_book = pages.keys().filter_map(|path| path.strip_prefix(BOOK));
    of_book.filter(move |page| *page != "SUMMARY.md" && !listed.contains(page)).map(|page| {
        finding(
            &format!("{BOOK}{page}"),
            1,
            "SUMMARY.md does not list this page; add it".to_owned(),
        )
    })
}

/// Returns numbered lines that are not between code fences.
fn outside_code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_code = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        is_code ^= fence;
        !is_code && !fence
    })
}

/// Returns the targets of the links of a text, and of definitions of links in documentation.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    let defined = text.strip_prefix("//! [").and_then(|rest| rest.split_once("]: "));
    let links = text.split("](").skip(1);
    let links = links.filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
    links.chain(defined.map(|(_, target)| target))
}

/// Describes a broken link.
fn broken(
    path: &str,
    target: &str,
    pages: &BTreeMap<String, String>,
    exists: impl Fn(&str) -> bool,
) -> Option<String> {
    let (file, heading) = target.split_once('#').map_or((target, None), |(f, h)| (f, Some(h)));
    let file = match file.strip_prefix(REPOSITORY) {
        Some(inside) => inside.to_owned(),
        None if path == FRONT || file.contains("://") || file.starts_with("mailto:") => {
            return None;
        }
        None if file.is_empty() => path.to_owned(),
        None => relative(path, file),
    };
    if path.starts_with(BOOK) && !target.contains("://") && !file.starts_with(BOOK) {
        return Some(format!("`{target}` is outside of the book; begin it with {REPOSITORY}"));
    }
    if !exists(&file) {
        return Some(format!("`{target}` leads to {file}, which does not exist"));
    }
    let page = heading.and_then(|heading| pages.get(&file).map(|page| (heading, page)));
    let is_missing = page.is_some_and(|(heading, page)| {
        !outside_code(page).any(|(_, line)| line.starts_with('#') && slug(line) == heading)
    });
    is_missing.then(|| format!("`{target}` names a heading that {file} does not have"))
}

/// Returns the name of a heading in links.
fn slug(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Returns a path relative to a page as a path from the root.
fn relative(page: &str, target: &str) -> String {
    let mut whole = PathBuf::from(page);
    whole.pop();
    for part in Path::new(target).components() {
        match part {
            Component::ParentDir => {
                whole.pop();
            }
            Component::Normal(name) => whole.push(name),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    whole.to_string_lossy().into_owned()
}

/// Returns whether a file exists, and contains the named part, by lines or by an anchor.
fn is_included(page: &str, include: &str, read: impl Fn(&str) -> Option<String>) -> bool {
    let (file, part) = include.split_once(':').map_or((include, ""), |(file, part)| (file, part));
    let Some(text) = read(&relative(page, file)) else { return false };
    let is_lines = part.chars().all(|c| c.is_ascii_digit() || c == ':');
    let has = |mark: String| text.lines().any(|line| line.trim() == mark);
    is_lines || has(format!("// ANCHOR: {part}")) && has(format!("// ANCHOR_END: {part}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let pages = [
            (path.to_owned(), text.to_owned()),
            ("docs/there.md".to_owned(), "# One: the `first`\n```\n# no\n```\n".to_owned()),
            (format!("{BOOK}SUMMARY.md"), "[a](a.md)".to_owned()),
        ];
        let code = |path: &str| {
            (path == "x.rs")
                .then(|| "// ANCHOR: a\nfn a() {}\n// ANCHOR_END: a\n// ANCHOR: b\n".to_owned())
        };
        let exists = |path: &str| matches!(path, "docs/there.md" | "docs/book/src/a.md" | "x.rs");
        check(&BTreeMap::from(pages), exists, code).into_iter().map(|f| f.message).collect()
    }

    #[test]
    fn links_that_lead_somewhere_pass() {
        let text = "[a](there.md) [b](there.md#one-the-first) [c](../x.rs) [d](https://a.b/c)\n```\n[e](no.md)\n```";
        assert_eq!(found("docs/p.md", text), [""; 0]);
        let link = format!(
            "[a](a.md) [b]({REPOSITORY}docs/there.md#one-the-first)\n{{{{#include ../../../x.rs:a}}}}"
        );
        assert_eq!(found("docs/book/src/a.md", &link), [""; 0]);
    }

    #[test]
    fn links_of_the_front_page_are_checked() {
        let front =
            |target: &str| found(FRONT, &format!("//! [`A`](B::c) [a]\n//!\n//! [a]: {target}\n"));
        assert_eq!(front(&format!("{REPOSITORY}docs/there.md#one-the-first")), [""; 0]);
        assert_eq!(front("https://docs.rs/a"), [""; 0]);
        assert_eq!(front(&format!("{REPOSITORY}docs/there.md#two")).len(), 1);
        assert_eq!(front(&format!("{REPOSITORY}docs/no.md")).len(), 1);
    }

    #[test]
    fn links_and_includes_that_lead_nowhere_are_found() {
        for text in ["[a](no.md)", "[a](there.md#two)", "[a](there.md#no)", "[a](../y.rs)"] {
            assert_eq!(found("docs/p.md", text).len(), 1, "{text}");
        }
        for text in [
            "{{#include ../../../x.rs:b}}",
            "{{#include ../../../y.rs}}",
            "a `{{#include FILE}}` line",
            "[a](../../there.md)",
        ] {
            assert_eq!(found("docs/book/src/a.md", text).len(), 1, "{text}");
        }
        assert_eq!(found("docs/book/src/b.md", "").len(), 1);
    }
}
