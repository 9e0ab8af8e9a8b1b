//! Tries the settings of a port until a controller answers.

use std::{io, time::Duration};

use super::answer::{Answer, READ_VERSION, RESET, classify, returned};
use crate::advice::Trouble;

/// Baud rates of common controllers: those of boards with Zephyr first.
pub(super) const RATES: [u32; 6] = [1_000_000, 115_200, 921_600, 460_800, 2_000_000, 3_000_000];
/// Time to listen before anything is sent.
const LISTEN: Duration = Duration::from_millis(300);
/// Time for an answer.
const WAIT: Duration = Duration::from_millis(400);
/// Attempts for each setting. The first may be the rest of a packet for a controller that got noise before.
const ATTEMPTS: u32 = 2;

/// A port whose settings can be tried.
pub(super) trait Wire {
    /// Opens the port, or opens it again.
    async fn open(&mut self, baud: u32, rtscts: bool) -> io::Result<()>;
    /// Sets another baud rate.
    fn set(&mut self, baud: u32) -> io::Result<()>;
    /// Sends bytes, and returns what comes within a time, at the latest when `done` says so.
    async fn exchange(
        &mut self,
        bytes: &[u8],
        wait: Duration,
        done: impl Fn(&[u8]) -> bool,
    ) -> io::Result<Vec<u8>>;
}

/// A controller that answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Controller {
    pub(super) baud: u32,
    pub(super) rtscts: bool,
    /// HCI version, and company identifier of the manufacturer.
    pub(super) version: Option<(u8, u16)>,
}

/// What is on a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Controller(Controller),
    /// Something else, and the rate at which it showed.
    Other {
        answer: Answer,
        baud: Option<u32>,
    },
    /// The port cannot be opened, for a known reason.
    Trouble(Trouble),
    /// The port was there, and is gone.
    Gone,
    /// The port cannot be opened.
    Failed(String),
}

/// Tries flow control and baud rates, until a controller or something else that is certain answers.
pub(super) async fn examine(wire: &mut impl Wire) -> io::Result<Found> {
    let mut best = Found::Other { answer: Answer::Silence, baud: None };
    for rtscts in [true, false] {
        for (number, baud) in RATES.into_iter().enumerate() {
            if number == 0 {
                wire.open(baud, rtscts).await?;
            } else if wire.set(baud).is_err() {
                // The port does not have this rate.
                continue;
            }
            let answer = attempt(wire).await?;
            if answer == Answer::Reset {
                let version = version(wire).await?;
                return Ok(Found::Controller(Controller { baud, rtscts, version }));
            }
            let certain = answer >= Answer::Loopback;
            if matches!(&best, Found::Other { answer: other, .. } if *other < answer) {
                best = Found::Other { answer, baud: Some(baud) };
            }
            if certain {
                return Ok(best);
            }
        }
    }
    Ok(best)
}

/// Listens, and then resets the controller.
async fn attempt(wire: &mut impl Wire) -> io::Result<Answer> {
    let mut best = classify(&wire.exchange(&[], LISTEN, |_| false).await?);
    let is_answer = |bytes: &[u8]| classify(bytes) == Answer::Reset;
    for _ in 0..ATTEMPTS {
        // A shell gets no commands that it does not understand.
        if matches!(best, Answer::Text(_)) {
            return Ok(best);
        }
        let answer = classify(&wire.exchange(&RESET, WAIT, is_answer).await?);
        // What does not answer at all will not answer again.
        let silent = answer == Answer::Silence;
        best = best.max(answer);
        if silent || best == Answer::Reset {
            break;
        }
    }
    Ok(best)
}

/// Reads the version and the manufacturer.
async fn version(wire: &mut impl Wire) -> io::Result<Option<(u8, u16)>> {
    let opcode = [READ_VERSION[1], READ_VERSION[2]];
    let done = |bytes: &[u8]| returned(bytes, opcode).is_some();
    let bytes = wire.exchange(&READ_VERSION, WAIT, done).await?;
    Ok(match returned(&bytes, opcode) {
        Some(&[version, _, _, _, low, high, ..]) => {
            Some((version, u16::from_le_bytes([low, high])))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A controller behind a line with one right setting, and noise at other rates.
    struct Script {
        right: (u32, bool),
        now: (u32, bool),
        /// What the right setting answers to each number of sent bytes.
        answer: fn(&[u8]) -> Vec<u8>,
        wrong: &'static [u8],
        tried: Vec<(u32, bool)>,
    }

    impl Script {
        fn new(right: (u32, bool), answer: fn(&[u8]) -> Vec<u8>) -> Self {
            Self { right, now: (0, false), answer, wrong: &[], tried: Vec::new() }
        }
    }

    impl Wire for Script {
        async fn open(&mut self, baud: u32, rtscts: bool) -> io::Result<()> {
            self.now = (baud, rtscts);
            self.tried.push(self.now);
            Ok(())
        }

        fn set(&mut self, baud: u32) -> io::Result<()> {
            if baud == 3_000_000 {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            self.now.0 = baud;
            self.tried.push(self.now);
            Ok(())
        }

        async fn exchange(
            &mut self,
            bytes: &[u8],
            _: Duration,
            _: impl Fn(&[u8]) -> bool,
        ) -> io::Result<Vec<u8>> {
            let right = self.now == self.right;
            Ok(if right { (self.answer)(bytes) } else { self.wrong.to_vec() })
        }
    }

    fn controller(bytes: &[u8]) -> Vec<u8> {
        match bytes {
            [0x01, 0x03, 0x0c, 0x00] => vec![0x04, 0x0e, 0x04, 0x01, 0x03, 0x0c, 0x00],
            [0x01, 0x01, 0x10, 0x00] => {
                vec![0x04, 0x0e, 0x0c, 1, 1, 0x10, 0, 12, 1, 0, 12, 0x59, 0, 2, 0]
            }
            _ => Vec::new(),
        }
    }

    async fn found(script: &mut Script) -> Found {
        examine(script).await.unwrap()
    }

    #[tokio::test(flavor = "current_thread")]
    async fn the_right_setting_is_found() {
        for right in [(1_000_000, true), (460_800, true), (115_200, false)] {
            for wrong in [&[][..], &[0xf8, 0x00, 0xe0]] {
                let mut script = Script { wrong, ..Script::new(right, controller) };
                let version = Some((12, 0x0059));
                let expected = Controller { baud: right.0, rtscts: right.1, version };
                assert_eq!(found(&mut script).await, Found::Controller(expected));
                assert_eq!(script.tried.last(), Some(&right));
            }
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_is_not_a_controller_is_named() {
        let mut silent = Script::new((0, true), controller);
        let nothing = Found::Other { answer: Answer::Silence, baud: None };
        assert_eq!(found(&mut silent).await, nothing);
        // Every rate but the one that the port does not have, with and without flow control.
        assert_eq!(silent.tried.len(), 10);

        let mut noise = Script { wrong: &[0x80, 0xf8], ..Script::new((0, true), controller) };
        let expected = Found::Other { answer: Answer::Noise, baud: Some(1_000_000) };
        assert_eq!(found(&mut noise).await, expected);

        let mut shell = Script::new((115_200, true), |_| b"uart:~$ ".to_vec());
        let expected = Found::Other { answer: Answer::Text("uart:~$".into()), baud: Some(115_200) };
        assert_eq!(found(&mut shell).await, expected);
        assert_eq!(shell.tried.len(), 2);

        let mut echo = Script::new((1_000_000, true), <[u8]>::to_vec);
        let expected = Found::Other { answer: Answer::Loopback, baud: Some(1_000_000) };
        assert_eq!(found(&mut echo).await, expected);
    }

    /// The first reset ends a packet that noise has begun.
    #[tokio::test(flavor = "current_thread")]
    async fn a_confused_controller_gets_a_second_chance() {
        use std::sync::atomic::{AtomicBool, Ordering};
        static CONFUSED: AtomicBool = AtomicBool::new(true);
        let answer = |bytes: &[u8]| {
            if !bytes.is_empty() && CONFUSED.swap(false, Ordering::Relaxed) {
                // Hardware Error. [Vol 4] Part E, 7.7.16
                return vec![0x04, 0x10, 0x01, 0xfe];
            }
            controller(bytes)
        };
        let mut script = Script::new((1_000_000, true), answer);
        assert!(matches!(found(&mut script).await, Found::Controller(_)));
        assert_eq!(script.tried.len(), 1);
    }
}
