//! Links that carry traffic for hours while one peer after another fails.
//!
//! A [`Member`] is one Bumble peripheral and our link to it. Its traffic runs in rounds: an SDU that the peer echoes, a
//! write command, and a value that is written and read back. If a round gets back other data than it sent, the traffic
//! ends with an error. The member records the longest time between the ends of two rounds.

use crate::services::{find, uuid};
use crate::{Air, Peripheral, Stopwatch, numbered, soon};
use anyhow::{Context, Result, anyhow, bail, ensure};
use bindrune::{ChannelConfig, Connect, Connection, Error, Host, Psm};
use serde_json::json;
use std::fmt;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

const PSM: Psm = Psm(0x85);
const CHANNEL: ChannelConfig = ChannelConfig { mtu: Some(512), mps: 247, window: 16 };
/// Time between two rounds.
const PAUSE: Duration = Duration::from_millis(20);
/// Time limit for connecting a peer after its fault.
const RETURN_TIME: Duration = Duration::from_secs(60);

/// Returns the duration of `just soak`: `BINDRUNE_SOAK`, in minutes.
#[must_use]
pub fn length() -> Option<Duration> {
    let minutes: u64 = std::env::var("BINDRUNE_SOAK").ok()?.parse().ok()?;
    Some(Duration::from_secs(minutes.saturating_mul(60)))
}

/// A fault of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The test kills its process, and starts it again.
    Killed,
    /// Its process stops for a while (`SIGSTOP`); its controller continues.
    Frozen,
    /// Its controller leaves the air for a while.
    OutOfRange,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 3] = [Self::Killed, Self::Frozen, Self::OutOfRange];
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Killed => "killed",
            Self::Frozen => "frozen",
            Self::OutOfRange => "out of range",
        })
    }
}

/// Statistics of a link's traffic.
#[derive(Clone, Copy, Debug, Default)]
pub struct Record {
    /// Complete rounds.
    pub rounds: u32,
    /// The longest time between the ends of two rounds.
    pub worst: Duration,
    last: Option<Stopwatch>,
}

impl Record {
    fn round(&mut self) {
        self.rounds = self.rounds.saturating_add(1);
        self.worst = self.gap();
        self.last = Some(Stopwatch::start());
    }

    /// Returns the longest gap so far, including the current one.
    #[must_use]
    pub fn gap(&self) -> Duration {
        let open = self.last.map_or(Duration::ZERO, |last| last.elapsed());
        self.worst.max(open)
    }
}

/// A peer, our link to it, and its traffic.
#[derive(Debug)]
pub struct Member {
    peer: Peripheral,
    /// rootcanal's number of the peer's controller.
    device: String,
    link: Option<Connection<'static>>,
    traffic: Option<JoinHandle<anyhow::Error>>,
    record: Arc<Mutex<Record>>,
}

impl Member {
    /// Starts a peer, links `host` to it, and begins the traffic.
    ///
    /// # Errors
    /// When the peer does not come up.
    pub async fn start(air: &mut Air, host: &'static Host, name: &str) -> Result<Self> {
        let before = devices(air)?;
        let peer = Peripheral::start(air, name)?;
        let device = new_device(&before, air).await?;
        let record = Arc::default();
        let mut member = Self { peer, device, link: None, traffic: None, record };
        member.serve().await?;
        member.begin(host).await?;
        Ok(member)
    }

    async fn serve(&self) -> Result<()> {
        let echo = json!({ "psm": PSM.0, "mtu": 512, "mps": 247, "credits": 16, "mode": "echo" });
        self.peer.ask("listen", echo).await.map(drop)
    }

    /// Connects the host to the peer, and starts new traffic.
    async fn begin(&mut self, host: &'static Host) -> Result<()> {
        let address = self.peer.random_address()?;
        let connect = Connect::to(address).timeout(embassy_time::Duration::from_secs(5));
        let linked = timeout(RETURN_TIME, async {
            loop {
                // Fails while the peer has not noticed that the link ended.
                let _ = self.peer.ask("advertise", json!({})).await;
                match host.connect_with(&connect, &[]).await {
                    Ok(link) => return link,
                    Err(_) => sleep(Duration::from_millis(200)).await,
                }
            }
        });
        let link = linked.await.with_context(|| format!("{}: no link", self.peer.address()))?;
        self.peer.ask("reset_sink", json!({})).await?;
        *self.record() = Record::default();
        let (traffic, record) = (link.clone(), Arc::clone(&self.record));
        self.traffic = Some(tokio::spawn(async move {
            match rounds(&traffic, &record).await {
                Ok(never) => match never {},
                Err(error) => error,
            }
        }));
        self.link = Some(link);
        Ok(())
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns statistics since the link came up, or since [`forgive`](Self::forgive).
    #[must_use]
    pub fn seen(&self) -> Record {
        *self.record()
    }

    /// Resets the gaps so far: those of a fault of this peer, or of the start.
    pub fn forgive(&self) {
        let mut record = self.record();
        record.worst = Duration::ZERO;
        record.last = Some(Stopwatch::start());
    }

    /// Waits for `count` more rounds.
    ///
    /// # Errors
    /// When they take more than 10 s, or the traffic has ended.
    pub async fn settle(&self, count: u32) -> Result<()> {
        let until = self.seen().rounds.saturating_add(count);
        soon(async {
            while self.seen().rounds < until && !self.has_ended() {
                sleep(PAUSE).await;
            }
        })
        .await
        .with_context(|| format!("{}: the traffic has stopped", self.peer.address()))?;
        ensure!(!self.has_ended(), "{}: the traffic has ended", self.peer.address());
        Ok(())
    }

    fn has_ended(&self) -> bool {
        self.traffic.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Checks a peer without a fault: its traffic continues, the peer has received every command in
    /// order, and no gap was longer than `bound`.
    ///
    /// # Errors
    /// When one of these checks fails.
    pub async fn check(&mut self, bound: Duration) -> Result<Duration> {
        let name = self.peer.address().to_owned();
        if self.has_ended() {
            bail!("{name}: {:#}", self.end().await);
        }
        let (rounds, gap) = (self.seen().rounds, self.seen().gap());
        ensure!(gap <= bound, "{name}: a gap of {gap:?}");
        let sink = json!({ "count": rounds, "timeout": 10.0 });
        let sink = self.peer.ask("sink", sink).await.with_context(|| name.clone())?;
        let number = |key| sink.get(key).and_then(serde_json::Value::as_u64);
        let (count, in_order) = (number("count"), number("in_order"));
        ensure!(count == in_order && count >= Some(rounds.into()), "{name}: {sink}, {rounds} sent");
        Ok(gap)
    }

    /// Causes a fault of the peer.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn inflict(&self, air: &mut Air, fault: Fault) -> Result<()> {
        match fault {
            Fault::Killed => self.signal("-KILL"),
            Fault::Frozen => self.signal("-STOP"),
            Fault::OutOfRange => air.command("del_device_from_phy", &[&self.device, LE]).map(drop),
        }
    }

    /// Ends the fault, and restores the link and its traffic if they ended.
    ///
    /// # Errors
    /// When they do not come back.
    pub async fn recover(
        &mut self,
        air: &mut Air,
        host: &'static Host,
        fault: Fault,
    ) -> Result<()> {
        match fault {
            Fault::Killed => {
                let before = devices(air)?;
                self.peer.restart(air)?;
                self.device = new_device(&before, air).await?;
                self.serve().await?;
            }
            Fault::Frozen => {
                self.signal("-CONT")?;
                if self.settle(3).await.is_ok() {
                    return Ok(());
                }
            }
            Fault::OutOfRange => {
                air.command("add_device_to_phy", &[&self.device, LE])?;
            }
        }
        self.leave().await?;
        self.begin(host).await
    }

    /// Ends the link, whatever its state.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn leave(&mut self) -> Result<()> {
        if let Some(link) = self.link.take() {
            match soon(link.disconnect()).await? {
                Ok(()) | Err(Error::Disconnected(_)) => {}
                Err(error) => bail!(error),
            }
        }
        let _why = self.end().await;
        Ok(())
    }

    /// Ends the traffic if it still runs, and returns why it ended.
    async fn end(&mut self) -> anyhow::Error {
        let Some(task) = self.traffic.take() else { return anyhow!("there was no traffic") };
        match soon(task).await {
            Ok(Ok(error)) => error,
            Ok(Err(error)) => error.into(),
            Err(error) => error,
        }
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let status =
            Command::new("kill").args([signal, &self.peer.process_id().to_string()]).status()?;
        ensure!(status.success(), "kill {signal}: {status}");
        Ok(())
    }
}

/// rootcanal's number of the LE air.
const LE: &str = "1";

/// Returns the numbers of all controllers of rootcanal.
fn devices(air: &mut Air) -> Result<Vec<String>> {
    let list = air.command("list", &[])?;
    let devices = list.lines().map(str::trim).take_while(|line| !line.starts_with("Phys"));
    let number = |line: &str| line.split_once(":hci_device").map(|(number, _)| number.to_owned());
    Ok(devices.filter_map(number).collect())
}

/// Returns the number of the new controller; rootcanal may list it shortly after its host has connected.
async fn new_device(before: &[String], air: &mut Air) -> Result<String> {
    for _ in 0..50 {
        let new = devices(air)?.into_iter().rfind(|device| !before.contains(device));
        if let Some(new) = new {
            return Ok(new);
        }
        sleep(Duration::from_millis(100)).await;
    }
    bail!("rootcanal has no new device after 5 s")
}

/// Runs the traffic of a link. Only an error ends it.
async fn rounds(link: &Connection<'_>, record: &Mutex<Record>) -> Result<std::convert::Infallible> {
    let (sink, value) = (find(link, uuid::SINK).await?, find(link, uuid::VALUE_4).await?);
    let mut channel = soon(link.open_channel(PSM, CHANNEL)).await??;
    let mut buffer = [0; 512];
    for number in 0_u32.. {
        let sdu = numbered(number, 500);
        channel.send(&sdu).await.context("send")?;
        let length = channel.recv(&mut buffer).await.context("recv")?;
        ensure!(buffer.get(..length) == Some(&sdu), "another SDU came back in round {number}");
        link.write_without_response(&sink, &numbered(number, 100)).await.context("command")?;
        link.write(&value, &number.to_le_bytes()).await.context("write")?;
        let length = link.read(&value, &mut buffer).await.context("read")?;
        ensure!(buffer.get(..length) == Some(&number.to_le_bytes()), "another value in {number}");
        record.lock().unwrap_or_else(PoisonError::into_inner).round();
        sleep(PAUSE).await;
    }
    bail!("the numbers are used up")
}
