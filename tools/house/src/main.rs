//! `just house`: checks that the workspace keeps the rules of its architecture.
//!
//! One module per rule. Each returns [`Finding`]s; `house.toml` has the lists and the exceptions.

#![forbid(unsafe_code)]

mod capabilities;
mod clock;
mod conformance;
mod doors;
mod evidence;
mod finding;
mod graph;
mod handles;
mod leftovers;
mod licenses;
mod pages;
mod plain;
mod rules;
mod safety;
mod sizes;
mod snippets;
mod source;
mod spelled;
mod spoken;
mod tokens;
mod walks;

use anyhow::{Context, Result};
use finding::Finding;
use rules::Rules;
use source::Source;
use std::path::Path;
use std::process::ExitCode;

/// Packages for other targets, and those that compare with another host, have separate workspaces.
const WORKSPACES: [&str; 4] = [
    "Cargo.toml",
    "examples/cortex-m/Cargo.toml",
    "examples/esp32-c3/Cargo.toml",
    "tools/bench/Cargo.toml",
];

fn main() -> ExitCode {
    let is_writing = std::env::args().nth(1).as_deref() == Some("conformance");
    match if is_writing { write().map(|()| Vec::new()) } else { check() } {
        Ok(_) if is_writing => ExitCode::SUCCESS,
        Ok(findings) if findings.is_empty() => {
            println!("house: every rule is kept");
            ExitCode::SUCCESS
        }
        Ok(findings) => {
            for finding in &findings {
                println!("{finding}");
            }
            println!("house: {} findings", findings.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("house: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn root() -> Result<&'static Path> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).context("tools/house is two folders below the root")
}

/// Writes the counts of the conformance table into its page.
fn write() -> Result<()> {
    let read = |path: &str| Ok::<_, anyhow::Error>(std::fs::read_to_string(root()?.join(path))?);
    let page = conformance::written(&read(conformance::PAGE)?, &read(conformance::FILE)?);
    let page = page.context("the page has no section for the counts")?;
    Ok(std::fs::write(root()?.join(conformance::PAGE), page)?)
}

fn check() -> Result<Vec<Finding>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = root()?;
    let rules = Rules::read(&here.join("house.toml"))?;
    let mut findings = Vec::new();
    let mut roots = Vec::new();
    for manifest in WORKSPACES {
        let metadata = cargo_metadata::MetadataCommand::new()
            .manifest_path(root.join(manifest))
            .exec()
            .with_context(|| format!("cargo metadata of {manifest}"))?;
        findings.extend(graph::check(&rules, &graph::packages(&metadata)));
        findings.extend(licenses::check(&licenses::packages(&metadata)));
        roots.extend(safety::roots(&metadata, root));
    }
    let sources = source::all(root)?;
    for source in &sources {
        findings.extend(check_source(source, &roots));
    }
    let page = std::fs::read_to_string(root.join(walks::PAGE)).context(walks::PAGE)?;
    findings.extend(walks::check(&page, &sources));
    findings.extend(doors::check(&rules, &sources));
    findings.extend(spelled::check(&sources));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).ok();
    let pages = pages::all(root)?;
    findings.extend(spoken::check(&pages, &sources));
    findings.extend(pages::check(&pages, |path| root.join(path).exists(), read));
    let code = read(snippets::SOURCE).context(snippets::SOURCE)?;
    findings.extend(snippets::check(&pages, &code));
    for page in evidence::PAGES {
        let text = std::fs::read_to_string(root.join(page)).context(page)?;
        findings.extend(evidence::check(page, &text, &sources));
    }
    let table = read(conformance::FILE).context(conformance::FILE)?;
    findings.extend(conformance::check(&table, &sources));
    let page = read(conformance::PAGE).context(conformance::PAGE)?;
    findings.extend(conformance::check_page(&page, &table));
    findings.extend(retired_words(root, &sources)?);
    Ok(rules.without_exceptions(findings))
}

fn retired_words(root: &Path, sources: &[Source]) -> Result<Vec<Finding>> {
    let page = std::fs::read_to_string(root.join(plain::PAGE)).context(plain::PAGE)?;
    let glossary = plain::Glossary::parse(&page)?;
    let mut findings = Vec::new();
    for (path, text) in plain::files(root)? {
        findings.extend(plain::check(&glossary, &path, &text));
    }
    for source in sources {
        findings.extend(plain::check_program(&glossary, source));
    }
    Ok(findings)
}

fn check_source(source: &Source, roots: &[String]) -> Vec<Finding> {
    [
        sizes::check(source),
        handles::check(source),
        clock::check(source),
        capabilities::check(source),
        safety::check(source, roots.contains(&source.path)),
        leftovers::check(source),
    ]
    .concat()
}
