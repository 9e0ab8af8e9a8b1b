//! Runs the body of the fuzz target `trace_decode` on the stable compiler: `fuzz-trace EXECUTIONS [SEED]`.
//!
//! Each input is a file of the corpus with random changes: octets that are replaced, removed, repeated, or taken from
//! another file.

#![forbid(unsafe_code)]
#![allow(clippy::arithmetic_side_effects, reason = "a program for developers")]

use std::{env, fs, io, process::ExitCode};

/// The corpus of the fuzz target.
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/trace_decode");

/// Longest input.
const LONGEST: usize = 4096;

/// Random numbers, the same for one seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// Returns a number below `end`, or 0.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next()).unwrap_or_default().checked_rem(end).unwrap_or_default()
    }

    fn octet(&mut self) -> u8 {
        let [octet, ..] = self.next().to_le_bytes();
        octet
    }
}

fn main() -> io::Result<ExitCode> {
    let mut arguments = env::args().skip(1).map(|word| word.replace('_', "").parse::<u64>());
    let (Some(Ok(executions)), Ok(seed)) = (arguments.next(), arguments.next().unwrap_or(Ok(0)))
    else {
        eprintln!("usage: fuzz-trace EXECUTIONS [SEED]");
        return Ok(ExitCode::from(2));
    };
    let mut corpus = Vec::new();
    for entry in fs::read_dir(CORPUS)? {
        corpus.push(fs::read(entry?.path())?);
    }
    corpus.sort();
    for execution in 0..executions {
        // Each input has a seed of its own, so that one failing input can be run again alone.
        let mut random = Random((seed + execution).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let input = input(&mut random, &corpus);
        if std::panic::catch_unwind(|| bindrune_trace::fuzz::decode(&input)).is_err() {
            eprintln!("execution with seed {} failed: {input:02x?}", seed + execution);
            return Ok(ExitCode::FAILURE);
        }
    }
    println!("{executions} executions");
    Ok(ExitCode::SUCCESS)
}

/// Returns a changed part of a file of the corpus.
fn input(random: &mut Random, corpus: &[Vec<u8>]) -> Vec<u8> {
    let pick =
        |random: &mut Random| corpus.get(random.below(corpus.len())).cloned().unwrap_or_default();
    let mut input = pick(random);
    for _ in 0..random.below(12) {
        let at = random.below(input.len() + 1);
        let end = (at + random.below(32)).min(input.len());
        match random.below(5) {
            0 => input
                .get_mut(at..end)
                .unwrap_or_default()
                .iter_mut()
                .for_each(|octet| *octet = random.octet()),
            1 => drop(input.drain(at..end)),
            2 => {
                let part = input.get(at..end).unwrap_or_default().to_vec();
                input.splice(at..at, part);
            }
            3 => {
                let other = pick(random);
                let from = random.below(other.len() + 1);
                let to = (from + random.below(128)).min(other.len());
                input.splice(at..at, other.get(from..to).unwrap_or_default().iter().copied());
            }
            _ => {
                if let Some(octet) = input.get_mut(at) {
                    *octet ^= 1 << random.below(8);
                }
            }
        }
    }
    input.truncate(LONGEST);
    input
}
