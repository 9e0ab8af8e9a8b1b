//! Our own host on a controller of the air, driven by a task of its own.

use crate::soak;
use crate::transfer::{is_full, patience};
use crate::{Air, Capture, Pty, check_capture, check_sent};
use anyhow::{Context, Result, bail, ensure};
use bindrune::transport::{PortReader, PortWriter, capture::capture, serial::Serial, tcp};
use bindrune::{Address, Config, FileStore, FreePackets, Host, Platform, Resources, RunError};
use std::fs::File;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// Links 4, channels 8; packets that hold an ATT MTU of 247, and many receive packets, since a controller without flow
/// control does not wait for an app that another process holds up.
type Memory = Resources<4, 8, 1200, 16, 264, 8192>;

#[expect(clippy::expect_used, reason = "a machine that cannot start threads runs no test")]
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("a runtime")
});

/// Runs a test's future beside the hosts.
///
/// # Errors
/// Its own, and when it is not over in time.
pub fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    block_on_for(patience(), future)
}

/// [`block_on`] with a time limit of its own.
///
/// # Errors
/// Those of the future, and when it is not over in `time`.
pub fn block_on_for<T>(time: Duration, future: impl Future<Output = Result<T>>) -> Result<T> {
    RUNTIME.block_on(async { tokio::time::timeout(time, future).await? })
}

/// Waits for what must happen within a few seconds.
///
/// # Errors
/// When it did not.
pub async fn soon<T>(future: impl Future<Output = T>) -> Result<T> {
    tokio::time::timeout(Duration::from_secs(10), future).await.context("not within 10 s")
}

/// One of our own hosts. Everything between it and its controller is captured.
#[derive(Debug)]
pub struct Node {
    host: &'static Host,
    name: &'static str,
    task: Option<JoinHandle<RunError<io::Error>>>,
    /// Where bonds are kept; without it, in memory.
    bonds: Option<PathBuf>,
    scratch: PathBuf,
    /// Captures so far: each transport has its own.
    captures: Vec<PathBuf>,
    /// Packets that were free before anything happened.
    idle: FreePackets,
}

impl Node {
    /// A host over TCP.
    ///
    /// # Errors
    /// When its resources are too small, or it does not reach the air.
    pub fn start(air: &Air, config: Config, name: &'static str) -> Result<Self> {
        let mut node = Self::new(air.scratch(), config, name)?;
        node.connect(air)?;
        Ok(node)
    }

    /// A host over TCP that keeps its bonds in a file of the scratch folder, and knows those that are there already.
    ///
    /// # Errors
    /// As [`start`](Self::start), and when the file cannot be used.
    pub fn start_bonded(air: &Air, config: Config, name: &'static str, file: &str) -> Result<Self> {
        let mut node = Self::new(air.scratch(), config, name)?;
        node.bonds = Some(air.scratch().join(file));
        node.connect(air)?;
        Ok(node)
    }

    /// A host over a serial port.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_serial(air: &Air, pty: &Pty, config: Config, name: &'static str) -> Result<Self> {
        let mut node = Self::new(air.scratch(), config, name)?;
        let path = pty.path().to_str().context("a path that is text")?;
        node.run(Serial::new(path).open()?)?;
        Ok(node)
    }

    /// A host that nothing drives yet.
    ///
    /// # Errors
    /// When its resources are too small.
    pub fn new(scratch: &Path, config: Config, name: &'static str) -> Result<Self> {
        let memory = Box::leak(Box::new(Memory::new()));
        let host: &'static Host = Box::leak(Box::new(Host::new(memory, config)?));
        let idle = host.free_packets();
        let scratch = scratch.to_path_buf();
        Ok(Self { host, name, task: None, bonds: None, scratch, captures: Vec::new(), idle })
    }

    /// Drives the host over a new controller of the air.
    ///
    /// # Errors
    /// When it does not reach the air.
    pub fn connect(&mut self, air: &Air) -> Result<()> {
        self.run(tcp::connect(air.hci())?)
    }

    /// Drives the host over a transport.
    ///
    /// # Errors
    /// When the capture cannot be written.
    pub fn run(&mut self, (rx, tx): (PortReader, PortWriter)) -> Result<()> {
        let path = self.scratch.join(format!("{}-{}.btsnoop", self.name, self.captures.len()));
        let (rx, tx) = capture(rx, tx, File::create(&path)?)?;
        self.captures.push(path);
        let host = self.host;
        self.task = Some(match &self.bonds {
            Some(file) => {
                let platform = Platform::new().store(FileStore::open(file)?);
                RUNTIME.spawn(async move { host.run_with(rx, tx, platform).await })
            }
            None => RUNTIME.spawn(async move { host.run(rx, tx).await }),
        });
        Ok(())
    }

    /// The host.
    #[must_use]
    pub const fn host(&self) -> &'static Host {
        self.host
    }

    /// Its address, once the controller is set up.
    ///
    /// # Errors
    /// When the controller does not answer.
    pub async fn address(&self) -> Result<Address> {
        Ok(soon(self.host.controller()).await??.address)
    }

    /// Waits until `run` returned by itself, and says why.
    ///
    /// # Errors
    /// When nothing drives the host, or `run` goes on for 10 s.
    pub async fn ended(&mut self) -> Result<RunError<io::Error>> {
        let task = self.task.as_mut().context("nothing drives the host")?;
        let error = soon(task).await??;
        self.task = None;
        Ok(error)
    }

    /// Drops `run`, wherever it is, and closes its transport.
    pub async fn stop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            // What an aborted task leaves is that it was aborted.
            let _ = task.await;
        }
    }

    /// Stops the host once its links are down. Then no packet may be missing, no octet may have been dropped, and tshark
    /// must find nothing wrong with what was said.
    ///
    /// # Errors
    /// When any of these is not so.
    pub async fn finish(&mut self) -> Result<()> {
        self.wind_down().await?;
        self.check(check_capture)
    }

    /// [`finish`](Self::finish) for controllers whose own events are faulty: tshark judges only what the host sent.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub async fn finish_sent(&mut self) -> Result<()> {
        self.wind_down().await?;
        self.check(check_sent)
    }

    fn check(&self, check: impl Fn(&Path) -> Result<Capture>) -> Result<()> {
        // Captures of runs that last for hours are too long for tshark.
        let long = is_full() || soak::length().is_some();
        let captures = if long { &[] } else { self.captures.as_slice() };
        captures.iter().try_for_each(|capture| check(capture).map(drop))
    }

    async fn wind_down(&mut self) -> Result<()> {
        soon(async {
            while self.host.links() > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await?;
        self.stop().await;
        self.check_packets()?;
        let stats = self.host.stats();
        ensure!(stats.dropped_pushes == 0 && stats.discarded_pdus == 0, "{stats:?}");
        Ok(())
    }

    /// Fails when a packet is missing.
    ///
    /// # Errors
    /// When fewer packets are free than before anything happened.
    pub fn check_packets(&self) -> Result<()> {
        let free = self.host.free_packets();
        if free != self.idle {
            bail!("{}: {free:?} at the end, {:?} at the start", self.name, self.idle);
        }
        Ok(())
    }

    /// The btsnoop files of all its transports, oldest first.
    #[must_use]
    pub fn captures(&self) -> &[PathBuf] {
        &self.captures
    }
}
