//! H4 over a serial port, such as a USB dongle with Zephyr's `hci_uart`.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serialport::{ClearBuffer, FlowControl, SerialPort};

use super::threaded::{self, PortReader, PortWriter};

/// Baud rate of Zephyr's `hci_uart` on most boards.
pub const DEFAULT_BAUD: u32 = 1_000_000;

/// How often a reader without input checks whether its port was closed.
const PAUSE: Duration = Duration::from_millis(100);

/// A serial port to open: eight data bits, no parity, one stop bit.
#[derive(Clone, Debug)]
pub struct Serial {
    path: String,
    baud: u32,
    flow_control: bool,
}

impl Serial {
    /// Selects a port by its path, at [`DEFAULT_BAUD`] with RTS/CTS.
    #[must_use]
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), baud: DEFAULT_BAUD, flow_control: true }
    }

    /// Sets another baud rate.
    #[must_use]
    pub const fn baud(mut self, baud: u32) -> Self {
        self.baud = baud;
        self
    }

    /// Sets whether RTS and CTS are wired and used.
    #[must_use]
    pub const fn flow_control(mut self, on: bool) -> Self {
        self.flow_control = on;
        self
    }

    /// Opens the port and discards old bytes in its buffers.
    ///
    /// # Errors
    ///
    /// The error of the operating system: no such port, no permission, in use, or a baud rate that it does not support.
    pub fn open(&self) -> io::Result<(PortReader, PortWriter)> {
        self.open_with_baud().map(|(reader, writer, _)| (reader, writer))
    }

    /// As [`Self::open`]. Also returns a handle that changes the baud rate while the port is open, for chips that start
    /// at another rate: see [`crate::BringUp`].
    ///
    /// # Errors
    ///
    /// As for [`Self::open`].
    pub fn open_with_baud(&self) -> io::Result<(PortReader, PortWriter, SerialBaud)> {
        let flow = if self.flow_control { FlowControl::Hardware } else { FlowControl::None };
        let port = serialport::new(&self.path, self.baud)
            .flow_control(flow)
            .timeout(PAUSE)
            .open_native()
            .map_err(io::Error::from)?;
        port.clear(ClearBuffer::All).map_err(io::Error::from)?;
        let baud = SerialBaud { port: port.try_clone()? };
        let open = Arc::new(AtomicBool::new(true));
        let reader = WhileOpen { port: port.try_clone_native()?, open: Arc::clone(&open) };
        let writer = WhileOpen { port, open: Arc::clone(&open) };
        let (reader, writer) =
            threaded::split(reader, writer, move || open.store(false, Ordering::Relaxed))?;
        Ok((reader, writer, baud))
    }
}

/// Sets the baud rate of an open port.
pub struct SerialBaud {
    port: Box<dyn SerialPort>,
}

impl SerialBaud {
    /// Changes the baud rate. Flush the writer first: all written bytes must have left.
    ///
    /// # Errors
    ///
    /// The error of the operating system if the port does not support the rate.
    pub fn set(&mut self, baud: u32) -> io::Result<()> {
        self.port.set_baud_rate(baud).map_err(io::Error::from)
    }
}

impl core::fmt::Debug for SerialBaud {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SerialBaud")
    }
}

/// Ends a blocked read or write of a closed port at its next timeout.
struct WhileOpen<P> {
    port: P,
    open: Arc<AtomicBool>,
}

impl<P> WhileOpen<P> {
    fn check(&self) -> io::Result<()> {
        if self.open.load(Ordering::Relaxed) {
            Ok(())
        } else {
            Err(io::ErrorKind::NotConnected.into())
        }
    }
}

impl<P: io::Read> io::Read for WhileOpen<P> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        self.port.read(buf)
    }
}

impl<P: io::Write> io::Write for WhileOpen<P> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.check()?;
        self.port.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.port.flush()
    }
}
