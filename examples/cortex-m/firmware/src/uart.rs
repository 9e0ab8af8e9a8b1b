//! H4 over the second UART, by interrupts.
//!
//! This UART holds one octet and has no RTS: while nobody has room for the octet, it stays in the register, and QEMU holds back
//! those that follow. A chip's UART needs RTS/CTS for that.

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

/// Two link packets of 251 octets.
const ROOM: usize = 512;
/// The fastest that QEMU takes: 25 MHz / 16.
const DIVIDER: u32 = 16;

static RX: Pipe<Raw, ROOM> = Pipe::new();
static TX: Pipe<Raw, ROOM> = Pipe::new();
static SENT: Signal<Raw, ()> = Signal::new();

/// Octets from the controller.
#[derive(Debug)]
pub(crate) struct Reader(());

/// Octets to the controller.
#[derive(Debug)]
pub(crate) struct Writer(());

/// Turns the UART on. To be called once: two readers would share the octets.
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

/// Moves the octet that came into the pipe, where it has room.
fn take_in() {
    critical_section::with(|_| {
        while hci().state.is_set(STATE::RECEIVE_FULL) && !RX.is_full() {
            RECEIVED.count();
            let octet = hci().data.get().to_le_bytes()[0];
            // There is room.
            let _one = RX.try_write(&[octet]);
        }
    });
}

/// Moves octets from the pipe into the UART while it takes them.
fn give_out() {
    critical_section::with(|_| {
        let mut octet = [0];
        while !hci().state.is_set(STATE::TRANSMIT_FULL) && TX.try_read(&mut octet).is_ok() {
            hci().data.set(octet[0].into());
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
    async fn write(&mut self, octets: &[u8]) -> Result<usize, Infallible> {
        let len = TX.write(octets).await;
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
