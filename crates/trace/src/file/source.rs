//! Octets of a capture, with a look ahead.

use std::io::{self, Read};

/// A reader that can look at its next octets.
#[derive(Debug)]
pub(super) struct Source<R> {
    reader: R,
    ahead: Vec<u8>,
}

impl<R: Read> Source<R> {
    pub(super) const fn new(reader: R) -> Self {
        Self { reader, ahead: Vec::new() }
    }

    /// Returns the next octets without taking them; fewer at the end.
    pub(super) fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        let missing = count.saturating_sub(self.ahead.len());
        let limit = u64::try_from(missing).unwrap_or(u64::MAX);
        self.reader.by_ref().take(limit).read_to_end(&mut self.ahead)?;
        Ok(&self.ahead)
    }

    /// Takes octets; an error of the kind `UnexpectedEof` if there are fewer.
    pub(super) fn bytes(&mut self, count: usize) -> io::Result<Vec<u8>> {
        let mut octets = core::mem::take(&mut self.ahead);
        if octets.len() > count {
            self.ahead = octets.split_off(count);
            return Ok(octets);
        }
        let missing = u64::try_from(count.saturating_sub(octets.len())).unwrap_or(u64::MAX);
        self.reader.by_ref().take(missing).read_to_end(&mut octets)?;
        if octets.len() == count { Ok(octets) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// Takes a fixed number of octets; `None` at the end.
    pub(super) fn array_or_end<const N: usize>(&mut self) -> io::Result<Option<[u8; N]>> {
        if self.peek(1)?.is_empty() { Ok(None) } else { self.array().map(Some) }
    }

    pub(super) fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let octets = self.bytes(N)?;
        octets.try_into().map_err(|_| io::ErrorKind::UnexpectedEof.into())
    }
}
