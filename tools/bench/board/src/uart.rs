//! A UART that is polled.

use core::convert::Infallible;

use embassy_futures::yield_now;
use embedded_io_async::{ErrorType, Read, Write};

/// Status, received byte and byte to send, a word each.
const UART: *mut u32 = 0x4000_2000 as *mut u32;

/// The receiving half.
#[derive(Debug)]
pub struct Receiver;

/// The sending half.
#[derive(Debug)]
pub struct Sender;

impl ErrorType for Receiver {
    type Error = Infallible;
}

impl ErrorType for Sender {
    type Error = Infallible;
}

impl Read for Receiver {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        loop {
            // SAFETY: a register of the board, aligned, that only this type reads.
            if unsafe { UART.read_volatile() } & 1 != 0 {
                // SAFETY: as above.
                buffer[0] = unsafe { UART.wrapping_add(1).read_volatile() } as u8;
                return Ok(1);
            }
            yield_now().await;
        }
    }
}

impl Write for Sender {
    async fn write(&mut self, buffer: &[u8]) -> Result<usize, Infallible> {
        for byte in buffer {
            // SAFETY: a register of the board, aligned, that only this type writes.
            unsafe { UART.wrapping_add(2).write_volatile(u32::from(*byte)) };
        }
        Ok(buffer.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
