//! The air of a test, and the transports to its controllers.

use std::path::PathBuf;

use anyhow::Result;
use bindrune_interop::{Air, Pty, Scratch};

use crate::run::{Output, Running, bindrune};

/// How the tested commands reach their controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// A fresh controller for each run.
    Tcp,
    /// One controller behind a serial port, for all runs.
    Serial,
}

/// One air. Commands under test run on `ours`, their peers on a fresh controller each.
pub(crate) struct World {
    scratch: Scratch,
    ours: String,
    theirs: String,
    _serial: Option<Pty>,
    _air: Air,
}

impl World {
    pub(crate) fn new(name: &str, transport: Transport) -> Result<Self> {
        let scratch = Scratch::new(name)?;
        let air = Air::start(&scratch)?;
        let theirs = format!("tcp-client:{}", air.hci());
        let serial = (transport == Transport::Serial).then(|| Pty::start(&air)).transpose()?;
        let ours = serial.as_ref().map_or_else(
            || theirs.clone(),
            |serial| format!("serial:{},115200,no-rtscts", serial.path().display()),
        );
        Ok(Self { scratch, ours, theirs, _serial: serial, _air: air })
    }

    /// Runs a command under test to its end.
    pub(crate) fn run(&self, words: &str) -> Result<Output> {
        bindrune(&self.words(words))
    }

    /// Starts a command under test.
    pub(crate) fn start(&self, words: &str) -> Result<Running> {
        Running::start(&self.words(words))
    }

    /// Returns the arguments of a command under test.
    pub(crate) fn words(&self, words: &str) -> String {
        format!("-t {} --json {words}", self.ours)
    }

    /// Runs a command on the other side.
    pub(crate) fn peer(&self, words: &str) -> Result<Output> {
        bindrune(&format!("-t {} --json {words}", self.theirs))
    }

    /// Starts a command on the other side.
    pub(crate) fn start_peer(&self, words: &str) -> Result<Running> {
        Running::start(&format!("-t {} --json {words}", self.theirs))
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.scratch.file(name)
    }
}
