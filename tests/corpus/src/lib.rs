//! Inputs of hostile peers and controllers: the table of bad inputs, and the seeds for the fuzz targets made
//! from it.
//!
//! `cargo test` replays each file of `fuzz/corpus` through the body of its fuzz target. `cargo run` writes the
//! seeds again, after a new row or a change of a body.

#![forbid(unsafe_code)]

mod rows;
mod seeds;

use std::path::PathBuf;

pub use rows::{Row, Step, rows};
pub use seeds::{Seed, seeds};

/// Returns the folder of the fuzz targets and their corpus.
#[must_use]
pub fn fuzz_folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "fuzz"].iter().collect()
}
