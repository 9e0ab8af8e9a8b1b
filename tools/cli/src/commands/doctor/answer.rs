//! What the bytes from a port are.

use crate::paint::printable;

/// HCI Reset. [Vol 4] Part E, 7.3.2
pub(super) const RESET: [u8; 4] = [0x01, 0x03, 0x0c, 0x00];
/// Read Local Version Information. [Vol 4] Part E, 7.4.1
pub(super) const READ_VERSION: [u8; 4] = [0x01, 0x01, 0x10, 0x00];

/// Longest excerpt of a text, in letters.
const EXCERPT: usize = 60;
/// Fewest letters of a text.
const FEWEST: usize = 4;

/// Kind of bytes from a port, from the least to the most certain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answer {
    /// No bytes.
    Silence,
    /// Bytes of no known kind: often another baud rate.
    Noise,
    /// The sent bytes.
    Loopback,
    /// Frames of the three-wire transport (H5) or of BCSP.
    ThreeWire,
    /// Text, and its first line.
    Text(String),
    /// The answer of a controller to HCI Reset.
    Reset,
}

/// Classifies the bytes that came after HCI Reset was sent.
pub(super) fn classify(bytes: &[u8]) -> Answer {
    if returned(bytes, [RESET[1], RESET[2]]).is_some() {
        return Answer::Reset;
    }
    if bytes.is_empty() {
        return Answer::Silence;
    }
    if is_three_wire(bytes) {
        return Answer::ThreeWire;
    }
    if bytes.chunks(RESET.len()).all(|part| RESET.starts_with(part)) {
        return Answer::Loopback;
    }
    text(bytes).map_or(Answer::Noise, Answer::Text)
}

/// Returns the parameters of the Command Complete for a command, after its status. [Vol 4] Part E, 7.7.14
pub(super) fn returned(bytes: &[u8], opcode: [u8; 2]) -> Option<&[u8]> {
    (0..bytes.len()).find_map(|at| match bytes.get(at..)? {
        [0x04, 0x0e, len, _, low, high, rest @ ..] if [*low, *high] == opcode => {
            let parameters = rest.get(..usize::from(*len).checked_sub(3)?)?;
            parameters.split_first().map(|(_, after_status)| after_status)
        }
        _ => None,
    })
}

/// Returns whether the bytes contain a whole SLIP frame with a valid header. [Vol 4] Part D, 3 and 4
fn is_three_wire(bytes: &[u8]) -> bool {
    let frames = bytes.split(|byte| *byte == 0xc0);
    // The first and the last piece have no frame around them.
    let count = frames.clone().count();
    let header = |frame: &[u8]| match frame {
        [a, b, c, d, ..] => {
            [a, b, c, d].into_iter().fold(0u8, |sum, x| sum.wrapping_add(*x)) == 0xff
        }
        _ => false,
    };
    frames.take(count.saturating_sub(1)).skip(1).any(header)
}

/// Returns the first line, if the bytes are text.
fn text(bytes: &[u8]) -> Option<String> {
    let is_letter = |byte: &&u8| matches!(byte, b' '..=b'~' | b'\r' | b'\n' | b'\t' | 0x1b);
    let letters = bytes.iter().filter(is_letter).count();
    // One byte in eight may be damaged, because reading began in the middle of one.
    let enough = letters >= FEWEST && letters.saturating_mul(8) >= bytes.len().saturating_mul(7);
    let text = String::from_utf8_lossy(bytes);
    let line = text.split(['\r', '\n']).find(|line| !line.trim().is_empty())?;
    enough.then(|| printable(line.trim()).chars().take(EXCERPT).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPLETE: [u8; 7] = [0x04, 0x0e, 0x04, 0x01, 0x03, 0x0c, 0x00];

    #[test]
    fn each_kind_of_answer_is_known() {
        assert_eq!(classify(&[]), Answer::Silence);
        assert_eq!(classify(&COMPLETE), Answer::Reset);
        // An event from before, or the rest of one, may come first.
        assert_eq!(classify(&[&[0x3e, 0x04, 0x10, 1, 0][..], &COMPLETE].concat()), Answer::Reset);
        assert_eq!(classify(&COMPLETE[..6]), Answer::Noise);
        assert_eq!(classify(&RESET), Answer::Loopback);
        assert_eq!(classify(&[RESET, RESET].concat()), Answer::Loopback);
        assert_eq!(classify(&[0xfe, 0x80, 0x00, 0xf8, 0x80]), Answer::Noise);
        // A sync message of H5: [Vol 4] Part D, 8.1
        let sync = [0xc0, 0x00, 0x2f, 0x00, 0xd0, 0x01, 0x7e, 0xc0];
        assert_eq!(classify(&sync), Answer::ThreeWire);
        assert_eq!(classify(&[0xc0; 9]), Answer::Noise);
        let shell = classify(b"\r\nuart:~$ \x1b[m");
        assert!(matches!(&shell, Answer::Text(line) if line.starts_with("uart:~$")), "{shell:?}");
        let log = classify(b"\xf8[00:00:01.000] <inf> main: up\n");
        assert!(matches!(log, Answer::Text(_)), "{log:?}");
    }

    #[test]
    fn any_bytes_are_classified() {
        for seed in 0..=u8::MAX {
            let bytes: Vec<u8> = (0..40u8).map(|n| n.wrapping_mul(seed) ^ seed).collect();
            for len in 0..bytes.len() {
                let _ = classify(&bytes[..len]);
            }
        }
    }

    #[test]
    fn parameters_end_with_their_event() {
        let version = [0x04, 0x0e, 0x0c, 1, 1, 0x10, 0, 12, 1, 0, 12, 0x59, 0, 2, 0, 0x04];
        assert_eq!(returned(&version, [1, 0x10]), Some(&[12, 1, 0, 12, 0x59, 0, 2, 0][..]));
        assert_eq!(returned(&version[..14], [1, 0x10]), None);
        assert_eq!(returned(&[4, 0x0e, 0, 1, 1, 0x10], [1, 0x10]), None);
    }
}
