//! Random inputs, and the shortest one that fails.

use core::fmt::{self, Write as _};
use std::{
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    sync::Once,
};

use super::{RECORD, Step, config::Setup, host};

/// Maximum number of steps of an input.
const LONGEST: u64 = 400;

/// Random numbers, which are the same for the same seed.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Creates the numbers of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// Returns an input: its first record and some steps.
    #[must_use]
    pub fn input(mut self) -> Vec<u8> {
        let steps = self.next() % LONGEST + 1;
        let words = (steps as usize + 1) * RECORD / 8;
        (0..words).flat_map(|_| self.next().to_le_bytes()).collect()
    }
}

/// An input that fails.
#[derive(Debug)]
pub struct Failure {
    /// The seed with which [`Random::input`] gives the input.
    pub seed: u64,
    /// The error message.
    pub message: String,
    /// The shortest failing input that was found.
    pub input: Vec<u8>,
}

/// Result without a failure.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    /// Number of steps.
    pub steps: u64,
    /// The seed of the next input.
    pub next: u64,
}

/// Runs at least `steps` steps, with the inputs of the seeds from `seed` on.
///
/// # Errors
///
/// The first input that fails.
pub fn fuzz(steps: u64, seed: u64) -> Result<Done, Failure> {
    let mut done = Done { steps: 0, next: seed };
    while done.steps < steps {
        let seed = done.next;
        let input = Random::new(seed).input();
        if failure(&input).is_some() {
            let input = shrink(&input);
            let message = failure(&input).unwrap_or_default();
            return Err(Failure { seed, message, input });
        }
        done.steps += (input.len() / RECORD) as u64 - 1;
        done.next += 1;
    }
    Ok(done)
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, message, input } = self;
        write!(f, "seed {seed}: {message}\n\n{}\nthe input, in hex: ", listing(input))?;
        input.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

thread_local! {
    /// Whether the panic messages of this thread are kept.
    static KEEPS: Cell<bool> = const { Cell::new(false) };
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Returns the error message of an input that fails.
fn failure(input: &[u8]) -> Option<String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            if KEEPS.get() {
                SAID.set(info.to_string());
            } else {
                before(info);
            }
        }));
    });
    KEEPS.set(true);
    let result = catch_unwind(AssertUnwindSafe(|| host(input)));
    KEEPS.set(false);
    result.err().map(|_| SAID.take())
}

/// Removes everything that is not needed for the failure, record by record, then byte by byte.
#[must_use]
pub fn shrink(input: &[u8]) -> Vec<u8> {
    let mut best = input.to_vec();
    let mut part = best.len() / RECORD / 2;
    while part > 0 {
        let mut at = 1;
        while at * RECORD < best.len() {
            let end = (at + part) * RECORD;
            let shorter = [&best[..at * RECORD], best.get(end..).unwrap_or_default()].concat();
            if failure(&shorter).is_some() {
                best = shorter;
            } else {
                at += part;
            }
        }
        part /= 2;
    }
    for place in 0..best.len() {
        // The kind of a step stays the same.
        if best[place] != 0 && (place < RECORD || (2..RECORD - 1).contains(&(place % RECORD))) {
            let before = core::mem::replace(&mut best[place], 0);
            if failure(&best).is_none() {
                best[place] = before;
            }
        }
    }
    best
}

/// Returns the steps of an input as text.
#[must_use]
pub fn listing(input: &[u8]) -> String {
    let mut records = input.chunks(RECORD);
    let setup = Setup::new(records.next().unwrap_or_default());
    let mut text = format!("{setup:?}\n");
    for (number, record) in records.enumerate() {
        _ = writeln!(text, "{number:4} {:02x?}", Step::of_life(record, setup.classic));
    }
    text
}
