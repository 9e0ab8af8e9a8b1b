//! A pseudo-terminal before a controller, with socat.

use crate::process::{Process, tail};
use crate::{Air, Deadline};
use anyhow::{Result, ensure};
use socket2::SockRef;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

const START_TIME: Duration = Duration::from_secs(10);

/// A path that opens like `/dev/ttyACM0`, with a fresh controller of the air behind it.
#[derive(Debug)]
pub struct Pty {
    _process: Process,
    path: PathBuf,
}

impl Pty {
    /// Puts a controller of `air` behind a pseudo-terminal.
    ///
    /// # Errors
    /// When socat is missing or does not come up.
    pub fn start(air: &Air) -> Result<Self> {
        let path = air.scratch().join("tty");
        let mut command = Command::new("socat");
        command
            .arg(format!("pty,link={},raw,echo=0", path.display()))
            .arg(format!("tcp:{},nodelay", relay(air.hci())?));
        let mut process = Process::start(&mut command, &air.scratch().join("socat.log"))?;
        let came_up =
            Deadline::after(START_TIME).poll(|| path.exists() || process.ended().is_some());
        ensure!(
            came_up && process.ended().is_none(),
            "socat did not come up:\n{}",
            tail(&process.log())
        );
        Ok(Self { _process: process, path })
    }

    /// The path to open.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Relays between socat and a controller, and acknowledges every segment at once, which socat cannot do. Otherwise each
/// small packet of the controller is delayed by about 40 ms. It serves one connection.
pub(crate) fn relay(controller: SocketAddr) -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let controller = TcpStream::connect(controller)?;
    thread::spawn(move || -> io::Result<()> {
        let (host, _) = listener.accept()?;
        let (to_host, to_controller) = (host.try_clone()?, controller.try_clone()?);
        thread::spawn(move || pass(&host, &to_controller));
        pass(&controller, &to_host)
    });
    Ok(address)
}

/// Copies bytes until one side ends, and then ends both.
fn pass(mut from: &TcpStream, mut to: &TcpStream) -> io::Result<()> {
    to.set_nodelay(true)?;
    let mut chunk = vec![0; 4096];
    loop {
        let length = from.read(&mut chunk).unwrap_or(0);
        let octets = chunk.get(..length).unwrap_or_default();
        if octets.is_empty() || to.write_all(octets).is_err() {
            // A closed side needs no shutdown.
            let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
            return Ok(());
        }
        SockRef::from(from).set_tcp_quickack(true)?;
    }
}
