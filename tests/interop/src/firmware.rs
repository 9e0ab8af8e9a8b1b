//! The firmware of `examples/cortex-m`, in QEMU, on a controller of the air.

use crate::process::{Process, tail};
use crate::scratch::workspace;
use crate::serial::relay;
use crate::{Air, Deadline};
use anyhow::{Context, Result, bail, ensure};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{ChildStdin, ChildStdout, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const ANSWER_TIME: Duration = Duration::from_secs(20);

/// Running firmware and its console.
#[derive(Debug)]
pub struct Firmware {
    process: Process,
    input: ChildStdin,
    lines: Receiver<String>,
    log: Vec<String>,
}

/// Counters of the firmware since its start.
#[derive(Clone, Debug)]
pub struct Report(HashMap<String, u32>);

impl Firmware {
    /// Builds the firmware, and starts the program of that name with its own controller at the second UART.
    ///
    /// # Errors
    /// When a compiler or QEMU is missing, or the firmware does not build.
    pub fn start(air: &Air, program: &str) -> Result<Self> {
        let image = build()?.join(program);
        let mut command = Command::new("qemu-system-arm");
        command
            .args(["-M", "mps2-an386", "-display", "none", "-monitor", "none"])
            .args(["-serial", "stdio", "-serial", &format!("tcp:{},nodelay=on", relay(air.hci())?)])
            .arg("-kernel")
            .arg(image);
        let log = air.scratch().join(format!("qemu-{program}.log"));
        let mut process = Process::start_piped(&mut command, &log)?;
        let input = process.child.stdin.take().context("no pipe")?;
        let output = process.child.stdout.take().context("no pipe")?;
        let copy = File::create(air.scratch().join(format!("{program}.log")))?;
        Ok(Self { process, input, lines: read(output, copy), log: Vec::new() })
    }

    /// Waits for a line of the console that contains `text`, after the lines of earlier calls.
    ///
    /// # Errors
    /// When none comes within `time`, or the firmware ends, or panics.
    pub fn wait_for(&mut self, text: &str, time: Duration) -> Result<String> {
        let deadline = Deadline::after(time);
        while let Ok(line) = self.lines.recv_timeout(deadline.left()) {
            self.log.push(line.clone());
            if line.contains(text) {
                return Ok(line);
            }
            ensure!(!line.contains("PANIC") && !line.contains("ERROR"), "{line}");
        }
        let log = self.log.join("\n");
        bail!("no line with `{text}`; QEMU: {}\n{}", tail(&self.process.log()), tail(&log));
    }

    /// Reads the counters of the firmware.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn report(&mut self) -> Result<Report> {
        self.input.write_all(b"r")?;
        let line = self.wait_for("report ", ANSWER_TIME)?;
        let pairs = line.split(' ').filter_map(|word| word.split_once('='));
        let counts = pairs.map(|(name, count)| Ok((name.to_owned(), count.trim().parse()?)));
        Ok(Report(counts.collect::<Result<_>>()?))
    }

    /// Restarts the processor. Its RAM flash keeps its contents.
    ///
    /// # Errors
    /// When QEMU is gone.
    pub fn restart(&mut self) -> Result<()> {
        Ok(self.input.write_all(b"x")?)
    }
}

impl Report {
    /// Returns a counter by its name.
    ///
    /// # Errors
    /// When the firmware has none of that name.
    pub fn count(&self, name: &str) -> Result<u32> {
        self.0.get(name).copied().with_context(|| format!("no {name} in {self:?}"))
    }

    /// Returns the increase of a counter since an earlier report.
    ///
    /// # Errors
    /// As [`count`](Self::count).
    pub fn since(&self, earlier: &Self, name: &str) -> Result<u32> {
        Ok(self.count(name)?.wrapping_sub(earlier.count(name)?))
    }
}

/// Builds the firmware, and returns the folder of its images. Concurrent tests wait for each other.
fn build() -> Result<PathBuf> {
    let script = workspace().join("examples/cortex-m/build");
    let output = Command::new(&script).output().context("examples/cortex-m/build")?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "{} failed; `./test.sh` installs the compiler:\n{text}{}",
        script.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(text.lines().last().context("examples/cortex-m/build says where")?.into())
}

/// Passes on each line of the console, and stores a copy.
fn read(output: ChildStdout, mut copy: File) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // The copy only helps to read a failure.
            let _ = writeln!(copy, "{line}");
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}
