//! rootcanal: virtual controllers on one air, H4 over TCP.

use crate::process::{Process, tail};
use crate::{Deadline, Scratch, venv};
use anyhow::{Context, Result, bail, ensure};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Settings with which controllers answer half-supported commands instead of ending the process.
const CONFIGURATION: &str = "strict: false";
/// How often ports are chosen again after another program has taken one.
const ATTEMPTS: usize = 5;
const START_TIME: Duration = Duration::from_secs(20);
const ANSWER_TIME: Duration = Duration::from_secs(20);
/// Greeting of the test port.
const GREETING: &str = "RegisterSendResponse called";

/// A running rootcanal. Every TCP connection to [`hci`](Self::hci) is a new controller on one air.
///
/// It is supervised: if it ended on its own, dropping the value fails the test.
#[derive(Debug)]
pub struct Air {
    process: Process,
    /// Kept open: rootcanal answers wrongly, or ends, if a client of its test port disconnects.
    test_port: TcpStream,
    ports: Ports,
    configuration: String,
    tick: u32,
    scratch: PathBuf,
    killed: bool,
}

#[derive(Clone, Copy, Debug)]
struct Ports {
    test: u16,
    hci: u16,
    link: u16,
    link_ble: u16,
}

impl Air {
    /// Starts one on fresh ports, with its links moving every millisecond.
    ///
    /// # Errors
    /// When the Python environment cannot be made, or rootcanal does not come up.
    pub fn start(scratch: &Scratch) -> Result<Self> {
        Self::start_with(scratch, CONFIGURATION)
    }

    /// Starts one whose controllers have this configuration (the text inside rootcanal's
    /// `configuration { }`), such as `strict: false features { le_extended_advertising: false }`.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with(scratch: &Scratch, configuration: &str) -> Result<Self> {
        Self::launch(scratch, configuration, 1)
    }

    /// Starts one whose links move every `tick` milliseconds. On a slow air, the processors do not limit what crosses
    /// it.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_slow(scratch: &Scratch, tick: u32) -> Result<Self> {
        Self::launch(scratch, CONFIGURATION, tick)
    }

    fn launch(scratch: &Scratch, configuration: &str, tick: u32) -> Result<Self> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let ports = Ports::free()?;
            match launch(ports, configuration, scratch.path()) {
                Ok((process, test_port)) => {
                    let mut air = Self {
                        process,
                        test_port,
                        ports,
                        configuration: configuration.to_owned(),
                        tick,
                        scratch: scratch.path().to_path_buf(),
                        killed: false,
                    };
                    air.set_tick(tick)?;
                    return Ok(air);
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| anyhow::anyhow!("rootcanal was never started")))
    }

    /// Returns the address for hosts: H4 over TCP.
    #[must_use]
    pub fn hci(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports.hci).into()
    }

    /// Returns the link-layer port: raw LE link-layer packets, each after its length (u32, little-endian).
    #[must_use]
    pub fn link_ble(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports.link_ble).into()
    }

    /// Returns the folder of the test.
    #[must_use]
    pub fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// Sets how often links move, in milliseconds (rootcanal's own default is 5).
    ///
    /// # Errors
    /// When rootcanal does not answer.
    pub fn set_tick(&mut self, milliseconds: u32) -> Result<()> {
        self.command("set_timer_period", &[&milliseconds.to_string()]).map(drop)
    }

    /// Sends a command to rootcanal's test port, such as `list`, `del_device_from_phy ID 1` or
    /// `set_device_address ID ADDRESS`, and returns its answer.
    ///
    /// # Errors
    /// When rootcanal does not answer within 20 s.
    pub fn command(&mut self, name: &str, arguments: &[&str]) -> Result<String> {
        let mut message = Vec::new();
        push_text(&mut message, name)?;
        message.push(u8::try_from(arguments.len())?);
        for argument in arguments {
            push_text(&mut message, argument)?;
        }
        self.test_port.write_all(&message)?;
        let mut answer = self.read_text()?;
        if answer == GREETING {
            answer = self.read_text()?;
        }
        Ok(answer)
    }

    fn read_text(&mut self) -> Result<String> {
        let mut length = [0; 4];
        self.test_port.read_exact(&mut length).context("no answer on rootcanal's test port")?;
        let mut text = vec![0; usize::try_from(u32::from_le_bytes(length))?];
        self.test_port.read_exact(&mut text).context("no answer on rootcanal's test port")?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Fails if rootcanal ended on its own; the error contains the end of its log.
    ///
    /// # Errors
    /// When it ended on its own.
    pub fn check(&mut self) -> Result<()> {
        if self.killed {
            return Ok(());
        }
        if let Some(status) = self.process.ended() {
            bail!("rootcanal ended by itself ({status}):\n{}", tail(&self.process.log()));
        }
        Ok(())
    }

    /// Kills it, for tests of lost controllers.
    pub fn kill(&mut self) {
        self.killed = true;
        self.process.kill();
    }

    /// Starts it again on the same ports, after [`kill`](Self::kill).
    ///
    /// # Errors
    /// When it is running, or does not come up.
    pub fn restart(&mut self) -> Result<()> {
        ensure!(self.killed, "rootcanal is running");
        (self.process, self.test_port) = launch(self.ports, &self.configuration, &self.scratch)?;
        self.killed = false;
        self.set_tick(self.tick)
    }
}

impl Drop for Air {
    fn drop(&mut self) {
        let health = self.check();
        if !std::thread::panicking() {
            assert!(health.is_ok(), "{health:?}");
        }
    }
}

impl Ports {
    /// Returns four ports that are free at this moment.
    fn free() -> Result<Self> {
        let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let held = [bind()?, bind()?, bind()?, bind()?];
        let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
        let [test, hci, link, link_ble] = &held;
        Ok(Self {
            test: port(test)?,
            hci: port(hci)?,
            link: port(link)?,
            link_ble: port(link_ble)?,
        })
    }
}

fn launch(ports: Ports, configuration: &str, scratch: &Path) -> Result<(Process, TcpStream)> {
    let program = venv::rootcanal(&venv::ready()?)?;
    let mut command = Command::new(program);
    for (flag, port) in
        [("-test_port", ports.test), ("-link_port", ports.link), ("-link_ble_port", ports.link_ble)]
    {
        command.arg(flag).arg(port.to_string());
    }
    command.arg("-configuration").arg(format!(
        "tcp_server {{ tcp_port: {} configuration {{ {configuration} }} }}",
        ports.hci
    ));
    let mut process = Process::start(&mut command, &scratch.join("rootcanal.log"))?;

    // It keeps running if a port is in use, so its log is more reliable than a connection.
    let came_up = Deadline::after(START_TIME).poll(|| {
        process.ended().is_some()
            || process.log().contains("Error binding")
            || process.log().contains("Initialized barrier")
    });
    let log = process.log();
    ensure!(!log.contains("Error binding"), "rootcanal found a port taken:\n{}", tail(&log));
    ensure!(came_up && process.ended().is_none(), "rootcanal did not come up:\n{}", tail(&log));
    let test_port = TcpStream::connect((Ipv4Addr::LOCALHOST, ports.test))?;
    test_port.set_read_timeout(Some(ANSWER_TIME))?;
    Ok((process, test_port))
}

fn push_text(message: &mut Vec<u8>, text: &str) -> Result<()> {
    message.push(u8::try_from(text.len()).context("too long for rootcanal's test port")?);
    message.extend_from_slice(text.as_bytes());
    Ok(())
}
