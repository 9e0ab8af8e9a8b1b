//! Sizes of an image for a microcontroller.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use object::{Object as _, ObjectSection as _};
use serde::{Deserialize, Serialize};

/// Bytes of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Image {
    /// Code and constants: .text, .rodata, .data.
    pub(crate) flash: u64,
    /// Statics with an initial value other than zero, which also take flash: .data.
    #[serde(skip)]
    pub(crate) data: u64,
    /// Statics: .data, .bss. The stack is not included.
    pub(crate) ram: u64,
    /// The largest stack frame of one function.
    pub(crate) frame: u64,
}

impl Image {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| path.display().to_string())?;
        let file = object::File::parse(&bytes[..])?;
        let size = |name| file.section_by_name(name).map_or(0, |section| section.size());
        let frames = file.section_by_name(".stack_sizes").context("no sizes of stack frames")?;
        Ok(Self {
            flash: size(".text") + size(".rodata") + size(".data"),
            data: size(".data"),
            ram: size(".data") + size(".bss") + size(".uninit"),
            frame: largest_frame(frames.data()?).context("broken sizes of stack frames")?,
        })
    }
}

/// Returns the largest of the sizes that LLVM writes after the address of each function.
fn largest_frame(mut table: &[u8]) -> Option<u64> {
    let mut largest = 0;
    while !table.is_empty() {
        let (_address, rest) = table.split_at_checked(4)?;
        let (size, rest) = leb128(rest)?;
        largest = largest.max(size);
        table = rest;
    }
    Some(largest)
}

/// Parses a number of seven bits in each byte, least significant first; returns it with the rest of the input.
fn leb128(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0_u64;
    for (at, byte) in bytes.iter().enumerate() {
        number |= u64::from(byte & 0x7f).checked_shl(7 * u32::try_from(at).ok()?)?;
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(at + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_frame_is_found() {
        let table = [0, 4, 0, 0, 0x28, 9, 4, 0, 0, 0xa4, 0x4b, 1, 5, 0, 0, 0];
        assert_eq!(largest_frame(&table), Some(0x24 + 0x4b * 128));
        assert_eq!(largest_frame(&[]), Some(0));
    }

    #[test]
    fn a_table_that_is_cut_is_no_table() {
        assert_eq!(largest_frame(&[0, 4, 0]), None);
        assert_eq!(largest_frame(&[0, 4, 0, 0, 0x80]), None);
    }
}
