//! A board that does not exist: a minimal UART and timer, so that the host fills nearly all of the image.
//!
//! Nothing here runs: images are built only to measure their size.
#![no_std]

mod timer;
mod uart;

pub use uart::{Receiver, Sender};

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        cortex_m::asm::udf();
    }
}
