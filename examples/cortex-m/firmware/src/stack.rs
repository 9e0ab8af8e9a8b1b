//! Maximum depth of the stack: cortex-m-rt paints it before the program starts.

use core::ptr::addr_of;

use cortex_m_rt::STACK_PAINT_VALUE;

unsafe extern "C" {
    // Where the stack begins, growing downwards, and the end of static memory, which it must not reach.
    static _stack_start: u32;
    static _stack_end: u32;
}

/// Returns the bytes from the stack's beginning to the lowest word without paint.
#[must_use]
pub(crate) fn peak() -> usize {
    let (mut word, start) = (addr_of!(_stack_end), addr_of!(_stack_start));
    while word < start {
        // SAFETY: aligned memory of the stack, which no other code accesses while this function, at its upper end,
        // runs.
        if unsafe { word.read_volatile() } != STACK_PAINT_VALUE {
            break;
        }
        word = word.wrapping_add(1);
    }
    start as usize - word as usize
}
