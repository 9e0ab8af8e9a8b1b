//! A child process with a log file, killed by its id when dropped.

use anyhow::{Context, Result};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// A running program. Its standard error, and its standard output unless taken, go to a log file.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command`, with all its output in `log`.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let out = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let err = out.try_clone()?;
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        Self::spawn(command, log)
    }

    /// Starts `command` with pipes for its input and output; the rest goes to `log`.
    pub(crate) fn start_piped(command: &mut Command, log: &Path) -> Result<Self> {
        let err = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(err);
        Self::spawn(command, log)
    }

    fn spawn(command: &mut Command, log: &Path) -> Result<Self> {
        let child = command.spawn().with_context(|| {
            let program = command.get_program().to_string_lossy();
            format!("cannot start {program}; `./test.sh` installs what these tests need")
        })?;
        Ok(Self { child, log: log.to_path_buf() })
    }

    /// Returns the exit status, once the program has ended.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Returns its log so far.
    pub(crate) fn log(&self) -> String {
        read_log(&self.log)
    }

    /// Ends it at once, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        // Both fail only if the process has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Returns the text of a log, or why it cannot be read.
pub(crate) fn read_log(path: &Path) -> String {
    std::fs::read(path).map_or_else(
        |error| format!("{}: {error}", path.display()),
        |octets| String::from_utf8_lossy(&octets).into_owned(),
    )
}

/// Returns the last lines of a log, for an error message.
pub(crate) fn tail(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines.get(lines.len().saturating_sub(12)..).unwrap_or_default().join("\n")
}
