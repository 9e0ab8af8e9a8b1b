//! A data element, and records made of them.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_sdp::fuzz::element(data));
