//! A btsnoop capture.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_hci::fuzz::snoop(data));
