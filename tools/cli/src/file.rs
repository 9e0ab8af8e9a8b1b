//! Files of transfers; `-` is standard input or output.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    thread,
};

use tokio::sync::mpsc;

use crate::{
    failure::Failure,
    output::{Output, Record},
};

/// Bytes that are read from standard input at once.
const BLOCK: usize = 8192;

/// Returns whether the path means standard input or output.
fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Data to send.
pub(crate) enum Source {
    File { path: PathBuf, file: File },
    Standard { blocks: mpsc::Receiver<io::Result<Vec<u8>>>, rest: io::Cursor<Vec<u8>> },
}

impl Source {
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        if is_standard(path) {
            return Ok(Self::Standard { blocks: standard_input(), rest: io::Cursor::default() });
        }
        let file = File::open(path).map_err(|e| Failure::file("open", path, &e))?;
        Ok(Self::File { path: path.to_owned(), file })
    }

    /// Returns the number of bytes, if it is known.
    pub(crate) fn len(&self) -> Option<u64> {
        match self {
            Self::File { file, .. } => {
                file.metadata().ok().filter(fs::Metadata::is_file).map(|m| m.len())
            }
            Self::Standard { .. } => None,
        }
    }

    /// Fills the buffer with the next bytes, and returns their number; 0 at the end.
    pub(crate) async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Failure> {
        match self {
            Self::File { path, file } => {
                file.read(buffer).map_err(|e| Failure::file("read", path, &e))
            }
            Self::Standard { blocks, rest } => loop {
                let len = rest.read(buffer)?;
                if len > 0 {
                    return Ok(len);
                }
                let Some(block) = blocks.recv().await else { return Ok(0) };
                let failed = |e| Failure::failed(format!("cannot read standard input: {e}"));
                *rest = io::Cursor::new(block.map_err(failed)?);
            },
        }
    }
}

/// Reads standard input on a thread of its own, which may block forever.
pub(crate) fn standard_input() -> mpsc::Receiver<io::Result<Vec<u8>>> {
    let (give, come) = mpsc::channel(1);
    thread::spawn(move || {
        let mut block = vec![0; BLOCK];
        loop {
            let part = match io::stdin().lock().read(&mut block) {
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

/// Where received data goes.
pub(crate) struct Sink {
    /// `None` for standard output.
    file: Option<File>,
    path: PathBuf,
    /// There was no such file before.
    new: bool,
    bytes: u64,
}

impl Sink {
    /// Creates the file. Only with `force` replaces one that exists.
    pub(crate) fn create(path: &Path, force: bool) -> Result<Self, Failure> {
        let sink = |file, new| Self { file, path: path.to_owned(), new, bytes: 0 };
        if is_standard(path) {
            return Ok(sink(None, false));
        }
        let create = |e: &io::Error| Failure::file("create", path, e);
        match OpenOptions::new().write(true).create_new(true).open(path) {
            Ok(file) => Ok(sink(Some(file), true)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let regular = fs::metadata(path).is_ok_and(|there| there.is_file());
                if regular && !force {
                    return Err(Failure::usage(format!("{} exists", path.display()))
                        .advise("Name another file, or give --force to replace it."));
                }
                let file = OpenOptions::new().write(true).truncate(regular).open(path);
                Ok(sink(Some(file.map_err(|e| create(&e))?), false))
            }
            Err(error) => Err(create(&error)),
        }
    }

    const fn is_standard(&self) -> bool {
        self.file.is_none()
    }

    /// Prints a record, on stderr if stdout gets the data.
    pub(crate) fn report<R: Record>(&self, out: Output, record: &R) -> Result<(), Failure> {
        if self.is_standard() { out.aside(record) } else { out.record(record) }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match &mut self.file {
            Some(file) => {
                file.write_all(bytes).map_err(|e| Failure::file("write", &self.path, &e))?;
            }
            None => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(bytes)?;
                stdout.flush()?;
            }
        }
        let count = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(count);
        Ok(())
    }

    /// Ends a transfer. If it failed, adds what is in the file; removes a new file in which there is nothing.
    pub(crate) fn finish(self, result: Result<(), Failure>) -> Result<(), Failure> {
        let Err(failure) = result else { return Ok(()) };
        let name = self.path.display();
        let what = match (self.bytes, self.is_standard()) {
            (0, true) => return Err(failure),
            (0, false) if self.new => {
                // The file may be gone already.
                let _ = fs::remove_file(&self.path);
                format!("Nothing was received, and {name} was not created.")
            }
            (0, false) => format!("Nothing was received; {name} is empty now."),
            (bytes, true) => {
                format!("The output is incomplete: it has only the first {bytes} bytes.")
            }
            (bytes, false) => {
                format!("{name} is incomplete: it has only the first {bytes} bytes that were sent.")
            }
        };
        Err(failure.advise_also(&what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("bindrune-{name}-{}", std::process::id()));
        let _ = fs::remove_file(&path);
        path
    }

    fn advice(result: Result<(), Failure>) -> String {
        match result {
            Err(Failure::Reported { advice, .. }) => advice.unwrap_or_default(),
            Ok(()) | Err(Failure::BrokenPipe | Failure::Shown(_)) => panic!("no report"),
        }
    }

    #[test]
    fn a_file_that_exists_is_kept() {
        let path = path("kept");
        fs::write(&path, b"old").unwrap();
        assert!(Sink::create(&path, false).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        let mut sink = Sink::create(&path, true).unwrap();
        sink.write(b"new!").unwrap();
        sink.finish(Ok(())).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new!");
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_part_is_reported() {
        let path = path("part");
        let mut sink = Sink::create(&path, false).unwrap();
        sink.write(b"half").unwrap();
        let said = advice(sink.finish(Err(Failure::failed("x").advise("y"))));
        assert!(said.starts_with("y\n") && said.contains("only the first 4 bytes"), "{said}");
        fs::remove_file(&path).unwrap();
        let sink = Sink::create(&path, false).unwrap();
        assert!(advice(sink.finish(Err(Failure::failed("x")))).contains("not created"));
        assert!(!path.exists());
    }
}
