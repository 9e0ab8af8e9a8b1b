//! Blocking ports served by two threads, so that a slow port never delays the executor.

use std::{
    collections::VecDeque,
    io::{self, Write as _},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    thread,
};

use core::future::poll_fn;

/// Bytes that can wait between a thread and its port or its reader; beyond them the faster side waits.
const BUFFER: usize = 64 * 1024;

/// The receiving half of a port. One system call brings in all available bytes, and many reads are served from them.
#[derive(Debug)]
pub struct PortReader {
    pipe: Arc<Pipe>,
    /// Bytes that were taken out of the pipe, and are read without the thread.
    taken: VecDeque<u8>,
    _closer: Arc<Closer>,
}

/// The transmitting half of a port.
#[derive(Debug)]
pub struct PortWriter {
    pipe: Arc<Pipe>,
    _closer: Arc<Closer>,
}

/// Starts the threads of a port. `close` must make a blocked read and write return.
pub(crate) fn split(
    reader: impl io::Read + Send + 'static,
    writer: impl io::Write + Send + 'static,
    close: impl Fn() + Send + Sync + 'static,
) -> io::Result<(PortReader, PortWriter)> {
    let (incoming, outgoing) = (Arc::new(Pipe::default()), Arc::new(Pipe::default()));
    let thread = |name: &str| thread::Builder::new().name(name.into());
    let pipe = Arc::clone(&incoming);
    thread("hci-read").spawn(move || read_loop(reader, &pipe))?;
    let pipe = Arc::clone(&outgoing);
    thread("hci-write").spawn(move || write_loop(writer, &pipe))?;
    let closer = Arc::new(Closer {
        close: Box::new(close),
        pipes: [Arc::clone(&incoming), Arc::clone(&outgoing)],
    });
    let reader =
        PortReader { pipe: incoming, taken: VecDeque::new(), _closer: Arc::clone(&closer) };
    Ok((reader, PortWriter { pipe: outgoing, _closer: closer }))
}

impl embedded_io_async::ErrorType for PortReader {
    type Error = io::Error;
}

impl embedded_io_async::Read for PortReader {
    async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.taken.is_empty() {
            let ended = poll_fn(|cx| self.pipe.poll_take(cx, &mut self.taken)).await;
            ended?;
        }
        io::Read::read(&mut self.taken, buf)
    }
}

impl embedded_io_async::ErrorType for PortWriter {
    type Error = io::Error;
}

impl embedded_io_async::Write for PortWriter {
    async fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        poll_fn(|cx| self.pipe.poll_put(cx, buf)).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.pipe.poll_empty(cx)).await
    }
}

/// Closes the port after both halves are dropped.
struct Closer {
    close: Box<dyn Fn() + Send + Sync>,
    pipes: [Arc<Pipe>; 2],
}

impl core::fmt::Debug for Closer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Closer")
    }
}

impl Drop for Closer {
    fn drop(&mut self) {
        for pipe in &self.pipes {
            pipe.end(Err(io::ErrorKind::NotConnected.into()));
        }
        (self.close)();
    }
}

fn read_loop(mut reader: impl io::Read, pipe: &Pipe) {
    let mut chunk = vec![0; BUFFER];
    while pipe.wait_for_room() {
        match reader.read(&mut chunk) {
            Ok(0) => return pipe.end(Ok(())),
            Ok(n) => pipe.append(chunk.get(..n).unwrap_or_default()),
            Err(error) if is_pause(&error) => {}
            Err(error) => return pipe.end(Err(error)),
        }
    }
}

fn write_loop(mut writer: impl io::Write, pipe: &Pipe) {
    while let Some(chunk) = pipe.wait_for_octets() {
        let mut rest = chunk.as_slice();
        while !rest.is_empty() {
            match writer.write(rest) {
                Ok(0) => return pipe.end(Err(io::ErrorKind::WriteZero.into())),
                Ok(n) => rest = rest.get(n..).unwrap_or_default(),
                Err(error) if is_pause(&error) && !pipe.lock().closed() => {}
                Err(error) => return pipe.end(Err(error)),
            }
        }
        if let Err(error) = writer.flush() {
            return pipe.end(Err(error));
        }
        pipe.written();
    }
}

/// Returns whether the error is a read timeout or a signal: nothing was lost, so try again.
fn is_pause(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

/// A bounded buffer between a thread and a future.
#[derive(Debug, Default)]
struct Pipe {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    octets: VecDeque<u8>,
    /// The writing thread has bytes that it has not written yet.
    writing: bool,
    end: Option<Result<(), io::ErrorKind>>,
    waker: Option<Waker>,
}

impl State {
    const fn closed(&self) -> bool {
        self.end.is_some()
    }
}

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state from the thread, then wakes the future.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let waker = {
            let mut state = self.lock();
            change(&mut state);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn end(&self, how: io::Result<()>) {
        let how = how.map_err(|error| error.kind());
        self.change(|state| state.end = state.end.or(Some(how)));
        self.changed.notify_all();
    }

    fn append(&self, octets: &[u8]) {
        self.change(|state| state.octets.extend(octets));
    }

    fn written(&self) {
        self.change(|state| state.writing = false);
    }

    /// Returns false if the pipe has ended.
    fn wait_for_room(&self) -> bool {
        let state = self.lock();
        let full = |state: &mut State| state.octets.len() >= BUFFER && !state.closed();
        let state = self.changed.wait_while(state, full).unwrap_or_else(PoisonError::into_inner);
        !state.closed()
    }

    fn wait_for_octets(&self) -> Option<Vec<u8>> {
        let state = self.lock();
        let idle = |state: &mut State| state.octets.is_empty() && !state.closed();
        let mut state =
            self.changed.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner);
        if state.octets.is_empty() {
            return None;
        }
        state.writing = true;
        // Only a future of a full pipe waits for this; one that waits for the end is woken at the end.
        let waker = if state.octets.len() >= BUFFER { state.waker.take() } else { None };
        let chunk = state.octets.drain(..).collect();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        Some(chunk)
    }

    /// Takes all available bytes; none if the pipe has ended.
    fn poll_take(&self, cx: &Context<'_>, taken: &mut VecDeque<u8>) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        if state.octets.is_empty() {
            return match state.end {
                Some(Ok(())) => Poll::Ready(Ok(())),
                Some(Err(kind)) => Poll::Ready(Err(kind.into())),
                None => wait(&mut state, cx),
            };
        }
        let was_full = state.octets.len() >= BUFFER;
        core::mem::swap(&mut state.octets, taken);
        drop(state);
        if was_full {
            self.changed.notify_all();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_put(&self, cx: &Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let mut state = self.lock();
        match state.end {
            Some(Ok(())) => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            Some(Err(kind)) => return Poll::Ready(Err(kind.into())),
            None if state.octets.len() >= BUFFER => return wait(&mut state, cx),
            None => {}
        }
        let room = BUFFER.saturating_sub(state.octets.len());
        let was_empty = state.octets.is_empty();
        let n = state.octets.write(buf.get(..room).unwrap_or(buf))?;
        drop(state);
        if was_empty {
            self.changed.notify_all();
        }
        Poll::Ready(Ok(n))
    }

    fn poll_empty(&self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        match state.end {
            Some(Err(kind)) => Poll::Ready(Err(kind.into())),
            Some(Ok(())) => Poll::Ready(Ok(())),
            None if state.octets.is_empty() && !state.writing => Poll::Ready(Ok(())),
            None => wait(&mut state, cx),
        }
    }
}

fn wait<T>(state: &mut State, cx: &Context<'_>) -> Poll<T> {
    match &mut state.waker {
        Some(waker) => waker.clone_from(cx.waker()),
        None => state.waker = Some(cx.waker().clone()),
    }
    Poll::Pending
}
