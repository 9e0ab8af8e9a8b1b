//! A board that exists in no shop: the least of a UART and a timer, so that an image is nearly all host.
//!
//! Nothing here runs; images are built to be weighed.
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
