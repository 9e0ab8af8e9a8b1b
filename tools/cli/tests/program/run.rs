//! Runs the program.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

/// Time limit of each run.
const LIMIT: Duration = Duration::from_secs(180);

/// A completed run of the program.
pub(crate) struct Run {
    words: String,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the program to its end. Single spaces separate the arguments.
pub(crate) fn bindrune(words: &str) -> Run {
    Run::of(command(words), words)
}

impl Run {
    /// Runs a command to its end.
    pub(crate) fn of(mut command: Command, words: &str) -> Self {
        let piped = || Stdio::piped();
        let child = command.stdout(piped()).stderr(piped()).spawn().expect("the program starts");
        let _running = watch(&child);
        let output = child.wait_with_output().expect("an exit code");
        Self {
            words: words.into(),
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        }
    }
}

/// Returns the program with its arguments, before its start.
pub(crate) fn command(words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bindrune"));
    command.args(words.split(' ').filter(|w| !w.is_empty())).env_remove("BINDRUNE_TRANSPORT");
    // Tests neither change nor depend on the bonds of this machine's user.
    let nowhere = concat!(env!("CARGO_TARGET_TMPDIR"), "/data");
    command.env_remove("LC_ALL").env_remove("LC_CTYPE").env("LANG", "C.UTF-8");
    command.env_remove("BINDRUNE_BOND_FILE").env("XDG_DATA_HOME", nowhere).stdin(Stdio::null());
    command
}

/// Kills a process that takes too long, so that its test fails instead of waiting forever; ends when the result is
/// dropped.
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

impl Run {
    /// Asserts that it succeeded.
    #[track_caller]
    pub(crate) fn success(self) -> Self {
        self.fails_with(0)
    }

    /// Asserts this exit code.
    #[track_caller]
    pub(crate) fn fails_with(self, code: i32) -> Self {
        let Self { words, stdout, stderr, .. } = &self;
        assert_eq!(self.code, Some(code), "`{words}`\n{stdout}\n{stderr}");
        self
    }

    /// Asserts that the diagnostics contain this.
    #[track_caller]
    pub(crate) fn says(self, text: &str) {
        assert!(self.stderr.contains(text), "`{}`: {}", self.words, self.stderr);
    }

    /// Returns every line of the output as JSON.
    #[track_caller]
    pub(crate) fn records(&self) -> Vec<serde_json::Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// Returns a path for the bonds of one test, where no file exists yet.
    pub(crate) fn bond_file(name: &str) -> PathBuf {
        let folder = Self::folder(name);
        std::fs::remove_dir_all(&folder).expect("a folder that can be emptied");
        Self::folder(name).join("bonds")
    }

    /// Returns a folder for the files of one test.
    pub(crate) fn folder(name: &str) -> PathBuf {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    }
}

/// Like [`command`], but SIGHUP ends the program also if the tests run under `nohup`.
pub(crate) fn hearing(words: &str) -> Command {
    let plain = command(words);
    let mut command = Command::new("env");
    command.arg("--default-signal=HUP").arg(plain.get_program()).args(plain.get_args());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.stdin(Stdio::null());
    command
}

/// A running program, which ends with the test.
pub(crate) struct Running {
    child: Child,
    lines: Option<BufReader<ChildStdout>>,
    _running: Sender<()>,
}

impl Running {
    pub(crate) fn start(words: &str) -> Self {
        Self::of(command(words))
    }

    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let lines = BufReader::new(child.stdout.take().expect("stdout"));
        let running = watch(&child);
        Self { child, lines: Some(lines), _running: running }
    }

    /// Like [`Self::start`], with the diagnostics in a file.
    pub(crate) fn noting(words: &str, diagnostics: &Path) -> Self {
        let file = File::create(diagnostics).expect("a file");
        let mut child =
            command(words).stdout(Stdio::piped()).stderr(file).spawn().expect("the program starts");
        let lines = BufReader::new(child.stdout.take().expect("stdout"));
        let running = watch(&child);
        Self { child, lines: Some(lines), _running: running }
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &id]).status();
        assert!(sent.expect("kill").success());
    }

    /// Waits for a line with this text.
    pub(crate) fn until(&mut self, text: &str) -> String {
        let lines = self.lines.as_mut().expect("stdout");
        let mut line = String::new();
        while lines.read_line(&mut line).expect("a line") > 0 {
            if line.contains(text) {
                return line;
            }
            line.clear();
        }
        panic!("{text:?} was never printed");
    }

    /// Returns whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a state").is_some()
    }

    /// Reads to its end, and returns its exit code.
    pub(crate) fn ends(mut self) -> Option<i32> {
        let mut lines = self.lines.take().expect("stdout");
        std::io::copy(&mut lines, &mut std::io::sink()).expect("output");
        self.child.wait().expect("an exit code").code()
    }

    /// Stops reading, waits for its end and returns its exit code.
    pub(crate) fn leave(mut self) -> Option<i32> {
        self.lines = None;
        self.child.wait().expect("an exit code").code()
    }

    /// Returns all output until its end.
    pub(crate) fn rest(mut self) -> String {
        let mut rest = String::new();
        self.lines.take().expect("stdout").read_to_string(&mut rest).expect("text");
        rest
    }

    /// Ends it with Ctrl-C, and returns its exit code.
    pub(crate) fn interrupt(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill").success());
        self.child.wait().expect("an exit code").code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
