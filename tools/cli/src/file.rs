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

/// Where received data goes. A file gets its name when it is complete: until then it is `NAME.part`.
pub(crate) struct Sink {
    /// `None` for standard output.
    file: Option<File>,
    path: PathBuf,
    /// Where the data is until it is complete; `None` for devices and pipes.
    part: Option<PathBuf>,
    force: bool,
    bytes: u64,
}

impl Sink {
    /// Creates the partial file, and replaces one of an earlier transfer. Only with `force` [`Self::finish`] replaces a
    /// file that exists.
    pub(crate) fn create(path: &Path, force: bool) -> Result<Self, Failure> {
        let sink = |file, part| Self { file, path: path.to_owned(), part, force, bytes: 0 };
        if is_standard(path) {
            return Ok(sink(None, None));
        }
        let mut open = OpenOptions::new();
        open.write(true);
        match fs::metadata(path) {
            Ok(there) if !there.is_file() => {
                let file = open.open(path).map_err(|e| Failure::file("create", path, &e))?;
                return Ok(sink(Some(file), None));
            }
            Ok(_) if !force => {
                return Err(Failure::usage(format!("{} exists", path.display()))
                    .advise("Name another file, or give --force to replace it."));
            }
            Ok(_) | Err(_) => {}
        }
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let file = open.create(true).truncate(true).open(&part);
        let file = file.map_err(|e| Failure::file("create", &part, &e))?;
        Ok(sink(Some(file), Some(part)))
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
                let path = self.part.as_ref().unwrap_or(&self.path);
                file.write_all(bytes).map_err(|e| Failure::file("write", path, &e))?;
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

    /// Ends a transfer: gives the file its name. If the transfer failed, adds what is in the partial file; removes one
    /// in which there is nothing.
    pub(crate) fn finish(self, result: Result<(), Failure>) -> Result<(), Failure> {
        match result {
            Ok(()) => self.rename(),
            Err(failure) => Err(match self.unfinished() {
                Some(what) => failure.advise_also(&what),
                None => failure,
            }),
        }
    }

    fn rename(&self) -> Result<(), Failure> {
        let Some(part) = &self.part else { return Ok(()) };
        if !self.force && self.path.exists() {
            let what = format!("{} exists: another program has made it", self.path.display());
            return Err(Failure::failed(what)
                .advise(format!("Everything was received: rename {}.", part.display())));
        }
        fs::rename(part, &self.path).map_err(|e| Failure::file("rename", part, &e))
    }

    /// Says what an unfinished transfer has left.
    fn unfinished(&self) -> Option<String> {
        let (name, bytes) = (self.path.display(), self.bytes);
        let Some(part) = &self.part else {
            let what = if self.is_standard() { "The output".into() } else { name.to_string() };
            return (bytes > 0)
                .then(|| format!("{what} is incomplete: it has only the first {bytes} bytes."));
        };
        let target = if self.path.exists() { "is unchanged" } else { "was not created" };
        if bytes == 0 {
            // The file may be gone already.
            let _ = fs::remove_file(part);
            return Some(format!("Nothing was received, and {name} {target}."));
        }
        let part = part.display();
        Some(format!(
            "{part} has the first {bytes} bytes, and {name} {target}. A transfer cannot be continued: the same command begins anew\n\
             and replaces {part}."
        ))
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
        // Until the transfer is complete, the old file is there.
        assert_eq!(fs::read(&path).unwrap(), b"old");
        sink.finish(Ok(())).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new!");
        assert!(!part_of(&path).exists());
        fs::remove_file(&path).unwrap();
    }

    fn part_of(path: &Path) -> PathBuf {
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        name.into()
    }

    #[test]
    fn a_part_is_reported() {
        let path = path("part");
        let mut sink = Sink::create(&path, false).unwrap();
        sink.write(b"half").unwrap();
        let said = advice(sink.finish(Err(Failure::failed("x").advise("y"))));
        assert!(said.starts_with("y\n") && said.contains("has the first 4 bytes"), "{said}");
        assert!(said.contains("was not created") && !path.exists(), "{said}");
        assert_eq!(fs::read(part_of(&path)).unwrap(), b"half");
        // The next transfer replaces it, and leaves nothing if nothing comes.
        let sink = Sink::create(&path, false).unwrap();
        assert!(advice(sink.finish(Err(Failure::failed("x")))).contains("was not created"));
        assert!(!path.exists() && !part_of(&path).exists());
    }

    #[test]
    fn a_file_that_appears_meanwhile_is_kept() {
        let path = path("meanwhile");
        let mut sink = Sink::create(&path, false).unwrap();
        sink.write(b"ours").unwrap();
        fs::write(&path, b"theirs").unwrap();
        let said = advice(sink.finish(Ok(())));
        assert!(said.contains("Everything was received"), "{said}");
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        assert_eq!(fs::read(part_of(&path)).unwrap(), b"ours");
        fs::remove_file(part_of(&path)).unwrap();
        fs::remove_file(&path).unwrap();
    }
}
