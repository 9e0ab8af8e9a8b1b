//! The Bumble hosts of `peers/`, driven by JSON lines.

use crate::process::{Process, read_log, tail};
use crate::transfer::patience;
use crate::{Air, Deadline, venv};
use anyhow::{Context, Result, anyhow, bail, ensure};
use bindrune::Address;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::process::{ChildStdin, ChildStdout, Command};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const START_TIME: Duration = Duration::from_secs(60);
const END_TIME: Duration = Duration::from_secs(3);

type Waiting = Arc<Mutex<Option<HashMap<u64, Sender<Value>>>>>;

/// A Bumble host in its own process, on its own controller. Its commands may run concurrently.
#[derive(Debug)]
pub struct Peer {
    process: Process,
    input: Mutex<Input>,
    waiting: Waiting,
    script: &'static str,
    name: String,
    address: String,
    /// Number of starts.
    starts: usize,
    log: PathBuf,
    capture: PathBuf,
}

/// The number of the last command, and the pipe for commands.
#[derive(Debug)]
struct Input {
    number: u64,
    pipe: Option<ChildStdin>,
}

/// A [`Peer`] that advertises and serves: `peers/peripheral.py`.
#[derive(Debug)]
pub struct Peripheral(Peer);

/// A [`Peer`] that scans, connects and uses services: `peers/central.py`.
#[derive(Debug)]
pub struct Central(Peer);

/// A [`Peer`] on BR/EDR, which searches and calls, or is found and called: `peers/classic.py`.
#[derive(Debug)]
pub struct Classic(Peer);

/// A command whose answer was not read yet.
#[derive(Debug)]
#[must_use]
pub struct Pending {
    what: String,
    answer: Receiver<Value>,
    log: PathBuf,
}

impl Peripheral {
    /// Starts one that will advertise `name`.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(air: &Air, name: &str) -> Result<Self> {
        Peer::start(air, "peripheral.py", name).map(Self)
    }

    /// Returns what a full discovery of it must find.
    ///
    /// # Errors
    /// As [`Peer::call`].
    pub fn database(&self) -> Result<Value> {
        let mut answer = self.call("database", json!({}))?;
        answer.get_mut("services").map(Value::take).context("a database without services")
    }
}

impl Central {
    /// Starts one with this name.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(air: &Air, name: &str) -> Result<Self> {
        Peer::start(air, "central.py", name).map(Self)
    }
}

impl Classic {
    /// Starts one with this name, which is neither discoverable nor connectable yet.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(air: &Air, name: &str) -> Result<Self> {
        Peer::start(air, "classic.py", name).map(Self)
    }

    /// Fails if the other side broke a rule that the peer checks.
    ///
    /// # Errors
    /// With the list of faults.
    pub fn check_faults(&self) -> Result<()> {
        let answer = self.call("faults", json!({}))?;
        let faults = answer.get("faults").and_then(Value::as_array);
        ensure!(faults.is_some_and(Vec::is_empty), "{}: {answer}", self.name);
        Ok(())
    }

    /// Returns its address as a type of our host.
    ///
    /// # Errors
    /// Never for a peer that came up.
    pub fn public_address(&self) -> Result<Address> {
        Ok(self.address.parse()?)
    }
}

impl Deref for Peripheral {
    type Target = Peer;
    fn deref(&self) -> &Peer {
        &self.0
    }
}

impl Deref for Central {
    type Target = Peer;
    fn deref(&self) -> &Peer {
        &self.0
    }
}

impl Deref for Classic {
    type Target = Peer;
    fn deref(&self) -> &Peer {
        &self.0
    }
}

impl DerefMut for Classic {
    fn deref_mut(&mut self) -> &mut Peer {
        &mut self.0
    }
}

impl DerefMut for Peripheral {
    fn deref_mut(&mut self) -> &mut Peer {
        &mut self.0
    }
}

impl DerefMut for Central {
    fn deref_mut(&mut self) -> &mut Peer {
        &mut self.0
    }
}

impl Peer {
    fn start(air: &Air, script: &'static str, name: &str) -> Result<Self> {
        Self::launch(air, script, name.to_owned(), fresh_address(), 1)
    }

    /// Ends it and starts it again, as another process on another controller, with the same address, name and keys.
    /// A public address is free at that moment, and rootcanal gives it to the next controller.
    ///
    /// # Errors
    /// When it does not come up, or with another address.
    pub fn restart(&mut self, air: &Air) -> Result<()> {
        self.end();
        let starts = self.starts.saturating_add(1);
        let again =
            Self::launch(air, self.script, self.name.clone(), self.address.clone(), starts)?;
        ensure!(again.address == self.address, "{} had {}", again.address, self.address);
        *self = again;
        Ok(())
    }

    fn launch(
        air: &Air,
        script: &'static str,
        name: String,
        address: String,
        starts: usize,
    ) -> Result<Self> {
        let python = venv::ready()?.join("bin/python");
        let run = if starts > 1 { format!("{name}-{starts}") } else { name.clone() };
        let file = |ending: &str| air.scratch().join(format!("{run}.{ending}"));
        let (log, capture) = (file("log"), file("btsnoop"));
        let mut command = Command::new(python);
        command
            .arg(venv::sources().join("peers").join(script))
            .args(["--hci", &format!("tcp-client:{}", air.hci())])
            .args(["--name", &name, "--address", &address, "--keys"])
            .arg(air.scratch().join(format!("{name}.keys.json")))
            .env("BUMBLE_SNOOPER", format!("btsnoop:file:{}", capture.display()))
            .env("PYTHONUNBUFFERED", "1");
        let mut process = Process::start_piped(&mut command, &log)?;
        let input = process.child.stdin.take().context("no pipe")?;
        let output = process.child.stdout.take().context("no pipe")?;
        let waiting: Waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        let ready = expect(&waiting, 0).context("a new peer")?;
        let table = Arc::clone(&waiting);
        std::thread::spawn(move || deliver(output, &table));

        let start = Pending { what: format!("start of {run}"), answer: ready, log: log.clone() };
        let greeting = start.wait_for(START_TIME)?;
        let address =
            greeting.get("address").and_then(Value::as_str).map_or(address, str::to_owned);
        let input = Mutex::new(Input { number: 0, pipe: Some(input) });
        Ok(Self { process, input, waiting, script, name, address, starts, log, capture })
    }

    /// Returns the id of its process.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.process.child.id()
    }

    /// Lets it end on its own, so that its capture is complete.
    fn end(&mut self) {
        self.input.get_mut().unwrap_or_else(PoisonError::into_inner).pipe = None;
        let _ = Deadline::after(END_TIME).poll(|| self.process.ended().is_some());
    }

    /// Returns its static random address; for a [`Classic`] peer its public address.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns its address as a type of our host.
    ///
    /// # Errors
    /// Never for a peer that came up.
    pub fn random_address(&self) -> Result<Address> {
        Ok(format!("{}/random", self.address).parse()?)
    }

    /// The btsnoop file with all the HCI traffic since its last start, complete once the peer is dropped.
    #[must_use]
    pub fn capture(&self) -> &std::path::Path {
        &self.capture
    }

    /// Sends a command and waits for its answer, an object. `tests/interop/README.md` lists the
    /// commands; `arguments` is also an object.
    ///
    /// # Errors
    /// When the command failed, or the peer ended.
    pub fn call(&self, verb: &str, arguments: Value) -> Result<Value> {
        self.begin(verb, arguments)?.wait()
    }

    /// [`call`](Self::call) for futures: hosts and other futures continue meanwhile.
    ///
    /// # Errors
    /// When the command failed, or the peer ended.
    pub async fn ask(&self, verb: &str, arguments: Value) -> Result<Value> {
        let pending = self.begin(verb, arguments)?;
        tokio::task::spawn_blocking(move || pending.wait()).await?
    }

    /// Sends a command and returns at once; others may be sent before its answer is read.
    ///
    /// # Errors
    /// When the peer ended.
    pub fn begin(&self, verb: &str, arguments: Value) -> Result<Pending> {
        let Value::Object(mut command) = arguments else { bail!("arguments are an object") };
        let mut guard = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        let Input { number, pipe } = &mut *guard;
        *number = number.wrapping_add(1);
        let answer = expect(&self.waiting, *number)
            .with_context(|| format!("{verb}: {}", ended(&self.log)))?;
        command.insert("id".into(), json!(*number));
        command.insert("do".into(), json!(verb));
        let pipe = pipe.as_mut().context("the peer was closed")?;
        writeln!(pipe, "{}", Value::Object(command)).with_context(|| ended(&self.log))?;
        Ok(Pending { what: verb.to_owned(), answer, log: self.log.clone() })
    }
}

impl Drop for Peer {
    /// Lets it end on its own, then kills it.
    fn drop(&mut self) {
        self.end();
    }
}

impl Pending {
    /// Waits for the answer.
    ///
    /// # Errors
    /// When the command failed, or the peer ended.
    pub fn wait(self) -> Result<Value> {
        // Longer than the time limits of all commands.
        self.wait_for(patience().saturating_add(START_TIME))
    }

    fn wait_for(self, time: Duration) -> Result<Value> {
        let answer = self
            .answer
            .recv_timeout(Deadline::after(time).left())
            .map_err(|_| anyhow!("{}: {}", self.what, ended(&self.log)))?;
        let error = answer.get("error");
        ensure!(error.is_none(), "{}", error.and_then(Value::as_str).unwrap_or("unknown error"));
        Ok(answer)
    }
}

/// Registers a command that waits for this answer; returns `None` if the peer has ended.
fn expect(waiting: &Waiting, number: u64) -> Option<Receiver<Value>> {
    let (sender, receiver) = channel();
    let mut table = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    table.as_mut()?.insert(number, sender);
    Some(receiver)
}

/// Passes each answer to its command, until the peer ends. Its greeting counts as answer 0.
fn deliver(output: ChildStdout, waiting: &Waiting) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        let Ok(answer) = serde_json::from_str::<Value>(&line) else { continue };
        let number = answer.get("id").and_then(Value::as_u64).unwrap_or(0);
        let mut table = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = table.as_mut().and_then(|table| table.remove(&number)) {
            // The receiver is gone if the test dropped its `Pending`.
            let _ = sender.send(answer);
        }
    }
    *waiting.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

fn ended(log: &std::path::Path) -> String {
    format!("no answer; the peer ended, or is stuck. {}:\n{}", log.display(), tail(&read_log(log)))
}

/// Returns a static random address that no other peer of this process has.
fn fresh_address() -> String {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    format!("F0:F1:F2:F3:F4:{:02X}", NEXT.fetch_add(1, Ordering::Relaxed))
}
