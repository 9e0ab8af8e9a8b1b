//! What hostile peers and controllers send: the table of bad inputs, and seeds for the fuzz targets made
//! from it.
//!
//! `cargo test` replays each file of `fuzz/corpus` through the body of its fuzz target. `cargo run` writes the
//! seeds again, which a new row or a changed body needs.

#![forbid(unsafe_code)]

mod rows;
mod seeds;

use std::path::PathBuf;

pub use rows::{Row, Step, rows};
pub use seeds::{Seed, seeds};

/// The folder of the fuzz targets and their corpus.
#[must_use]
pub fn fuzz_folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "fuzz"].iter().collect()
}
