//! Time is an argument: only the async shell reads a clock.

use crate::finding::Finding;
use crate::source::Source;
use crate::tokens;

/// Returns every place that reads a clock; exceptions list those that may.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    ["Instant", "SystemTime"]
        .into_iter()
        .flat_map(|clock| {
            let lines = tokens::find(&source.tokens, &[clock, ":", ":", "now"]);
            lines.into_iter().map(move |line| (clock, line))
        })
        .map(|(clock, line)| Finding {
            rule: "clock",
            path: source.path.clone(),
            line,
            item: None,
            message: format!("{clock}::now outside host::aio: take `now: Instant` as an argument"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::fixture;

    #[test]
    fn reading_a_clock_is_found() {
        let found = check(&fixture("a.rs", "fn f() {\n  g!(embassy_time::Instant::now());\n}"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].line, 2);
        assert_eq!(check(&fixture("a.rs", "fn f() { SystemTime::now(); }")).len(), 1);
    }

    #[test]
    fn taking_time_as_an_argument_passes() {
        assert_eq!(check(&fixture("a.rs", "/// Not Instant::now.\nfn f(now: Instant) {}")), []);
    }
}
