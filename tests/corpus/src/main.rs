//! Writes the seeds from the table of bad inputs into the corpus.

#![forbid(unsafe_code)]

use bindrune_corpus::{fuzz_folder, seeds};

fn main() -> std::io::Result<()> {
    for seed in seeds() {
        let folder = fuzz_folder().join("corpus").join(seed.target);
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(seed.name), seed.octets)?;
    }
    Ok(())
}
