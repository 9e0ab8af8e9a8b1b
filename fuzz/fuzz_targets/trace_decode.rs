//! A capture, and the packets of one.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_trace::fuzz::decode(data));
