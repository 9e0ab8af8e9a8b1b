//! H4 over the second UART, with interrupts.
//!
//! This UART holds one byte and has no RTS. If the pipe has no room for the byte, it stays in the register, and QEMU
//! holds back the next ones. A chip's UART needs RTS/CTS for that.

use core::convert::Infallible;

use embassy_sync::{
    blocking_mutex::raw::CriticalSectionRawMutex as Raw, pipe::Pipe, signal::Signal,
};
use embedded_io_async::{ErrorType, Read, Write};
use tock_registers::interfaces::{Readable, Writeable};

use crate::{
    counters::{RECEIVED, TRANSMITTED},
    registers::{CONTROL, INTERRUPT, Line, STATE, hci},
};

/// Two link packets of 251 bytes.
const ROOM: usize = 512;
/// The fastest rate of QEMU: 25 MHz / 16.
const DIVIDER: u32 = 16;

static RX: Pipe<Raw, ROOM> = Pipe::new();
static TX: Pipe<Raw, ROOM> = Pipe::new();
static SENT: Signal<Raw, ()> = Signal::new();

/// Bytes from the controller.
#[derive(Debug)]
pub(crate) struct Reader(());

/// Bytes to the controller.
#[derive(Debug)]
pub(crate) struct Writer(());

/// Turns the UART on. Call it once: two readers would share the bytes.
pub(crate) fn start() -> (Reader, Writer) {
    hci().divider.set(DIVIDER);
    hci().control.write(
        CONTROL::TRANSMIT::SET
            + CONTROL::RECEIVE::SET
            + CONTROL::TRANSMIT_INTERRUPT::SET
            + CONTROL::RECEIVE_INTERRUPT::SET,
    );
    Line::HciReceive.unmask();
    Line::HciTransmit.unmask();
    (Reader(()), Writer(()))
}

pub(crate) fn on_receive() {
    hci().interrupts.write(INTERRUPT::RECEIVE::SET);
    take_in();
}

pub(crate) fn on_transmit() {
    TRANSMITTED.count();
    hci().interrupts.write(INTERRUPT::TRANSMIT::SET);
    give_out();
}

/// Moves the received byte into the pipe, if it has room.
fn take_in() {
    critical_section::with(|_| {
        while hci().state.is_set(STATE::RECEIVE_FULL) && !RX.is_full() {
            RECEIVED.count();
            let byte = hci().data.get().to_le_bytes()[0];
            // There is room.
            let _one = RX.try_write(&[byte]);
        }
    });
}

/// Moves bytes from the pipe into the UART while it accepts them.
fn give_out() {
    critical_section::with(|_| {
        let mut byte = [0];
        while !hci().state.is_set(STATE::TRANSMIT_FULL) && TX.try_read(&mut byte).is_ok() {
            hci().data.set(byte[0].into());
        }
        if TX.is_empty() {
            SENT.signal(());
        }
    });
}

impl ErrorType for Reader {
    type Error = Infallible;
}

impl Read for Reader {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        let len = RX.read(buffer).await;
        take_in();
        Ok(len)
    }
}

impl ErrorType for Writer {
    type Error = Infallible;
}

impl Write for Writer {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let len = TX.write(bytes).await;
        give_out();
        Ok(len)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        while !TX.is_empty() {
            SENT.wait().await;
        }
        Ok(())
    }
}
