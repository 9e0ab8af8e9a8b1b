//! Our own host on a controller of the air, driven by its own task.

use crate::soak;
use crate::transfer::{is_full, patience};
use crate::{Air, Capture, Pty, agree, check_capture, check_sent};
use anyhow::{Context, Result, anyhow, bail, ensure};
use bindrune::transport::{PortReader, PortWriter, capture::capture, serial::Serial, tcp};
use bindrune::{
    Address, ClassicConfig, ClassicResources, Config, FileStore, FreePackets, Host, Platform,
    Resources, RunError,
};
use std::cell::RefCell;
use std::fs::File;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// 4 links, 8 channels, packets for an ATT MTU of 247, and many receive packets, because a controller without flow
/// control does not wait for an application that another process delays.
type Memory = Resources<4, 8, 1200, 16, 264, 8192>;

/// Room for 1 MiB of the shortest datagrams, each 2 bytes longer: Basic mode drops what has no room, and another
/// process may delay the reader.
const RING: usize = 9 << 17;

/// 2 links, 3 channels, bonds of 4 peers, and services of 4 KiB.
type ClassicMemory = ClassicResources<2, 3, RING, RING, 8, 4, 4096>;

#[expect(clippy::expect_used, reason = "a machine that cannot start threads runs no test")]
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("a runtime")
});

thread_local! {
    /// Captures of the test of this thread.
    static CAPTURES: RefCell<Vec<PathBuf>> = const { RefCell::new(Vec::new()) };
}

/// Packets of each capture that a failing test prints.
const SHOWN: usize = 40;

/// Prints the end of a capture as a conversation.
fn print_conversation(path: &Path) {
    eprintln!("{}, the end of the conversation:", path.display());
    match agree::conversation(path, SHOWN) {
        Ok(conversation) => eprintln!("{conversation}"),
        Err(error) => eprintln!("{error:#}"),
    }
}

/// Runs a test's future beside the hosts. If it fails, prints the conversations of the test's hosts.
///
/// # Errors
/// Those of the future, and when it takes too long.
pub fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    block_on_for(patience(), future)
}

/// [`block_on`] with a given time limit.
///
/// # Errors
/// Those of the future, and when it takes longer than `time`.
pub fn block_on_for<T>(time: Duration, future: impl Future<Output = Result<T>>) -> Result<T> {
    let result = RUNTIME.block_on(async { tokio::time::timeout(time, future).await? });
    if result.is_err() {
        CAPTURES.take().iter().for_each(|path| print_conversation(path));
    }
    result
}

/// Waits for a future that must be ready within a few seconds.
///
/// # Errors
/// When it is not.
pub async fn soon<T>(future: impl Future<Output = T>) -> Result<T> {
    tokio::time::timeout(Duration::from_secs(10), future).await.context("not within 10 s")
}

/// One of our own hosts. Everything between it and its controller is captured.
#[derive(Debug)]
pub struct Node {
    host: &'static Host,
    name: &'static str,
    task: Option<JoinHandle<RunError<io::Error>>>,
    /// File of the bonds; without it they are in memory.
    bonds: Option<PathBuf>,
    scratch: PathBuf,
    /// Number of captures: each transport has its own.
    captures: Vec<PathBuf>,
    /// Packets that were free at the start.
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

    /// A host over TCP that keeps its bonds in a file of the scratch folder, and loads existing ones.
    ///
    /// # Errors
    /// As [`start`](Self::start), and when the file cannot be used.
    pub fn start_bonded(air: &Air, config: Config, name: &'static str, file: &str) -> Result<Self> {
        let mut node = Self::new(air.scratch(), config, name)?;
        node.bonds = Some(air.scratch().join(file));
        node.connect(air)?;
        Ok(node)
    }

    /// A host with BR/EDR beside LE, over TCP. With `file`, it keeps its bonds as one of
    /// [`start_bonded`](Self::start_bonded) does.
    ///
    /// # Errors
    /// As [`start_bonded`](Self::start_bonded).
    pub fn start_classic(
        air: &Air,
        (config, classic): (Config, ClassicConfig),
        name: &'static str,
        file: Option<&str>,
    ) -> Result<Self> {
        let memory = Box::leak(Box::new(Memory::new()));
        let host = Host::new(memory, config)?.with_classic(classic_memory()?, classic);
        let mut node = Self::of(air.scratch(), host, name);
        node.bonds = file.map(|file| air.scratch().join(file));
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

    /// A host that is not driven yet.
    ///
    /// # Errors
    /// When its resources are too small.
    pub fn new(scratch: &Path, config: Config, name: &'static str) -> Result<Self> {
        let memory = Box::leak(Box::new(Memory::new()));
        Ok(Self::of(scratch, Host::new(memory, config)?, name))
    }

    fn of(scratch: &Path, host: Host, name: &'static str) -> Self {
        let host: &'static Host = Box::leak(Box::new(host));
        let idle = host.free_packets();
        let scratch = scratch.to_path_buf();
        Self { host, name, task: None, bonds: None, scratch, captures: Vec::new(), idle }
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
        CAPTURES.with_borrow_mut(|captures| captures.push(path.clone()));
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

    /// Returns its address, once the controller is initialized.
    ///
    /// # Errors
    /// When the controller does not answer.
    pub async fn address(&self) -> Result<Address> {
        Ok(soon(self.host.controller()).await??.address)
    }

    /// Waits until `run` returns on its own, and returns the reason.
    ///
    /// # Errors
    /// When the host is not driven, or `run` continues for 10 s.
    pub async fn ended(&mut self) -> Result<RunError<io::Error>> {
        let task = self.task.as_mut().context("nothing drives the host")?;
        let error = soon(task).await??;
        self.task = None;
        Ok(error)
    }

    /// Drops `run` at any point, and closes its transport.
    pub async fn stop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            // An aborted task returns only that it was aborted.
            let _ = task.await;
        }
    }

    /// Stops the host once its links are down. Fails if a packet is missing, a byte was dropped, or tshark finds a
    /// fault in the traffic.
    ///
    /// # Errors
    /// When one of these checks fails.
    pub async fn finish(&mut self) -> Result<()> {
        self.wind_down().await?;
        self.check(check_capture)
    }

    /// [`finish`](Self::finish) for controllers whose own events are faulty: tshark checks only what the host sent.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub async fn finish_sent(&mut self) -> Result<()> {
        self.wind_down().await?;
        self.check(check_sent)
    }

    fn check(&self, check: impl Fn(&Path) -> Result<Capture>) -> Result<()> {
        // Captures of several hours are too long for tshark.
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

    /// Fails if a packet is missing.
    ///
    /// # Errors
    /// When fewer packets are free than at the start.
    pub fn check_packets(&self) -> Result<()> {
        let free = self.host.free_packets();
        if free != self.idle {
            bail!("{}: {free:?} at the end, {:?} at the start", self.name, self.idle);
        }
        Ok(())
    }

    /// Returns the btsnoop files of all its transports, oldest first.
    #[must_use]
    pub fn captures(&self) -> &[PathBuf] {
        &self.captures
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.captures.iter().for_each(|path| print_conversation(path));
        }
    }
}

/// Makes the memory on a stack that is large enough for it.
fn classic_memory() -> Result<&'static mut ClassicMemory> {
    let make = || -> &'static mut ClassicMemory { Box::leak(Box::new(ClassicMemory::new())) };
    let thread = std::thread::Builder::new().stack_size(RING << 5).spawn(make)?;
    thread.join().map_err(|_| anyhow!("no memory"))
}
