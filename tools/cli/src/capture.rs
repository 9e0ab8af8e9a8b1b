//! `--capture`: all HCI traffic in a btsnoop file.

use std::{fs::File, io, path::Path};

use bindrune::transport::capture::{CapturedReader, CapturedWriter, capture};
use embedded_io_async::{Read, Write};

use crate::failure::Failure;

/// A capture before its start.
pub(crate) struct Capture {
    file: File,
}

impl Capture {
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let file = File::create(path).map_err(|e| Failure::file("create", path, &e))?;
        Ok(Self { file })
    }

    /// Both halves of a port, with the capture between them and the host.
    pub(crate) fn tap<R: Read, W: Write>(
        self,
        rx: R,
        tx: W,
    ) -> io::Result<(CapturedReader<R>, CapturedWriter<W>)> {
        capture(rx, tx, self.file)
    }
}
