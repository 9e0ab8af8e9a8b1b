//! Registers of this firmware, from Arm's "Application Note AN386" and "Cortex-M System Design Kit".

use cortex_m::{interrupt::InterruptNumber, peripheral::NVIC};
use tock_registers::{register_bitfields, register_structs, registers::ReadWrite};

register_bitfields! { u32,
    pub(crate) STATE [
        TRANSMIT_FULL 0,
        RECEIVE_FULL 1,
    ],
    pub(crate) CONTROL [
        TRANSMIT 0,
        RECEIVE 1,
        TRANSMIT_INTERRUPT 2,
        RECEIVE_INTERRUPT 3,
    ],
    pub(crate) INTERRUPT [
        TRANSMIT 0,
        RECEIVE 1,
    ],
    pub(crate) COUNTER [
        ONE_SHOT OFFSET(0) NUMBITS(1) [],
        WIDE OFFSET(1) NUMBITS(1) [],
        DIVIDE OFFSET(2) NUMBITS(2) [ BY_1 = 0, BY_16 = 1, BY_256 = 2 ],
        INTERRUPT OFFSET(5) NUMBITS(1) [],
        ENABLE OFFSET(7) NUMBITS(1) [],
    ],
}

register_structs! {
    /// CMSDK APB UART: no FIFO, one byte each way. Writing a bit of `interrupts` clears it.
    pub(crate) Uart {
        (0x00 => pub(crate) data: ReadWrite<u32>),
        (0x04 => pub(crate) state: ReadWrite<u32, STATE::Register>),
        (0x08 => pub(crate) control: ReadWrite<u32, CONTROL::Register>),
        (0x0c => pub(crate) interrupts: ReadWrite<u32, INTERRUPT::Register>),
        (0x10 => pub(crate) divider: ReadWrite<u32>),
        (0x14 => @END),
    },
    /// One half of the CMSDK dual timer: counts down.
    pub(crate) Counter {
        (0x00 => pub(crate) load: ReadWrite<u32>),
        (0x04 => pub(crate) value: ReadWrite<u32>),
        (0x08 => pub(crate) control: ReadWrite<u32, COUNTER::Register>),
        (0x0c => pub(crate) clear: ReadWrite<u32>),
        (0x10 => pub(crate) raised: ReadWrite<u32>),
        (0x14 => _rest),
        (0x20 => @END),
    },
    pub(crate) DualTimer {
        (0x00 => pub(crate) clock: Counter),
        (0x20 => pub(crate) alarm: Counter),
        (0x40 => @END),
    }
}

/// Interrupt lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Line {
    ConsoleReceive = 0,
    HciReceive = 2,
    HciTransmit = 3,
    DualTimer = 10,
}

// SAFETY: each number is the chip's number of that line, and below the maximum number of lines of a Cortex-M4.
unsafe impl InterruptNumber for Line {
    fn number(self) -> u16 {
        self as u16
    }
}

impl Line {
    /// Enables its interrupt.
    pub(crate) fn unmask(self) {
        // SAFETY: no critical section of this firmware relies on a masked line; all mask the processor's interrupts.
        unsafe { NVIC::unmask(self) }
    }
}

/// The first UART: console.
pub(crate) fn console() -> &'static Uart {
    // SAFETY: the registers of a UART are always at this address; reading and writing them touches no memory.
    unsafe { &*core::ptr::with_exposed_provenance(0x4000_4000) }
}

/// The second UART: H4.
pub(crate) fn hci() -> &'static Uart {
    // SAFETY: as for `console`.
    unsafe { &*core::ptr::with_exposed_provenance(0x4000_5000) }
}

/// The dual timer.
pub(crate) fn dual_timer() -> &'static DualTimer {
    // SAFETY: as for `console`, with those of a dual timer.
    unsafe { &*core::ptr::with_exposed_provenance(0x4000_2000) }
}
