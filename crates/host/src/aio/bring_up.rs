//! Commands before the host runs: firmware, baud rate, address.

mod error;
mod port;

use bindrune_hci::{
    Opcode,
    clock::Clock,
    cmd::{Command, Return},
};
use bindrune_wire::Writer;
use embassy_time::Duration;
use embedded_io_async::{Read, Write};

use super::clock::SystemClock;
pub use error::BringUpError;
use port::{Answer, Port};

/// Time limit for one answer.
const LIMIT: Duration = Duration::from_secs(2);
/// Length of a command's opcode and length fields, in octets.
const HEADER: usize = 3;

/// Brings up a chip that needs vendor commands before [`crate::Host::run`] resets it and sets it up: to download
/// firmware, or to set the baud rate or the address.
///
/// Sends one command at a time and waits for its answer. Events and data that arrive meanwhile are dropped. The effect
/// of the commands must outlast the Reset at the start of each [`run`](crate::Host::run). If the chip loses power, the
/// host reports [`crate::ControllerEvent::Silent`]: bring the chip up again. An image that does not use this type does
/// not contain its code.
///
/// ```no_run
/// use bindrune::{BringUp, BringUpError, Opcode};
/// use embedded_io_async::{Read, Write};
///
/// const UPDATE_BAUD_RATE: Opcode = Opcode(0xfc18);
///
/// /// For a chip of Broadcom's command set. `set_baud` sets that of the UART.
/// async fn bring_up<R: Read, W: Write<Error = R::Error>>(
///     rx: &mut R,
///     tx: &mut W,
///     firmware: &[u8],
///     set_baud: impl Fn(u32),
/// ) -> Result<(), BringUpError<R::Error>> {
///     let mut chip = BringUp::new(rx, tx);
///     chip.reset().await?;
///     chip.download(firmware).await?;
///     let [a, b, c, d] = 3_000_000u32.to_le_bytes();
///     chip.command(UPDATE_BAUD_RATE, &[0, 0, a, b, c, d]).await?;
///     set_baud(3_000_000); // The answer came at the old rate.
///     chip.reset().await // So it is the new rate, or an error.
/// }
/// ```
#[derive(Debug)]
pub struct BringUp<R, W, C = SystemClock> {
    port: Port<R, W>,
    clock: C,
    limit: Duration,
    /// A command was sent and its answer did not arrive.
    unanswered: bool,
}

impl<R, W> BringUp<R, W> {
    /// Takes a transport, by value or by reference. Uses the system clock, and a time limit of 2 s for each answer.
    pub const fn new(rx: R, tx: W) -> Self {
        Self { port: Port::new(rx, tx), clock: SystemClock, limit: LIMIT, unanswered: false }
    }
}

impl<R, W, C> BringUp<R, W, C> {
    /// Uses another clock.
    pub fn clock<D>(self, clock: D) -> BringUp<R, W, D> {
        let Self { port, limit, unanswered, .. } = self;
        BringUp { port, clock, limit, unanswered }
    }

    /// Sets the time limit for each answer, from the first byte of the command.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Borrows the transport, to set the baud rate of a UART there.
    pub const fn parts(&mut self) -> (&mut R, &mut W) {
        (&mut self.port.rx, &mut self.port.tx)
    }

    /// Returns the transport.
    pub fn into_parts(self) -> (R, W) {
        (self.port.rx, self.port.tx)
    }
}

impl<R: Read, W: Write<Error = R::Error>, C: Clock> BringUp<R, W, C> {
    /// Resets the controller, and drops everything that arrives before its answer.
    ///
    /// # Errors
    ///
    /// [`BringUpError::NoAnswer`] if no controller is connected, the baud rate is wrong, or the wires are crossed.
    /// [`BringUpError::NotSent`] if the controller takes no bytes, for example because CTS is not wired.
    ///
    /// # Cancel safety
    ///
    /// After a dropped future, call this again. If half of a command was written, the rest is sent first and the
    /// command has its effect.
    pub async fn reset(&mut self) -> Result<(), BringUpError<R::Error>> {
        self.port.finish();
        self.unanswered = true;
        self.port.exchange(Opcode::RESET, &[], &self.clock, self.limit).await?;
        self.unanswered = false;
        Ok(())
    }

    /// Sends a command and returns its return parameters without the status; empty if Command Status answers.
    ///
    /// # Errors
    ///
    /// [`BringUpError::Refused`] with the controller's status; [`BringUpError::NoAnswer`] after the time limit. After
    /// an error that leaves the answer pending, and after a dropped call, all calls but [`Self::reset`] fail with
    /// [`BringUpError::ResetFirst`].
    ///
    /// # Cancel safety
    ///
    /// A dropped call may have sent the command: call [`Self::reset`].
    pub async fn command(
        &mut self,
        opcode: Opcode,
        parameters: &[u8],
    ) -> Result<&[u8], BringUpError<R::Error>> {
        if self.unanswered {
            return Err(BringUpError::ResetFirst);
        }
        if parameters.len() > usize::from(u8::MAX) {
            return Err(BringUpError::TooLong);
        }
        self.unanswered = true;
        let answer = self.port.exchange(opcode, parameters, &self.clock, self.limit).await?;
        self.unanswered = false;
        match answer {
            Answer::Returned { status, .. } | Answer::Status(status) if !status.is_success() => {
                Err(BringUpError::Refused { opcode, status })
            }
            Answer::Returned { len, .. } => Ok(self.port.returned(len)),
            Answer::Status(_) => Ok(&[]),
            Answer::Empty => Err(BringUpError::Malformed(opcode)),
        }
    }

    /// As [`Self::command`], for a command that this crate defines.
    ///
    /// # Errors
    ///
    /// Also [`BringUpError::Malformed`] if the answer does not have the command's return parameters.
    ///
    /// # Cancel safety
    ///
    /// As for [`Self::command`].
    pub async fn send<K: Command>(
        &mut self,
        command: &K,
    ) -> Result<K::Return, BringUpError<R::Error>> {
        let mut parameters = [0; u8::MAX as usize];
        let mut w = Writer::new(&mut parameters);
        command.write_parameters(&mut w).map_err(|_| BringUpError::TooLong)?;
        let len = w.len();
        self.command(K::OPCODE, parameters.get(..len).unwrap_or_default()).await?;
        let returned = K::Return::parse(self.port.return_parameters());
        returned.map_err(|_| BringUpError::Malformed(K::OPCODE))
    }

    /// Sends consecutive commands, each with opcode, length and parameters. Broadcom's `.hcd` files have this format.
    ///
    /// # Errors
    ///
    /// As for the first command that fails; [`BringUpError::Records`] if the last command is cut off.
    ///
    /// # Cancel safety
    ///
    /// As for [`Self::command`].
    pub async fn download(&mut self, records: &[u8]) -> Result<(), BringUpError<R::Error>> {
        let mut rest = records;
        while let [low, high, len, ..] = rest {
            let end = HEADER.saturating_add((*len).into());
            let parameters = rest.get(HEADER..end).ok_or(BringUpError::Records)?;
            self.command(Opcode(u16::from_le_bytes([*low, *high])), parameters).await?;
            rest = rest.get(end..).unwrap_or_default();
        }
        if rest.is_empty() { Ok(()) } else { Err(BringUpError::Records) }
    }

    /// Waits for a time, for example while a chip starts its firmware.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn wait(&self, time: Duration) {
        port::wait(&self.clock, time).await;
    }
}
