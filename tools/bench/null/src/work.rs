//! The measured work.

use anyhow::{Context as _, Result, bail};

/// Largest K-frame payload of a channel, in bytes.
pub const MPS: u16 = 247;
/// Initial credits of a receiver.
pub const WINDOW: u16 = 8;
/// Value of the characteristic: the longest one at an MTU of 247.
pub const VALUE: [u8; 244] = [0x5a; 244];

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// An SDU of this many bytes over a credit-based channel.
    Channel(u16),
    /// A value by Write Without Response.
    WriteCommand,
    /// A value by Write Request, with its response.
    WriteRequest,
    /// A value by notification.
    Notification,
    /// A value by notification, received on each of this many links in turn.
    Received(u8),
    /// A value by Write Without Response, sent by one task on each of this many links in turn.
    Sent(u8),
    /// The same, sent by a task for each link.
    SentByTasks(u8),
    /// A datagram of this many bytes over a channel of BR/EDR in Basic mode.
    Basic(u16),
    /// The same in Enhanced Retransmission mode.
    Enhanced(u16),
    /// This many bytes over RFCOMM.
    Serial(u16),
    /// A search of this many service records.
    Search(u16),
    /// Without a host: a packet is parsed and its payload is copied twice.
    Floor,
}

/// An operation, its count, and the other services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// The operation.
    pub work: Work,
    /// How often it runs.
    pub count: u64,
    /// Services in the table before the one under test.
    pub services: u16,
}

impl Task {
    /// Parses the arguments of a program: the operation's name, the count, and optionally the number of services.
    ///
    /// # Errors
    ///
    /// Names the argument that is missing or not valid.
    pub fn from_arguments() -> Result<Self> {
        let mut arguments = std::env::args().skip(1);
        let name = arguments.next().context("usage: WORK COUNT [SERVICES]")?;
        let work = match name.as_str() {
            "write-command" => Work::WriteCommand,
            "write-request" => Work::WriteRequest,
            "notification" => Work::Notification,
            "floor" => Work::Floor,
            _ => of_size(&name)?,
        };
        let count = arguments.next().context("how often?")?.parse()?;
        let services = arguments.next().map_or(Ok(0), |number| number.parse())?;
        Ok(Self { work, count, services })
    }

    /// Prints how much of the work arrived, for the runner.
    pub fn report(self, delivered: u64) {
        println!("delivered {delivered} of {}", self.count);
    }
}

/// Work whose name ends with a number: of bytes, of records, or of links.
fn of_size(name: &str) -> Result<Work> {
    let number = |number: &str| number.parse().context("how many links?");
    let size = |number: &str| number.parse().context("how many bytes?");
    match name.rsplit_once('-') {
        Some(("coc", bytes)) => size(bytes).map(Work::Channel),
        Some(("basic", bytes)) => size(bytes).map(Work::Basic),
        Some(("ertm", bytes)) => size(bytes).map(Work::Enhanced),
        Some(("rfcomm", bytes)) => size(bytes).map(Work::Serial),
        Some(("sdp", records)) => size(records).map(Work::Search),
        Some(("received", links)) => number(links).map(Work::Received),
        Some(("sent", links)) => number(links).map(Work::Sent),
        Some(("sent-by-tasks", links)) => number(links).map(Work::SentByTasks),
        _ => bail!("no such work: {name}"),
    }
}

/// Waits until everything that was sent has arrived.
pub async fn settle() {
    for _ in 0..2000 {
        tokio::task::yield_now().await;
    }
}
