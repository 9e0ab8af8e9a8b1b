//! One broken rule.

use std::fmt;

/// Where a rule is broken, which, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The rule's name, as exceptions give it.
    pub(crate) rule: &'static str,
    /// Relative to the root.
    pub(crate) path: String,
    /// Counted from 1.
    pub(crate) line: usize,
    /// The function, type or package that is meant, if one is.
    pub(crate) item: Option<String>,
    /// What is wrong, why it is, and what to do.
    pub(crate) message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} [{}]", self.path, self.line, self.message, self.rule)
    }
}
