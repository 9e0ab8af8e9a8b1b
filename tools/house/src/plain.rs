//! Names and prose use the field's plain words, not those that `docs/style.md` retired.

use crate::finding::Finding;
use crate::source::Source;
use anyhow::{Context, Result, ensure};
use proc_macro2::{Literal, TokenStream, TokenTree};
use std::path::Path;
use walkdir::WalkDir;

/// The page with the glossary.
pub(crate) const PAGE: &str = "docs/style.md";

/// Extensions of the files that people write.
const WRITTEN: [&str; 8] = ["md", "py", "rs", "sh", "toml", "txt", "x", "yml"];
/// Files without an extension that people write.
const SCRIPTS: [&str; 3] = ["build", "justfile", "run"];

/// Retired words and phrases, each with its replacement.
#[derive(Debug)]
pub(crate) struct Glossary {
    everywhere: Vec<Entry>,
    for_users: Vec<Entry>,
}

/// A retired word or phrase, in lower case, and its replacement.
#[derive(Debug)]
struct Entry {
    words: Vec<String>,
    instead: String,
}

/// A word of a text, in lower case.
struct Word {
    text: String,
    line: usize,
    /// Whether only blanks and comment marks separate it from the word before.
    continues: bool,
}

impl Glossary {
    /// Reads both tables of `docs/style.md`.
    pub(crate) fn parse(page: &str) -> Result<Self> {
        let glossary = Self {
            everywhere: table(page, "## Glossary"),
            for_users: table(page, "### Words retired for users"),
        };
        let is_read = !glossary.everywhere.is_empty() && !glossary.for_users.is_empty();
        ensure!(is_read, "{PAGE} needs both tables of retired words");
        Ok(glossary)
    }
}

/// Paths and contents of the files that people write, other than the glossary itself.
pub(crate) fn files(root: &Path) -> Result<Vec<(String, String)>> {
    let walk = WalkDir::new(root).sort_by_file_name().into_iter().filter_entry(|entry| {
        let name = entry.file_name().to_string_lossy();
        let is_hidden = name.starts_with('.') && name != ".ci";
        entry.depth() == 0 || !(is_hidden || matches!(&*name, "target" | "corpus" | "venv"))
    });
    let mut files = Vec::new();
    for entry in walk {
        let entry = entry?;
        let path = entry.path().strip_prefix(root)?.to_string_lossy().into_owned();
        if entry.file_type().is_file() && is_written(&path) {
            files.push((path.clone(), std::fs::read_to_string(entry.path()).context(path)?));
        }
    }
    Ok(files)
}

fn is_written(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_known = name
        .rsplit_once('.')
        .map_or_else(|| SCRIPTS.contains(&name), |(_, extension)| WRITTEN.contains(&extension));
    is_known && path != PAGE
}

/// Retired words in names and prose of a file.
pub(crate) fn check(glossary: &Glossary, path: &str, text: &str) -> Vec<Finding> {
    let words = words(text);
    let mut findings = matches(&glossary.everywhere, path, text, &words);
    if is_page_for_users(path) {
        let prose = self::words(&without_code(text));
        findings.extend(matches(&glossary.for_users, path, text, &prose));
    }
    findings
}

/// Words retired for users, in the text that the program shows.
pub(crate) fn check_program(glossary: &Glossary, source: &Source) -> Vec<Finding> {
    if !source.path.starts_with("tools/cli/src/") {
        return Vec::new();
    }
    let mut literals = Vec::new();
    collect_literals(source.tokens.clone(), &mut literals);
    let found = literals.iter().flat_map(|literal| {
        let first = literal.span().start().line;
        let mut words = words(&literal.to_string());
        for word in &mut words {
            word.line = word.line.saturating_add(first).saturating_sub(1);
        }
        matches(&glossary.for_users, &source.path, &source.text, &words)
    });
    found.collect()
}

fn is_page_for_users(path: &str) -> bool {
    let is_readme = path == "README.md" || path.ends_with("/README.md");
    path.ends_with(".md") && (path.starts_with("docs/") || is_readme)
}

/// A page with its Rust code, and what stands between backticks, blanked: names are the code's.
fn without_code(page: &str) -> String {
    let mut is_code = false;
    let mut prose = String::new();
    for line in page.lines() {
        let is_fence = line.trim_start().starts_with("```");
        if is_fence {
            is_code = !is_code && line.contains("rust");
        }
        if !is_code && !is_fence {
            let parts = line.split('`').step_by(2);
            prose.extend(parts.flat_map(|part| [part, "`"]));
        }
        prose.push('\n');
    }
    prose
}

fn matches(entries: &[Entry], path: &str, text: &str, words: &[Word]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for entry in entries {
        for window in words.windows(entry.words.len()) {
            let is_same =
                window.iter().zip(&entry.words).all(|(word, retired)| word.text == *retired);
            let is_whole = window.iter().skip(1).all(|word| word.continues);
            let Some(first) = window.first().filter(|_| is_same && is_whole) else { continue };
            let line = text.lines().nth(first.line.saturating_sub(1)).unwrap_or_default();
            findings.push(Finding {
                rule: "plain",
                path: path.to_owned(),
                line: first.line,
                item: Some(line.trim().to_owned()),
                message: format!(
                    "`{}` is retired, write: {} ({PAGE})",
                    entry.words.join(" "),
                    entry.instead
                ),
            });
        }
    }
    findings
}

/// The rows of the first table below a heading.
fn table(page: &str, heading: &str) -> Vec<Entry> {
    let below = page.lines().skip_while(|line| *line != heading).skip(1);
    let mut rows = below.skip_while(|line| !line.starts_with('|'));
    let rows = rows.by_ref().take_while(|line| line.starts_with('|')).skip(2);
    rows.flat_map(|row| {
        let mut cells = row.split('|').skip(1).map(str::trim);
        let retired = cells.next().unwrap_or_default();
        let instead = cells.next().unwrap_or_default();
        retired.split(',').map(|phrase| Entry {
            words: phrase.split_whitespace().map(str::to_lowercase).collect(),
            instead: instead.to_owned(),
        })
    })
    .filter(|entry| !entry.words.is_empty())
    .collect()
}

/// Splits a text into words: identifiers too, at `_` and at a change from lower to upper case.
fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let mut before = '\n';
        let mut continues = true;
        let mut characters = line.chars().peekable();
        while let Some(character) = characters.next() {
            if !character.is_alphabetic() {
                continues &= character.is_whitespace() || "/!#*".contains(character);
                before = character;
                continue;
            }
            let next_is_lower = characters.peek().is_some_and(|next| next.is_lowercase());
            let begins = !before.is_alphabetic()
                || character.is_uppercase() && (before.is_lowercase() || next_is_lower);
            if begins {
                words.push(Word { text: String::new(), line: number, continues });
            }
            if let Some(word) = words.last_mut() {
                word.text.extend(character.to_lowercase());
            }
            continues = true;
            before = character;
        }
    }
    words
}

fn collect_literals(tokens: TokenStream, literals: &mut Vec<Literal>) {
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => collect_literals(group.stream(), literals),
            TokenTree::Literal(literal) => literals.push(literal),
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::fixture;

    const STYLE: &str = "# Style\n| x | y |\n|---|---|\n| prose | z |\n\n## Glossary\nText.\n\n| retired | instead |\n|---|---|\n\
                         | foo, fooed | bar |\n| in lieu of | instead |\n\n### Words retired for users\n\n| retired | instead |\n\
                         |---|---|\n| nibble | byte |\n\nEnd, prose.";

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let glossary = Glossary::parse(STYLE).unwrap();
        check(&glossary, path, text).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn retired_words_are_found_in_prose_and_names() {
        for text in [
            "// A foo.",
            "/// Foo's",
            "fn is_fooed() {}",
            "struct FooBar;",
            "struct HCIFoo;",
            "enum A { TheFoo2 }",
            "const FOO_MAX: u8;",
            "let a = \"foo\";",
            "# (foo)",
        ] {
            assert_eq!(lines("a.rs", text), [1], "{text}");
        }
        assert_eq!(lines("a.py", "a\n  foo = b.fooed\n"), [2, 2]);
    }

    #[test]
    fn other_words_pass() {
        for text in ["food", "a fool", "is_food", "Foolish", "prose", "foofooed", "a nibble"] {
            assert_eq!(lines("a.rs", text), [0; 0], "{text}");
        }
    }

    #[test]
    fn phrases_are_found_across_lines_of_a_comment() {
        assert_eq!(lines("a.rs", "/// In\n/// lieu of a name."), [1]);
        assert_eq!(lines("a.rs", "in_lieu, of; in: lieu(of)"), [0; 0]);
    }

    #[test]
    fn words_retired_for_users_are_found_on_their_pages() {
        for path in ["README.md", "docs/a.md", "docs/book/src/a.md", "crates/a/README.md"] {
            assert_eq!(lines(path, "a\nnibble"), [2], "{path}");
        }
        for path in ["CHANGELOG.md", "crates/a/src/b.rs", "docs/book/book.toml"] {
            assert_eq!(lines(path, "a nibble"), [0; 0], "{path}");
        }
    }

    #[test]
    fn code_on_pages_for_users_may_have_any_name() {
        let text = "A `nibble`.\n```rust\nnibble();\n```\n```console\nnibble\n```\nA nibble.";
        assert_eq!(lines("README.md", text), [6, 8]);
    }

    #[test]
    fn words_retired_for_users_are_found_in_text_of_the_program() {
        let glossary = Glossary::parse(STYLE).unwrap();
        let text = "fn nibble() {\n  // nibble\n  f!(\"a\n nibble\");\n}";
        let lines = |path| {
            let found = check_program(&glossary, &fixture(path, text));
            found.iter().map(|finding| finding.line).collect::<Vec<_>>()
        };
        assert_eq!(lines("tools/cli/src/a.rs"), [4]);
        assert_eq!(lines("tools/house/src/a.rs"), [0; 0]);
    }

    #[test]
    fn the_item_of_a_finding_is_its_line() {
        let glossary = Glossary::parse(STYLE).unwrap();
        let found = check(&glossary, "a.rs", "a\n  // A foo.  \n");
        assert_eq!(found.first().and_then(|finding| finding.item.as_deref()), Some("// A foo."));
    }

    #[test]
    fn written_files_are_chosen_by_their_names() {
        for path in ["a/b.rs", "README.md", "justfile", ".ci/run", "a/build", "a.toml"] {
            assert!(is_written(path), "{path}");
        }
        for path in ["Cargo.lock", "LICENSE-MIT", "docs/style.md", "a.tsv"] {
            assert!(!is_written(path), "{path}");
        }
    }

    #[test]
    fn a_page_without_tables_is_an_error() {
        assert!(Glossary::parse("# Style").is_err());
        assert!(Glossary::parse("## Glossary\n| a | b |\n|---|---|\n| c | d |").is_err());
    }
}
