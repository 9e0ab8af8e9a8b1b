//! Lines of standard input without a line editor.

use std::io::{self, BufRead, Read as _};

use super::Entry;

/// Longest line in bytes: the longest SDU in hexadecimal digits, and an operation before it.
const LONGEST: usize = 132_000;

/// Reads lines until the end, or until the input cannot be read, which is reported once.
pub(super) fn lines<B: BufRead>(mut open: impl FnMut() -> B) -> impl FnMut() -> Entry {
    let mut failed = false;
    move || {
        if failed {
            return Entry::End;
        }
        read(&mut open()).unwrap_or_else(|error| {
            failed = true;
            Entry::Unreadable(format!("cannot read standard input: {error}"))
        })
    }
}

/// Reads a line, and skips the rest of one that is too long.
fn read(input: &mut impl BufRead) -> io::Result<Entry> {
    let most = u64::try_from(LONGEST).unwrap_or(u64::MAX).saturating_add(1);
    let mut line = Vec::new();
    if input.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
        return Ok(Entry::End);
    }
    if line.pop_if(|last| *last == b'\n').is_some() {
        line.pop_if(|last| *last == b'\r');
    } else if line.len() > LONGEST {
        skip(input);
        return Ok(Entry::Unreadable(format!("the line is longer than {LONGEST} bytes")));
    }
    let line = String::from_utf8(line);
    Ok(line.map_or_else(|_| Entry::Unreadable("the line is not text in UTF-8".into()), Entry::Line))
}

/// Skips the rest of a line.
fn skip(input: &mut impl BufRead) {
    loop {
        let Ok(block) = input.fill_buf() else { return };
        let end = block.iter().position(|&byte| byte == b'\n');
        let count = end.map_or(block.len(), |end| end.saturating_add(1));
        if count == 0 {
            return;
        }
        input.consume(count);
        if end.is_some() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut input: &[u8]) -> Vec<Entry> {
        let mut entries = Vec::new();
        loop {
            let entry = read(&mut input).unwrap();
            let is_end = entry == Entry::End;
            entries.push(entry);
            if is_end {
                return entries;
            }
        }
    }

    fn line(text: &str) -> Entry {
        Entry::Line(text.into())
    }

    #[test]
    fn lines_end_with_or_without_a_newline() {
        assert_eq!(all(b"a\nb\r\n\nc"), [line("a"), line("b"), line(""), line("c"), Entry::End]);
        assert_eq!(all(b""), [Entry::End]);
    }

    #[test]
    fn an_input_that_cannot_be_read_is_reported_once() {
        struct Broken;
        impl io::Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("broken"))
            }
        }
        let mut next = lines(|| io::BufReader::new(Broken));
        assert_eq!(next(), Entry::Unreadable("cannot read standard input: broken".into()));
        assert_eq!(next(), Entry::End);
    }

    #[test]
    fn a_line_that_cannot_be_used_does_not_hide_the_next_one() {
        let long = "x".repeat(LONGEST);
        let input = format!("{long}\n{long}y\n{long}{long}{long}\nend");
        let entries = all(input.as_bytes());
        assert_eq!(entries.first(), Some(&line(&long)));
        assert!(
            matches!(&entries[1..3], [Entry::Unreadable(a), Entry::Unreadable(_)] if a.contains("longer"))
        );
        assert_eq!(&entries[3..], [line("end"), Entry::End]);
        let entries = all(b"\xff\xfe\nend\n");
        assert!(
            matches!(&entries[..], [Entry::Unreadable(why), Entry::Line(_), Entry::End] if why.contains("UTF-8"))
        );
    }
}
