//! Builds and measures both hosts, writes the tables of the documentation, and checks the budgets.
//!
//! `just bench`, `just size`, `just size-capabilities`, `just goodput`, `just budget-check` and `just budget` call it.
#![forbid(unsafe_code)]

mod budget;
mod capabilities;
mod classic;
mod count;
mod image;
mod instructions;
mod links;
mod page;
mod parts;
mod programs;
mod size;
mod table;

use std::process::ExitCode;

use anyhow::{Result, bail};
use budget::{Budget, Verdict};
use page::Page;
use programs::Variant;

const USAGE: &str =
    "usage: bindrune-bench instructions|size|capabilities|goodput [--docs], or check, or accept";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["instructions"] => print!("{}", instructions::table()?),
        ["instructions", "--docs"] => {
            Page::Performance.replace("instructions", &instructions::table()?)?;
        }
        ["size"] => print!("{}", size::table()?),
        ["size", "--docs"] => Page::Memory.replace("size", &size::table()?)?,
        ["capabilities"] => print!("{}", capabilities::table()?),
        ["capabilities", "--docs"] => {
            Page::Memory.replace("capabilities", &capabilities::table()?)?
        }
        ["goodput"] => print!("{}", programs::run(Variant::Goodput)?),
        ["goodput", "--docs"] => {
            Page::Performance.replace("goodput", &programs::run(Variant::Goodput)?)?;
        }
        ["check"] => return check(),
        ["accept"] => Budget::measure()?.write()?,
        _ => bail!(USAGE),
    }
    Ok(ExitCode::SUCCESS)
}

/// Compares this tree with its budget.
fn check() -> Result<ExitCode> {
    let Verdict { above, below } = Budget::read()?.judge(&Budget::measure()?);
    for line in &below {
        println!("below its budget: {line}");
    }
    if !below.is_empty() {
        println!("bench: `just budget` keeps what was gained");
    }
    for line in &above {
        println!("ABOVE ITS BUDGET: {line}");
    }
    if above.is_empty() {
        println!("bench: within the budget of {}", budget::FILE);
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "bench: this tree costs more than {} allows. Find out what became dearer (`just bench` and `just size` show all figures \
         beside the peer's) and make it cheaper; or, if the gain justifies it, accept it with `just budget`, commit the \
         file, and say in the message what the price is for.",
        budget::FILE
    );
    Ok(ExitCode::FAILURE)
}
