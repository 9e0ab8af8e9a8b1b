//! Which interrupt goes where.

use cortex_m_rt::exception;
use log::error;

use crate::{clock, console, registers::Line, uart};

/// All interrupts of the chip come here: without a device crate the vector table has no other entry for them.
// SAFETY: the macro asks for `unsafe` since the handler runs at any time; those that it calls only touch registers, atomics and
// what a critical section guards.
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
