//! What data over BR/EDR costs, in instructions, beside a channel of LE with the same number of bytes.

use anyhow::Result;

use crate::{
    instructions::{Instructions, without_loss},
    programs::{Variant, program},
    table::{markdown, ratio, thousands},
};

/// Name and title of each operation, and that of the same bytes over LE.
const WORK: [(&str, &str, Option<&str>); 6] = [
    ("basic-1024", "datagram of 1,024 bytes, Basic mode", Some("coc-1024")),
    ("basic-4096", "datagram of 4,096 bytes, Basic mode", Some("coc-4096")),
    ("ertm-1024", "datagram of 1,024 bytes, Enhanced Retransmission mode", Some("coc-1024")),
    ("ertm-4096", "datagram of 4,096 bytes, Enhanced Retransmission mode", Some("coc-4096")),
    ("rfcomm-1000", "1,000 bytes over RFCOMM", Some("coc-1000")),
    ("sdp-10", "search of ten service records, with its channel", None),
];

/// Measures this host.
pub(crate) fn measure() -> Result<Instructions> {
    let program = program(Variant::Classic)?;
    let mut measured = Instructions::new();
    for (name, _, le) in WORK {
        for name in [Some(name), le].into_iter().flatten() {
            if !measured.contains_key(name) {
                measured.insert(name.into(), without_loss(&program, name, 0)?);
            }
        }
    }
    Ok(measured)
}

/// Returns the table of the figures.
pub(crate) fn table(measured: &Instructions) -> String {
    let rows = WORK.map(|(name, title, le)| {
        let (cost, le) = (measured[name], le.map(|le| measured[le]));
        vec![
            title.to_owned(),
            thousands(cost),
            le.map_or("none".into(), thousands),
            le.map_or(String::new(), |le| ratio(cost, le)),
        ]
    });
    markdown(&["operation over BR/EDR", "instructions", "the same bytes over LE", "ratio"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_row_for_each_operation() {
        let mut measured = Instructions::new();
        for (name, _, le) in WORK {
            measured.insert(name.into(), 3000);
            measured.extend(le.map(|le| (le.to_owned(), 2000)));
        }
        let table = table(&measured);
        assert_eq!(table.lines().count(), 2 + WORK.len());
        assert!(table.contains("Basic mode | 3,000 | 2,000 | 1.50 |\n"), "{table}");
        assert!(table.ends_with("| 3,000 | none |  |\n"), "{table}");
    }
}
