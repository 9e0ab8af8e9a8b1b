//! Fuzzes the whole host: `fuzz-host STEPS [SEED]`, or `fuzz-host FILE` for one input.
//!
//! Stops at the first failure, and prints the seed, the shortest failing input, and its steps.

#![forbid(unsafe_code)]
#![allow(clippy::arithmetic_side_effects, reason = "a program for developers")]

use std::{env, fs, process::ExitCode};

use bindrune_hostile::fuzz::{fuzz, host, listing, take_reached};

/// Number of steps between two lines of progress.
const PART: u64 = 1_000_000;

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let what = arguments.next().unwrap_or_default().replace('_', "");
    if let Ok(input) = fs::read(&what) {
        println!("{}", listing(&input));
        host(&input);
        return ExitCode::SUCCESS;
    }
    let (steps, seed) = (what.parse(), arguments.next().map_or(Ok(0), |seed| seed.parse()));
    let (Ok(steps), Ok(seed)) = (steps, seed) else {
        eprintln!("usage: fuzz-host STEPS [SEED], or fuzz-host FILE");
        return ExitCode::from(2);
    };
    let (mut done, mut next) = (0_u64, seed);
    while done < steps {
        match fuzz(PART.min(steps - done), next) {
            Ok(part) => {
                done += part.steps;
                next = part.next;
            }
            Err(failure) => {
                println!("{failure}");
                return ExitCode::FAILURE;
            }
        }
        println!("{done} steps of the seeds {seed} to {}", next - 1);
    }
    for (what, times) in take_reached() {
        println!("{times:10}  {what}");
    }
    ExitCode::SUCCESS
}
