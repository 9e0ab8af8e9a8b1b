//! Output through a thread of its own, so that a reader that stalls does not stop the host.

use std::{
    collections::VecDeque,
    io::{self, Write},
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use crate::stop;

/// Bytes that may wait for the reader.
pub(super) const MOST: usize = 1 << 20;

/// Time in which a text waits for its own output, so that stdout and stderr keep their order while they are read.
const PATIENCE: Duration = Duration::from_millis(100);

/// Parts of [`PATIENCE`] in which the reader can take the rest after a signal.
const FAREWELL: usize = 10;

/// What happens to a text while [`MOST`] bytes wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// It is dropped and counted, and the host goes on.
    Drops,
    /// It waits, and the host with it, until a signal arrives.
    Waits,
}

/// Texts on their way to one output.
#[derive(Debug)]
pub(super) struct Lane {
    state: Mutex<State>,
    changed: Condvar,
    most: usize,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<String>,
    /// Bytes that wait or are being written.
    bytes: usize,
    writes: bool,
    stalled: bool,
    dropped: u64,
    failed: Option<(io::ErrorKind, Option<i32>)>,
}

impl State {
    fn is_idle(&self) -> bool {
        self.failed.is_some() || (self.waiting.is_empty() && !self.writes)
    }

    fn push(&mut self, text: String) {
        self.bytes = self.bytes.saturating_add(text.len());
        self.waiting.push_back(text);
    }

    fn check(&self) -> io::Result<()> {
        match self.failed {
            None => Ok(()),
            Some((_, Some(code))) => Err(io::Error::from_raw_os_error(code)),
            Some((kind, None)) => Err(kind.into()),
        }
    }
}

impl Lane {
    /// Starts the thread that writes.
    pub(super) fn start(most: usize, output: impl Write + Send + 'static) -> Arc<Self> {
        let (state, changed) = (Mutex::default(), Condvar::new());
        let lane = Arc::new(Self { state, changed, most });
        let own = Arc::clone(&lane);
        thread::spawn(move || own.forward(output));
        lane
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until everything is written, at most for [`PATIENCE`].
    fn pause<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        let end = self.changed.wait_timeout_while(state, PATIENCE, |state| !state.is_idle());
        end.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Writes a text, or lets it wait for the reader. Before the first text after dropped ones, writes their notice.
    pub(super) fn put(
        &self,
        text: String,
        full: Full,
        notice: impl FnOnce(u64) -> String,
    ) -> io::Result<()> {
        let mut state = self.lock();
        while !state.is_idle() && state.bytes.saturating_add(text.len()) > self.most {
            if full == Full::Drops || stop::is_signalled() {
                state.dropped = state.dropped.saturating_add(1);
                return Ok(());
            }
            state = self.pause(state);
        }
        state.check()?;
        let dropped = mem::take(&mut state.dropped);
        if dropped > 0 {
            state.push(notice(dropped));
        }
        state.push(text);
        self.changed.notify_all();
        if !state.stalled {
            state = self.pause(state);
            state.stalled = !state.is_idle();
        }
        state.check()
    }

    /// Waits until everything is written; after a signal, only a moment. Returns the number of texts that are lost.
    pub(super) fn finish(&self) -> io::Result<u64> {
        let mut state = self.lock();
        let mut left = FAREWELL;
        while !state.is_idle() && left > 0 {
            state = self.pause(state);
            left = left.saturating_sub(usize::from(stop::is_signalled()));
        }
        state.check()?;
        let waiting = state.waiting.len().saturating_add(usize::from(state.writes));
        Ok(state.dropped.saturating_add(u64::try_from(waiting).unwrap_or(u64::MAX)))
    }

    fn forward(&self, mut output: impl Write) {
        loop {
            let mut state = self.lock();
            let text = loop {
                match state.waiting.pop_front() {
                    Some(text) => break text,
                    None => state.stalled = false,
                }
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            };
            state.writes = true;
            drop(state);
            let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
            let mut state = self.lock();
            state.writes = false;
            state.bytes = state.bytes.saturating_sub(text.len());
            state.failed = written.err().map(|error| (error.kind(), error.raw_os_error()));
            self.changed.notify_all();
            if state.failed.is_some() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// An output whose reader takes one text for each permission.
    struct Slow {
        permits: Receiver<()>,
        taken: Sender<String>,
    }

    impl Write for Slow {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.permits.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
            let _ = self.taken.send(String::from_utf8_lossy(octets).into_owned());
            Ok(octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn slow(most: usize) -> (Arc<Lane>, Sender<()>, Receiver<String>) {
        let (permit, permits) = channel();
        let (taken, take) = channel();
        (Lane::start(most, Slow { permits, taken }), permit, take)
    }

    fn put(lane: &Lane, text: &str, full: Full) -> io::Result<()> {
        lane.put(text.to_owned(), full, |dropped| format!("{dropped} dropped"))
    }

    #[test]
    fn a_stalled_reader_costs_lines_and_no_time() {
        let (lane, permit, take) = slow(10);
        for text in ["abcde", "fghij", "klm", "no", "p"] {
            put(&lane, text, Full::Drops).unwrap();
        }
        let next = || {
            permit.send(()).unwrap();
            take.recv().unwrap()
        };
        assert_eq!([next(), next()], ["abcde", "fghij"]);
        assert_eq!(lane.finish().unwrap(), 3);
        put(&lane, "later", Full::Drops).unwrap();
        assert_eq!([next(), next()], ["3 dropped", "later"]);
        assert_eq!(lane.finish().unwrap(), 0);
    }

    #[test]
    fn a_text_that_must_not_be_lost_waits() {
        let (lane, permit, take) = slow(10);
        put(&lane, "abcde", Full::Waits).unwrap();
        put(&lane, "fghij", Full::Waits).unwrap();
        let own = Arc::clone(&lane);
        let waits = thread::spawn(move || put(&own, "klm", Full::Waits));
        thread::sleep(PATIENCE);
        assert!(!waits.is_finished());
        for () in [(); 3] {
            permit.send(()).unwrap();
        }
        waits.join().unwrap().unwrap();
        assert_eq!([(); 3].map(|()| take.recv().unwrap()), ["abcde", "fghij", "klm"]);
        // A text longer than all of the room is written alone.
        permit.send(()).unwrap();
        put(&lane, "a long text, alone", Full::Waits).unwrap();
        assert_eq!(take.recv().unwrap(), "a long text, alone");
    }

    #[test]
    fn an_output_that_fails_is_reported() {
        let (lane, permit, _take) = slow(10);
        put(&lane, "abcde", Full::Waits).unwrap();
        drop(permit);
        assert_eq!(lane.finish().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        let late = put(&lane, "fghij", Full::Waits);
        assert_eq!(late.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
