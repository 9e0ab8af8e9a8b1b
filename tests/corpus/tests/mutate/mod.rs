//! Mutations of the files of a corpus.

use std::{fs, path::PathBuf, thread};

use bindrune_corpus::fuzz_folder;
use bindrune_hostile::fuzz::Random;

/// Longest input, in bytes.
const LONGEST: usize = 4096;
/// Values at the edges of fields.
const EDGES: [u8; 8] = [0, 1, 0x7f, 0x80, 0xff, 0xfe, 3, 0x40];

/// Inputs made from the files of a corpus.
pub(crate) struct Mutations {
    files: Vec<Vec<u8>>,
    random: Random,
}

impl Mutations {
    pub(crate) const fn new(files: Vec<Vec<u8>>, seed: u64) -> Self {
        Self { files, random: Random::new(seed) }
    }

    /// Returns a random number below `end`, or 0.
    fn below(&mut self, end: usize) -> usize {
        let end = end.max(1) as u64;
        (self.random.next() % end) as usize
    }

    fn file(&mut self) -> Vec<u8> {
        let place = self.below(self.files.len());
        self.files[place].clone()
    }

    /// Returns a range of an input, often a short one.
    fn range(&mut self, input: &[u8]) -> core::ops::Range<usize> {
        let start = self.below(input.len() + 1);
        let longest = input.len() - start;
        let longest = if self.below(4) == 0 { longest } else { longest.min(8) };
        start..start + self.below(longest + 1)
    }

    /// Returns the next input.
    pub(crate) fn next(&mut self) -> Vec<u8> {
        let mut input = self.file();
        for _ in 0..=self.below(8) {
            self.mutate(&mut input);
        }
        input.truncate(LONGEST);
        input
    }

    fn mutate(&mut self, input: &mut Vec<u8>) {
        let range = self.range(input);
        let place = self.below(input.len());
        match (self.below(7), input.get_mut(place)) {
            (0, Some(octet)) => *octet ^= 1 << self.below(8),
            (1, Some(octet)) => *octet = self.random.next() as u8,
            (2, Some(octet)) => *octet = EDGES[self.below(EDGES.len())],
            (3, _) => drop(input.drain(range)),
            (4, _) => {
                let again = input[range].to_vec();
                input.splice(place..place, again);
            }
            (5, _) => {
                let other = self.file();
                let of_other = self.range(&other);
                input.splice(range, other[of_other].iter().copied());
            }
            _ => {
                let new = self.random.next().to_le_bytes();
                let len = self.below(9);
                input.splice(place..place, new[..len].iter().copied());
            }
        }
    }
}

/// An input that runs. If it panics, it is written into `fuzz/artifacts`, where cargo-fuzz writes its own.
pub(crate) struct Running<'a> {
    pub(crate) target: &'a str,
    pub(crate) input: &'a [u8],
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let folder: PathBuf = fuzz_folder().join("artifacts").join(self.target);
            let file = folder.join("mutation");
            let written = fs::create_dir_all(folder).and_then(|()| fs::write(&file, self.input));
            println!("{}: {written:?}", file.display());
        }
    }
}
