//! Generated sections of the documentation.

use std::fs;

use anyhow::{Context as _, Result};

use crate::programs::root;

/// A page with generated sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Performance,
    Memory,
}

impl Page {
    fn file(self) -> &'static str {
        match self {
            Self::Performance => "docs/performance.md",
            Self::Memory => "docs/memory.md",
        }
    }

    /// Replaces the text between the marks of the section `name`.
    pub(crate) fn replace(self, name: &str, section: &str) -> Result<()> {
        let path = root().join(self.file());
        let page = fs::read_to_string(&path).with_context(|| self.file())?;
        let page = replaced(&page, name, section)
            .with_context(|| format!("{} has no section {name}", self.file()))?;
        fs::write(&path, page)?;
        println!("bench: wrote the section {name} of {}", self.file());
        Ok(())
    }
}

fn replaced(page: &str, name: &str, section: &str) -> Option<String> {
    let begin = format!("<!-- begin {name}: written by `just`, do not edit -->\n");
    let end = format!("<!-- end {name} -->");
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{section}\n{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let page = "a\n<!-- begin x: written by `just`, do not edit -->\nold\n<!-- end x -->\nb\n";
        let expected =
            "a\n<!-- begin x: written by `just`, do not edit -->\n\nnew\n\n<!-- end x -->\nb\n";
        let once = replaced(page, "x", "new\n").unwrap_or_default();
        assert_eq!(once, expected);
        assert_eq!(replaced(&once, "x", "new\n").as_deref(), Some(expected));
        assert_eq!(replaced(page, "y", "new\n"), None);
    }
}
