//! `house.toml`: lists of the rules, and exceptions.

use crate::finding::Finding;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

const FILE: &str = "tools/house/house.toml";

/// The lists and exceptions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rules {
    /// Allowed dependencies of each package.
    pub(crate) graph: BTreeMap<String, Vec<String>>,
    /// The types that applications begin with.
    #[serde(default)]
    pub(crate) doors: Vec<String>,
    #[serde(default)]
    exception: Vec<Exception>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    rule: String,
    path: String,
    item: Option<String>,
    reason: String,
}

impl Rules {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Self::parse(&text)
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        let rules: Self = toml::from_str(text).context(FILE)?;
        for exception in &rules.exception {
            ensure!(
                exception.reason.split_whitespace().count() >= 3,
                "{FILE}: the exception of {} for {} needs a reason",
                exception.path,
                exception.rule
            );
        }
        Ok(rules)
    }

    /// Returns the findings that no exception covers, and one for each exception that covers nothing.
    pub(crate) fn without_exceptions(&self, findings: Vec<Finding>) -> Vec<Finding> {
        let idle: Vec<_> = self
            .exception
            .iter()
            .filter(|exception| !findings.iter().any(|finding| exception.covers(finding)))
            .map(Exception::idle)
            .collect();
        let mut left: Vec<_> = findings
            .into_iter()
            .filter(|finding| !self.exception.iter().any(|exception| exception.covers(finding)))
            .collect();
        left.extend(idle);
        left.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        left
    }
}

impl Exception {
    fn covers(&self, finding: &Finding) -> bool {
        let path_fits = if self.path.ends_with('/') {
            finding.path.starts_with(&self.path)
        } else {
            finding.path == self.path
        };
        let item_fits = self.item.is_none() || self.item == finding.item;
        path_fits && item_fits && self.rule == finding.rule
    }

    fn idle(&self) -> Finding {
        Finding {
            rule: "exception",
            path: FILE.into(),
            line: 1,
            item: None,
            message: format!(
                "the exception of {} for {} covers no finding; remove it",
                self.path, self.rule
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(path: &str, item: Option<&str>) -> Finding {
        Finding {
            rule: "clock",
            path: path.into(),
            line: 1,
            item: item.map(Into::into),
            message: String::new(),
        }
    }

    fn rules(exception: &str) -> Rules {
        let text = format!(
            "[graph]\n[[exception]]\nrule = 'clock'\nreason = 'of some weight'\n{exception}"
        );
        Rules::parse(&text).unwrap()
    }

    #[test]
    fn an_exception_covers_its_file_its_folder_or_its_item() {
        assert_eq!(rules("path = 'a/b.rs'").without_exceptions(vec![finding("a/b.rs", None)]), []);
        assert_eq!(rules("path = 'a/'").without_exceptions(vec![finding("a/b.rs", None)]), []);
        let one_item = rules("path = 'a/'\nitem = 'f'");
        let left = one_item
            .without_exceptions(vec![finding("a/b.rs", Some("f")), finding("a/b.rs", Some("g"))]);
        assert_eq!(left, [finding("a/b.rs", Some("g"))]);
    }

    #[test]
    fn an_exception_that_excuses_nothing_is_found() {
        let left = rules("path = 'a/b.rs'").without_exceptions(vec![finding("a/c.rs", None)]);
        assert_eq!(left.len(), 2);
        assert!(left.iter().any(|finding| finding.rule == "exception"));
    }

    #[test]
    fn an_exception_needs_a_reason() {
        let text = "[graph]\n[[exception]]\nrule = 'clock'\npath = 'a'\nreason = ''";
        assert!(Rules::parse(text).is_err());
    }
}
