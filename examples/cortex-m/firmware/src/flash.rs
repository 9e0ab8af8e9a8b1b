//! Flash memory for bonds: RAM that the linker leaves alone, so that bonds survive a reset, but not a loss of power.

use core::{
    ptr::with_exposed_provenance_mut,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use bindrune_cortex_m_app::flash::{RamFlash, SIZE};

/// Contents of the end of the memory. See `memory.x`.
#[repr(C)]
struct Retained {
    /// `MAGIC`, after the bytes were erased for the first time.
    magic: u32,
    bytes: [u8; SIZE],
}

const ADDRESS: usize = 0x2003_f000;
const MAGIC: u32 = 0x626f_6e64;

/// Returns the memory, with its contents from before the reset.
///
/// # Panics
///
/// If it is taken a second time.
pub(crate) fn take() -> RamFlash<'static> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    assert!(!TAKEN.swap(true, Relaxed), "the flash memory is taken once");
    // SAFETY: this memory exists, is aligned, belongs to no section of the program, and is borrowed only once. Any
    // bytes are a valid `Retained`.
    let retained = unsafe { &mut *with_exposed_provenance_mut::<Retained>(ADDRESS) };
    if retained.magic == MAGIC {
        RamFlash::new(&mut retained.bytes)
    } else {
        retained.magic = MAGIC;
        RamFlash::erased(&mut retained.bytes)
    }
}
