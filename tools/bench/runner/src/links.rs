//! What a packet costs while several links are up, in instructions.

use anyhow::Result;

use crate::{
    instructions::{Instructions, without_loss},
    programs::{Variant, program},
    table::{markdown, ratio, thousands},
};

/// Links at once.
const LINKS: [u8; 3] = [1, 8, 64];

/// Name and title of each operation.
const WORK: [(&str, &str); 3] = [
    ("received", "notification received, read by a task for each link"),
    ("sent", "write without response sent, by one task"),
    ("sent-by-tasks", "the same, by a task for each link"),
];

/// Measures this host.
pub(crate) fn measure() -> Result<Instructions> {
    let program = program(Variant::Desktop)?;
    let mut measured = Instructions::new();
    for (name, _) in WORK {
        for links in LINKS {
            let name = format!("{name}-{links}");
            let cost = without_loss(&program, &name, 0)?;
            measured.insert(name, cost);
        }
    }
    Ok(measured)
}

/// Returns the table of the figures.
pub(crate) fn table(measured: &Instructions) -> String {
    let rows = WORK.map(|(name, title)| {
        let costs = LINKS.map(|links| measured[&format!("{name}-{links}")]);
        let mut row = vec![title.to_owned()];
        row.extend(costs.map(thousands));
        row.push(ratio(costs[2], costs[0]));
        row
    });
    let mut sums = [0; LINKS.len()];
    for (name, _) in WORK {
        for (sum, links) in sums.iter_mut().zip(LINKS) {
            *sum += measured[&format!("{name}-{links}")];
        }
    }
    let mut last = vec!["all three".to_owned()];
    last.extend(sums.map(thousands));
    last.push(ratio(sums[2], sums[0]));
    let rows: Vec<_> = rows.into_iter().chain([last]).collect();
    markdown(&["packet of 244 bytes", "1 link", "8 links", "64 links", "64 to 1"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_row_for_each_work_and_their_sum() {
        let mut measured = Instructions::new();
        for (name, _) in WORK {
            for links in LINKS {
                measured.insert(format!("{name}-{links}"), 1000 + u64::from(links));
            }
        }
        let table = table(&measured);
        assert_eq!(table.lines().count(), 2 + WORK.len() + 1);
        assert!(table.ends_with("| all three | 3,003 | 3,024 | 3,192 | 1.06 |\n"), "{table}");
    }
}
