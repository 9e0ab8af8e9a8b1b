//! The first UART: prints logs, and reads commands of one letter.

use core::fmt::{self, Write};

use embassy_sync::{blocking_mutex::raw::CriticalSectionRawMutex, channel::Channel};
use log::{LevelFilter, Log, Metadata, Record, info};
use tock_registers::interfaces::{Readable, Writeable};

use crate::{
    counters::{ALARMS, POLLS, RECEIVED, SLEEPS, TRANSMITTED},
    registers::{CONTROL, INTERRUPT, Line, STATE, console},
    stack,
};

const DIVIDER: u32 = 16;

static COMMANDS: Channel<CriticalSectionRawMutex, u8, 4> = Channel::new();

/// Turns the console on, and logs there.
pub(crate) fn start() {
    console().divider.set(DIVIDER);
    console()
        .control
        .write(CONTROL::TRANSMIT::SET + CONTROL::RECEIVE::SET + CONTROL::RECEIVE_INTERRUPT::SET);
    Line::ConsoleReceive.unmask();
    // Fails only if there is already a logger.
    let _first = log::set_logger(&Console);
    log::set_max_level(LevelFilter::Info);
}

pub(crate) fn on_receive() {
    console().interrupts.write(INTERRUPT::RECEIVE::SET);
    while console().state.is_set(STATE::RECEIVE_FULL) {
        // While the pipe is full of unread letters, more are dropped.
        let _full = COMMANDS.try_send(console().data.get().to_le_bytes()[0]);
    }
}

/// Runs the commands: `r` reports the counters, `x` restarts the processor.
#[embassy_executor::task]
pub(crate) async fn obey() {
    loop {
        match COMMANDS.receive().await {
            b'r' => info!(
                "report stack={} polls={POLLS} sleeps={SLEEPS} received={RECEIVED} \
                 transmitted={TRANSMITTED} alarms={ALARMS}",
                stack::peak()
            ),
            b'x' => cortex_m::peripheral::SCB::sys_reset(),
            _ => {}
        }
    }
}

struct Console;

impl Log for Console {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        // Writing to a register cannot fail.
        let _ok = writeln!(Out, "{} {}", record.level(), record.args());
    }

    fn flush(&self) {}
}

/// Writes byte by byte, and waits for each.
struct Out;

impl Write for Out {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            while console().state.is_set(STATE::TRANSMIT_FULL) {}
            console().data.set(byte.into());
        }
        Ok(())
    }
}

/// Prints the message, and stops. Lints run on a desktop, which has its own handler.
#[cfg(target_os = "none")]
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    let _ok = writeln!(Out, "PANIC {info}");
    loop {
        cortex_m::asm::wfi();
    }
}
