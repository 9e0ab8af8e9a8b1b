//! Requests of the application, and a controller that sends arbitrary answers and events.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_gap::fuzz::gap(data));
