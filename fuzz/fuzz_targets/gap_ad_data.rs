//! Advertising data.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_gap::fuzz::ad_data(data));
