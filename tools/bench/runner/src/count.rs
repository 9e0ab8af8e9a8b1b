//! Counts instructions of a program with valgrind.

use std::{path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};

/// Numbers of operations of the two runs. Their difference excludes start and end, which are the same in both.
const FEW: u64 = 1000;
const MANY: u64 = 3000;

/// Cost of one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Instructions of both hosts and of the harness.
    pub(crate) instructions: u64,
    /// Operations that were not received, in percent.
    pub(crate) lost: u64,
}

/// Measures the operation `work`, with `services` more services in the table.
pub(crate) fn cost(program: &Path, work: &str, services: u16) -> Result<Cost> {
    let few = run(program, work, FEW, services)?;
    let many = run(program, work, MANY, services)?;
    let instructions = many.instructions.saturating_sub(few.instructions) / (MANY - FEW);
    let lost = (MANY - many.delivered.min(MANY)) * 100 / MANY;
    Ok(Cost { instructions, lost })
}

struct Run {
    instructions: u64,
    delivered: u64,
}

fn run(program: &Path, work: &str, count: u64, services: u16) -> Result<Run> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program).arg(work);
    valgrind.arg(count.to_string()).arg(services.to_string());
    let output = valgrind.output().context("valgrind counts instructions: install it")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} {work} failed:\n{said}", program.display());
    let instructions = number_after(&said, "Collected :").context("valgrind gave no count")?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let delivered = number_after(&printed, "delivered ").context("no count of what arrived")?;
    Ok(Run { instructions, delivered })
}

fn number_after(text: &str, words: &str) -> Option<u64> {
    let (_, rest) = text.split_once(words)?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found_in_what_valgrind_says() {
        let said = "==7== Events    : Ir\n==7== Collected : 56637293\n==7==\n";
        assert_eq!(number_after(said, "Collected :"), Some(56_637_293));
        assert_eq!(number_after("delivered 1000 of 3000\n", "delivered "), Some(1000));
        assert_eq!(number_after("==7== Collected : \n", "Collected :"), None);
    }
}
