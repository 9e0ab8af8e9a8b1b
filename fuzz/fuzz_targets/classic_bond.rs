//! A record of a bond of BR/EDR.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_classic::fuzz::bond(data));
