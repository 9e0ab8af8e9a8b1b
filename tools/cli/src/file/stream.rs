//! Pipes, terminals and devices. A read or a write may block forever, so threads of their own do them, and Ctrl-C ends
//! the program meanwhile.

use std::{
    io::{self, Read, Write},
    thread,
};

use tokio::sync::mpsc;

/// Bytes that are read at once.
const BLOCK: usize = 8192;

/// What was read, until the end of the stream or its first error.
pub(crate) type Blocks = mpsc::Receiver<io::Result<Vec<u8>>>;

/// Opens a stream and reads it.
pub(super) fn read<R: Read>(open: impl FnOnce() -> io::Result<R> + Send + 'static) -> Blocks {
    let (give, come) = mpsc::channel(1);
    thread::spawn(move || {
        let mut stream = match open() {
            Ok(stream) => stream,
            Err(error) => return drop(give.blocking_send(Err(error))),
        };
        let mut block = vec![0; BLOCK];
        loop {
            let part = match stream.read(&mut block) {
                Ok(0) => return,
                Ok(len) => Ok(block.get(..len).unwrap_or_default().to_vec()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let failed = part.is_err();
            if give.blocking_send(part).is_err() || failed {
                return;
            }
        }
    });
    come
}

/// A stream to write.
pub(crate) struct Writer {
    give: mpsc::Sender<Vec<u8>>,
    written: mpsc::Receiver<io::Result<()>>,
}

impl Writer {
    /// Opens a stream on its thread.
    pub(super) fn new<W: Write>(open: impl FnOnce() -> io::Result<W> + Send + 'static) -> Self {
        let (give, mut blocks) = mpsc::channel::<Vec<u8>>(1);
        let (report, written) = mpsc::channel(1);
        thread::spawn(move || {
            let mut stream = match open() {
                Ok(stream) => stream,
                Err(error) => return drop(report.blocking_send(Err(error))),
            };
            while let Some(block) = blocks.blocking_recv() {
                let done = stream.write_all(&block).and_then(|()| stream.flush());
                let failed = done.is_err();
                if report.blocking_send(done).is_err() || failed {
                    return;
                }
            }
        });
        Self { give, written }
    }

    /// Waits until the stream has taken the bytes.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        // If the thread has ended, it has reported why.
        let _ = self.give.send(bytes.to_vec()).await;
        self.written.recv().await.unwrap_or_else(|| Err(io::ErrorKind::BrokenPipe.into()))
    }
}
