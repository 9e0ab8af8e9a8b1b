//! Fragments of arbitrary sizes.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_l2cap::fuzz::reassembly(data));
