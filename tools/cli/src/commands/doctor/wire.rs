//! A serial port of this machine.

use std::{io, time::Duration};

use bindrune::transport::{
    PortReader, PortWriter,
    serial::{Serial, SerialBaud},
};
use embedded_io_async::{Read as _, Write as _};
use tokio::time::{self, Instant};

use super::probe::Wire;

/// Attempts to open a port that this program has closed a moment ago, and the time between two.
const ATTEMPTS: u32 = 15;
const PAUSE: Duration = Duration::from_millis(100);
/// Bytes that are kept of an answer: a log may never end.
const MOST: usize = 4096;

/// A port, by its path.
pub(super) struct Port {
    path: String,
    open: Option<(PortReader, PortWriter, SerialBaud)>,
}

impl Port {
    pub(super) fn new(path: &str) -> Self {
        Self { path: path.to_owned(), open: None }
    }
}

impl Wire for Port {
    async fn open(&mut self, baud: u32, rtscts: bool) -> io::Result<()> {
        let again = self.open.take().is_some();
        let serial = Serial::new(self.path.as_str()).baud(baud).flow_control(rtscts);
        let mut opened = serial.open_with_baud();
        for _ in 0..ATTEMPTS {
            if opened.is_ok() || !again {
                break;
            }
            // Its threads close the port.
            time::sleep(PAUSE).await;
            opened = serial.open_with_baud();
        }
        self.open = Some(opened?);
        Ok(())
    }

    fn set(&mut self, baud: u32) -> io::Result<()> {
        match &mut self.open {
            Some((_, _, port)) => port.set(baud),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    async fn exchange(
        &mut self,
        bytes: &[u8],
        wait: Duration,
        done: impl Fn(&[u8]) -> bool,
    ) -> io::Result<Vec<u8>> {
        let Some((reader, writer, _)) = &mut self.open else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        let deadline = Instant::now().checked_add(wait).unwrap_or_else(Instant::now);
        let mut answer = Vec::new();
        let mut block = [0; 256];
        // If the other side does not take the bytes, it will not answer either.
        if let Ok(written) = time::timeout_at(deadline, writer.write_all(bytes)).await {
            written?;
        }
        while answer.len() < MOST && !done(&answer) {
            let Ok(read) = time::timeout_at(deadline, reader.read(&mut block)).await else { break };
            match read? {
                0 => return Err(io::ErrorKind::BrokenPipe.into()),
                len => answer.extend_from_slice(block.get(..len).unwrap_or_default()),
            }
        }
        Ok(answer)
    }
}
