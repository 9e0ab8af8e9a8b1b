//! `tests/conformance.tsv`: what of the SIG's test suites the tests cover; and the page that counts it.

use std::collections::BTreeMap;

use crate::{evidence, finding::Finding, source::Source};

/// The table: a line for each test of the suites.
pub(crate) const FILE: &str = "tests/conformance.tsv";
/// The page with the counts.
pub(crate) const PAGE: &str = "docs/conformance.md";

const HEAD: &str = "id\tstatus\ttest";
const BEGIN: &str = "<!-- begin conformance: written by `just`, do not edit -->\n";
const END: &str = "<!-- end conformance -->";
/// Words of a reason why a test does not apply.
const REASON: usize = 3;

/// Tests of LE, by the beginning of their id: only these may be without an assessment.
const LE: [&str; 19] = [
    "GAP/ADV/",
    "GAP/BIS/",
    "GAP/BOND/",
    "GAP/BROB/",
    "GAP/CONN/",
    "GAP/CS/",
    "GAP/CSUB/",
    "GAP/DISC/",
    "GAP/GAT/",
    "GAP/IDLE/NAMP/",
    "GAP/PADV/",
    "GAP/PRIV/",
    "GAP/SCN/",
    "GAP/SEC/AUT/",
    "GAP/SEC/CSIGN/",
    "GAP/SEC/SEM/",
    "GATT/",
    "L2CAP/LE/",
    "SM/",
];
/// Tests of BR/EDR whose ids begin like those of LE.
const BR_EDR: [(&str, &[u8], &[u8]); 1] = [(
    "GAP/SEC/SEM/",
    // BV
    &[
        2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 46, 47, 48, 49, 50, 51,
        52, 53, 54, 55,
    ],
    // BI
    &[
        1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 14, 15, 16, 17, 18, 19, 24, 25, 26, 27, 28, 29, 30, 31, 32,
        33,
    ],
)];

/// Status of a test of a suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    Covered,
    Partly,
    NotApplicable,
    Missing,
    NotAssessed,
}

impl Status {
    const ALL: [Self; 5] =
        [Self::Covered, Self::Partly, Self::NotApplicable, Self::Missing, Self::NotAssessed];

    fn parse(text: &str) -> Option<Self> {
        match text {
            "covered" => Some(Self::Covered),
            "partly" => Some(Self::Partly),
            "missing" => Some(Self::Missing),
            "not assessed" => Some(Self::NotAssessed),
            _ => {
                let reason = text.strip_prefix("not applicable: ")?;
                let is_reason = reason.split_whitespace().count() >= REASON;
                is_reason.then_some(Self::NotApplicable)
            }
        }
    }
}

/// A line of the table.
struct Row<'t> {
    line: usize,
    id: &'t str,
    status: &'t str,
    tests: &'t str,
}

fn rows(table: &str) -> impl Iterator<Item = Result<Row<'_>, usize>> {
    (1..).zip(table.lines()).skip(1).map(|(line, text)| {
        let mut columns = text.split('\t');
        match (columns.next(), columns.next(), columns.next(), columns.next()) {
            (Some(id), Some(status), Some(tests), None) => Ok(Row { line, id, status, tests }),
            _ => Err(line),
        }
    })
}

/// Returns whether a test may be without an assessment.
fn may_wait(id: &str) -> bool {
    let of_classic = BR_EDR.iter().any(|(begin, valid, invalid)| {
        let number = |kind| id.strip_prefix(begin)?.strip_prefix(kind)?.get(..2)?.parse().ok();
        number("BV-").is_some_and(|number: u8| valid.contains(&number))
            || number("BI-").is_some_and(|number: u8| invalid.contains(&number))
    });
    !of_classic && LE.iter().any(|begin| id.starts_with(begin))
}

/// Returns ids that are not unique and in order, unknown statuses, tests that no file has, and tests of BR/EDR without
/// an assessment.
pub(crate) fn check(table: &str, sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut report = |line: usize, item: &str, message: String| {
        let item = Some(item.to_owned()).filter(|item| !item.is_empty());
        findings.push(Finding { rule: "conformance", path: FILE.into(), line, item, message });
    };
    if table.lines().next() != Some(HEAD) {
        report(1, "", "the columns are id, status and test, with a tab between them".into());
    }
    let mut last = "";
    for row in rows(table) {
        let Row { line, id, status, tests } = match row {
            Ok(row) => row,
            Err(line) => {
                report(line, "", "a line has three columns: id, status and test".into());
                continue;
            }
        };
        if id <= last {
            report(line, id, format!("{id} stands behind {last}; each id once, in order"));
        }
        last = id;
        let Some(known) = Status::parse(status) else {
            report(line, id, format!("`{status}` is not a status; a reason has {REASON} words"));
            continue;
        };
        if known == Status::NotAssessed && !may_wait(id) {
            report(line, id, format!("{id} is of BR/EDR and needs an assessment"));
        }
        let names: Vec<_> = tests.split(' ').filter(|name| !name.is_empty()).collect();
        if matches!(known, Status::Covered | Status::Partly) == names.is_empty() {
            report(line, id, format!("{id}: `{status}` does not fit the column test"));
        }
        for name in names {
            if !exists(name, sources) {
                report(line, name, format!("`{name}` is not a test; name one that exists"));
            }
        }
    }
    findings
}

/// Returns whether a file has the test `path::name`; the path begins at the root.
fn exists(name: &str, sources: &[Source]) -> bool {
    let Some((path, test)) = name.rsplit_once("::") else { return false };
    let file = sources.iter().find(|source| source.path == path);
    file.is_some_and(|source| evidence::has_test(source, test))
}

/// Returns the counts of each group as a table.
fn counts(table: &str) -> String {
    let mut groups: BTreeMap<String, [usize; Status::ALL.len()]> = BTreeMap::new();
    let mut total = [0_usize; Status::ALL.len()];
    for row in rows(table).flatten() {
        let Some(status) = Status::parse(row.status) else { continue };
        let group = row.id.split('/').take(2).collect::<Vec<_>>().join("/");
        let counts = groups.entry(group).or_default();
        for (one, (count, total)) in Status::ALL.into_iter().zip(counts.iter_mut().zip(&mut total))
        {
            *count = count.saturating_add(usize::from(one == status));
            *total = total.saturating_add(usize::from(one == status));
        }
    }
    let mut text = String::from(
        "| group | tests | covered | partly | not applicable | missing | not assessed |\n|---|--:|--:|--:|--:|--:|--:|\n",
    );
    for (group, counts) in groups.into_iter().chain([("all".to_owned(), total)]) {
        let sum: usize = counts.iter().sum();
        let cells = counts.map(|count| count.to_string()).join(" | ");
        text += &format!("| {group} | {sum} | {cells} |\n");
    }
    text
}

/// Returns the page with the counts of the table.
pub(crate) fn written(page: &str, table: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{}\n{END}{after}", counts(table)))
}

/// Returns a finding if the counts of the page are not those of the table.
pub(crate) fn check_page(page: &str, table: &str) -> Option<Finding> {
    let is_current = written(page, table).is_some_and(|written| written == page);
    (!is_current).then(|| Finding {
        rule: "conformance",
        path: PAGE.into(),
        line: 1,
        item: None,
        message: format!("the counts are not those of {FILE}; run `just conformance`"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::fixture;

    fn found(lines: &str) -> Vec<usize> {
        let sources = [fixture("a/b.rs", "#[test]\nfn c() {}\nfn d() {}")];
        check(&format!("{HEAD}\n{lines}"), &sources).into_iter().map(|f| f.line).collect()
    }

    #[test]
    fn rows_that_say_what_covers_them_pass() {
        let lines = "GAP/MOD/A\tcovered\ta/b.rs::c\nGAP/MOD/B\tpartly\ta/b.rs::c a/b.rs::c\n\
                     GAP/MOD/C\tmissing\t\nL2CAP/MCH/*\tnot applicable: this is gone\t\n\
                     SM/CEN/A\tnot assessed\t\n";
        assert_eq!(found(lines), [0; 0]);
    }

    #[test]
    fn every_fault_is_found() {
        for lines in [
            "B\tmissing\t\nA\tmissing\t",
            "A\tmissing\t\nA\tmissing\t",
            "A\tmissing",
            "A\tdone\t",
            "A\tnot applicable: no\t",
            "A\tcovered\t",
            "A\tmissing\ta/b.rs::c",
            "A\tcovered\ta/b.rs::d",
            "A\tcovered\tb.rs::c",
            "A\tcovered\ta/b.rs",
            "GAP/MOD/A\tnot assessed\t",
            "GAP/SEC/SEM/BV-10-C\tnot assessed\t",
            "GAP/SEC/SEM/BI-33-C\tnot assessed\t",
        ] {
            assert_eq!(found(lines).len(), 1, "{lines}");
        }
        assert_eq!(found("GAP/SEC/SEM/BV-21-C\tnot assessed\t"), [0; 0]);
        assert_eq!(check("id\tstatus\n", &[]).len(), 1);
    }

    #[test]
    fn the_page_has_the_counts_of_the_table() {
        let table = format!("{HEAD}\nA/B/1\tmissing\t\nA/B/2\tcovered\tx\nA/C/1\tmissing\t\n");
        let empty = format!("text\n{BEGIN}{END}\nmore\n");
        let page = written(&empty, &table).unwrap();
        assert!(page.contains("| A/B | 2 | 1 | 0 | 0 | 1 | 0 |\n"));
        assert!(page.contains("| all | 3 | 1 | 0 | 0 | 2 | 0 |\n"));
        assert_eq!(check_page(&page, &table), None);
        assert!(check_page(&page, &table.replace("missing", "partly")).is_some());
        assert!(check_page("no marks", &table).is_some());
    }
}
