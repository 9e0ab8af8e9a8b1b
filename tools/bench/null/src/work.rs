//! What is measured.

use anyhow::{Context as _, Result, bail};

/// Largest K-frame payload of a channel, in bytes.
pub const MPS: u16 = 247;
/// Credits that a receiver gives at first.
pub const WINDOW: u16 = 8;
/// What a characteristic is given: the longest value at an MTU of 247.
pub const VALUE: [u8; 244] = [0x5a; 244];

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// An SDU of so many bytes over a credit-based channel.
    Channel(u16),
    /// A value by Write Without Response.
    WriteCommand,
    /// A value by Write Request, with its response.
    WriteRequest,
    /// A value by notification.
    Notification,
    /// No host at all: a packet is parsed and its payload is copied twice.
    Floor,
}

/// An operation, how often, and beside what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// The operation.
    pub work: Work,
    /// How often it is done.
    pub count: u64,
    /// Services in the table in front of the one that is used.
    pub services: u16,
}

impl Task {
    /// Reads the arguments of a program: the operation's name, the count, and the number of services if there are any.
    ///
    /// # Errors
    ///
    /// The argument that is missing, or that nobody understands.
    pub fn from_arguments() -> Result<Self> {
        let mut arguments = std::env::args().skip(1);
        let name = arguments.next().context("usage: WORK COUNT [SERVICES]")?;
        let work = match name.as_str() {
            "coc-1024" => Work::Channel(1024),
            "coc-245" => Work::Channel(245),
            "write-command" => Work::WriteCommand,
            "write-request" => Work::WriteRequest,
            "notification" => Work::Notification,
            "floor" => Work::Floor,
            _ => bail!("no such work: {name}"),
        };
        let count = arguments.next().context("how often?")?.parse()?;
        let services = arguments.next().map_or(Ok(0), |number| number.parse())?;
        Ok(Self { work, count, services })
    }

    /// Says how much of the work arrived, for the program that measures.
    pub fn report(self, delivered: u64) {
        println!("delivered {delivered} of {}", self.count);
    }
}

/// Lets everything that is under way arrive.
pub async fn settle() {
    for _ in 0..2000 {
        tokio::task::yield_now().await;
    }
}
