//! Types that applications begin with (doors) have an example in their documentation.

use crate::finding::Finding;
use crate::rules::Rules;
use crate::source::Source;

/// Returns doors without an example, and doors that no file declares.
pub(crate) fn check(rules: &Rules, sources: &[Source]) -> Vec<Finding> {
    let missing = rules.doors.iter().filter_map(|door| {
        let place = sources
            .iter()
            .filter(|source| source.path.starts_with("crates/"))
            .find_map(|source| Some((source, declared(&source.text, door)?)));
        match place {
            Some((source, line)) if !has_example(&source.text, line) => Some(Finding {
                rule: "door",
                path: source.path.clone(),
                line: line.saturating_add(1),
                item: Some(door.clone()),
                message: format!("{door} has no example in its documentation; show how it is used"),
            }),
            Some(_) => None,
            None => Some(Finding {
                rule: "door",
                path: "tools/house/house.toml".to_owned(),
                line: 1,
                item: Some(door.clone()),
                message: format!("no crate declares the door {door}; correct house.toml"),
            }),
        }
    });
    missing.collect()
}

/// Returns the line, from 0, where a public type is declared.
fn declared(text: &str, name: &str) -> Option<usize> {
    text.lines().position(|line| {
        let rest = line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum "));
        let rest = rest.and_then(|rest| rest.strip_prefix(name));
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    })
}

/// Returns whether the documentation above a line has a code block.
fn has_example(text: &str, line: usize) -> bool {
    let lines: Vec<_> = text.lines().take(line).collect();
    let above =
        lines.iter().rev().take_while(|line| line.starts_with("///") || line.starts_with("#["));
    above.filter(|line| line.trim_start_matches('/').trim_start().starts_with("```")).count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::fixture;

    #[test]
    fn a_door_without_example_is_found() {
        let code = "/// A.\n///\n/// ```\n/// a();\n/// ```\n#[derive(Debug)]\npub struct A;\n/// B.\npub enum B {}\n\
                    pub struct Bc;";
        let sources = [fixture("crates/x/src/y.rs", code)];
        let rules = Rules::parse("doors = [\"A\", \"B\", \"C\"]\n[graph]").unwrap();
        let found = check(&rules, &sources);
        let items: Vec<_> = found.iter().filter_map(|finding| finding.item.as_deref()).collect();
        assert_eq!(items, ["B", "C"]);
    }
}
