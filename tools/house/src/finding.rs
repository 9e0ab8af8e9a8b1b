//! A violation of a rule.

use std::fmt;

/// A violation: the place, the rule, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The rule's name, as in exceptions.
    pub(crate) rule: &'static str,
    /// Relative to the root.
    pub(crate) path: String,
    /// Counted from 1.
    pub(crate) line: usize,
    /// The function, type, package or line, if the rule names one.
    pub(crate) item: Option<String>,
    /// What is wrong, why, and what to do.
    pub(crate) message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} [{}]", self.path, self.line, self.message, self.rule)
    }
}
