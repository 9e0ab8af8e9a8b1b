//! Two hosts that send arbitrary bytes to virtual controllers, at any time.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_controller::fuzz::hosts(data));
