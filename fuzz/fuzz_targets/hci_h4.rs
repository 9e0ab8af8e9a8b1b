//! An H4 stream, in both directions.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_hci::fuzz::h4(data));
