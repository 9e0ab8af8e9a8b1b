//! Wishes of the application, and a controller that answers and tells anything.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_gap::fuzz::gap(data));
