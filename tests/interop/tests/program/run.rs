//! Runs the program.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    sync::{
        OnceLock,
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

/// Time limit of each run.
const LIMIT: Duration = Duration::from_secs(120);

/// Builds the program once, and returns its path.
fn program() -> Result<PathBuf> {
    static BUILT: OnceLock<bool> = OnceLock::new();
    let built = *BUILT.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--locked", "--package", "bindrune-cli"]);
        cargo.status().is_ok_and(|status| status.success())
    });
    ensure!(built, "the program does not build");
    // Tests are in the folder `deps` beside it.
    let test = std::env::current_exe()?;
    let folder = test.parent().and_then(|deps| deps.parent()).context("no folder of programs")?;
    Ok(folder.join("bindrune"))
}

fn command(words: &str) -> Result<Command> {
    let mut command = Command::new(program()?);
    command.args(words.split(' ').filter(|word| !word.is_empty()));
    // Tests neither change nor depend on the bonds of this machine's user.
    let nowhere = concat!(env!("CARGO_TARGET_TMPDIR"), "/data");
    command.env_remove("BINDRUNE_TRANSPORT").env_remove("BINDRUNE_BOND_FILE");
    command.env("XDG_DATA_HOME", nowhere).stdin(Stdio::null());
    Ok(command)
}

/// What a successful run printed.
pub(crate) struct Output {
    pub(crate) stdout: String,
}

/// Runs the program to its end, which must be a success. Single spaces separate the arguments.
pub(crate) fn bindrune(words: &str) -> Result<Output> {
    run(words, command(words)?, b"")
}

/// Like [`bindrune`], with this text on standard input.
pub(crate) fn bindrune_with(words: &str, input: &[u8]) -> Result<Output> {
    let mut command = command(words)?;
    command.stdin(Stdio::piped());
    run(words, command, input)
}

fn run(words: &str, mut command: Command, input: &[u8]) -> Result<Output> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let _running = watch(&child);
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input)?;
    }
    let output = child.wait_with_output()?;
    let stdout = String::from_utf8(output.stdout)?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`{words}`: {}\n{stdout}\n{stderr}", output.status);
    Ok(Output { stdout })
}

impl Output {
    /// Returns every line as JSON.
    pub(crate) fn records(&self) -> Result<Vec<Value>> {
        self.stdout.lines().map(|line| serde_json::from_str(line).context("not JSON")).collect()
    }

    /// Returns the last line as JSON.
    pub(crate) fn last(&self) -> Result<Value> {
        self.records()?.pop().context("nothing was printed")
    }
}

/// A running program, which is killed when it is dropped.
pub(crate) struct Running {
    child: Child,
    lines: BufReader<ChildStdout>,
    _watch: Sender<()>,
}

impl Running {
    pub(crate) fn start(words: &str) -> Result<Self> {
        let mut child = command(words)?.stdout(Stdio::piped()).spawn()?;
        let lines = BufReader::new(child.stdout.take().context("no output")?);
        let watch = watch(&child);
        Ok(Self { child, lines, _watch: watch })
    }

    /// Waits for a line with this text.
    pub(crate) fn until(&mut self, text: &str) -> Result<String> {
        let mut line = String::new();
        while self.lines.read_line(&mut line)? > 0 {
            if line.contains(text) {
                return Ok(line);
            }
            line.clear();
        }
        bail!("{text:?} was never printed");
    }

    /// Waits for its successful end.
    pub(crate) fn finish(mut self) -> Result<()> {
        let status = self.child.wait()?;
        ensure!(status.success(), "{status}");
        Ok(())
    }

    /// Ends it with Ctrl-C, which is a success.
    pub(crate) fn interrupt(mut self) -> Result<()> {
        let id = self.child.id().to_string();
        ensure!(Command::new("kill").args(["-INT", &id]).status()?.success());
        let status = self.child.wait()?;
        ensure!(status.success(), "Ctrl-C: {status}");
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if the process has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Kills a process that takes too long; ends when the result is dropped.
fn watch(child: &Child) -> Sender<()> {
    let (running, ended) = channel();
    let id = child.id().to_string();
    thread::spawn(move || {
        if ended.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-KILL", &id]).status();
        }
    });
    running
}
