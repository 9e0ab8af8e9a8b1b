//! A record of a bond or of this device.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_smp::fuzz::bond(data));
