//! Bumble's own controllers, for our own hosts.

use crate::process::{Process, tail};
use crate::{Deadline, Scratch, venv};
use anyhow::{Context, Result, ensure};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Command;
use std::sync::mpsc::channel;
use std::time::Duration;

const START_TIME: Duration = Duration::from_secs(60);

/// Two controllers on one link: `peers/controller.py`.
#[derive(Debug)]
pub struct Controllers {
    _process: Process,
    hci: [SocketAddr; 2],
}

impl Controllers {
    /// Starts them on fresh ports.
    ///
    /// # Errors
    /// When they do not come up.
    pub fn start(scratch: &Scratch) -> Result<Self> {
        let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let held = [bind()?, bind()?];
        let hci = [held[0].local_addr()?, held[1].local_addr()?];
        drop(held);
        let log = scratch.file("controllers.log");
        let mut command = Command::new(venv::ready()?.join("bin/python"));
        command
            .arg(venv::sources().join("peers/controller.py"))
            .args(hci.map(|address| address.port().to_string()));
        let mut process = Process::start_piped(&mut command, &log)?;
        let output = process.child.stdout.take().context("no pipe")?;
        let (sender, ready) = channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let _ = BufReader::new(output).read_line(&mut line);
            // The receiver is dropped after the time limit.
            let _ = sender.send(line);
        });
        let greeting = ready.recv_timeout(Deadline::after(START_TIME).left()).unwrap_or_default();
        ensure!(
            greeting == "ready\n",
            "Bumble's controllers did not come up:\n{}",
            tail(&process.log())
        );
        Ok(Self { _process: process, hci })
    }

    /// Returns the addresses for hosts: H4 over TCP.
    #[must_use]
    pub const fn hci(&self) -> [SocketAddr; 2] {
        self.hci
    }
}
