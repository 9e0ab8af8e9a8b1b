//! Handlers of interrupts.

use cortex_m_rt::exception;
use log::error;

use crate::{clock, console, registers::Line, uart};

/// Handles all interrupts of the chip: without a device crate the vector table has no other entry for them.
// SAFETY: the macro requires `unsafe` because the handler runs at any time; its callees only touch registers, atomics
// and data inside a critical section.
#[exception]
unsafe fn DefaultHandler(number: i16) {
    const CONSOLE_RECEIVE: i16 = Line::ConsoleReceive as i16;
    const HCI_RECEIVE: i16 = Line::HciReceive as i16;
    const HCI_TRANSMIT: i16 = Line::HciTransmit as i16;
    const DUAL_TIMER: i16 = Line::DualTimer as i16;
    match number {
        CONSOLE_RECEIVE => console::on_receive(),
        HCI_RECEIVE => uart::on_receive(),
        HCI_TRANSMIT => uart::on_transmit(),
        DUAL_TIMER => clock::on_interrupt(),
        other => error!("interrupt {other} without a handler"),
    }
}
