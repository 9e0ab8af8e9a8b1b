//! Files of transfers; `-` is standard input or output.

mod stream;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

pub(crate) use self::stream::Blocks;
use self::stream::Writer;
use crate::{
    failure::Failure,
    output::{Output, Record},
};

/// Returns whether the path means standard input or output.
fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Returns whether opening the file waits for the other end of a pipe.
#[cfg(unix)]
fn is_named_pipe(kind: fs::FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&kind)
}

#[cfg(not(unix))]
fn is_named_pipe(_: fs::FileType) -> bool {
    false
}

/// Data to send.
pub(crate) enum Source {
    File {
        path: PathBuf,
        file: File,
    },
    /// A pipe, a terminal or a device.
    Stream {
        path: PathBuf,
        blocks: Blocks,
        rest: io::Cursor<Vec<u8>>,
    },
}

impl Source {
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::file("open", path, &error);
        let own = path.to_owned();
        let blocks = if is_standard(path) {
            standard_input()
        } else {
            let there = fs::metadata(path).map_err(failed)?;
            if there.is_dir() {
                let what = format!("cannot send {}: it is a folder", path.display());
                return Err(Failure::failed(what).advise(
                    "Name a file. To send a folder, pack it: `tar c FOLDER | bindrune l2cap send DEVICE PSM -`.",
                ));
            }
            if is_named_pipe(there.file_type()) {
                let pipe = own.clone();
                stream::read(move || File::open(pipe))
            } else {
                let file = File::open(path).map_err(failed)?;
                if there.is_file() {
                    return Ok(Self::File { path: own, file });
                }
                stream::read(move || Ok(file))
            }
        };
        Ok(Self::Stream { path: own, blocks, rest: io::Cursor::default() })
    }

    /// Returns the number of bytes, if it is known.
    pub(crate) fn len(&self) -> Option<u64> {
        match self {
            Self::File { file, .. } => file.metadata().ok().map(|m| m.len()),
            Self::Stream { .. } => None,
        }
    }

    /// Fills the buffer with the next bytes, and returns their number; 0 at the end.
    pub(crate) async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Failure> {
        match self {
            Self::File { path, file } => {
                file.read(buffer).map_err(|e| Failure::file("read", path, &e))
            }
            Self::Stream { path, blocks, rest } => loop {
                let len = rest.read(buffer)?;
                if len > 0 {
                    return Ok(len);
                }
                match blocks.recv().await {
                    Some(Ok(block)) => *rest = io::Cursor::new(block),
                    Some(Err(error)) if is_standard(path) => {
                        return Err(Failure::failed(format!(
                            "cannot read standard input: {error}"
                        )));
                    }
                    Some(Err(error)) => return Err(Failure::file("read", path, &error)),
                    None => return Ok(0),
                }
            },
        }
    }
}

/// Reads standard input.
pub(crate) fn standard_input() -> Blocks {
    stream::read(|| Ok(io::stdin()))
}

/// Writes standard output.
pub(crate) fn standard_output() -> Writer {
    Writer::new(|| Ok(io::stdout()))
}

/// Where received data goes. A file gets its name when it is complete: until then it is `NAME.part`.
pub(crate) struct Sink {
    target: Target,
    path: PathBuf,
    /// Where the data is until it is complete; `None` for devices and pipes.
    part: Option<PathBuf>,
    force: bool,
    bytes: u64,
}

enum Target {
    File(File),
    /// Standard output, a pipe or a device.
    Stream(Writer),
}

impl Sink {
    /// Creates the partial file, and replaces one of an earlier transfer. Only with `force` [`Self::finish`] replaces a
    /// file that exists.
    pub(crate) fn create(path: &Path, force: bool) -> Result<Self, Failure> {
        let sink = |target, part| Self { target, path: path.to_owned(), part, force, bytes: 0 };
        if is_standard(path) {
            return Ok(sink(Target::Stream(standard_output()), None));
        }
        let mut open = OpenOptions::new();
        open.write(true);
        match fs::metadata(path) {
            Ok(there) if is_named_pipe(there.file_type()) => {
                let pipe = path.to_owned();
                return Ok(sink(Target::Stream(Writer::new(move || open.open(pipe))), None));
            }
            Ok(there) if !there.is_file() => {
                let file = open.open(path).map_err(|e| Failure::file("create", path, &e))?;
                return Ok(sink(Target::Stream(Writer::new(move || Ok(file))), None));
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
        Ok(sink(Target::File(file), Some(part)))
    }

    fn is_standard(&self) -> bool {
        is_standard(&self.path)
    }

    /// Prints a record, on stderr if stdout gets the data.
    pub(crate) fn report<R: Record>(&self, out: Output, record: &R) -> Result<(), Failure> {
        if self.is_standard() { out.aside(record) } else { out.record(record) }
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let is_standard = self.is_standard();
        let written = match &mut self.target {
            Target::File(file) => file.write_all(bytes),
            Target::Stream(stream) => stream.write(bytes).await,
        };
        match written {
            Ok(()) => {}
            Err(error) if is_standard => return Err(error.into()),
            Err(error) => {
                let path = self.part.as_ref().unwrap_or(&self.path);
                return Err(Failure::file("write", path, &error));
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

    #[tokio::test(flavor = "current_thread")]
    async fn a_file_that_exists_is_kept() {
        let path = path("kept");
        fs::write(&path, b"old").unwrap();
        assert!(Sink::create(&path, false).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        let mut sink = Sink::create(&path, true).unwrap();
        sink.write(b"new!").await.unwrap();
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

    #[tokio::test(flavor = "current_thread")]
    async fn a_part_is_reported() {
        let path = path("part");
        let mut sink = Sink::create(&path, false).unwrap();
        sink.write(b"half").await.unwrap();
        let said = advice(sink.finish(Err(Failure::failed("x").advise("y"))));
        assert!(said.starts_with("y\n") && said.contains("has the first 4 bytes"), "{said}");
        assert!(said.contains("was not created") && !path.exists(), "{said}");
        assert_eq!(fs::read(part_of(&path)).unwrap(), b"half");
        // The next transfer replaces it, and leaves nothing if nothing comes.
        let sink = Sink::create(&path, false).unwrap();
        assert!(advice(sink.finish(Err(Failure::failed("x")))).contains("was not created"));
        assert!(!path.exists() && !part_of(&path).exists());
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_file_that_appears_meanwhile_is_kept() {
        let path = path("meanwhile");
        let mut sink = Sink::create(&path, false).unwrap();
        sink.write(b"ours").await.unwrap();
        fs::write(&path, b"theirs").unwrap();
        let said = advice(sink.finish(Ok(())));
        assert!(said.contains("Everything was received"), "{said}");
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        assert_eq!(fs::read(part_of(&path)).unwrap(), b"ours");
        fs::remove_file(part_of(&path)).unwrap();
        fs::remove_file(&path).unwrap();
    }
}
